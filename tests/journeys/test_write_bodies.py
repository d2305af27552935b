"""What a write's body may say: what can't be heeded is never passed over."""

import gzip
import json
from typing import Any

import httpx
import pytest

from crossdock.api.operations import all_operations
from crossdock.api.records.writes import MOST_FILE_BYTES
from crossdock.svix_api.operations import PREFIX
from tests.conftest import needs_shared
from tests.journeys.server import Json, Organization, Server

ADDRESS = {"address1": "1 Main St", "city": "Reno", "state": "NV", "postal_code": "89506", "country": "US"}
LINE = {"product_id": "product_id_0", "quantity": 1}


def order(**extra_fields: Any) -> Json:
    return {"order_number": "B", "ship_to_address": ADDRESS, "line_items": [LINE], **extra_fields}


@pytest.fixture(scope="module")
def organization(server: Server) -> Organization:
    return server.organization("wms", "cart")


def faults(own_organization: Organization, method: str, path: str, body: Any) -> dict[str, list[str]]:
    answer = own_organization.ask(method, path, json=body)
    assert (answer.status_code, answer.json()["origin"]) == (422, "trackstar"), answer.text
    fields: dict[str, list[str]] = answer.json()["detail"]["json"]
    return fields


def sent(
    own_organization: Organization, method: str, path: str, content: bytes, **headers: str
) -> httpx.Response:
    kind = path.split("/")[1]
    fields = (
        own_organization.headers(kind if kind in own_organization.tokens else "wms")
        | {"content-type": "application/json"}
        | headers
    )
    return own_organization.http.request(
        method, f"{own_organization.url}{path}", headers=fields, content=content
    )


# Cases that others reported


def test_the_public_cases_of_bodies_are_as_they_should_be(organization: Organization):
    lines = needs_shared("public-cases", "api-cases.jsonl").read_text().splitlines()
    cases = {item["case"]: item for item in map(json.loads, lines)}
    ids = {"{inventory_id}": "inventory_item_id_0", "{warehouse_id}": "warehouse_id_0"}
    names = ("integer-with-zero-fraction", "integer-message-contradicts-itself")
    for name in (*names, "number-out-of-range-names-no-field", "nul-names-no-field"):
        case = cases[name]
        path, body = case["path"], case["json"]
        for placeholder, real in ids.items():
            path, body = path.replace(placeholder, real), body.replace(placeholder, real)
        answer = sent(organization, case["method"], path, body.encode())
        if case["right"] == 200:
            assert answer.status_code == 200, answer.text
        else:
            status, _, position = case["right"].partition(" detail.json.")
            assert (answer.status_code, [*answer.json()["detail"]["json"]]) == (int(status), [position])
    packed = sent(
        organization,
        "POST",
        "/wms/products",
        gzip.compress(b'{"sku":"G","name":"x"}'),
        **{"content-encoding": "gzip"},
    )
    assert (packed.status_code, packed.headers["accept-encoding"]) == (415, "identity")
    case = cases["content-encoding-ignored"]
    answer = sent(organization, "POST", case["path"], case["json"].encode(), **case["headers"])
    assert answer.status_code == case["right"]


def test_no_operation_takes_a_body_that_is_packed(organization: Organization):
    with_bodies = [operation for operation in all_operations() if operation.body is not None]
    refused = 0
    for api_operation in with_bodies:
        path = api_operation.path.replace("{function_name}", "get_orders").replace("{", "").replace("}", "")
        kind = (
            "multipart/form-data; boundary=x"
            if api_operation.write and api_operation.write.takes_file
            else "application/json"
        )
        answer = sent(
            organization,
            api_operation.method,
            path,
            b"{}",
            **{"content-encoding": "gzip", "content-type": kind},
        )
        if answer.status_code not in (404, 501):  # where the path names nothing, nothing is read
            assert answer.status_code == 415, (path, answer.text)
            assert answer.headers["accept-encoding"] == "identity"
            refused += 1
    assert refused > 30
    admin = sent(
        organization,
        "POST",
        f"{PREFIX}/app",
        b"{}",
        authorization=f"Bearer {organization.key}",
        **{"content-encoding": "br"},
    )
    assert (admin.status_code, admin.headers["accept-encoding"]) == (415, "identity")
    plain = sent(
        organization,
        "POST",
        "/wms/orders?dry_run=true",
        json.dumps(order()).encode(),
        **{"content-encoding": "identity"},
    )
    assert plain.status_code == 200


# Members that would change what is done


