"""Orders, written into a real Tryton: each write does what it says there, is refused in Tryton's words, and
is read back as the next sync reads it."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from crossdock.errors import Invalid, VendorRefused
from crossdock.integrations.tryton.client import Client
from tests.integrations.tryton.live.server import Tryton
from tests.integrations.tryton.live.writing import (
    ADDRESS,
    EAST,
    MAIN,
    ORDER,
    moves,
    one,
    onhand,
    order,
    read_back,
    sent,
    waiting,
    write,
)

pytestmark = pytest.mark.live


# Orders


async def test_an_order_is_a_shipment_that_waits_to_be_sent(tryton: Tryton, client: Client):
    text = await write(client, "create_order", order("W-1", invoice_currency_code="USD"))
    shipment = one(tryton, ORDER, text, "state", "reference", "number", "warehouse", "carrier", "customer")
    assert (shipment["state"], shipment["reference"], shipment["warehouse"]) == ("waiting", "W-1", MAIN)
    assert moves(tryton, text, ORDER, "to_location") == [("SKU-003", 2), ("SKU-004", 1)]
    record = await read_back(client, "orders", text)
    assert (record["reference_id"], record["order_number"]) == ("W-1", shipment["number"])
    assert record["warehouse_customer_id"] == str(shipment["customer"])
    assert record["shipping_method_id"] == "1"
    assert record["invoice_currency_code"] == "USD"
    shown = {name: record["ship_to_address"][name] for name in ADDRESS}
    assert shown == ADDRESS
    prices = {line["sku"]: (line["quantity"], line["unit_price"]) for line in record["line_items"]}
    assert prices == {"SKU-003": (2, Decimal("10.99")), "SKU-004": (1, Decimal(14))}


async def test_the_same_buyer_at_the_same_address_is_one_party(tryton: Tryton, client: Client):
    texts = [await waiting(client), await write(client, "create_order", order("W-same"))]
    first, second = (one(tryton, ORDER, record, "customer", "delivery_address") for record in texts)
    assert (first["customer"], first["delivery_address"]) == (second["customer"], second["delivery_address"])


async def test_an_order_of_a_known_customer_goes_to_an_address_of_theirs(tryton: Tryton, client: Client):
    tryton.make("country.subdivision", name="Illinois", code="US-IL", type="state", country=1)
    [known_fields] = tryton.find("party.party", [["name", "=", "Customer 02"]])
    body = order(
        "W-known", warehouse_customer_id=str(known_fields["id"]), ship_to_address={**ADDRESS, "state": "IL"}
    )
    text = await write(client, "create_order", body)
    shipment = one(tryton, ORDER, text, "customer", "delivery_address.party")
    assert shipment["customer"] == shipment["delivery_address."]["party"] == known_fields["id"]
    address = (await read_back(client, "orders", text))["ship_to_address"]
    assert (address["full_name"], address["city"], address["state"]) == ("Customer Ada", "Springfield", "IL")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"line_items": [{"sku": "NO-SUCH", "quantity": 1}]}, "line_items.0.sku"),
        ({"line_items": [{"quantity": 1}]}, "line_items.0"),
        ({"ship_to_address": {**ADDRESS, "country": "XX"}}, "ship_to_address.country"),
        ({"ship_to_address": {**ADDRESS, "state": "Nowhere"}}, "ship_to_address.state"),
        ({"warehouse_customer_id": "99999"}, "warehouse_customer_id"),
        ({"invoice_currency_code": "XXX"}, "invoice_currency_code"),
    ],
)
async def test_what_tryton_does_not_know_is_told_before_anything_is_made(
    tryton: Tryton, client: Client, change: dict[str, Any], path: str
):
    parties, shipments = tryton.count("party.address"), tryton.count(ORDER)
    with pytest.raises(Invalid) as failure:
        await write(client, "create_order", order("W-unknown", **change))
    assert list(failure.value.detail["json"]) == [path]
    assert (parties, shipments) == (tryton.count("party.address"), tryton.count(ORDER))


async def test_with_several_warehouses_an_order_has_to_name_one(client: Client):
    fields = order("W-nowhere")
    del fields["warehouse_id"]
    with pytest.raises(Invalid, match="several warehouses"):
        await write(client, "create_order", fields)


async def test_what_tryton_refuses_is_told_in_its_words(tryton: Tryton, client: Client):
    shipments = tryton.count(ORDER)
    lines = [{"sku": "SKU-003", "quantity": 1, "unit_price": Decimal("1.123456789")}]
    with pytest.raises(VendorRefused, match="digits") as failure:
        await write(client, "create_order", order("W-digits", line_items=lines))
    assert failure.value.status == 422
    assert tryton.count(ORDER) == shipments


async def test_an_order_is_changed_until_someone_works_on_it(tryton: Tryton, client: Client):
    text = await write(client, "create_order", order("W-change"))
    address = {**ADDRESS, "city": "Shelbyville"}
    body = {"reference_id": "W-changed", "shipping_method_id": "2", "ship_to_address": address}
    await write(client, "update_order", body, text)
    record = await read_back(client, "orders", text)
    assert (record["reference_id"], record["raw_status"]) == ("W-changed", "waiting")
    assert (record["shipping_method_id"], record["ship_to_address"]["city"]) == ("2", "Shelbyville")
    tryton.press(ORDER, int(text), "assign_try")
    with pytest.raises(VendorRefused, match="is assigned in Tryton"):
        await write(client, "update_order", {"reference_id": "too late"}, text)


async def test_a_cancelled_order_is_cancelled_once(tryton: Tryton, client: Client):
    text = await write(client, "create_order", order("W-cancel"))
    for _ in range(2):
        await write(client, "cancel_order", {}, text)
    assert one(tryton, ORDER, text, "state")["state"] == "cancelled"
    assert (await read_back(client, "orders", text))["status"] == "cancelled"


# Shipping


async def test_shipping_takes_an_order_through_all_states_and_its_goods_leave(tryton: Tryton, client: Client):
    text = await write(client, "create_order", order("W-ship"))
    before = onhand(tryton, 3)
    body = {
        "tracking_number": "1Z-W",
        "shipping_cost": Decimal("7.25"),
        "shipped_date": "2026-01-02T12:00:00Z",
        "warehouse_id": str(MAIN),
        "line_items": [{"sku": "SKU-003", "quantity": 2}, {"sku": "SKU-004", "quantity": 1}],
    }
    await write(client, "create_order_shipment", body, text)
    shipment = one(tryton, ORDER, text, "state", "shipping_reference", "cost", "effective_date")
    assert (shipment["state"], shipment["shipping_reference"]) == ("done", "1Z-W")
    assert shipment["cost"]["decimal"] == "7.25"
    assert onhand(tryton, 3) == before - 2
    record = await read_back(client, "orders", text)
    [sent] = record["shipments"]
    assert record["status"] == "fulfilled"
    assert (sent["status"], sent["shipped_date"][:10]) == ("shipped", "2026-01-02")
    assert sent["packages"][0]["tracking_number"] == "1Z-W"


async def test_a_package_gets_a_tracking_number_of_its_own(tryton: Tryton, client: Client):
    text = await write(client, "create_order", order("W-package"))
    tryton.press(ORDER, int(text), "assign_try", "pick")
    [kind] = tryton.find("stock.package.type", [["name", "=", "Box"]])
    package = tryton.make("stock.package", shipment=f"{ORDER},{text}", type=kind["id"])
    ids = one(tryton, ORDER, text, "outgoing_moves")["outgoing_moves"]
    tryton.change("stock.package", package, moves=[["add", ids]])
    body = {"packages": [{"package_id": str(package), "tracking_number": "1Z-P"}]}
    await write(client, "create_order_shipment", body, text)
    assert one(tryton, "stock.package", str(package), "shipping_reference")["shipping_reference"] == "1Z-P"
    assert one(tryton, ORDER, text, "state")["state"] == "done"


async def test_without_enough_stock_nothing_is_sent_and_nothing_stays_reserved(
    tryton: Tryton, client: Client
):
    lines = [{"sku": "SKU-003", "quantity": 1}, {"sku": "SKU-004", "quantity": 90_000}]
    text = await write(client, "create_order", order("W-too-many", line_items=lines))
    with pytest.raises(VendorRefused, match="not enough") as failure:
        await write(client, "create_order_shipment", {"tracking_number": "1Z"}, text)
    assert failure.value.status == 409
    rows = tryton.find("stock.move", [["shipment", "=", f"{ORDER},{text}"]], "state")
    assert {row["state"] for row in rows} == {"draft"}
    await write(client, "cancel_order", {}, text)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"line_items": [{"sku": "SKU-003", "quantity": 1}]}, "line_items"),
        ({"warehouse_id": str(EAST)}, "warehouse_id"),
        ({"packages": [{"package_id": "1", "tracking_number": "1Z"}]}, "packages.0.package_id"),
    ],
)
async def test_what_is_to_be_shipped_has_to_be_what_the_shipment_holds(
    tryton: Tryton, client: Client, body: dict[str, Any], path: str
):
    text = await waiting(client)
    with pytest.raises(Invalid) as failure:
        await write(client, "create_order_shipment", body, text)
    assert list(failure.value.detail["json"]) == [path]
    assert one(tryton, ORDER, text, "state")["state"] == "waiting"


async def test_an_order_without_a_carrier_is_not_begun_to_be_sent(tryton: Tryton, client: Client):
    fields = order("W-no-carrier")
    del fields["shipping_method_id"]
    text = await write(client, "create_order", fields)
    with pytest.raises(Invalid, match="no carrier"):
        await write(client, "create_order_shipment", {"tracking_number": "1Z"}, text)
    assert one(tryton, ORDER, text, "state")["state"] == "waiting"
    await write(client, "create_order_shipment", {"shipping_method_id": "2"}, text)
    assert one(tryton, ORDER, text, "state", "carrier") == {"id": int(text), "state": "done", "carrier": 2}


async def test_what_was_sent_is_neither_sent_again_nor_cancelled(tryton: Tryton, client: Client):
    text = await sent(client)
    for action in ("create_order_shipment", "cancel_order"):
        with pytest.raises(VendorRefused, match="is done in Tryton"):
            await write(client, action, {}, text)
    assert one(tryton, ORDER, text, "state")["state"] == "done"


async def test_two_who_ship_at_once_send_it_once(tryton: Tryton, client: Client):
    text = await write(client, "create_order", order("W-twice"))
    before = onhand(tryton, 3)
    both = (write(client, "create_order_shipment", {"tracking_number": "1Z"}, text) for _ in range(2))
    done = await asyncio.gather(*both, return_exceptions=True)
    assert {item for item in done if not isinstance(item, VendorRefused)} == {text}
    assert one(tryton, ORDER, text, "state")["state"] == "done"
    assert onhand(tryton, 3) == before - 2
