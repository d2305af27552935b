"""Our client against a real Tryton: all that it yields is right, and nothing that changes escapes it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from crossdock.errors import InvalidCredentials, MissingPermission, VendorRefused
from crossdock.integrations.tryton.client import Client
from crossdock.kit.contract import Page, Raw, Walk
from crossdock.kit.registry import get_integration
from tests.integrations.tryton.live.server import Tryton

pytestmark = pytest.mark.live

RESOURCES = {resource.name: resource for resource in get_integration("wms", "tryton").resources.values()}
MAIN, EAST = 5, 12
BELOW_WAREHOUSES = [["parent", "child_of", [MAIN, EAST]], ["parent", "!=", None]]
NewClient = Callable[..., Client]


async def pages_of(client: Client, name: str, walk: Walk | None = None) -> list[Page]:
    return [page async for page in getattr(client, name)(walk or Walk())]


def by_id(pages: list[Page]) -> dict[str, Raw]:
    """The raw records, each of which came once."""
    records = [record for page in pages for record in page.records]
    fields = {str(record["id"]): record for record in records}
    assert len(fields) == len(records)
    return fields


def read(name: str, raw: Raw) -> Any:
    """The record that comes of a raw one, checked by its declaration."""
    resource = RESOURCES[name]
    return msgspec.convert(get_integration("wms", "tryton").reader(resource)(raw), resource.record)


async def all_of(client: Client, name: str) -> dict[str, Any]:
    """All records of a resource by id; each fits its declaration and came once."""
    records = {key: read(name, raw) for key, raw in by_id(await pages_of(client, name)).items()}
    assert all(record.id == key for key, record in records.items())
    return records


def shipment_in(server: Tryton, state: str) -> int:
    return int(server.find("stock.shipment.out", [["state", "=", state]])[0]["id"])


@pytest.fixture
def no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what bears the stamp of the mark comes again, not all that changed shortly before."""
    monkeypatch.setattr("crossdock.integrations.tryton.walks.state.OVERLAP", timedelta(0))


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossdock.integrations.tryton.walks.walker.PAGE_SIZE", 7)


def make_newest(server: Tryton, model: str, record: int, **change: Any) -> str:
    """Its id. A mark taken now is its stamp, so that it comes again, and nothing else that was before."""
    server.change(model, record, **change)
    return str(record)


# Signing in


async def test_good_credentials_tell_the_company(tryton: Tryton, tryton_client: NewClient):
    account = await tryton_client(tryton).check()
    assert account.name == "Peer Fulfilment"
    assert account.identifiers == {"user": "admin", "company_id": "1", "company": "Peer Fulfilment"}


async def test_a_wrong_password_is_told_as_such(tryton: Tryton, tryton_client: NewClient):
    with pytest.raises(InvalidCredentials):
        await tryton_client(tryton, password="guess").check()


async def test_a_database_that_is_not_there_is_told_as_such(tryton: Tryton, tryton_client: NewClient):
    url = tryton.url.replace("/tryton", "/elsewhere")
    with pytest.raises(VendorRefused, match="no Tryton database at this URL"):
        await tryton_client(tryton, url=url).check()


async def test_a_slash_at_the_end_of_the_url_does_no_harm(tryton: Tryton, tryton_client: NewClient):
    assert (await tryton_client(tryton, url=f"{tryton.url}/").check()).name == "Peer Fulfilment"


# What comes


@pytest.mark.parametrize(
    ("name", "model", "domain"),
    [
        ("orders", "stock.shipment.out", []),
        ("inbound_shipments", "stock.shipment.in", []),
        ("returns", "stock.shipment.out.return", []),
        ("products", "product.product", [["type", "=", "goods"]]),
        ("inventory", "product.product", [["type", "=", "goods"]]),
        ("warehouses", "stock.location", [["type", "=", "warehouse"]]),
        ("warehouse_locations", "stock.location", BELOW_WAREHOUSES),
        ("shipping_methods", "carrier", []),
        ("warehouse_customers", "party.party", [["name", "like", "Customer%"]]),
        ("inbound_shipment_suppliers", "party.party", [["name", "like", "Supplier%"]]),
    ],
)  # fmt: skip
async def test_all_that_tryton_has_comes_and_fits(
    tryton: Tryton, tryton_client: NewClient, name, model, domain
):
    expected = {str(row["id"]) for row in tryton.find(model, domain)}
    assert (await all_of(tryton_client(tryton), name)).keys() == expected


