"""What every carrier's reading of invoices promises, held for each case of each carrier's folder.

A new carrier is found by itself. The cases of a carrier are made up; what the samples of the contract give
is compared where they are at hand.
"""

import csv
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from crossdock.errors import FileRefused
from crossdock.invoices.carriers import layouts_of
from crossdock.invoices.contract import LineItem
from crossdock.invoices.reading import open_invoices
from tests.invoice_files import CARRIERS, Case, cases, read, table, text

SAMPLES = Path(__file__).parents[3] / "shared" / "carrier-samples"
LAYOUTS = {
    (slug, layout.variant) for slug, integration in CARRIERS.items() for layout in layouts_of(integration)
}

each_case = pytest.mark.parametrize(
    ("slug", "case"), [pytest.param(slug, case, id=f"{slug}: {case['name']}") for slug, case in cases()]
)
can_be_rearranged = pytest.mark.parametrize(
    ("slug", "case"),
    [
        pytest.param(slug, case, id=f"{slug}: {case['name']}")
        for slug, case in cases()
        if case.get("rearrange", True)
    ],
)


def _file(tmp_path: Path, slug: str, case: Case) -> Path:
    path = tmp_path / "invoice.csv"
    path.write_text(text(table(CARRIERS[slug], case), case.get("delimiter", ",")), encoding="utf-8")
    return path


def _charges(items: list[LineItem]) -> set[tuple[Any, ...]]:
    """What no encoding and no order of columns may change."""
    return {
        (item.id, item.net_cost, item.gross_cost, item.transaction_date, item.tracking_number, item.currency)
        for item in items
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _amounts_alike(found_getattr: Any, expected: Any) -> bool:
    """Equal; of gaps and sums, whose zeros nobody counts, equal in value."""
    if isinstance(found_getattr, Decimal) and expected is not None:
        return found_getattr == Decimal(expected)
    return _plain(found_getattr) == expected


# The cases


@each_case
def test_each_file_is_read_as_expected(slug, case, tmp_path):
    items, faults, reading = read(_file(tmp_path, slug, case))
    assert (reading.carrier, reading.variant) == (slug, case.get("variant"))
    plains = [
        {key: _plain(getattr(item, key)) for key in wanted_item}
        for item, wanted_item in zip(items, case["items"], strict=False)
    ]
    assert plains == case["items"]
    assert len(items) == len(case["items"])
    for kind, is_warning in (("errors", False), ("warnings", True)):
        rows = [[fault.row, fault.column, fault.value] for fault in faults if fault.is_warning is is_warning]
        assert rows == case.get(kind, [])


@each_case
def test_each_file_is_summed_up_as_expected(slug, case, tmp_path):
    _, _, reading = read(_file(tmp_path, slug, case))
    for key, expected in case["summary"].items():
        assert _amounts_alike(getattr(reading.summary, key), expected), (key, reading.summary)


@pytest.mark.parametrize(
    ("slug", "case"),
    [(slug, case) for slug, case in cases() if "invoices" in case],
    ids=lambda value: value["name"] if isinstance(value, dict) else value,
)
def test_each_invoice_is_summed_up_as_expected(slug, case, tmp_path):
    path = _file(tmp_path, slug, case)
    with open_invoices(path) as reading:
        list(reading)
        invoices = list(reading.invoices())
    assert len(invoices) == len(case["invoices"])
    for invoice, wanted_invoice in zip(invoices, case["invoices"], strict=True):
        for key, expected in wanted_invoice.items():
            assert _amounts_alike(getattr(invoice, key), expected), (key, invoice)


def test_every_layout_has_cases():
    assert {(slug, case.get("variant")) for slug, case in cases()} == LAYOUTS


def test_there_are_seven_carriers_with_twelve_layouts_and_a_mixture():
    assert (len(CARRIERS), len(LAYOUTS)) == (7, 13)


# The same in other bytes


WRITTEN = {
    "as UTF-8 with a byte order mark": lambda written: b"\xef\xbb\xbf" + written.encode(),
    "as Windows-1252": lambda written: written.encode("cp1252"),
    "with CRLF": lambda written: written.replace("\n", "\r\n").encode(),
    "with CR alone": lambda written: written.replace("\n", "\r").encode(),
    "without an end of its last line": lambda written: written.removesuffix("\n").encode(),
    "between blank lines": lambda written: ("\n \n" + written.replace("\n", "\n\n")).encode(),
}


@each_case
def test_charges_and_their_ids_are_the_same_in_other_bytes(slug, case, tmp_path):
    path = _file(tmp_path, slug, case)
    items, _, _ = read(path)
    written = path.read_text(encoding="utf-8")
    for how, encode in WRITTEN.items():
        path.write_bytes(encode(written))
        assert _charges(read(path)[0]) == _charges(items), how
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=case.get("delimiter", ","), quoting=csv.QUOTE_ALL)
        writer.writerows(table(CARRIERS[slug], case))
    assert _charges(read(path)[0]) == _charges(items), "in quotes"


@each_case
def test_charges_are_the_same_out_of_a_workbook(slug, case, tmp_path):
    items, _, _ = read(_file(tmp_path, slug, case))
    book, path = Workbook(write_only=True), tmp_path / "invoice.xlsx"
    sheet = book.create_sheet()
    for record in table(CARRIERS[slug], case):
        sheet.append(record)
    book.save(path)
    again, _, reading = read(path)
    assert _charges(again) == _charges(items)
    assert reading.delimiter is None


