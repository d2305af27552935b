"""Ways to sign in. Each signs a request; those that hold a token can get a new one.

    api_key, api_key_in_query, basic, bearer      the same signature on every request
    session                                       a login call yields a token; a 401 logs in again
    oauth with client_credentials                 a token that expires, bought with id and secret
    oauth with refresh_token                      a token that expires, bought with the refresh token

Nothing is saved here. A new OAuth token is handed to `keep`, which whoever holds the credentials provides:
a vendor that rotates refresh tokens takes each only once.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import quote_plus, urlencode

from crossdock.errors import InvalidCredentials, VendorNonsense, VendorRefused

if TYPE_CHECKING:
    from crossdock.integrations.http import Http


class Auth(Protocol):
    """Signs the requests of one account."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What it signs with; never to be shown."""
        ...

    async def apply(self, headers: dict[str, str], params: dict[str, str]) -> str:
        """Adds the signature to headers or query. Returns what `refresh` needs to know it by."""
        ...

    async def refresh(self, used: str) -> bool:
        """Called when the vendor answered 401 to a request signed with `used`. Whether to try again."""
        ...


@dataclass(frozen=True, repr=False)
class Fixed:
    """The same signature on every request."""

    secrets: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)

    async def apply(self, headers: dict[str, str], params: dict[str, str]) -> str:
        headers.update(self.headers)
        params.update(self.params)
        return ""

    async def refresh(self, used: str) -> bool:  # noqa: ARG002 - there is nothing to renew
        return False


def api_key(key: str, header: str = "X-Api-Key") -> Fixed:
    """The key in a header of its own."""
    return Fixed((key,), headers={header: _in_header(key)})


def api_key_in_query(key: str, parameter: str = "api_key") -> Fixed:
    return Fixed((key,), params={parameter: key})


def basic(user: str, password: str) -> Fixed:
    """RFC 7617; the user name is no secret."""
    pair = _base64(f"{user}:{password}")
    return Fixed((password, pair), headers={"Authorization": f"Basic {pair}"})


def bearer(token: str) -> Fixed:
    return Fixed((token,), headers={"Authorization": f"Bearer {_in_header(token)}"})


@dataclass(frozen=True, repr=False)
class Token:
    """What a vendor gave for a sign-in."""

    value: str
    expires_at: datetime | None = None
    refresh: str | None = None
    """What the next one is bought with."""


Obtain = Callable[[Token | None], Awaitable[Token]]
"""Gets a new token, given the one so far. Raises InvalidCredentials when the vendor gives none."""


@dataclass(kw_only=True, eq=False, repr=False)
class Renewed:
    """A token, got when it is first needed and again when it has expired or is no longer taken."""

    obtain: Obtain
    token: Token | None = None
    keep: Callable[[Token], Awaitable[None]] | None = None
    """Saves a new token, before it is used."""
    header: str = "Authorization"
    form: str = "Bearer {}"
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ahead: timedelta = timedelta(minutes=1)
    """How long before it expires a token is no longer used."""

    def __post_init__(self) -> None:
        self._lock = asyncio.Lock()
        self._past: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*self._past, *_secrets(self.token))

    async def apply(self, headers: dict[str, str], params: dict[str, str]) -> str:  # noqa: ARG002
        token = self.token
        if token is None or self._expires(token):
            token = await self._renewed(token)
        headers[self.header] = self.form.format(_in_header(token.value))
        return token.value

    async def refresh(self, used: str) -> bool:
        if self.token is not None and self.token.value == used:
            await self._renewed(self.token)
        return True

    async def _renewed(self, old: Token | None) -> Token:
        """A token newer than `old`. Of all who ask at the same time, one gets it and the others share it."""
        async with self._lock:
            if self.token is not None and self.token is not old:
                return self.token
            new = await self.obtain(old)
            if self.keep:
                await self.keep(new)
            # The last one may still come back in an error message of the vendor.
            self._past = _secrets(old)
            self.token = new
            return new

    def _expires(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - self.ahead <= self.clock()


def session(login: Callable[[], Awaitable[str]], header: str = "Authorization", form: str = "{}") -> Renewed:
    """A login call that yields a token. form: how the header holds it, "Session {}"."""

    async def obtain(_: Token | None) -> Token:
        return Token(await login())

    return Renewed(obtain=obtain, header=header, form=form)


@dataclass(frozen=True, repr=False)
class OAuthApp:
    """Our registration with a vendor's token endpoint."""

    url: str
    client_id: str
    client_secret: str
    named_in: Literal["header", "body"] = "header"
    """Where the endpoint wants id and secret. RFC 6749, section 2.3.1: any must take the header."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def client_credentials(http: "Http", app: OAuthApp, scope: str = "") -> Obtain:
    """RFC 6749, section 4.4. http: unsigned."""

    async def obtain(_: Token | None) -> Token:
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        return await _buy(http, app, form, repeatable=True)

    return obtain


def refresh_token(http: "Http", app: OAuthApp) -> Obtain:
    """RFC 6749, section 6. http: unsigned. The token so far must have a refresh token."""

    async def obtain(old: Token | None) -> Token:
        if old is None or not old.refresh:
            raise InvalidCredentials("there is no refresh token; connect again", url=app.url)
        form = {"grant_type": "refresh_token", "refresh_token": old.refresh}
        # Not repeated: a vendor that rotates has used this one up even if its answer got lost.
        new = await _buy(http, app, form, repeatable=False)
        return new if new.refresh else Token(new.value, new.expires_at, old.refresh)

    return obtain


async def _buy(http: "Http", app: OAuthApp, form: dict[str, str], *, repeatable: bool) -> Token:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    secrets = [app.client_secret, form.get("refresh_token", "")]
    if app.named_in == "header":
        pair = _base64(f"{quote_plus(app.client_id)}:{quote_plus(app.client_secret)}")
        headers["Authorization"] = f"Basic {pair}"
        secrets.append(pair)
    else:
        form = form | {"client_id": app.client_id, "client_secret": app.client_secret}
    signed = http.signed(Fixed(tuple(secrets), headers=headers))
    try:
        answer = await signed.send("POST", app.url, body=urlencode(form).encode(), repeatable=repeatable)
    except VendorRefused as refusal:
        # RFC 6749, section 5.2: a grant or a client that is not accepted is a 400.
        raise InvalidCredentials(str(refusal), url=refusal.url, status=refusal.status) from None
    return _token(answer.json(), app)


def _token(answer: Any, app: OAuthApp) -> Token:
    """The token in an answer of a token endpoint: RFC 6749, section 5.1."""
    value = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value:
        raise VendorNonsense("the token endpoint answered without an access_token", url=app.url)
    seconds, refresh = answer.get("expires_in"), answer.get("refresh_token")
    try:
        expires_at = None if seconds is None else app.clock() + timedelta(seconds=int(seconds))
    except (TypeError, ValueError, OverflowError):
        raise VendorNonsense(f"expires_in is {seconds!r}, wanted seconds", url=app.url) from None
    return Token(value, expires_at, refresh if isinstance(refresh, str) else None)


def _secrets(token: Token | None) -> tuple[str, ...]:
    return tuple(one for one in (token.value, token.refresh) if one) if token else ()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _in_header(secret: str) -> str:
    """The secret, if a header can hold it: a pasted key often brings a line break along."""
    if not secret.isprintable() or not secret.isascii():
        raise InvalidCredentials("a key or token contains a line break or another unusual character")
    return secret