async def test_each_state_of_a_customer_shipment_has_its_status(tryton: Tryton, tryton_client: NewClient):
    orders = await all_of(tryton_client(tryton), "orders")
    assert {(order.raw_status, order.status) for order in orders.values()} >= {
        ("waiting", "confirmed"),
        ("assigned", "processing"),
        ("picked", "picked"),
        ("packed", "packed"),
        ("shipped", "fulfilled"),
        ("done", "fulfilled"),
    }


async def test_a_shipped_order_tells_where_it_went_and_how(tryton: Tryton, tryton_client: NewClient):
    order = (await all_of(tryton_client(tryton), "orders"))[str(shipment_in(tryton, "done"))]
    [shipment] = order.shipments
    [package] = shipment.packages
    assert order.reference_id.startswith("WEB-")
    assert order.ship_to_address.address1.endswith("Market Street")
    assert order.ship_to_address.email_address.endswith("@example.com")
    assert (shipment.status, package.tracking_number[:8]) == ("shipped", "1Z999AA1")
    assert order.carrier_name == package.carrier_name in ("UPS", "DHL")
    ordered = sorted((line.product_id, line.quantity) for line in order.line_items)
    assert ordered == sorted((line.inventory_item_id, line.quantity) for line in package.line_items)


async def test_without_the_right_to_sales_orders_come_without_their_reference(
    tryton: Tryton, tryton_client: NewClient
):
    user = _user(tryton, "stock-only", "Stock")
    orders = await all_of(tryton_client(tryton, **user), "orders")
    assert len(orders) == tryton.count("stock.shipment.out")
    assert not any(order.reference_id.startswith("WEB-") for order in orders.values())


async def test_without_rights_a_function_says_so_and_others_go_on(tryton: Tryton, tryton_client: NewClient):
    user = _user(tryton, "no-rights")
    for name in ("orders", "inventory", "inventory_ledger", "warehouse_customers"):
        with pytest.raises(MissingPermission):
            await pages_of(tryton_client(tryton, **user), name)
    assert await all_of(tryton_client(tryton, **user), "products")


async def test_a_user_without_a_company_sees_no_empty_warehouse(tryton: Tryton, tryton_client: NewClient):
    user = _user(tryton, "homeless", "Stock", company=None, companies=[])
    with pytest.raises(MissingPermission, match="has no company"):
        await pages_of(tryton_client(tryton, **user), "inventory")


async def test_a_server_with_fewer_modules_is_read_all_the_same(tryton: Tryton, tryton_client: NewClient):
    client = tryton_client(tryton)
    absent = ("sale.sale", "purchase.purchase", "carrier", "stock.package", "stock.lot")
    client._readable._fields.update({model: {} for model in absent})
    orders, items = await all_of(client, "orders"), await all_of(client, "inventory")
    assert len(orders) == tryton.count("stock.shipment.out")
    assert [order for order in orders.values() if order.carrier_id] == []
    assert [item for item in items.values() if item.lots] == []
    assert await all_of(client, "inbound_shipment_suppliers")
    with pytest.raises(VendorRefused, match="the module that brings it is not activated"):
        await pages_of(client, "shipping_methods")


def _user(server: Tryton, login: str, *groups: str, **values: Any) -> dict[str, str]:
    ids = [row["id"] for row in server.find("res.group", [["name", "in", list(groups)]])]
    fields = {"company": 1, "companies": [["add", [1]]], "groups": [["add", ids]]} | values
    server.make("res.user", name=login, login=login, password="a-long-Secret-7", **fields)
    return {"user": login, "password": "a-long-Secret-7"}


# Stock


