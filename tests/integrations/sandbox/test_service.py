"""The sandbox pretends a small REST API: what was written is asked for, shown beforehand, called directly."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from crossdock.errors import VendorRefused
from crossdock.integrations.sandbox.operations import service
from crossdock.integrations.sandbox.world.records import World
from crossdock.kit.contract import Call, PassthroughCall, Walk
from crossdock.kit.responses import Response
from crossdock.writes.steps import dry_run, execute
from tests.integrations.sandbox.test_consistency import (
    INVARIANTS,
    WORLD,
    Seen,
    raws_of,
    read_all,
    totals_off_by_a_cent,
)
from tests.integrations.sandbox.writing import Writing, a_shipment, an_inbound, an_order, command

TEA = "JLT-ASM-100"


async def passed(
    writing: Writing, method: str, path: str, data: Any = None, params: dict[str, Any] | None = None
) -> tuple[int, Any]:
    answer: Response = await writing.client.passthrough(
        PassthroughCall(method, f"/{writing.integration.type}{path}", params or {}, {}, data)
    )
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status, json.loads(answer.body)


# A lost answer


async def order_of(wms: Writing) -> str:
    return str(await wms.done(command("create_order", an_order())))


async def sent_order(wms: Writing) -> str:
    order = await order_of(wms)
    await wms.done(command("create_order_shipment", a_shipment(), order))
    return order


async def announced(wms: Writing) -> str:
    return str(await wms.done(command("create_inbound_shipment", an_inbound())))


RECEIVED = {"line_items": [{"sku": TEA, "quantity": 1}], "warehouse_location_id": "location_id_0"}
KIT = {"sku": "K", "name": "K", "inventory_items": [{"sku": TEA, "unit_quantity": 1}]}
COUNTS = "/inventory/inventory_item_id_0/counts"
MORE = {"quantity": 1, "adjustment_type": "increase", "warehouse_id": "warehouse_id_0"}
BACK = {"line_items": [{"sku": TEA, "quantity": 1}]}


@pytest.mark.parametrize(
    ("action", "body", "before"),
    [
        ("create_order", an_order(), None),
        ("create_order_shipment", a_shipment(), order_of),
        ("create_order_file", {"file_url": "https://f.example.com/1"}, order_of),
        ("create_product", {"sku": "P", "name": "P"}, None),
        ("create_kit", KIT, None),
        ("adjust_inventory", MORE, lambda _: asyncio.sleep(0, "inventory_item_id_0")),
        ("create_inbound_shipment", an_inbound(), None),
        ("receive_inbound_shipment", RECEIVED, announced),
        ("create_return", BACK, None),
    ],
)
async def test_whether_a_write_was_done_can_be_asked_after_its_answer_was_lost(
    wms: Writing, action: str, body: Any, before: Any
):
    record_id = await before(wms) if before else None
    wanted_command = command(action, body, record_id)
    search = wms.integration.search(wanted_command)
    assert search is not None
    assert await execute(wms.client, search) is None
    value = await wms.done(wanted_command)
    search = wms.integration.search(wanted_command)
    assert search is not None
    assert await execute(wms.client, search) == value
    # What is known to be done is not done again.
    known_command = type(wanted_command)(**{**vars(wanted_command), "found": value})
    counted = len(await raws_of(wms.client, "inventory_ledger", Walk()))
    assert await wms.done(known_command) == value
    assert len(await raws_of(wms.client, "inventory_ledger", Walk())) == counted
    # Another write that looks the same is another one.
    other_calls = wms.integration.search(type(wanted_command)(**{**vars(wanted_command), "begun": None}))
    assert other_calls is not None
    assert await execute(wms.client, other_calls) is None


@pytest.mark.parametrize(
    ("action", "body", "record_id"),
    [
        ("adjust_inventory", {"quantity": 1, "adjustment_type": "increase"}, "cart_product_id_0"),
        ("refund_order", {"amount": 1}, "shopify_order_id_0"),
    ],
)
async def test_the_shop_can_be_asked_too(shop: Writing, action: str, body: Any, record_id: str):
    gids = [raw["gid"] for raw in await raws_of(shop.client, "orders", Walk()) if raw["state"] == "COMPLETE"]
    wanted_command = command(action, body, gids[0] if action == "refund_order" else record_id)
    value = await shop.done(wanted_command)
    search = shop.integration.search(wanted_command)
    assert search is not None
    assert await execute(shop.client, search) == value


async def test_asking_makes_nothing(wms: Writing):
    for action in wms.integration.writes:
        search = wms.integration.search(command(action))
        if search is not None:
            call = next(search)
            assert (call.method, call.asks) == ("GET", True)


# A rehearsal


async def test_a_rehearsal_shows_the_call_and_makes_none(wms: Writing):
    wanted_command = command("create_order", an_order())
    rehearsal = dry_run(wms.integration.steps(wanted_command))
    assert rehearsal.is_complete
    [call] = rehearsal.calls
    shown = wms.client.shown(call)
    assert (shown.method, shown.url.partition("?")[0]) == ("POST", "https://sandbox.invalid/wms/orders")
    assert shown.body["lines"][0] == {"product": "product_id_0", "units": 2}
    json.dumps(shown.body)
    assert len(await raws_of(wms.client, "orders", Walk())) == 100


async def test_amounts_go_over_the_wire_as_exact_texts(wms: Writing):
    body = an_order(total_price=json.loads("1234.1"))
    [call] = dry_run(wms.integration.steps(command("create_order", body))).calls
    assert call.body["money"] == {"total": "1234.1"}


async def test_every_write_can_be_rehearsed_whole(wms: Writing, shop: Writing):
    bodies = {
        "create_order": an_order(), "create_order_shipment": a_shipment(), "create_kit": KIT,
        "adjust_inventory": MORE, "create_inbound_shipment": an_inbound(),
        "receive_inbound_shipment": RECEIVED, "create_return": BACK,
        "update_order": {"status": "cancelled", "service_level": "x"},
    }  # fmt: skip
    for action in wms.integration.writes:
        rehearsal = dry_run(wms.integration.steps(command(action, bodies.get(action), "some_id")))
        assert rehearsal.is_complete, action
        assert rehearsal.calls, action


# Options


async def test_options_are_the_ids_of_this_world(wms: Writing, shop: Writing):
    assert await wms.client.options("warehouses") == ["warehouse_id_0", "warehouse_id_1"]
    assert len(await wms.client.options("warehouse-locations")) == 46
    assert await shop.client.options("warehouses") == ["cart_warehouse_id_0", "cart_warehouse_id_1"]
    for writing in (wms, shop):
        for action in writing.integration.writes:
            accepts = writing.integration.accepts(action)
            assert {*accepts.options} <= {*accepts.paths, *accepts.extra}
            for name in accepts.options.values():
                assert await writing.client.options(name)


# Direct calls


async def test_any_record_is_read_directly(wms: Writing, shop: Writing):
    for writing in (wms, shop):
        kinds = {resource.name.replace("_", "-") for resource in writing.integration.resources.values()}
        assert service.COLLECTIONS[writing.integration.type] == {*kinds, "requests"}
    status, order = await passed(wms, "GET", "/orders/order_id_3")
    assert (status, order) == (200, await wms.client.order("order_id_3"))
    for path in ("/inbound-shipment-suppliers", "/labor-activities", "/bills", "/warehouse-locations"):
        status, body = await passed(wms, "GET", path)
        assert (status, bool(body["records"])) == (200, True)
    assert (await passed(shop, "GET", "/products/cart_product_id_0"))[1]["sku"] == TEA


async def test_lists_come_in_pages(wms: Writing):
    items, after = [], ""
    while True:
        status, body = await passed(wms, "GET", "/orders?limit=40", params={"after": after})
        assert status == 200
        items += [record["uid"] for record in body["records"]]
        if body["after"] is None:
            break
        after = body["after"]
    assert (len(items), items) == (100, sorted(set(items)))


async def test_the_same_writes_are_called_directly(wms: Writing):
    data = {
        "number": "D-1",
        "deliver_to": {"town": "Leeds"},
        "lines": [{"sku": TEA, "units": 2, "price": 9.5}],
    }
    status, order = await passed(wms, "POST", "/orders", data)
    assert (status, order["lines"][0]["price"]) == (200, "9.50")
    assert (await passed(wms, "POST", f"/orders/{order['uid']}/cancel"))[1]["state"] == "CANCELLED"
    assert await wms.holds_together() == []


@pytest.mark.parametrize(
    ("method", "path", "data", "status", "message"),
    [
        ("GET", "/nothing", None, 404, "there is no GET /nothing"),
        ("GET", "/orders/order_id_3/despatches", None, 405, "takes POST, not GET"),
        ("GET", "/orders/a/b/c", None, 404, "there is no GET /orders/{}/b/c"),
        ("GET", "/waiting", None, 404, "there is no GET /waiting"),
        ("GET", "/orders/nope", None, 404, "nope"),
        ("GET", "/", None, 404, "there is no GET /"),
        ("GET", "", None, 404, "there is nothing at /wms; all is below /wms/"),
        ("DELETE", "/orders/order_id_3", None, 405, "takes GET, PUT, not DELETE"),
        ("GET", "/orders?limit=0", None, 422, "limit must be a whole number from 1 to 250"),
        ("GET", "/orders?limit=9999999999999999999", None, 422, "limit must be"),
        ("POST", "/orders", None, 422, "an order needs a number, deliver_to and lines"),
        ("POST", "/orders", [1], 422, "the body must be an object, not a list"),
        ("POST", "/orders", {"colour": "red"}, 422, "colour unknown member"),
        ("POST", "/orders", {"lines": [{"sku": TEA, "units": 0}]}, 422, "lines.0.units"),
        ("POST", "/orders", {"money": {"total": "NaN"}, "number": "x", "deliver_to": {},
                             "lines": [{"sku": TEA, "units": 1}]}, 422, "total must be an amount"),
        ("POST", COUNTS, {"units": 0, "site": "warehouse_id_0"}, 422, "not be 0"),
        ("POST", "/orders?request=" + "x" * 101, {}, 422, "at most 100 characters"),
    ],
)  # fmt: skip
async def test_a_direct_call_that_fails_has_its_status_within(
    wms: Writing, method: str, path: str, data: Any, status: int, message: str
):
    number, body = await passed(wms, method, path, data)
    assert number == status
    assert message in body["error"]


WHOLE: list[tuple[str, str, str, dict[str, Any]]] = [
    ("wms", "POST", "/orders", {
        "client": "warehouse_customer_id_0", "site": "warehouse_id_0", "shop_ref": "r", "number": "n",
        "channel": {"label": "c"}, "via": {"uid": "shipping_method_id_0"}, "ship_by": "2026-03-05T00:00:00Z",
        "money": {"total": "1.00", "tax": 0.5}, "deliver_to": {"street": ["a"], "town": "b"}, "state": None,
        "lines": [{"product": "product_id_0", "units": 1, "price": 3, "rebate": "0.5"}], "signature": True,
    }),
    ("wms", "PUT", "/orders/{open}", {"state": "PICKED", "lines": [{"sku": TEA, "units": 2}]}),
    ("wms", "POST", "/orders/{open}/despatches", {
        "site": "{open_site}", "left_at": "2026-03-05T00:00:00Z", "track": "t", "cost": 1.5,
        "size": {"l": 1, "w": "2", "h": 3, "unit": "IN"}, "mass": {"value": 1, "unit": "KG"},
        "parcels": [{"uid": "p", "track": "u"}], "lines": [{"sku": "{open_sku}", "units": 1}],
    }),
    ("wms", "POST", "/orders/{open}/files", {"name": "f", "content": "QQ==", "url": "https://f.example.com"}),
    ("wms", "POST", "/kits", {"sku": "k", "title": "k", "price": 1, "parts": [{"sku": TEA, "units": 1}]}),
    ("wms", "PUT", "/products/product_id_0", {"sku": "p", "title": "p", "mass": {"value": 1, "unit": "OZ"}}),
    ("wms", "POST", COUNTS, {"units": -1, "site": "warehouse_id_0", "bin": "location_id_0", "why": "w"}),
    ("wms", "POST", "/inbound-shipments", {
        "vendor": {"label": "v"}, "po": "p", "due": "2026-03-05T00:00:00Z", "site": "warehouse_id_0",
        "track": "t", "rows": [{"sku": TEA, "units": 3}],
    }),
    ("wms", "POST", "/inbound-shipments/{coming}/arrivals", {
        "rows": [{"sku": "{coming_sku}", "units": 1}], "bin": "{coming_bin}", "site": "{coming_site}",
    }),
    ("wms", "POST", "/returns", {
        "site": "warehouse_id_0", "order": "{sent}", "rows": [{"sku": "{sent_sku}", "units": 1}],
    }),
    ("cart", "POST", "/orders/{order}/deliveries", {
        "track": "t", "track_url": "u", "carrier": "c", "method": "m",
        "lines": [{"line": "{order}_line_0", "units": 1}],
    }),
    ("cart", "POST", "/orders/{order}/refunds", {
        "amount": 1, "why": "w", "lines": [{"line": "{order}_line_0", "units": 1, "amount": "0.5"}],
    }),
    ("cart", "PUT", "/products/cart_product_id_0/level", {
        "how": "ADD", "units": 1, "place": "cart_warehouse_id_0",
    }),
    ("cart", "PUT", "/levels", {"levels": [{"product": "cart_product_id_0", "units": 1}]}),
]  # fmt: skip
ODD: list[Any] = [None, "", "x", 0, -1, 1.5, True, [], {}, "NaN", "1E+999999", 10**30, "2026-99-99T00:00:00Z"]


def variants(value: Any) -> Iterator[Any]:
    """The same with one thing in it that is odd, or not there."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {key: item for key, item in value.items() if key != name}
            yield from ({**value, name: variant} for variant in variants(inner))
    elif isinstance(value, list):
        yield from ([variant] for variant in variants(value[0]))
        yield [*value, *value]
    yield from ODD


