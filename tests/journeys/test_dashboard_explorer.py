"""The data explorer over HTTP: finding records, reading them, what they were, and writing."""

import csv
import html
import io
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest

from crossdock.api.operations import SANDBOX_TYPE
from crossdock.changes import document as documents
from crossdock.resources.catalogue import all_resources
from crossdock.store.people.users import Role
from crossdock.wire import encode
from tests.journeys.account import Desk, opened_desk
from tests.journeys.server import Organization, Server, until
from tests.journeys.test_dashboard import Office

CONNECTION = "(SELECT id FROM connections WHERE uid = ?)"


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[Desk]:
    """A desk at the time of the worker beside it: history is kept for so long before now."""
    with opened_desk(server) as opened:
        opened.clock.now_ms = server.services.clock()
        yield opened


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    organization = desk.server.organization("wms", "cart", "carrier")
    desk.server.do(desk.server.services.jobs.find_audits())
    until(lambda: organization.get("/carrier/audit/findings").json()["audited_at"] is not None)
    return organization


@pytest.fixture(scope="module")
def other_house(desk: Desk) -> Organization:
    return desk.server.organization("wms")


@pytest.fixture(scope="module")
def owner(desk: Desk, house: Organization) -> Office:
    return office(desk, house, "owner")


@pytest.fixture(scope="module")
def viewer(desk: Desk, house: Organization) -> Office:
    return office(desk, house, "viewer")


def office(desk: Desk, house: Organization, role: Role) -> Office:
    return Office(desk.member(house.id, role))


def at(house: Organization, kind: str, rest: str = "") -> str:
    return f"/explorer/{house.uids[kind]}{rest}"


def an_order(house: Organization, **query: str) -> Any:
    return house.list("/wms/orders", limit="1", **query)[0]


def test_connections_are_offered_by_type_and_side_of_the_switch(owner: Office, house: Organization):
    page = owner.data("/explorer")
    assert (page["where"], page["integration_type"]) == ("sandbox", "wms")
    assert {tab["name"]: tab["connections"] for tab in page["tabs"]} == {
        "wms": 1, "cart": 1, "carrier": 1, "freight": 0,
    }  # fmt: skip
    assert [line["connection_id"] for line in page["connections"]] == [house.uids["wms"]]
    assert owner.data("/explorer", where="production")["connections"] == []
    found = owner.data("/explorer", type="cart", text=house.uids["cart"][:9])["connections"]
    assert [line["is_sandbox"] for line in found] == [True]
    assert owner.data("/explorer", text="no such")["connections"] == []
    assert owner.get("/explorer", type="boat").status_code == 422


def test_a_connection_shows_every_resource_that_it_has_with_the_number_of_its_records(
    owner: Office, house: Organization
):
    for kind in ("wms", "cart", "carrier"):
        resources = {line["name"]: line for line in owner.data(at(house, kind))["resources"]}
        known = [one for one in all_resources() if one.type == kind and (one.listed or one.one_path)]
        assert set(resources) == {resource.name for resource in known}
        for resource in known:
            if resource.listed and not resource.parent:
                records = house.list(resource.path, limit="1000")
                assert resources[resource.name]["record_count"] == len(records)


def test_a_list_offers_exactly_the_filters_of_the_api(owner: Office, house: Organization):
    document = house.http.get(f"{house.url}/openapi.json").json()
    paths = document["paths"]
    for resource in all_resources():
        if resource.type != "wms" or not resource.listed:
            continue
        bar = owner.data(at(house, "wms", f"/list/{resource.name}"))["bar"]
        offered = {
            f"{row['field']}[{operator['word']}]" if operator["word"] else row["field"]
            for row in bar["first"] + bar["others"]
            for operator in row["operators"] or [{"word": ""}]
        }
        parameters = [resolved(document, one)["name"] for one in paths[resource.path]["get"]["parameters"]]
        assert offered == set(parameters) - {"limit", "page_token", "ids[in]", *HEADERS, resource.parent}