async def test_stock_agrees_with_what_tryton_computes_for_each_warehouse(
    tryton: Tryton, tryton_client: NewClient
):
    items = await all_of(tryton_client(tryton), "inventory")
    for warehouse in (MAIN, EAST):
        for item, onhand in _quantities(tryton, warehouse, list(items)).items():
            assert items[item].inventory_by_warehouse_id[str(warehouse)].onhand == onhand, item


async def test_the_figures_of_each_item_add_up(tryton: Tryton, tryton_client: NewClient):
    for item in (await all_of(tryton_client(tryton), "inventory")).values():
        for level in (item, *item.inventory_by_warehouse_id.values()):
            assert level.onhand == level.committed + level.unfulfillable + level.fulfillable
        assert item.onhand == sum(location.quantity for location in item.locations)
        if item.lots:
            assert item.onhand == sum(lot.onhand for lot in item.lots)


async def test_what_is_awaited_and_committed_is_what_shipments_say(tryton: Tryton, tryton_client: NewClient):
    client = tryton_client(tryton)
    items = await all_of(client, "inventory")
    orders = await all_of(client, "orders")
    reserved = ("assigned", "picked", "packed", "shipped")
    lines = [line for order in orders.values() if order.raw_status in reserved for line in order.line_items]
    expected = sum(line.quantity for line in lines)
    assert sum(item.committed for item in items.values()) == expected > 0
    incoming = [
        ["state", "in", ["draft", "assigned"]],
        ["from_location.type", "in", ["supplier", "customer"]],
    ]
    moves = tryton.find("stock.move", incoming, "internal_quantity")
    assert (
        sum(item.awaiting for item in items.values()) == sum(move["internal_quantity"] for move in moves) > 0
    )


async def test_the_ledger_adds_up_to_the_stock_of_each_place(tryton: Tryton, tryton_client: NewClient):
    await _assert_ledger_adds_up(tryton_client(tryton))


async def _assert_ledger_adds_up(client: Client) -> None:
    from_ledger: dict[tuple[str, str, str], int] = {}
    for entry in (await all_of(client, "inventory_ledger")).values():
        position = (entry.inventory_item_id, entry.warehouse_id, entry.location_id)
        from_ledger[position] = from_ledger.get(position, 0) + entry.quantity
    from_stock = {
        (item.id, location.warehouse_id, location.location_id): location.quantity
        for item in (await all_of(client, "inventory")).values()
        for location in item.locations
    }
    assert {key: quantity for key, quantity in from_ledger.items() if quantity} == from_stock


def _quantities(server: Tryton, warehouse: int, items: list[str]) -> dict[str, float]:
    ids = [int(item) for item in items]
    where: dict[str, Any] = {"locations": [warehouse], "with_childs": True}
    rows = server.call("model.product.product.read", ids, ["quantity"], **where)
    return {str(row["id"]): row["quantity"] for row in rows}


# What changed


@pytest.mark.usefixtures("no_overlap")
async def test_packing_a_shipment_brings_that_order_and_no_other(tryton: Tryton, tryton_client: NewClient):
    client = tryton_client(tryton)
    picked = shipment_in(tryton, "picked")
    near = make_newest(tryton, "stock.shipment.out", shipment_in(tryton, "waiting"), reference="R")
    first = await pages_of(client, "orders")
    tryton.change("stock.shipment.out", picked, shipping_reference="1Z-NEW")
    tryton.press("stock.shipment.out", picked, "pack")
    second = by_id(await pages_of(client, "orders", Walk(mark=first[-1].mark)))
    assert second.keys() == {str(picked), near}
    assert second[near] == by_id(first)[near]
    before, after = (read("orders", raw[str(picked)]) for raw in (by_id(first), second))
    assert (before.status, before.shipments) == ("picked", [])
    assert (after.status, after.raw_status) == ("packed", "packed")
    assert [package.tracking_number for package in after.shipments[0].packages] == ["1Z-NEW"]


