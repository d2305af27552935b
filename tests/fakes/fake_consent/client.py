"""Speaks to `tests.fakes.oauth_server`: signed over path and query, below the shop that was found."""

from collections.abc import AsyncIterator

from crossdock.kit.auth.base import VendorRequest
from crossdock.kit.auth.oauth import oauth_code
from crossdock.kit.auth.signature import hmac_digest, signature
from crossdock.kit.contract import Account, Context, Page, Permission, Walk
from crossdock.kit.verification import verified


class Client:
    def __init__(self, context: Context) -> None:
        secret = context.credentials["client_secret"]

        def signed(request: VendorRequest) -> VendorRequest:
            return request.with_headers(
                {"X-Signature": hmac_digest(secret, request.url.raw_path_qs.encode())}
            )

        self._context = context
        self._http = context.http.signed(signature(signed, secret, token=oauth_code(context)))

    async def check(self) -> Account:
        return await verified(self._context, self._http)

    async def probe(self, function: str) -> Permission:
        return Permission("allowed", function)

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        shop = (await self._context.session.get())["shop"]
        url = f"{self._context.host('api')}/shops/{shop}/warehouses"
        answer = await self._http.send("GET", url, limit="points", cost=60)
        yield Page(answer.json()["data"])