def names_in(fresh: Seen) -> dict[str, str]:
    """Records of this world that something can be done with."""

    def of(resource: str, status: str) -> Iterator[Any]:
        return (entry for entry in fresh[resource].values() if entry["status"] == status)

    coming, waiting = next(of("wms_inbound_shipments", "open")), next(of("wms_orders", "open"))
    back = {wms_return["order_id"] for wms_return in fresh["wms_returns"].values()}
    sent = next(item for item in of("wms_orders", "fulfilled") if item["id"] not in back)
    return {
        "order": next(of("cart_orders", "open"))["id"],
        "open": waiting["id"],
        "open_site": waiting["warehouse_id"],
        "open_sku": waiting["line_items"][0]["sku"],
        "coming": coming["id"],
        "coming_site": coming["warehouse_id"],
        "coming_sku": coming["line_items"][0]["sku"],
        "coming_bin": f"location_id_{23 * int(coming['warehouse_id'][-1])}",
        "sent": sent["id"],
        "sent_sku": sent["shipments"][0]["line_items"][0]["sku"],
    }


@pytest.mark.parametrize(
    ("kind", "method", "path", "whole_value"), WHOLE, ids=[values[2] for values in WHOLE]
)
def test_whatever_a_body_says_it_is_done_or_refused_and_the_world_holds_together(
    wms: Writing, fresh: Seen, kind: str, method: str, path: str, whole_value: Any
):
    world, names = World(wms.folder, WORLD), names_in(fresh)
    refusals: list[VendorRefused] = []

    def call(body: Any) -> None:
        text = json.dumps([path, body])
        for name, uid in names.items():
            text = text.replace("{" + name + "}", uid)
        where, plain = json.loads(text)
        service._answer(world, kind, Call(method, where, plain))

    call(whole_value)
    for body in variants(whole_value):
        try:
            call(body)
        except VendorRefused as refusal:
            refusals.append(refusal)
    assert {vendor_refused.status for vendor_refused in refusals} <= {404, 409, 422}
    assert refusals
    assert all(str(vendor_refused) for vendor_refused in refusals)
    fields = fresh | read_all(wms.folder, verticals=(kind,))
    # Totals are the caller's own.
    assert [fault for find in INVARIANTS if find is not totals_off_by_a_cent for fault in find(fields)] == []


