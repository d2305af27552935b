"""Speaks the Tin Loft API: https://developer.tinloft.example."""

from collections.abc import AsyncIterator
from pathlib import Path

from crossdock.errors import NotFound, VendorRefused
from crossdock.kit import paging
from crossdock.kit.auth.oauth import oauth_code
from crossdock.kit.contract import Account, Context, Json, Page, Raw, Walk
from crossdock.kit.graphql import GraphQL, load_queries
from crossdock.kit.responses import member

QUERIES = load_queries(Path(__file__).parent / "queries")
ORDERS_COST = 52
"""A list costs 2 points and one for each record. Source: docs, "Query cost"."""


class Client:
    """Raw pages out of Tin Loft."""

    def __init__(self, context: Context) -> None:
        self._unsigned = context.http
        http = context.http.signed(oauth_code(context))
        self.graphql = GraphQL(http, f"{context.host('api')}/graphql", limit="points")

    async def check(self) -> Account:
        """Whom the consent is of."""
        account = (await self.graphql.query(QUERIES["account"]))["account"]
        return Account(member(account, "name", str), {"account_id": account["id"]})

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """Oldest change first. Source: docs, "Lists"."""
        since = walk.mark or (walk.start.isoformat() if walk.start else None)

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            variables = {"since": since, "after": cursor}
            data = await self.graphql.query(QUERIES["orders"], variables, cost=ORDERS_COST)
            return member(data["orders"], "nodes", list), data["orders"]["next"]

        return paging.by_cursor(walk, fetch, mark=paging.newest("updatedAt"))

    async def order(self, record_id: str) -> Raw:
        """One order, as lists show it. Raises NotFound when there is none."""
        order: Raw | None = (await self.graphql.query(QUERIES["order"], {"id": record_id}, cost=3))["order"]
        if order is None:
            raise NotFound(f"there is no order {record_id}", record_id=record_id)
        return order

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All products, in a file that the vendor prepares. Its address is signed by itself."""
        export_id = walk.cursor or await self._started_export()
        export = await self._export(export_id)
        while export["state"] == "RUNNING":
            yield Page([], export_id, wait_seconds=export["retrySeconds"])
            export = await self._export(export_id)
        if export["state"] != "DONE":
            raise VendorRefused(f"the export of products ended as {export['state']}")
        records = (await self._unsigned.send("GET", export["url"])).json()
        yield Page(records, is_prepared=True)

    async def _started_export(self) -> str:
        started = await self.graphql.mutate(QUERIES["start_export"], cost=10)
        return member(started["startExport"], "id", str)

    async def _export(self, export_id: str) -> Raw:
        return member(await self.graphql.query(QUERIES["export"], {"id": export_id}), "export", dict)
