"""Filters over HTTP: each agrees with the same question asked in plain Python of the whole list."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from crossdock.resources.catalogue import all_resources
from crossdock.resources.schema import Column, Kind, Resource
from tests.journeys.server import Json, Organization

LISTED = [one for one in all_resources() if one.listed and one.type != "freight"]
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
    "": lambda value, wanted: value == wanted[0],
    "eq": lambda value, wanted: value == wanted[0],
    "neq": lambda value, wanted: value != wanted[0],
    "gt": lambda value, wanted: value is not None and value > wanted[0],
    "gte": lambda value, wanted: value is not None and value >= wanted[0],
    "lt": lambda value, wanted: value is not None and value < wanted[0],
    "lte": lambda value, wanted: value is not None and value <= wanted[0],
    "in": lambda value, wanted: value in wanted,
    "nin": lambda value, wanted: value not in wanted,
    "contains": lambda value, wanted: value is not None and wanted[0] in value,
    "not_contains": lambda value, wanted: value is None or wanted[0] not in value,
    "eq-insensitive": lambda value, wanted: fold(value) == fold(wanted[0]),
    "in-insensitive": lambda value, wanted: fold(value) in map(fold, wanted),
    "contains-insensitive": lambda value, wanted: value is not None and fold(wanted[0]) in fold(value),
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
    present = sorted({one[column.name] for one in records} - {None})
    if column.kind is Kind.FLAG:
        return [[True], [False]]
    absent = [one for one in column.choices if one not in present]
    if column.kind is Kind.TIME:
        absent = ["2001-09-09T01:46:40Z"]
    elif not column.choices:
        absent = ["never-there"]
    some = [*present[len(present) // 2 :][:1], *absent[:1]]
    if "contains" in operator:
        pieces = [one[1:-1] for one in some] + [one.swapcase() for one in present[:1]]
        return [[one] for one in dict.fromkeys(pieces) if one]
    if operator.endswith("insensitive"):
        some = [one.swapcase() for one in some]
    if operator in ("in", "nin", "in-insensitive"):
        return [some[:1], [*some, *present[:2]]]
    return [[one] for one in some]


def sent(values: list[Any]) -> str:
    return ",".join(str(one).lower() if isinstance(one, bool) else one for one in values)


@pytest.mark.parametrize(("resource", "column", "operator"), FILTERS)
def test_every_filter_finds_what_plain_python_finds(
    house: Organization, everything, resource: Resource, column: Column, operator: str
):
    path = path_of(house, resource)
    records = everything(path)
    name = f"{column.name}[{operator}]" if operator else column.name
    for values in wanted_values(column, operator, records):
        found = house.list(path, **{name: sent(values)})
        expected = [one for one in records if ORACLE[operator](one[column.name], values)]
        if column.kind is Kind.TIME and operator in ("gt", "gte", "lt", "lte"):
            expected.sort(key=lambda one: (one[column.name], one["id"]))
        assert [one["id"] for one in found] == [one["id"] for one in expected], (name, values)
        assert found == expected


@pytest.mark.parametrize(("resource", "column"), HIDDEN)
def test_a_filter_on_what_is_not_shown_divides_the_list(
    house: Organization, resource: Resource, column: Column
):
    path, name = path_of(house, resource), column.name
    ids = [one["id"] for one in house.list(path)]
    customers = [one["id"] for one in house.list("/wms/warehouse-customers")]
    of_each = [[one["id"] for one in house.list(path, **{name: customer})] for customer in customers]
    assert sum(map(len, of_each)) > 0
    for customer, mine in zip(customers, of_each, strict=True):
        others = [one["id"] for one in house.list(path, **{f"{name}[neq]": customer})]
        assert sorted(mine + others) == ids
    of_some = [one["id"] for one in house.list(path, **{f"{name}[in]": ",".join(customers)})]
    assert of_some == sorted(one for mine in of_each for one in mine)


def test_filters_on_different_fields_hold_together(house: Organization):
    orders = house.list("/wms/orders")
    since = sorted(one["created_date"] for one in orders)[len(orders) // 3]
    found = house.list(
        "/wms/orders", **{"status[in]": "fulfilled,open", "created_date[gte]": since, "channel[neq]": "x"}
    )
    expected = [
        one for one in orders if one["status"] in ("fulfilled", "open") and one["created_date"] >= since
    ]
    assert found == sorted(expected, key=lambda one: (one["created_date"], one["id"]))
    assert found


def test_ids_find_records_whatever_the_filters_say_and_leave_out_unknown_ones(house: Organization):
    orders = house.list("/wms/orders", limit="3")
    wanted = [one["id"] for one in orders]
    found = house.list("/wms/orders", **{"ids[in]": ",".join([*reversed(wanted), "no-such"]), "status": "x"})
    assert found == orders
    assert house.list("/wms/orders", ids=wanted[1]) == [orders[1]]


def test_without_tags_nothing_has_one(house: Organization):
    assert house.list("/wms/orders", **{"trackstar_tags[contains]": "vip,tier:gold"}) == []
    assert len(house.list("/wms/orders", **{"trackstar_tags[not_contains]": "vip"})) == 100


def test_an_id_of_another_resource_is_found_by_no_list(house: Organization):
    product = house.list("/wms/products")[0]["id"]
    assert house.list("/wms/orders", ids=product) == []


def test_a_list_below_a_warehouse_has_only_what_is_in_it(house: Organization):
    for warehouse in house.list("/wms/warehouses"):
        locations = house.list(f"/wms/warehouses/{warehouse['id']}/locations")
        assert {one["warehouse_id"] for one in locations} == {warehouse["id"]}


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
        ({"created_date[gte]": "2026-01-31"}, ["created_date[gte]"]),
        ({"created_date[gte]": "2026-01-31T09:00:00+00:00"}, ["created_date[gte]"]),
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
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_what_does_not_fit_is_refused_by_name(house: Organization, query: dict[str, str], names: list[str]):
    answer = house.get("/wms/orders", **query)
    body = answer.json()
    assert (answer.status_code, body["origin"]) == (422, "trackstar")
    assert sorted(body["detail"]["query"]) == names
    assert body["error"] in [text for texts in body["detail"]["query"].values() for text in texts]


def test_a_hundred_values_are_allowed(house: Organization):
    assert house.list("/wms/orders", **{"ids[in]": ",".join(map(str, range(100)))}) == []
