"""Writing to the sandbox over HTTP: a whole flow, told as events, after which a sync finds nothing new."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.journeys.server import Json, Organization, Server

ADDRESS = {"address1": "1 Main St", "city": "Reno", "state": "NV", "postal_code": "89506", "country": "US"}
BOX = {"length": 9, "width": 9, "height": 9, "unit": "in", "weight": 2, "weight_unit": "lb"}
SENT = {
    "shipped_date": "2027-01-06T12:00:00Z", "tracking_number": "T-1", "shipping_cost": 7.25,
    "measurements": BOX, "warehouse_id": "warehouse_id_0",
}  # fmt: skip


@pytest.fixture(scope="module")
def organization(server: Server) -> Organization:
    return server.organization("wms")


@pytest.fixture(scope="module")
def shop(server: Server) -> Organization:
    return server.organization("cart")


def written(
    own_organization: Organization, method: str, path: str, body: Any = None, **extra_fields: Any
) -> Json:
    """The record after a write."""
    answer = own_organization.ask(method, path, **({} if body is None else {"json": body}), **extra_fields)
    assert answer.status_code == 200, answer.text
    fields: Json = answer.json()
    assert fields["unused_fields"] == []
    return dict(fields["data"]) if isinstance(fields["data"], dict) else fields


def an_order(product: str, **extra_fields: Any) -> Json:
    line = {"product_id": product, "quantity": 2, "unit_price": 10.99, "discount_amount": 0.5}
    return {"order_number": "SO-1", "ship_to_address": ADDRESS, "line_items": [line], **extra_fields}


def test_a_whole_flow_is_told_and_the_next_sync_finds_nothing_new(server: Server, organization: Organization):
    event_count = len(server.events(organization, "wms"))
    product = written(
        organization, "POST", "/wms/products", {"sku": "MUG", "name": "Mug", "unit_price": 12.5}
    )
    inbound = written(
        organization, "POST", "/wms/inbound-shipments",
        {
            "supplier": "New Supplies", "warehouse_id": "warehouse_id_0", "purchase_order_number": "PO-1",
            "expected_arrival_date": "2027-01-04T09:00:00Z", "tracking_number": "I-1",
            "line_items": [{"sku": "MUG", "expected_quantity": 5}],
        },
    )  # fmt: skip
    order = written(organization, "POST", "/wms/orders", an_order(product["id"], trackstar_tags=["vip"]))
    assert (order["status"], order["total_price"], order["trackstar_tags"]) == ("backordered", 21.48, ["vip"])
    arrival = {"line_items": [{"sku": "MUG", "quantity": 5}], "warehouse_location_id": "location_id_16"}
    received = written(organization, "PUT", f"/wms/inbound-shipments/{inbound['id']}/receive", arrival)
    assert (received["status"], len(received["receipts"])) == ("received", 1)
    sent = written(organization, "POST", f"/wms/orders/{order['id']}/shipments", SENT)
    assert (sent["status"], sent["trackstar_tags"]) == ("fulfilled", ["vip"])
    back = {"order_id": order["id"], "line_items": [{"sku": "MUG", "quantity": 1}]}
    returned = written(organization, "POST", "/wms/returns", back)
    written(organization, "PUT", f"/wms/returns/{returned['id']}/cancel")
    item = product["inventory_items"][0]["inventory_item_id"]
    server.synced(organization, "wms", "get_inventory")
    adjust = {
        "quantity": 2,
        "adjustment_type": "decrease",
        "warehouse_id": "warehouse_id_0",
        "reason": "Broken",
    }
    assert written(organization, "PUT", f"/wms/inventory/{item}/adjust", adjust)["onhand"] == 1

    events = [event["event_type"] for event in server.events(organization, "wms")[event_count:]]
    assert [event for event in events if not event.startswith(("inventory.", "connection."))] == [
        "product.created", "inbound-shipment.created", "order.created",
        "inbound-shipment.updated", "inbound-shipment.receipt.created",
        "order.updated", "order.shipment.created", "return.created", "return.updated",
    ]  # fmt: skip
    for function in ("get_products", "get_inbound_shipments", "get_orders", "get_returns", "get_inventory"):
        counts = server.synced(organization, "wms", function)
        assert (counts["created"], counts["updated"], counts["gone"]) == (0, 0, 0), function
    assert organization.one(f"/wms/orders/{order['id']}") == sent
    server.synced(organization, "wms", "get_inventory_ledger")
    entries = [
        character for character in organization.list("/wms/inventory/ledger") if character["sku"] == "MUG"
    ]
    assert sorted((entry["event_type"], entry["quantity"]) for entry in entries) == [
        ("adjustment", -2), ("inbound_receipt", 5), ("order_shipment", -2),
    ]  # fmt: skip


def test_what_the_warehouse_refuses_comes_in_its_own_words(organization: Organization):
    answer = organization.ask("POST", "/wms/orders", json=an_order("nope"))
    assert (answer.status_code, answer.json()) == (
        422, {"error": "there is no product 'nope'", "origin": "integration"},
    )  # fmt: skip


def test_a_warehouse_that_is_not_this_accounts_is_refused_before_anything_is_sent(organization: Organization):
    answer = organization.ask("POST", "/wms/orders", json=an_order("product_id_0", warehouse_id="elsewhere"))
    assert (answer.status_code, answer.json()["origin"]) == (422, "trackstar")
    [message] = answer.json()["detail"]["json"]["warehouse_id"]
    assert "warehouse_id_0, warehouse_id_1" in message


def test_a_rehearsal_shows_the_warehouses_own_call_and_makes_none(organization: Organization):
    before = len(organization.list("/wms/orders"))
    answer = organization.ask("POST", "/wms/orders?dry_run=true", json=an_order("product_id_0"))
    assert answer.status_code == 200, answer.text
    assert "https://sandbox.invalid/wms/orders" in answer.text
    assert '"rebate":"0.5"' in answer.text
    assert len(organization.list("/wms/orders")) == before


def test_identical_requests_at_once_make_one_order(organization: Organization):
    headers = {**organization.headers("wms"), "Idempotency-Key": "once"}
    body = an_order("product_id_0", reference_id="once")

    def ask(_: int) -> tuple[int, str | None]:
        answer = organization.http.post(f"{organization.url}/wms/orders", headers=headers, json=body)
        return answer.status_code, answer.json().get("id")

    with ThreadPoolExecutor(12) as many:
        answers = list(many.map(ask, range(12)))
    assert {status for status, _ in answers} <= {200, 409}
    assert len({record for status, record in answers if status == 200}) == 1
    assert len(organization.list("/wms/orders", reference_id="once")) == 1


def test_the_warehouses_own_api_is_reached_by_passthrough(organization: Organization):
    body = {"method": "GET", "path": "/wms/warehouses/warehouse_id_1"}
    answer = organization.ask("POST", "/wms/passthrough", json=body).json()
    assert (answer["status_code"], answer["body"]["short"]) == (200, "ABE1")
    answer = organization.ask("POST", "/wms/passthrough", json={**body, "path": "/wms/warehouses/no"}).json()
    assert answer["status_code"] == 404


def test_a_shop_is_told_of_a_shipment_and_refunds(server: Server, shop: Organization):
    [order, *_] = shop.list("/cart/orders", status="open")
    body = {
        "tracking_number": "T-1", "tracking_url": "https://track.example.com/T-1", "carrier_name": "FedEx",
        "shipping_method_name": "2Day",
    }  # fmt: skip
    sent = written(shop, "POST", f"/cart/orders/{order['id']}/shipments", body)
    assert sent["status"] == "fulfilled"
    refunded = written(shop, "POST", f"/cart/orders/{order['id']}/refund", {"amount": 0.07, "reason": "late"})
    assert refunded["additional_fields"]["refunds"][0]["amount"] == 0.07
    too_much = shop.ask("POST", f"/cart/orders/{order['id']}/refund", json={"amount": 99999})
    assert (too_much.status_code, too_much.json()["origin"]) == (422, "integration")
    [variant, *_] = [character for character in shop.list("/cart/products") if character["price"] is not None]
    line = {"product_id": variant["id"], "quantity": 12}
    batch = shop.ask("PUT", "/cart/products/batch-adjust-inventory", json={"line_items": [line]}).json()
    assert ([record["inventory"] for record in batch["data"]], "id" in batch) == ([12], False)
    for function in ("get_orders", "get_products"):
        counts = server.synced(shop, "cart", function)
        assert (counts["created"], counts["updated"]) == (0, 0), function


def test_write_info_names_this_accounts_warehouses_and_the_sandboxs_own_fields(organization: Organization):
    document = organization.get("/integrations/wms/sandbox/write-info", "wms").json()
    body = document["components"]["schemas"]["CreateOrder"]
    assert body["properties"]["warehouse_id"]["enum"] == ["warehouse_id_0", "warehouse_id_1"]
    assert body["properties"]["signature_required"]["type"] == "boolean"
    assert {"order_number", "ship_to_address", "line_items"} == {*body["required"]}
