"""What the clients of TikTok Shop's verticals have in common: signed calls of one shop, and its lists.

Open API, versions 202309 and later: https://partner.tiktokshop.com/docv2.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Unpack

from crossdock.errors import InvalidCredentials, VendorError
from crossdock.integrations.tiktok_shop.errors import refusal
from crossdock.integrations.tiktok_shop.signing import signer
from crossdock.integrations.tiktok_shop.tokens import app_of, renewed_token
from crossdock.kit import paging
from crossdock.kit.auth.signature import signature
from crossdock.kit.contract import Account, Context, Json, Page, PassthroughCall, Raw, Walk
from crossdock.kit.http import Response, SendOptions
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient

SHOPS = "/authorization/202309/shops"
WITHOUT_SHOP = ("/authorization/", "/seller/")
"""Calls that are about the seller, not about one shop."""
CIPHER = "shop_cipher"


class ShopClient(RestClient):
    """Calls of one shop. Its cipher goes along with each; it is found when connecting, and kept."""

    def __init__(self, context: Context) -> None:
        key, secret = app_of(context)
        auth = signature(signer(key, secret, context.http.clock), secret, token=renewed_token(context))
        headers = {"Content-Type": "application/json"}
        super().__init__(context.http.signed(auth), context.host("api"), headers)
        self.context = context
        self._cipher = ""

    async def check(self) -> Account:
        """The shop that the seller authorized the app for."""
        shop = await self._shop()
        identifiers = {"shop_id": shop.get("id"), "shop_code": shop.get("code"), "region": shop.get("region")}
        return Account(str(shop.get("name") or shop["code"]), identifiers, {CIPHER: shop["cipher"]})

    def refusal(self, answer: Response) -> VendorError | None:
        return refusal(answer)

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **options: Unpack[SendOptions],
    ) -> Response:
        options["params"] = await self._with_shop(path, options.get("params") or {})
        return await super().send(method, path, headers=headers, **options)

    async def passthrough(self, call: PassthroughCall) -> Response:
        """The answer to a caller's own call; the shop goes along where none is named."""
        return await super().passthrough(replace(call, params=await self._with_shop(call.path, call.params)))

    async def _data(
        self, method: str, path: str, body: Json = None, *, repeatable: bool = True, **params: Any
    ) -> Raw:
        """The content of an answer's envelope. Calls that only ask are repeatable, POST or not."""
        answer = await self.send(method, path, json=body, params=params, repeatable=repeatable)
        return member(answer.json(), "data", dict)

    async def _listed(self, path: str, name: str, body: Raw, size: int, **params: Any) -> list[Raw]:
        """All records of a search, page by page."""
        walk = Walk()
        pages = self._searched(walk, path, name, body, size, **params)
        return [record async for page in pages for record in page.records]

    def _searched(
        self, walk: Walk, path: str, name: str, body: Raw, size: int, **params: Any
    ) -> AsyncIterator[Page]:
        """The pages of a search, each by the token that the one before gave."""

        async def fetch(token: Json) -> tuple[list[Raw], Json]:
            data = await self._data("POST", path, body, **params, page_size=size, page_token=token)
            return _records(data, name), data.get("next_page_token") or None

        return paging.by_cursor(walk, fetch)

    async def _with_shop(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if path.startswith(WITHOUT_SHOP) or CIPHER in params:
            return dict(params)
        return {**params, CIPHER: self._cipher or await self._cipher_of_session()}

    async def _cipher_of_session(self) -> str:
        """The cipher that was kept when connecting."""
        cipher = (await self.context.session.get()).get(CIPHER)
        self._cipher = str(cipher or (await self._shop())["cipher"])
        return self._cipher

    async def _shop(self) -> Raw:
        """The shop that was chosen, or the only one there is."""
        answer = await self.get(SHOPS)
        shops = [shop for shop in _records(member(answer, "data", dict), "shops") if shop.get("cipher")]
        code = self.context.credentials.get("shop_code", "")
        chosen = [shop for shop in shops if not code or code in (shop.get("code"), shop.get("id"))]
        if len(chosen) != 1:
            codes = ", ".join(str(shop.get("code")) for shop in shops) or "none"
            raise InvalidCredentials(f"say which shop by its code: the app is authorized for {codes}")
        return chosen[0]


def _records(data: Raw, name: str) -> list[Raw]:
    """The records of an answer. Where there are none, TikTok leaves the list out, or says null."""
    return [] if data.get(name) is None else member(data, name, list)
