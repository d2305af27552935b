"""Amounts, charts of them and fields of writes as pages show them: exact, whatever comes."""

from decimal import Decimal

import pytest

from crossdock.audit.spend import SpendSums
from crossdock.dashboard import formats
from crossdock.dashboard.carrier.charts import (
    HEIGHT,
    AmountChart,
    MonthAmount,
    months_before,
    months_between,
    shares,
)
from crossdock.dashboard.integrations.write_fields import write_fields
from crossdock.store.carriers.charges import ChargeRow
from crossdock.writes.bodies import NO_ACCOUNT


def chart(*amounts: str) -> AmountChart:
    months = [MonthAmount(month="2026-01", amount=Decimal(amount), charges=1) for amount in amounts]
    return AmountChart(title="", currency="USD", months=months)


def charge(net: str | None, **columns: object) -> ChargeRow:
    fields = {
        "item_id": "i", "account_id": "A", "invoice_id": "", "tracking_number": "", "parcel": "", "label": "",
        "category": "base", "gross": None, "net": net, "currency": "USD", "charged_on": 1_770_000_000,
        "service": None, "zone": None, "billed_weight": None, "actual_weight": None, "weight_unit": None,
    }  # fmt: skip
    return ChargeRow(**(fields | columns))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1234.5", "USD", "1,234.50"), ("8", "EUR", "8.00"), ("-0.1", "GBP", "-0.10"),
        ("1000", "JPY", "1,000"), ("1.5", "KWD", "1.500"), ("0.12345", "USD", "0.12345"),
        ("1E+3", "USD", "1,000.00"), ("7", None, "7.00"),
    ],
)  # fmt: skip
def test_money_has_the_decimals_of_its_currency_and_loses_no_digit(amount, currency, shown: str):
    assert formats.money(Decimal(amount), currency) == shown


@pytest.mark.parametrize(
    ("size", "shown"), [(999, "999 bytes"), (1000, "1 kB"), (1_234_567, "1.2 MB"), (268_435_456, "268.4 MB")]
)
def test_sizes_are_shown_as_people_read_them(size: int, shown: str):
    assert formats.size(size) == shown


@pytest.mark.parametrize(
    ("amounts", "marks"),
    [
        (("1634.96",), ["2000", "1500", "1000", "500", "0"]),
        (("0.03", "0.01"), ["0.03", "0.02", "0.01", "0"]),
        (("90", "-40"), ["100", "50", "0", "-50"]),
        (("-7",), ["0", "-2", "-4", "-6", "-8"]),
        (("0",), ["1", "0"]),
        ((), ["1", "0"]),
    ],
)
def test_the_axis_has_round_marks_and_a_zero(amounts: tuple[str, ...], marks: list[str]):
    assert [format(mark, "f") for mark in chart(*amounts).marks] == marks


def test_bars_stand_on_zero_and_hang_below_it():
    drawn = chart("100", "-50", "0", "0.01")
    up, down, none, tiny = drawn.drawn
    assert up.y + up.height == pytest.approx(drawn.zero, abs=0.1)
    assert down.y == pytest.approx(drawn.zero, abs=0.1)
    assert (none.height, tiny.height) == (0, 2.0)
    assert all(0 <= bar.y <= HEIGHT for bar in drawn.drawn)


def test_shares_are_of_the_largest_and_name_what_was_given_back():
    largest, refund = shares({"base": (Decimal(200), 3), "discount": (Decimal(-50), 1)})
    assert (largest.name, largest.width, largest.is_negative) == ("base", 100.0, False)
    assert (refund.name, refund.width, refund.is_negative) == ("discount", 25.0, True)
    assert [share.width for share in shares({"x": (Decimal(0), 1)})] == [0.0]


def test_months_go_over_the_end_of_a_year():
    assert months_between("2025-11", "2026-02") == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months_before("2026-01", 1) == "2025-12"
    assert months_before("0001-02", 50) == "0001-01"


def test_sums_are_exact_by_currency_and_a_parcels_service_is_that_of_all_its_charges():
    sums = SpendSums()
    sums.add([charge("0.10", service="Ground"), charge("0.20", category="fuel"), charge(None)])
    sums.add([charge("5", currency="EUR", charged_on=0)])
    rows = {
        (row.month, row.currency, row.category, row.service): (row.net, row.charges) for row in sums.rows()
    }
    assert rows == {
        ("2026-02", "USD", "base", "Ground"): ("0.10", 2),
        ("2026-02", "USD", "fuel", "Ground"): ("0.20", 1),
        ("", "EUR", "base", ""): ("5", 1),
    }


def test_a_field_tells_when_it_is_needed_and_what_it_may_be():
    schema = {
        "required": ["lines"],
        "properties": {
            "note": {"type": "string", "deprecated": True},
            "lines": {
                "type": "array",
                "items": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}},
            },
            "address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
            "kind": {"enum": ["a", "b"]},
            "house": {"type": "string", "enum": [NO_ACCOUNT]},
            "tag": {"oneOf": [{"type": "string"}, {"type": "object"}]},
        },
    }
    fields = {field.path: field for field in write_fields(schema)}
    assert {path: field.needed for path, field in fields.items()} == {
        "lines[]": "always", "lines[].sku": "always", "note": "no", "address": "no", "address.city": "within",
        "kind": "no", "house": "no", "tag": "no",
    }  # fmt: skip
    assert (fields["lines[]"].kind, fields["kind"].kind, fields["tag"].kind) == (
        "list of objects", "choice", "text or object",
    )  # fmt: skip
    assert (fields["kind"].choices, fields["house"].choices, fields["house"].is_of_account) == (
        ["a", "b"],
        [],
        True,
    )
    assert fields["note"].is_deprecated is True
