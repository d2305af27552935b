"""Files that came in, and what the last look at their source saw. The bytes lie in the storage of files.

received ─▶ read | refused ─▶ again ─▶ read | refused      kept: no table, never read
    └──────────┴────────────────┴────▶ removed ─▶ gone, with its line items
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.states import FileState, FileStates, quoted

_COLUMNS = (
    "seq, id, connection_id, name, file_type, sha256, size, received_ms, source, object, state, carrier, "
    "variant, reconciled, error, summary, read_ms, invoice_id, invoice_date"
)

_IS_THERE = f"state <> '{FileStates.REMOVED}'"
_IS_READ = f"state = '{FileStates.READ}'"
_NEVER_READ = quoted((FileStates.KEPT, FileStates.REMOVED))
_ASKED_FOR = quoted((FileStates.AGAIN, FileStates.REMOVED))

_OF_FILE = ", ".join(f"f.{name}" for name in _COLUMNS.split(", "))


def shown(state: FileState) -> str:
    """The state that callers see: a file that is to be read again waits as a new one does."""
    return FileStates.RECEIVED if state == FileStates.AGAIN else state


@dataclass(frozen=True)
class FileRow:
    """An arrival of a file. `summary` is JSON; `seq` counts arrivals, 0: it is about to be stored."""

    seq: int
    id: str
    connection_id: int
    name: str
    file_type: str
    sha256: str
    size: int
    received_ms: int
    source: str
    object: str
    state: FileState = FileStates.RECEIVED
    carrier: str | None = None
    variant: str | None = None
    reconciled: bool | None = None
    error: str | None = None
    summary: str | None = None
    read_ms: int | None = None
    invoice_id: str | None = None
    """What came along with it; used where the file itself is silent."""
    invoice_date: str | None = None


def _received(row: Row) -> FileRow:
    values = list(row)
    values[13] = None if values[13] is None else bool(values[13])
    return FileRow(*values)


async def take_turn(transaction: Transaction, connection_id: int) -> None:
    """Until this transaction ends no other file of the connection comes in: they are numbered in order."""
    await transaction.in_turn(f"files of {connection_id}")


async def last_arrivals(
    database: Database | Transaction, connection_id: int, name: str, sha256: str
) -> tuple[FileRow | None, FileRow | None]:
    """The last arrival with this content, and the last with this name."""
    files = []
    for column, value in (("sha256", sha256), ("name", name)):
        row = await database.fetch_one(
            f"SELECT {_COLUMNS} FROM received_files WHERE connection_id = ? AND {column} = ? "
            f"AND {_IS_THERE} ORDER BY seq DESC LIMIT 1",
            connection_id,
            value,
        )
        files.append(None if row is None else _received(row))
    return files[0], files[1]


async def add(transaction: Transaction, file: FileRow) -> None:
    await transaction.execute(
        "INSERT INTO received_files (id, connection_id, name, file_type, sha256, size, received_ms, source, "
        "object, state, invoice_id, invoice_date) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        file.id, file.connection_id, file.name, file.file_type, file.sha256, file.size, file.received_ms,
        file.source, file.object, file.state, file.invoice_id, file.invoice_date,
    )  # fmt: skip


async def get(database: Database | Transaction, file_id: str) -> FileRow | None:
    """The file; None when there is none, or it was removed."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM received_files WHERE id = ? AND {_IS_THERE}", file_id
    )
    return None if row is None else _received(row)


_HOLDS = (
    "EXISTS (SELECT 1 FROM invoice_files i WHERE i.connection_id = f.connection_id "
    "AND i.file_id = f.id AND NOT i.is_corrected)"
)
"""Whether what a file says of an invoice still holds."""


async def after(database: Database, connection_id: int, seq: int, since_ms: int, limit: int) -> list[FileRow]:
    """The arrivals behind this number that came at or after this time.

    Not those that were read and whose invoices have all come again since: they say nothing that holds.
    """
    rows = await database.fetch(
        f"SELECT {_OF_FILE} FROM received_files f WHERE f.connection_id = ? AND f.seq > ? "
        f"AND f.received_ms >= ? AND f.state NOT IN ({_NEVER_READ}) AND (NOT f.{_IS_READ} OR {_HOLDS}) "
        "ORDER BY f.seq LIMIT ?",
        connection_id, seq, since_ms, limit,
    )  # fmt: skip
    return [_received(row) for row in rows]


