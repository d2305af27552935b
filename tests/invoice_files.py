"""Invoice files out of cases: `cases/files.json` of each carrier that delivers files."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crossdock.invoices.contract import LineItem
from crossdock.invoices.reading import InvoiceReading, open_invoices
from crossdock.kit.files import Fault
from crossdock.kit.registry import Integration, integrations_of

Case = dict[str, Any]
Table = list[list[str]]

CARRIERS = {
    integration.slug: integration
    for integration in integrations_of("carrier")
    if (integration.folder / "layout.py").exists()
}


def cases() -> Iterator[tuple[str, Case]]:
    """(carrier, case) of all carriers."""
    for slug, integration in CARRIERS.items():
        for case in json.loads((integration.folder / "cases" / "files.json").read_text(encoding="utf-8")):
            yield slug, case


def table(integration: Integration, case: Case) -> Table:
    """The records of the case's file.

    rows: by header; a header that is repeated is "Name (2)" there, a place "#7". each: what all rows have.
    """
    if "records" in case:
        return case["records"]
    rows = [case.get("each", {}) | row for row in case["rows"]]
    if "by_position" in case:
        return _by_position(integration, case, rows)
    header = list(dict.fromkeys(name for row in rows for name in row))
    return [
        [re.sub(r" \(\d+\)$", "", name) for name in header],
        *([row.get(n, "") for n in header] for row in rows),
    ]


def _by_position(integration: Integration, case: Case, rows: list[dict[str, str]]) -> Table:
    names: list[str] = []
    if isinstance(case["by_position"], str):
        names = (integration.folder / case["by_position"]).read_text(encoding="utf-8").splitlines()
    width = len(names) or case["by_position"]
    positions = {f"#{position}": position for position in range(width)} | {
        name: position for position, name in enumerate(names)
    }
    groups = [names] if case.get("header") else []
    for row in rows:
        cells = [""] * width
        for name, cell in row.items():
            cells[positions[name]] = cell
        groups.append(cells)
    return groups


def text(records: Table, delimiter: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(records)
    return file.getvalue()


def read(path: Path, **fields: Any) -> tuple[list[LineItem], list[Fault], InvoiceReading]:
    """All that is in a file."""
    with open_invoices(path, **fields) as reading:
        readings = list(reading)
    return (
        [reading for reading in readings if isinstance(reading, LineItem)],
        [reading for reading in readings if isinstance(reading, Fault)],
        reading,
    )
