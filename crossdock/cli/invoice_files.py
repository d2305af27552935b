"""Reading invoice files for the command line: as lines of JSON, or as words; in memory that does not grow."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import Any

import msgspec
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from crossdock.cli.output import errors, say
from crossdock.errors import FileRefused
from crossdock.invoices.contract import LineItem
from crossdock.invoices.reading import InvoiceReading, open_invoices
from crossdock.invoices.record_reader import Entry
from crossdock.kit.files import Fault, Parcel, Summary

PARSED, FAULTY, REFUSED = 0, 1, 2
"""Exit codes."""
LARGE = 8 << 20
"""Bytes from which on it takes so long that a bar is shown."""
SHOWN = 20
"""Faults told to people; programs get all."""

_encode = msgspec.json.Encoder().encode


@contextmanager
def opened(file: Path, carrier: str | None) -> Iterator[InvoiceReading]:
    """The reading of a file, closed at the end. Raises FileRefused, also for what is not there."""
    with ExitStack() as stack:
        try:
            path = stack.enter_context(_seekable(file))
            reading = open_invoices(path, name=shown_name(Path(file.name)), carrier=carrier)
        except OSError as problem:
            raise FileRefused(f"the file can't be read: {problem.strerror}") from None
        yield stack.enter_context(reading)


@contextmanager
def _seekable(file: Path) -> Iterator[Path]:
    """The file, or a copy of what comes out of a pipe: a file is read more than once."""
    if file.is_file() or not file.exists() or file.is_dir():
        yield file
        return
    with NamedTemporaryFile(prefix="crossdock-") as copy:
        with file.open("rb") as pipe:
            shutil.copyfileobj(pipe, copy, 1 << 20)
        copy.flush()
        yield Path(copy.name)


def shown_name(file: Path) -> str:
    """The path as a text: bytes of it that are not UTF-8 are escaped."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


def verdict(summary: Summary) -> int:
    return FAULTY if summary.errors or summary.reconciled is False else PARSED


@contextmanager
def batches(reading: InvoiceReading) -> Iterator[Iterator[list[Entry]]]:
    """The batches that are read, with a bar when it takes long."""
    is_shown = errors.is_terminal and reading.size >= LARGE
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not is_shown) as progress:
        task = progress.add_task(escape(reading.name), total=reading.size)

        def followed() -> Iterator[list[Entry]]:
            for batch in reading.batches():
                progress.update(task, completed=reading.position)
                yield batch

        yield followed()


def parse(file: Path, carrier: str | None, *, raw: bool, as_json: bool) -> int:
    """Print what is in a file. Returns the exit code."""
    with ExitStack() as stack:
        try:
            reading = stack.enter_context(opened(file, carrier))
        except FileRefused as problem:
            refused(file, problem)
            if as_json:
                _write(_encode(_refusal(file, problem)) + b"\n")
            return REFUSED
        groups = stack.enter_context(batches(reading))
        if as_json:
            _tell_json(file, reading, groups, raw=raw)
        else:
            _tell_words(reading, groups)
        return verdict(reading.summary)


def refused(file: Path, problem: FileRefused) -> None:
    """Tell people that a file is not read, and why."""
    errors.print(
        f"[bold red]refused:[/] {escape(shown_name(file))}: {escape(str(problem))}",
        highlight=False,
        soft_wrap=True,
    )


def _refusal(file: Path, problem: FileRefused) -> dict[str, Any]:
    fields = {"row": None, "column": None, "value": None, "message": str(problem)}
    nothing: dict[str, Any] = {"carrier": None, "variant": None, "line_items": []}
    return {"file": shown_name(file), **nothing, "errors": [fields], "warnings": [], "summary": None}


def _tell_json(file: Path, reading: InvoiceReading, entries: Iterator[list[Entry]], *, raw: bool) -> None:
    """One line. Charges are written as they are read; what stands after them waits in files till then."""
    with SpooledTemporaryFile(1 << 20) as wrong, SpooledTemporaryFile(1 << 20) as odd:
        begun = {"file": shown_name(file), "carrier": reading.carrier, "variant": reading.variant}
        _write(_encode(begun)[:-1] + b',"line_items":[')
        between = {wrong: b"", odd: b"", sys.stdout.buffer: b""}
        for batch in entries:
            for item in batch:
                if isinstance(item, Parcel):
                    continue
                if isinstance(item, LineItem):
                    target: Any = sys.stdout.buffer
                    fields = _item(item, raw=raw)
                else:
                    target = odd if item.is_warning else wrong
                    fields = {
                        "row": item.row,
                        "column": item.column,
                        "value": item.value,
                        "message": item.message,
                    }
                target.write(between[target] + _encode(fields))
                between[target] = b","
        for name, kept_spooled_temporary_file in (("errors", wrong), ("warnings", odd)):
            _write(f'],"{name}":['.encode())
            kept_spooled_temporary_file.seek(0)
            shutil.copyfileobj(kept_spooled_temporary_file, sys.stdout.buffer)
        _write(b'],"summary":' + _encode(reading.summary) + b"}\n")


def _item(line_item: LineItem, *, raw: bool) -> dict[str, Any]:
    record = line_item.record | {"row": line_item.row, "natural_key": line_item.natural_key}
    cells = record.pop("cells")
    return record | {"raw": cells} if raw else record


def _fault_line(fault: Fault) -> str:
    colour = "yellow" if fault.is_warning else "red"
    cell = f"row {fault.row}" + (f", {fault.column}" if fault.column else "")
    value = f" {fault.value!r}" if fault.value or fault.column else ""
    return f"[{colour}]{escape(cell)}:[/]{escape(value)} {escape(fault.message)}"


def _tell_words(reading: InvoiceReading, entries: Iterator[list[Entry]]) -> None:
    """A few lines: what it is, what it comes to, what does not fit."""
    faults: list[Fault] = []
    for batch in entries:
        faults += [item for item in batch if isinstance(item, Fault)][: SHOWN + 1]
        del faults[SHOWN:]
    summary = reading.summary
    variant = f" ({reading.variant})" if reading.variant else ""
    say(f"[bold]{escape(reading.name)}[/]: {reading.carrier}{variant}")
    say(f"  {summary.rows:,} rows, {summary.line_items:,} charges, {_sum(summary)}")
    say(f"  {_state(summary)}")
    for fault in faults:
        say(f"  {_fault_line(fault)}")
    if (extra_errors := summary.errors + summary.warnings - len(faults)) > 0:
        say(f"  … and {extra_errors:,} more: --json tells all")


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
