"""Alerts: what was told, to whom, and what became of it.

    e-mail   pending ─claim─▶ somebody's until due_ms ─┬─▶ sent | failed | canceled      due_ms null
                ▲                                      └─▶ pending, due_ms: next try ─┐
                └─────────────────────────────────────────────────────────────────────┘
    all else is a delivery of the webhook sender under the same id, which knows what became of it

A claim moves `due_ms` ahead: when its holder dies, the row is due again by itself.
"""

from dataclasses import dataclass, replace

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.webhooks import deliveries

PENDING, SENT, FAILED, CANCELED = "pending", "sent", "failed", "canceled"

_BY_DELIVERY = {
    deliveries.SUCCESS: SENT, deliveries.PENDING: PENDING, deliveries.SENDING: PENDING,
    deliveries.FAIL: FAILED, deliveries.CANCELED: CANCELED,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AlertRow:
    """An alert. content: JSON, as `alerts.content` has it; endpoint: of the webhook sender; null: e-mail."""

    id: str
    organization_id: str
    channel_id: str
    channel_name: str
    channel_kind: str
    at_ms: int
    content: bytes
    endpoint: int | None = None
    state: str = PENDING
    attempts: int = 0
    due_ms: int | None = None
    error: str = ""


def message_id(alert_id: str) -> str:
    """The id of the webhook that carries an alert."""
    return f"msg_{alert_id.partition('_')[2]}"


_COLUMNS = (
    "id, organization_id, channel_id, channel_name, channel_kind, at_ms, content, endpoint, state, "
    "attempts, due_ms, error"
)
_NAMES = _COLUMNS.split(", ")


def _alert(row: Row) -> AlertRow:
    values = dict(zip(_NAMES, row, strict=True))
    return AlertRow(**values | {"content": values["content"].encode()})


async def add(transaction: Transaction, alert: AlertRow) -> None:
    """Store an alert."""
    await transaction.execute(
        f"INSERT INTO alerts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        alert.id, alert.organization_id, alert.channel_id, alert.channel_name, alert.channel_kind,
        alert.at_ms, alert.content.decode(), alert.endpoint, alert.state, alert.attempts, alert.due_ms,
        alert.error,
    )  # fmt: skip


async def claim(database: Database, holder: str, now_ms: int, until_ms: int, at_most: int) -> list[AlertRow]:
    """The e-mails that are due longest, and nobody else's until then."""
    async with database.transaction() as transaction:
        search = (
            "SELECT id FROM alerts WHERE due_ms <= ? AND state = ? ORDER BY due_ms LIMIT ?"
            f"{transaction.skip_locked}"
        )
        rows = await transaction.fetch(
            f"UPDATE alerts SET due_ms = ?, holder = ? WHERE id IN ({search}) RETURNING {_COLUMNS}",
            until_ms, holder, now_ms, PENDING, at_most,
        )  # fmt: skip
    return [_alert(row) for row in rows]


async def record(
    database: Database, alert: AlertRow, holder: str, *, state: str, error: str, due_ms: int | None
) -> None:
    """Store how an attempt ended, unless somebody else holds the alert by now. A success always counts."""
    await database.execute(
        "UPDATE alerts SET state = ?, error = ?, due_ms = ?, attempts = attempts + ?, holder = '' "
        "WHERE id = ? AND (holder = ? OR ? = 'sent')",
        state, error, due_ms, 0 if state == CANCELED else 1, alert.id, holder, state,
    )  # fmt: skip


async def cancel(transaction: Transaction, channel_id: str, error: str) -> None:
    """Send nothing more of what waits for a channel."""
    await transaction.execute(
        "UPDATE alerts SET state = ?, error = ?, due_ms = NULL, holder = '' "
        "WHERE channel_id = ? AND state = ? AND endpoint IS NULL",
        CANCELED, error, channel_id, PENDING,
    )  # fmt: skip


async def oldest_waiting_ms(database: Database) -> int | None:
    """The moment when the oldest e-mail was made that was tried in vain and waits; None: none does."""
    row = await database.fetch_one("SELECT min(at_ms) FROM alerts WHERE due_ms IS NOT NULL AND attempts > 0")
    return None if row is None else row[0]


@dataclass(frozen=True)
class AlertPageFilter:
    """A choice of alerts: of an organization; of a channel, older than an id, if these are named."""

    organization_id: str
    channel_id: str | None = None
    before: str | None = None


async def page(database: Database, page_filter: AlertPageFilter, limit: int) -> list[AlertRow]:
    """Alerts, the newest first, with what became of each."""
    clauses, values = ["organization_id = ?"], [page_filter.organization_id]
    if page_filter.channel_id is not None:
        clauses, values = [*clauses, "channel_id = ?"], [*values, page_filter.channel_id]
    if page_filter.before is not None:
        clauses, values = [*clauses, "id < ?"], [*values, page_filter.before]
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM alerts WHERE {' AND '.join(clauses)} ORDER BY id DESC LIMIT ?",
        *values,
        limit,
    )
    return [await _with_outcome(database, _alert(row)) for row in rows]


async def _with_outcome(database: Database, alert: AlertRow) -> AlertRow:
    """An alert with what the webhook sender knows of it."""
    if alert.endpoint is None or alert.state != PENDING:
        return alert
    sent_as = message_id(alert.id)
    delivery = await database.fetch_one(
        "SELECT state, attempts, due_ms FROM webhook_deliveries "
        "WHERE endpoint = ? AND message_id = ? AND manual = 0",
        alert.endpoint,
        sent_as,
    )
    if delivery is None:
        return replace(alert, state=CANCELED, error="the channel was deleted or switched off")
    state = _BY_DELIVERY[delivery[0]]
    error = "" if state == SENT else await _last_failure(database, sent_as)
    return replace(alert, state=state, attempts=delivery[1], due_ms=delivery[2], error=error)


async def _last_failure(database: Database, sent_as: str) -> str:
    """The result of the last attempt, in a line; empty: there was none."""
    row = await database.fetch_one(
        "SELECT code, response FROM webhook_attempts WHERE message_id = ? ORDER BY id DESC LIMIT 1", sent_as
    )
    if row is None:
        return ""
    said = " ".join(bytes(row[1])[:300].decode("utf-8", "replace").split())
    return f"{row[0]} {said}".strip() if row[0] else said


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove alerts from before a moment; return how many: none at the end."""
    return await database.execute(
        "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE at_ms < ? AND due_ms IS NULL "
        "ORDER BY at_ms LIMIT ?)",
        before_ms,
        at_most,
    )
