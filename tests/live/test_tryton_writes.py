"""Our writes against a real Tryton: each does what it says there, is refused in Tryton's words, and is read
back as a walk would."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crossdock.errors import Invalid, MissingPermission, NotFound, VendorRefused, VendorUnavailable
from crossdock.integrations.contract import Call, Command, Passed, Raw, Walk
from crossdock.integrations.registry import integration
from crossdock.integrations.tryton.client import Client
from crossdock.writes.steps import carried_out
from tests.live.tryton_server import Tryton

pytestmark = pytest.mark.live

TRYTON = integration("wms", "tryton")
MAIN, EAST, STORAGE, A_01 = 5, 12, 3, 13
ORDER, INBOUND, RETURN = "stock.shipment.out", "stock.shipment.in", "stock.shipment.out.return"
NewClient = Callable[..., Client]

ADDRESS = {
    "full_name": "Customer Ada", "address1": "1 Main St", "address2": "Flat 2", "city": "Springfield",
    "postal_code": "62701", "country": "US",
}  # fmt: skip


class Unlucky(Client):
    """Loses the answer of the call that is named, after Tryton has done it."""

    loses: str = ""

    async def call(self, call: Call) -> Any:
        answer = await super().call(call)
        if self.loses and call.path.endswith(self.loses):
            self.loses = ""
            raise VendorUnavailable("the connection failed")
        return answer


class Busy(Client):
    """Something else happens before each step of a stock count."""

    meanwhile: Callable[[], None]

    async def call(self, call: Call) -> Any:
        if call.path.endswith(("line.search_read", "line.write", "confirm")):
            self.meanwhile()
        return await super().call(call)


def command(action: str, body: dict[str, Any], record_id: str | None = None, **more: Any) -> Command:
    return Command(action, body, record_id, **{"begun": datetime.now(UTC)} | more)


async def write(client: Client, action: str, body: dict[str, Any], record_id: str | None = None) -> str:
    found = await carried_out(client, TRYTON.steps(command(action, body, record_id)))
    assert isinstance(found, str)
    return found


async def searched(client: Client, asked: Command) -> str | None:
    search = TRYTON.search(asked)
    assert search is not None
    found: str | None = await carried_out(client, search)
    return found


def order(reference: str, **more: Any) -> dict[str, Any]:
    lines = [
        {"sku": "SKU-003", "quantity": 2, "unit_price": Decimal("10.99")},
        {"product_id": "4", "quantity": 1},
    ]
    given = {"reference_id": reference, "ship_to_address": ADDRESS, "line_items": lines}
    return given | {"warehouse_id": str(MAIN), "shipping_method_id": "1"} | more


def inbound(number: str, **more: Any) -> dict[str, Any]:
    lines = [{"sku": "SKU-003", "expected_quantity": 40}, {"sku": "SKU-004", "expected_quantity": 5}]
    given = {"purchase_order_number": number, "warehouse_id": str(MAIN), "line_items": lines}
    return given | {"supplier_object": {"supplier_name": "Supplier 1"}} | more


MADE: dict[str, str] = {}
"""Documents that tests only look at, or are refused to change."""


async def waiting(client: Client) -> str:
    """An order that nobody has begun to send."""
    if ORDER not in MADE:
        MADE[ORDER] = await write(client, "create_order", order("W-waiting"))
    return MADE[ORDER]


async def expected(client: Client) -> str:
    """An inbound shipment that has not come."""
    if INBOUND not in MADE:
        MADE[INBOUND] = await write(client, "create_inbound_shipment", inbound("PO-expected"))
    return MADE[INBOUND]


async def sent(client: Client) -> str:
    """An order that was sent."""
    if "sent" not in MADE:
        MADE["sent"] = await write(client, "create_order", order("W-sent"))
        await write(client, "create_order_shipment", {}, MADE["sent"])
    return MADE["sent"]


def one(server: Tryton, model: str, record_id: str, *fields: str) -> dict[str, Any]:
    [found] = server.find(model, [["id", "=", int(record_id)]], *fields)
    return found


def moves(server: Tryton, record_id: str, model: str, side: str) -> list[tuple[str, float]]:
    domain = [["shipment", "=", f"{model},{record_id}"], [f"{side}.type", "in", ["customer", "supplier"]]]
    rows = server.find("stock.move", domain, "product.code", "quantity")
    return sorted((row["product."]["code"], row["quantity"]) for row in rows)


def onhand(server: Tryton, product: int, location: int = MAIN) -> float:
    where: dict[str, Any] = {"locations": [location], "with_childs": True}
    [row] = server.call("model.product.product.read", [product], ["quantity"], **where)
    return float(row["quantity"])


async def walked(client: Client, name: str, record_id: str) -> Raw:
    """The record as the next sync reads it, with what changed since a moment ago."""
    now = datetime.now(UTC)
    walk = Walk(mark={"at": now.replace(tzinfo=None).isoformat()}, end=now + timedelta(hours=1))
    pages = [page async for page in getattr(client, name)(walk)]
    [found] = [raw for page in pages for raw in page.records if str(raw["id"]) == record_id]
    return dict(found)


async def read_back(client: Client, name: str, record_id: str) -> dict[str, Any]:
    """The record as our API shows it; the next sync reads the very same one."""
    [resource] = [one for one in TRYTON.resources.values() if one.name == name]
    raw = await getattr(client, resource.singular)(record_id)
    assert raw == await walked(client, name, record_id)
    return dict(TRYTON.reader(resource)(raw))


SIGNED_IN: dict[str, Any] = {}
"""What a client learns when it signs in, which takes Tryton long: shared by the tests."""


@pytest.fixture
async def client(tryton: Tryton, tryton_client: NewClient) -> AsyncIterator[Client]:
    made = tryton_client(tryton)
    vars(made._rpc).update(SIGNED_IN.get("rpc", {}))
    vars(made._readable).update(SIGNED_IN.get("readable", {}))
    yield made
    SIGNED_IN["rpc"] = {name: vars(made._rpc)[name] for name in ("_session", "_context")}
    SIGNED_IN["readable"] = {name: vars(made._readable)[name] for name in ("_relations", "_missing")}


@pytest.fixture
def unlucky(client: Client) -> Unlucky:
    client.__class__ = Unlucky
    assert isinstance(client, Unlucky)
    return client


# Orders


async def test_an_order_is_a_shipment_that_waits_to_be_sent(tryton: Tryton, client: Client):
    made = await write(client, "create_order", order("W-1", invoice_currency_code="USD"))
    shipment = one(tryton, ORDER, made, "state", "reference", "number", "warehouse", "carrier", "customer")
    assert (shipment["state"], shipment["reference"], shipment["warehouse"]) == ("waiting", "W-1", MAIN)
    assert moves(tryton, made, ORDER, "to_location") == [("SKU-003", 2), ("SKU-004", 1)]
    record = await read_back(client, "orders", made)
    assert (record["reference_id"], record["order_number"]) == ("W-1", shipment["number"])
    assert record["warehouse_customer_id"] == str(shipment["customer"])
    assert record["shipping_method_id"] == "1"
    assert record["invoice_currency_code"] == "USD"
    shown = {name: record["ship_to_address"][name] for name in ADDRESS}
    assert shown == ADDRESS
    prices = {line["sku"]: (line["quantity"], line["unit_price"]) for line in record["line_items"]}
    assert prices == {"SKU-003": (2, Decimal("10.99")), "SKU-004": (1, Decimal(14))}


async def test_the_same_buyer_at_the_same_address_is_one_party(tryton: Tryton, client: Client):
    made = [await waiting(client), await write(client, "create_order", order("W-same"))]
    first, second = (one(tryton, ORDER, record, "customer", "delivery_address") for record in made)
    assert (first["customer"], first["delivery_address"]) == (second["customer"], second["delivery_address"])


async def test_an_order_of_a_known_customer_goes_to_an_address_of_theirs(tryton: Tryton, client: Client):
    tryton.make("country.subdivision", name="Illinois", code="US-IL", type="state", country=1)
    [known] = tryton.find("party.party", [["name", "=", "Customer 02"]])
    body = order(
        "W-known", warehouse_customer_id=str(known["id"]), ship_to_address={**ADDRESS, "state": "IL"}
    )
    made = await write(client, "create_order", body)
    shipment = one(tryton, ORDER, made, "customer", "delivery_address.party")
    assert shipment["customer"] == shipment["delivery_address."]["party"] == known["id"]
    address = (await read_back(client, "orders", made))["ship_to_address"]
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
    with pytest.raises(Invalid) as told:
        await write(client, "create_order", order("W-unknown", **change))
    assert list(told.value.detail["json"]) == [path]
    assert (parties, shipments) == (tryton.count("party.address"), tryton.count(ORDER))


async def test_with_several_warehouses_an_order_has_to_name_one(client: Client):
    given = order("W-nowhere")
    del given["warehouse_id"]
    with pytest.raises(Invalid, match="several warehouses"):
        await write(client, "create_order", given)


async def test_what_tryton_refuses_is_told_in_its_words(tryton: Tryton, client: Client):
    shipments = tryton.count(ORDER)
    lines = [{"sku": "SKU-003", "quantity": 1, "unit_price": Decimal("1.123456789")}]
    with pytest.raises(VendorRefused, match="digits") as told:
        await write(client, "create_order", order("W-digits", line_items=lines))
    assert told.value.status == 422
    assert tryton.count(ORDER) == shipments


async def test_an_order_is_changed_until_someone_works_on_it(tryton: Tryton, client: Client):
    made = await write(client, "create_order", order("W-change"))
    address = {**ADDRESS, "city": "Shelbyville"}
    body = {"reference_id": "W-changed", "shipping_method_id": "2", "ship_to_address": address}
    await write(client, "update_order", body, made)
    record = await read_back(client, "orders", made)
    assert (record["reference_id"], record["raw_status"]) == ("W-changed", "waiting")
    assert (record["shipping_method_id"], record["ship_to_address"]["city"]) == ("2", "Shelbyville")
    tryton.press(ORDER, int(made), "assign_try")
    with pytest.raises(VendorRefused, match="is assigned in Tryton"):
        await write(client, "update_order", {"reference_id": "too late"}, made)


async def test_a_cancelled_order_is_cancelled_once(tryton: Tryton, client: Client):
    made = await write(client, "create_order", order("W-cancel"))
    for _ in range(2):
        await write(client, "cancel_order", {}, made)
    assert one(tryton, ORDER, made, "state")["state"] == "cancelled"
    assert (await read_back(client, "orders", made))["status"] == "cancelled"


# Shipping


async def test_shipping_takes_an_order_through_all_states_and_its_goods_leave(tryton: Tryton, client: Client):
    made = await write(client, "create_order", order("W-ship"))
    before = onhand(tryton, 3)
    body = {
        "tracking_number": "1Z-W",
        "shipping_cost": Decimal("7.25"),
        "shipped_date": "2026-01-02T12:00:00Z",
        "warehouse_id": str(MAIN),
        "line_items": [{"sku": "SKU-003", "quantity": 2}, {"sku": "SKU-004", "quantity": 1}],
    }
    await write(client, "create_order_shipment", body, made)
    shipment = one(tryton, ORDER, made, "state", "shipping_reference", "cost", "effective_date")
    assert (shipment["state"], shipment["shipping_reference"]) == ("done", "1Z-W")
    assert shipment["cost"]["decimal"] == "7.25"
    assert onhand(tryton, 3) == before - 2
    record = await read_back(client, "orders", made)
    [sent] = record["shipments"]
    assert record["status"] == "fulfilled"
    assert (sent["status"], sent["shipped_date"][:10]) == ("shipped", "2026-01-02")
    assert sent["packages"][0]["tracking_number"] == "1Z-W"


async def test_a_package_gets_a_tracking_number_of_its_own(tryton: Tryton, client: Client):
    made = await write(client, "create_order", order("W-package"))
    tryton.press(ORDER, int(made), "assign_try", "pick")
    [kind] = tryton.find("stock.package.type", [["name", "=", "Box"]])
    package = tryton.make("stock.package", shipment=f"{ORDER},{made}", type=kind["id"])
    ids = one(tryton, ORDER, made, "outgoing_moves")["outgoing_moves"]
    tryton.change("stock.package", package, moves=[["add", ids]])
    body = {"packages": [{"package_id": str(package), "tracking_number": "1Z-P"}]}
    await write(client, "create_order_shipment", body, made)
    assert one(tryton, "stock.package", str(package), "shipping_reference")["shipping_reference"] == "1Z-P"
    assert one(tryton, ORDER, made, "state")["state"] == "done"


async def test_without_enough_stock_nothing_is_sent_and_nothing_stays_reserved(
    tryton: Tryton, client: Client
):
    lines = [{"sku": "SKU-003", "quantity": 1}, {"sku": "SKU-004", "quantity": 90_000}]
    made = await write(client, "create_order", order("W-too-many", line_items=lines))
    with pytest.raises(VendorRefused, match="not enough") as told:
        await write(client, "create_order_shipment", {"tracking_number": "1Z"}, made)
    assert told.value.status == 409
    rows = tryton.find("stock.move", [["shipment", "=", f"{ORDER},{made}"]], "state")
    assert {row["state"] for row in rows} == {"draft"}
    await write(client, "cancel_order", {}, made)


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
    made = await waiting(client)
    with pytest.raises(Invalid) as told:
        await write(client, "create_order_shipment", body, made)
    assert list(told.value.detail["json"]) == [path]
    assert one(tryton, ORDER, made, "state")["state"] == "waiting"


async def test_an_order_without_a_carrier_is_not_begun_to_be_sent(tryton: Tryton, client: Client):
    given = order("W-no-carrier")
    del given["shipping_method_id"]
    made = await write(client, "create_order", given)
    with pytest.raises(Invalid, match="no carrier"):
        await write(client, "create_order_shipment", {"tracking_number": "1Z"}, made)
    assert one(tryton, ORDER, made, "state")["state"] == "waiting"
    await write(client, "create_order_shipment", {"shipping_method_id": "2"}, made)
    assert one(tryton, ORDER, made, "state", "carrier") == {"id": int(made), "state": "done", "carrier": 2}


async def test_what_was_sent_is_neither_sent_again_nor_cancelled(tryton: Tryton, client: Client):
    made = await sent(client)
    for action in ("create_order_shipment", "cancel_order"):
        with pytest.raises(VendorRefused, match="is done in Tryton"):
            await write(client, action, {}, made)
    assert one(tryton, ORDER, made, "state")["state"] == "done"


async def test_two_who_ship_at_once_send_it_once(tryton: Tryton, client: Client):
    made = await write(client, "create_order", order("W-twice"))
    before = onhand(tryton, 3)
    both = (write(client, "create_order_shipment", {"tracking_number": "1Z"}, made) for _ in range(2))
    done = await asyncio.gather(*both, return_exceptions=True)
    assert {one for one in done if not isinstance(one, VendorRefused)} == {made}
    assert one(tryton, ORDER, made, "state")["state"] == "done"
    assert onhand(tryton, 3) == before - 2


# Products


SIZES = {"length": 10, "width": 8, "height": 4, "unit": "in", "weight": Decimal("2.5"), "weight_unit": "lb"}
PRODUCT = {"sku": "MUG", "name": "Mug", "gtin": "4006381333931"}


async def test_a_product_is_made_with_its_code_and_sizes_and_changed(tryton: Tryton, client: Client):
    made = await write(client, "create_product", PRODUCT | {"measurements": SIZES})
    variant = one(tryton, "product.product", made, "code", "template.type", "identifiers.code")
    assert (variant["code"], variant["template."]["type"]) == ("MUG", "goods")
    assert [row["code"] for row in variant["identifiers."]] == ["4006381333931"]
    record = await read_back(client, "products", made)
    assert {name: record[name] for name in PRODUCT} == PRODUCT
    item = await read_back(client, "inventory", made)
    assert item["measurements"] == SIZES
    await write(
        client, "update_product", {"sku": "MUG-2", "name": "Mug, blue", "gtin": "4000000000013"}, made
    )
    record = await read_back(client, "products", made)
    assert (record["sku"], record["name"], record["gtin"]) == ("MUG-2", "Mug, blue", "4000000000013")


async def test_a_variant_keeps_the_code_of_its_template(tryton: Tryton, client: Client):
    made = await write(client, "create_product", {"sku": "CUP", "name": "Cup"})
    template = one(tryton, "product.product", made, "template")["template"]
    red = str(tryton.make("product.product", template=template, suffix_code="-RED"))
    await write(client, "update_product", {"sku": "CUP-BLUE"}, red)
    assert one(tryton, "product.product", red, "code")["code"] == "CUP-BLUE"
    assert one(tryton, "product.product", made, "code")["code"] == "CUP"
    with pytest.raises(Invalid, match="begin with 'CUP'"):
        await write(client, "update_product", {"sku": "GLASS"}, red)


async def test_a_wrong_gtin_is_refused_and_no_product_is_made(tryton: Tryton, client: Client):
    products = tryton.count("product.template")
    with pytest.raises(VendorRefused, match="4006381333932"):
        await write(client, "create_product", {"sku": "BAD", "name": "Bad", "gtin": "4006381333932"})
    assert tryton.count("product.template") == products


async def test_a_sku_that_is_taken_is_refused(client: Client):
    with pytest.raises(VendorRefused, match="must be unique"):
        await write(client, "create_product", {"sku": "SKU-003", "name": "Twice"})


async def test_the_group_stock_may_do_everything_but_make_products(tryton: Tryton, tryton_client: NewClient):
    [stock] = tryton.find("res.group", [["name", "=", "Stock"]])
    given = {"company": 1, "companies": [["add", [1]]], "groups": [["add", [stock["id"]]]]}
    tryton.make("res.user", name="packer", login="packer", password="a-long-Secret-7", **given)
    packer = tryton_client(tryton, user="packer", password="a-long-Secret-7")
    with pytest.raises((VendorRefused, MissingPermission), match="not allowed"):
        await write(packer, "create_product", {"sku": "NOT", "name": "Not"})
    elsewhere = {**ADDRESS, "full_name": "Customer of the packer"}
    made = await write(packer, "create_order", order("W-packer", ship_to_address=elsewhere))
    await write(packer, "create_order_shipment", {"tracking_number": "1Z"}, made)
    arrived = await write(packer, "create_inbound_shipment", inbound("PO-packer"))
    await write(
        packer, "receive_inbound_shipment", {"line_items": [{"sku": "SKU-003", "quantity": 1}]}, arrived
    )
    await write(
        packer, "adjust_inventory", {"quantity": 1, "adjustment_type": "increase", "location_id": "13"}, "3"
    )


# Stock


async def test_stock_is_added_and_taken_relative_to_what_is_there(tryton: Tryton, client: Client):
    before, at = onhand(tryton, 3), onhand(tryton, 3, A_01)
    more = {"quantity": 7, "adjustment_type": "increase", "location_id": str(A_01)}
    less = {"quantity": 3, "adjustment_type": "decrease", "location_id": str(A_01)}
    for body in (more, less):
        assert await write(client, "adjust_inventory", body, "3") == "3"
    assert (onhand(tryton, 3), onhand(tryton, 3, A_01)) == (before + 4, at + 4)
    assert (await read_back(client, "inventory", "3"))["inventory_by_warehouse_id"][str(MAIN)][
        "onhand"
    ] == before + 4


async def test_taken_from_a_warehouse_it_comes_from_where_there_is_enough(tryton: Tryton, client: Client):
    before = onhand(tryton, 4)
    body = {"quantity": 5, "adjustment_type": "decrease", "warehouse_id": str(MAIN)}
    await write(client, "adjust_inventory", body, "4")
    assert onhand(tryton, 4) == before - 5
    places = (await read_back(client, "inventory", "4"))["locations"]
    assert all(place["quantity"] > 0 for place in places)


async def test_no_more_is_taken_than_there_is(tryton: Tryton, client: Client):
    before, counts = onhand(tryton, 4), tryton.count("stock.inventory")
    for place in ({"warehouse_id": str(MAIN)}, {"location_id": str(A_01)}):
        body = {"quantity": 90_000, "adjustment_type": "decrease", **place}
        with pytest.raises(VendorRefused, match="Tryton has no 90000") as told:
            await write(client, "adjust_inventory", body, "4")
        assert told.value.status == 409
    assert (onhand(tryton, 4), tryton.count("stock.inventory")) == (before, counts)


async def test_stock_that_is_kept_by_lot_is_left_as_it_is(tryton: Tryton, client: Client):
    before = onhand(tryton, 6)
    more = {"quantity": 1, "adjustment_type": "increase", "warehouse_id": str(MAIN)}
    with pytest.raises(VendorRefused, match=r"[Ll]ot"):
        await write(client, "adjust_inventory", more, "6")
    with pytest.raises(VendorRefused, match="by lot"):
        await write(client, "adjust_inventory", more | {"adjustment_type": "decrease"}, "6")
    assert onhand(tryton, 6) == before


async def test_what_moves_while_stock_is_adjusted_does_not_change_the_difference(
    tryton: Tryton, client: Client
):
    before = onhand(tryton, 3, A_01)
    body = {"quantity": 7, "adjustment_type": "increase", "location_id": str(A_01)}
    client.__class__ = Busy
    assert isinstance(client, Busy)
    client.meanwhile = lambda: _add(tryton, 3, A_01, 10)
    await write(client, "adjust_inventory", body, "3")
    assert onhand(tryton, 3, A_01) == before + 3 * 10 + 7


def _add(server: Tryton, product: int, location: int, quantity: int) -> None:
    [lost] = server.find("stock.location", [["type", "=", "lost_found"]])
    move = server.make(
        "stock.move",
        product=product,
        unit=1,
        quantity=quantity,
        from_location=lost["id"],
        to_location=location,
    )
    server.press("stock.move", move, "do")


# Inbound shipments


async def test_an_inbound_shipment_is_awaited_and_can_be_moved(tryton: Tryton, client: Client):
    made = await write(
        client, "create_inbound_shipment", inbound("PO-1", expected_arrival_date="2026-12-01T09:00:00Z")
    )
    shipment = one(tryton, INBOUND, made, "state", "reference", "supplier.name", "warehouse")
    assert (shipment["state"], shipment["reference"], shipment["warehouse"]) == ("draft", "PO-1", MAIN)
    assert shipment["supplier."]["name"] == "Supplier 1"
    assert moves(tryton, made, INBOUND, "from_location") == [("SKU-003", 40), ("SKU-004", 5)]
    body = {"expected_arrival_date": "2026-12-03T09:00:00Z", "purchase_order_number": "PO-1b"}
    await write(client, "update_inbound_shipment", body, made)
    record = await read_back(client, "inbound_shipments", made)
    assert (record["purchase_order_number"], record["status"]) == ("PO-1b", "open")
    assert record["expected_arrival_date"] == "2026-12-03T00:00:00Z"
    assert [line["expected_quantity"] for line in record["line_items"]] == [40, 5]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"supplier_object": {"supplier_id": "99999"}}, "supplier_object.supplier_id"),
        ({"supplier_object": {"supplier_name": "Nobody"}}, "supplier_object.supplier_name"),
        ({"line_items": [{"sku": "NO-SUCH", "expected_quantity": 1}]}, "line_items.0.sku"),
    ],
)
async def test_an_inbound_shipment_of_something_unknown_is_not_made(
    tryton: Tryton, client: Client, change: dict[str, Any], path: str
):
    shipments = tryton.count(INBOUND)
    with pytest.raises(Invalid) as told:
        await write(client, "create_inbound_shipment", inbound("PO-unknown", **change))
    assert list(told.value.detail["json"]) == [path]
    assert tryton.count(INBOUND) == shipments


async def test_what_arrives_lies_in_the_input_zone_and_arrives_once(tryton: Tryton, client: Client):
    made = await write(client, "create_inbound_shipment", inbound("PO-2"))
    before = onhand(tryton, 3)
    body = {"line_items": [{"sku": "SKU-003", "quantity": 40}, {"sku": "SKU-004", "quantity": 5}]}
    await write(client, "receive_inbound_shipment", body, made)
    assert one(tryton, INBOUND, made, "state")["state"] == "received"
    assert onhand(tryton, 3) == before + 40
    record = await read_back(client, "inbound_shipments", made)
    assert (record["status"], record["receipts"][0]["line_items"][0]["quantity"]) == ("received", 40)
    with pytest.raises(VendorRefused, match="can be received once"):
        await write(client, "receive_inbound_shipment", body, made)
    with pytest.raises(VendorRefused, match="only a draft one"):
        await write(client, "update_inbound_shipment", {"purchase_order_number": "x"}, made)


async def test_less_or_more_may_arrive_and_is_put_away_where_it_is_said(tryton: Tryton, client: Client):
    made = await write(client, "create_inbound_shipment", inbound("PO-3"))
    first, second = onhand(tryton, 3, A_01), onhand(tryton, 4)
    body = {
        "line_items": [{"sku": "SKU-003", "quantity": 30}, {"sku": "SKU-003", "quantity": 12}],
        "warehouse_location_id": str(A_01), "warehouse_id": str(MAIN),
    }  # fmt: skip
    await write(client, "receive_inbound_shipment", body, made)
    assert one(tryton, INBOUND, made, "state")["state"] == "done"
    assert (onhand(tryton, 3, A_01), onhand(tryton, 4)) == (first + 42, second)
    record = await read_back(client, "inbound_shipments", made)
    assert [line["received_quantity"] for line in record["line_items"]] == [42, 0]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"line_items": [{"sku": "SKU-009", "quantity": 1}]}, "line_items"),
        (
            {"line_items": [{"sku": "SKU-003", "quantity": 1}], "warehouse_location_id": "9"},
            "warehouse_location_id",
        ),
        ({"line_items": [{"sku": "SKU-003", "quantity": 1}], "warehouse_id": str(EAST)}, "warehouse_id"),
    ],
)
async def test_what_does_not_belong_to_the_shipment_is_not_received(
    tryton: Tryton, client: Client, body: dict[str, Any], path: str
):
    made = await expected(client)
    with pytest.raises(Invalid) as told:
        await write(client, "receive_inbound_shipment", body, made)
    assert list(told.value.detail["json"]) == [path]
    assert one(tryton, INBOUND, made, "state")["state"] == "draft"


# Returns


async def test_a_return_of_an_order_is_announced_changed_and_cancelled(tryton: Tryton, client: Client):
    came_of = await sent(client)
    body = {"order_id": came_of, "line_items": [{"sku": "SKU-003", "quantity": 1}], "reference": "RMA-W"}
    made = await write(client, "create_return", body)
    shipment = one(tryton, RETURN, made, "state", "reference", "customer", "warehouse")
    assert (shipment["state"], shipment["reference"], shipment["warehouse"]) == ("draft", "RMA-W", MAIN)
    assert shipment["customer"] == one(tryton, ORDER, came_of, "customer")["customer"]
    assert moves(tryton, made, RETURN, "from_location") == [("SKU-003", 1)]
    record = await read_back(client, "returns", made)
    assert (record["order_id"], record["status"]) == (came_of, "open")
    await write(client, "update_return", {"line_items": [{"sku": "SKU-004", "quantity": 1}]}, made)
    assert moves(tryton, made, RETURN, "from_location") == [("SKU-004", 1)]
    assert (await read_back(client, "returns", made))["order_id"] == came_of
    for _ in range(2):
        await write(client, "cancel_return", {}, made)
    assert one(tryton, RETURN, made, "state")["state"] == "cancelled"
    with pytest.raises(VendorRefused, match="is cancelled in Tryton"):
        await write(client, "update_return", {"reference": "x"}, made)


async def test_what_came_back_is_restocked_by_tryton_and_not_cancelled_any_more(
    tryton: Tryton, client: Client
):
    came_of = await sent(client)
    body = {"order_id": came_of, "line_items": [{"sku": "SKU-003", "quantity": 2}], "warehouse_id": str(EAST)}
    made = await write(client, "create_return", body)
    before = onhand(tryton, 3, EAST)
    tryton.press(RETURN, int(made), "receive", "do")
    assert onhand(tryton, 3, EAST) == before + 2
    with pytest.raises(VendorRefused, match="what has come"):
        await write(client, "cancel_return", {}, made)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"order_id": "99999", "line_items": [{"sku": "SKU-003", "quantity": 1}]}, "order_id"),
        ({"order_id": "1", "line_items": [{"sku": "NO-SUCH", "quantity": 1}]}, "line_items.0.sku"),
    ],
)
async def test_only_what_an_order_held_can_come_back(client: Client, body: dict[str, Any], path: str):
    with pytest.raises(Invalid) as told:
        await write(client, "create_return", body)
    assert list(told.value.detail["json"]) == [path]


# When an answer is lost


LOST = [
    ("create_inbound_shipment", inbound("PO-lost"), INBOUND),
    ("create_product", {"sku": "LOST", "name": "Lost"}, "product.template"),
]


@pytest.mark.parametrize(("action", "body", "model"), LOST)
async def test_what_was_made_is_found_though_its_answer_was_lost(
    tryton: Tryton, unlucky: Unlucky, action: str, body: dict[str, Any], model: str
):
    asked, before = command(action, body), tryton.count(model)
    assert await searched(unlucky, asked) is None
    unlucky.loses = f"{model}.create"
    with pytest.raises(VendorUnavailable):
        await carried_out(unlucky, TRYTON.steps(asked))
    found = await searched(unlucky, asked)
    assert found is not None
    assert tryton.count(model) == before + 1
    again = command(action, body, found=found)
    assert await carried_out(unlucky, TRYTON.steps(again)) == found
    assert tryton.count(model) == before + 1


async def test_an_order_that_was_made_and_not_more_is_brought_to_its_end(tryton: Tryton, unlucky: Unlucky):
    asked = command("create_order", order("W-half"))
    unlucky.loses = f"{ORDER}.create"
    with pytest.raises(VendorUnavailable):
        await carried_out(unlucky, TRYTON.steps(asked))
    found = await searched(unlucky, asked)
    assert found is not None
    assert one(tryton, ORDER, found, "state", "number") == {
        "id": int(found),
        "state": "draft",
        "number": None,
    }
    await carried_out(unlucky, TRYTON.steps(command("create_order", order("W-half"), found=found)))
    assert one(tryton, ORDER, found, "state")["state"] == "waiting"


@pytest.mark.parametrize("step", ["pick", "do"])
async def test_shipping_goes_on_where_it_stopped(tryton: Tryton, unlucky: Unlucky, step: str):
    made = await write(unlucky, "create_order", order(f"W-stop-{step}"))
    asked = command("create_order_shipment", {"tracking_number": "1Z-S"}, made)
    unlucky.loses = f"{ORDER}.{step}"
    with pytest.raises(VendorUnavailable):
        await carried_out(unlucky, TRYTON.steps(asked))
    found = await searched(unlucky, asked)
    assert found == (made if step == "do" else None)
    again = command("create_order_shipment", {"tracking_number": "1Z-S"}, made, found=found)
    assert await carried_out(unlucky, TRYTON.steps(again)) == made
    shipment = one(tryton, ORDER, made, "state", "shipping_reference")
    assert (shipment["state"], shipment["shipping_reference"]) == ("done", "1Z-S")


@pytest.mark.parametrize("step", ["write", "receive"])
async def test_receiving_goes_on_where_it_stopped(tryton: Tryton, unlucky: Unlucky, step: str):
    made = await write(unlucky, "create_inbound_shipment", inbound(f"PO-stop-{step}"))
    before = onhand(tryton, 3, A_01)
    body = {"line_items": [{"sku": "SKU-003", "quantity": 3}], "warehouse_location_id": str(A_01)}
    asked = command("receive_inbound_shipment", body, made)
    unlucky.loses = f"{INBOUND}.{step}"
    with pytest.raises(VendorUnavailable):
        await carried_out(unlucky, TRYTON.steps(asked))
    found = await searched(unlucky, asked)
    assert found == (None if step == "write" else made)
    again = command("receive_inbound_shipment", body, made, found=found)
    assert await carried_out(unlucky, TRYTON.steps(again)) == made
    assert one(tryton, INBOUND, made, "state")["state"] == "done"
    assert onhand(tryton, 3, A_01) == before + 3


async def test_a_return_is_found_by_its_reference_and_without_one_it_is_not_looked_for(client: Client):
    body = {"order_id": "1", "line_items": [{"sku": "SKU-011", "quantity": 1}], "reference": "RMA-lost"}
    asked = command("create_return", body)
    made = await carried_out(client, TRYTON.steps(asked))
    assert await searched(client, asked) == made
    del body["reference"]
    assert TRYTON.search(command("create_return", body)) is None


# The client


async def test_a_session_that_ended_is_renewed_and_the_write_done_once(tryton: Tryton, client: Client):
    await client.check()
    products = tryton.count("product.template")
    tryton.end_sessions()
    await client.call(Call("rpc", "model.product.template.copy", [[1]]))
    assert tryton.count("product.template") == products + 1


async def test_a_question_of_tryton_is_a_refusal_in_its_words(tryton: Tryton, client: Client):
    made = await write(client, "create_order", order("W-question"))
    tryton.press(ORDER, int(made), "assign_try", "pick")
    tryton.change(ORDER, int(made), carrier=None)
    with pytest.raises(VendorRefused, match="does not have a carrier set") as told:
        await client.call(Call("rpc", f"model.{ORDER}.pack", [[int(made)]]))
    assert told.value.status == 409
    assert one(tryton, ORDER, made, "state")["state"] == "picked"


async def test_a_record_that_is_not_there_is_not_found(client: Client):
    for name in ("order", "inbound_shipment", "return", "product", "inventory_item"):
        for record_id in ("99999", "x"):
            with pytest.raises(NotFound):
                await getattr(client, name)(record_id)
    with pytest.raises(VendorRefused, match="any more") as told:
        await write(client, "cancel_order", {}, "99999")
    assert told.value.status == 404


async def test_options_are_this_databases_own(client: Client):
    assert await client.options("warehouses") == [str(MAIN), str(EAST)]
    assert await client.options("shipping_methods") == ["1", "2"]


async def test_a_request_is_shown_as_it_goes_out_without_its_session(
    tryton: Tryton, client: Client, tryton_client: NewClient
):
    call = Call("rpc", f"model.{ORDER}.cancel", [[1]])
    not_signed_in = tryton_client(tryton).shown(call)
    assert not_signed_in.body["params"] == [[1], "{the preferences of the user}"]
    await client.check()
    shown = client.shown(call)
    assert (shown.method, shown.url) == ("POST", f"{tryton.url}/rpc/")
    assert shown.headers == {"Content-Type": "application/json"}
    assert (shown.body["method"], shown.body["params"][0]) == (f"model.{ORDER}.cancel", [1])
    assert shown.body["params"][-1]["company"] == 1


async def test_calls_of_the_callers_own_are_passed_on_with_a_session(client: Client):
    call = {"id": 7, "method": "model.party.party.search_count", "params": [[["name", "=", "UPS"]], {}]}
    answer = await client.passthrough(Passed("POST", "/rpc/", {}, {}, call))
    assert (answer.status, answer.json()) == (200, {"id": 7, "result": 1})
    missing = await client.passthrough(Passed("GET", "/nothing/here", {"a": "b"}, {}, None))
    assert missing.status == 405
