"""Everything about people, wired: what the account API, the pages and the command line call."""

from dataclasses import dataclass
from functools import cached_property

import aiohttp

from crossdock.people.identity_provider import IdentityProviders
from crossdock.people.members import Members
from crossdock.people.passwords import Passwords
from crossdock.people.second_factor import SecondFactorService
from crossdock.people.sessions import SessionLifetimes, Sessions
from crossdock.people.sign_in import SignIns
from crossdock.people.single_sign_on import SingleSignOn
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault


@dataclass(frozen=True)
class IdentityServices:
    """Users, sessions, second factors, invitations and single sign-on. base_url: of this server."""

    database: Database
    vault: Vault
    clock: Clock
    session: aiohttp.ClientSession
    base_url: str
    lifetimes: SessionLifetimes
    invitation_ms: int

    @cached_property
    def passwords(self) -> Passwords:
        return Passwords()

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.database, self.clock, self.lifetimes)

    @cached_property
    def second_factors(self) -> SecondFactorService:
        return SecondFactorService(self.database, self.vault, self.clock)

    @cached_property
    def sign_ins(self) -> SignIns:
        return SignIns(self.database, self.clock, self.passwords, self.sessions, self.second_factors)

    @cached_property
    def members(self) -> Members:
        return Members(self.database, self.clock, self.passwords, self.base_url, self.invitation_ms)

    @cached_property
    def single_sign_on(self) -> SingleSignOn:
        providers = IdentityProviders(self.session, allows_http=not self.base_url.startswith("https://"))
        return SingleSignOn(self.database, self.vault, self.clock, providers, self.sessions, self.base_url)
