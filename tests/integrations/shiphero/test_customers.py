"""A 3PL's customers: none is shown another one's records, and none is taken for another one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from crossdock.errors import MissingPermission, NotFound, VendorRefused
from crossdock.integrations.shiphero.client import Client
from crossdock.integrations.shiphero.write import inbound, orders, products
from crossdock.kit.contract import Call, Command, Context, Operation, Walk
from crossdock.kit.http import Http
from crossdock.kit.registry import get_integration
from crossdock.kit.session import LocalSession
from tests.fakes.invented import reached_at
from tests.integrations.shiphero.mock import ACCOUNT, WAREHOUSE, Mock, uuid
from tests.mock_vendors.orders import SampleOrder

OURS, THEIRS = uuid("Account", 7001), uuid("Account", 7002)
BEGUN = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.fixture
def of_customer(mock: Mock, http: Http, tmp_path: Path) -> Client:
    """A client of a connection to one customer."""
    manifest = reached_at(get_integration("wms", "shiphero"), {"": mock.url}).manifest
    http.limits = manifest.limits
    credentials = mock.credentials() | {"customer_account_id": OURS}
    session = LocalSession({"account_id": ACCOUNT})
    return Client(Context(credentials, http, tmp_path, session=session, manifest=manifest))


@pytest.fixture
def shared(mock: Mock) -> Mock:
    """A 3PL in which two customers have an order, an item, changes of stock, a supplier."""
    mock.clock = BEGUN.timestamp
    for number, account in enumerate((OURS, THEIRS)):
        order_id = mock.add_order(SampleOrder(number))
        mock.orders[order_id]["account_id"] = account
        product = mock.add_product(f"CUP-{account}")
        product |= {"account_id": account, "sku": "CUP"}
        mock.do_inventory_add({"sku": f"CUP-{account}", "warehouse_id": WAREHOUSE, "quantity": 5})
        mock.inventory_changes[-1] |= {"account_id": account, "sku": "CUP"}
        vendor = {"id": uuid("Vendor", 10 + number), "account_id": account, "name": "Mills"}
        mock.vendors.append(vendor | {"created_at": "2026-01-01T00:00:00"})
        mock.customers.append({"id": account, "username": f"customer {number}", "legacy_id": 7001 + number})
    return mock


@pytest.mark.parametrize(
    "function", ["orders", "products", "inventory", "inventory_ledger", "inbound_shipment_suppliers"]
)
async def test_a_connection_of_one_customer_reads_nothing_of_another(
    shared: Mock, of_customer: Client, function: str
):
    pages = [page async for page in getattr(of_customer, function)(Walk())]
    assert {raw["account_id"] for page in pages for raw in page.records} == {OURS}


async def test_a_connection_of_one_customer_names_no_other(shared: Mock, of_customer: Client):
    pages = [page async for page in of_customer.warehouse_customers(Walk())]
    assert [raw["id"] for page in pages for raw in page.records] == [OURS]


async def test_bills_that_do_not_say_whose_they_are_are_refused_to_one_customer(
    shared: Mock, of_customer: Client
):
    with pytest.raises(MissingPermission):
        [page async for page in of_customer.bills(Walk())]


async def test_a_record_of_another_customer_can_t_be_asked_for_by_its_id(shared: Mock, of_customer: Client):
    ids = {order["account_id"]: order_id for order_id, order in shared.orders.items()}
    assert (await of_customer.order(ids[OURS]))["account_id"] == OURS
    with pytest.raises(NotFound):
        await of_customer.order(ids[THEIRS])
    with pytest.raises(NotFound):
        await of_customer.inventory_item(f"{THEIRS}:CUP")


async def test_nothing_is_written_to_another_customer_s_order(shared: Mock, of_customer: Client):
    theirs = next(key for key, order in shared.orders.items() if order["account_id"] == THEIRS)
    line = {"sku": "CRATE-1", "quantity": 1}
    body = {"order_id": theirs, "warehouse_id": WAREHOUSE, "line_items": [line]}
    with pytest.raises(VendorRefused, match="has no order"):
        await carried_out(of_customer, inbound.CREATE_RETURN.steps(Command("create_return", body)))
    assert shared.returns == {}


async def test_an_item_that_all_customers_have_is_found_among_them(mock: Mock, client: Client):
    for number in range(12):
        product = mock.add_product(f"CUP-{number}")
        product |= {"account_id": uuid("Account", 7000 + number), "sku": "CUP"}
    mock.add_product("CUP")
    item = await client.inventory_item(f"{ACCOUNT}:CUP")
    assert (item["account_id"], item["id"]) == (ACCOUNT, f"{ACCOUNT}:CUP")


ORDER = {"order_number": "1001", "line_items": [{"sku": "CRATE-1", "quantity": 1}]}
PURCHASE_ORDER = {"purchase_order_number": "PO-1", "line_items": []}


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        (orders.CREATE_ORDER, ORDER),
        (inbound.CREATE_INBOUND_SHIPMENT, PURCHASE_ORDER),
        (products.CREATE_PRODUCT, {"sku": "NEW", "name": "New"}),
    ],
    ids=["order", "purchase order", "product"],
)
async def test_what_another_customer_made_is_not_taken_for_what_a_lost_write_made(
    mock: Mock, client: Client, operation: Operation, body: dict[str, Any]
):
    mock.clock = BEGUN.timestamp
    made = {"order_number": "1001", "partner_order_id": "1001", "fulfillment_status": "pending"}
    mock._hold(made | {"customer_account_id": THEIRS, "line_items": []})
    for number, name in enumerate(("PO-1", "PO-1")):
        mock.do_purchase_order_create(
            {"customer_account_id": uuid("Account", 7000 + number), "po_number": name, "line_items": []}
        )
    mock.add_product("NEW")["account_id"] = THEIRS
    command = Command("create", body, begun=BEGUN)
    assert operation.find is not None
    assert await carried_out(client, operation.find(command)) is None
    mock._hold(made | {"line_items": []})
    mock.do_purchase_order_create({"po_number": "PO-1", "line_items": []})
    mock.add_product("NEW")
    assert await carried_out(client, operation.find(command)) is not None


class Caller(Protocol):
    """Whatever carries out a call."""

    async def call(self, call: Call) -> Any: ...


async def carried_out(client: Caller, steps: Any) -> Any:
    """The result of steps whose calls a client makes."""
    answer = None
    while True:
        try:
            call = steps.send(answer)
        except StopIteration as end:
            return end.value
        answer = await client.call(call)
