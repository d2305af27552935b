"""Conditions of the served events API against plain comparisons; and each fault with its code."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

import pytest

from crossdock.deco_api.codes import CHANGE_TYPES, CODES, DecoRefused
from crossdock.deco_api.searches import search
from crossdock.integrations.deconetwork import codes as client_codes
from crossdock.integrations.deconetwork.read import EVENT_TYPES
from crossdock.resources.wms.inventory_ledger import LedgerEventType
from crossdock.store.records.numbered_events import EventSearch, Interval

NUMBERS = range(-1, 8)
HOLDS = {
    "1": lambda value, first, _: value == first,
    "2": lambda value, first, _: value != first,
    "3": lambda value, first, _: value < first,
    "4": lambda value, first, _: value > first,
    "5": lambda value, first, _: value <= first,
    "6": lambda value, first, _: value >= first,
    "7": lambda value, first, second: first <= value <= second,
}


def meets(interval: Interval, value: int) -> bool:
    low, high = interval.low, interval.high
    return (low is None or value >= low) and (high is None or value <= high) and value not in interval.without


@pytest.mark.parametrize("condition", HOLDS)
def test_each_condition_leaves_the_numbers_that_it_means(condition: str):
    for first, second in itertools.product(("0", "3", "3.5", "4", "-2", "1e1"), ("2", "4.5", "6")):
        params = {"field": "2", "condition": condition, "number1": first, "number2": second}
        interval = search(params).wanted["number"]
        left = [value for value in NUMBERS if meets(interval, value)]
        wanted = [value for value in NUMBERS if HOLDS[condition](value, Decimal(first), Decimal(second))]
        assert left == wanted, (first, second)


@pytest.mark.parametrize("condition", HOLDS)
def test_each_condition_leaves_the_seconds_that_it_means(condition: str):
    begin = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    for text, moment in (
        ("2026-01-01T00:00:03", 3),
        ("2026-01-01T00:00:03.5", 3.5),
        ("2026-01-01T01:00:03+01:00", 3),
        ("2026-01-01 00:00:03", 3),
    ):
        params = {"field": "1", "condition": condition, "date1": text, "date2": "2026-01-01T00:00:06"}
        interval = search(params).wanted["date"]
        left = [value for value in NUMBERS if meets(interval, begin + value)]
        assert left == [value for value in NUMBERS if HOLDS[condition](value, moment, 6)], text


def test_all_conditions_must_hold_in_whichever_form_they_come():
    params = {
        "conditions[1][field]": "2", "conditions[1][condition]": "6", "conditions[1][number1]": "2",
        "conditions[2][field]": "2", "conditions[2][condition]": "2", "conditions[2][number1]": "4",
        "field": "2", "condition": "3", "number1": "6",
    }  # fmt: skip
    interval = search(params).wanted["number"]
    assert [value for value in NUMBERS if meets(interval, value)] == [2, 3, 5]


def test_a_condition_without_a_number_is_one_besides_whichever_number_others_have():
    numbered = {"conditions[0][field]": "2", "conditions[0][condition]": "5", "conditions[0][number1]": "4"}
    interval = search(numbered | {"field": "2", "condition": "6", "number1": "3"}).wanted["number"]
    assert interval == Interval(3, 4)


def test_what_is_not_said_has_its_documented_default():
    found = search({"field": "2", "condition": "1", "number1": "7", "skip_login_token": "1"})
    assert found == EventSearch({"number": Interval(7, 7)}, "date", 100, 0)


ONE = {"field": "2", "condition": "1", "number1": "7"}
FAULTS = [
    ({}, 50002, "No conditions"),
    ({"limit": "5"}, 50002, "No conditions"),
    ({"condition": "1", "number1": "7"}, 50003, "Condition 1 'field' is missing"),
    ({"field": "2", "number1": "7"}, 50003, "Condition 1 'condition' is missing"),
    ({"conditions[3][field]": "2"}, 50003, "Condition 3 'condition' is missing"),
    ({"field": "1", "condition": "4"}, 50003, "date1 is invalid"),
    ({"field": "1", "condition": "4", "date1": "yesterday"}, 50003, "date1 is invalid"),
    ({"field": "1", "condition": "7", "date1": "2026-01-01"}, 50003, "date2 is invalid"),
    ({"field": "2", "condition": "1"}, 50003, "number1 is invalid"),
    ({"field": "2", "condition": "1", "number1": "NaN"}, 50003, "number1 is invalid"),
    ({"field": "2", "condition": "7", "number1": "1", "number2": "x"}, 50003, "number2 is invalid"),
    (ONE | {"limit": "101"}, 50004, "limit"),
    (ONE | {"limit": "-1"}, 50004, "limit"),
    (ONE | {"offset": "-1"}, 50004, "offset"),
    (ONE | {"offset": "9" * 30}, 50004, "offset"),
    (ONE | {"sortby": "9"}, 50005, "sortby"),
    (ONE | {"field": "3"}, 50005, "field"),
    (ONE | {"condition": "8"}, 50005, "condition"),
    *(
        (ONE | {name: "2"}, 50005, "a condition is named")
        for name in (
            "conditions",
            "conditions[1]",
            "conditions[][field]",
            "conditions[x][field]",
            "conditions[1][Field]",
            "conditions[-1][field]",
        )
    ),
    ({f"conditions[{n}][field]": "2" for n in range(60)}, 50005, "more than 50"),
]


@pytest.mark.parametrize(("params", "code", "message"), FAULTS)
def test_each_fault_has_its_code_and_names_the_parameter(params: dict[str, str], code: int, message: str):
    with pytest.raises(DecoRefused, match=message) as refusal:
        search(params)
    assert refusal.value.outcome == code


@pytest.mark.parametrize("number", ["1e999999", "-1e999999", "9" * 400])
def test_no_number_is_too_large_to_be_asked_for(number: str):
    for condition in HOLDS:
        interval = search({"field": "2", "condition": condition, "number1": number, "number2": number}).wanted
        for bound in (interval["number"].low, interval["number"].high, *interval["number"].without):
            assert bound is None or abs(bound) <= 2**63 - 1


def test_the_reasons_that_are_served_are_read_back_as_what_they_were():
    assert {EVENT_TYPES[code] for code in CHANGE_TYPES.values()} == {*get_args(LedgerEventType)}
    assert {name: EVENT_TYPES[code] for name, code in CHANGE_TYPES.items()} == {n: n for n in CHANGE_TYPES}


def test_the_client_knows_every_code_that_is_served():
    assert {*CODES} <= client_codes.OUTCOMES.keys()