async def last_before(database: Database, connection_id: int, before_ms: int) -> int:
    """The number of the last arrival before a time; 0: there was none."""
    row = await database.fetch_one(
        "SELECT max(seq) FROM received_files WHERE connection_id = ? AND received_ms < ?",
        connection_id,
        before_ms,
    )
    return 0 if row is None or row[0] is None else int(row[0])


async def older_of_name(database: Database, file: FileRow) -> list[FileRow]:
    """Earlier arrivals under the same name: this one corrects them."""
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM received_files WHERE connection_id = ? AND name = ? AND seq < ? "
        f"AND {_IS_THERE} ORDER BY seq",
        file.connection_id,
        file.name,
        file.seq,
    )
    return [_received(row) for row in rows]


# Which line items a file holds


async def note_items(transaction: Transaction, connection_id: int, file_id: str, ids: Iterable[str]) -> None:
    """A page of a file is stored."""
    await forget_begun(transaction, file_id)
    await transaction.executemany(
        "INSERT INTO file_items (connection_id, file_id, item_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(connection_id, file_id, identifier) for identifier in ids],
    )


async def shares_items(database: Database, old: FileRow, new: FileRow) -> bool:
    """Check whether any line item is in both files."""
    row = await database.fetch_one(
        "SELECT 1 FROM file_items o JOIN file_items n ON n.connection_id = o.connection_id "
        "AND n.item_id = o.item_id AND n.file_id = ? WHERE o.connection_id = ? AND o.file_id = ? LIMIT 1",
        new.id,
        old.connection_id,
        old.id,
    )
    return row is not None


async def items_only_in(database: Database, old: FileRow, new: FileRow, after: str, limit: int) -> list[str]:
    """Line items of a corrected file that neither its correction nor any file of another name holds."""
    rows = await database.fetch(
        "SELECT i.item_id FROM file_items i WHERE i.connection_id = ? AND i.file_id = ? AND NOT EXISTS ("
        "SELECT 1 FROM file_items o JOIN received_files f ON f.id = o.file_id "
        "WHERE o.connection_id = i.connection_id AND o.item_id = i.item_id "
        "AND (f.id = ? OR f.name <> ?)) AND i.item_id > ? ORDER BY i.item_id LIMIT ?",
        old.connection_id, old.id, new.id, old.name, after, limit,
    )  # fmt: skip
    return [row[0] for row in rows]


async def forget_items(
    transaction: Transaction, connection_id: int, file_id: str, ids: Iterable[str]
) -> None:
    await transaction.executemany(
        "DELETE FROM file_items WHERE connection_id = ? AND file_id = ? AND item_id = ?",
        [(connection_id, file_id, identifier) for identifier in ids],
    )


COMMIT_MS = 5000
"""A file is committed within so long of the moment that it says it came; a sync may begin in between."""


async def waiting(database: Database, function: str) -> list[int]:
    """Connections with a file that came, or was put on the list again, after their last sync of this
    function began."""
    rows = await database.fetch(
        "SELECT DISTINCT f.connection_id FROM received_files f JOIN schedules s "
        "ON s.connection_id = f.connection_id AND s.function = ? WHERE NOT s.paused AND "
        f"(f.state = '{FileStates.RECEIVED}' AND f.received_ms + {COMMIT_MS} >= s.last_start_ms "
        f"OR f.state IN ({_ASKED_FOR}) AND f.read_ms >= s.last_start_ms)",
        function,
    )
    return [row[0] for row in rows]


async def note_read(transaction: Transaction, file_id: str, state: FileState, **columns: Any) -> bool:
    """Note what reading a file gave. False: it was removed meanwhile, and nothing is kept."""
    names = ", ".join(f"{name} = ?" for name in columns)
    changed = await transaction.execute(
        f"UPDATE received_files SET state = ?, begun = 0, {names} WHERE id = ? AND {_IS_THERE}",
        state,
        *columns.values(),
        file_id,
    )
    return changed == 1


async def begin(transaction: Transaction, file_id: str) -> int:
    """Count a reading that begins; return how many have since a page of the file was stored."""
    row = await transaction.fetch_one(
        "UPDATE received_files SET begun = begun + 1 WHERE id = ? RETURNING begun", file_id
    )
    return 0 if row is None else int(row[0])


async def forget_begun(transaction: Transaction, file_id: str) -> None:
    """Forget the readings that began: the file's reading gets on, or broke off for no fault of its own."""
    await transaction.execute("UPDATE received_files SET begun = 0 WHERE id = ?", file_id)


