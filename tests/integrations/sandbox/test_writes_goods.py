"""Goods written to the sandbox's warehouse: products, kits, stock, deliveries, returns, a whole flow."""

from decimal import Decimal
from typing import Any

import pytest

from tests.integrations.sandbox.test_consistency import Fields
from tests.integrations.sandbox.writing import BOX, Writing, a_shipment, an_inbound, an_order

TEA, POT, SENCHA = "JLT-ASM-100", "JLT-POT-1L", "JLT-SEN-100"
NEAR, FAR = "warehouse_id_0", "warehouse_id_1"


def figures(item: Fields) -> tuple[int, int, int]:
    return item["onhand"], item["committed"], item["fulfillable"]


# Products, kits and stock


async def test_a_new_product_has_an_item_that_can_be_stocked_and_sold(wms: Writing):
    body = {
        "sku": "MUG-BLUE",
        "name": "Mug",
        "gtin": "4006381333931",
        "measurements": BOX,
        "unit_price": Decimal("12.5"),
    }
    product = await wms.write("create_product", body)
    assert (product["sku"], product["name"], product["gtin"]) == ("MUG-BLUE", "Mug", "4006381333931")
    assert (product["is_kit"], product["active"], product["unit_price"]) == (False, True, Decimal("12.5"))
    item = await wms.item("MUG-BLUE")
    [part] = product["inventory_items"]
    assert (part["inventory_item_id"], part["unit_quantity"]) == (item["id"], 1)
    assert (item["name"], item["measurements"], figures(item)) == ("Mug", BOX, (0, 0, 0))
    assert all(not any(site.values()) for site in item["inventory_by_warehouse_id"].values())
    assert item["inventory_by_warehouse_id"].keys() == {NEAR, FAR}
    await wms.write(
        "adjust_inventory", {"quantity": 9, "adjustment_type": "increase", "warehouse_id": FAR}, item["id"]
    )
    order = await wms.write(
        "create_order", an_order(line_items=[{"product_id": product["id"], "quantity": 4}])
    )
    assert (order["status"], order["total_price"]) == ("open", 50)
    assert await wms.holds_together() == []


async def test_a_product_changes_with_its_item_and_those_who_name_it(wms: Writing):
    changed = await wms.write(
        "update_product", {"sku": "TEA-NEW", "name": "New", "gtin": "1"}, "product_id_0"
    )
    assert (changed["sku"], changed["name"], changed["gtin"]) == ("TEA-NEW", "New", "1")
    item = await wms.item("TEA-NEW")
    assert (item["id"], item["name"]) == ("inventory_item_id_0", "New")
    kit = await wms.read("get_products", "product_id_15")
    assert "TEA-NEW" in {inventory_item["sku"] for inventory_item in kit["inventory_items"]}
    await wms.write("update_product", {"sku": "MUG-X"}, "product_id_6")
    assert (await wms.item("HTO-MUG-FOR"))["substitute_skus"] == ["MUG-X"]
    assert await wms.holds_together() == []


async def test_a_kit_is_made_of_items_and_ordered_as_one(wms: Writing):
    body = {
        "sku": "SET", "name": "Set", "gtin": "2", "measurements": BOX,
        "inventory_items": [{"sku": TEA, "unit_quantity": 2}, {"sku": POT, "unit_quantity": 1}],
    }  # fmt: skip
    kit = await wms.write("create_kit", body)
    assert (
        kit["is_kit"],
        [
            (inventory_item["sku"], inventory_item["unit_quantity"])
            for inventory_item in kit["inventory_items"]
        ],
    ) == (
        True,
        [(TEA, 2), (POT, 1)],
    )
    assert kit["additional_fields"]["measurements"]["mass"] == {"value": "2.5", "unit": "LB"}
    await wms.write("create_order", an_order(line_items=[{"product_id": kit["id"], "quantity": 2}]))
    assert await wms.holds_together() == []


