"""The event that an audit found something new, for those who ask for it."""

from decimal import Decimal
from typing import Any

from crossdock.changes.events import connection_event
from crossdock.resources.event_types import AUDIT_COMPLETED
from crossdock.store.carriers import audit, findings
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Transaction
from crossdock.store.records import events
from crossdock.store.webhooks import endpoints
from crossdock.wire import stamp


async def tell(transaction: Transaction, connection: ConnectionRow, began_ms: int, now_ms: int) -> None:
    """Tell of what this audit found first, by rule, where an endpoint asks for that and there is anything."""
    if not await endpoints.is_asked_for(transaction, connection.organization_id, AUDIT_COMPLETED):
        return
    sums: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    # What an audit found that died is new, too: it was never told.
    last = await audit.last(transaction, connection.id)
    for rule, direction, currency, amount, number in await findings.new_counts(
        transaction, connection.id, last or 0
    ):
        count, so_far = sums.get((rule, direction, currency), (0, Decimal(0)))
        sums[rule, direction, currency] = count + number, so_far + Decimal(amount) * number
    if not sums:
        return
    new_findings: list[dict[str, Any]] = [
        {
            "rule": rule, "direction": direction, "currency": currency or None, "findings": count,
            "amount": amount,
        }
        for (rule, direction, currency), (count, amount) in sorted(sums.items())
    ]  # fmt: skip
    data = {"audited_at": stamp(began_ms), "new_findings": new_findings}
    event = connection_event(connection, AUDIT_COMPLETED, data, now_ms, vertical=connection.type)
    await events.add(transaction, [event])
