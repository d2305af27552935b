"""Entries of the audit log as files: CSV for spreadsheets, NDJSON for programs; in pieces, however many."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from typing import Any

import msgspec

from crossdock.store.people.audit_log import AuditRow
from crossdock.wire import encode, stamp

_NAMES = {"at_ms": "at"}
COLUMNS = [_NAMES.get(field.name, field.name) for field in fields(AuditRow)]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def shown(row: AuditRow) -> dict[str, Any]:
    """An entry as it is read."""
    values = {name: getattr(row, field.name) for name, field in zip(COLUMNS, fields(AuditRow), strict=True)}
    return values | {"at": stamp(row.at_ms), "detail": msgspec.json.decode(row.detail)}


async def as_ndjson(rows: AsyncIterator[Sequence[AuditRow]]) -> AsyncIterator[bytes]:
    """A line of JSON for each entry."""
    async for batch in rows:
        yield b"".join(encode(shown(row)) + b"\n" for row in batch)


async def as_csv(rows: AsyncIterator[Sequence[AuditRow]]) -> AsyncIterator[bytes]:
    """RFC 4180, with a head. No cell is a formula to a spreadsheet."""
    yield _lines([COLUMNS])
    async for batch in rows:
        yield _lines([_cells(row) for row in batch])


def _cells(row: AuditRow) -> list[str]:
    return [row.detail if name == "detail" else str(value) for name, value in shown(row).items()]


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([[safe(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8", "backslashreplace")


def safe(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: whoever chose a name chose what stands in it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
