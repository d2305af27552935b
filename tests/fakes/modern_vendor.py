"""A vendor with what newer ones have: bulk exports, details apart, operations to wait for, and webhooks.

POST /exports → {"id"}; GET /exports/{id} → "running" as often as `polls` says, then the products
GET /halls → ids only; GET /halls/{id} → the whole hall
POST /async-orders → {"operation"}; GET /operations/{id} → "running" as often as `polls`, then the order
POST and GET /hooks, GET and DELETE /hooks/{id}; `notice` makes the request that it would send
"""

import asyncio
import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web

from crossdock.kit.inbound import hmac_text
from tests.fakes.vendor import FakeVendor, Seen

SIGNATURE = "X-Modern-Signature"


@dataclass
class ModernVendor(FakeVendor):
    """See the top of this file."""

    polls: int = 0
    """How often an export or an operation is still running when it is asked for."""
    poll_seconds: float = 300
    exports: dict[str, int] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    details_under_way: int = 0
    most_details: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._serial = count(1)

    async def _behave(self, request: web.Request, value: Seen) -> web.StreamResponse:
        name, _, record_id = request.path.strip("/").partition("/")
        act = getattr(self, f"_{name.replace('-', '_')}", None)
        if act is None or name not in ("exports", "halls", "async-orders", "operations", "hooks"):
            return await super()._behave(request, value)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.json_response({"message": "not signed in"}, status=401)
        answer: web.StreamResponse = await act(request.method, record_id, value.body)
        return answer

    async def _exports(self, method: str, export_id: str, _: bytes) -> web.StreamResponse:
        if method == "POST":
            export_id = f"x-{next(self._serial)}"
            self.exports[export_id] = self.polls
            return web.json_response({"id": export_id})
        if export_id not in self.exports:
            return _missing()
        if self.exports[export_id] > 0:
            self.exports[export_id] -= 1
            return web.json_response({"status": "running", "seconds": self.poll_seconds})
        return web.json_response({"status": "done", "records": self.collections["products"]})

    async def _halls(self, _: str, hall_id: str, __: bytes) -> web.StreamResponse:
        if not hall_id:
            return web.json_response([{"id": hall["id"]} for hall in self.collections["halls"]])
        self.details_under_way += 1
        self.most_details = max(self.most_details, self.details_under_way)
        await asyncio.sleep(0.005)
        self.details_under_way -= 1
        whole_halls = [hall for hall in self.collections["halls"] if hall["id"] == hall_id and "name" in hall]
        return web.json_response(whole_halls[0]) if whole_halls else _missing()

    async def _async_orders(self, _: str, __: str, body: bytes) -> web.StreamResponse:
        operation_id = f"op-{next(self._serial)}"
        self.operations[operation_id] = {"polls": self.polls, "body": json.loads(body)}
        return web.json_response({"operation": operation_id})

    async def _operations(self, _: str, operation_id: str, __: bytes) -> web.StreamResponse:
        operation = self.operations.get(operation_id)
        if operation is None:
            return _missing()
        if operation["polls"] > 0:
            operation["polls"] -= 1
            return web.json_response({"status": "running"})
        if "order" not in operation:
            order = {**self.blank(next(self._serial)), **operation["body"]}
            self.collections["orders"].append(order)
            operation["order"] = order["id"]
        return web.json_response({"status": "done", "order": operation["order"]})

    async def _hooks(self, method: str, hook_id: str, body: bytes) -> web.StreamResponse:
        if method == "POST":
            hook_id = f"h-{next(self._serial)}"
            self.hooks[hook_id] = json.loads(body)
            return web.json_response({"id": hook_id})
        if method == "GET" and not hook_id:
            hooks = [{"id": name, "url": hook["url"]} for name, hook in self.hooks.items()]
            return web.json_response(hooks)
        if hook_id not in self.hooks:
            return _missing()
        if method == "DELETE":
            del self.hooks[hook_id]
            return web.json_response({})
        return web.json_response({"id": hook_id, **self.hooks[hook_id]})

    def notice(self, topic: str, *ids: str) -> tuple[str, bytes, dict[str, str]]:
        """The URL, body and headers of the request that the first hook would get."""
        hook = next(iter(self.hooks.values()))
        body = json.dumps({"topic": topic, "ids": ids}).encode()
        return hook["url"], body, {SIGNATURE: hmac_text(hook["secret"], body)}


def _missing() -> web.Response:
    return web.json_response({"message": "there is none"}, status=404)
