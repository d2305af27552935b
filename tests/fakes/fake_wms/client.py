"""Reads the fake vendor: orders by change, the rest whole."""

from collections.abc import AsyncIterator
from typing import Any

from crossdock.integrations.auth import bearer
from crossdock.integrations.contract import (
    Account,
    Call,
    Context,
    Json,
    Page,
    Passed,
    Raw,
    Shown,
    Walk,
)
from crossdock.integrations.http import Response
from crossdock.integrations.paging import by_cursor, newest


class Client:
    def __init__(self, context: Context) -> None:
        self._url = context.credentials["url"]
        self._page_size = context.credentials["page_size"]
        self._http = context.http.signed(bearer(context.credentials["token"]))

    async def check(self) -> Account:
        answer = (await self._http.send("GET", f"{self._url}/account")).json()
        return Account(answer["name"], {"account_id": answer["id"]})

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        start = walk.start.strftime("%Y-%m-%dT%H:%M:%SZ") if walk.start else None
        end = walk.end.strftime("%Y-%m-%dT%H:%M:%SZ") if walk.end else None
        return self._pages("orders", walk, since=walk.mark or start, until=end)

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages("warehouses", walk, since=None)

    def order_packs(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages("packs", walk, since=None)

    async def order(self, record_id: str) -> Raw:
        found: Raw = (await self._http.send("GET", f"{self._url}/orders/{record_id}")).json()
        return found

    async def options(self, name: str) -> list[str]:
        answer = (await self._http.send("GET", f"{self._url}/{name}")).json()
        return [str(one["id"]) for one in answer["data"]]

    async def call(self, call: Call) -> Json:
        answer = await self._http.send(
            call.method, f"{self._url}{call.path}", params=call.params, json=call.body, repeatable=call.asks
        )
        return answer.json()

    def shown(self, call: Call) -> Shown:
        return Shown(call.method, f"{self._url}{call.path}", {"Content-Type": "application/json"}, call.body)

    async def passthrough(self, wanted: Passed) -> Response:
        url = f"{self._url}{wanted.path}"
        return await self._http.pass_on(
            wanted.method, url, params=wanted.params, headers=wanted.headers, body=wanted.body
        )

    def _pages(
        self, name: str, walk: Walk, since: str | None, until: str | None = None
    ) -> AsyncIterator[Page]:
        async def fetch(cursor: Any) -> tuple[list[Raw], Any]:
            params = {"cursor": cursor, "limit": self._page_size, "since": since, "until": until}
            answer = (await self._http.send("GET", f"{self._url}/{name}", params=params)).json()
            return answer["data"], answer["next"]

        return by_cursor(walk, fetch, mark=newest("updated_at") if since else None)