HEADERS = ("x-trackstar-access-token", "x-trackstar-api-key")


def resolved(document: Any, parameter: Any) -> Any:
    if "$ref" not in parameter:
        return parameter
    return document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]


def test_what_the_filter_bar_sends_becomes_an_address_that_can_be_shared(owner: Office, house: Organization):
    path = at(house, "wms", "/list/orders")
    sent = [("f", "status"), ("o", "in"), ("v", "open,picked"), ("f", "order_number"), ("o", ""), ("v", " ")]
    answer = owner.person.http.get(f"{owner.person.url}/dashboard{path}?{urlencode(sent)}")
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(f"{path}?status%5Bin%5D=open%2Cpicked")
    page = owner.data(path, **{"status[in]": "open,picked"})
    expected = house.list("/wms/orders", limit="50", **{"status[in]": "open,picked"})
    assert page["records"] == expected
    assert [one["text"] for one in page["bar"]["active"]] == ["status is one of open,picked"]
    assert page["bar"]["active"][0]["without"] == {}


def test_pages_follow_the_tokens_of_the_api(owner: Office, house: Organization):
    path, seen, token = at(house, "wms", "/list/inventory_ledger"), list[str](), ""
    while True:
        page = owner.data(path, page_token=token) if token else owner.data(path)
        seen += [record["id"] for record in page["records"]]
        token = page["next_token"]
        if not token:
            break
    assert seen == [record["id"] for record in house.list("/wms/inventory/ledger", limit="1000")]
    assert len(seen) > 50


def test_a_filter_that_the_api_does_not_take_is_told_on_the_page(owner: Office, house: Organization):
    path = at(house, "wms", "/list/orders")
    answer = owner.get(path, status="eaten", colour="red")
    assert answer.status_code == 422
    assert "unknown parameter" in answer.text
    assert "All filters" in answer.text
    assert owner.get(path, **{"created_date[gte]": "yesterday"}).status_code == 422
    assert owner.get(at(house, "wms", "/list/nothing")).status_code == 404
    assert owner.get(at(house, "cart", "/list/inventory")).status_code == 404


def test_the_same_request_is_shown_for_three_languages_and_never_with_a_key(
    owner: Office, house: Organization
):
    page = owner.data(at(house, "wms", "/list/orders"), status="open", order_number='it\'s "so" $HOME `id`')
    request = page["request"]
    assert request["url"].endswith(
        "/wms/orders?status=open&order_number=it%27s%20%22so%22%20%24HOME%20%60id%60&limit=50"
    )
    for language in ("curl", "python", "typescript"):
        assert request["url"] in request[language]
        assert "CROSSDOCK_API_KEY" in request[language]
    text = owner.get(at(house, "wms", "/list/orders")).text
    assert house.key not in text
    assert house.tokens["wms"] not in text


def test_the_request_for_python_gives_what_the_page_shows(owner: Office, house: Organization):
    page = owner.data(at(house, "wms", "/list/orders"), status="open")
    url = page["request"]["url"]
    path = "/wms/" + url.partition("/wms/")[2]
    answer = house.http.get(f"{house.url}{path}", headers=house.headers("wms"))
    assert answer.json()["data"] == page["records"]


def test_a_record_is_shown_to_the_last_digit(owner: Office, house: Organization):
    order = house.get("/wms/orders", limit="1")
    exact = order.text.partition('"total_price":')[2].partition(",")[0]
    record = order.json()["data"][0]
    path = at(house, "wms", f"/record/orders/{record['id']}")
    assert owner.data(path)["record"] == record
    for view in ("form", "json"):
        text = owner.get(path, view=view).text
        assert exact in text
        assert record["order_number"] in text
    assert f'"total_price":{exact}' in owner.get(path, format="json").text


