"""After a clock that ran ahead was put right: no webhook waits for the time that it showed."""

from collections.abc import Sequence

from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import CLOCKS_APART_MS
from crossdock.store.webhooks import throttles

AT_ONCE = 1000
LONGEST_HANDOVER_MS = 3_600_000


async def repair_future_times(
    database: Database, now_ms: int, lease_ms: int, delays_ms: Sequence[int]
) -> int:
    """Deliveries, throttles and hand-overs that are due later than anything plans them; how many.

    lease_ms: how long somebody has to try one; delays_ms: until the next try, after each. A receiver may
    ask for twice of it. What was never tried is due at once, unless its message has a time of its own.
    """
    late_ms = now_ms + CLOCKS_APART_MS
    changed = 0
    for row in await database.fetch(
        "SELECT e.number FROM webhook_endpoints e WHERE EXISTS (SELECT 1 FROM webhook_deliveries d "
        "WHERE d.endpoint = e.number AND d.due_ms IS NOT NULL AND d.due_ms > ?)",
        late_ms,
    ):
        mended = AT_ONCE
        while mended >= AT_ONCE:
            async with database.transaction() as transaction:
                mended = await _mend(transaction, row[0], now_ms, _wait(lease_ms, delays_ms))
            changed += mended
    async with database.transaction() as transaction:
        changed += await throttles.repair_future_times(transaction, now_ms, late_ms)
        changed += await transaction.execute(
            "UPDATE webhook_handovers SET due_ms = ? WHERE due_ms > ?", now_ms, now_ms + LONGEST_HANDOVER_MS
        )
    return changed


def _wait(lease_ms: int, delays_ms: Sequence[int]) -> str:
    """SQL for the planned wait of a delivery, told by what became of it so far."""
    tried = " ".join(f"WHEN {n} THEN {delay}" for n, delay in enumerate(delays_ms, 1))
    return (
        f"CASE WHEN holder IS NOT NULL THEN {lease_ms} WHEN manual = 1 THEN 0 "
        f"ELSE CASE attempts {tried} ELSE 0 END END"
    )


async def _mend(transaction: Transaction, endpoint: int, now_ms: int, wait: str) -> int:
    """Mend wrong waits among the first and the last of the long ones there: many may be long rightly."""
    changed = 0
    for order in ("", " DESC"):
        search = (
            f"SELECT place FROM (SELECT {transaction.row_id} AS place, due_ms, {wait} AS wait, attempts, "
            "message_id FROM webhook_deliveries WHERE endpoint = ? AND due_ms IS NOT NULL AND due_ms > ? "
            f"ORDER BY due_ms{order} LIMIT ?) long WHERE due_ms - 2 * wait > ? AND NOT (attempts = 0 "
            "AND EXISTS (SELECT 1 FROM webhook_messages m WHERE m.id = message_id "
            "AND m.deliver_ms IS NOT NULL AND m.deliver_ms >= due_ms))"
        )
        late_ms = now_ms + CLOCKS_APART_MS
        changed += await transaction.execute(
            f"UPDATE webhook_deliveries SET due_ms = CAST(? AS BIGINT) + {wait} "
            f"WHERE {transaction.lies_at(search)}",
            now_ms, endpoint, late_ms, AT_ONCE, late_ms,
        )  # fmt: skip
    return changed
