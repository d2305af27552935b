"""Reading invoice files for the command line: as lines of JSON, or as words; in memory that does not grow."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import msgspec
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from crossdock.errors import FileRefused
from crossdock.integrations.invoices.contract import Fault, LineItem, Summary
from crossdock.integrations.invoices.reading import Reading, open_invoices
from crossdock.terminal.output import errors, say

PARSED, FAULTY, REFUSED = 0, 1, 2
"""Exit codes."""
LARGE = 8 << 20
"""Bytes from which on it takes so long that a bar is shown."""
SHOWN = 20
"""Faults told to people; programs get all."""

_encode = msgspec.json.Encoder().encode


def opened(file: Path, carrier: str | None) -> Reading:
    """Raises FileRefused, also for what is not there."""
    try:
        return open_invoices(file, carrier=carrier)
    except OSError as problem:
        raise FileRefused(f"the file can't be read: {problem.strerror}") from None


def verdict(summary: Summary) -> int:
    return FAULTY if summary.errors or summary.reconciled is False else PARSED


@contextmanager
def batches(reading: Reading) -> Iterator[Iterator[list[LineItem | Fault]]]:
    """What is read, with a bar when it takes long."""
    is_shown = errors.is_terminal and reading.size >= LARGE
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not is_shown) as progress:
        task = progress.add_task(escape(reading.name), total=reading.size)

        def followed() -> Iterator[list[LineItem | Fault]]:
            for batch in reading.batches():
                progress.update(task, completed=reading.position)
                yield batch

        yield followed()


def parse(file: Path, carrier: str | None, *, raw: bool, as_json: bool) -> int:
    """Prints what is in a file. Returns the exit code."""
    try:
        reading = opened(file, carrier)
    except FileRefused as problem:
        refused(file, problem)
        if as_json:
            _write(_encode(_refusal(file, problem)) + b"\n")
        return REFUSED
    with reading, batches(reading) as found:
        if as_json:
            _tell_json(file, reading, found, raw=raw)
        else:
            _tell_words(reading, found)
    return verdict(reading.summary)


def refused(file: Path, problem: FileRefused) -> None:
    """Tells people that a file is not read, and why."""
    errors.print(
        f"[bold red]refused:[/] {escape(str(file))}: {escape(str(problem))}", highlight=False, soft_wrap=True
    )


def _refusal(file: Path, problem: FileRefused) -> dict[str, Any]:
    told = {"row": None, "column": None, "value": None, "message": str(problem)}
    nothing: dict[str, Any] = {"carrier": None, "variant": None, "line_items": []}
    return {"file": str(file), **nothing, "errors": [told], "warnings": [], "summary": None}


def _tell_json(file: Path, reading: Reading, found: Iterator[list[LineItem | Fault]], *, raw: bool) -> None:
    """One line. Charges are written as they are read; what stands after them waits in files till then."""
    with SpooledTemporaryFile(1 << 20) as wrong, SpooledTemporaryFile(1 << 20) as odd:
        begun = {"file": str(file), "carrier": reading.carrier, "variant": reading.variant}
        _write(_encode(begun)[:-1] + b',"line_items":[')
        between = {wrong: b"", odd: b"", sys.stdout.buffer: b""}
        for batch in found:
            for one in batch:
                if isinstance(one, LineItem):
                    target: Any = sys.stdout.buffer
                    told = _item(one, raw=raw)
                else:
                    target = odd if one.is_warning else wrong
                    told = {"row": one.row, "column": one.column, "value": one.value, "message": one.message}
                target.write(between[target] + _encode(told))
                between[target] = b","
        for name, kept in (("errors", wrong), ("warnings", odd)):
            _write(f'],"{name}":['.encode())
            kept.seek(0)
            shutil.copyfileobj(kept, sys.stdout.buffer)
        _write(b'],"summary":' + _encode(reading.summary) + b"}\n")


def _item(one: LineItem, *, raw: bool) -> dict[str, Any]:
    told = one.record | {"row": one.row, "natural_key": one.natural_key}
    cells = told.pop("cells")
    return told | {"raw": cells} if raw else told


def _tell_words(reading: Reading, found: Iterator[list[LineItem | Fault]]) -> None:
    """A few lines: what it is, what it comes to, what does not fit."""
    faults: list[Fault] = []
    for batch in found:
        faults += [one for one in batch if isinstance(one, Fault)][: SHOWN + 1]
        del faults[SHOWN:]
    summary = reading.summary
    variant = f" ({reading.variant})" if reading.variant else ""
    say(f"[bold]{escape(reading.name)}[/]: {reading.carrier}{variant}")
    say(f"  {summary.rows:,} rows, {summary.line_items:,} charges, {_sum(summary)}")
    say(f"  {_state(summary)}")
    for one in faults:
        colour = "yellow" if one.is_warning else "red"
        place = f"row {one.row}" + (f", {one.column}" if one.column else "")
        value = f" {one.value!r}" if one.value or one.column else ""
        say(f"  [{colour}]{escape(place)}:[/]{escape(value)} {escape(one.message)}")
    if (more := summary.errors + summary.warnings - len(faults)) > 0:
        say(f"  … and {more:,} more: --json tells all")


def _sum(summary: Summary) -> str:
    if summary.net is None:
        return "in several currencies"
    currency = f" {summary.currency}" if summary.currency else ""
    return f"net {summary.net:f}{currency}, gross {summary.gross:f}{currency}"


def _state(summary: Summary) -> str:
    if summary.reconciled is None:
        return "[dim]the file states no totals to check[/]"
    if summary.reconciled:
        return "[green]reconciled: it comes to what it states[/]"
    if not summary.gap:
        return "[red]not reconciled[/]"
    direction = "less" if summary.gap > 0 else "more"
    return f"[red]not reconciled[/]: {abs(summary.gap):f} {direction} than it states"


def _write(text: bytes) -> None:
    sys.stdout.buffer.write(text)