def test_the_text_of_the_tree_is_the_json_of_the_record(owner: Office, house: Organization):
    order = an_order(house)
    text = owner.get(at(house, "wms", f"/record/orders/{order['id']}"), view="json").text
    tree = text.partition('class="json" role="region"')[2].partition(">")[2].partition("</json-tree>")[0]
    plain = re.sub(r"<[^>]*>", "", tree)
    assert json.loads(html.unescape(plain)) == order


def test_a_change_is_in_the_history_field_by_field_and_the_record_is_shown_as_it_was(
    desk: Desk, owner: Office, house: Organization
):
    number = f"PAST-{uuid.uuid4().hex[:8]}"
    owner.send(at(house, "wms", "/write/create_order"), do="send", key=number, **order_fields(house, number))
    [order] = house.list("/wms/orders", order_number=number)
    path, made = at(house, "wms", f"/record/orders/{order['id']}"), order["trackstar_created_date"]
    desk.clock.pass_seconds(5)
    write = at(house, "wms", f"/write/update_order/{order['id']}")
    answer = owner.send(write, do="send", key=f"{number}-2", **{"body.service_level": "overnight"})
    assert (answer.status_code, answer.headers["location"].rpartition("?")[2]) == (303, "done=written")
    change = owner.data(path, view="history")["changes"][0]
    [field] = [one for one in change["changes"] if one["field"] == "service_level"]
    assert (field["old"], field["new"]) == (order["service_level"], "overnight")
    assert owner.data(path)["record"]["service_level"] == "overnight"
    past = owner.data(path, as_of=made)
    assert (past["record"], past["actions"]) == (order, [])
    assert "as it was at" in owner.get(path, as_of=made).text
    assert owner.get(path, as_of="2999-01-01").status_code == 422


def test_a_record_that_is_gone_says_so(desk: Desk, owner: Office, house: Organization):
    record = house.list("/wms/shipping-methods", limit="1")[0]
    sql = (
        "INSERT INTO gone (connection_id, resource, id, document, gone_ms) "
        f"VALUES ({CONNECTION}, 'wms_shipping_methods', 'gone-1', ?, 1)"
    )
    document_of = json.dumps(record | {"id": "gone-1"}).encode()
    desk.server.do(desk.server.services.database.execute(sql, house.uids["wms"], document_of))
    path = at(house, "wms", "/record/shipping_methods/gone-1")
    assert owner.data(path)["is_gone"] is True
    assert "no longer has this record" in owner.get(path).text
    assert owner.get(at(house, "wms", "/record/shipping_methods/never")).status_code == 404


def test_tags_are_set_and_not_over_those_of_somebody_else(owner: Office, house: Organization):
    order = an_order(house)
    path = at(house, "wms", f"/record/orders/{order['id']}")
    before = owner.data(path, view="tags")["before"]
    fields = {"text.0": "vip", "key.1": "route", "text.1": "north, <b>", "text.2": ""}
    answer = owner.send(path, do="tag", before=before, **fields)
    assert answer.status_code == 303
    assert house.one(f"/wms/orders/{order['id']}")["trackstar_tags"] == ["vip", {"route": "north, <b>"}]
    assert owner.send(path, do="tag", before=before, **{"text.0": "mine"}).status_code == 409
    tags = owner.data(path, view="tags")
    assert [(row["key"], row["text"]) for row in tags["tags"][:3]] == [
        ("", "vip"), ("route", "north, <b>"), ("", ""),
    ]  # fmt: skip
    found = owner.data(at(house, "wms", "/list/orders"), **{"trackstar_tags[contains]": "vip"})
    assert [record["id"] for record in found["records"]] == [order["id"]]


