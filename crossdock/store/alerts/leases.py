"""The lease of following and planning: of several workers, one does it at a time."""

from crossdock.store.database.engine import Transaction

PLANNING = "planning"


async def extend(transaction: Transaction, holder: str, now_ms: int, until_ms: int) -> bool:
    """Take or keep the lease, first thing in a transaction; False: somebody else has it.

    Two who believe that they have it end one after the other, and the second sees whose it is.
    """
    await transaction.execute(
        "INSERT INTO alert_leases (name, holder, until_ms) VALUES (?, '', 0) ON CONFLICT DO NOTHING", PLANNING
    )
    # A lease that is farther ahead than any was taken by a clock that was wrong.
    changed = await transaction.execute(
        "UPDATE alert_leases SET holder = ?, until_ms = ? "
        "WHERE name = ? AND (holder = ? OR until_ms <= ? OR until_ms > ?)",
        holder, until_ms, PLANNING, holder, now_ms, until_ms + 3_600_000,
    )  # fmt: skip
    return changed == 1


async def release(transaction: Transaction, holder: str) -> None:
    await transaction.execute("UPDATE alert_leases SET until_ms = 0 WHERE holder = ?", holder)
