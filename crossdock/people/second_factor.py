"""The second factor: enrolled, confirmed with a first code, asked for at every sign-in, removed.

begin ─ secret, shown once ─▶ the user's app ─ a code ─▶ confirm ─▶ recovery codes, shown once
"""

from dataclasses import dataclass

from crossdock.errors import BadRequest, Conflict
from crossdock.people import totp
from crossdock.people.sessions import note_for_user
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.store.people import second_factors, user_sessions
from crossdock.store.people.user_sessions import SignedIn

VAULT_OWNER = "people"
"""Whose data key seals what belongs to a user and to no organization."""
ISSUER = "Crossdock"


@dataclass(frozen=True)
class Enrolment:
    """The secret as apps take it. Shown once."""

    secret: str
    otpauth_url: str


@dataclass(frozen=True)
class SecondFactorService:
    """Second factors of users."""

    database: Database
    vault: Vault
    clock: Clock

    async def begin(self, holder: SignedIn) -> Enrolment:
        """Make a secret; it asks for nothing until it is confirmed. Raises Conflict where one is there."""
        secret, user_id = totp.new_secret(), holder.session.user_id
        sealed = await self.vault.seal(VAULT_OWNER, _purpose(user_id), secret)
        async with self.database.transaction() as transaction:
            if not await second_factors.begin(transaction, user_id, sealed):
                raise Conflict(
                    "there is a second factor already; remove it first", code="second_factor_exists"
                )
        return Enrolment(totp.shown(secret), totp.address(secret, holder.email, ISSUER))

    async def confirm(self, holder: SignedIn, code: str) -> list[str]:
        """Switch the second factor on with a first code; recovery codes, this once.

        Ends the user's other sessions. Raises Conflict where nothing was begun, BadRequest for a wrong code.
        """
        user_id, now = holder.session.user_id, self.clock()
        secret = await self._secret(user_id)
        step = None if secret is None else totp.matching_step(secret, code, now)
        codes = totp.new_recovery_codes()
        async with self.database.transaction() as transaction:
            factor = await second_factors.get(transaction, user_id)
            if factor is None or factor.confirmed_ms is not None:
                raise Conflict("no second factor is being set up", code="no_enrolment")
            if step is None or not await second_factors.accept(transaction, user_id, step):
                raise BadRequest("the code does not fit; is the phone's clock right?", code="wrong_code")
            await second_factors.confirm(transaction, user_id, now)
            await second_factors.put_recovery_codes(transaction, user_id, codes, now)
            await user_sessions.end_all(transaction, user_id, except_id=holder.session.id)
            await note_for_user(transaction, holder, "second_factor.enabled", user_id, now)
        return codes

    async def renew_recovery_codes(self, holder: SignedIn) -> list[str]:
        """New recovery codes in place of those before. Who calls this has checked a code."""
        user_id, now = holder.session.user_id, self.clock()
        codes = totp.new_recovery_codes()
        async with self.database.transaction() as transaction:
            await second_factors.put_recovery_codes(transaction, user_id, codes, now)
            await note_for_user(transaction, holder, "recovery_codes.renewed", user_id, now)
        return codes

    async def remove(self, holder: SignedIn) -> None:
        """Switch the second factor off. Who calls this has checked a code."""
        user_id = holder.session.user_id
        async with self.database.transaction() as transaction:
            await note_for_user(transaction, holder, "second_factor.removed", user_id, self.clock())
            await second_factors.remove(transaction, user_id)

    async def accepts(self, transaction: Transaction, user_id: str, secret: bytes | None, code: str) -> bool:
        """Use a code of the app, or a recovery code, up. secret: as `open_secret` has it."""
        now = self.clock()
        step = None if secret is None else totp.matching_step(secret, code, now)
        if step is not None:
            return await second_factors.accept(transaction, user_id, step)
        recovery_code = totp.plain_recovery_code(code)
        return await second_factors.use_recovery_code(transaction, user_id, recovery_code, now)

    async def open_secret(self, user_id: str) -> bytes | None:
        """The secret of a second factor that is on; None where there is none."""
        factor = await second_factors.get(self.database, user_id)
        return None if factor is None or factor.confirmed_ms is None else await self._secret(user_id)

    async def _secret(self, user_id: str) -> bytes | None:
        factor = await second_factors.get(self.database, user_id)
        if factor is None:
            return None
        return await self.vault.open(VAULT_OWNER, _purpose(user_id), factor.secret)


def _purpose(user_id: str) -> str:
    return f"second factor of {user_id}"