def test_an_order_leads_to_its_goods_its_packs_and_what_carriers_charged(owner: Office, house: Organization):
    order = next(
        one
        for one in house.list("/wms/orders", limit="1000")
        if one["status"] == "fulfilled" and one["shipments"]
    )
    groups = related(owner, house, "wms", "orders", order["id"])
    assert {line["record_id"] for line in groups["products"]["lines"]} == {
        line["product_id"] for line in order["line_items"]
    }
    assert groups["packs"]["lines"][0]["resource"] == "order_packs"
    shown = owner.data(at(house, "wms", f"/record/order_packs/{order['id']}"))
    assert shown["record"] == house.one(f"/wms/orders/{order['id']}/packs")
    costs = house.list("/carrier/shipment-costs", limit="1000")
    cost = next(one for one in costs if any(kind["integration_type"] == "wms" for kind in one["orders"]))
    order_id = next(kind["order_id"] for kind in cost["orders"] if kind["integration_type"] == "wms")
    charges = next(
        group
        for title, group in related(owner, house, "wms", "orders", order_id).items()
        if "charges" in title
    )
    [line] = [one for one in charges["lines"] if one["label"] == cost["tracking_number"]]
    assert str(line["details"]["net"]) == str(cost["net_cost"])
    item = next(one for one in charges["lines"] if one["record_id"])
    back = related(owner, house, "carrier", "invoice_line_items", item["record_id"])
    assert order_id in {line["record_id"] for line in back["orders"]["lines"]}
    assert owner.get(at(house, "wms", f"/record/orders/{order_id}"), view="related").status_code == 200


def related(owner: Office, house: Organization, kind: str, resource: str, record_id: str) -> Any:
    page = owner.data(at(house, kind, f"/record/{resource}/{record_id}"), view="related")
    return {group["title"]: group for group in page["related"]}


def test_a_product_leads_to_its_stock_and_stock_to_its_product(owner: Office, house: Organization):
    product = next(one for one in house.list("/wms/products", limit="100") if not one["is_kit"])
    groups = related(owner, house, "wms", "products", product["id"])
    [item] = [line for line in groups["inventory of the same sku"]["lines"]]
    back = related(owner, house, "wms", "inventory", item["record_id"])
    assert product["id"] in {line["record_id"] for line in back["products of the same sku"]["lines"]}


def test_places_of_a_warehouse_are_listed_below_it(owner: Office, house: Organization):
    warehouse = house.list("/wms/warehouses", limit="1")[0]
    path = at(house, "wms", "/list/warehouse_locations")
    assert owner.data(path)["records"] == []
    assert warehouse["id"] in [one["id"] for one in owner.data(path)["parents"]]
    page = owner.data(path, below=warehouse["id"])
    assert page["records"]
    record = page["records"][0]
    shown = owner.data(at(house, "wms", f"/record/warehouse_locations/{record['id']}"), below=warehouse["id"])
    assert shown["record"] == record
    assert owner.get(path, below="nowhere").status_code == 404


# Writes


def order_fields(house: Organization, number: str) -> dict[str, str]:
    product = next(one for one in house.list("/wms/products", limit="100") if not one["is_kit"])
    return {
        "body.order_number": number, "body.ship_to_address.address1": "1 Main St",
        "body.ship_to_address.city": "Springfield", "body.ship_to_address.state": "IL",
        "body.ship_to_address.postal_code": "62701", "body.ship_to_address.country": "US",
        "body.line_items.0.product_id": product["id"], "body.line_items.0.quantity": "2",
        "body.line_items.0.unit_price": "10.990001", "body.line_items.2.quantity": "",
        "body.total_price": "",
    }  # fmt: skip