@pytest.mark.usefixtures("no_overlap")
async def test_a_package_brings_its_order_though_the_shipment_keeps_its_stamp(
    tryton: Tryton, tryton_client: NewClient
):
    client = tryton_client(tryton)
    shipped = shipment_in(tryton, "shipped")
    near = make_newest(tryton, "stock.shipment.out", shipment_in(tryton, "waiting"), reference="R")
    first = await pages_of(client, "orders")
    [package] = tryton.find("stock.package", [["shipment", "=", f"stock.shipment.out,{shipped}"]])
    tryton.change("stock.package", package["id"], shipping_reference="CORRECTED")
    second = by_id(await pages_of(client, "orders", Walk(mark=first[-1].mark)))
    assert second.keys() == {str(shipped), near}
    before, after = by_id(first)[str(shipped)], second[str(shipped)]
    assert before["write_date"] == after["write_date"]
    assert read("orders", after).shipments[0].packages[0].tracking_number == "CORRECTED"
    assert read("orders", after).updated_date > read("orders", before).updated_date


@pytest.mark.usefixtures("no_overlap")
async def test_a_corrected_address_reaches_the_orders_that_are_not_done(
    tryton: Tryton, tryton_client: NewClient
):
    client = tryton_client(tryton)
    rows = tryton.find("stock.shipment.out", [["state", "!=", "cancelled"]], "state", "delivery_address")
    address = next(row["delivery_address"] for row in rows if row["state"] == "done")
    to_it = [row for row in rows if row["delivery_address"] == address]
    still_open = {str(entry["id"]) for entry in to_it if entry["state"] != "done"}
    near = make_newest(tryton, "stock.shipment.out", shipment_in(tryton, "waiting"), reference="R")
    first = await pages_of(client, "orders")
    tryton.change("party.address", address, city="Shelbyville")
    second = by_id(await pages_of(client, "orders", Walk(mark=first[-1].mark)))
    assert len(to_it) > len(still_open) > 0
    assert second.keys() == still_open | {near}
    assert {read("orders", second[text]).ship_to_address.city for text in still_open} == {"Shelbyville"}


@pytest.mark.parametrize(("model", "field"), [("product.product", "id"), ("product.template", "template")])
@pytest.mark.usefixtures("no_overlap")
async def test_what_is_archived_comes_as_not_active(tryton: Tryton, tryton_client: NewClient, model, field):
    client = tryton_client(tryton)
    near = make_newest(tryton, "product.product", 24, description="blue")
    marks = {name: (await pages_of(client, name))[-1].mark for name in ("products", "inventory")}
    [item, *_] = tryton.find("product.product", [["type", "=", "goods"], ["id", "!=", near]], "template")
    tryton.change(model, item[field], active=False)
    for name, mark in marks.items():
        body = by_id(await pages_of(client, name, Walk(mark=mark)))
        assert body.keys() == {near, str(item["id"])}
        assert not read(name, body[str(item["id"])]).active


@pytest.mark.usefixtures("no_overlap")
async def test_a_count_brings_the_item_and_an_entry_that_explains_it(
    tryton: Tryton, tryton_client: NewClient
):
    client = tryton_client(tryton)
    near = make_newest(tryton, "product.product", 24, description="blue")
    items = await pages_of(client, "inventory")
    entries = await pages_of(client, "inventory_ledger")
    _count(tryton, product=1, location=13, quantity=7.0)
    after = by_id(await pages_of(client, "inventory", Walk(mark=items[-1].mark)))
    assert after.keys() == {"1", near}
    quantities = {
        location.location_id: location.quantity for location in read("inventory", after["1"]).locations
    }
    assert quantities["13"] == 7
    later = by_id(await pages_of(client, "inventory_ledger", Walk(mark=entries[-1].mark)))
    [new] = [read("inventory_ledger", later[key]) for key in later.keys() - by_id(entries).keys()]
    assert (new.inventory_item_id, new.location_id, new.event_type) == ("1", "13", "adjustment")
    await _assert_ledger_adds_up(client)


