"""What Amazon's carts and warehouses have in common: the sign-in, usage plans, refusals."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Unpack
from urllib.parse import quote

from crossdock.errors import InvalidCredentials, MissingPermission, VendorError
from crossdock.integrations.amazon.parts import MARKETPLACE, SELLER
from crossdock.kit.auth.oauth import buy, oauth_app
from crossdock.kit.auth.renewed import AccessToken, RenewedAuth
from crossdock.kit.contract import Account, Call, Context, Json, WireRequest
from crossdock.kit.http import Http, SendOptions
from crossdock.kit.responses import Response
from crossdock.kit.rest import RestClient

FORBIDDEN = 403
RATE = "x-amzn-RateLimit-Limit"
"""The header with the calls a second that this account may make of an operation, where Amazon says so."""


def login_with_amazon(context: Context) -> RenewedAuth:
    """A token that is bought with the refresh token that the seller's authorization left."""
    app = oauth_app(context)
    form = {"grant_type": "refresh_token", "refresh_token": context.credentials["refresh_token"]}

    async def obtain(_: AccessToken | None) -> AccessToken:
        return await buy(context.http, app, form, repeatable=True)

    def signed(request: Any, token: str) -> Any:
        moment = context.http.clock().strftime("%Y%m%dT%H%M%SZ")
        return request.with_headers({"x-amz-access-token": token, "x-amz-date": moment})

    return RenewedAuth(obtain=obtain, session=context.session, insert=signed)


class SellingPartnerClient(RestClient):
    """Calls of the Selling Partner API, each within the usage plan of its operation."""

    plans: ClassVar[Mapping[str, str]] = {}
    """The limit of the manifest for each operation: "GET /orders/[^/]+" → "orders"."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.http.signed(login_with_amazon(context)), context.host("api"))
        self.context = context
        self.marketplace = context.credentials["marketplace_id"]
        self._rates: dict[str, float] = {}

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **options: Unpack[SendOptions],
    ) -> Response:
        """The answer to one call; its usage plan is that of this account from then on."""
        limit = self._plan_of(method, path)
        options.setdefault("limit", limit)
        answer = await super().send(method, path, headers=headers, **options)
        await _keep_rate(self.http, limit, answer, self._rates)
        return answer

    async def check(self) -> Account:
        """The account, for which something cheap is asked. No call of these APIs has a name."""
        # Where that is not allowed the token was taken even so: applications may have some rights only.
        with suppress(MissingPermission):
            await self._ask()
        names = {name: self.context.credentials.get(name) for name in ("seller_id", "marketplace_id")}
        identifiers = {name: value for name, value in names.items() if value}
        return Account(f"Amazon {next(iter(identifiers.values()))}", identifiers)

    async def _ask(self) -> None:
        """Make a cheap call that any token of the account should be good for."""
        raise NotImplementedError

    # Steps of writes name the account in words, as they know no sign-in fields: "{seller_id}"

    async def call(self, call: Call) -> Json:
        return await super().call(self._addressed(call))

    def wire_request(self, call: Call) -> WireRequest:
        return super().wire_request(self._addressed(call))

    def _addressed(self, call: Call) -> Call:
        """A step with the account's ids in its path, parameters and members of its body."""
        params = {
            name: self.context.address(value) if isinstance(value, str) and value == MARKETPLACE else value
            for name, value in call.params.items()
        }
        before, seller, sku = call.path.partition(SELLER)
        if seller:
            # All behind the seller is one SKU, which may have slashes.
            name = quote(sku.removeprefix("/"), safe="")
            before += f"{self.context.credentials['seller_id']}/{name}"
        body = call.body
        if isinstance(body, dict):
            own = {MARKETPLACE: self.marketplace, (MARKETPLACE,): [self.marketplace]}
            body = {name: own.get(_key(value), value) for name, value in body.items()}
        return replace(call, path=before, params=params, body=body)

    def _plan_of(self, method: str, path: str) -> str | None:
        """The limit that an operation counts to."""
        operation = f"{method} {path}"
        return next((name for plan, name in self.plans.items() if re.fullmatch(plan, operation)), None)

    def refusal(self, answer: Response) -> VendorError | None:
        """A token that is not taken: Amazon says 403 to that, as to what an application may not do."""
        if answer.status != FORBIDDEN or "access token" not in _details(answer).casefold():
            return None
        return InvalidCredentials(f"403: {_details(answer)}", url=answer.url, status=FORBIDDEN)


def _key(value: Json) -> Any:
    """A member of a body as it may name the marketplace: alone, or in a list."""
    return tuple(value) if value == [MARKETPLACE] else value if isinstance(value, str) else None


async def _keep_rate(http: Http, limit: str | None, answer: Response, known: dict[str, float]) -> None:
    """Go by the rate that an answer tells, for all workers."""
    try:
        rate = float(answer.headers.get(RATE, ""))
    except ValueError:
        return
    if limit is not None and 0 < rate < float("inf") and known.get(limit) != rate:
        known[limit] = rate
        await http.correct(limit, per_second=rate)


def _details(answer: Response) -> str:
    """The details of the errors of an answer, redacted."""
    try:
        errors = answer.json()["errors"]
        details = "; ".join(str(error.get("details") or "") for error in errors)
    except (VendorError, ValueError, LookupError, TypeError, AttributeError):
        return ""
    return answer.redaction(details)[:500]