async def test_an_order_keeps_the_parts_that_its_kit_had_when_it_was_placed(wms: Writing):
    before = figures(await wms.item(POT))
    order = await wms.write("create_order", an_order())
    kit = {"inventory_items": [{"sku": TEA, "unit_quantity": 5}]}
    changed = await wms.write("update_kit", kit, "product_id_15")
    assert [
        (inventory_item["sku"], inventory_item["unit_quantity"])
        for inventory_item in changed["inventory_items"]
    ] == [(TEA, 5)]
    sent = await wms.write("create_order_shipment", a_shipment(), order["id"])
    assert (POT, 1) in {
        (line_item["sku"], line_item["quantity"]) for line_item in sent["shipments"][0]["line_items"]
    }
    onhand, committed, fulfillable = before
    assert figures(await wms.item(POT)) == (onhand - 1, committed, fulfillable - 1)


def a_kit(sku: str) -> dict[str, Any]:
    return {"sku": "K", "name": "K", "inventory_items": [{"sku": sku, "unit_quantity": 1}]}


@pytest.mark.parametrize(
    ("action", "body", "record_id", "status", "message"),
    [
        ("create_product", {"sku": TEA, "name": "Tea"}, None, 409, f"has the SKU '{TEA}' already"),
        ("update_product", {"sku": POT}, "product_id_0", 409, f"has the SKU '{POT}' already"),
        ("update_kit", {"name": "Tea"}, "product_id_0", 422, "is no kit"),
        ("update_product", {"name": "x"}, "nope", 404, "nope"),
        ("create_kit", a_kit("no"), None, 422, "no item with the SKU 'no'"),
        ("create_kit", a_kit("JLT-KIT-TEA"), None, 422, "is a kit"),
        (
            "create_product", {"sku": "S", "name": "S", "measurements": {"weight": 0}}, None,
            422, "a weight must be",
        ),
        (
            "create_product", {"sku": "S", "name": "S", "measurements": {"length": 1, "width": 2}}, None,
            422, "h is required",
        ),
    ],
)  # fmt: skip
async def test_goods_that_can_not_be_are_refused(
    wms: Writing, action: str, body: Any, record_id: str | None, status: int, message: str
):
    pair = await wms.refused(action, body, record_id)
    assert pair[0] == status
    assert message in pair[1]


async def test_adjusting_moves_stock_in_one_warehouse_and_the_ledger_says_why(wms: Writing):
    before = await wms.item(TEA)
    body = {
        "quantity": 5,
        "adjustment_type": "increase",
        "warehouse_id": FAR,
        "reason": "Found behind a shelf",
    }
    after = await wms.write("adjust_inventory", body, before["id"])
    assert after["onhand"] == before["onhand"] + 5
    old, new = before["inventory_by_warehouse_id"], after["inventory_by_warehouse_id"]
    extra_fields = {name: old[FAR][name] + 5 for name in ("onhand", "fulfillable", "sellable")}
    assert new == {**old, FAR: {**old[FAR], **extra_fields}}
    fields = await wms.everything()
    entry = list(fields["wms_inventory_ledger"].values())[-1]
    assert (entry["quantity"], entry["event_type"], entry["reason"]) == (
        5,
        "adjustment",
        "Found behind a shelf",
    )
    less = await wms.write("adjust_inventory", {**body, "adjustment_type": "decrease"}, before["id"])
    assert less["onhand"] == before["onhand"]
    assert await wms.holds_together() == []


async def test_stock_in_quarantine_is_adjusted_in_its_place_and_can_not_ship(wms: Writing):
    before = await wms.item(POT)
    body = {
        "quantity": 3,
        "adjustment_type": "increase",
        "warehouse_id": NEAR,
        "location_id": "location_id_21",
    }
    after = await wms.write("adjust_inventory", body, before["id"])
    assert (after["unfulfillable"], after["fulfillable"]) == (
        before["unfulfillable"] + 3,
        before["fulfillable"],
    )
    less = await wms.write("adjust_inventory", {**body, "adjustment_type": "decrease"}, before["id"])
    assert less["unfulfillable"] == before["unfulfillable"]
    assert await wms.holds_together() == []


