"""Failed sign-ins, counted before each try is made, so that many at once gain nothing."""

from crossdock.store.connections.access import digest
from crossdock.store.database.engine import Transaction


async def of(transaction: Transaction, subject: str) -> tuple[int, int, int]:
    """(failures, the last at ms, nothing before ms) of a subject."""
    row = await transaction.fetch_one(
        "SELECT failures, last_ms, next_ms FROM sign_in_failures WHERE subject = ?", digest(subject)
    )
    return (0, 0, 0) if row is None else (int(row[0]), int(row[1]), int(row[2]))


async def put(transaction: Transaction, subject: str, failures: int, now_ms: int, next_ms: int) -> None:
    await transaction.execute(
        "INSERT INTO sign_in_failures (subject, failures, last_ms, next_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, last_ms = excluded.last_ms, "
        "next_ms = excluded.next_ms",
        digest(subject), failures, now_ms, next_ms,
    )  # fmt: skip


async def forgive(transaction: Transaction, subject: str, failures: int) -> None:
    """Take off a subject as many failures as were counted for tries that succeeded; it waits for nothing."""
    await transaction.execute(
        "UPDATE sign_in_failures SET next_ms = 0, "
        "failures = CASE WHEN failures > ? THEN failures - ? ELSE 0 END WHERE subject = ?",
        failures, failures, digest(subject),
    )  # fmt: skip