@pytest.mark.usefixtures("no_overlap")
async def test_few_items_are_read_as_all_are(tryton: Tryton, tryton_client: NewClient):
    """Tryton is asked for the places of each item then, and not for the items of each place."""
    client = tryton_client(tryton)
    make_newest(tryton, "product.product", 24, description="blue")
    mark = (await pages_of(client, "inventory"))[-1].mark
    tryton.press("stock.shipment.out", shipment_in(tryton, "shipped"), "do")
    few = by_id(await pages_of(client, "inventory", Walk(mark=mark)))
    all_items = by_id(await pages_of(client, "inventory"))
    assert 1 < len(few) < len(all_items)
    assert few == {key: all_items[key] for key in few}


@pytest.mark.usefixtures("no_overlap")
async def test_a_new_bin_has_everything_read_again(tryton: Tryton, tryton_client: NewClient):
    client = tryton_client(tryton)
    make_newest(tryton, "product.product", 24, description="blue")
    mark = (await pages_of(client, "inventory"))[-1].mark
    tryton.make("stock.location", name="A-05", type="storage", parent=3)
    assert len(by_id(await pages_of(client, "inventory", Walk(mark=mark)))) == 24


@pytest.mark.usefixtures("no_overlap")
async def test_a_deleted_delivery_is_no_longer_awaited(tryton: Tryton, tryton_client: NewClient):
    """Tryton leaves no trace of a deletion: the number of open moves tells."""
    client = tryton_client(tryton)
    [draft] = tryton.find("stock.shipment.in", [["state", "=", "draft"]], "moves")
    moves = tryton.find("stock.move", [["id", "in", draft["moves"]]], "product", "quantity")
    near = make_newest(tryton, "product.product", 24, description="blue")
    first = await pages_of(client, "inventory")
    tryton.call("model.stock.shipment.in.delete", [draft["id"]])
    second = by_id(await pages_of(client, "inventory", Walk(mark=first[-1].mark)))
    assert second.keys() == {near, *(str(move["product"]) for move in moves)}
    for move in moves:
        before, after = (read("inventory", raw[str(move["product"])]) for raw in (by_id(first), second))
        assert before.awaiting - after.awaiting == move["quantity"]


async def test_a_cancelled_shipment_is_taken_back_in_the_ledger(tryton: Tryton, tryton_client: NewClient):
    """Done is not final in Tryton: the goods are back in the books as if they had never left."""
    client = tryton_client(tryton)
    done = shipment_in(tryton, "done")
    before = await all_of(client, "inventory_ledger")
    tryton.press("stock.shipment.out", done, "cancel")
    after = await all_of(client, "inventory_ledger")
    assert before.keys() < after.keys()
    of_it = [item for item in after.values() if (item.object_type, item.object_id) == ("order", str(done))]
    assert sum(item.quantity for item in of_it) == 0
    assert {item.raw_event_type for item in of_it} == {
        "storage to storage",
        "storage to storage, cancelled",
        "storage to customer",
        "storage to customer, cancelled",
    }
    assert (await all_of(client, "orders"))[str(done)].status == "cancelled"
    await _assert_ledger_adds_up(client)


def _count(server: Tryton, *, product: int, location: int, quantity: float) -> None:
    line = {"product": product, "quantity": quantity}
    inventory = server.make("stock.inventory", location=location, lines=[["create", [line]]])
    server.press("stock.inventory", inventory, "confirm")


# How a walk goes


@pytest.mark.usefixtures("no_overlap")
async def test_a_first_walk_looks_back_as_far_as_it_is_told(tryton: Tryton, tryton_client: NewClient):
    """What has a date is read back to the start; what describes the warehouse is read whole."""
    client = tryton_client(tryton)
    walk = Walk(start=datetime.now(UTC))
    changed = make_newest(tryton, "stock.shipment.out", shipment_in(tryton, "done"), reference="R")
    assert by_id(await pages_of(client, "orders", walk)).keys() == {changed}
    assert by_id(await pages_of(client, "inventory_ledger", walk)) == {}
    for name in ("products", "inventory", "warehouses"):
        whole_body = by_id(await pages_of(client, name))
        assert by_id(await pages_of(client, name, walk)) == whole_body