def test_a_form_makes_a_record_once_however_often_it_is_sent(owner: Office, house: Organization, desk: Desk):
    number = f"FORM-{uuid.uuid4().hex[:8]}"
    path, fields = at(house, "wms", "/write/create_order"), order_fields(house, number)
    answers = [owner.send(path, do="send", key=f"key-{number}", **fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303], answers[0].text
    assert answers[0].headers["location"] == answers[1].headers["location"]
    entries = desk.audit(house.id, "record.write_sent")
    assert (owner.person.email, house.uids["wms"], "create_order") in [
        (entry.actor_name, entry.subject, json.loads(entry.detail)["write"]) for entry in entries
    ]
    [order] = house.list("/wms/orders", order_number=number)
    assert answers[0].headers["location"].endswith(f"/record/orders/{order['id']}?done=written")
    raw = house.get(f"/wms/orders/{order['id']}").text
    assert '"unit_price":10.990001' in raw
    until(
        lambda: any(
            event["event_type"] == "order.created" and event["data"]["id"] == order["id"]
            for event in desk.server.events(house, "wms")
            if "data" in event
        )
    )


def test_a_rehearsal_shows_the_requests_and_writes_nothing(owner: Office, house: Organization):
    number = f"FORM-{uuid.uuid4().hex[:8]}"
    path, fields = at(house, "wms", "/write/create_order"), order_fields(house, number)
    answer = owner.send(path, do="rehearse", key="k", **fields)
    assert answer.status_code == 200
    assert "Nothing was sent" in answer.text
    assert number in answer.text
    assert house.list("/wms/orders", order_number=number) == []


def test_what_is_wrong_stands_beside_its_field_and_nothing_that_was_typed_is_lost(
    owner: Office, house: Organization
):
    path = at(house, "wms", "/write/create_order")
    fields = order_fields(house, "FORM-BAD") | {"body.line_items.0.quantity": "two", "body.total_tax": "1.10"}
    answer = owner.send(f"{path}?format=json", do="send", key="k", **fields)
    assert answer.status_code == 422
    parts = {part["path"]: part for part in answer.json()["parts"]}
    quantity = {one["path"]: one for one in parts["line_items"]["rows"][0]["parts"]}["line_items.0.quantity"]
    assert quantity["value"] == "two"
    assert quantity["problems"]
    assert parts["total_tax"]["value"] == "1.10"
    assert answer.json()["key"] == "k"
    assert 'aria-invalid="true"' in owner.send(path, do="send", key="k", **fields).text
    answer = owner.send(path, do="send", key="k", whole='{"order_number": }')
    assert (answer.status_code, "is no JSON" in answer.text) == (422, True)


def test_a_form_grows_by_a_line_without_a_script(owner: Office, house: Organization):
    path = at(house, "wms", "/write/create_order?format=json")
    fields = order_fields(house, "FORM-MORE") | {"rows.line_items": "1"}
    answer = owner.send(path, do="more", key="k", **fields)
    parts = {part["path"]: part for part in answer.json()["parts"]}
    assert len(parts["line_items"]["rows"]) == 2
    again = owner.send(path, do="more", key="k", **{"rows.line_items": "2"}).json()
    assert [len(part["rows"]) for part in again["parts"] if part["path"] == "line_items"] == [3]
    assert parts["order_number"]["value"] == "FORM-MORE"


def test_a_body_can_be_written_as_json(owner: Office, house: Organization):
    sku = f"JSON-{uuid.uuid4().hex[:8]}"
    whole = json.dumps({"sku": sku, "name": "Mug", "colour": "blue"})
    answer = owner.send(at(house, "wms", "/write/create_product"), do="send", key=sku, whole=whole)
    assert answer.status_code == 200
    assert "took no notice of: colour" in answer.text
    assert [product["name"] for product in house.list("/wms/products", sku=sku)] == ["Mug"]


def test_an_action_without_a_body_is_a_page_that_names_the_record(owner: Office, house: Organization):
    order = an_order(house, status="open")
    path = at(house, "wms", f"/write/cancel_order/{order['id']}")
    assert order["order_number"] in owner.get(path).text
    assert owner.send(path, do="send", key=f"c-{order['id']}").status_code == 303
    assert house.one(f"/wms/orders/{order['id']}")["status"] == "cancelled"


def test_a_link_to_a_file_is_attached_to_an_order(owner: Office, house: Organization):
    order = an_order(house, status="open")
    path = at(house, "wms", f"/write/create_order_file/{order['id']}")
    fields = {"body.file_name": "label.pdf", "body.file_url": "https://files.example/label.pdf"}
    answer = owner.send(path, do="send", key=f"f-{order['id']}", **fields)
    assert answer.status_code == 303, answer.text


def test_every_action_of_every_sandbox_has_a_form(owner: Office, house: Organization):
    walked = 0
    for kind in ("wms", "cart", "carrier"):
        shelf = owner.data(at(house, kind))
        for action in shelf["actions"]:
            assert owner.get(at(house, kind, f"/write/{action['action']}")).status_code == 200
            walked += 1
        for resource in (one for one in shelf["resources"] if one["is_listed"]):
            records = owner.data(at(house, kind, f"/list/{resource['name']}"))["records"]
            if records and resource["name"] not in ("warehouse_locations",):
                path = at(house, kind, f"/record/{resource['name']}/{records[0]['id']}")
                page = owner.get(path, format="json")
                for action in page.json().get("actions", []):
                    form = at(house, kind, f"/write/{action['action']}/{records[0]['id']}")
                    assert owner.get(form).status_code == 200
                    walked += 1
    assert walked > 15


def test_a_viewer_reads_everything_and_is_offered_no_write(viewer: Office, house: Organization):
    order = an_order(house)
    pages = ["", "/list/orders", f"/record/orders/{order['id']}"]
    for rest in pages:
        text = viewer.get(at(house, "wms", rest)).text
        assert "/write/" not in text
        assert "/import/" not in text
        assert "Generate" not in text
    assert "Set the tags" not in viewer.get(at(house, "wms", pages[-1]), view="tags").text
    assert viewer.get(at(house, "wms", "/write/create_order")).status_code == 403
    assert viewer.send(at(house, "wms", "/write/create_order"), do="send").status_code == 403
    assert viewer.send(at(house, "wms", pages[-1]), do="tag").status_code == 403
    assert viewer.send(at(house, "wms"), do="reset", confirmed="yes").status_code == 403


# Tables


def table_of(lines: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def test_the_template_names_the_members_of_the_body(owner: Office, house: Organization):
    assert "/import/create_order" in owner.get(at(house, "wms", "/list/orders")).text
    assert "/import/adjust_inventory" in owner.get(at(house, "wms", "/list/inventory")).text
    assert owner.data(at(house, "wms", "/import/create_order"))["others"] == [
        "create_order", "update_order", "create_order_shipment",
    ]  # fmt: skip
    answer = owner.get(at(house, "wms", "/template/create_order"))
    assert answer.headers["content-disposition"] == 'attachment; filename="create_order.csv"'
    names = next(csv.reader(io.StringIO(answer.text)))
    assert {"order_number", "ship_to_address.city", "line_items.0.quantity", "line_items.1.quantity"} <= set(
        names
    )
    names = next(csv.reader(io.StringIO(owner.get(at(house, "wms", "/template/update_order")).text)))
    assert names[0] == "record_id"
    assert owner.get(at(house, "wms", "/template/cancel_order")).status_code == 403


def test_each_line_of_a_table_is_a_write_with_an_outcome_and_none_is_lost(owner: Office, house: Organization):
    mark = uuid.uuid4().hex[:8]
    path = at(house, "wms", "/import/create_product?format=json")
    lines = [
        {"sku": f"{mark}-1", "name": "A"},
        {"sku": "", "name": "B"},
        {"sku": f"{mark}-3", "name": 'C, "x"'},
    ]
    answer = owner.send(path, do="send", key=mark, table=table_of(lines)).json()
    assert [(line["number"], line["outcome"]) for line in answer["outcomes"]] == [
        (1, "done"), (2, "refused"), (3, "done"),
    ]  # fmt: skip
    assert "sku" in answer["outcomes"][1]["message"]
    rest = list(csv.DictReader(io.StringIO(answer["table"])))
    assert [(line["sku"], line["name"]) for line in rest] == [("", "B")]
    corrected = (
        answer["table"].replace(",B", f"{mark}-2,B")
        if ",,B" not in answer["table"]
        else answer["table"].replace(",,B", f",{mark}-2,B")
    )
    again = owner.send(path, do="send", key=mark, table=corrected).json()
    assert [line["outcome"] for line in again["outcomes"]] == ["done"]
    assert sorted(one["sku"] for one in house.list("/wms/products", **{"sku[contains]": mark})) == [
        f"{mark}-{number}" for number in (1, 2, 3)
    ]


def test_a_table_that_is_sent_twice_is_written_once_and_equal_lines_are_two(
    owner: Office, house: Organization
):
    mark, item = uuid.uuid4().hex[:8], house.list("/wms/inventory", limit="1")[0]
    warehouse = house.list("/wms/warehouses", limit="1")[0]["id"]
    line = {
        "record_id": item["id"], "quantity": "3", "adjustment_type": "increase", "warehouse_id": warehouse,
    }  # fmt: skip
    path = at(house, "wms", "/import/adjust_inventory?format=json")
    for _ in range(2):
        answer = owner.send(path, do="send", key=mark, table=table_of([line, line])).json()
        assert [one["outcome"] for one in answer["outcomes"]] == ["done", "done"], answer
    after = house.one(f"/wms/inventory/{item['id']}")
    assert after["onhand"] == item["onhand"] + 6
    assert answer["outcomes"][0]["message"] == "It was written before."


def test_a_table_is_rehearsed_line_by_line(owner: Office, house: Organization):
    mark = uuid.uuid4().hex[:8]
    path = at(house, "wms", "/import/create_product?format=json")
    table = table_of([{"sku": mark, "name": "A"}, {"sku": "", "name": "B"}])
    answer = owner.send(path, do="rehearse", key=mark, table=table).json()
    assert [line["outcome"] for line in answer["outcomes"]] == ["rehearsed", "refused"]
    assert answer["table"] == table
    assert house.list("/wms/products", sku=mark) == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "needs a line of names"),
        ("sku,name", "needs a line of names"),
        ('sku,name\n"x', "is no CSV"),
        ("sku,sku\n1,2", "more than once"),
        ("record_id,sku\n1,2", "makes new records"),
        ("sku\n" + "x\n" * 201, "201 lines; 200"),
    ],
)
def test_a_table_that_is_none_is_told_so_and_kept(owner: Office, house: Organization, table: str, said: str):
    answer = owner.send(
        at(house, "wms", "/import/create_product?format=json"), do="send", key="k", table=table
    )
    assert answer.status_code == 422
    assert said in answer.json()["problems"][0]
    assert answer.json()["table"] == table


