"""Orders written to the sandbox's warehouse: stock is promised, waited for, sent and given back."""

import hashlib
from decimal import Decimal
from typing import Any

import pytest

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.sandbox.operations import simulate
from crossdock.integrations.sandbox.world.records import World
from crossdock.kit.contract import Upload
from tests.integrations.sandbox.test_consistency import EPOCH, WORLD, Fields, Seen
from tests.integrations.sandbox.writing import ADDRESS, BOX, Writing, a_shipment, an_inbound, an_order

TEA, POT, SENCHA = "JLT-ASM-100", "JLT-POT-1L", "JLT-SEN-100"
NEAR, FAR = "warehouse_id_0", "warehouse_id_1"


def figures(item: Fields) -> tuple[int, int, int]:
    return item["onhand"], item["committed"], item["fulfillable"]


# Orders


async def test_an_order_is_created_as_it_was_written(wms: Writing):
    body = an_order(
        reference_id="shop-1",
        channel_object={"channel_id": "channel_id_0"},
        trading_partner="Meadow",
        shipping_method_id="shipping_method_id_1",
        service_level="two-day",
        warehouse_customer_id="warehouse_customer_id_0",
        invoice_currency_code="EUR",
        total_tax=Decimal("1.10"),
        total_shipping=Decimal("4.95"),
        required_ship_date="2026-12-24T12:00:00Z",
        signature_required=True,
        ship_to_address={**ADDRESS, "full_name": "Ada", "company": "Engines", "address2": "Floor 2"},
    )
    body["line_items"][0] |= {"unit_price": Decimal("10.99"), "discount_amount": Decimal("0.50")}
    order = await wms.write("create_order", body)
    assert order["id"] == "order_id_100"
    texts = ("order_number", "reference_id", "trading_partner", "shipping_method_id", "service_level")
    for name in (*texts, "warehouse_customer_id", "invoice_currency_code", "required_ship_date"):
        assert order[name] == body[name]
    assert (order["status"], order["signature_required"], order["shipments"]) == ("open", True, [])
    assert (order["channel"], order["channel_object"]["channel_id"]) == ("channel_A", "channel_id_0")
    assert (order["carrier_name"], order["shipping_method_name"]) == ("UPS", "2nd Day Air")
    address = order["ship_to_address"]
    assert {name: address[name] for name in body["ship_to_address"]} == body["ship_to_address"]
    assert [
        (line_item["sku"], line_item["quantity"], line_item["unit_price"])
        for line_item in order["line_items"]
    ] == [
        (TEA, 2, Decimal("10.99")),
        ("JLT-KIT-TEA", 1, Decimal(49)),
    ]
    assert order["line_items"][0]["discount_amount"] == Decimal("0.50")
    assert (order["total_discount"], order["total_tax"], order["total_shipping"]) == (
        Decimal("0.5"), Decimal("1.1"), Decimal("4.95"),
    )  # fmt: skip
    assert order["total_price"] == Decimal("21.98") - Decimal("0.5") + 49 + Decimal("1.10") + Decimal("4.95")
    assert await wms.holds_together() == []


async def test_totals_that_are_given_are_kept_to_the_cent(wms: Writing):
    totals = {"total_price": Decimal("1234.10"), "total_tax": Decimal("0.07"), "total_discount": Decimal("3")}
    order = await wms.write("create_order", an_order(**totals))
    assert {name: order[name] for name in totals} == totals


async def test_what_an_order_leaves_out_is_filled_in(wms: Writing):
    order = await wms.write("create_order", an_order())
    assert (order["reference_id"], order["order_number"]) == (order["id"], "SO-1")
    assert (order["invoice_currency_code"], order["channel_object"], order["warehouse_id"]) == (
        "USD",
        {},
        NEAR,
    )
    assert order["total_price"] == 2 * Decimal("9.50") + 49