async def test_stock_is_never_adjusted_below_nothing_or_below_what_is_promised(wms: Writing):
    item = await wms.item("JLT-SEN-250")
    here = {"adjustment_type": "decrease", "warehouse_id": NEAR, "quantity": 1}
    assert "warehouse_id_0 holds 0, not 1" in (await wms.refused("adjust_inventory", here, item["id"]))[1]
    there = {**here, "warehouse_id": FAR, "quantity": item["fulfillable"] + 1}
    pair = await wms.refused("adjust_inventory", there, item["id"])
    assert f"{item['fulfillable'] + 1} would leave and {item['fulfillable']} are free" in pair[1]
    wrong = {**here, "location_id": "location_id_30"}
    assert (
        "is in warehouse_id_1, not in warehouse_id_0"
        in (await wms.refused("adjust_inventory", wrong, item["id"]))[1]
    )


# Inbound shipments


async def test_an_inbound_shipment_is_announced_as_it_was_written(wms: Writing):
    before = await wms.item(TEA)
    inbound = await wms.write("create_inbound_shipment", an_inbound())
    assert (inbound["id"], inbound["status"]) == ("inbound_shipment_id_12", "open")
    assert (inbound["purchase_order_number"], inbound["warehouse_id"]) == ("PO-1", NEAR)
    assert inbound["expected_arrival_date"] == "2026-12-01T09:00:00Z"
    assert inbound["supplier_object"] == {"supplier_id": "supplier_id_4", "supplier_name": "Example Supplies"}
    assert (inbound["tracking_numbers"], inbound["receipts"]) == (["INTRACK-1"], [])
    [line] = inbound["line_items"]
    assert (line["sku"], line["expected_quantity"], line["received_quantity"]) == (TEA, 40, 0)
    assert (await wms.item(TEA))["awaiting"] == before["awaiting"] + 40
    again = await wms.write("create_inbound_shipment", an_inbound())
    assert again["supplier_object"] == inbound["supplier_object"]
    flat = {**an_inbound(), "supplier": "Bohemia Glassworks"}
    del flat["supplier_object"]
    assert (await wms.write("create_inbound_shipment", flat))["supplier_object"][
        "supplier_id"
    ] == "supplier_id_1"
    assert await wms.holds_together() == []


async def test_receiving_raises_stock_in_the_place_that_was_written(wms: Writing):
    lines = [{"sku": TEA, "expected_quantity": 40}, {"sku": POT, "expected_quantity": 6}]
    inbound = await wms.write("create_inbound_shipment", an_inbound(line_items=lines))
    before = await wms.item(TEA)
    part = {"line_items": [{"sku": TEA, "quantity": 25}], "warehouse_location_id": "location_id_15"}
    received = await wms.write("receive_inbound_shipment", part, inbound["id"])
    assert (received["status"], len(received["receipts"])) == ("receiving", 1)
    assert [
        (line_item["sku"], line_item["quantity"]) for line_item in received["receipts"][0]["line_items"]
    ] == [(TEA, 25)]
    after = await wms.item(TEA)
    assert (after["onhand"], after["awaiting"]) == (before["onhand"] + 25, before["awaiting"] - 25)
    held = {location["location_id"]: location["quantity"] for location in before["locations"]}
    now = {location["location_id"]: location["quantity"] for location in after["locations"]}
    assert now["location_id_15"] == held.get("location_id_15", 0) + 25
    assert await wms.holds_together() == []
    remaining_fields = {
        "line_items": [{"sku": TEA, "quantity": 15}, {"sku": POT, "quantity": 6}],
        "warehouse_location_id": "location_id_16",
    }
    done = await wms.write("receive_inbound_shipment", remaining_fields, inbound["id"])
    assert (done["status"], len(done["receipts"])) == ("received", 2)
    assert [line_item["received_quantity"] for line_item in done["line_items"]] == [40, 6]
    assert (await wms.refused("receive_inbound_shipment", part, inbound["id"]))[0] == 422
    assert await wms.holds_together() == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"line_items": [{"sku": TEA, "quantity": 41}]}, f"{TEA}: 40 are still expected, not 41"),
        ({"line_items": [{"sku": TEA, "quantity": 30}] * 2}, "40 are still expected, not 60"),
        ({"line_items": [{"sku": POT, "quantity": 1}]}, f"{POT} is not announced"),
        ({"line_items": [{"sku": "no", "quantity": 1}]}, "no item with the SKU 'no'"),
        ({"warehouse_location_id": "location_id_30"}, "is in warehouse_id_1, not in warehouse_id_0"),
        ({"warehouse_location_id": "no"}, "there is no location 'no'"),
        ({"warehouse_id": FAR, "warehouse_location_id": "location_id_30"}, "is for warehouse_id_0"),
    ],
)
async def test_what_can_not_be_received_is_refused(wms: Writing, body: dict[str, Any], message: str):
    inbound = await wms.write("create_inbound_shipment", an_inbound())
    whole_fields = {
        "line_items": [{"sku": TEA, "quantity": 1}],
        "warehouse_location_id": "location_id_0",
        **body,
    }
    pair = await wms.refused("receive_inbound_shipment", whole_fields, inbound["id"])
    assert pair[0] == 422
    assert message in pair[1]


