"""The small REST API that a simulated system pretends to have, and the client's side of all writes.

Its base URL is https://sandbox.invalid; all paths are below /wms or /cart.

    GET  /<records>?limit=&after=&id=   a page, by id: /orders, /inbound-shipments, … as in COLLECTIONS
    GET  /<records>/<id>                one
    POST, PUT as in WAREHOUSE and SHOP  a write: one transaction. `?request=` gives it a reference of the
                                        caller's: /requests/<reference> then says what it made
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import msgspec

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.answers import Response
from crossdock.integrations.contract import Account, Call, Context, Json, Passed, Raw, Shown
from crossdock.integrations.sandbox import goods, inbound, orders, promises, returns, shop
from crossdock.integrations.sandbox.forms import NOT_FOUND, refused
from crossdock.integrations.sandbox.stock import UNPROCESSABLE
from crossdock.integrations.sandbox.walks import Walks
from crossdock.integrations.sandbox.world import KEYS, Records, World

BASE = "https://sandbox.invalid"
PAGE_SIZE, LARGEST_PAGE = 50, 250
LONGEST_REFERENCE = 100
METHOD_NOT_ALLOWED = 405

Act = Callable[[Records, str, Any], Raw | list[Raw]]

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


class Service:
    """What the clients of the simulated systems that take writes have in common."""

    def __init__(self, context: Context, vertical: str) -> None:
        self._walks = Walks(context, vertical)
        self._vertical = vertical

    async def call(self, call: Call) -> Json:
        """The answer to one call. Raises VendorRefused as the system would."""
        world = await self._walks.open()
        return await asyncio.to_thread(_answer, world, self._vertical, call)

    def shown(self, call: Call) -> Shown:
        headers = {} if call.body is None else {"Content-Type": "application/json"}
        return Shown(call.method, self._url(call), headers, call.body)

    async def options(self, name: str) -> list[str]:
        """The ids of all records of a kind."""
        world = await self._walks.open()
        return [uid for uid, _ in world.after(_resource(self._vertical, name), "", 1000)]

    async def passthrough(self, wanted: Passed) -> Response:
        """The answer to any call, refusals among them."""
        path, _, query = wanted.path.partition("?")
        base = f"/{self._vertical}/"
        params = {**dict(parse_qsl(query)), **wanted.params}
        call = Call(wanted.method, path.removeprefix(base[:-1]), wanted.data, params)
        try:
            if not path.startswith(base):
                raise refused(f"there is nothing at {path}; all is below {base}", NOT_FOUND)
            status, body = 200, await self.call(call)
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


def _resource(vertical: str, collection: str) -> str:
    return f"{vertical}_{collection.replace('-', '_')}"


def _answer(world: World, vertical: str, call: Call) -> Json:
    collection, uid, place = _parsed(call.path)
    is_list = place == f"/{collection}"
    if call.method == "GET" and collection in COLLECTIONS[vertical] and place.count("/") <= 2:
        resource = _resource(vertical, collection)
        return _page(world, resource, call) if is_list else _one(world, resource, uid)
    act = ACTS[vertical].get((call.method, place))
    if act is None:
        raise _no_such_route(vertical, call.method, place, collection)
    return _written(world, vertical, act, uid, call)


def _parsed(path: str) -> tuple[str, str, str]:
    """The collection of a path, the id in it, and the path with a pair of braces for that."""
    first, *rest = [unquote(part) for part in path.removeprefix("/").split("/")]
    uid = rest[0] if rest else ""
    return first, uid, "/" + "/".join([first, *["{}" for _ in rest[:1]], *rest[1:]])


def _no_such_route(vertical: str, method: str, place: str, collection: str) -> VendorRefused:
    known = {one for one, there in ACTS[vertical] if there == place}
    if collection in COLLECTIONS[vertical] and place.count("/") <= 2:
        known.add("GET")
    if known:
        return refused(f"{place} takes {', '.join(sorted(known))}, not {method}", METHOD_NOT_ALLOWED)
    return refused(f"there is no {method} {place}", NOT_FOUND)


def _one(world: World, resource: str, uid: str) -> Raw:
    try:
        return world.one(resource, uid)
    except NotFound as missing:
        raise refused(str(missing), NOT_FOUND) from None


def _page(world: World, resource: str, call: Call) -> Json:
    wanted = {name: str(value) for name, value in call.params.items()}
    if "id" in wanted:
        try:
            return {"records": [world.one(resource, wanted["id"])], "after": None}
        except NotFound:
            return {"records": [], "after": None}
    limit = wanted.get("limit", str(PAGE_SIZE))
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= LARGEST_PAGE:
        raise refused(f"limit must be a whole number from 1 to {LARGEST_PAGE}, got {limit!r}")
    rows = world.after(resource, wanted.get("after", ""), int(limit) + 1)
    page = rows[: int(limit)]
    return {"records": [raw for _, raw in page], "after": page[-1][0] if len(rows) > len(page) else None}


def _written(world: World, vertical: str, act: Act, uid: str, call: Call) -> Json:
    """What a write makes of its record, or records: all of it happens, or nothing."""
    reference = str(call.params.get("request", ""))
    if len(reference) > LONGEST_REFERENCE:
        raise refused(f"request must be at most {LONGEST_REFERENCE} characters long")
    with world.change(datetime.now(UTC)) as records:
        try:
            made = act(records, uid, call.body)
        except NotFound as missing:
            raise refused(str(missing), NOT_FOUND) from None
        if vertical == "wms":
            promises.serve_waiting(records)
        if reference:
            _note(records, vertical, reference, made)
    return made


def _note(records: Records, vertical: str, reference: str, made: Raw | list[Raw]) -> None:
    key = KEYS[vertical]
    ids = [str(one[key]) for one in (made if isinstance(made, list) else [made])]
    records.put(f"{vertical}_requests", {key: reference, "made": ids})