# Strangers and hostile texts


def test_nothing_of_another_organization_is_found_by_any_page(
    desk: Desk, owner: Office, house: Organization, other_house: Organization
):
    foreign = an_order(other_house)["id"]
    paths = ["", "/list/orders", f"/record/orders/{foreign}", "/write/create_order", "/import/create_order"]
    for rest in paths:
        assert owner.get(f"/explorer/{other_house.uids['wms']}{rest}").status_code == 404
    assert owner.send(f"/explorer/{other_house.uids['wms']}", do="reset", confirmed="yes").status_code == 404
    text = owner.get("/explorer", text=other_house.uids["wms"], type="wms").text
    assert other_house.uids["wms"] not in text.replace(f'value="{other_house.uids["wms"]}"', "")


def test_related_records_are_those_of_the_organization(
    desk: Desk, owner: Office, house: Organization, other_house: Organization
):
    order = next(one for one in house.list("/wms/orders", limit="1000") if one["shipments"])
    text = owner.get(at(house, "wms", f"/record/orders/{order['id']}"), view="related").text
    assert other_house.uids["wms"] not in text
    theirs = next(one for one in other_house.list("/wms/orders", limit="1000") if one["shipments"])
    stranger = office(desk, other_house, "owner")
    page = stranger.data(at(other_house, "wms", f"/record/orders/{theirs['id']}"), view="related")
    connections = {line["connection_id"] for group in page["related"] for line in group["lines"]}
    assert connections == {other_house.uids["wms"]}


