"""A claim, measured: both sides, their ratio, and whether the target is met; as text and as JSON."""

import os
import platform
import sqlite3
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

WIDTH = 80
"""Columns of the table: it is read in terminals, in files and in messages."""
_NUMBERS = 40
"""Columns at the left of a line's figures; what they are held against stands at the right."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. `ratio` is ours / theirs, whatever the unit."""

    name: str
    against: str
    ratio: float
    target: str
    met: bool
    ours: float
    theirs: float
    unit: str

    @property
    def is_more_better(self) -> bool:
        return self.target.startswith(">")


def at_least(target: float, *, name: str, against: str, ours: float, theirs: float, unit: str) -> Result:
    """More is better: ours must be so many times theirs."""
    ratio = ours / theirs
    return Result(
        name=name, against=against, ratio=round(ratio, 4), target=f">= {target:g}", met=ratio >= target,
        ours=round(ours, 4), theirs=round(theirs, 4), unit=unit,
    )  # fmt: skip


def at_most(target: float, *, name: str, against: str, ours: float, theirs: float, unit: str) -> Result:
    """Less is better: ours must be no more than so many times theirs."""
    ratio = ours / theirs
    return Result(
        name=name, against=against, ratio=round(ratio, 4), target=f"<= {target:g}", met=ratio <= target,
        ours=round(ours, 4), theirs=round(theirs, 4), unit=unit,
    )  # fmt: skip


def hardware() -> str:
    """What the figures were measured on, and how busy it was."""
    load = f"load {os.getloadavg()[0]:.1f}"
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}; Python "
        f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}; {load}"
    )


def lines(results: Sequence[Result], before: Sequence[Result] = ()) -> Iterator[Text]:
    """The table, at most 80 columns wide: two lines or more for each result, figures below their claim.

    before: results of an earlier run; each claim that it has too shows its ratio, and how ours changed.
    """
    yield Text("Ratios: ours / theirs, both measured in this run", style="bold")
    yield from (Text(line) for line in textwrap.wrap(hardware(), WIDTH))
    earlier = {result.name: result for result in before}
    for result in results:
        yield Text()
        yield from (Text(line) for line in textwrap.wrap(result.name, WIDTH))
        yield from _figures(result)
        if result.name in earlier:
            yield _change(earlier[result.name], result)


def _figures(result: Result) -> Iterator[Text]:
    verdict = Text("met   ", style="green") if result.met else Text("missed", style="red")
    against = textwrap.wrap(
        f"{_shown(result.ours)} / {_shown(result.theirs)} {result.unit}", WIDTH - _NUMBERS
    )
    against += textwrap.wrap(f"against {result.against}", WIDTH - _NUMBERS)
    figures = Text(f"  {result.ratio:>10.3g}  {result.target:>10}  ") + verdict
    for number, line in enumerate(against):
        start = figures if number == 0 else Text()
        start.pad_right(_NUMBERS - start.cell_len)
        yield start + Text(line)


def _change(earlier: Result, result: Result) -> Text:
    """How the ratio changed since an earlier run: more than 5 % worse stands out."""
    change = result.ratio / earlier.ratio - 1 if earlier.ratio else 0.0
    worse = -change if result.is_more_better else change
    style = "red" if worse > 0.05 else "green"
    return Text(f"  {earlier.ratio:>10.3g}  before ") + Text(
        f"{abs(worse):.1%} {'worse' if worse > 0 else 'better'}", style=style
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def as_json(results: Sequence[Result]) -> bytes:
    """The results as a JSON list."""
    return msgspec.json.format(msgspec.json.encode(list(results)), indent=2) + b"\n"


def read(file: Path) -> list[Result]:
    """The results of an earlier run, as `as_json` wrote them."""
    return msgspec.json.decode(file.read_bytes(), type=list[Result])


def show(results: Sequence[Result], console: Console, before: Sequence[Result] = ()) -> None:
    """Print the table."""
    for line in lines(results, before):
        console.print(line, soft_wrap=True)
