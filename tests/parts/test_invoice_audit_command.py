"""`crossdock invoices audit`: what is found in files without a server, and how it ends."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossdock.audit.claiming import COLUMNS
from crossdock.cli.main import app
from tests.fakes.invoices import FREIGHT, FUEL, row, text

TWICE = ("1Z002", "ACC", "Residential Surcharge", "0.00", "4.35")
FEE = ("", "MSC", "Weekly Service Charge", "0.00", "30.00")
SIZED = {
    "Billed Weight": "12", "Billed Weight Unit of Measure": "LB", "Entered Weight": "10",
    "Entered Weight Unit of Measure": "LB", "Billed Weight Type": "2", "Package Dimensions": "12.0x12.0x10.0",
    "Package Dimension Unit Of Measure": "IN", "Zone": "5", "Original Service Description": "Ground",
}  # fmt: skip
"""1,440 cubic inches: 11 lb by 139."""


def run(*words: Any) -> Any:
    return CliRunner().invoke(app, ["invoices", "audit", *map(str, words)])


def file(folder: Path, name: str, *rows: dict[str, str]) -> Path:
    path = folder / name
    path.write_bytes(text(*rows))
    return path


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    return file(
        tmp_path, "twice.csv", row(TWICE, "INV2", "38.70"), row(TWICE, "INV2", "38.70"),
        row(FEE, "INV2", "38.70"),
    )  # fmt: skip


def test_what_is_recoverable_is_told_first_and_ends_with_1(twice: Path):
    done = run(twice)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    by_rule = [line.split()[1] for line in lines if line.startswith(("recoverable", "avoidable"))]
    assert by_rule == ["duplicate_charge", "account_fee"]
    assert "'Residential Surcharge' was charged 2 times for 1Z002" in done.stdout


def test_nothing_recoverable_ends_with_0(tmp_path: Path):
    fine = file(tmp_path, "fine.csv", row(FREIGHT, **SIZED), row(FUEL), row(FEE, "INV2", "30.00"))
    done = run(fine)
    assert done.exit_code == 0
    assert "Nothing is to be claimed." in done.stdout


def test_a_file_that_is_refused_ends_with_2_and_the_others_are_audited(twice: Path, tmp_path: Path):
    (tmp_path / "no.csv").write_text("a,b\n1,2\n")
    done = run(twice, tmp_path / "no.csv")
    assert done.exit_code == 2
    assert "refused:" in done.stderr
    assert "duplicate_charge" in done.stdout
    assert run(twice, "--carrier", "usps").exit_code == 2


def test_the_same_charge_in_two_files_counts_once_and_on_two_invoices_is_a_duplicate(tmp_path: Path):
    january = file(tmp_path, "january.csv", row(TWICE, "INV1", "4.35"))
    again = file(tmp_path, "again.csv", row(TWICE, "INV1", "4.35"))
    assert run(january, again).exit_code == 0
    february = file(tmp_path, "february.csv", row(TWICE, "INV2", "4.35"))
    assert run(january, february).exit_code == 1


def test_programs_get_totals_and_findings_as_the_api_has_them(twice: Path):
    document = json.loads(run(twice, "--json").stdout)
    assert [(total["rule"], Decimal(total["amount"])) for total in document["totals"]] == [
        ("duplicate_charge", Decimal("4.35")),
        ("account_fee", Decimal(30)),
    ]
    [finding] = [record for record in document["findings"] if record["rule"] == "duplicate_charge"]
    assert (finding["carrier"], finding["tracking_number"], finding["direction"]) == (
        "ups", "1Z002", "recoverable",
    )  # fmt: skip
    assert finding["claim_until"].startswith("2026-07-30")


def test_the_csv_has_what_a_written_claim_needs(twice: Path, tmp_path: Path):
    target = tmp_path / "claims.csv"
    run(twice, "--csv", target, "--direction", "recoverable")
    with target.open(newline="") as lines:
        [line] = csv.DictReader(lines)
    assert list(line) == list(COLUMNS)
    assert {name: line[name] for name in COLUMNS if name != "finding_id"} == {
        "tracking_number": "1Z002", "ship_date": "2026-01-20", "invoice_number": "INV2",
        "invoice_date": "2026-01-31", "account": "00A1", "service": "", "charges": "Residential Surcharge",
        "billed_amount": "8.70", "expected_amount": "4.35", "difference": "4.35", "currency": "USD",
        "reason": "'Residential Surcharge' was charged 2 times for 1Z002",
        "evidence": "label: Residential Surcharge", "rule": "duplicate_charge", "direction": "recoverable",
        "certainty": "certain", "claim_until": "2026-07-30", "order_numbers": "", "state": "open", "note": "",
        "recovered_amount": "",
    }  # fmt: skip


def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path):
    evil = ("1ZEVIL", "ACC", "=cmd|' /C calc'!A0", "0.00", "4.35")
    path = file(tmp_path, "evil.csv", row(evil, "EVIL", "8.70"), row(evil, "EVIL", "8.70"))
    run(path, "--csv", tmp_path / "claims.csv")
    with (tmp_path / "claims.csv").open(newline="") as lines:
        cells = [cell for line in csv.reader(lines) for cell in line]
    assert any("=cmd" in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_a_divisor_judges_weights_by_volume(tmp_path: Path):
    path = file(tmp_path, "sized.csv", row(FREIGHT, total="10.00", **SIZED))
    assert run(path).exit_code == 0
    document = json.loads(run(path, "--divisor", "139", "--json").stdout)
    assert [(record["rule"], record["amount"]) for record in document["findings"]] == [
        ("overbilled_weight", "0.83")  # 1 of 12 lb of 10.00
    ]


def test_a_rate_card_is_compared_with(tmp_path: Path):
    path = file(tmp_path, "freight.csv", row(FREIGHT, total="10.00", **SIZED))
    card = tmp_path / "card.csv"
    card.write_text("service,zone,weight,unit,currency,price\nGround,5,20,lb,USD,7.50\n")
    document = json.loads(run(path, "--rate-card", card, "--json").stdout)
    assert [total["rule"] for total in document["totals"]] == ["above_rate_card"]


def test_small_findings_are_left_out(twice: Path):
    done = run(twice, "--min-amount", "5", "--json")
    assert [total["rule"] for total in json.loads(done.stdout)["totals"]] == ["account_fee"]
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("--divisor", "0", "above 0"),
        ("--divisor", "many", "a number such as 12.50"),
        ("--min-amount", "-1", "a number such as 12.50"),
        ("--direction", "upwards", "recoverable, credited, avoidable, to_look_at"),
        ("--rate-card", "nowhere.csv", "can't be read"),
        ("--csv", "nowhere/claims.csv", "can't be written"),
    ],
)
def test_an_option_that_is_none_is_refused_with_what_is_wanted(
    twice: Path, option: str, value: str, wanted: str
):
    done = run(twice, option, value)
    assert done.exit_code == 2
    assert wanted in " ".join(done.output.split())


def test_a_rate_card_that_does_not_fit_is_refused_by_row(twice: Path, tmp_path: Path):
    card = tmp_path / "card.csv"
    card.write_text("service,weight,price\nGround,heavy,7.50\n")
    done = run(twice, "--rate-card", card)
    assert "row 2: weight is 'heavy'" in " ".join(done.output.split())


def test_a_claim_on_an_invoice_of_the_last_year_there_is_has_no_deadline(tmp_path: Path):
    last = {"Invoice Date": "9999-12-31", "Transaction Date": "9999-12-31"}
    twice = file(tmp_path, "last.csv", row(TWICE, "INV2", "8.70", **last), row(TWICE, "INV2", "8.70", **last))
    [finding] = json.loads(run(twice, "--json").stdout)["findings"]
    assert finding["claim_until"] is None
    assert finding["invoice_date"] == "9999-12-31T00:00:00Z"
