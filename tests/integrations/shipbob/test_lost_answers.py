"""What a write made whose answer was lost is found again, and nothing else is taken for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.integrations.shipbob.client import Client
from crossdock.integrations.shipbob.write import inbound_shipments, orders, products, returns
from crossdock.kit.contract import Command, Operation
from tests.integrations.shipbob.mock import Mock
from tests.integrations.shipbob.records import NEW_ORDER

BEGUN = datetime(2026, 11, 30, 9, tzinfo=UTC)
LINES = [{"sku": "TShirtBlueM", "quantity": 2, "expected_quantity": 2}]
WRITES = [
    (orders.CREATE_ORDER, {**NEW_ORDER, "shipping_method": "Standard"}, "reference_id"),
    (
        inbound_shipments.CREATE_INBOUND_SHIPMENT,
        {"warehouse_id": "8", "expected_arrival_date": "2026-12-01T09:00:00Z", "line_items": LINES},
        "purchase_order_number",
    ),
    (returns.CREATE_RETURN, {"warehouse_id": "8", "line_items": LINES}, "reference_id"),
    (products.CREATE_PRODUCT, {"name": "Mug"}, "sku"),
]


@pytest.fixture
def now(mock: Mock) -> datetime:
    mock.clock = BEGUN.timestamp
    return BEGUN


async def carried_out(client: Client, steps: Any) -> Any:
    """The result of steps whose calls a client makes."""
    answer = None
    while True:
        try:
            call = steps.send(answer)
        except StopIteration as end:
            return end.value
        answer = await client.call(call)


async def found(client: Client, operation: Operation, command: Command) -> str | None:
    assert operation.find is not None
    search = operation.find(command)
    name: str | None = None if search is None else await carried_out(client, search)
    return name


@pytest.mark.parametrize("value", ["SO-7", "SO-7, second try", "a,b"])
@pytest.mark.parametrize(("operation", "body", "name"), WRITES)
async def test_what_was_made_is_found_again_by_whatever_it_is_called(
    mock: Mock,
    client: Client,
    now: datetime,
    operation: Operation,
    body: dict[str, Any],
    name: str,
    value: str,
):
    command = Command("create", body | {name: value}, begun=now)
    assert await found(client, operation, command) is None
    made = await carried_out(client, operation.steps(command))
    assert await found(client, operation, command) == made


@pytest.mark.parametrize(("operation", "body", "name"), WRITES)
async def test_what_was_there_before_the_write_is_not_taken_for_what_it_made(
    mock: Mock, client: Client, now: datetime, operation: Operation, body: dict[str, Any], name: str
):
    mock.clock = (now - timedelta(days=30)).timestamp
    await carried_out(client, operation.steps(Command("create", body | {name: "SO-7"}, begun=now)))
    mock.clock = now.timestamp
    assert await found(client, operation, Command("create", body | {name: "SO-7"}, begun=now)) is None


async def test_the_order_of_another_channel_with_the_same_reference_is_not_ours(
    mock: Mock, client: Client, now: datetime
):
    command = Command("create", {**NEW_ORDER, "shipping_method": "Standard"}, begun=now)
    theirs = await carried_out(client, orders.CREATE_ORDER.steps(command))
    mock.orders[int(theirs)]["channel"] = {"id": 202, "name": "Their shop"}
    assert await found(client, orders.CREATE_ORDER, command) is None
    ours = await carried_out(client, orders.CREATE_ORDER.steps(command))
    assert await found(client, orders.CREATE_ORDER, command) == ours != theirs


async def test_an_order_is_found_on_whichever_page_it_is(mock: Mock, client: Client, now: datetime):
    mock.most = 1
    made = []
    for name in ("a,1", "a,2", "a,3"):
        body = {**NEW_ORDER, "shipping_method": "Standard", "reference_id": name}
        made.append(await carried_out(client, orders.CREATE_ORDER.steps(Command("create", body, begun=now))))
        assert await found(client, orders.CREATE_ORDER, Command("create", body, begun=now)) == made[-1]
