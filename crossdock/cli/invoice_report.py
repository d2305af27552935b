"""What invoice files charge, added up: by charge, service, month and carrier."""

import csv
import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from crossdock.cli.invoice_files import PARSED, REFUSED, batches, opened, refused, verdict
from crossdock.cli.output import print_json, print_table, say
from crossdock.errors import FileRefused, Invalid
from crossdock.invoices.contract import LineItem

CENT = Decimal("0.01")
KEYS: dict[str, Callable[[LineItem], str]] = {
    "charge": lambda line_item: line_item.charge_description or "",
    "service": lambda line_item: line_item.service or "",
    "month": lambda line_item: (line_item.transaction_date or "")[:7],
    "carrier": lambda line_item: line_item.carrier,
}

Sums = dict[tuple[str, ...], list[Any]]
"""Number of charges, gross and net by what they are added up by, and their currency."""


def report(files: Iterable[Path], carrier: str | None, by: str, *, target: Path | None, as_json: bool) -> int:
    """Print the sums of all files, and write them as CSV. Returns the exit code of the worst file."""
    names = _names(by)
    sums: Sums = {}
    code = max(_add(file, carrier, names, sums) for file in files)
    rows = _rows(names, sums)
    if target is not None:
        _write(target, [*names, "currency", "charges", "gross", "net"], rows)
    if as_json:
        print_json(rows)
        return code
    _print_rows(rows)
    if code != PARSED:
        say("[yellow]Not all of it could be read or reconciled: crossdock invoices parse says what.[/]")
    return code


def _rows(names: Iterable[str], sums: Sums) -> list[dict[str, Any]]:
    return [
        {
            **dict(zip(names, key, strict=False)),
            "currency": key[-1],
            "charges": count,
            "gross": gross,
            "net": net,
        }
        for key, (count, gross, net) in sorted(sums.items())
    ]


def _print_rows(rows: list[dict[str, Any]]) -> None:
    shown = [{**row, "gross": f"{row['gross']:,.2f}", "net": f"{row['net']:,.2f}"} for row in rows]
    print_table("Spend", shown, "There are no charges.")
    for currency in sorted({row["currency"] for row in rows}):
        total = sum((row["net"] for row in rows if row["currency"] == currency), Decimal(0))
        say(f"Total net: [bold]{total:,.2f}[/] {currency}")


def _names(by: str) -> list[str]:
    names = [part.strip() for part in by.split(",") if part.strip()]
    for name in names:
        if name not in KEYS:
            message = f"there is no {name!r} to add up by; there are: {', '.join(KEYS)}"
            raise Invalid({"options": {"by": [message]}})
    return names


def _add(file: Path, carrier: str | None, names: list[str], sums: Sums) -> int:
    """Add the charges of a file. Returns its exit code."""
    keys = [KEYS[name] for name in names]
    with ExitStack() as stack:
        try:
            reading = stack.enter_context(opened(file, carrier))
        except FileRefused as problem:
            refused(file, problem)
            return REFUSED
        for batch in stack.enter_context(batches(reading)):
            for item in batch:
                if isinstance(item, LineItem):
                    key = (*(make(item) for make in keys), item.currency or "")
                    entry = sums.setdefault(key, [0, Decimal(0), Decimal(0)])
                    entry[0] += 1
                    entry[1] += item.gross_cost
                    entry[2] += item.net_cost
        return verdict(reading.summary)


def _write(target: Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    try:
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows({name: _harmless(cell) for name, cell in row.items()} for row in rows)
    except OSError as problem:
        message = f"{target} can't be written: {problem.strerror}"
        raise Invalid({"options": {"csv": [message]}}) from None


_RUNS = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How a text begins that a spreadsheet takes for a formula."""


def _harmless(cell: Any) -> Any:
    """The cell as a spreadsheet shows it, and does not run it. Numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and _RUNS.match(cell) else cell