async def test_an_order_commits_stock_with_kits_taken_apart_and_cancelling_gives_it_back(wms: Writing):
    before = {sku: await wms.item(sku) for sku in (TEA, SENCHA, POT)}
    order = await wms.write("create_order", an_order())
    for sku, units in ((TEA, 3), (SENCHA, 1), (POT, 1)):
        onhand, committed, fulfillable = figures(before[sku])
        assert figures(await wms.item(sku)) == (onhand, committed + units, fulfillable - units)
    assert await wms.holds_together() == []
    cancelled = await wms.write("cancel_order", record_id=order["id"])
    assert cancelled["status"] == "cancelled"
    for sku, was in before.items():
        assert figures(await wms.item(sku)) == figures(was)
    assert await wms.write("cancel_order", record_id=order["id"]) == cancelled
    assert await wms.holds_together() == []


async def test_an_order_that_nothing_suffices_for_waits_and_is_open_when_stock_has_come(wms: Writing):
    tea = await wms.item(TEA)
    many = [{"product_id": "product_id_0", "quantity": tea["fulfillable"] + 30}]
    order = await wms.write("create_order", an_order(line_items=many))
    assert (order["status"], order["raw_status"]) == ("backordered", "WAITING")
    assert figures(await wms.item(TEA)) == figures(tea)
    status, message = await wms.refused("create_order_shipment", a_shipment(), order["id"])
    free = tea["fulfillable"]
    assert (status, message) == (
        422, f"order {order['id']} waits for stock of {TEA} ({free + 30} wanted, {free} free)",
    )  # fmt: skip
    inbound = await wms.write("create_inbound_shipment", an_inbound())
    rows = {"line_items": [{"sku": TEA, "quantity": 29}], "warehouse_location_id": "location_id_0"}
    await wms.write("receive_inbound_shipment", rows, inbound["id"])
    assert (await wms.read("get_orders", order["id"]))["status"] == "backordered"
    rows["line_items"] = [{"sku": TEA, "quantity": 1}]
    await wms.write("receive_inbound_shipment", rows, inbound["id"])
    assert (await wms.read("get_orders", order["id"]))["status"] == "open"
    assert (await wms.item(TEA))["fulfillable"] == 0
    assert await wms.holds_together() == []


@pytest.mark.parametrize("partial", [False, True])
async def test_an_order_that_waits_can_not_be_fulfilled_and_a_return_may_serve_it(
    wms: Writing, partial: bool
):
    world = World(wms.folder, WORLD)
    sold = await wms.write(
        "create_order", an_order(line_items=[{"product_id": "product_id_0", "quantity": 1}])
    )
    await wms.write("create_order_shipment", a_shipment(), sold["id"])
    free = (await wms.item(TEA))["fulfillable"]
    many = an_order(line_items=[{"product_id": "product_id_0", "quantity": free + 1}])
    order = await wms.write("create_order", many)
    with pytest.raises(VendorRefused, match=f"waits for stock of {TEA}"):
        simulate.fulfill_order(world, order["id"], partial, EPOCH)
    returned = await wms.write("create_return", {"order_id": sold["id"]})
    simulate.receive_return(world, returned["id"], EPOCH)
    assert (await wms.read("get_orders", order["id"]))["status"] == "open"
    simulate.fulfill_order(world, order["id"], partial, EPOCH)
    assert await wms.holds_together() == []


async def test_orders_that_wait_are_served_in_the_order_they_came(wms: Writing):
    free = (await wms.item(TEA))["fulfillable"]
    orders = [
        await wms.write(
            "create_order", an_order(line_items=[{"product_id": "product_id_0", "quantity": free + n}])
        )
        for n in (2, 1, 0)
    ]
    assert [order["status"] for order in orders] == ["backordered", "backordered", "open"]
    await wms.write("cancel_order", record_id=orders[2]["id"])
    adjust = {"quantity": 2, "adjustment_type": "increase", "warehouse_id": FAR}
    await wms.write("adjust_inventory", adjust, "inventory_item_id_0")
    states = [(await wms.read("get_orders", order["id"]))["status"] for order in orders]
    assert states == ["open", "backordered", "cancelled"]
    assert await wms.holds_together() == []