async def test_an_inbound_shipment_changes_until_it_has_come(wms: Writing):
    inbound = await wms.write("create_inbound_shipment", an_inbound())
    before = {sku: (await wms.item(sku))["awaiting"] for sku in (TEA, POT)}
    body = {
        "supplier_object": {"supplier_id": "supplier_id_0"}, "purchase_order_number": "PO-2",
        "expected_arrival_date": "2026-12-05T09:00:00Z", "warehouse_id": FAR, "tracking_number": "T-2",
        "line_items": [{"sku": TEA, "expected_quantity": 50}, {"sku": POT, "expected_quantity": 4}],
    }  # fmt: skip
    changed = await wms.write("update_inbound_shipment", body, inbound["id"])
    assert (changed["purchase_order_number"], changed["warehouse_id"]) == ("PO-2", FAR)
    assert (changed["supplier"], changed["tracking_numbers"]) == ("Brahmaputra Estates", ["T-2"])
    assert [(line_item["sku"], line_item["expected_quantity"]) for line_item in changed["line_items"]] == [
        (TEA, 50),
        (POT, 4),
    ]
    assert {sku: (await wms.item(sku))["awaiting"] for sku in (TEA, POT)} == {
        TEA: before[TEA] + 10, POT: before[POT] + 4,
    }  # fmt: skip
    part = {"line_items": [{"sku": TEA, "quantity": 9}], "warehouse_location_id": "location_id_23"}
    await wms.write("receive_inbound_shipment", part, inbound["id"])
    fewer = {"line_items": [{"sku": TEA, "expected_quantity": 8}]}
    assert "9 have arrived already" in (await wms.refused("update_inbound_shipment", fewer, inbound["id"]))[1]
    enough = {"line_items": [{"sku": TEA, "expected_quantity": 9}]}
    assert (await wms.write("update_inbound_shipment", enough, inbound["id"]))["status"] == "received"
    assert await wms.holds_together() == []


# Returns


async def test_a_return_is_announced_changed_received_and_goes_back_into_stock(wms: Writing):
    order = await wms.write("create_order", an_order())
    await wms.write("create_order_shipment", a_shipment(), order["id"])
    body = {"order_id": order["id"], "warehouse_id": FAR, "line_items": [{"sku": TEA, "quantity": 2}]}
    returned = await wms.write("create_return", body)
    assert (returned["status"], returned["order_id"], returned["shipments"]) == ("open", order["id"], [])
    line = returned["line_items"][0]
    assert sum(line_item["expected_quantity"] for line_item in returned["line_items"]) == 2
    assert (line["received_quantity"], line["restocked_quantity"], line["quantity"]) == (0, 0, 0)
    assert line["warehouse_id"] == FAR
    changed = await wms.write(
        "update_return", {"line_items": [{"sku": "JLT-KIT-TEA", "quantity": 1}]}, returned["id"]
    )
    assert {(line_item["sku"], line_item["expected_quantity"]) for line_item in changed["line_items"]} == {
        (TEA, 1), (SENCHA, 1), (POT, 1),
    }  # fmt: skip
    before = await wms.item(POT)
    received = await wms.received(returned["id"])
    assert received["status"] == "received"
    assert (await wms.item(POT))["onhand"] == before["onhand"] + 1
    assert await wms.holds_together() == []
    assert (await wms.refused("cancel_return", None, returned["id"]))[1].endswith("some of it has arrived")


