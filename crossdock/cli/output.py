"""What commands print: JSON for programs, tables for people, errors that say what to do."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crossdock.errors import CrossdockError, Invalid, Unavailable

WIDEST = 10_000
"""In characters: a line that goes to a program or a file is not broken."""

console = Console(width=None if sys.stdout.isatty() else WIDEST)
errors = Console(stderr=True, width=None if sys.stderr.isatty() else WIDEST)


def own_command(name: str = "crossdock") -> str:
    """The words that call this installation's command from here: its name alone if the path leads to it."""
    own_path = Path(sys.executable).with_name(name)
    on_path = shutil.which(name)
    if not own_path.exists() or (on_path is not None and Path(on_path).resolve() == own_path.resolve()):
        return name
    path = os.path.relpath(own_path)
    return str(own_path) if path.startswith("..") else path


def print_anywhere() -> None:
    """Have characters that a terminal or a pipe lacks printed escaped, in place of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_json(line: bytes) -> None:
    """JSON is UTF-8, whatever a terminal or a pipe takes its text for."""
    sys.stdout.flush()
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.flush()


def print_json(value: Any) -> None:
    write_json(msgspec.json.format(msgspec.json.encode(value), indent=2))


def print_table(title: str, rows: Iterable[Mapping[str, Any]], empty: str) -> None:
    """A table with the rows' keys as its head; `empty` when there are none.

    A column that says nothing in any row is left out. The first column is never broken: it is what
    people copy. Of moments that something was done at, the day is shown.
    """
    records = list(rows)
    if not records:
        say(empty)
        return
    table = Table(title=title, title_justify="left", header_style="bold", box=None, padding=(0, 2, 0, 0))
    names = [name for name in records[0] if any(row[name] not in (None, "") for row in records)]
    for position, name in enumerate(names):
        numbers = all(isinstance(row[name], int | None) for row in records)
        table.add_column(
            name.replace("_", " "),
            overflow="fold",
            no_wrap=position == 0,
            justify="right" if numbers else "left",
        )
    for row in records:
        table.add_row(*(Text(_cell(name, row[name])) for name in names))
    console.print(table)


def _cell(name: str, value: Any) -> str:
    text = "" if value is None else str(value)
    return text[:10] if name.endswith("_at") else text


def print_settings(rows: Iterable[Mapping[str, str]]) -> None:
    """Each setting as a line that a shell understands, and below it what it means."""
    for row in rows:
        changed = row["default"] and row["value"] != row["default"]
        default = f"  [dim]default: {escape(row['default'])}[/]" if changed else ""
        say(f"[bold]{row['variable']}[/]={escape(row['value'])}{default}")
        console.print(Padding(Text(row["meaning"]), (0, 0, 1, 4), expand=False))


def say(text: str) -> None:
    """A line for people, broken by nobody: what is in it can be copied. The text may be marked up."""
    console.print(text, highlight=False, soft_wrap=True)


def stop(problem: CrossdockError, *, as_json: bool, code: int = 1) -> NoReturn:
    """Say what went wrong, on standard error, and end with this exit code."""
    if as_json:
        body: dict[str, Any] = {"error": str(problem), "origin": problem.origin}
        if isinstance(problem, Invalid):
            body["detail"] = problem.detail
        sys.stderr.write(msgspec.json.encode(body).decode() + "\n")
        raise typer.Exit(code)
    for message in _messages(problem):
        errors.print(f"[bold red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def _messages(problem: CrossdockError) -> list[str]:
    """Every fault of what was given, or the one thing that went wrong."""
    if isinstance(problem, Unavailable) and problem.detail:
        return [f"{problem}: {problem.detail}"]
    if not isinstance(problem, Invalid):
        return [str(problem)]
    return [text for fields in problem.detail.values() for many in fields.values() for text in many]
