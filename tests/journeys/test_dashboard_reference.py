"""The API reference and the command palette over HTTP: all is there, and only the sandbox is tried."""

import html
import json
from decimal import Decimal
from typing import Any

import pytest

from crossdock.api.openapi import document
from crossdock.api.operations import all_operations
from tests.journeys.account import Desk, desk
from tests.journeys.server import Organization
from tests.journeys.test_dashboard import Office, office, uid_of

__all__ = ["desk"]

DOCUMENT = document("http://127.0.0.1", "1")


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    return desk.server.organization("wms", "cart")


@pytest.fixture(scope="module")
def other_house(desk: Desk) -> Organization:
    return desk.server.organization("wms")


@pytest.fixture(scope="module")
def developer(desk: Desk, house: Organization) -> Office:
    return office(desk, house, "developer")


def tried(person: Office, operation_id: str, **fields: str) -> Any:
    """The trial on the page that came back."""
    answer = person.send(f"/reference/{operation_id}?format=json", **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["trial"]


def order_of(house: Organization) -> dict[str, Any]:
    order: dict[str, Any] = house.list("/wms/orders", limit="1")[0]
    return order


def test_every_operation_has_a_page_that_says_how_to_call_it(developer: Office):
    walked = 0
    for path, methods in DOCUMENT["paths"].items():
        for method, source in methods.items():
            answer = developer.get(f"/reference/{source['operationId']}")
            assert answer.status_code == 200, source["operationId"]
            text = html.unescape(answer.text)
            assert f">{method.upper()}<" in text
            assert f"<code>{path}</code>" in text
            for parameter in source.get("parameters", []):
                name = parameter.get("name") or named(parameter["$ref"])
                assert f">{name}</code>" in text, (source["operationId"], name)
            assert all(f">{status}<" in text for status in source["responses"])
            walked += 1
    assert walked == len(all_operations())


def named(reference: str) -> str:
    return str(DOCUMENT["components"]["parameters"][reference.rpartition("/")[2]]["name"])


def test_every_event_has_a_page_with_an_example(developer: Office):
    for name, methods in DOCUMENT["webhooks"].items():
        page = developer.data(f"/reference/{methods['post']['operationId']}")
        assert page["operation"]["entry"]["path"] == name
        assert json.loads(page["operation"]["bodies"][0]["example"])["event_type"] == name
        assert page["trial"]["reason"].startswith("We send it to you")


def test_the_list_has_all_and_is_filtered_by_the_address(developer: Office):
    page = developer.data("/reference")
    assert page["total"] == len(all_operations()) + len(DOCUMENT["webhooks"])
    wanted = developer.data("/reference", text="cancel ORDER", chapter="WMS · Orders")
    assert [entry["id"] for chapter in wanted["chapters"] for entry in chapter["entries"]] == ["cancelOrder"]
    assert developer.data("/reference", text="<script>alert(1)</script>")["total"] == 0
    assert "<script>alert" not in developer.get("/reference", text="<script>alert(1)</script>").text
    assert developer.get("/reference", chapter="Nothing").status_code == 422
    assert developer.get("/reference/noSuchOperation").status_code == 404
    assert developer.send("/reference/noSuchOperation").status_code == 404


def test_a_list_is_tried_with_its_filters_and_numbers_stay_exact(developer: Office, house: Organization):
    uid, number = uid_of(house, "wms"), order_of(house)["order_number"]
    fields = {"connection_id": uid, "parameter.limit": "5", "filter.1": "order_number[in]", "value.1": number}
    answer = tried(developer, "listOrders", **fields)["answer"]
    raw = house.get("/wms/orders", **{"limit": "5", "order_number[in]": number}).content
    assert (answer["status"], answer["size"]) == (200, len(raw))
    assert json.loads(answer["body"], parse_float=Decimal) == json.loads(raw, parse_float=Decimal)
    assert answer["headers"]["content-type"] == "application/json"
    assert answer["headers"]["x-request-id"]


def test_what_the_api_refuses_is_shown_as_it_answers(developer: Office, house: Organization):
    uid = uid_of(house, "wms")
    answer = tried(developer, "getOrder", connection_id=uid, **{"parameter.order_id": "no/such"})["answer"]
    assert (answer["status"], answer["path"]) == (404, "/wms/orders/no%2Fsuch")
    assert json.loads(answer["body"])["origin"] == "trackstar"
    answer = tried(
        developer, "listOrders", connection_id=uid, **{"filter.1": "status", "value.1": "<img src=x>"}
    )["answer"]
    assert answer["status"] == 422
    page = developer.send(
        "/reference/listOrders", connection_id=uid, **{"filter.1": "status", "value.1": "<img src=x>"}
    )
    assert "<img" not in page.text


def test_a_developer_writes_and_a_viewer_is_told_why_not(desk: Desk, developer: Office, house: Organization):
    order_id, viewer = order_of(house)["id"], office(desk, house, "viewer")
    fields = {"connection_id": uid_of(house, "wms"), "parameter.order_id": order_id}
    answer = tried(developer, "cancelOrder", **fields, **{"parameter.dry_run": "true"})["answer"]
    assert (answer["status"], json.loads(answer["body"])["dry_run"]) == (200, True)
    page = viewer.data("/reference/cancelOrder")
    assert page["trial"]["reason"] == "A viewer may not do this; wanted is developer or owner."
    assert 'name="connection_id"' not in viewer.get("/reference/cancelOrder").text
    assert viewer.send("/reference/cancelOrder", **fields).status_code == 403
    assert tried(viewer, "getOrder", **fields)["answer"]["status"] == 200
    assert viewer.data("/reference/getAccessToken")["trial"]["reason"]


def test_a_write_is_done_and_the_audit_log_says_by_whom(desk: Desk, developer: Office, house: Organization):
    order_id = order_of(house)["id"]
    fields = {"connection_id": uid_of(house, "wms"), "parameter.order_id": order_id}
    body = json.dumps({"trackstar_tags": ["tried <b>"]})
    answer = tried(developer, "setOrderTags", **fields, body=body)["answer"]
    assert answer["status"] == 200
    assert house.get(f"/wms/orders/{order_id}", "wms").json()["data"]["trackstar_tags"] == ["tried <b>"]
    [entry] = desk.audit(house.id, "record.write_sent")
    assert (entry.actor_name, entry.subject) == (developer.person.email, uid_of(house, "wms"))
    assert order_id in entry.detail


def test_what_can_not_be_sent_is_told_and_the_form_keeps_what_was_typed(
    developer: Office, house: Organization
):
    uid = uid_of(house, "wms")
    trial = tried(developer, "setOrderTags", connection_id=uid, body="{", **{"parameter.order_id": "o"})
    assert trial["problems"][0].startswith("body: is no JSON")
    assert (trial["answer"], trial["filled"]["body"]) == (None, "{")
    assert tried(developer, "getOrder", connection_id=uid)["problems"] == ["order_id: is missing"]
    header = {"parameter.order_id": "o", "parameter.Idempotency-Key": "a\nb"}
    assert "no header" in tried(developer, "cancelOrder", connection_id=uid, **header)["problems"][0]


def test_nothing_but_the_sandbox_of_the_organization_is_reached(
    desk: Desk, house: Organization, other_house: Organization
):
    owner, real = office(desk, house), uid_of(house, "cart")
    foreign = uid_of(other_house, "wms")
    assert owner.send("/reference/listOrders", connection_id=foreign).status_code == 404
    assert owner.send("/reference/listOrders").status_code == 404
    database = desk.services.database
    desk.server.do(database.execute("UPDATE connections SET integration = 'shopify' WHERE uid = ?", real))
    try:
        answer = owner.send("/reference/listCartOrders", connection_id=real)
        assert (answer.status_code, "not of the sandbox" in answer.text) == (403, True)
        page = owner.data("/reference/listConnections")
        assert page["trial"]["reason"].startswith("It is about the whole organization")
        assert owner.send("/reference/listConnections").status_code == 403
        choices = owner.data("/reference/listSyncJobs")["trial"]["choices"]
        assert [choice["connection_id"] for choice in choices] == [uid_of(house, "wms")]
        assert owner.data("/reference/listCartOrders")["trial"]["choices"] == []
    finally:
        desk.server.do(database.execute("UPDATE connections SET integration = 'sandbox' WHERE uid = ?", real))


@pytest.mark.parametrize(
    ("operation_id", "reason"),
    [
        ("uploadCarrierFile", "file"), ("attachOrderFile", "file"), ("getHealth", "Anybody"),
        ("getMetrics", "operator"), ("receiveVendorWebhook", "connected system"),
        ("createErasure", "whole organization"), ("setBranding", "whole organization"),
    ],
)  # fmt: skip
def test_what_no_page_calls_says_so(developer: Office, operation_id: str, reason: str):
    assert reason in developer.data(f"/reference/{operation_id}")["trial"]["reason"]
    assert developer.send(f"/reference/{operation_id}").status_code == 403


def test_a_connection_is_deleted_only_when_that_is_confirmed(desk: Desk):
    house = desk.server.organization("wms")
    owner, uid = office(desk, house), uid_of(house, "wms")
    trial = tried(owner, "deleteConnection", connection_id=uid)
    assert trial["problems"] == ["confirmed: is not ticked: this can't be taken back"]
    assert owner.get(f"/connections/{uid}").status_code == 200
    assert tried(owner, "deleteConnection", connection_id=uid, confirmed="1")["answer"]["status"] == 200
    assert owner.get(f"/connections/{uid}").status_code == 404


def hits(person: Office, text: str) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = person.data("/palette", text=text)["hits"]
    return listed


def test_the_palette_finds_the_pages_that_a_role_may_see(desk: Desk, house: Organization, developer: Office):
    assert [hit["href"] for hit in hits(developer, "api log") if hit["kind"] == "page"] == [
        "dashboard/api-log"
    ]
    titles = {hit["title"] for hit in hits(office(desk, house), "")}
    assert {"Home", "Connections", "Audit log", "API reference"} <= titles
    assert "Audit log" not in {hit["title"] for hit in hits(developer, "")}
    for hit in hits(developer, ""):
        assert developer.get(hit["href"].removeprefix("dashboard")).status_code == 200


def test_the_palette_finds_connections_records_and_operations(developer: Office, house: Organization):
    uid, order_id = uid_of(house, "wms"), order_of(house)["id"]
    assert house.ask("PATCH", "/connections", "wms", json={"customer_id": "Büro 7"}).status_code == 200
    for text in (uid, uid[:8].upper(), "üro 7"):
        found = [hit["href"] for hit in hits(developer, text) if hit["kind"] == "connection"]
        assert found == [f"dashboard/connections/{uid}"]
    assert len([hit for hit in hits(developer, "sandbox") if hit["kind"] == "connection"]) == 2
    [record] = [hit for hit in hits(developer, order_id) if hit["kind"] == "record"]
    assert record["title"] == f"order {order_id}"
    assert developer.get(record["href"].removeprefix("dashboard")).status_code == 200
    [by_number] = [hit for hit in hits(developer, order_of(house)["order_number"]) if hit["kind"] == "record"]
    assert by_number["href"] == record["href"]
    assert order_id in by_number["note"]
    assert "Cancel an order" in {hit["title"] for hit in hits(developer, "/cancel")}
    assert order_id in developer.get("/palette", text=order_id).text


def test_the_palette_finds_nothing_of_another_tenant(
    desk: Desk, house: Organization, other_house: Organization
):
    owner, order_id, foreign = office(desk, house), order_of(house)["id"], uid_of(other_house, "wms")
    assert order_of(other_house)["id"] == order_id  # both have it
    [record] = [hit for hit in hits(owner, order_id) if hit["kind"] == "record"]
    assert uid_of(house, "wms") in record["href"]
    assert hits(owner, foreign) == []
    assert foreign not in owner.get("/palette", text=order_id).text


@pytest.mark.parametrize("text", ["%%", "__", "x" * 5000, "'; DROP TABLE", "\u202eevil", "<b>x</b>"])
def test_the_palette_takes_any_text(developer: Office, text: str):
    assert [hit for hit in hits(developer, text) if hit["kind"] != "operation"] == []
    assert "<b>x" not in developer.get("/palette", text=text).text
