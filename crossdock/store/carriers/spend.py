"""What was charged and found, added up by the last audit: a million charges take seconds each time."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from decimal import Decimal

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


# Findings


@dataclass(frozen=True)
class FindingSum:
    """The findings of a rule in one currency, added up. currency: "" where none is known."""

    rule: str
    currency: str
    findings: int
    amount: Decimal


async def sum_findings(transaction: Transaction, connection_id: int) -> None:
    """Add up the findings that there are. Exact: SQL counts equal amounts only, which are texts."""
    rows = await transaction.fetch(
        "SELECT rule, coalesce(currency, ''), amount, count(*) FROM findings WHERE connection_id = ? "
        "GROUP BY rule, coalesce(currency, ''), amount",
        connection_id,
    )
    sums: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for rule, currency, amount, number in rows:
        count, so_far = sums.get((rule, currency), (0, Decimal(0)))
        sums[rule, currency] = count + number, so_far + Decimal(amount) * number
    await transaction.execute("DELETE FROM finding_sums WHERE connection_id = ?", connection_id)
    await transaction.executemany(
        "INSERT INTO finding_sums (connection_id, rule, currency, findings, amount) VALUES (?, ?, ?, ?, ?)",
        [(connection_id, *key, count, format(amount, "f")) for key, (count, amount) in sums.items()],
    )


async def finding_sums(database: Database, connection_id: int) -> list[FindingSum]:
    """The sums of a connection's findings, by rule and currency."""
    rows = await database.fetch(
        "SELECT rule, currency, findings, amount FROM finding_sums WHERE connection_id = ? "
        "ORDER BY rule, currency",
        connection_id,
    )
    return [FindingSum(row[0], row[1], int(row[2]), Decimal(row[3])) for row in rows]
