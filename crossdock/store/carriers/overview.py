"""Files, invoices and findings of carriers as people look for them: the newest first, and sums of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.store.carriers.invoices import COLUMNS, StatedInvoice, StoredInvoice, stored_invoice
from crossdock.store.database.engine import Database
from crossdock.store.states import FileState, FileStates, quoted

_FILE = "id, name, received_ms, source, size, state, reconciled, error, summary"


@dataclass(frozen=True)
class FileLine:
    """A file in a list. summary: JSON, as `FileRow` has it."""

    id: str
    name: str
    received_ms: int
    source: str
    size: int
    state: FileState
    reconciled: bool | None
    error: str | None
    summary: str | None


_SHOWN_AS: dict[str, tuple[FileState, ...]] = {
    FileStates.RECEIVED: (FileStates.RECEIVED, FileStates.AGAIN),
    FileStates.READ: (FileStates.READ,),
    FileStates.REFUSED: (FileStates.REFUSED,),
    FileStates.KEPT: (FileStates.KEPT,),
}
"""The states of files, by what callers see of each."""
FILE_STATES = tuple(_SHOWN_AS)


async def newest_files(
    database: Database, connection_id: int, search: dict[str, str], before: tuple[int, str] | None, limit: int
) -> list[FileLine]:
    """Files by when they came, the newest first. search: `state`, and `name`, a part of it."""
    states = _SHOWN_AS.get(
        search.get("state", ""), tuple(state for some in _SHOWN_AS.values() for state in some)
    )
    conditions, values = ["connection_id = ?", f"state IN ({quoted(states)})"], list[Any]([connection_id])
    if "name" in search:
        conditions.append(database.contains("name"))
        values.append(search["name"])
    if before is not None:
        conditions.append("(received_ms, id) < (?, ?)")
        values += before
    rows = await database.fetch(
        f"SELECT {_FILE} FROM received_files WHERE {' AND '.join(conditions)} "
        "ORDER BY received_ms DESC, id DESC LIMIT ?",
        *values,
        limit,
    )
    return [_file(row) for row in rows]


def _file(row: Sequence[Any]) -> FileLine:
    values = list(row)
    values[6] = None if values[6] is None else bool(values[6])
    return FileLine(*values)


@dataclass(frozen=True)
class FileCounts:
    """The files of a connection. latest_ms: when the last one came."""

    files: int
    refused: int
    latest_ms: int


async def file_counts(database: Database, connection_ids: Sequence[int]) -> dict[int, FileCounts]:
    """The counts of connections that have files."""
    if not connection_ids:
        return {}
    marks = ", ".join("?" * len(connection_ids))
    rows = await database.fetch(
        f"SELECT connection_id, count(*), sum(CASE WHEN state = '{FileStates.REFUSED}' THEN 1 ELSE 0 END), "
        f"max(received_ms) FROM received_files WHERE connection_id IN ({marks}) "
        f"AND state <> '{FileStates.REMOVED}' GROUP BY connection_id",
        *connection_ids,
    )
    return {int(row[0]): FileCounts(int(row[1]), int(row[2]), int(row[3])) for row in rows}


# Invoices


async def newest_invoices(
    database: Database,
    connection_id: int,
    search: dict[str, Any],
    before: tuple[str, str] | None,
    limit: int,
) -> list[StoredInvoice]:
    """Invoices by date, the newest first, those without one last. search: values by column."""
    conditions = ["connection_id = ?", *(f"{name} = ?" for name in search)]
    values = [connection_id, *search.values()]
    if before is not None:
        conditions.append("(coalesce(invoice_date, ''), id) < (?, ?)")
        values += before
    rows = await database.fetch(
        f"SELECT {COLUMNS} FROM carrier_invoices WHERE {' AND '.join(conditions)} "
        "ORDER BY coalesce(invoice_date, '') DESC, id DESC LIMIT ?",
        *values,
        limit,
    )
    return [stored_invoice(row) for row in rows]


async def reconciled_counts(database: Database, connection_id: int) -> dict[bool | None, int]:
    """The number of invoices that add up, that do not, and of which nobody can know (None)."""
    rows = await database.fetch(
        "SELECT reconciled, count(*) FROM carrier_invoices WHERE connection_id = ? GROUP BY reconciled",
        connection_id,
    )
    return {None if row[0] is None else bool(row[0]): int(row[1]) for row in rows}


async def file_names(database: Database, stated: Sequence[StatedInvoice]) -> dict[str, str]:
    """The names of the files that state something, by id."""
    condition, bound = database.one_of("id", {statement.invoice.file_id for statement in stated})
    rows = await database.fetch(f"SELECT id, name FROM received_files WHERE {condition}", bound)
    return {row[0]: row[1] for row in rows}
