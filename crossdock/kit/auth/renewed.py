"""Tokens that are bought, kept in the session of the connection, and bought anew when they no longer work.

    stored token ─ used until a minute before it expires, or until a 401
       └─ read again: another worker may have renewed it ─▶ that one is used
            └─ gate ─ change of the session ─ buy ─ store ─ use

A token is bought by one worker at a time and stored before anyone uses it; whoever waited takes the new one.
What was begun is ended: a run that is cancelled meanwhile waits for the token to be stored, since a vendor
that rotates refresh tokens takes each only once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import InvalidCredentials
from crossdock.kit.auth.base import Renewal, VendorRequest, header_safe
from crossdock.kit.gate import OpenSignInGate, SignInGate, log_in
from crossdock.kit.session import TOKENS, ConnectionSession, LocalSession


@dataclass(frozen=True, repr=False)
class AccessToken:
    """The token that a vendor gave for a sign-in."""

    value: str
    expires_at: datetime | None = None
    refresh: str | None = None
    """What the next one is bought with."""
    previous: str | None = None
    """What it was bought with before, which some vendors take for a while."""
    answer: Mapping[str, Any] = field(default_factory=dict)
    """What else the vendor said with it: a realm, the host of a region."""

    def stored(self) -> dict[str, Any]:
        """The token as a session keeps it."""
        return {
            "access_token": self.value,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "refresh_token": self.refresh,
            "previous_refresh_token": self.previous,
            "answer": dict(self.answer),
        }

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that are never to be shown."""
        return tuple(text for text in (self.value, self.refresh, self.previous) if text)


def token_in(values: Mapping[str, Any]) -> AccessToken | None:
    """The token that a session keeps; None when there is none."""
    stored = values.get(TOKENS)
    if not isinstance(stored, dict) or not (stored.get("access_token") or stored.get("refresh_token")):
        return None
    expires = stored.get("expires_at")
    return AccessToken(
        stored.get("access_token") or "",
        datetime.fromisoformat(expires) if expires else None,
        stored.get("refresh_token"),
        stored.get("previous_refresh_token"),
        stored.get("answer") or {},
    )


Obtain = Callable[[AccessToken | None], Awaitable[AccessToken]]
"""Gets a new token, given the one so far. Raises InvalidCredentials when the vendor gives none."""


def in_header(
    header: str = "Authorization", form: str = "Bearer {}"
) -> Callable[[VendorRequest, str], VendorRequest]:
    """A token in a header. form: how it holds it, "Session {}"."""
    return lambda request, token: request.with_headers({header: form.format(header_safe(token))})


@dataclass(kw_only=True, eq=False, repr=False)
class RenewedAuth:
    """A token, got when it is first needed and again when it has expired or is no longer taken."""

    obtain: Obtain
    session: ConnectionSession = field(default_factory=LocalSession)
    """Where it is stored, for all runs and workers."""
    insert: Callable[[VendorRequest, str], VendorRequest] = field(default_factory=in_header)
    """Puts the token into a request."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ahead: timedelta = timedelta(minutes=1)
    """How long before it expires a token is no longer used."""
    gate: SignInGate = field(default_factory=OpenSignInGate)
    """Where each sign-in passes; `Http.signed` sets its own."""

    is_fixed = False

    def __post_init__(self) -> None:
        self._lock = asyncio.Lock()
        self._token: AccessToken | None = None
        self._past: tuple[str, ...] = ()
        self._is_ours = False

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*self._past, *(self._token.secrets if self._token else ()))

    def pass_through(self, gate: SignInGate) -> None:
        self.gate = gate

    async def ready(self) -> None:
        if not self._works(self._token):
            await self._renewed(self._token)

    def sign(self, request: VendorRequest) -> VendorRequest:
        if self._token is None:
            raise InvalidCredentials("there is no token yet")
        return replace(self.insert(request, self._token.value), token=self._token.value)

    async def refresh(self, refused: VendorRequest) -> Renewal:
        if self._token is not None and self._token.value == refused.token:
            await self._renewed(self._token)
        return "bought" if self._is_ours else "shared"

    async def _renewed(self, old: AccessToken | None) -> None:
        """Get a token newer than `old`, once for all who ask at the same time."""
        async with self._lock:
            if self._token is not old:
                return
            stored, self._is_ours = token_in(await self.session.get()), False
            if not self._is_newer(stored, old):
                stored = await ended(self._bought(old))
            if old is not None:
                # The last one may still come back in an error message of the vendor.
                self._past = old.secrets
            self._token = stored

    async def _bought(self, old: AccessToken | None) -> AccessToken | None:
        async with log_in(self.gate), self.session.change() as values:
            stored = token_in(values)
            if self._is_newer(stored, old):
                return stored
            new = await self.obtain(stored or old)
            values[TOKENS] = new.stored()
        self._is_ours = True
        return new

    def _is_newer(self, stored: AccessToken | None, old: AccessToken | None) -> bool:
        """Check whether somebody else renewed it meanwhile."""
        return stored is not None and self._works(stored) and (old is None or stored.value != old.value)

    def _works(self, token: AccessToken | None) -> bool:
        if token is None or not token.value:
            return False
        return token.expires_at is None or token.expires_at - self.ahead > self.clock()


async def ended(work: Coroutine[Any, Any, AccessToken | None]) -> AccessToken | None:
    """The result of the work. Who is cancelled meanwhile is so after it has ended."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