async def item_ids(database: Database, connection_id: int, file_id: str, after: str, limit: int) -> list[str]:
    """Line items of a file, by id."""
    rows = await database.fetch(
        "SELECT item_id FROM file_items WHERE connection_id = ? AND file_id = ? AND item_id > ? "
        "ORDER BY item_id LIMIT ?",
        connection_id, file_id, after, limit,
    )  # fmt: skip
    return [row[0] for row in rows]


# Reading again, and removing


async def again(database: Database, connection_id: int, limit: int) -> list[FileRow]:
    """Files that are to be read again."""
    return await _in_state(database, connection_id, FileStates.AGAIN, limit)


async def removed(database: Database, connection_id: int, limit: int) -> list[FileRow]:
    """Files that are to be taken away."""
    return await _in_state(database, connection_id, FileStates.REMOVED, limit)


async def _in_state(database: Database, connection_id: int, state: FileState, limit: int) -> list[FileRow]:
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM received_files WHERE connection_id = ? AND state = ? ORDER BY seq LIMIT ?",
        connection_id,
        state,
        limit,
    )
    return [_received(row) for row in rows]


async def mark(transaction: Transaction, file_id: str, state: FileState, now_ms: int) -> bool:
    """Have a file read again, or taken away, by the next sync. False: it was removed."""
    changed = await transaction.execute(
        "UPDATE received_files SET state = ?, error = NULL, begun = 0, read_ms = ? "
        f"WHERE id = ? AND {_IS_THERE}",
        state,
        now_ms,
        file_id,
    )
    return changed == 1


async def overtaken_by(database: Database | Transaction, file: FileRow) -> str | None:
    """The name of a later file that says what holds instead of this one; None: there is none."""
    if file.state == FileStates.READ:
        row = await database.fetch_one(
            "SELECT l.name FROM received_files f JOIN file_items o ON o.connection_id = f.connection_id "
            "AND o.file_id = f.id JOIN file_items n ON n.connection_id = o.connection_id "
            "AND n.item_id = o.item_id JOIN received_files l ON l.id = n.file_id AND l.seq > f.seq "
            f"WHERE f.id = ? AND NOT {_HOLDS} AND l.{_IS_READ} LIMIT 1",
            file.id,
        )
    else:
        row = await database.fetch_one(
            "SELECT name FROM received_files WHERE connection_id = ? AND name = ? AND seq > ? "
            f"AND {_IS_READ} LIMIT 1",
            file.connection_id,
            file.name,
            file.seq,
        )
    return None if row is None else str(row[0])


_IS_CORRECTED = (
    "EXISTS (SELECT 1 FROM received_files l WHERE l.connection_id = f.connection_id AND l.name = f.name "
    f"AND l.seq > f.seq AND l.{_IS_READ})"
)


async def refused(database: Database) -> tuple[int, int]:
    """The number of files that could not be read and were not corrected since, and of their connections."""
    row = await database.fetch_one(
        "SELECT count(*), count(DISTINCT f.connection_id) FROM received_files f "
        f"WHERE f.state = '{FileStates.REFUSED}' AND NOT {_IS_CORRECTED}"
    )
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def read_again_without(transaction: Transaction, file: FileRow, now_ms: int) -> int:
    """Have others say again what this file changed: of each name the last one that is about the same.

    That are those that hold one of its line items, and those of its own name.
    """
    return await transaction.execute(
        f"UPDATE received_files SET state = '{FileStates.AGAIN}', read_ms = ? WHERE connection_id = ? "
        "AND seq IN (SELECT max(f.seq) FROM received_files f WHERE f.connection_id = ? AND f.id <> ? "
        f"AND f.{_IS_READ} AND (f.name = ? OR f.id IN (SELECT n.file_id FROM file_items o "
        "JOIN file_items n ON n.connection_id = o.connection_id AND n.item_id = o.item_id "
        "WHERE o.connection_id = ? AND o.file_id = ?)) GROUP BY f.name)",
        now_ms, file.connection_id, file.connection_id, file.id, file.name, file.connection_id, file.id,
    )  # fmt: skip


async def items_of(database: Database, file: FileRow, after: str, limit: int) -> list[tuple[str, bool]]:
    """Line items of a file by id, and whether another file that is there holds each, too."""
    rows = await database.fetch(
        "SELECT i.item_id, EXISTS (SELECT 1 FROM file_items o JOIN received_files f ON f.id = o.file_id "
        "WHERE o.connection_id = i.connection_id AND o.item_id = i.item_id AND o.file_id <> i.file_id "
        f"AND f.{_IS_THERE}) FROM file_items i WHERE i.connection_id = ? AND i.file_id = ? "
        "AND i.item_id > ? ORDER BY i.item_id LIMIT ?",
        file.connection_id, file.id, after, limit,
    )  # fmt: skip
    return [(row[0], bool(row[1])) for row in rows]


