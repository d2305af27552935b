"""Signals: what happened to endpoints, left in the transaction in which it did, for alerts to take in.

Rows are only added here, and removed by whoever takes them in: senders never wait for each other.
"""

from dataclasses import astuple, dataclass

from crossdock.store.database.engine import Database, Transaction

DISABLED, EXHAUSTED, RECOVERED = "endpoint.disabled", "message.attempt.exhausted", "endpoint.recovered"
ENABLED, DELETED = "endpoint.enabled", "endpoint.deleted"
ENDINGS = frozenset({ENABLED, DELETED})
"""What ends whatever was wrong with an endpoint."""


@dataclass(frozen=True)
class AlertSignal:
    """An event at an endpoint of an application."""

    organization_id: str
    type: str
    application_id: str
    endpoint_id: str
    at_ms: int
    host: str = ""
    """Of its URL."""


_COLUMNS = "organization_id, type, application_id, endpoint_id, at_ms, host"


async def add(transaction: Transaction, new_signal: AlertSignal) -> None:
    await transaction.execute(
        f"INSERT INTO alert_signals ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", *astuple(new_signal)
    )


async def is_any(database: Database) -> bool:
    """Check whether there is anything to take in."""
    return await database.fetch_one("SELECT 1 FROM alert_signals LIMIT 1") is not None


async def take(transaction: Transaction, limit: int) -> list[AlertSignal]:
    """Remove the oldest signals, and return them in their order."""
    rows = await transaction.fetch(f"SELECT seq, {_COLUMNS} FROM alert_signals ORDER BY seq LIMIT ?", limit)
    await transaction.executemany("DELETE FROM alert_signals WHERE seq = ?", [(row[0],) for row in rows])
    return [AlertSignal(*row[1:]) for row in rows]
