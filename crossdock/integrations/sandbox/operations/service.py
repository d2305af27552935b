"""The small REST API that a simulated system pretends to have, and the client's side of all writes.

Its base URL is https://sandbox.invalid; all paths are below /wms or /cart.

    GET  /<records>?limit=&after=&id=   a page, by id: /orders, /inbound-shipments, … as in COLLECTIONS
    GET  /<records>/<id>                one
    POST, PUT as in WAREHOUSE and SHOP  a write: one transaction. `?request=` gives it a reference of the
                                        caller's: /requests/<reference> then says what it made
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import msgspec

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.sandbox.operations import goods, inbound, orders, promises, returns, shop
from crossdock.integrations.sandbox.operations.forms import NOT_FOUND, refused
from crossdock.integrations.sandbox.operations.pushes import push
from crossdock.integrations.sandbox.operations.walks import SandboxWalks
from crossdock.integrations.sandbox.world.records import KEYS, World, WorldRecords
from crossdock.integrations.sandbox.world.stock import UNPROCESSABLE
from crossdock.kit.contract import Account, Call, Context, Json, PassthroughCall, Raw, WireRequest
from crossdock.kit.responses import Response

BASE = "https://sandbox.invalid"
PAGE_SIZE, LARGEST_PAGE = 50, 250
LONGEST_REFERENCE = 100
METHOD_NOT_ALLOWED = 405

Act = Callable[[WorldRecords, str, Any], Raw | list[Raw]]

WAREHOUSE: Mapping[tuple[str, str], Act] = {
    ("POST", "/orders"): orders.create,
    ("PUT", "/orders/{}"): orders.change,
    ("POST", "/orders/{}/cancel"): orders.cancel,
    ("POST", "/orders/{}/despatches"): orders.send,
    ("POST", "/orders/{}/files"): orders.attach,
    ("POST", "/products"): goods.create_product,
    ("PUT", "/products/{}"): goods.change_product,
    ("POST", "/kits"): goods.create_kit,
    ("PUT", "/kits/{}"): goods.change_kit,
    ("POST", "/inventory/{}/counts"): goods.count,
    ("POST", "/inbound-shipments"): inbound.create,
    ("PUT", "/inbound-shipments/{}"): inbound.change,
    ("POST", "/inbound-shipments/{}/arrivals"): inbound.arrive,
    ("POST", "/returns"): returns.create,
    ("PUT", "/returns/{}"): returns.change,
    ("POST", "/returns/{}/cancel"): returns.cancel,
    ("POST", "/returns/{}/receive"): returns.receive,
}
SHOP: Mapping[tuple[str, str], Act] = {
    ("POST", "/orders/{}/deliveries"): shop.deliver,
    ("POST", "/orders/{}/refunds"): shop.refund,
    ("PUT", "/products/{}/level"): shop.set_level,
    ("PUT", "/levels"): shop.set_levels,
}
ACTS = {"wms": WAREHOUSE, "cart": SHOP}
COLLECTIONS = {
    "wms": {
        "orders", "order-packs", "order-channels", "inventory", "inventory-ledger", "products",
        "inbound-shipments", "inbound-shipment-suppliers", "returns", "bills", "shipping-methods",
        "warehouses", "warehouse-locations", "warehouse-customers", "labor-activities", "requests",
    },
    "cart": {"orders", "products", "warehouses", "requests"},
}  # fmt: skip


class SandboxService:
    """The common part of the clients of the simulated systems that take writes."""

    def __init__(self, context: Context, vertical: str) -> None:
        self._walks = SandboxWalks(context, vertical)
        self._vertical = vertical
        self._context = context
        self.session = context.session

    async def call(self, call: Call) -> Json:
        """The answer to one call. Raises VendorRefused as the system would."""
        return (await self._called(call)).answer

    async def _called(self, call: Call) -> "_Outcome":
        world = await self._walks.open()
        return await asyncio.to_thread(_answer, world, self._vertical, call)

    def _told(self, outcome: "_Outcome") -> list[tuple[str, str]]:
        """The records among those that a call changed whose changes are told of."""
        rule = self._context.manifest.inbound if self._context.manifest else None
        reads = [
            (f"get_{resource.removeprefix(f'{self._vertical}_')}", uid) for resource, uid in outcome.touched
        ]
        return [read for read in reads if rule is not None and read[0] in rule.functions]

    def shown(self, call: Call) -> WireRequest:
        headers = {} if call.body is None else {"Content-Type": "application/json"}
        return WireRequest(call.method, self._url(call), headers, call.body)

    async def options(self, name: str) -> list[str]:
        """The ids of all records of a kind."""
        world = await self._walks.open()
        return [uid for uid, _ in world.after(_resource(self._vertical, name), "", 1000)]

    async def passthrough(self, passthrough_call: PassthroughCall) -> Response:
        """The answer to any call, refusals among them."""
        path, _, query = passthrough_call.path.partition("?")
        base = f"/{self._vertical}/"
        params = {
            **dict(parse_qsl(query)),
            **{name: _last(param) for name, param in passthrough_call.params.items()},
        }
        call = Call(passthrough_call.method, path.removeprefix(base[:-1]), passthrough_call.data, params)
        try:
            if not path.startswith(base):
                raise refused(f"there is nothing at {path}; all is below {base}", NOT_FOUND)
            outcome = await self._called(call)
            status, body = 200, outcome.answer
            # Writes of ours are stored as they are done; of others we would not hear before the next sync.
            await push(self._context, self._told(outcome))
        except VendorRefused as refusal:
            status, body = refusal.status or UNPROCESSABLE, {"error": str(refusal)}
        headers = {"Content-Type": "application/json"}
        return Response(status, headers, msgspec.json.encode(body), self._url(call))

    async def _account(self, name: str) -> Account:
        return await self._walks.account(name)

    async def _one(self, collection: str, record_id: str) -> Raw:
        """A record as a walk yields it. Raises NotFound."""
        world = await self._walks.open()
        return world.one(_resource(self._vertical, collection), record_id)

    def _url(self, call: Call) -> str:
        query = f"?{urlencode(call.params)}" if call.params else ""
        return f"{BASE}/{self._vertical}{call.path}{query}"


def _last(value: Any) -> Any:
    """A parameter as a server reads it: of several the last, and true in small letters."""
    if isinstance(value, list):
        return _last(value[-1]) if value else ""
    return str(value).lower() if isinstance(value, bool) else value


def _resource(vertical: str, collection: str) -> str:
    return f"{vertical}_{collection.replace('-', '_')}"


@dataclass(frozen=True)
class _Outcome:
    """The outcome of a call: its answer, and the (resource, id) of the records that it changed."""

    answer: Json
    touched: Sequence[tuple[str, str]] = ()


def _answer(world: World, vertical: str, call: Call) -> _Outcome:
    collection, uid, position = _parsed(call.path)
    is_list = position == f"/{collection}"
    if call.method == "GET" and collection in COLLECTIONS[vertical] and position.count("/") <= 2:
        resource = _resource(vertical, collection)
        return _Outcome(_page(world, resource, call) if is_list else _one(world, resource, uid))
    act = ACTS[vertical].get((call.method, position))
    if act is None:
        raise _no_such_route(vertical, call.method, position, collection)
    return _written(world, vertical, act, uid, call)


def _parsed(path: str) -> tuple[str, str, str]:
    """The collection of a path, the id in it, and the path with a pair of braces for that."""
    first, *remaining_texts = [unquote(part) for part in path.removeprefix("/").split("/")]
    uid = remaining_texts[0] if remaining_texts else ""
    return first, uid, "/" + "/".join([first, *["{}" for _ in remaining_texts[:1]], *remaining_texts[1:]])


def _no_such_route(vertical: str, method: str, position: str, collection: str) -> VendorRefused:
    known_texts = {text for text, there in ACTS[vertical] if there == position}
    if collection in COLLECTIONS[vertical] and position.count("/") <= 2:
        known_texts.add("GET")
    if known_texts:
        return refused(f"{position} takes {', '.join(sorted(known_texts))}, not {method}", METHOD_NOT_ALLOWED)
    return refused(f"there is no {method} {position}", NOT_FOUND)


def _one(world: World, resource: str, uid: str) -> Raw:
    try:
        return world.one(resource, uid)
    except NotFound as missing:
        raise refused(str(missing), NOT_FOUND) from None


def _page(world: World, resource: str, call: Call) -> Json:
    fields = {name: str(value) for name, value in call.params.items()}
    if "id" in fields:
        try:
            return {"records": [world.one(resource, fields["id"])], "after": None}
        except NotFound:
            return {"records": [], "after": None}
    limit = fields.get("limit", str(PAGE_SIZE))
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= LARGEST_PAGE:
        raise refused(f"limit must be a whole number from 1 to {LARGEST_PAGE}, got {limit!r}")
    rows = world.after(resource, fields.get("after", ""), int(limit) + 1)
    page = rows[: int(limit)]
    return {"records": [raw for _, raw in page], "after": page[-1][0] if len(rows) > len(page) else None}


def _written(world: World, vertical: str, act: Act, uid: str, call: Call) -> _Outcome:
    """Do a write and give what it makes of its record, or records: all of it happens, or nothing."""
    reference = str(call.params.get("request", ""))
    if len(reference) > LONGEST_REFERENCE:
        raise refused(f"request must be at most {LONGEST_REFERENCE} characters long")
    with world.change(datetime.now(UTC)) as records:
        try:
            outcome = act(records, uid, call.body)
        except NotFound as missing:
            raise refused(str(missing), NOT_FOUND) from None
        if vertical == "wms":
            promises.serve_waiting(records)
        if reference:
            _note(records, vertical, reference, outcome)
    return _Outcome(outcome, records.touched)


def _note(records: WorldRecords, vertical: str, reference: str, outcome: Raw | list[Raw]) -> None:
    key = KEYS[vertical]
    ids = [str(entry[key]) for entry in (outcome if isinstance(outcome, list) else [outcome])]
    records.put(f"{vertical}_requests", {key: reference, "made": ids})
