"""Reads the modern vendor: orders by change, products by export, halls with details."""

from collections.abc import AsyncIterator
from typing import Any

from crossdock.kit.auth.fixed import bearer
from crossdock.kit.contract import Account, Context, Page, Raw, Walk
from crossdock.kit.paging import by_cursor, newest, with_details
from crossdock.kit.rest import RestClient


class Client(RestClient):
    def __init__(self, context: Context) -> None:
        http = context.http.signed(bearer(context.credentials["token"]))
        super().__init__(http, context.credentials["url"])

    async def check(self) -> Account:
        account = await self.get("/account")
        return Account(account["name"], {"account_id": account["id"]})

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        start = walk.start.strftime("%Y-%m-%dT%H:%M:%SZ") if walk.start else None

        async def fetch(cursor: Any) -> tuple[list[Raw], Any]:
            answer = await self.get("/orders", cursor=cursor, since=walk.mark or start)
            return answer["data"], answer["next"]

        return by_cursor(walk, fetch, mark=newest("updated_at"))

    async def order(self, record_id: str) -> Raw:
        return await self.read_one("/orders", record_id)

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        export = walk.cursor or (await self.call_json("POST", "/exports"))["id"]
        answer = await self.get(f"/exports/{export}")
        while answer["status"] == "running":
            yield Page([], export, wait_seconds=answer["seconds"])
            answer = await self.get(f"/exports/{export}")
        yield Page(answer["records"])

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        async def whole(hall: Raw) -> Raw:
            return await self.read_one("/halls", hall["id"])

        yield await with_details(Page(await self.get("/halls")), whole, at_once=3)

    async def call_json(self, method: str, path: str) -> Any:
        return (await self.send(method, path, json={})).json()
