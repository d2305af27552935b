"""Bad files are told for what they are, row by row; what is good in them is kept, and nothing is made up."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.errors import FileRefused
from crossdock.invoices.contract import Envelope, LineItem
from crossdock.invoices.reading import open_invoices
from crossdock.invoices.spill import Occurrences, Seen, Sums, counted
from crossdock.invoices.totals import RunningTotal
from tests.invoice_files import read

UPS = (
    "Account Number,Invoice Number,Invoice Date,Lead Shipment Number,Tracking Number,"
    "Charge Classification Code,Net Amount,Invoice Amount,Transaction Currency Code"
)
USPS = (
    "EPS Account #,EPS Transaction ID,Transaction Amount,Transaction Date/Time,Transaction Type,"
    "Package Identification Code (PIC),Postage"
)
DPD = "Invoice number;Invoice date;Customer number;Parcel number;Base price;Total amount"


def ups(
    number: int, net: str = "1.00", total: str = "", currency: str = "USD", day: str = "2026-01-31"
) -> str:
    return f"A1,I1,{day},1Z{number},1Z{number},FRT,{net},{total},{currency}"


def written(tmp_path: Path, *lines: str, name: str = "invoice.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def told(faults) -> list[tuple[int, str | None, str]]:
    return [(fault.row, fault.column, fault.value) for fault in faults]


# What is refused


def test_a_file_that_nobody_knows_is_refused_with_what_was_seen(tmp_path):
    path = written(tmp_path, "Datum,Betrag,Notiz", "2026-01-01,5.00,x")
    with pytest.raises(
        FileRefused,
        match="no invoice file that we know: its first record has 3 cells: 'Datum', 'Betrag', 'Notiz'",
    ):
        open_invoices(path)


def test_a_carrier_that_there_is_not_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(
        FileRefused,
        match="no carrier 'hermes'; there are: dhl-ecom, dhl-express, dpd, fedex, royal-mail, ups, usps",
    ):
        open_invoices(written(tmp_path, UPS, ups(1)), carrier="hermes")


def test_the_dpd_layout_is_not_guessed_from_commas(tmp_path):
    with pytest.raises(FileRefused):
        open_invoices(written(tmp_path, DPD.replace(";", ","), "1,20260131,2,3,4.00,4.00"))


def test_a_line_without_end_at_the_beginning_refuses_the_file(tmp_path, monkeypatch):
    path = tmp_path / "invoice.csv"
    path.write_bytes(b"x" * (3 << 20))
    with pytest.raises(FileRefused, match="line 1 is longer"):
        open_invoices(path)


# What is told


def test_a_header_and_nothing_below_it_is_told(tmp_path):
    items, faults, reading = read(written(tmp_path, UPS))
    assert (items, told(faults)) == ([], [(1, None, "")])
    assert reading.summary.reconciled is False


def test_a_line_without_end_further_down_ends_the_reading_and_keeps_what_was_read(tmp_path):
    items, faults, reading = read(written(tmp_path, UPS, ups(1), "x" * (2 << 20), ups(2)))
    assert [item.tracking_number for item in items] == ["1Z1"]
    assert "the rest of the file is not read" in faults[0].message
    assert reading.summary.reconciled is False


def test_dates_that_do_not_exist_are_told_and_their_charges_are_kept(tmp_path):
    items, faults, reading = read(written(tmp_path, UPS, ups(1, day="2026-02-30"), ups(2, total="2.00")))
    assert told(faults) == [(2, "Invoice Date", "2026-02-30")]
    assert [(item.net_cost, item.transaction_date) for item in items] == [
        (Decimal("1.00"), None),
        (Decimal("1.00"), "2026-01-31T00:00:00Z"),
    ]
    assert reading.summary.reconciled is False


def test_a_second_currency_is_told_and_nothing_is_added_up_over_both(tmp_path):
    path = written(tmp_path, UPS, ups(1), ups(2, currency="EUR"), ups(3), ups(4, currency="EUR"))
    items, faults, reading = read(path)
    assert told(faults) == [(3, "Transaction Currency Code", "EUR")]
    assert [item.currency for item in items] == ["USD", "EUR", "USD", "EUR"]
    summary = reading.summary
    assert (summary.net, summary.currency, summary.reconciled) == (None, None, False)


def test_what_is_no_currency_is_told(tmp_path):
    items, faults, _ = read(written(tmp_path, UPS, ups(1, currency="US dollars"), ups(2, currency="")))
    assert told(faults) == [(2, "Transaction Currency Code", "US dollars")]
    assert [item.currency for item in items] == [None, "USD"]


@pytest.mark.parametrize(
    ("end", "column"),
    [
        ("A1,I1,2026-01-31,1Z2,1Z2,FRT,1", "Net Amount"),
        ("A1,I1,2026", "Invoice Date"),
        ('A1,"I1', "Invoice Number"),
    ],
)
def test_a_file_cut_off_in_a_row_tells_where_and_keeps_the_rows_before(tmp_path, end, column):
    path = tmp_path / "invoice.csv"
    path.write_text("\n".join([UPS, ups(1), end]))
    items, faults, reading = read(path)
    assert [item.tracking_number for item in items] == ["1Z1"]
    assert [(fault.row, fault.column) for fault in faults] == [(3, column)]
    assert reading.summary.reconciled is False


def test_a_file_whose_rows_are_all_short_is_not_cut_off(tmp_path):
    path = tmp_path / "invoice.csv"
    short = [ups(number).removesuffix(",,USD") for number in (1, 2)]
    path.write_text("\n".join([UPS, *short]))
    items, faults, _ = read(path)
    assert (len(items), faults) == (2, [])


def test_another_carrier_further_down_is_told_and_not_read_as_this_one(tmp_path):
    usps = "1,9,5.00,2026-01-01,Label Purchase,9400,5.00"
    path = written(tmp_path, UPS, ups(1), USPS, usps, usps, UPS, ups(2))
    items, faults, reading = read(path)
    assert [item.tracking_number for item in items] == ["1Z1", "1Z2"]
    [fault] = faults
    assert (fault.row, reading.summary.reconciled) == (3, False)
    assert "here begins a file of USPS, in one of UPS" in fault.message


@pytest.mark.parametrize("other_value", [DPD, "HDR,1,2,2026-01-01,,,,,,,,5.00"])
def test_a_carrier_with_another_delimiter_or_without_a_header_is_told_too(tmp_path, other_value):
    items, faults, _ = read(written(tmp_path, UPS, ups(1), other_value, ups(2)))
    assert [item.tracking_number for item in items] == ["1Z1"]
    assert [fault.row for fault in faults] == [3]


def test_a_header_with_other_columns_further_down_is_read_by_its_own(tmp_path):
    path = written(
        tmp_path, UPS, ups(1), "Net Amount,Lead Shipment Number,Charge Classification Code,Invoice Number",
        "7.00,1Z2,FRT,I1",
    )  # fmt: skip
    items, faults, _ = read(path)
    assert [(item.tracking_number, item.net_cost) for item in items] == [
        ("1Z1", Decimal("1.00")),
        ("1Z2", Decimal("7.00")),
    ]
    assert faults == []


def test_a_value_that_is_very_long_is_shown_cut_off(tmp_path):
    _, [fault], _ = read(written(tmp_path, UPS, ups(1, net="x" * 5000)))
    assert len(fault.value) == 200


def test_numbers_that_excel_has_rounded_are_told(tmp_path):
    from openpyxl import Workbook

    book, path = Workbook(write_only=True), tmp_path / "invoice.xlsx"
    sheet = book.create_sheet()
    sheet.append(USPS.split(","))
    sheet.append([1, 9, 5.25, "2026-01-01", "Label Purchase", 9.400111899223344e21, 5.25])
    book.save(path)
    items, [fault], reading = read(path)
    assert fault.column == "Package Identification Code (PIC)"
    assert "Excel has rounded" in fault.message
    assert items[0].net_cost == Decimal("5.25")
    assert reading.summary.reconciled is False


# The decimal mark


def test_a_decimal_comma_anywhere_in_the_file_decides_what_came_before(tmp_path):
    rows = [f"1;20260131;2;{n};{cell};" for n, cell in enumerate(["1.234", "2,345", "7,50"])]
    items, _, _ = read(written(tmp_path, DPD, *rows))
    assert [item.net_cost for item in items] == [Decimal(1234), Decimal("2.345"), Decimal("7.50")]


def test_without_a_decimal_comma_commas_group(tmp_path):
    rows = [f"1;20260131;2;{n};{cell};" for n, cell in enumerate(["1.234", "2,345", "7.50"])]
    items, _, _ = read(written(tmp_path, DPD, *rows))
    assert [item.net_cost for item in items] == [Decimal("1.234"), Decimal(2345), Decimal("7.50")]


def test_a_comma_in_a_column_without_amounts_decides_nothing(tmp_path):
    path = written(tmp_path, f"{DPD};Note", "1;20260131;2;3;1.234;;1,5")
    assert read(path)[0][0].net_cost == Decimal("1.234")


# What came along


def test_what_the_file_is_silent_about_comes_from_its_envelope(tmp_path):
    path = written(tmp_path, DPD, ";;2;3;4.00;4.00", "I9;20260228;2;4;1.00;1.00")
    envelope = Envelope(invoice_id="I7", invoice_date="2026-01-31T00:00:00Z")
    items, _, _ = read(path, envelope=envelope)
    assert [(item.invoice_id, item.transaction_date) for item in items] == [
        ("I7", "2026-01-31T00:00:00Z"),
        ("I9", "2026-02-28T00:00:00Z"),
    ]


# Money


cents = st.integers(-10_000_000, 10_000_000)


@given(st.lists(cents, min_size=1, max_size=20), st.one_of(st.just(0), cents))
@settings(max_examples=60, deadline=None)
def test_p23_an_invoice_comes_to_its_total_or_the_gap_is_told(tmp_path_factory, amounts, off):
    total = Decimal(sum(amounts) + off) / 100
    rows = [
        ups(number, f"{Decimal(amount) / 100:.2f}", f"{total:.2f}") for number, amount in enumerate(amounts)
    ]
    path = written(tmp_path_factory.mktemp("p23"), UPS, *rows)
    with open_invoices(path) as reading:
        items = [item.net_cost for item in reading if isinstance(item, LineItem)]
        [invoice] = reading.invoices()
    assert sum(items) == Decimal(sum(amounts)) / 100 == reading.summary.net == invoice.net
    assert invoice.gap == reading.summary.gap == Decimal(off) / 100
    assert invoice.reconciled is reading.summary.reconciled is (off == 0)
    assert invoice.stated_total == total


def test_p23_sums_of_long_shares_keep_every_digit(tmp_path):
    share = "0.333333333333333333333333"
    rows = [
        f"1;20260131;2;{n};{cell};" for n, cell in enumerate(["12345678901234567.89", share, share, share])
    ]
    with open_invoices(written(tmp_path, DPD, *rows)) as reading:
        list(reading)
    assert reading.summary.net == Decimal("12345678901234568.889999999999999999999999")


# Memory


@pytest.mark.parametrize("in_memory", [2, 1000])
def test_charges_are_counted_alike_in_memory_and_on_disk(in_memory):
    occurrences = Occurrences(in_memory)
    numbers: list[int] = []
    turn: Seen = ""
    for digest, marks in [
        ("a", "xy"),
        ("b", "x"),
        ("c", "xx"),
        ("a", "x"),
        ("c", "x"),
        ("d", "x"),
        ("a", "xz"),
    ]:
        turn = occurrences.turn_to(digest, turn)
        for mark in marks:
            turn, count = counted(turn, mark)
            numbers.append(count)
    occurrences.close()
    assert numbers == [1, 1, 1, 1, 2, 2, 3, 1, 3, 1]


def test_very_many_charges_of_one_shipment_and_labels_without_a_mark_are_counted_too():
    value: Seen = ""
    numbers = []
    for mark in [*"ab" * 100, "0123456789ab", "0123456789ab", "a"]:
        value, count = counted(value, mark)
        numbers.append(count)
    assert numbers == [n // 2 + 1 for n in range(200)] + [1, 2, 101]


@pytest.mark.parametrize("in_memory", [2, 1000])
def test_sums_are_the_same_in_memory_and_on_disk(in_memory):
    sums: Sums[RunningTotal] = Sums(RunningTotal, in_memory)
    for number in range(30):
        running_total = sums.of(f"I{number % 7}")
        running_total.net += Decimal(number)
        running_total.meet("account", f"A{number % 2}" if number % 7 == 3 else "A1")
    fields = {key: (running_total.net, running_total.only("account")) for key, running_total in sums.items()}
    assert fields == {
        f"I{key}": (Decimal(sum(range(key, 30, 7))), None if key == 3 else "A1") for key in range(7)
    }
    assert sums.get("I3").net == Decimal(3 + 10 + 17 + 24)
    sums.close()


def test_parts_of_an_invoice_are_checked_the_same_on_disk(tmp_path, monkeypatch):
    totals = [4 * (n // 2) + 1 for n in range(40)]
    rows = [
        f"A1,I{n % 5},2026-01-31,1Z{n // 2},1Z{n // 2},FRT,{n}.00,{total}.00,USD"
        for n, total in enumerate(totals)
    ]
    path = written(tmp_path, UPS, *rows)

    def outcome():
        with open_invoices(path) as reading:
            ids = [item.id for item in reading if isinstance(item, LineItem)]
            return ids, reading.summary, sorted(map(repr, reading.invoices()))

    in_memory = outcome()
    monkeypatch.setattr(Sums.__init__, "__defaults__", (3, lambda _: None))
    monkeypatch.setattr(Occurrences.__init__, "__defaults__", (3,))
    assert outcome() == in_memory


GROWTH = """
import re, sys
from pathlib import Path
from crossdock.invoices.reading import open_invoices
with open_invoices(Path(sys.argv[1])) as reading:
    for batch in reading.batches():
        pass
# Not ru_maxrss: that counts what the process was before it became this one.
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(reading.summary.rows, int(peak) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process")
def test_memory_does_not_grow_with_the_file(tmp_path):
    """Each row with an invoice, a shipment, a moment and amounts of its own: the worst for what is kept."""

    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        with path.open("w") as file:
            file.write(USPS + "\n")
            file.writelines(
                f"1,{n},{n}.25,2026-01-01 00:{n // 60 % 60:02}:{n % 60:02},Label Purchase,94{n},{n}.25\n"
                for n in range(rows)
            )
        done = subprocess.run(
            [sys.executable, "-c", GROWTH, str(path)], capture_output=True, text=True, check=True, timeout=120
        )
        count, megabytes = map(int, done.stdout.split())
        assert count == rows
        return megabytes

    assert peak(130_000) < 150