STAMP = "2026-01-31T09:00:00Z"
EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}' \u202egnp.exe" + "A" * 2000


def evil(value: Any, schema: Any, definitions: Any) -> Any:
    """The value of a schema's kind with a hostile text wherever there may be a text."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    options = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    if options:
        return evil(value, options[0], definitions)
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object" and "properties" in schema:
        return {name: evil(None, inner, definitions) for name, inner in schema["properties"].items()}
    if kind == "array":
        return [evil(None, schema.get("items", {"type": "string"}), definitions)] * 2
    if schema.get("format") == "date-time":
        return "2026-01-31T09:00:00Z"
    if kind in ("integer", "number"):
        return 1
    return {"boolean": True, "object": {EVIL: EVIL, "deep": [{EVIL: [EVIL]}]}}.get(kind, EVIL)


BROWSED = [
    resource
    for resource in all_resources()
    if (resource.listed or resource.one_path) and resource.type in SANDBOX_TYPE.choices
]


@pytest.mark.parametrize("resource", BROWSED, ids=lambda resource: resource.key)
def test_a_hostile_text_in_every_field_is_shown_as_text(
    desk: Desk, owner: Office, house: Organization, resource
):
    (schema,), definitions = msgspec.json.schema_components([resource.record])
    record = evil(None, schema, definitions)
    record_id = f"'\"><script>alert(3)</script>/a b?c#d&e%2F{resource.key}"
    record |= {"id": record_id} if resource.has_id else {}
    uid = house.uids[resource.type]
    below = "w<b>"
    if resource.parent:
        record[resource.parent] = below
    put(desk, resource, uid, record_id, record, below)
    query = {"below": below} if resource.parent else {}
    path = f"/explorer/{uid}/record/{resource.name}/{quote(record_id)}"
    pages = []
    if resource.one_path:
        views = ("form", "json", "history", "related", "tags")
        pages += [
            owner.get(path, view=view, **query) for view in views if view != "tags" or resource.taggable
        ]
    if resource.listed and not resource.parent:
        found = owner.get(f"/explorer/{uid}/list/{resource.name}", ids=record_id)
        assert "&lt;script&gt;" in found.text
        pages.append(found)
    for page in pages:
        assert page.status_code == 200, page.text[:3000]
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "{{" in page.text or "7 * 7" not in page.text


def put(desk: Desk, resource: Any, uid: str, record_id: str, record: Any, below: str) -> None:
    """Store a record as it is, past all checks: what a system may send one day."""
    columns = ["connection_id", "id", "document"] + ([resource.parent] if resource.parent else [])
    values = [record_id, documents.document(resource, encode(record), STAMP, STAMP)] + (
        [below] if resource.parent else []
    )
    marks = ", ".join([CONNECTION] + ["?"] * len(values))
    sql = f"INSERT INTO {resource.key} ({', '.join(columns)}) VALUES ({marks})"
    desk.server.do(desk.server.services.database.execute(sql, uid, *values))
    if resource.parent:
        sql = f"INSERT INTO wms_warehouses (connection_id, id, document) VALUES ({CONNECTION}, ?, ?)"
        warehouse = json.dumps({"id": below, "name": EVIL}).encode()
        desk.server.do(desk.server.services.database.execute(sql, uid, below, warehouse))


# The sandbox


def test_a_sandbox_is_made_and_filled_anew_only_when_that_is_wanted(desk: Desk):
    house = desk.server.organization()
    owner = office(desk, house, "owner")
    assert "Make a sandbox" in owner.get("/explorer", where="sandbox", type="wms").text
    answer = owner.send("/explorer", do="make", type="wms")
    assert answer.status_code == 303
    uid = owner.data("/explorer", where="sandbox")["connections"][0]["connection_id"]
    assert f"/explorer/{uid}?done=sandbox_made" in answer.headers["location"]
    assert owner.send("/explorer", do="make", type="freight").status_code == 422
    assert owner.send(f"/explorer/{uid}", do="reset").status_code == 422
    assert owner.send(f"/explorer/{uid}", do="reset", confirmed="yes").status_code == 303
