"""When a throttled endpoint may get its next message: all senders take the free moments from here."""

from crossdock.store.database.engine import Transaction


async def free_us(transaction: Transaction, endpoint: int) -> int:
    """The next free moment of an endpoint, in microseconds; other senders wait until we are done."""
    select = f"SELECT free_us FROM endpoint_throttles WHERE endpoint = ?{transaction.locking}"
    row = await transaction.fetch_one(select, endpoint)
    if row is None:  # only a row that is there can be waited for
        await transaction.execute(
            "INSERT INTO endpoint_throttles (endpoint, free_us) VALUES (?, 0) "
            "ON CONFLICT (endpoint) DO NOTHING",
            endpoint,
        )
        row = await transaction.fetch_one(select, endpoint)
    return int(row[0]) if row else 0


async def reserve(transaction: Transaction, endpoint: int, until_us: int) -> None:
    """No message goes there before this moment, but for those that were claimed."""
    await transaction.execute(
        "INSERT INTO endpoint_throttles (endpoint, free_us) VALUES (?, ?) "
        "ON CONFLICT (endpoint) DO UPDATE SET free_us = excluded.free_us",
        endpoint,
        until_us,
    )


async def repair_future_times(transaction: Transaction, now_ms: int, late_ms: int) -> int:
    """Free now what is free only after a moment that a clock that ran ahead showed; return how many."""
    return await transaction.execute(
        "UPDATE endpoint_throttles SET free_us = ? WHERE free_us > ?", now_ms * 1000, late_ms * 1000
    )
