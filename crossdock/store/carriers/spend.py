"""What was charged and found, added up by the last audit: a million charges take seconds each time."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields

from crossdock.store.database.engine import Database, Transaction


@dataclass(frozen=True)
class SpendRow:
    """The sum of some charges. month: "2026-01"; "" in any text: none is known; net: a decimal text."""

    month: str
    currency: str
    account_id: str
    category: str
    service: str
    charges: int
    net: str


_COLUMNS = ", ".join(field.name for field in fields(SpendRow))


async def replace(transaction: Transaction, connection_id: int, rows: Iterable[SpendRow]) -> None:
    """Store these sums in place of all that there were."""
    await transaction.execute("DELETE FROM spend WHERE connection_id = ?", connection_id)
    await transaction.executemany(
        f"INSERT INTO spend (connection_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(connection_id, *astuple(row)) for row in rows],
    )


async def of_connection(database: Database, connection_id: int) -> list[SpendRow]:
    """All sums of a connection: some hundred, or some thousand, however many charges there are."""
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM spend WHERE connection_id = ? ORDER BY month", connection_id
    )
    return [SpendRow(*row) for row in rows]


async def since(database: Database, connection_ids: Sequence[int], month: str) -> list[tuple[int, str, str]]:
    """(connection, currency, net) of the sums of these connections, from a month on."""
    if not connection_ids:
        return []
    marks = ", ".join("?" * len(connection_ids))
    rows = await database.fetch(
        f"SELECT connection_id, currency, net FROM spend WHERE connection_id IN ({marks}) AND month >= ? "
        "ORDER BY connection_id, currency",
        *connection_ids,
        month,
    )
    return [(int(row[0]), row[1], row[2]) for row in rows]
