"""Filters over HTTP: each agrees with the same question asked in plain Python of the whole list."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from crossdock.resources.catalogue import all_resources
from crossdock.resources.schema import Column, Kind, Resource
from tests.journeys.server import Json, Organization

LISTED = [resource for resource in all_resources() if resource.listed and resource.type != "freight"]
FILTERS = [
    pytest.param(resource, column, operator, id=f"{resource.path} {column.name}[{operator}]")
    for resource in LISTED
    for column in resource.filters.values()
    for operator in column.operators
    if column.kind is not Kind.TAGS and not column.hidden
]
HIDDEN = [
    pytest.param(resource, column, id=f"{resource.path} {column.name}")
    for resource in LISTED
    for column in resource.filters.values()
    if column.hidden
]

# Whether a value (None: there is none) is one that the operator asks for.
ORACLE: dict[str, Callable[[Any, list[Any]], bool]] = {
    "": lambda value, items: value == items[0],
    "eq": lambda value, items: value == items[0],
    "neq": lambda value, items: value != items[0],
    "gt": lambda value, items: value is not None and value > items[0],
    "gte": lambda value, items: value is not None and value >= items[0],
    "lt": lambda value, items: value is not None and value < items[0],
    "lte": lambda value, items: value is not None and value <= items[0],
    "in": lambda value, items: value in items,
    "nin": lambda value, items: value not in items,
    "contains": lambda value, items: value is not None and items[0] in value,
    "not_contains": lambda value, items: value is None or items[0] not in value,
    "eq-insensitive": lambda value, items: fold(value) == fold(items[0]),
    "in-insensitive": lambda value, items: fold(value) in map(fold, items),
    "contains-insensitive": lambda value, items: value is not None and fold(items[0]) in fold(value),
}


def fold(text: Any) -> Any:
    return text.casefold() if isinstance(text, str) else text


@pytest.fixture(scope="module")
def everything(house: Organization) -> Callable[[str], list[Json]]:
    """The whole list of a path, read once."""
    return cache(house.list)


def path_of(house: Organization, resource: Resource) -> str:
    if resource.parent is None:
        return resource.path
    return resource.path.format_map({resource.parent: house.list("/wms/warehouses")[0]["id"]})


def wanted_values(column: Column, operator: str, records: list[Json]) -> list[list[Any]]:
    """What to ask for: a value that occurs, and one that does not."""
    present = sorted({record[column.name] for record in records} - {None})
    if column.kind is Kind.FLAG:
        return [[True], [False]]
    absent = [choice for choice in column.choices if choice not in present]
    if column.kind is Kind.TIME:
        absent = ["2001-09-09T01:46:40Z"]
    elif not column.choices:
        absent = ["never-there"]
    presents = [*present[len(present) // 2 :][:1], *absent[:1]]
    if "contains" in operator:
        pieces = [present[1:-1] for present in presents] + [item.swapcase() for item in present[:1]]
        return [[fromkey] for fromkey in dict.fromkeys(pieces) if fromkey]
    if operator.endswith("insensitive"):
        presents = [present.swapcase() for present in presents]
    if operator in ("in", "nin", "in-insensitive"):
        return [presents[:1], [*presents, *present[:2]]]
    return [[present] for present in presents]


def sent(values: list[Any]) -> str:
    return ",".join(str(value).lower() if isinstance(value, bool) else value for value in values)


@pytest.mark.parametrize(("resource", "column", "operator"), FILTERS)
def test_every_filter_finds_what_plain_python_finds(
    house: Organization, everything, resource: Resource, column: Column, operator: str
):
    path = path_of(house, resource)
    records = everything(path)
    name = f"{column.name}[{operator}]" if operator else column.name
    for values in wanted_values(column, operator, records):
        paths = house.list(path, **{name: sent(values)})
        expected = [record for record in records if ORACLE[operator](record[column.name], values)]
        if column.kind is Kind.TIME and operator in ("gt", "gte", "lt", "lte"):
            expected.sort(key=lambda value: (value[column.name], value["id"]))
        assert [path["id"] for path in paths] == [item["id"] for item in expected], (name, values)
        assert paths == expected


@pytest.mark.parametrize(("resource", "column"), HIDDEN)
def test_a_filter_on_what_is_not_shown_divides_the_list(
    house: Organization, resource: Resource, column: Column
):
    path, name = path_of(house, resource), column.name
    ids = [character["id"] for character in house.list(path)]
    customers = [character["id"] for character in house.list("/wms/warehouse-customers")]
    of_each = [
        [character["id"] for character in house.list(path, **{name: customer})] for customer in customers
    ]
    assert sum(map(len, of_each)) > 0
    for customer, mine in zip(customers, of_each, strict=True):
        other_ids = [character["id"] for character in house.list(path, **{f"{name}[neq]": customer})]
        assert sorted(mine + other_ids) == ids
    of_some = [character["id"] for character in house.list(path, **{f"{name}[in]": ",".join(customers)})]
    assert of_some == sorted(item for mine in of_each for item in mine)


def test_filters_on_different_fields_hold_together(house: Organization):
    orders = house.list("/wms/orders")
    since = sorted(order["created_date"] for order in orders)[len(orders) // 3]
    records = house.list(
        "/wms/orders", **{"status[in]": "fulfilled,open", "created_date[gte]": since, "channel[neq]": "x"}
    )
    expected = [
        order
        for order in orders
        if order["status"] in ("fulfilled", "open") and order["created_date"] >= since
    ]
    assert records == sorted(expected, key=lambda fields: (fields["created_date"], fields["id"]))
    assert records


def test_ids_find_records_whatever_the_filters_say_and_leave_out_unknown_ones(house: Organization):
    orders = house.list("/wms/orders", limit="3")
    ids = [order["id"] for order in orders]
    records = house.list("/wms/orders", **{"ids[in]": ",".join([*reversed(ids), "no-such"]), "status": "x"})
    assert records == orders
    assert house.list("/wms/orders", ids=ids[1]) == [orders[1]]


def test_without_tags_nothing_has_one(house: Organization):
    assert house.list("/wms/orders", **{"trackstar_tags[contains]": "vip,tier:gold"}) == []
    assert len(house.list("/wms/orders", **{"trackstar_tags[not_contains]": "vip"})) == 100


def test_an_id_of_another_resource_is_found_by_no_list(house: Organization):
    product = house.list("/wms/products")[0]["id"]
    assert house.list("/wms/orders", ids=product) == []


def test_a_list_below_a_warehouse_has_only_what_is_in_it(house: Organization):
    for warehouse in house.list("/wms/warehouses"):
        locations = house.list(f"/wms/warehouses/{warehouse['id']}/locations")
        assert {location["warehouse_id"] for location in locations} == {warehouse["id"]}


def test_a_list_below_a_warehouse_that_is_not_there_is_not_found(house: Organization):
    answer = house.get("/wms/warehouses/nowhere/locations")
    assert (answer.status_code, answer.json()["id"]) == (404, "nowhere")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"colour": "red"}, ["colour"]),
        ({"status[like]": "open"}, ["status[like]"]),
        ({"order_number[neq]": "1"}, ["order_number[neq]"]),
        ({"required_ship_date[in]": "2026-01-31T09:00:00Z"}, ["required_ship_date[in]"]),
        ({"status": "lost"}, ["status"]),
        ({"created_date[gte]": "2026-01"}, ["created_date[gte]"]),
        ({"created_date[gte]": "2026-01-31T09:00:00+25:00"}, ["created_date[gte]"]),
        ({"created_date[gte]": "2026-02-30T09:00:00Z"}, ["created_date[gte]"]),
        ({"ids[in]": ",".join(map(str, range(101)))}, ["ids[in]"]),
        ({"channel[in]": ",".join(map(str, range(101)))}, ["channel[in]"]),
        ({"limit": "0"}, ["limit"]),
        ({"limit": "-1"}, ["limit"]),
        ({"limit": "ten"}, ["limit"]),
        ({"page_token": "AAAA"}, ["page_token"]),
        ({"include_deleted": "true"}, ["include_deleted"]),
        ({"colour": "red", "limit": "x", "created_date": "now"}, ["colour", "created_date", "limit"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_does_not_fit_is_refused_by_name(house: Organization, query: dict[str, str], names: list[str]):
    answer = house.get("/wms/orders", **query)
    body = answer.json()
    assert (answer.status_code, body["origin"]) == (422, "trackstar")
    assert sorted(body["detail"]["query"]) == names
    assert body["error"] in [text for texts in body["detail"]["query"].values() for text in texts]


def test_a_hundred_values_are_allowed(house: Organization):
    assert house.list("/wms/orders", **{"ids[in]": ",".join(map(str, range(100)))}) == []
