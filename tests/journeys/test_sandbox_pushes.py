"""The sandbox tells by itself of what its own API changed: within seconds, signed, storms folded."""

import msgspec
import pytest

from crossdock.integrations.sandbox.operations.pushes import SIGNATURE, changed, notice, verify
from crossdock.kit.inbound import BadSignature, InboundRequest
from tests.journeys.server import Organization, Server, until


def open_orders(organization: Organization, count: int) -> list[str]:
    orders = organization.list("/wms/orders", status="open", limit="50")
    ids = [order["id"] for order in orders if order["raw_status"] and not order["shipments"]]
    assert len(ids) >= count
    return ids[:count]


def status_of(organization: Organization, order_id: str) -> str:
    return str(organization.one(f"/wms/orders/{order_id}")["status"])


def cancel(organization: Organization, order_id: str) -> None:
    """Has the sandbox cancel an order, as somebody would who works in it."""
    body = {"method": "POST", "path": f"/wms/orders/{order_id}/cancel"}
    answer = organization.ask("POST", "/wms/passthrough", json=body)
    assert (answer.status_code, answer.json()["status_code"]) == (200, 200), answer.text


def test_what_the_sandboxs_own_api_changed_is_here_without_a_sync(server: Server):
    organization = server.organization("wms")
    until(lambda: _is_subscribed(server, organization))
    ids = open_orders(organization, 3)
    before = server.last_run(organization, "wms", "get_bills")
    for order_id in ids:
        cancel(organization, order_id)
    until(
        lambda: {organization.one(f"/wms/orders/{order_id}")["status"] for order_id in ids} == {"cancelled"}
    )
    until(lambda: not server.do(server.services.database.fetch(
        "SELECT n.id FROM notices n JOIN connections c ON c.id = n.connection_id WHERE c.uid = ?",
        organization.uids["wms"],
    )))  # fmt: skip
    told = [event["data"]["id"] for event in server.events(organization, "wms")
            if event["event_type"] == "order.updated"]  # fmt: skip
    assert sorted(told) == sorted(ids), "each is told of once"
    assert server.last_run(organization, "wms", "get_bills") == before


def _is_subscribed(server: Server, organization: Organization) -> bool:
    look = server.services.database.fetch(
        "SELECT s.subscription FROM inbound_subscriptions s JOIN connections c ON c.id = s.connection_id "
        "WHERE c.uid = ?",
        organization.uids["wms"],
    )
    rows = server.do(look)
    return bool(rows) and rows[0][0] is not None


def test_a_sandbox_that_is_filled_anew_goes_on_telling(server: Server):
    organization = server.organization("wms")
    until(lambda: _is_subscribed(server, organization))
    organization.add_sandbox("wms")
    [order_id] = open_orders(organization, 1)
    cancel(organization, order_id)
    until(lambda: status_of(organization, order_id) == "cancelled")


def test_a_notice_is_taken_only_with_its_signature():
    body, headers = notice([("get_orders", "o-2"), ("get_orders", "o-1"), ("get_orders", "o-2")], "secret")
    verify(InboundRequest.of(body, headers), "secret")
    assert changed(msgspec.json.decode(body), headers) == [("get_orders", "o-1"), ("get_orders", "o-2")]
    for forged in (InboundRequest.of(body, {}), InboundRequest.of(body + b" ", headers)):
        with pytest.raises(BadSignature):
            verify(forged, "secret")
    with pytest.raises(BadSignature):
        verify(InboundRequest.of(body, {SIGNATURE: headers[SIGNATURE]}), "another")