@each_case
def test_each_charge_has_an_id_of_its_own_every_time(slug, case, tmp_path):
    path = _file(tmp_path, slug, case)
    items, _, _ = read(path)
    assert len({item.id for item in items}) == len(items)
    assert [line_item.record for line_item in read(path)[0]] == [item.record for item in items]


@can_be_rearranged
def test_the_order_of_columns_does_not_matter(slug, case, tmp_path):
    """Pairs keep their order among themselves, as that is all that says what belongs together."""
    path = _file(tmp_path, slug, case)
    items, _, _ = read(path)
    records = table(CARRIERS[slug], case)
    positions = range(len(records[0]))
    paired = [position for position in positions if "Charge" in records[0][position]]
    order = [*paired, *(position for position in reversed(positions) if position not in paired)]
    path.write_text(
        text([[record[position] for position in order] for record in records], case.get("delimiter", ",")),
        encoding="utf-8",
    )
    again, _, _ = read(path)
    assert _charges(again) == _charges(items)


@can_be_rearranged
def test_headers_are_found_in_any_spelling(slug, case, tmp_path):
    path = _file(tmp_path, slug, case)
    items, _, _ = read(path)
    header, *records = table(CARRIERS[slug], case)
    spelled = [
        f"  {name.upper().replace(' ', '  ')}*" if n % 2 else f"{name.lower()} :"
        for n, name in enumerate(header)
    ]
    path.write_text(text([spelled, *records], case.get("delimiter", ",")), encoding="utf-8")
    again, _, _ = read(path)
    assert [line_item.net_cost for line_item in again] == [item.net_cost for item in items]


@can_be_rearranged
def test_a_header_that_is_repeated_is_no_charge(slug, case, tmp_path):
    """As in files that were put together from several."""
    path = _file(tmp_path, slug, case)
    items, faults, _ = read(path)
    records = table(CARRIERS[slug], case)
    path.write_text(text([*records, records[0]], case.get("delimiter", ",")), encoding="utf-8")
    again, extra_faults, _ = read(path)
    assert (_charges(again), len(extra_faults)) == (_charges(items), len(faults))


@each_case
def test_the_whole_record_is_kept(slug, case, tmp_path):
    items, _, _ = read(_file(tmp_path, slug, case))
    records = table(CARRIERS[slug], case)
    for item in items:
        assert list(item.raw.values()) == records[item.row - 1]


@each_case
def test_what_a_client_hands_on_becomes_a_line_item(slug, case, tmp_path):
    [resource] = CARRIERS[slug].resources.values()
    reader = CARRIERS[slug].reader(resource)
    for item in read(_file(tmp_path, slug, case))[0]:
        record = reader({**item.record, "received": "2026-01-01T00:00:00Z"})
        assert (record["id"], record["net_cost"], record["gross_cost"]) == (
            item.id,
            item.net_cost,
            item.gross_cost,
        )
        assert record["raw"]["crossdock"]["currency"] == item.currency


# Whose it is


@each_case
def test_another_carrier_than_the_one_named_is_refused_with_the_right_one(slug, case, tmp_path):
    path = _file(tmp_path, slug, case)
    other_carrier = next(carrier for carrier in CARRIERS if carrier != slug)
    with pytest.raises(FileRefused, match=re.escape(f"its carrier is {slug!r}")):
        open_invoices(path, carrier=other_carrier)
    assert read(path, carrier=CARRIERS[slug].manifest.name)[2].carrier == slug


# The samples of the contract


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples of the contract are not at hand")
@pytest.mark.parametrize(
    "name",
    [
        "dhl-ecom",
        "dhl-express",
        "dpd-dutch",
        "dpd-english",
        "fedex-uk",
        "fedex-us",
        "royal-mail",
        "ups",
        "usps",
    ],
)
def test_the_samples_of_the_contract_are_read_to_the_cent(name):
    expected = json.loads((SAMPLES / "expected" / f"{name}.json").read_text())
    items, faults, reading = read(SAMPLES / f"{name}.csv")
    assert (reading.carrier, reading.variant, reading.delimiter) == (
        expected["carrier"], expected["variant"], expected["delimiter"],
    )  # fmt: skip
    plains = [{key: _plain(getattr(item, key)) for key in expected["line_items"][0]} for item in items]
    assert plains == expected["line_items"]
    assert [fault for fault in faults if not fault.is_warning] == []
    summary, wanted_summary = reading.summary, expected["summary"]
    assert {
        "n_rows": summary.rows,
        "n_line_items": summary.line_items,
        "n_tracking_numbers": len({item.tracking_number for item in items} - {None}),
        "sum_net": str(summary.net),
        "sum_gross": str(summary.gross),
        "reconciled": summary.reconciled,
        "checks_total": summary.checks,
        "checks_failed": summary.checks_failed,
    }.items() <= wanted_summary.items()
    assert summary.gap == Decimal(wanted_summary.get("unallocated", 0))


@pytest.mark.parametrize("content", [b"x" * 100_000, b"\n" * 10 + b"x", b'"', b",", b"\x00", b"\xef\xbb\xbf"])
def test_what_is_no_table_is_refused_and_breaks_no_layout(tmp_path, content):
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(FileRefused), open_invoices(file) as reading:
        list(reading)
