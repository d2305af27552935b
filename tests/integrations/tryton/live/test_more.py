"""Our client against a real Tryton with kits, drop shipments, goods by weight, and users who delete.

All tests share one server, and each makes what it changes.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crossdock.errors import MissingPermission
from crossdock.integrations.tryton.client import Client
from crossdock.kit.contract import MISFITS, Json, Page, Raw, Walk
from crossdock.kit.registry import get_integration
from tests.integrations.tryton.live.server import Tryton
from tests.integrations.tryton.live.writing import write

pytestmark = pytest.mark.live

RESOURCES = {resource.name: resource for resource in get_integration("wms", "tryton").resources.values()}
MAIN, INPUT, OUTPUT, STORAGE, SUPPLIERS, CUSTOMERS = 5, 1, 2, 3, 6, 7
DOZEN = {
    "name": "Dozen", "symbol": "dz", "category": 1, "digits": 0, "rounding": 1.0,
    "factor": 12.0, "rate": 0.083333333333,
}  # fmt: skip
CUSTOMER = {"customer": 9, "delivery_address": 9}


@pytest.fixture
def server(tryton_with_more: Tryton) -> Tryton:
    return tryton_with_more


SESSIONS: dict[str, dict[str, Any]] = {}
"""What clients learn when they sign in, which takes Tryton long: by user."""


@pytest.fixture
def new_client(server: Tryton, tryton_client: Callable[..., Client]) -> Iterator[Callable[..., Client]]:
    """Makes clients that share what a user signed in with, and know nothing else of each other."""
    clients: dict[str, Client] = {}

    def client(**credentials: str) -> Client:
        user = credentials.get("user", "admin")
        if user in clients:
            SESSIONS[user] = {name: vars(clients[user]._rpc)[name] for name in ("_session", "_context")}
        clients[user] = tryton_client(server, **credentials)
        vars(clients[user]._rpc).update(SESSIONS.get(user, {}))
        return clients[user]

    yield client
    for user, last in clients.items():
        SESSIONS[user] = {name: vars(last._rpc)[name] for name in ("_session", "_context")}


def read(name: str, raw: Raw) -> dict[str, Any]:
    return dict(get_integration("wms", "tryton").reader(RESOURCES[name])(raw))


async def pages_of(client: Client, name: str, mark: Json = None) -> list[Page]:
    return [page async for page in getattr(client, name)(Walk(mark=mark))]


async def mark_of(client: Client, name: str) -> Json:
    return (await pages_of(client, name))[-1].mark


def skus(lines: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(line["sku"], line["quantity"]) for line in lines]


def money(amount: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": amount}


def day(moment: date) -> dict[str, Any]:
    return {"__class__": "date", "year": moment.year, "month": moment.month, "day": moment.day}


def unit(server: Tryton, symbol: str) -> int:
    return int(server.find("product.uom", [["symbol", "=", symbol]])[0]["id"])


def product(server: Tryton, code: str, symbol: str = "u", **values: Any) -> tuple[int, int]:
    """A new template and its one variant."""
    [category] = server.find("product.category", [["name", "=", "Goods"]])
    common = {"type": "goods", "list_price": money("50"), "account_category": category["id"]}
    sold = {"salable": True, "default_uom": unit(server, symbol), "sale_uom": unit(server, symbol)}
    template = server.make(
        "product.template", name=code, code=code, products=[["create", [{}]]], **common | sold | values
    )
    [variant] = server.find("product.product", [["template", "=", template]])
    return template, int(variant["id"])


def move(item: int, symbol: int, quantity: float, begin: int, end: int, price: str = "3") -> dict[str, Any]:
    ends = {"from_location": begin, "to_location": end}
    return {
        "product": item, "unit": symbol, "quantity": quantity, "unit_price": money(price), "currency": 1
    } | ends  # fmt: skip


def shipment(server: Tryton, *moves: dict[str, Any]) -> int:
    positions = {"warehouse": MAIN, "warehouse_storage": STORAGE, "warehouse_output": OUTPUT}
    return server.make(
        "stock.shipment.out", moves=[["create", list(moves)]], carrier=1, **CUSTOMER | positions
    )


def count(server: Tryton, item: int, quantity: float, on: date | None = None) -> None:
    """Has so much of an item lie in storage."""
    values = {"date": day(on)} if on else {}
    lines = [["create", [{"product": item, "quantity": quantity}]]]
    number = server.make("stock.inventory", location=STORAGE, lines=lines, **values)
    server.press("stock.inventory", number, "confirm")


# Goods by weight


async def test_what_is_weighed_is_never_held_back(server: Tryton, new_client: Callable[[], Client]):
    """2 kg that became 1.98 kg when weighed: the order is sent, with its tracking number and all lines."""
    client, kilogram = new_client(), unit(server, "kg")
    _, coffee = product(server, "COFFEE", "kg")
    count(server, coffee, 14.5)
    number = shipment(
        server,
        move(coffee, kilogram, 1.98, OUTPUT, CUSTOMERS),
        move(3, unit(server, "u"), 3, OUTPUT, CUSTOMERS),
    )
    await write(client, "create_order_shipment", {"tracking_number": "1Z-KG"}, str(number))
    order = read("orders", await client.order(str(number)))
    assert (order["status"], [line["quantity"] for line in order["line_items"]]) == ("fulfilled", [2, 3])
    assert order["shipments"][0]["packages"][0]["tracking_number"] == "1Z-KG"
    exact = order["additional_fields"]["quantity_exact"][0]
    assert exact == {"field": "line_items[0].quantity", "quantity": "1.98", "unit": "kg"}
    item = read("inventory", await client.inventory_item(str(coffee)))
    assert (item["onhand"], item["fulfillable"]) == (12, 12)
    assert item[MISFITS][0].exact == Decimal("12.52")
    body = {"quantity": 1, "adjustment_type": "increase", "warehouse_id": str(MAIN)}
    await write(client, "adjust_inventory", body, str(coffee))
    assert read("inventory", await client.inventory_item(str(coffee)))["onhand"] == 13
    entries = [page.records async for page in client.inventory_ledger(Walk())]
    of_coffee = [raw for page in entries for raw in page if raw["move"]["product"] == coffee]
    sums = sum(read("inventory_ledger", raw)["quantity"] for raw in of_coffee)
    assert sums == 15 - 2 + 2 - 2 + 1  # counted, picked out of storage and into output, sent, adjusted


async def test_a_price_of_a_dozen_is_that_of_one(server: Tryton, new_client: Callable[[], Client]):
    number = shipment(server, move(3, server.make("product.uom", **DOZEN), 2, OUTPUT, CUSTOMERS, "36"))
    [line] = read("orders", await new_client().order(str(number)))["line_items"]
    assert (line["quantity"], line["unit_price"]) == (24, 3)


async def test_what_did_not_arrive_can_still_be_seen(server: Tryton, new_client: Callable[[], Client]):
    client = new_client()
    lines = [{"sku": "SKU-001", "expected_quantity": 10}, {"sku": "SKU-004", "expected_quantity": 4}]
    body = {"purchase_order_number": "PO-SHORT", "warehouse_id": str(MAIN), "line_items": lines}
    text = await write(client, "create_inbound_shipment", body | {"supplier": "Supplier 1"})
    arrived = {"line_items": [{"sku": "SKU-001", "quantity": 6}]}
    await write(client, "receive_inbound_shipment", arrived, text)
    record = read("inbound_shipments", await client.inbound_shipment(text))
    assert [(line["expected_quantity"], line["received_quantity"]) for line in record["line_items"]] == [
        (10, 6),
        (4, 0),
    ]
    [receipt] = record["receipts"]
    assert skus(receipt["line_items"]) == [("SKU-001", 6)]


# What comes on a day to come


async def test_a_move_dated_ahead_changes_the_stock_when_its_day_is_there(
    server: Tryton, new_client: Callable[[], Client], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("crossdock.integrations.tryton.walks.state.OVERLAP", timedelta(0))
    _, item = product(server, "AHEAD")
    [company] = server.find("company.company", [])
    server.change("company.company", company["id"], timezone="Pacific/Niue")
    today = server.call("model.ir.date.today")
    count(server, item, 417, date(today["year"], today["month"], today["day"]) + timedelta(1))
    server.change("product.product", 24, description="newer")
    first = await pages_of(new_client(), "inventory")
    [raw] = [raw for page in first for raw in page.records if raw["id"] == item]
    assert read("inventory", raw)["onhand"] == 0
    server.change("company.company", company["id"], timezone="Pacific/Kiritimati")
    second = await pages_of(new_client(), "inventory", first[-1].mark)
    server.change("company.company", company["id"], timezone=None)
    stock = {raw["id"]: read("inventory", raw)["onhand"] for page in second for raw in page.records}
    assert stock[item] == 417


# What is deleted


async def test_what_is_deleted_is_told_once_it_is_gone(server: Tryton, new_client: Callable[[], Client]):
    """Each between two walks; the variant goes with its template, which is all that the log tells of."""
    client, piece = new_client(), unit(server, "u")
    orders = [shipment(server, move(3, piece, 1, OUTPUT, CUSTOMERS)) for _ in range(12)]
    template, variant = product(server, "DEL-P")
    marks = {name: await mark_of(client, name) for name in ("orders", "products", "inventory")}
    for order in (orders[0], orders[-1]):
        server.press("stock.shipment.out", order, "cancel")
        server.call("model.stock.shipment.out.delete", [order])
    server.call("model.product.template.delete", [template])
    for name, texts in (
        ("orders", {str(orders[0]), str(orders[-1])}),
        ("products", {str(variant)}),
        ("inventory", {str(variant)}),
    ):
        pages = await pages_of(client, name, marks[name])
        assert {record for page in pages for record in page.deleted} >= texts, name
        alive = {str(raw["id"]) for page in pages for raw in page.records}
        assert not alive & {record for page in pages for record in page.deleted}
        later = await pages_of(client, name, pages[-1].mark | {"at": "2999-01-01T00:00:00"})
        assert not any(page.deleted for page in later)


async def test_a_line_that_is_deleted_alone_leaves_its_order(
    server: Tryton, new_client: Callable[[], Client]
):
    client, piece = new_client(), unit(server, "u")
    lines = [move(item, piece, 1, OUTPUT, CUSTOMERS) for item in (3, 4)]
    number = shipment(server, *lines)
    mark = await mark_of(client, "orders")
    [first, _] = server.find("stock.move", [["shipment", "=", f"stock.shipment.out,{number}"]])
    server.call("model.stock.move.delete", [first["id"]])
    pages = await pages_of(client, "orders", mark)
    [raw] = [raw for page in pages for raw in page.records if raw["id"] == number]
    assert [line["sku"] for line in read("orders", raw)["line_items"]] == ["SKU-004"]


# Kits and drop shipments


async def test_a_kit_is_a_product_and_its_parts_know_it(server: Tryton, new_client: Callable[[], Client]):
    client, piece = new_client(), unit(server, "u")
    parts = [{"product": 1, "quantity": 2.0, "unit": piece}, {"product": 3, "quantity": 1.0, "unit": piece}]
    _, kit = product(server, "KIT-1", type="kit", components=[["create", parts]])
    record = read("products", await client.product(str(kit)))
    items = [(item["sku"], item["unit_quantity"]) for item in record["inventory_items"]]
    assert (record["is_kit"], items) == (True, [("SKU-001", 2), ("SKU-003", 1)])
    line = {"product": kit, "quantity": 3.0, "unit": piece, "unit_price": money("50")}
    addresses = {"party": 9, "invoice_address": 9, "shipment_address": 9}
    sale = server.make(
        "sale.sale", warehouse=MAIN, carrier=1, reference="KIT", lines=[["create", [line]]], **addresses
    )
    server.press("sale.sale", sale, "quote", "confirm")
    [value] = server.find("sale.sale", [["id", "=", sale]], "shipments")[0]["shipments"]
    order = read("orders", await client.order(str(value)))
    assert [(line["sku"], line["quantity"]) for line in order["line_items"]] == [
        ("SKU-001", 6),
        ("SKU-003", 3),
    ]
    assert order["additional_fields"]["kits"] == [
        {"product_id": str(kit), "sku": "KIT-1", "quantity": 3, "line_items": [0, 1]}
    ]
    await write(client, "create_order_shipment", {"shipping_cost": Decimal("4.5")}, str(value))
    [sent] = read("orders", await client.order(str(value)))["shipments"]
    assert {line["parent_product_id"] for line in sent["line_items"]} == {str(kit)}
    assert [package["shipping_cost"] for package in sent["packages"]] == [Decimal("4.5")]


async def test_what_a_supplier_sends_is_an_order(server: Tryton, new_client: Callable[[], Client]):
    client, piece = new_client(), unit(server, "u")
    [drop] = server.find("stock.location", [["type", "=", "drop"]])
    number = server.make(
        "stock.shipment.drop", supplier=2, contact_address=2, reference="DROP-1", **CUSTOMER,
        supplier_moves=[["create", [move(1, piece, 2, SUPPLIERS, drop["id"])]]],
    )  # fmt: skip
    mark = await mark_of(client, "orders")
    server.press("stock.shipment.drop", number, "wait", "ship")
    pages = await pages_of(client, "orders", mark)
    [raw] = [raw for page in pages for raw in page.records if raw["id"] == f"drop-{number}"]
    assert raw == await client.order(f"drop-{number}")
    order = read("orders", raw)
    assert (order["type"], order["status"], order["reference_id"]) == ("dropship", "fulfilled", "DROP-1")
    assert [(line["sku"], line["quantity"]) for line in order["shipments"][0]["line_items"]] == [
        ("SKU-001", 2)
    ]
    server.press("stock.shipment.drop", number, "cancel")
    server.call("model.stock.shipment.drop.delete", [number])
    deleted_pages = await pages_of(client, "orders", pages[-1].mark)
    assert f"drop-{number}" in {record for page in deleted_pages for record in page.deleted}


# Rights


READER = {"user": "reader", "password": "a-long-Secret-7"}


def reader(server: Tryton, models: list[str]) -> dict[str, int]:
    """Makes a user who may read these models by a group of its own; the right to each, by model."""
    group = server.make("res.group", name="Readers")
    common = {"group": group, "perm_read": True}
    rights = {
        model: server.call("model.ir.model.access.create", [{"model": model} | common]) for model in models
    }
    server.make(
        "res.user", name="reader", login=READER["user"], password=READER["password"],
        company=1, companies=[["add", [1]]], groups=[["add", [group]]],
    )  # fmt: skip
    return {model: right[0] for model, right in rights.items()}


async def test_p38_a_right_that_is_lost_blocks_and_one_that_is_back_refills(
    server: Tryton, new_client: Callable[..., Client]
):
    models = (await mark_of(new_client(), "orders"))["models"]
    rights = reader(server, models)
    first = await pages_of(new_client(**READER), "orders")
    mark, orders = first[-1].mark, sum(len(page.records) for page in first)
    assert mark["models"] == models
    for model in ("stock.move", "sale.sale", "stock.package"):
        server.change("ir.model.access", rights[model], perm_read=False)
        with pytest.raises(MissingPermission, match=model.replace(".", r"\.")):
            await pages_of(new_client(**READER), "orders", mark)
        server.change("ir.model.access", rights[model], perm_read=True)
    narrow = mark | {"at": "2999-01-01T00:00:00", "paths": "of another day"}
    again = await pages_of(new_client(**READER), "orders", narrow)
    assert sum(len(page.records) for page in again) == orders