async def test_a_return_brings_back_no_more_than_was_sent_and_is_not_back_already(wms: Writing):
    order = await wms.write("create_order", an_order())
    body = {"order_id": order["id"], "line_items": [{"sku": TEA, "quantity": 1}]}
    assert "nothing that was sent" in (await wms.refused("create_return", body))[1]
    await wms.write("create_order_shipment", a_shipment(), order["id"])
    first = await wms.write("create_return", {**body, "line_items": [{"sku": TEA, "quantity": 2}]})
    too_many = {**body, "line_items": [{"sku": TEA, "quantity": 2}]}
    assert (
        f"{TEA}: 1 of order {order['id']} can come back, not 2"
        in (await wms.refused("create_return", too_many))[1]
    )
    await wms.write("cancel_return", record_id=first["id"])
    assert (await wms.write("cancel_return", record_id=first["id"]))["status"] == "cancelled"
    await wms.write("create_return", too_many)
    assert "there is no order 'no'" in (await wms.refused("create_return", {"order_id": "no"}))[1]
    assert await wms.holds_together() == []


async def test_a_return_of_an_order_alone_brings_all_of_it_back(wms: Writing):
    order = await wms.write("create_order", an_order())
    await wms.write("create_order_shipment", a_shipment(), order["id"])
    returned = await wms.write("create_return", {"order_id": order["id"]})
    assert sum(line_item["expected_quantity"] for line_item in returned["line_items"]) == 5
    assert await wms.holds_together() == []


async def test_a_return_without_an_order_brings_goods_that_the_warehouse_knows(wms: Writing):
    returned = await wms.write("create_return", {"line_items": [{"sku": TEA, "quantity": 2}]})
    assert (returned["order_id"], returned["warehouse_customer_id"]) == (None, "warehouse_customer_id_0")
    await wms.received(returned["id"])
    assert await wms.holds_together() == []
    assert (await wms.refused("create_return", {}))[1] == "a return needs order, rows, or both"


# A whole flow


async def test_a_customer_can_rehearse_everything_from_a_new_product_to_its_return(wms: Writing):
    product = await wms.write("create_product", {"sku": "LAMP", "name": "Lamp"})
    lines = [{"sku": "LAMP", "expected_quantity": 10}]
    inbound = await wms.write("create_inbound_shipment", an_inbound(line_items=lines))
    order = await wms.write(
        "create_order", an_order(line_items=[{"product_id": product["id"], "quantity": 4}])
    )
    assert order["status"] == "backordered"
    rows = {"line_items": [{"sku": "LAMP", "quantity": 10}], "warehouse_location_id": "location_id_16"}
    assert (await wms.write("receive_inbound_shipment", rows, inbound["id"]))["status"] == "received"
    assert (await wms.read("get_orders", order["id"]))["status"] == "open"
    assert figures(await wms.item("LAMP")) == (10, 4, 6)
    await wms.write("create_order_shipment", a_shipment(), order["id"])
    assert figures(await wms.item("LAMP")) == (6, 0, 6)
    back = {"order_id": order["id"], "line_items": [{"sku": "LAMP", "quantity": 3}]}
    returned = await wms.write("create_return", back)
    await wms.received(returned["id"])
    assert figures(await wms.item("LAMP")) == (9, 0, 9)
    entries = [
        (entry["event_type"], entry["quantity"])
        for entry in (await wms.everything())["wms_inventory_ledger"].values()
        if entry["sku"] == "LAMP"
    ]
    assert entries == [("inbound_receipt", 10), ("order_shipment", -4), ("return_receipt", 3)]
    assert await wms.holds_together() == []
