"""What invoice files charge, added up: by charge, service, month and carrier."""

import csv
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from crossdock.errors import FileRefused, Invalid
from crossdock.integrations.invoices.contract import LineItem
from crossdock.terminal.invoice_files import PARSED, REFUSED, batches, opened, refused, verdict
from crossdock.terminal.output import print_json, print_table, say

CENT = Decimal("0.01")
KEYS: dict[str, Callable[[LineItem], str]] = {
    "charge": lambda one: one.charge_description or "",
    "service": lambda one: one.service or "",
    "month": lambda one: (one.transaction_date or "")[:7],
    "carrier": lambda one: one.carrier,
}

Sums = dict[tuple[str, ...], list[Any]]
"""Number of charges, gross and net by what they are added up by, and their currency."""


def report(files: Iterable[Path], carrier: str | None, by: str, *, target: Path | None, as_json: bool) -> int:
    """Prints the sums of all files, and writes them as CSV. Returns the exit code of the worst file."""
    names = _names(by)
    sums: Sums = {}
    code = max(_add(file, carrier, names, sums) for file in files)
    rows = [
        {
            **dict(zip(names, key, strict=False)),
            "currency": key[-1],
            "charges": count,
            "gross": gross,
            "net": net,
        }
        for key, (count, gross, net) in sorted(sums.items())
    ]
    if target is not None:
        _write(target, [*names, "currency", "charges", "gross", "net"], rows)
    if as_json:
        print_json(rows)
        return code
    shown = [{**row, "gross": f"{row['gross']:,.2f}", "net": f"{row['net']:,.2f}"} for row in rows]
    print_table("Spend", shown, "There are no charges.")
    for currency in sorted({row["currency"] for row in rows}):
        total = sum((row["net"] for row in rows if row["currency"] == currency), Decimal(0))
        say(f"Total net: [bold]{total:,.2f}[/] {currency}")
    if code != PARSED:
        say("[yellow]Not all of it could be read or reconciled: crossdock invoices parse says what.[/]")
    return code


def _names(by: str) -> list[str]:
    names = [one.strip() for one in by.split(",") if one.strip()]
    for one in names:
        if one not in KEYS:
            message = f"there is no {one!r} to add up by; there are: {', '.join(KEYS)}"
            raise Invalid({"options": {"by": [message]}})
    return names


def _add(file: Path, carrier: str | None, names: list[str], sums: Sums) -> int:
    """Adds the charges of a file. Returns its exit code."""
    try:
        reading = opened(file, carrier)
    except FileRefused as problem:
        refused(file, problem)
        return REFUSED
    keys = [KEYS[name] for name in names]
    with reading, batches(reading) as found:
        for batch in found:
            for one in batch:
                if isinstance(one, LineItem):
                    key = (*(make(one) for make in keys), one.currency or "")
                    entry = sums.setdefault(key, [0, Decimal(0), Decimal(0)])
                    entry[0] += 1
                    entry[1] += one.gross_cost
                    entry[2] += one.net_cost
    return verdict(reading.summary)


def _write(target: Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    try:
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    except OSError as problem:
        message = f"{target} can't be written: {problem.strerror}"
        raise Invalid({"options": {"csv": [message]}}) from None