async def test_an_order_for_a_warehouse_that_has_none_is_backordered_though_stock_is_kept_for_it(
    wms: Writing,
):
    scarce = [{"product_id": "product_id_3", "quantity": 2}]
    order = await wms.write("create_order", an_order(line_items=scarce, warehouse_id=NEAR))
    assert (order["status"], order["warehouse_id"]) == ("backordered", NEAR)
    teas = await wms.write(
        "update_order", {"line_items": [{"product_id": "product_id_0", "quantity": 1}]}, order["id"]
    )
    assert teas["status"] == "open"
    elsewhere = await wms.write("create_order", an_order(line_items=scarce))
    assert (elsewhere["status"], elsewhere["warehouse_id"]) == ("open", FAR)
    assert await wms.holds_together() == []


@pytest.mark.parametrize(
    ("extra_fields", "status", "message"),
    [
        (
            {"line_items": [{"product_id": "nope", "quantity": 1}]},
            422, "there is no product 'nope'",
        ),
        (
            {"line_items": [{"product_id": "product_id_0", "sku": POT, "quantity": 1}]},
            422, f"product product_id_0 has the SKU '{TEA}', not '{POT}'",
        ),
        ({"shipping_method_id": "pigeon"}, 422, "there is no shipping method 'pigeon'"),
        ({"channel_object": {"channel_id": "c"}}, 422, "there is no channel 'c'"),
        ({"warehouse_customer_id": "w"}, 422, "there is no merchant 'w'"),
        ({"warehouse_id": "w"}, 422, "there is no warehouse 'w'"),
        ({"reference_id": "edi_850_2"}, 409, "has the reference 'edi_850_2' already"),
        ({"total_tax": Decimal("1.005")}, 422, "tax must be an amount"),
        ({"order_number": "x" * 256}, 422, "at most 255 characters"),
    ],
)  # fmt: skip
async def test_an_order_that_the_warehouse_can_not_take_is_refused_and_nothing_is_kept(
    wms: Writing, fresh: Seen, extra_fields: dict[str, Any], status: int, message: str
):
    if extra_fields.get("reference_id"):
        reference_id = next(wms_order["reference_id"] for wms_order in fresh["wms_orders"].values())
        extra_fields, message = {"reference_id": reference_id}, f"has the reference {reference_id!r} already"
    pair = await wms.refused("create_order", an_order(**extra_fields))
    assert pair[0] == status
    assert message in pair[1]


async def test_a_channel_by_a_new_name_is_made(wms: Writing):
    order = await wms.write("create_order", an_order(channel_object={"channel_name": "Etsy"}))
    again = await wms.write("create_order", an_order(channel="Etsy"))
    assert order["channel_object"] == again["channel_object"] == {
        "channel_id": "channel_id_6", "channel_name": "Etsy",
    }  # fmt: skip
    assert await wms.holds_together() == []


async def test_an_order_changes_in_what_is_written_and_keeps_the_rest(wms: Writing):
    order = await wms.write("create_order", an_order(reference_id="shop-1", total_tax=Decimal("2")))
    body = {
        "reference_id": "shop-2",
        "service_level": "express",
        "ship_to_address": {"address2": "Flat 3"},
        "line_items": [{"sku": POT, "quantity": 3}],
        "status": "picked",
    }
    changed = await wms.write("update_order", body, order["id"], stored=order)
    assert (changed["reference_id"], changed["service_level"], changed["status"]) == (
        "shop-2",
        "express",
        "picked",
    )
    assert changed["ship_to_address"] == {**order["ship_to_address"], "address2": "Flat 3"}
    assert [
        (line_item["sku"], line_item["quantity"], line_item["is_picked"])
        for line_item in changed["line_items"]
    ] == [(POT, 3, True)]
    assert (changed["total_tax"], changed["total_price"]) == (2, 3 * Decimal("34.90") + 2)
    again = await wms.write("update_order", {"status": "picked"}, order["id"], stored=changed)
    assert {**again, "updated_date": ""} == {**changed, "updated_date": ""}
    assert (
        "its lines can't be changed"
        in (await wms.refused("update_order", {"line_items": body["line_items"]}, order["id"]))[1]
    )
    assert await wms.holds_together() == []


async def test_an_order_can_be_cancelled_by_its_status(wms: Writing):
    order = await wms.write("create_order", an_order())
    cancelled = await wms.write("update_order", {"status": "cancelled", "trading_partner": "M"}, order["id"])
    assert (cancelled["status"], cancelled["trading_partner"]) == ("cancelled", "M")
    assert await wms.holds_together() == []