async def test_a_path_is_unescaped_once_and_stays_within_its_world(wms: Writing):
    assert (await passed(wms, "GET", "/orders/order%5Fid%5F3"))[0] == 200
    assert (await passed(wms, "GET", "/orders/..%2F..%2Fx"))[0] == 404
    assert (await passed(wms, "GET", "/orders/%252e"))[0] == 404


async def test_fifty_writes_at_once_are_fifty_records(wms: Writing):
    items = await asyncio.gather(
        *(wms.done(command("create_order", an_order(reference_id=f"r{n}"))) for n in range(50))
    )
    assert len(set(items)) == 50
    assert await wms.holds_together() == []


async def test_a_reference_is_given_to_one_order_only_however_many_try_at_once(wms: Writing):
    body = an_order(reference_id="r")
    tried = await asyncio.gather(
        *(wms.done(command("create_order", body)) for _ in range(10)), return_exceptions=True
    )
    assert [type(item) for item in tried].count(VendorRefused) == 9
    refusal = next(item for item in tried if isinstance(item, VendorRefused))
    assert refusal.status == 409


async def test_what_was_written_comes_with_the_next_walk_once(wms: Writing):
    async def changed(mark: Any) -> tuple[list[str], Any]:
        pages = [page async for page in wms.client.orders(Walk(mark=mark))]
        return [raw["uid"] for page in pages for raw in page.records], pages[-1].mark

    _, mark = await changed(None)
    order = await order_of(wms)
    texts, mark = await changed(mark)
    assert texts == [order]
    assert (await changed(mark))[0] == []


async def test_a_call_of_no_known_kind_is_refused(wms: Writing):
    with pytest.raises(VendorRefused) as refusal:
        await wms.client.call(Call("POST", "/teapots", {}))
    assert refusal.value.status == 404