@pytest.mark.parametrize(
    ("method", "path", "body", "position", "says"),
    [
        ("PUT", "/cart/products/batch-adjust-inventory",
         {"line_items": [{"product_id": "p", "quantity": 1, "adjustment_type": "increase"}]},
         "line_items.0.adjustment_type", "a batch sets quantities"),
        ("PUT", "/cart/products/batch-adjust-inventory",
         {"line_items": [{"product_id": "p", "quantity": 1}], "adjustment_type": "increase"},
         "adjustment_type", "a batch sets quantities"),
        ("PUT", "/cart/products/batch-adjust-inventory",
         {"line_items": [{"product_id": "p", "quantity": 1}], "warehouse_id": "w"},
         "warehouse_id", "is that of a line"),
        ("POST", "/wms/orders", order(status="cancelled"), "status", "a new order is open"),
        ("POST", "/wms/orders", order(dry_run=True), "dry_run", "?dry_run=true"),
        ("POST", "/wms/orders", order(idempotency_key="k"), "idempotency_key", "Idempotency-Key"),
        ("POST", "/wms/orders", order(shiping_method_id="s"), "shiping_method_id",
         "did you mean shipping_method_id?"),
        ("POST", "/wms/orders", order(serviceLevel="s"), "serviceLevel", "did you mean service_level?"),
        ("POST", "/wms/orders", order(line_items=[LINE | {"discount_amout": 1}]),
         "line_items.0.discount_amout", "did you mean discount_amount?"),
        ("PUT", "/wms/inventory/inventory_item_id_0/adjust",
         {"quanity": 1, "adjustment_type": "increase", "warehouse_id": "warehouse_id_0"},
         "quanity", "did you mean quantity?"),
    ],
)  # fmt: skip
def test_a_member_that_changes_the_write_is_never_passed_over(
    organization: Organization, method: str, path: str, body: Json, position: str, says: str
):
    assert says in faults(organization, method, path, body)[position][0]


def test_a_member_that_only_decorates_is_told_as_unused(organization: Organization):
    body = order(tags=["a"], notes="ring", ship_to_address=ADDRESS | {"address3": "x"})
    answer = organization.ask("POST", "/wms/orders", json=body).json()
    assert answer["unused_fields"] == ["ship_to_address.address3", "tags", "notes"]


# Spellings, ids and names


def test_two_spellings_of_a_member_agree_or_are_refused(organization: Organization):
    same_address = ADDRESS | {"zip_code": "89506", "name": "Ada", "full_name": "Ada"}
    answer = organization.ask("POST", "/wms/orders", json=order(ship_to_address=same_address))
    assert (answer.status_code, answer.json()["unused_fields"]) == (200, [])
    differ = ADDRESS | {"zip_code": "1", "email": "a@example.com", "email_address": "b@example.com"}
    fields = faults(organization, "POST", "/wms/orders", order(ship_to_address=differ))
    assert list(fields) == ["ship_to_address.zip_code", "ship_to_address.email"]
    assert "another spelling" in fields["ship_to_address.email"][0]


def test_an_address_keeps_telephone_and_mail_when_something_else_of_it_changes(organization: Organization):
    address = ADDRESS | {"phone_number": "+1 555", "email": "a@example.com"}
    data = organization.ask("POST", "/wms/orders", json=order(ship_to_address=address)).json()["data"]
    changed = organization.ask(
        "PUT", f"/wms/orders/{data['id']}", json={"ship_to_address": {"city": "Elko"}}
    ).json()["data"]
    kept_value = changed["ship_to_address"]
    assert (kept_value["city"], kept_value["phone_number"], kept_value["email_address"]) == (
        "Elko",
        "+1 555",
        "a@example.com",
    )


def test_an_id_and_a_name_agree_or_are_refused(organization: Organization):
    channel, other_fields = organization.list("/wms/orders/channels")[:2]
    both = {"channel_id": channel["id"], "channel_name": channel["name"]}
    response = organization.ask("POST", "/wms/orders", json=order(channel_object=both))
    assert response.json()["data"]["channel_object"]["channel_id"] == channel["id"]
    fields = faults(
        organization,
        "POST",
        "/wms/orders",
        order(channel_object=both | {"channel_name": other_fields["name"]}),
    )
    [text] = fields["channel_object.channel_name"]
    assert repr(channel["name"]) in text
    fields = faults(organization, "POST", "/wms/orders", order(channel_object={}))
    assert fields == {"channel_object": ["one of these is required: channel_id, channel_name"]}


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "ftp://example.com/a", "data:,x", "//x"]
)
def test_a_link_is_http_or_https(organization: Organization, link: str):
    [fields] = organization.list("/wms/orders", status="open", limit="1")
    path = f"/wms/orders/{fields['id']}"
    reported_faults = faults(
        organization, "POST", f"{path}/shipments", {"tracking_number": "T", "tracking_url": link}
    )
    assert "must be a link that begins with http:// or https://" in reported_faults["tracking_url"][0]
    answer = organization.ask("POST", f"{path}/file", files={"file_url": (None, link)})
    assert answer.status_code == 422
    assert "file_url" in answer.json()["detail"]["form"]


