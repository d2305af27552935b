"""Files as spreadsheets and people leave them are read like the originals, and what is not read is told."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from crossdock.errors import FileRefused
from crossdock.integrations.ups.layout import COLUMNS
from crossdock.invoices.amounts import NumberStyle, amount, has_decimals
from crossdock.invoices.columns import Columns
from crossdock.invoices.reading import open_invoices
from tests.conftest import needs_shared
from tests.invoice_files import read

UPS = (
    "Account Number,Invoice Number,Invoice Date,Lead Shipment Number,Tracking Number,"
    "Charge Classification Code,Net Amount"
)
EXPRESS = (
    "Line Type,Invoice Number,Billing Account,Invoice Date,Currency,Total amount (excl. VAT),"
    "Shipment Number,Weight Charge,XC1 Name,XC1 Charge"
)


def written(tmp_path: Path, *lines: str, name: str = "invoice.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def told(faults) -> list[tuple[int, str | None, str]]:
    return [(fault.row, fault.column, fault.value) for fault in faults]


# The inputs that people reported


@pytest.mark.parametrize(
    ("name", "net", "reconciled", "gap"),
    [
        ("ups-headerless-250.csv", "46.30", True, "0"),
        ("ups-headerless-excel.xlsx", "46.30", True, "0"),
        ("ups-headerless-german-excel.csv", "46.30", True, "0"),
        ("dhl-express-sep-line.csv", "15.500", True, "0"),
        ("dhl-express-kwd-decimal-comma.csv", "15.500", True, "0"),
        ("dhl-express-invoice-total-right.csv", "30.00", True, "0"),
        ("dhl-express-invoice-total-and-m-row.csv", "30.00", False, "25.00"),
        ("dhl-express-header-without-space.csv", "30.00", False, "1.00"),
        ("fedex-us-formula-without-value.xlsx", "0", False, "12.50"),
        ("ups-charge-text-like-a-formula.csv", "17.63", True, "0"),
    ],
)
def test_public_cases_are_read_as_they_should_be(name, net, reconciled, gap):
    _, _, reading = read(needs_shared("public-cases", name))
    summary = reading.summary
    assert (summary.net, summary.reconciled, summary.gap) == (Decimal(net), reconciled, Decimal(gap))


def test_headerless_ups_files_give_the_same_charges_in_every_form():
    folder = needs_shared("public-cases")
    forms = ("ups-headerless-250.csv", "ups-headerless-excel.xlsx", "ups-headerless-german-excel.csv")
    charges = [
        [(item.id, item.net_cost, item.gross_cost, item.transaction_date) for item in read(folder / form)[0]]
        for form in forms
    ]
    assert len(charges[0]) == 5
    assert sum(item[2] for item in charges[0]) == Decimal("90.30")
    assert charges[0] == charges[1] == charges[2]


# UPS without a header


def headerless(**cells: str) -> list[str]:
    values = {
        "Version": "2.1", "Account Number": "00A1", "Invoice Date": "2026-03-07", "Invoice Number": "I1",
        "Invoice Currency Code": "USD", "Tracking Number": "1Z1", "Lead Shipment Number": "1Z1",
        "Charge Classification Code": "FRT", "Charge Description": "Ground", "Net Amount": "10.00",
        **{name.replace("_", " "): cell for name, cell in cells.items()},
    }  # fmt: skip
    return [values.get(name, "") for name in COLUMNS]


LAST = COLUMNS.index("Net Amount") + 1


@pytest.mark.parametrize("width", [LAST, 100, 244, 250, 251, 300])
def test_ups_without_a_header_is_read_whatever_blank_cells_end_its_rows(tmp_path, width):
    cells = [*headerless(), *[""] * 50][:width]
    items, faults, _ = read(written(tmp_path, ",".join(cells), ",".join(cells)))
    assert ([item.net_cost for item in items], faults) == ([Decimal("10.00")] * 2, [])


def test_columns_that_ups_adds_at_the_end_change_nothing(tmp_path):
    cells = [*headerless(), *["new"] * 20]
    items, faults, _ = read(written(tmp_path, ",".join(cells), ",".join(headerless())))
    assert ([item.net_cost for item in items], faults) == ([Decimal("10.00")] * 2, [])


@pytest.mark.parametrize(
    "cells",
    [
        [*headerless(Charge_Classification_Code=""), "more"],
        headerless()[: LAST - 1],
        [*headerless(Invoice_Currency_Code="")[:200]],
        ["2.1", *["x"] * 60],
    ],
    ids=["more columns, and no class", "no net amount", "no currency", "nothing in its place"],
)
def test_what_only_begins_like_ups_is_refused(tmp_path, cells):
    with pytest.raises(FileRefused):
        open_invoices(written(tmp_path, ",".join(cells)))


# A line that only says what the delimiter is


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=;\r"])
def test_the_separator_line_of_excel_is_skipped_also_in_the_middle(tmp_path, line):
    header, row = UPS.replace(",", ";"), "A1;I1;2026-01-31;1Z1;1Z1;FRT;10,00"
    items, faults, reading = read(written(tmp_path, line, header, row, line, header, row))
    assert ([item.net_cost for item in items], faults) == ([Decimal("10.00")] * 2, [])
    assert reading.summary.rows == 2


# Columns


def test_columns_are_found_in_any_spelling_of_case_and_spaces(tmp_path):
    header = UPS.replace("Net Amount", "netamount").replace("Charge Classification", "CHARGE  Classification")
    items, faults, _ = read(written(tmp_path, header, "A1,I1,2026-01-31,1Z1,1Z1,FRT,10.00"))
    assert ([item.net_cost for item in items], faults) == ([Decimal("10.00")], [])


@pytest.mark.parametrize("name", ["Invoice_Amount", "Invoice-Amount", "Invoice Amout", "Invoice Amounts"])
def test_a_column_that_looks_like_one_of_ours_and_is_not_read_is_told(tmp_path, name):
    path = written(tmp_path, f"{UPS},{name}", "A1,I1,2026-01-31,1Z1,1Z1,FRT,10.00,10.00")
    _, [fault], _ = read(path)
    assert (fault.row, fault.column, fault.value, fault.is_warning) == (1, name, name, True)
    assert "looks like 'Invoice Amount'" in fault.message


def test_names_with_other_digits_or_few_letters_are_not_alike():
    columns = Columns(["Discount 11 Amount", "Zones", "XC1 Tax"])
    for name in ("Discount 1 Amount", "Zone", "XC1 Fax"):
        columns.at(name)
    assert columns.lookalikes() == []


def test_the_layouts_whole_headers_have_no_columns_that_look_alike(tmp_path):
    out = io.StringIO()
    csv.writer(out).writerow(COLUMNS)
    _, faults, _ = read(written(tmp_path, out.getvalue().strip(), ",".join(headerless())))
    assert faults == []


# Rows of other lengths, and cells over several lines


def test_a_trailing_cell_is_ignored_where_optional_columns_are_missing(tmp_path):
    row = "A1,I1,2026-01-31,1Z1,1Z1,FRT,10.00"
    items, faults, _ = read(written(tmp_path, UPS, f"{row},", f"{row},x,y", row))
    assert ([item.net_cost for item in items], faults) == ([Decimal("10.00")] * 3, [])


def test_a_bad_amount_in_a_row_over_several_lines_is_told_and_the_next_rows_are_read(tmp_path):
    path = written(tmp_path, UPS, '"A\n1",I1,2026-01-31,1Z1,1Z1,FRT,N/A', "A1,I1,2026-01-31,1Z1,1Z1,FRT,1.00")
    items, faults, _ = read(path)
    assert told(faults) == [(2, "Net Amount", "N/A")]
    assert [item.net_cost for item in items] == [Decimal("1.00")]


# Formulas


def workbook(tmp_path: Path, cell: object, note: object = "x") -> Path:
    book, path = Workbook(), tmp_path / "invoice.xlsx"
    sheet = book.active
    assert sheet is not None
    sheet.append([*UPS.split(","), "Note"])
    sheet.append(["A1", "I1", "2026-01-31", "1Z1", "1Z1", "FRT", cell, note])
    sheet.append(["A1", "I1", "2026-01-31", "1Z1", "1Z1", "FRT", 2.5, "x"])
    book.save(path)
    return path


def test_a_formula_without_a_value_is_told_and_never_taken_for_zero(tmp_path):
    items, faults, reading = read(workbook(tmp_path, "=1+2"))
    assert told(faults) == [(2, "Net Amount", "")]
    assert "never calculated" in faults[0].message
    assert [item.net_cost for item in items] == [Decimal("2.5")]
    assert reading.summary.reconciled is False


def test_a_formula_without_a_value_is_told_in_any_column(tmp_path):
    items, faults, _ = read(workbook(tmp_path, 1.5, "=A1&B1"))
    assert told(faults) == [(2, "Note", "")]
    assert [item.net_cost for item in items] == [Decimal("1.5"), Decimal("2.5")]


# Amounts


@pytest.mark.parametrize(
    ("cell", "currency", "expected"),
    [
        ("15.500", "KWD", "15.500"), ("15,500", "KWD", "15.500"), ("1.234,500", "KWD", "1234.500"),
        ("15,500.250", "BHD", "15500.250"), ("1,234,567", "OMR", "1234567"), ("-1,005", "TND", "-1.005"),
        ("1,234", "JPY", "1234"), ("1.234", "JPY", "1234"), ("1.234", "USD", "1.234"),
        ("1,234", "USD", "1234"),
    ],
)  # fmt: skip
def test_three_digits_behind_a_separator_are_what_the_currency_has(cell, currency, expected):
    assert amount(cell, NumberStyle.POINT, decimals=has_decimals(currency)) == Decimal(expected)


def test_currencies_of_two_and_three_decimals_in_one_file_are_each_read_as_their_own(tmp_path):
    rows = [
        f"S,I{n},A1,20260430,{currency},{cell},4{n},{cell},,"
        for n, (currency, cell) in enumerate([("KWD", '"1,500"'), ("USD", '"1,500"'), ("KWD", '"1,500"')])
    ]
    items, _, _ = read(written(tmp_path, EXPRESS, *rows))
    assert [item.net_cost for item in items] == [Decimal("1.500"), Decimal(1500), Decimal("1.500")]


# Money that is no line item


def test_an_amount_in_an_inf_row_of_ups_is_told(tmp_path):
    items, [fault], _ = read(written(tmp_path, UPS, "A1,I1,2026-01-31,1Z1,1Z1,INF,8.50"))
    assert (items, fault.column, fault.value, fault.is_warning) == ([], "Net Amount", "8.50", True)


def express(*rows: str) -> tuple[str, ...]:
    return (EXPRESS, *rows)


SHIPMENT = "S,,,,EUR,30.00,41,25.00,FUEL,5.00"


def test_dhl_express_is_compared_with_the_total_of_its_invoice_row(tmp_path):
    for total, reconciled, gap in (("30.00", True, "0"), ("55.00", False, "25.00"), ("", True, "0")):
        path = written(tmp_path, *express(f"I,HAM1,A1,20260430,EUR,{total},,,,", SHIPMENT))
        with open_invoices(path) as reading:
            list(reading)
            [invoice] = reading.invoices()
        assert (reading.summary.reconciled, reading.summary.gap) == (reconciled, Decimal(gap))
        assert invoice.stated_total == (Decimal(total) if total else None)


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("M,HAM1,,,EUR,25.00,,,,", "Total amount (excl. VAT)", "25.00"),
        ("M,HAM1,,,EUR,,,,ADDRESS CORRECTION,25.00", "XC1 Charge", "25.00"),
        ("T,HAM1,,,EUR,31.00,,,,", "Total amount (excl. VAT)", "31.00"),
    ],
)
def test_money_in_rows_of_other_types_is_told_and_leaves_the_file_unreconciled(tmp_path, row, column, value):
    items, [fault], reading = read(written(tmp_path, *express(SHIPMENT, row)))
    assert (fault.row, fault.column, fault.value) == (3, column, value)
    assert (len(items), reading.summary.reconciled) == (2, False)


@pytest.mark.parametrize("row", ["T,HAM1,,,EUR,30.00,,,,", "M,HAM1,,,EUR,0.00,,see below,,", "M,,,,,,,,,"])
def test_rows_of_other_types_without_money_of_their_own_are_passed_over(tmp_path, row):
    _, faults, reading = read(written(tmp_path, *express(SHIPMENT, row)))
    assert (faults, reading.summary.reconciled) == ([], True)
