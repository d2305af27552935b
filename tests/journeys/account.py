"""People at a running server, on a clock that waits, each with a browser of their own.

desk.organization()                        an organization without members
desk.member(organization, "owner")         a person of it, signed in
person.ask("GET", "/me")                   the answer to their request, with cookie and CSRF token
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from crossdock.people.passwords import Passwords
from crossdock.services.wiring import Services
from crossdock.store.connections import access
from crossdock.store.people import audit_log, users
from crossdock.store.people.audit_log import AuditFilter
from crossdock.store.people.users import Role, User
from tests.conftest import Clock
from tests.journeys.server import LONGEST_SECONDS, Server, _serving
from tests.ports import free_port

PASSWORD = "correct horse battery staple"
NUMBERS = itertools.count(1)


@dataclass
class Person:
    """Somebody with a browser, at an address of their own."""

    url: str
    email: str
    user_id: str = ""
    csrf: str = ""
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=LONGEST_SECONDS))
    address: str = ""

    def __post_init__(self) -> None:
        number = next(NUMBERS)
        self.address = self.address or f"203.0.{number // 250}.{number % 250 + 1}"

    def ask(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        """The answer to a request, as a page of ours makes it."""
        known = {"x-forwarded-for": self.address, "origin": self.url, "x-csrf-token": self.csrf}
        sent = {name: value for name, value in (known | headers).items() if value}
        return self.http.request(method, f"{self.url}/account{path}", json=json, headers=sent)

    def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        answer = self.ask("POST", "/sign-in", {"email": self.email, "password": password})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf_token"]
        return answer

    def show_code(self, code: str) -> httpx.Response:
        answer = self.ask("POST", "/second-factor", {"code": code})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf_token"]
        return answer

    def me(self) -> Any:
        answer = self.ask("GET", "/me")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def elsewhere(self) -> "Person":
        """The same person at another computer."""
        return Person(self.url, self.email, self.user_id)


@dataclass
class Desk:
    """A server, and the people who come to it."""

    url: str
    server: Server
    services: Services
    clock: Clock
    hashed: str

    def organization(self, name: str = "Acme") -> str:
        return self.server.do(access.create_organization(self.services.database, name, self.clock()))

    def user(self, *memberships: tuple[str, Role], email: str = "", password_hash: str | None = "") -> User:
        """A user with the password of all, in these organizations."""
        email = email or f"person-{next(NUMBERS)}@example.com"

        async def add() -> User:
            async with self.services.database.transaction() as transaction:
                hashed = self.hashed if password_hash == "" else password_hash
                user = await users.add(transaction, email, "Pat", hashed, self.clock())
                for organization_id, role in memberships:
                    await users.put_member(transaction, organization_id, user.id, role, self.clock())
                return user

        return self.server.do(add())

    def member(self, organization_id: str, role: Role, *others: tuple[str, Role]) -> Person:
        """A person who is signed in."""
        user = self.user((organization_id, role), *others)
        person = Person(self.url, user.email, user.id)
        answer = person.sign_in()
        assert answer.status_code == 200, answer.text
        return person

    def stranger(self, email: str = "nobody@example.com") -> Person:
        return Person(self.url, email)

    def audit(self, organization_id: str, action: str | None = None) -> list[audit_log.AuditRow]:
        """The entries of an organization, the oldest first."""
        entries = audit_log.page(
            self.services.database, AuditFilter(organization_id, action=action), None, 1000
        )
        return self.server.do(entries)[::-1]


@contextmanager
def opened_desk(server: Server, clock: Clock | None = None, **settings: Any) -> Iterator[Desk]:
    """A second server on the same database, on a clock of its own, that believes who calls."""
    import asyncio
    import threading

    clock = clock or Clock()
    fields: dict[str, Any] = {"port": free_port(), "trusted_proxies": "127.0.0.0/8"} | settings
    services = replace(server.services, settings=replace(server.services.settings, **fields), clock=clock)
    # Guessing thousands of times in a test must not take as long as it takes attackers.
    services.identity.__dict__["passwords"] = Passwords(time_cost=1, memory_kib=1024)
    started, ended = threading.Event(), threading.Event()
    serving = asyncio.run_coroutine_threadsafe(_serving(services, started, ended), server.loop)
    try:
        assert started.wait(LONGEST_SECONDS)
        hashed = server.do(services.identity.passwords.hashed(PASSWORD))
        yield Desk(f"http://127.0.0.1:{services.settings.port}", server, services, clock, hashed)
    finally:
        serving.cancel()
        assert ended.wait(LONGEST_SECONDS)


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[Desk]:
    with opened_desk(server) as opened:
        yield opened