@pytest.mark.parametrize("status", ["fulfilled", "partially_fulfilled", "other"])
async def test_a_status_that_follows_from_what_happened_can_not_be_written(wms: Writing, status: str):
    order = await wms.write("create_order", an_order())
    pair = await wms.refused("update_order", {"status": status}, order["id"])
    assert pair[0] == 422
    assert "can't be put to" in pair[1]


async def test_shipping_an_order_takes_the_goods_out_of_the_warehouse(wms: Writing):
    order = await wms.write("create_order", an_order())
    before = await wms.item(TEA)
    sent = await wms.write(
        "create_order_shipment", a_shipment(tracking_url="https://t.example.com/1"), order["id"]
    )
    assert sent["status"] == "fulfilled"
    [shipment] = sent["shipments"]
    [package] = shipment["packages"]
    assert (shipment["status"], shipment["warehouse_id"]) == ("shipped", NEAR)
    assert (package["tracking_number"], package["tracking_url"], package["shipping_cost"]) == (
        "TRACK-1", "https://t.example.com/1", Decimal("7.25"),
    )  # fmt: skip
    assert package["measurements"] == BOX
    assert {
        (line_item["sku"], line_item["quantity"], line_item["parent_product_id"])
        for line_item in shipment["line_items"]
    } == {
        (TEA, 2, None),
        (TEA, 1, "product_id_15"),
        (SENCHA, 1, "product_id_15"),
        (POT, 1, "product_id_15"),
    }
    after = await wms.item(TEA)
    assert (after["onhand"], after["committed"]) == (before["onhand"] - 3, before["committed"] - 3)
    ledger = (await wms.everything())["wms_inventory_ledger"].values()
    entries = [entry for entry in ledger if entry["object_id"] == order["id"]]
    assert sum(entry["quantity"] for entry in entries) == -5
    assert {entry["entry_date"] for entry in entries} == {shipment["shipped_date"]}
    assert await wms.holds_together() == []
    assert (await wms.refused("create_order_shipment", a_shipment(), order["id"]))[1].endswith(
        "fulfilled already"
    )
    assert (await wms.refused("cancel_order", None, order["id"]))[1].endswith("all of it was sent")
    assert (await wms.refused("update_order", {"service_level": "x"}, order["id"]))[0] == 422


async def test_an_order_is_shipped_in_parts_by_sku(wms: Writing):
    order = await wms.write("create_order", an_order())
    part = a_shipment(line_items=[{"sku": TEA, "quantity": 1}])
    sent = await wms.write("create_order_shipment", part, order["id"])
    assert (sent["status"], len(sent["shipments"])) == ("partially_fulfilled", 1)
    assert await wms.holds_together() == []
    assert (
        "can't be cancelled: some of it was sent" in (await wms.refused("cancel_order", None, order["id"]))[1]
    )
    extra_a_shipment = a_shipment(line_items=[{"sku": TEA, "quantity": 2}])
    assert (
        f"has 1 of {TEA} left, not 2"
        in (await wms.refused("create_order_shipment", extra_a_shipment, order["id"]))[1]
    )
    remaining_body = await wms.write("create_order_shipment", a_shipment(tracking_number="T-2"), order["id"])
    assert (remaining_body["status"], len(remaining_body["shipments"])) == ("fulfilled", 2)
    assert remaining_body["shipments"][0] == sent["shipments"][0]
    assert await wms.holds_together() == []


async def test_a_shipment_in_several_packages_has_a_tracking_number_for_each(wms: Writing):
    order = await wms.write("create_order", an_order())
    packages = [{"package_id": f"p{n}", "tracking_number": f"TRACK-{n}"} for n in (1, 2, 3)]
    sent = await wms.write("create_order_shipment", a_shipment(packages=packages), order["id"])
    found_packages = sent["shipments"][0]["packages"]
    assert [(package["package_id"], package["tracking_number"]) for package in found_packages] == [
        ("p1", "TRACK-1"), ("p2", "TRACK-2"), ("p3", "TRACK-3"),
    ]  # fmt: skip
    assert [sum(line["quantity"] for line in package["line_items"]) for package in found_packages] == [
        2,
        2,
        1,
    ]
    assert [package["shipping_cost"] for package in found_packages] == [Decimal("7.25"), None, None]
    assert await wms.holds_together() == []


