"""Reads the fake vendor: orders by change, the rest whole."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.auth.base import Auth
from crossdock.kit.auth.fixed import bearer
from crossdock.kit.auth.login import session
from crossdock.kit.contract import (
    Account,
    Call,
    Context,
    Json,
    Page,
    PassthroughCall,
    Raw,
    Walk,
    WireRequest,
)
from crossdock.kit.http import Response
from crossdock.kit.paging import by_cursor, newest
from tests.fakes.vendor import USER

LOGS_IN = "password:"
"""A token that begins so is a password, and the vendor one with log-ins."""


class Client:
    def __init__(self, context: Context) -> None:
        self._url = context.credentials["url"]
        self._page_size = context.credentials["page_size"]
        self._unsigned = context.http
        token = context.credentials["token"]
        self._password = token.removeprefix(LOGS_IN)
        auth: Auth = bearer(token)
        if token.startswith(LOGS_IN):
            auth = session(self._log_in, form="Bearer {}")
        self._http = context.http.signed(auth)

    async def _log_in(self) -> str:
        body = {"user": USER, "password": self._password}
        answer = await self._unsigned.send("POST", f"{self._url}/login", json=body, repeatable=True)
        return str(answer.json()["token"])

    async def check(self) -> Account:
        answer = (await self._http.send("GET", f"{self._url}/account")).json()
        return Account(answer["name"], {"account_id": answer["id"]}, facts={"account": answer["id"]})

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        start = walk.start.strftime("%Y-%m-%dT%H:%M:%SZ") if walk.start else None
        end = walk.end.strftime("%Y-%m-%dT%H:%M:%SZ") if walk.end else None
        pages = self._pages("orders", walk, since=walk.mark or start, until=end)
        return self._with_open(pages, walk) if walk.open_ids and walk.cursor is None else pages

    async def _with_open(self, pages: AsyncIterator[Page], walk: Walk) -> AsyncIterator[Page]:
        """The pages, and on the first of them what is open as it is now."""
        open_now, deleted = dict[str, Raw](), list[str]()
        for record_id in walk.open_ids:
            try:
                open_now[record_id] = await self.order(record_id)
            except VendorRefused as refusal:
                if refusal.status != 404:
                    raise
                deleted.append(record_id)
        async for page in pages:
            changed = {record["id"] for record in page.records}
            remaining_entries = [entry for record_id, entry in open_now.items() if record_id not in changed]
            yield replace(page, records=[*page.records, *remaining_entries], deleted=tuple(deleted))
            open_now, deleted = {}, []

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages("warehouses", walk, since=None)

    def order_packs(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages("packs", walk, since=None)

    async def order(self, record_id: str) -> Raw:
        raw: Raw = (await self._http.send("GET", f"{self._url}/orders/{record_id}")).json()
        return raw

    async def options(self, name: str) -> list[str]:
        answer = (await self._http.send("GET", f"{self._url}/{name}")).json()
        return [str(record["id"]) for record in answer["data"]]

    async def call(self, call: Call) -> Json:
        answer = await self._http.send(
            call.method, f"{self._url}{call.path}", params=call.params, json=call.body, repeatable=call.asks
        )
        return answer.json()

    def shown(self, call: Call) -> WireRequest:
        return WireRequest(
            call.method, f"{self._url}{call.path}", {"Content-Type": "application/json"}, call.body
        )

    async def passthrough(self, passthrough_call: PassthroughCall) -> Response:
        url = f"{self._url}{passthrough_call.path}"
        return await self._http.pass_on(
            passthrough_call.method,
            url,
            params=passthrough_call.params,
            headers=passthrough_call.headers,
            body=passthrough_call.body,
        )

    def _pages(
        self, name: str, walk: Walk, since: str | None, until: str | None = None
    ) -> AsyncIterator[Page]:
        async def fetch(cursor: Any) -> tuple[list[Raw], Any]:
            params = {"cursor": cursor, "limit": self._page_size, "since": since, "until": until}
            answer = (await self._http.send("GET", f"{self._url}/{name}", params=params)).json()
            return answer["data"], answer["next"]

        return by_cursor(walk, fetch, mark=newest("updated_at") if since else None)
