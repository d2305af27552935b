"""Writes into a real Tryton whose answer is lost, and what else can happen on the way."""

from typing import Any

import pytest

from crossdock.errors import NotFound, VendorRefused, VendorUnavailable
from crossdock.integrations.tryton.client import Client
from crossdock.kit.contract import Call, PassthroughCall
from crossdock.writes.steps import execute
from tests.integrations.tryton.live.server import Tryton
from tests.integrations.tryton.live.writing import (
    A_01,
    EAST,
    INBOUND,
    MAIN,
    ORDER,
    TRYTON,
    NewClient,
    Unlucky,
    command,
    inbound,
    one,
    onhand,
    order,
    searched,
    write,
)

pytestmark = pytest.mark.live


# When an answer is lost


LOST = [
    ("create_inbound_shipment", inbound("PO-lost"), INBOUND),
    ("create_product", {"sku": "LOST", "name": "Lost"}, "product.template"),
]


@pytest.mark.parametrize(("action", "body", "model"), LOST)
async def test_what_was_made_is_found_though_its_answer_was_lost(
    tryton: Tryton, unlucky: Unlucky, action: str, body: dict[str, Any], model: str
):
    requested_command, before = command(action, body), tryton.count(model)
    assert await searched(unlucky, requested_command) is None
    unlucky.loses = f"{model}.create"
    with pytest.raises(VendorUnavailable):
        await execute(unlucky, TRYTON.steps(requested_command))
    text = await searched(unlucky, requested_command)
    assert text is not None
    assert tryton.count(model) == before + 1
    again = command(action, body, found=text)
    assert await execute(unlucky, TRYTON.steps(again)) == text
    assert tryton.count(model) == before + 1


async def test_an_order_that_was_made_and_not_more_is_brought_to_its_end(tryton: Tryton, unlucky: Unlucky):
    requested_command = command("create_order", order("W-half"))
    unlucky.loses = f"{ORDER}.create"
    with pytest.raises(VendorUnavailable):
        await execute(unlucky, TRYTON.steps(requested_command))
    text = await searched(unlucky, requested_command)
    assert text is not None
    assert one(tryton, ORDER, text, "state", "number") == {
        "id": int(text),
        "state": "draft",
        "number": None,
    }
    await execute(unlucky, TRYTON.steps(command("create_order", order("W-half"), found=text)))
    assert one(tryton, ORDER, text, "state")["state"] == "waiting"


@pytest.mark.parametrize("step", ["pick", "do"])
async def test_shipping_goes_on_where_it_stopped(tryton: Tryton, unlucky: Unlucky, step: str):
    text = await write(unlucky, "create_order", order(f"W-stop-{step}"))
    requested_command = command("create_order_shipment", {"tracking_number": "1Z-S"}, text)
    unlucky.loses = f"{ORDER}.{step}"
    with pytest.raises(VendorUnavailable):
        await execute(unlucky, TRYTON.steps(requested_command))
    name = await searched(unlucky, requested_command)
    assert name == (text if step == "do" else None)
    again = command("create_order_shipment", {"tracking_number": "1Z-S"}, text, found=name)
    assert await execute(unlucky, TRYTON.steps(again)) == text
    shipment = one(tryton, ORDER, text, "state", "shipping_reference")
    assert (shipment["state"], shipment["shipping_reference"]) == ("done", "1Z-S")


@pytest.mark.parametrize("step", ["write", "receive"])
async def test_receiving_goes_on_where_it_stopped(tryton: Tryton, unlucky: Unlucky, step: str):
    text = await write(unlucky, "create_inbound_shipment", inbound(f"PO-stop-{step}"))
    before = onhand(tryton, 3, A_01)
    body = {"line_items": [{"sku": "SKU-003", "quantity": 3}], "warehouse_location_id": str(A_01)}
    requested_command = command("receive_inbound_shipment", body, text)
    unlucky.loses = f"{INBOUND}.{step}"
    with pytest.raises(VendorUnavailable):
        await execute(unlucky, TRYTON.steps(requested_command))
    name = await searched(unlucky, requested_command)
    assert name == (None if step == "write" else text)
    again = command("receive_inbound_shipment", body, text, found=name)
    assert await execute(unlucky, TRYTON.steps(again)) == text
    assert one(tryton, INBOUND, text, "state")["state"] == "done"
    assert onhand(tryton, 3, A_01) == before + 3


async def test_a_return_is_found_by_its_reference_and_without_one_it_is_not_looked_for(client: Client):
    body = {"order_id": "1", "line_items": [{"sku": "SKU-011", "quantity": 1}], "reference": "RMA-lost"}
    requested_command = command("create_return", body)
    rows = await execute(client, TRYTON.steps(requested_command))
    assert await searched(client, requested_command) == rows
    del body["reference"]
    assert TRYTON.search(command("create_return", body)) is None


# The client


async def test_a_session_that_ended_is_renewed_and_the_write_done_once(tryton: Tryton, client: Client):
    await client.check()
    parties = tryton.count("party.party")
    tryton.end_sessions()
    await client.call(Call("rpc", "model.party.party.create", [[{"name": "Of nothing"}]]))
    assert tryton.count("party.party") == parties + 1


async def test_a_question_of_tryton_is_a_refusal_in_its_words(tryton: Tryton, client: Client):
    text = await write(client, "create_order", order("W-question"))
    tryton.press(ORDER, int(text), "assign_try", "pick")
    tryton.change(ORDER, int(text), carrier=None)
    with pytest.raises(VendorRefused, match="does not have a carrier set") as failure:
        await client.call(Call("rpc", f"model.{ORDER}.pack", [[int(text)]]))
    assert failure.value.status == 409
    assert one(tryton, ORDER, text, "state")["state"] == "picked"


async def test_a_record_that_is_not_there_is_not_found(client: Client):
    for name in ("order", "inbound_shipment", "return_order", "product", "inventory_item"):
        for record_id in ("99999", "x"):
            with pytest.raises(NotFound):
                await getattr(client, name)(record_id)
    with pytest.raises(VendorRefused, match="any more") as failure:
        await write(client, "cancel_order", {}, "99999")
    assert failure.value.status == 404


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
    answer = await client.passthrough(PassthroughCall("POST", "/rpc/", {}, {}, call))
    assert (answer.status, answer.json()) == (200, {"id": 7, "result": 1})
    missing = await client.passthrough(PassthroughCall("GET", "/nothing/here", {"a": "b"}, {}, None))
    assert missing.status == 405