@pytest.mark.parametrize(
    ("how", "carrier", "method"),
    [
        ({}, ("carrier_id_0", "UPS"), ("shipping_method_id_0", "Ground")),
        (
            {"shipping_method_id": "shipping_method_id_3"},
            ("carrier_id_1", "USPS"), ("shipping_method_id_3", "Priority Mail"),
        ),
        ({"shipping_method": "2Day"}, ("carrier_id_2", "FedEx"), ("shipping_method_id_5", "2Day")),
        ({"carrier_id": "carrier_id_3"}, ("carrier_id_3", "DHL Express"), (None, None)),
        ({"carrier": "Pigeon Post", "shipping_method": "By air"}, (None, "Pigeon Post"), (None, "By air")),
    ],
)  # fmt: skip
async def test_a_shipment_goes_the_way_that_was_written(
    wms: Writing, how: dict[str, str], carrier: tuple[str, str], method: tuple[str, str]
):
    order = await wms.write("create_order", an_order())
    sent = await wms.write("create_order_shipment", a_shipment(**how), order["id"])
    package = sent["shipments"][0]["packages"][0]
    assert (package["carrier_id"], package["carrier_name"]) == carrier
    assert (package["shipping_method_id"], package["shipping_method_name"]) == method


@pytest.mark.parametrize(
    ("extra_fields", "message"),
    [
        ({"warehouse_id": "w"}, "there is no warehouse 'w'"),
        ({"carrier_id": "c"}, "there is no carrier 'c'"),
        ({"line_items": [{"sku": "nope", "quantity": 1}]}, "has 0 of nope left, not 1"),
        ({"shipping_cost": Decimal("0.001")}, "cost must be an amount"),
    ],
)
async def test_a_shipment_that_can_not_be_is_refused(
    wms: Writing, extra_fields: dict[str, Any], message: str
):
    order = await wms.write("create_order", an_order())
    assert message in (await wms.refused("create_order_shipment", a_shipment(**extra_fields), order["id"]))[1]


async def test_a_shipment_leaves_from_the_warehouse_that_was_written_or_not_at_all(wms: Writing):
    order = await wms.write(
        "create_order", an_order(line_items=[{"product_id": "product_id_3", "quantity": 2}])
    )
    pair = await wms.refused("create_order_shipment", a_shipment(warehouse_id=NEAR), order["id"])
    assert pair == (422, "JLT-SEN-250: 2 are wanted and 0 can ship from warehouse_id_0")
    await wms.write("create_order_shipment", a_shipment(warehouse_id=FAR), order["id"])
    assert await wms.holds_together() == []


async def test_a_file_is_attached_by_its_bytes_or_its_address(wms: Writing):
    order = await wms.write("create_order", an_order())
    upload = Upload("label.pdf", b"%PDF-1.7", "application/pdf")
    await wms.write("create_order_file", {}, order["id"], upload=upload)
    kept_body = await wms.write(
        "create_order_file", {"file_url": "https://f.example.com/x", "file_name": "x"}, order["id"]
    )
    first, second = kept_body["additional_fields"]["files"]
    assert (first["name"], first["type"], first["bytes"]) == ("label.pdf", "application/pdf", 8)
    assert first["sha256"] == hashlib.sha256(b"%PDF-1.7").hexdigest()
    assert (second["name"], second["url"]) == ("x", "https://f.example.com/x")
    with pytest.raises(VendorRefused, match="the file is empty"):
        await wms.write("create_order_file", {}, order["id"], upload=Upload("a", b"", "text/plain"))


@pytest.mark.parametrize("action", ["update_order", "cancel_order", "create_order_shipment"])
async def test_an_order_that_is_not_there_is_not_found(wms: Writing, action: str):
    body = a_shipment() if action == "create_order_shipment" else {}
    status, message = await wms.refused(action, body, "order_id_999")
    assert (status, "order_id_999" in message) == (404, True)
    with pytest.raises(NotFound):
        await wms.client.order("order_id_999")
