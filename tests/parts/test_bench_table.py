"""The table of `make bench`: what people read in 80 columns, in a terminal and in a file."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from bench.results import WIDTH, Result, as_json, at_least, at_most, read, show

LONG = "24 filters of reference_id, slowest reference_id[nin]=nowhere, SQLite (200,000 records)"
RESULTS = [
    at_least(0.6, name="list of 1,000 orders, SQLite", against="bare ASGI app, same bytes", ours=618.0,
             theirs=1000.0, unit="requests/s"),
    at_most(3, name=LONG, against="the unfiltered page of the same list, read by one connection",
            ours=4.26, theirs=1.0, unit="ms"),
]  # fmt: skip


def printed(results: list[Result], before: list[Result] | None = None, *, is_terminal: bool = False) -> str:
    out = StringIO()
    show(results, Console(file=out, force_terminal=is_terminal, width=WIDTH), before or [])
    return out.getvalue()


def test_no_line_is_wider_than_80_columns_and_nothing_is_cut_off():
    text = printed(RESULTS)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert LONG in " ".join(text.split())
    assert "against the unfiltered page of the same list, read by one connection" in " ".join(text.split())
    assert "…" not in text


def test_a_file_gets_no_escape_codes_and_a_terminal_gets_colours():
    assert "\x1b" not in printed(RESULTS)
    assert "\x1b[31m" in printed(RESULTS, is_terminal=True)


def test_each_claim_says_its_ratio_target_and_both_sides():
    words = " ".join(printed(RESULTS).split())
    assert "0.618 >= 0.6 met 618 / 1,000 requests/s" in words
    assert "4.26 <= 3 missed 4.26 / 1 ms" in words


def test_an_earlier_run_is_shown_beside_with_how_much_better_or_worse_this_one_is(tmp_path: Path):
    earlier = tmp_path / "before.json"
    earlier.write_bytes(as_json([
        at_least(0.6, name=RESULTS[0].name, against="", ours=500.0, theirs=1000.0, unit=""),
        at_most(3, name=LONG, against="", ours=4.0, theirs=1.0, unit=""),
    ]))  # fmt: skip
    words = " ".join(printed(RESULTS, read(earlier)).split())
    assert "0.5 before 23.6% better" in words
    assert "4 before 6.5% worse" in words