def test_times_are_taken_in_every_form(organization: Organization):
    body = {
        "supplier": "S", "purchase_order_number": "P", "warehouse_id": "warehouse_id_0",
        "tracking_number": "T",
        "line_items": [{"sku": organization.list("/wms/inventory")[0]["sku"], "expected_quantity": 1}],
    }  # fmt: skip
    for written, kept_text in (
        ("2027-01-20T09:00:00.123Z", "2027-01-20T09:00:00Z"),
        ("2027-01-20T09:00:00+02:00", "2027-01-20T07:00:00Z"),
        ("2027-01-20", "2027-01-20T00:00:00Z"),
    ):
        response = organization.ask(
            "POST", "/wms/inbound-shipments", json=body | {"expected_arrival_date": written}
        )
        assert response.json()["data"]["expected_arrival_date"] == kept_text, response.text
    fields = faults(organization, "POST", "/wms/inbound-shipments", body | {"expected_arrival_date": "soon"})
    [message] = fields["expected_arrival_date"]
    assert message.startswith("'soon' is not a date; wanted is an ISO 8601 date such as 2026-01-31T09:00:00Z")


# Files


def test_a_file_of_an_order_has_at_most_25_mib(organization: Organization):
    [fields] = organization.list("/wms/orders", status="open", limit="1")
    path = f"/wms/orders/{fields['id']}/file"
    large = organization.ask(
        "POST", path, files={"file": ("label.pdf", b"%" * MOST_FILE_BYTES, "application/pdf")}
    )
    assert large.status_code == 200, large.text
    extra_response = organization.ask(
        "POST", path, files={"file": ("label.pdf", b"%" * (MOST_FILE_BYTES + 1), "application/pdf")}
    )
    assert extra_response.status_code == 413
    assert "26214400" in extra_response.json()["error"]


# What a write makes is all there


def test_what_a_write_makes_is_there_at_once(organization: Organization, server: Server):
    product = organization.ask("POST", "/wms/products", json={"sku": "AT-ONCE", "name": "At once"}).json()[
        "data"
    ]
    item = product["inventory_items"][0]["inventory_item_id"]
    assert organization.one(f"/wms/inventory/{item}")["sku"] == "AT-ONCE"
    assert item in {character["id"] for character in organization.list("/wms/inventory")}
    extra_fields = {"quantity": 3, "adjustment_type": "increase", "warehouse_id": "warehouse_id_0"}
    assert (
        organization.ask("PUT", f"/wms/inventory/{item}/adjust", json=extra_fields).json()["data"]["onhand"]
        == 3
    )
    organization.ask("PUT", f"/wms/products/{product['id']}", json={"name": "Renamed"})
    assert organization.one(f"/wms/inventory/{item}")["name"] == "Renamed"

    body = order(channel_object={"channel_name": "Brand new"})
    data = organization.ask("POST", "/wms/orders", json=body).json()["data"]
    assert "Brand new" in {character["name"] for character in organization.list("/wms/orders/channels")}
    packs = organization.one(f"/wms/orders/{data['id']}/packs")
    assert (packs["packs"], packs["order_line_items"]) == ([], [])
    assert organization.get("/wms/orders/nothing/packs").status_code == 404

    sent = organization.ask(
        "POST", "/wms/inbound-shipments",
        json={
            "supplier_object": {"supplier_name": "Fresh Supplies"}, "purchase_order_number": "P",
            "tracking_number": "T",
            "warehouse_id": "warehouse_id_0", "expected_arrival_date": "2027-01-20T09:00:00Z",
            "line_items": [{"sku": "AT-ONCE", "expected_quantity": 1}],
        },
    )  # fmt: skip
    assert sent.status_code == 200, sent.text
    assert "Fresh Supplies" in {
        character["name"] for character in organization.list("/wms/inbound-shipments/suppliers")
    }
    for function in ("get_products", "get_order_channels", "get_inbound_shipment_suppliers"):
        counts = server.synced(organization, "wms", function)
        assert (counts["created"], counts["updated"]) == (0, 0), function
