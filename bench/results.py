"""A claim, measured: both sides, their ratio, and whether the target is met; as a table and as JSON."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table


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


def table(results: Sequence[Result]) -> Table:
    """For people."""
    made = Table(title="Ratios: ours / theirs, both measured in this run", title_justify="left")
    made.add_column("claim")
    made.add_column("against")
    for name in ("ratio", "target", "", "ours", "theirs"):
        made.add_column(name, justify="right")
    made.add_column("unit")
    for one in results:
        verdict = "[green]met[/]" if one.met else "[red]missed[/]"
        made.add_row(
            escape(one.name), one.against, f"{one.ratio:.3g}", one.target, verdict, _shown(one.ours),
            _shown(one.theirs), one.unit,
        )  # fmt: skip
    return made


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def write(results: Sequence[Result], file: Path) -> None:
    """Writes the results as a JSON list."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(list(results)), indent=2) + b"\n")


def show(results: Sequence[Result], console: Console) -> None:
    console.print(table(results))