async def test_a_walk_with_an_end_leaves_out_what_came_after_it(tryton: Tryton, tryton_client: NewClient):
    client = tryton_client(tryton)
    earlier = by_id(await pages_of(client, "orders")).keys()
    end = datetime.now(UTC)
    _new_shipment(tryton)
    walk = Walk(start=end - timedelta(days=30), end=end)
    pages = await pages_of(client, "orders", walk)
    assert by_id(pages).keys() == earlier
    assert pages[-1].mark is None


async def test_a_walk_with_an_end_leaves_the_mark_where_it_was(tryton: Tryton, tryton_client: NewClient):
    client = tryton_client(tryton)
    mark = (await pages_of(client, "orders"))[-1].mark
    walk = Walk(mark=mark, end=datetime.now(UTC) - timedelta(hours=1))
    assert (await pages_of(client, "orders", walk))[-1].mark == mark


def _new_shipment(server: Tryton) -> int:
    """A shipment that someone begins by hand, with nothing in it yet."""
    [customer] = server.find("party.party", [["name", "=", "Customer 01"]], "addresses")
    return server.make(
        "stock.shipment.out",
        customer=customer["id"],
        delivery_address=customer["addresses"][0],
        warehouse=MAIN,
        warehouse_storage=3,
        warehouse_output=2,
    )


@pytest.mark.parametrize("name", ["orders", "inventory", "warehouse_locations"])
@pytest.mark.usefixtures("small_pages")
async def test_a_walk_that_was_cut_off_goes_on_where_it_stood(tryton: Tryton, tryton_client: NewClient, name):
    whole_pages = await pages_of(tryton_client(tryton), name)
    cut_off = getattr(tryton_client(tryton), name)(Walk())
    pages = [await anext(cut_off), await anext(cut_off)]
    await cut_off.aclose()
    cursor = msgspec.json.decode(msgspec.json.encode(pages[-1].cursor))
    remaining_pages = await pages_of(tryton_client(tryton), name, Walk(cursor=cursor))
    assert len(whole_pages) == 2 + len(remaining_pages)
    assert by_id([*pages, *remaining_pages]) == by_id(whole_pages)
    assert remaining_pages[-1].mark == whole_pages[-1].mark


@pytest.mark.usefixtures("no_overlap", "small_pages")
async def test_what_changes_behind_a_walk_comes_with_the_next_one(tryton: Tryton, tryton_client: NewClient):
    client = tryton_client(tryton)
    make_newest(tryton, "stock.shipment.out", 5, reference="R")
    walk = client.orders(Walk())
    pages = [await anext(walk)]
    tryton.change("stock.shipment.out", 1, reference="behind")
    tryton.change("stock.shipment.out", 18, reference="ahead")
    pages += [page async for page in walk]
    assert by_id(pages)["1"]["reference"] != "behind"
    assert by_id(pages)["18"]["reference"] == "ahead"
    again = by_id(await pages_of(client, "orders", Walk(mark=pages[-1].mark)))
    assert again.keys() == {"1", "5", "18"}
    assert again["1"]["reference"] == "behind"


@pytest.mark.usefixtures("small_pages")
async def test_a_session_that_ends_within_a_walk_is_renewed(tryton: Tryton, tryton_client: NewClient):
    walk = tryton_client(tryton).orders(Walk())
    first = await anext(walk)
    tryton.end_sessions()
    assert len(by_id([first, *[page async for page in walk]])) == tryton.count("stock.shipment.out")


@pytest.mark.usefixtures("small_pages")
async def test_a_password_that_changes_within_a_walk_ends_it(tryton: Tryton, tryton_client: NewClient):
    user = _user(tryton, "leaver", "Stock")
    walk = tryton_client(tryton, **user).orders(Walk())
    await anext(walk)
    leaver = tryton.find("res.user", [["login", "=", "leaver"]])[0]["id"]
    tryton.change("res.user", leaver, password="another-Secret-8")
    tryton.end_sessions()
    with pytest.raises(InvalidCredentials):
        await anext(walk)
