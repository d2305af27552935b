"""What is to be sent: one row for each message at each endpoint that wants it.

    added (pending) ─claim─▶ somebody's until due_ms ─┬─▶ success | canceled          due_ms null
          ▲                                           ├─▶ sending, due_ms: next try ──┐
          └───────────────────────────────────────────┼───────────────────────────────┘
                                                      └─▶ fail                         due_ms null

A claim moves `due_ms` ahead: when its holder dies, the row is due again by itself. Rows are looked for
endpoint by endpoint through an index, so that a million at one do not stand in the way of another.

A manual attempt (resend, recover, replay) is a row of its own beside that of the schedule; it goes when
it was tried.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

import msgspec

from crossdock.resources.event_types import extension_types
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.webhooks import channels
from crossdock.store.webhooks.attempts import AttemptCondition
from crossdock.store.webhooks.endpoints import split_names

CHANNEL = "crossdock_deliveries"
"""Where senders listen for what was added."""

SUCCESS, PENDING, FAIL, SENDING, CANCELED = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class NewMessage:
    """A message to be sent."""

    id: str
    type: str
    channels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class EndpointSubscription:
    """The types and channels of messages that an endpoint wants to get."""

    endpoint: int
    application_id: str
    types: frozenset[str] | None
    channels: frozenset[str] | None
    scope: frozenset[str] | None = None
    """The channels of the connections and customers that it is for; None: of all."""

    def takes(self, message: NewMessage) -> bool:
        """Check whether a message goes there. What an extension tells goes only to who named that event."""
        if self.types is None:
            if message.type in extension_types():
                return False
        elif message.type not in self.types:
            return False
        shared = message.channels or ()
        if self.scope is not None and self.scope.isdisjoint(shared):
            return False
        return self.channels is None or not self.channels.isdisjoint(shared)

    @property
    def is_for_all(self) -> bool:
        """Check whether no message is left out for whose it is."""
        return self.scope is None and (self.channels is None or not channels.are_of_events(self.channels))

    def is_for(self, message_channels: Iterable[str] | None) -> bool:
        """Check whether a message may go there when it is sent by hand: only whose it is counts then."""
        shared = message_channels or ()
        if self.scope is not None and self.scope.isdisjoint(shared):
            return False
        if self.channels is None or not channels.are_of_events(self.channels):
            return True
        return not self.channels.isdisjoint(shared)


_SELECT_SUBSCRIPTION = (
    "SELECT number, application_id, types, channels, connections, customers FROM webhook_endpoints WHERE"
)


async def subscriptions(transaction: Transaction, application_id: str) -> list[EndpointSubscription]:
    """Of the endpoints that are on."""
    rows = await transaction.fetch(
        f"{_SELECT_SUBSCRIPTION} application_id = ? AND NOT disabled AND deleted_ms IS NULL", application_id
    )
    return [_subscription(row) for row in rows]


async def get_subscription(transaction: Transaction, endpoint: int) -> EndpointSubscription | None:
    """Of one endpoint, if it is on."""
    row = await transaction.fetch_one(f"{_SELECT_SUBSCRIPTION} number = ? AND NOT disabled", endpoint)
    return None if row is None else _subscription(row)


def _subscription(row: Row) -> EndpointSubscription:
    scope = channels.scope_of(row[4], row[5])
    return EndpointSubscription(row[0], row[1], _set(row[2]), _set(row[3]), scope)


@lru_cache(1024)
def _set(text: str | None) -> frozenset[str] | None:
    names = split_names(text)
    return None if names is None else frozenset(names)


async def fan_out(
    transaction: Transaction, application_id: str, messages: Sequence[NewMessage], due_ms: int
) -> int:
    """Add a delivery for each of these messages at each endpoint that wants it; return how many."""
    added = 0
    for subscription in await subscriptions(transaction, application_id):
        ids = [message.id for message in messages if subscription.takes(message)]
        if ids:
            await put(transaction, subscription.endpoint, ids, due_ms)
            added += len(ids)
    if added:
        await transaction.notify(CHANNEL)
    return added


async def put(
    transaction: Transaction, endpoint: int, message_ids: Sequence[str], due_ms: int, *, manual: bool = False
) -> None:
    """Add deliveries to an endpoint; those that are there stay as they are."""
    text, bound = transaction.text_table(message_ids)
    await transaction.execute(
        "INSERT INTO webhook_deliveries (endpoint, message_id, manual, state, attempts, due_ms) "
        f"SELECT CAST(? AS BIGINT), each.value, CAST(? AS SMALLINT), {PENDING}, 0, CAST(? AS BIGINT) "
        f"FROM {text} WHERE TRUE ON CONFLICT DO NOTHING",
        endpoint, int(manual), due_ms, bound,
    )  # fmt: skip


# Looking for what is due


@dataclass(frozen=True)
class DueDelivery:
    """An endpoint that something is due at, now or later."""

    endpoint: int
    revision: int
    at_ms: int
    is_off: bool
    """What is due there is dropped."""


async def due(database: Database) -> list[DueDelivery]:
    """Every endpoint with something to send, and when."""
    rows = await database.fetch_few(
        "SELECT e.number, e.revision, (SELECT d.due_ms FROM webhook_deliveries d WHERE d.endpoint = e.number "
        "AND d.due_ms IS NOT NULL ORDER BY d.due_ms LIMIT 1) AS at_ms, e.disabled FROM webhook_endpoints e"
    )
    return [DueDelivery(row[0], row[1], row[2], bool(row[3])) for row in rows if row[2] is not None]


class ClaimedDelivery(msgspec.Struct, frozen=True):
    """A delivery in the hands of one sender."""

    endpoint: int
    message_id: str
    manual: bool
    attempts: int
    """How many of the schedule were made before."""
    holder: str


@dataclass(frozen=True)
class DeliveryClaim:
    """A request for deliveries of an endpoint: by whom, and how many at most."""

    endpoint: int
    limit: int
    now_ms: int
    until_ms: int
    holder: str


_KEY = "endpoint = ? AND message_id = ? AND manual = ?"
_DUE = (
    "FROM webhook_deliveries WHERE endpoint = ? AND due_ms IS NOT NULL AND due_ms <= ? "
    "ORDER BY due_ms LIMIT ?"
)


async def claim(transaction: Transaction, delivery_claim: DeliveryClaim) -> list[ClaimedDelivery]:
    """The deliveries of an endpoint that have waited longest, now leased."""
    # By place: told of keys, PostgreSQL may walk through a whole queue that it still takes for a short one.
    search = f"SELECT {transaction.row_id} {_DUE}{transaction.skip_locked}"
    rows = await transaction.fetch(
        f"UPDATE webhook_deliveries SET due_ms = ?, holder = ? WHERE {transaction.lies_at(search)} "
        "RETURNING message_id, manual, attempts",
        delivery_claim.until_ms,
        delivery_claim.holder,
        delivery_claim.endpoint,
        delivery_claim.now_ms,
        delivery_claim.limit,
    )
    return [
        ClaimedDelivery(delivery_claim.endpoint, row[0], bool(row[1]), row[2], delivery_claim.holder)
        for row in sorted(rows, key=itemgetter(0))
    ]


async def drop_if_off(database: Database, endpoint: int, now_ms: int, at_most: int) -> int:
    """Drop what is due at an endpoint that is off; return how many. What was never tried leaves no trace.

    Whether it is off is asked again: what was told after it was switched on is not dropped.
    """
    async with database.transaction() as transaction:
        row = await transaction.fetch_one(
            f"SELECT disabled FROM webhook_endpoints WHERE number = ?{transaction.locking}", endpoint
        )
        if row is not None and not row[0]:
            return 0
        await transaction.seek_first()
        rows = await transaction.fetch(
            f"SELECT message_id, manual {_DUE}{transaction.skip_locked}", endpoint, now_ms, at_most
        )
        keys = [(endpoint, row[0], row[1]) for row in rows]
        await transaction.executemany(
            f"DELETE FROM webhook_deliveries WHERE {_KEY} AND (attempts = 0 OR manual = 1)", keys
        )
        await transaction.executemany(
            f"UPDATE webhook_deliveries SET state = {FAIL}, due_ms = NULL, holder = NULL WHERE {_KEY}", keys
        )
    return len(rows)


# What became of them


class DeliveryResult(msgspec.Struct, frozen=True):
    """The outcome of an attempt for its delivery. due_ms: when it is tried again."""

    claimed: ClaimedDelivery
    state: int
    due_ms: int | None = None


async def record(transaction: Transaction, results: Sequence[DeliveryResult]) -> None:
    """Store how attempts ended: successes, whoever holds the row by now; all else of what is still held."""
    manual: list[DeliveryResult] = []
    unsuccessful: list[DeliveryResult] = []
    delivered: dict[int, list[str]] = {}
    for result in results:
        claimed = result.claimed
        if claimed.manual:
            manual.append(result)
        elif result.state == SUCCESS:
            delivered.setdefault(claimed.endpoint, []).append(claimed.message_id)
        else:
            unsuccessful.append(result)
    for endpoint, message_ids in delivered.items():
        await _record_success(transaction, endpoint, message_ids)
    if unsuccessful:
        await _record_unsuccessful(transaction, unsuccessful)
    if manual:
        await _record_manual(transaction, manual)


async def _record_unsuccessful(transaction: Transaction, results: Sequence[DeliveryResult]) -> None:
    await transaction.executemany(
        "UPDATE webhook_deliveries SET state = ?, due_ms = ?, holder = NULL, attempts = attempts + 1 "
        f"WHERE {_KEY}",
        [
            (result.state, result.due_ms, result.claimed.endpoint, result.claimed.message_id, 0)
            for result in results
        ],
    )


async def _record_success(transaction: Transaction, endpoint: int, message_ids: Sequence[str]) -> None:
    change = (
        f"UPDATE webhook_deliveries SET state = {SUCCESS}, due_ms = NULL, holder = NULL, "
        "attempts = attempts + 1 WHERE "
    )
    text, bound = transaction.text_table(message_ids)
    changed = await transaction.execute(change + _lies_at(transaction, text), endpoint, bound)
    if changed < len(message_ids):
        # One that somebody else changed at that moment lies elsewhere now.
        await transaction.executemany(
            f"{change}{_KEY} AND due_ms IS NOT NULL",
            [(endpoint, message_id, 0) for message_id in message_ids],
        )


async def lock_claimed(transaction: Transaction, claimed: Iterable[ClaimedDelivery]) -> set[tuple[int, str]]:
    """Endpoint and message of those that their holder still has, which nobody else changes until the end.

    Not those that a manual attempt delivered meanwhile, nor those whose lease ended.
    """
    groups: dict[tuple[int, str], list[str]] = {}
    for claimed_delivery in claimed:
        groups.setdefault((claimed_delivery.endpoint, claimed_delivery.holder), []).append(
            claimed_delivery.message_id
        )
    lock_claimed_items: set[tuple[int, str]] = set()
    for (endpoint, holder), ids in groups.items():
        text, bound = transaction.text_table(ids)
        rows = await transaction.fetch(
            f"SELECT message_id FROM webhook_deliveries WHERE {_lies_at(transaction, text)} AND holder = ?"
            f"{transaction.locking}",
            endpoint,
            bound,
            holder,
        )
        lock_claimed_items |= {(endpoint, row[0]) for row in rows}
    return lock_claimed_items


def _lies_at(transaction: Transaction, text: str) -> str:
    """A condition that finds the rows of the schedule of an endpoint and of each of some messages."""
    return transaction.lies_at(
        f"SELECT (SELECT d.{transaction.row_id} FROM webhook_deliveries d WHERE d.endpoint = ? "
        f"AND d.message_id = each.value AND d.manual = 0) FROM {text}"
    )


async def _record_manual(transaction: Transaction, results: Sequence[DeliveryResult]) -> None:
    """A manual success ends the schedule of its message; any other outcome leaves it as it is."""
    await transaction.executemany(
        "DELETE FROM webhook_deliveries WHERE endpoint = ? AND message_id = ? AND manual = 1 AND holder = ?",
        [(result.claimed.endpoint, result.claimed.message_id, result.claimed.holder) for result in results],
    )
    await transaction.executemany(
        "INSERT INTO webhook_deliveries (endpoint, message_id, manual, state, attempts) "
        "VALUES (?, ?, 0, ?, 0) ON CONFLICT (endpoint, message_id, manual) DO UPDATE SET "
        f"state = CASE WHEN excluded.state = {SUCCESS} THEN {SUCCESS} ELSE webhook_deliveries.state END, "
        f"due_ms = CASE WHEN excluded.state = {SUCCESS} THEN NULL ELSE webhook_deliveries.due_ms END, "
        f"holder = CASE WHEN excluded.state = {SUCCESS} THEN NULL ELSE webhook_deliveries.holder END",
        [(result.claimed.endpoint, result.claimed.message_id, result.state) for result in results],
    )


async def failures(transaction: Transaction, endpoint: int, message_id: str) -> int:
    """The number of failed attempts of the schedule there, while none succeeded."""
    row = await transaction.fetch_one(
        "SELECT attempts FROM webhook_deliveries WHERE endpoint = ? AND message_id = ? AND manual = 0 "
        f"AND state IN ({FAIL}, {SENDING})",
        endpoint,
        message_id,
    )
    return 0 if row is None else int(row[0])


async def release(transaction: Transaction, claimed: Iterable[ClaimedDelivery], due_ms: int) -> None:
    """Deliveries that were claimed and not tried are due again."""
    await transaction.executemany(
        "UPDATE webhook_deliveries SET due_ms = ?, holder = NULL "
        "WHERE endpoint = ? AND message_id = ? AND manual = ? AND holder = ?",
        [
            (
                due_ms,
                claimed_delivery.endpoint,
                claimed_delivery.message_id,
                int(claimed_delivery.manual),
                claimed_delivery.holder,
            )
            for claimed_delivery in claimed
        ],
    )


@dataclass(frozen=True)
class DeliveryState:
    """The state of a message at an endpoint."""

    endpoint: int
    message_id: str
    state: int
    next_ms: int | None


async def at_endpoint(
    database: Database, endpoint: int, message_ids: Sequence[str]
) -> dict[str, DeliveryState]:
    """The state of each of these messages there, by id."""
    condition, bound = database.one_of("message_id", message_ids)
    rows = await database.fetch(
        "SELECT endpoint, message_id, state, due_ms FROM webhook_deliveries "
        f"WHERE endpoint = ? AND manual = 0 AND {condition}",
        endpoint,
        bound,
    )
    return {row[1]: DeliveryState(*row) for row in rows}


async def page(
    database: Database, attempt_condition: AttemptCondition, limit: int, *, descending: bool
) -> list[DeliveryState]:
    """The states of messages, in the order of the messages' ids."""
    order = "DESC" if descending else "ASC"
    rows = await database.fetch(
        "SELECT a.endpoint, a.message_id, a.state, a.due_ms FROM webhook_deliveries a "
        f"WHERE {attempt_condition.sql} ORDER BY a.message_id {order} LIMIT ?",
        *attempt_condition.values,
        limit,
    )
    return [DeliveryState(*row) for row in rows]


async def of_message(database: Database, application_id: str, message_id: str) -> list[DeliveryState]:
    """The state of a message at each endpoint of its application, in the order of the endpoints' ids."""
    rows = await database.fetch(
        "SELECT d.endpoint, d.message_id, d.state, d.due_ms FROM webhook_endpoints e "
        "JOIN webhook_deliveries d ON d.endpoint = e.number AND d.message_id = ? AND d.manual = 0 "
        "WHERE e.application_id = ? AND e.deleted_ms IS NULL ORDER BY e.id",
        message_id,
        application_id,
    )
    return [DeliveryState(*row) for row in rows]


async def counts(database: Database, endpoint: int, since_id: str, until_id: str) -> dict[int, int]:
    """The number of messages in each state there, of those with an id in between."""
    rows = await database.fetch(
        "SELECT state, count(*) FROM webhook_deliveries WHERE endpoint = ? AND message_id >= ? "
        "AND message_id < ? AND manual = 0 GROUP BY state",
        endpoint,
        since_id,
        until_id,
    )
    return {row[0]: row[1] for row in rows}
