"""The data explorer over HTTP: finding records, reading them, what they were, what they are related to."""

import html
import json
import re
import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from crossdock.resources.catalogue import all_resources
from tests.journeys.account import Desk
from tests.journeys.exploring import (
    CONNECTION,
    an_order,
    at,
    desk,
    house,
    office,
    order_fields,
    other_house,
    owner,
)
from tests.journeys.server import Organization
from tests.journeys.test_dashboard import Office

__all__ = ["desk", "house", "other_house", "owner"]


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
    sums = [line["details"]["net"] for line in charges["lines"] if not line["record_id"]]
    assert charges["totals"] == [f"{sum(map(Decimal, map(str, sums))):.2f} USD"]
    assert owner.get(charges["costs_path"]).status_code == 200
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


# Strangers


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
