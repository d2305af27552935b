"""Writing from the data explorer over HTTP: forms, tables, the sandbox; once, and with an outcome."""

import csv
import io
import json
import uuid

import pytest

from tests.journeys.account import Desk
from tests.journeys.exploring import an_order, at, desk, house, office, order_fields, owner, viewer
from tests.journeys.server import Organization, until
from tests.journeys.test_dashboard import Office

__all__ = ["desk", "house", "owner", "viewer"]

# Writes


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
    assert [fault["path"] for fault in answer.json()["field_problems"]] == ["line_items.0.quantity"]
    assert answer.json()["problems"] == []
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
