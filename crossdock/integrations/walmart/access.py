"""What both verticals of Walmart have in common: tokens, headers, limits, lists. https://developer.walmart.com."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack
from uuid import uuid4

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorRefused,
    VendorThrottled,
)
from crossdock.kit.auth.base import VendorRequest, base64_text, header_safe
from crossdock.kit.auth.fixed import FixedAuth
from crossdock.kit.auth.renewed import AccessToken, Obtain, RenewedAuth
from crossdock.kit.contract import Account, Context, Permission, Raw
from crossdock.kit.http import SendOptions
from crossdock.kit.responses import Response, member
from crossdock.kit.rest import NOT_FOUND, RestClient

SERVICE = "Walmart Marketplace"
TOO_MANY = 429
REPLENISHED = ("X-Next-Replenishment-Time", "x-next-replenish-time")
"""Walmart writes the header in both ways."""
EPOCH_SECONDS = 1_000_000_000
EPOCH_MILLISECONDS = 100 * EPOCH_SECONDS


class WalmartClient(RestClient):
    """Calls of one seller account, each within the limit of its operation."""

    limited: Sequence[tuple[str, str, str]] = ()
    """Method, pattern of the whole path, and the limit of the manifest that counts such calls."""
    needs: Mapping[str, tuple[str, ...]] = {}
    """The categories of Walmart's permissions that a function reads or writes in."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.http.signed(access_token(context)), context.host("api"))
        self._context = context
        self._scopes: Mapping[str, Any] | None = None

    async def check(self) -> Account:
        """The keys that work. Walmart names no account that they belong to."""
        await self._granted()
        return Account(SERVICE, {"client_id": self._context.credentials["client_id"]})

    async def probe(self, function: str) -> Permission:
        """Check whether the token's scopes cover what a function reads or writes."""
        scopes = await self._granted()
        is_write = not function.startswith("get_")
        states = []
        for area in self.needs.get(function, ()):
            level = scopes.get(area)
            if level == "no_access" or (is_write and level == "view_only"):
                return Permission("denied", f"the keys have {level} to {area}")
            states.append(level in ("full_access", "view_only"))
        return Permission("allowed" if states and all(states) else "unknown")

    async def _now(self) -> datetime:
        """The present by Walmart's clock; by ours where it tells nothing of the token."""
        detail = await self._detail()
        return self.http.clock() if detail is None else detail.moment(self.http.clock())

    async def _granted(self) -> Mapping[str, Any]:
        """The scopes of the token; none where Walmart does not tell them of such keys."""
        if self._scopes is None:
            answer = await self._detail()
            detail: Raw = unwrapped(answer.json(), "detail") if answer else {}
            if detail.get("is_valid") is False:
                raise InvalidCredentials("Walmart says that the token is not valid")
            scopes = detail.get("scopes")
            self._scopes = scopes if isinstance(scopes, dict) else {}
        return self._scopes

    async def _detail(self) -> Response | None:
        """The token, as Walmart describes it. None: only keys of consents are sure to have that."""
        try:
            return await self.send("GET", "/v3/token/detail")
        except (VendorRefused, MissingPermission):
            return None

    def refusal(self, answer: Response) -> VendorError | None:
        """A 429 says in a header of Walmart's own until when it lasts."""
        if answer.status != TOO_MANY or "Retry-After" in answer.headers:
            return None
        seconds = seconds_until_replenished(answer.headers, self.http.clock())
        return None if seconds is None else VendorThrottled(seconds, url=answer.url, status=TOO_MANY)

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **options: Unpack[SendOptions],
    ) -> Response:
        plain = path.partition("?")[0]
        for limited_method, pattern, name in self.limited:
            if method == limited_method and re.fullmatch(pattern, plain):
                options.setdefault("limit", name)
                break
        return await super().send(method, path, headers=headers, **options)

    async def _listed(self, path: str, **options: Unpack[SendOptions]) -> Response | None:
        """The answer to a question for records; None where Walmart says with a 404 that there are none."""
        try:
            return await self.send("GET", path, **options)
        except VendorRefused as refused:
            if refused.status != NOT_FOUND:
                raise
            return None


def access_token(context: Context) -> RenewedAuth:
    """The token of 15 minutes, bought with client id and secret, in the header that Walmart takes it in."""
    return RenewedAuth(
        obtain=_bought(context), session=context.session, insert=_signed, clock=context.http.clock
    )


def _signed(request: VendorRequest, token: str) -> VendorRequest:
    return request.with_headers({**_named(), "WM_SEC.ACCESS_TOKEN": header_safe(token)})


def _named() -> dict[str, str]:
    """The headers that all calls must have, also the one for a token."""
    return {"WM_SVC.NAME": SERVICE, "WM_QOS.CORRELATION_ID": str(uuid4())}


def _bought(context: Context) -> Obtain:
    async def obtain(_: AccessToken | None) -> AccessToken:
        fields = context.credentials
        secret = header_safe(fields["client_secret"])
        pair = base64_text(f"{fields['client_id']}:{secret}")
        headers = {**_named(), "Authorization": f"Basic {pair}", "Accept": "application/json"}
        http = context.http.signed(FixedAuth((secret, pair), headers=headers))
        url = f"{context.host('api')}/v3/token"
        try:
            answer = await http.send("POST", url, form={"grant_type": "client_credentials"}, repeatable=True)
        except VendorRefused as refusal:
            raise InvalidCredentials(str(refusal), url=refusal.url, status=refusal.status) from None
        token = answer.json()
        seconds = member(token, "expires_in", int)
        return AccessToken(member(token, "access_token", str), http.clock() + timedelta(seconds=seconds))

    return obtain


def seconds_until_replenished(headers: Mapping[str, str], now: datetime) -> float | None:
    """The time that a bucket stays empty, by the header that says when it is filled; None where none does.

    Walmart does not document how the moment is written: seconds, both kinds of epochs and ISO 8601 are taken.
    """
    written = next((headers[name] for name in REPLENISHED if name in headers), "").strip()
    try:
        number = float(written)
    except ValueError:
        return _seconds_until(written, now)
    if number >= EPOCH_MILLISECONDS:
        number /= 1000
    return max(0.0, number - now.timestamp() if number >= EPOCH_SECONDS else number)


def _seconds_until(written: str, now: datetime) -> float | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def unwrapped(answer: Any, name: str) -> Raw:
    """The object of an answer, which may be wrapped in a member of this name."""
    inner = answer.get(name) if isinstance(answer, dict) else None
    return inner if isinstance(inner, dict) else member({name: answer}, name, dict)
