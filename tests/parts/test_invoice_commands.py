"""`crossdock invoices` on the command line: what it prints, what it writes, how it ends."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossdock.cli.main import app

UPS = (
    "Account Number,Invoice Number,Invoice Date,Lead Shipment Number,Tracking Number,"
    "Charge Classification Code,Charge Description,Incentive Amount,Net Amount,Invoice Amount,"
    "Transaction Date,Original Service Description"
)
USPS = (
    "EPS Account #,EPS Transaction ID,Transaction Amount,Transaction Date/Time,Transaction Type,"
    "Package Identification Code (PIC),Mail Class,Postage"
)


def run(*words: Any) -> Any:
    return CliRunner().invoke(app, ["invoices", *map(str, words)])


def file(tmp_path: Path, name: str, *lines: str) -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def good(tmp_path):
    return file(
        tmp_path, "good.csv", UPS,
        "A1,I1,2026-02-07,1Z1,1Z1,FRT,Ground,0.50,10.00,12.25,2026-01-30,UPS Ground",
        "A1,I1,2026-02-07,1Z1,1Z1,FSC,Fuel Surcharge,,2.25,12.25,2026-02-01,UPS Ground",
    )  # fmt: skip


@pytest.fixture
def faulty(tmp_path):
    return file(
        tmp_path, "faulty.csv", UPS,
        "A1,I1,2026-02-07,1Z1,1Z1,FRT,Ground,,N/A,12.25,2026-02-01,UPS Ground",
        "A1,I1,2026-02-07,1Z1,1Z1,FSC,[red]Fuel,,2.25,12.25,2026-02-01,UPS Ground",
    )  # fmt: skip


def test_a_good_file_is_one_object_with_its_charges_and_their_sum(good):
    done = run("parse", good, "--json")
    document = json.loads(done.stdout)
    assert done.exit_code == 0
    assert list(document) == ["file", "carrier", "variant", "line_items", "errors", "warnings", "summary"]
    assert (document["file"], document["carrier"], document["variant"], document["errors"]) == (
        str(good),
        "ups",
        None,
        [],
    )
    assert document["summary"] == {
        "rows": 2, "line_items": 2, "net": "12.25", "gross": "12.75", "currency": "USD", "reconciled": True,
        "gap": "0.00", "checks": 1, "checks_failed": 0, "errors": 0, "warnings": 0,
    }  # fmt: skip
    first = document["line_items"][0]
    assert (first["row"], first["net_cost"], first["gross_cost"], first["tracking_number"]) == (
        2,
        "10.00",
        "10.50",
        "1Z1",
    )
    assert first["natural_key"] == ["ups", "A1", "I1", "1Z1", "1Z1", "FRT", 1]
    assert "raw" not in first


def test_the_whole_records_are_there_when_asked_for(good):
    document = json.loads(run("parse", good, "--json", "--raw").stdout)
    assert document["line_items"][1]["raw"]["Original Service Description"] == "UPS Ground"


def test_what_does_not_fit_is_told_by_row_and_column_and_ends_with_1(faulty):
    done = run("parse", faulty, "--json")
    document = json.loads(done.stdout)
    assert done.exit_code == 1
    assert document["errors"] == [
        {"row": 2, "column": "Net Amount", "value": "N/A", "message": "is no amount"}
    ]
    assert [line_item["row"] for line_item in document["line_items"]] == [3]
    assert (document["summary"]["reconciled"], document["summary"]["gap"]) == (False, "10.00")


def test_a_file_that_is_refused_is_told_with_what_was_seen_and_ends_with_2(tmp_path):
    done = run("parse", file(tmp_path, "notes.csv", "a,b", "1,2"), "--json")
    document = json.loads(done.stdout)
    assert done.exit_code == 2
    assert (document["carrier"], document["line_items"], document["summary"]) == (None, [], None)
    assert "its first record has 2 cells: 'a', 'b'" in document["errors"][0]["message"]


def test_the_wrong_carrier_is_refused_and_the_right_one_named(good):
    done = run("parse", good, "--carrier", "usps")
    assert done.exit_code == 2
    assert "its carrier is 'ups'" in done.stderr
    assert run("parse", good, "--carrier", "UPS").exit_code == 0


def test_several_files_are_a_line_each_and_end_as_the_worst(good, faulty, tmp_path):
    done = run("parse", good, tmp_path / "nothing.csv", faulty, "--json")
    assert done.exit_code == 2
    carriers = [json.loads(line)["carrier"] for line in done.stdout.splitlines()]
    assert carriers == ["ups", None, "ups"]


def test_people_are_told_in_words(good, faulty):
    done = run("parse", good, faulty)
    assert "2 rows, 2 charges, net 12.25 USD, gross 12.75 USD" in done.stdout
    assert "reconciled: it comes to what it states" in done.stdout
    assert "row 2, Net Amount: 'N/A' is no amount" in done.stdout
    assert "not reconciled: 10.00 less than it states" in done.stdout


def test_a_report_adds_up_by_charge_service_and_month(good):
    rows = json.loads(run("report", good, "--json").stdout)
    shared = {"service": "UPS Ground", "currency": "USD", "charges": 1}
    assert rows == [
        {**shared, "charge": "Fuel Surcharge", "month": "2026-02", "gross": "2.25", "net": "2.25"},
        {**shared, "charge": "Ground", "month": "2026-01", "gross": "10.50", "net": "10.00"},
    ]


def test_a_report_over_several_carriers_is_written_as_csv(good, tmp_path):
    usps = file(
        tmp_path, "usps.csv", USPS, "1,8,3.00,2026-02-03 10:00:00,Label Purchase,94,Ground Advantage,3.00"
    )
    target = tmp_path / "spend.csv"
    done = run("report", good, usps, "--by", "month,carrier", "--csv", target)
    assert done.exit_code == 0
    with target.open(newline="") as written:
        assert list(csv.reader(written)) == [
            ["month", "carrier", "currency", "charges", "gross", "net"],
            ["2026-01", "ups", "USD", "1", "10.50", "10.00"],
            ["2026-02", "ups", "USD", "1", "2.25", "2.25"],
            ["2026-02", "usps", "USD", "1", "3.00", "3.00"],
        ]
    assert "Total net: 15.25 USD" in done.stdout


def test_a_report_of_what_could_not_all_be_read_says_so(good, faulty):
    done = run("report", good, faulty)
    assert done.exit_code == 1
    assert "Not all of it could be read" in done.stdout


def test_a_report_by_something_that_there_is_not_is_refused(good, tmp_path):
    assert "there is no 'colour' to add up by" in run("report", good, "--by", "colour").stderr
    assert "can't be written" in run("report", good, "--csv", tmp_path / "no" / "spend.csv").stderr


# Names and files that are not ordinary


def test_a_file_name_that_is_not_utf8_is_told_with_its_bytes_escaped(good, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    path.write_bytes(good.read_bytes())
    document = json.loads(run("parse", path, "--json").stdout)
    assert document["file"] == f"{tmp_path}/caf\\xe9.csv"
    assert document["summary"]["line_items"] == 2
    assert "caf\\xe9.csv: ups" in run("parse", path).stdout
    path.write_text("a,b")
    refused = run("parse", path, "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["file"]) == (2, f"{tmp_path}/caf\\xe9.csv")


def test_a_name_that_the_terminal_has_no_characters_for_is_escaped(good, tmp_path):
    path = tmp_path / "é€.csv"
    path.write_bytes(good.read_bytes())
    command = [sys.executable, "-m", "crossdock", "invoices", "parse", path]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert rb"\xe9\u20ac.csv: ups" in done.stdout
    done = subprocess.run([*command, "--json"], capture_output=True, check=True, env=environment)
    assert json.loads(done.stdout)["file"] == str(path), "JSON is UTF-8 everywhere"


def test_a_file_out_of_a_pipe_is_read_like_any_other(good):
    words = [sys.executable, "-m", "crossdock", "invoices", "parse", "/dev/stdin", "--json"]
    done = subprocess.run(words, input=good.read_bytes(), capture_output=True, check=True)
    document = json.loads(done.stdout)
    assert (document["file"], document["summary"]["net"]) == ("/dev/stdin", "12.25")


def test_a_named_pipe_is_read_like_any_other_file(good, tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", 'cat "$0" > "$1"', good, pipe]):
        rows = json.loads(run("report", pipe, "--by", "month", "--json").stdout)
    assert [row["net"] for row in rows] == ["10.00", "2.25"]


def test_texts_of_a_report_that_a_spreadsheet_would_run_are_defused(tmp_path):
    labels = ["=1+1", "+1-2", "-1+1", "@SUM(1)", "  =1", "\t=1", "plain"]
    rows = [f'A1,I1,2026-02-07,1Z1,1Z1,FRT,"{label}",,-10.00,,2026-01-30,x' for label in labels]
    target = tmp_path / "spend.csv"
    assert (
        run("report", file(tmp_path, "a.csv", UPS, *rows), "--by", "charge", "--csv", target).exit_code == 0
    )
    with target.open(newline="") as written:
        dict_readers = list(csv.DictReader(written))
    assert {row["charge"] for row in dict_readers} == {"'=1+1", "'+1-2", "'-1+1", "'@SUM(1)", "'=1", "plain"}
    assert {row["net"] for row in dict_readers} == {"-10.00", "-20.00"}
