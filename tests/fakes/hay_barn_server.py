"""What Hay Barn, a made-up vendor, answers: `tests.fakes.hay_barn` is the integration.

async with HayBarnServer() as barn:
    barn.collections["orders"].append(barn_order(1))
    barn.loses_answers = True          the next order is made, and nobody learns of it
"""

import json
from typing import Any

from aiohttp import web

from tests.fakes.oauth_server import OAuthServer

PAGE_SIZE = 2


def stamped(number: int) -> dict[str, Any]:
    return {"id": number, "created": "2026-01-31T09:00:00Z", "changed": f"2026-02-01T00:00:{number:02}Z"}


def barn_order(serial: int, **members: Any) -> dict[str, Any]:
    lines = [{"item": "hay-1", "quantity": 2, "picked": False}]
    order = {"number": f"HB-{serial}", "state": "new", "total": "19.90", "lines": lines}
    return stamped(serial) | order | members


def barn_stock(number: int, **members: Any) -> dict[str, Any]:
    counts = {"awaiting": 0, "onhand": 7, "committed": 2, "unfulfillable": 0, "fulfillable": 5, "sellable": 5}
    return stamped(number) | {"name": "Bale", "sku": f"BALE-{number}", "active": True} | counts | members


def barn_return(number: int, **members: Any) -> dict[str, Any]:
    return stamped(number) | {"state": "announced", "order": 1} | members


class HayBarnServer(OAuthServer):
    """One region of the vendor."""

    def __init__(self, account: str = "Barn One") -> None:
        super().__init__()
        self.account = account
        self.collections: dict[str, list[dict[str, Any]]] = {"orders": [], "stock": [], "returns": []}
        self.queries: list[dict[str, str]] = []
        self.loses_answers = False

    async def _serve(self, request: web.Request) -> web.Response:
        if request.path == "/oauth/token":
            return await self._token(request)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.access:
            return web.json_response({"message": "who are you?"}, status=401)
        self.calls[f"{request.method} {request.path}"] += 1
        name, _, record_id = request.path.strip("/").partition("/")
        if name == "account":
            return web.json_response({"id": "barn-1", "name": self.account})
        if request.method == "POST":
            return self._add_order(request, json.loads(await request.text()))
        if record_id:
            return self._record(name, record_id)
        return self._page(name, request)

    def _add_order(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        number = len(self.collections["orders"]) + 1
        lines = [line | {"picked": False} for line in body["lines"]]
        self.collections["orders"].append(barn_order(number, number=body["number"], lines=lines))
        if self.loses_answers:
            self.loses_answers = False
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"id": number}, status=201)

    def _record(self, name: str, record_id: str) -> web.Response:
        matches = [record for record in self.collections[name] if str(record["id"]) == record_id]
        if not matches:
            return web.json_response({"message": "there is none"}, status=404)
        return web.json_response(matches[0])

    def _page(self, name: str, request: web.Request) -> web.Response:
        query = dict(request.query)
        self.queries.append({"path": request.path} | query)
        records = sorted(self.collections[name], key=lambda record: record["changed"])
        records = [record for record in records if record["changed"] >= query.get("since", "")]
        if "number" in query:
            records = [record for record in records if record["number"] == query["number"]]
        start = int(query.get("cursor", 0))
        end = start + PAGE_SIZE
        following = str(end) if end < len(records) else None
        return web.json_response({"data": records[start:end], "next": following})