async def delete(transaction: Transaction, file: FileRow) -> None:
    """Take away the row of a removed file, and what is noted of what it held."""
    await transaction.execute(
        "DELETE FROM file_items WHERE connection_id = ? AND file_id = ?", file.connection_id, file.id
    )
    await transaction.execute(
        f"DELETE FROM received_files WHERE id = ? AND state = '{FileStates.REMOVED}'", file.id
    )


@dataclass(frozen=True)
class FileFilter:
    """The files a list is to show, from and up to times. The last of the page before: (received_ms, id)."""

    connection_id: int
    start_ms: int | None = None
    end_ms: int | None = None
    received: tuple[tuple[bool, tuple[int, ...]], ...] = ()
    """Each (whether it is one of these, seconds)."""
    file_type: str | None = None
    name_part: str | None = None
    after: tuple[int, str] | None = None
    state: FileState | None = None


async def page(database: Database, file_filter: FileFilter, limit: int) -> list[FileRow]:
    """Files by when they came, the oldest first."""
    conditions, values = ["connection_id = ?", _IS_THERE], list[Any]([file_filter.connection_id])
    for limit_ms, comparison in ((file_filter.start_ms, ">="), (file_filter.end_ms, "<=")):
        if limit_ms is not None:
            conditions.append(f"received_ms {comparison} ?")
            values.append(limit_ms)
    for is_within, seconds in file_filter.received:
        conditions.append(f"received_ms / 1000 {'IN' if is_within else 'NOT IN'} ({_marks(seconds)})")
        values += seconds
    if file_filter.state is not None:
        conditions.append("state = ?")
        values.append(file_filter.state)
    if file_filter.file_type is not None:
        conditions.append("file_type = ?")
        values.append(file_filter.file_type)
    if file_filter.name_part is not None:
        conditions.append(database.contains("name"))
        values.append(file_filter.name_part)
    if file_filter.after is not None:
        conditions.append("(received_ms, id) > (?, ?)")
        values += file_filter.after
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM received_files WHERE {' AND '.join(conditions)} "
        "ORDER BY received_ms, id LIMIT ?",
        *values,
        limit,
    )
    return [_received(row) for row in rows]


def _marks(values: tuple[int, ...]) -> str:
    return ", ".join("?" * len(values))


async def named_objects(database: Database, keys: Iterable[str]) -> set[str]:
    """The objects among these that some file has."""
    condition, bound = database.one_of("object", keys)
    rows = await database.fetch(f"SELECT DISTINCT object FROM received_files WHERE {condition}", bound)
    return {row[0] for row in rows}


# What a look at a source saw


@dataclass(frozen=True)
class SeenFile:
    """A file as it lies at its source. changed_ms: by the source's clock."""

    size: int
    changed_ms: int
    since_ms: int
    is_taken: bool


async def list_seen(database: Database, connection_id: int) -> dict[str, SeenFile]:
    """The files that the last look saw, by place."""
    rows = await database.fetch(
        "SELECT place, size, changed_ms, since_ms, is_taken FROM seen_files WHERE connection_id = ?",
        connection_id,
    )
    return {row[0]: SeenFile(row[1], row[2], row[3], bool(row[4])) for row in rows}


async def put_seen(transaction: Transaction, connection_id: int, files: Mapping[str, SeenFile]) -> None:
    await transaction.executemany(
        "INSERT INTO seen_files (connection_id, place, size, changed_ms, since_ms, is_taken) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, place) DO UPDATE SET size = excluded.size, "
        "changed_ms = excluded.changed_ms, since_ms = excluded.since_ms, is_taken = excluded.is_taken",
        [
            (connection_id, key, file.size, file.changed_ms, file.since_ms, file.is_taken)
            for key, file in files.items()
        ],
    )


async def delete_seen(transaction: Transaction, connection_id: int, positions: Iterable[str]) -> None:
    """Forget the files seen at these places: they do not lie there any more."""
    await transaction.executemany(
        "DELETE FROM seen_files WHERE connection_id = ? AND place = ?",
        [(connection_id, position) for position in positions],
    )
