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
from operator import itemgetter

import msgspec

from crossdock.resources.event_types import extension_types
from crossdock.store.engine import Database, Row, Transaction
from crossdock.store.webhooks.attempts import Condition
from crossdock.store.webhooks.endpoints import listed

CHANNEL = "crossdock_deliveries"
"""Where senders listen for what was added."""

SUCCESS, PENDING, FAIL, SENDING, CANCELED = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class New:
    """A message to be sent."""

    id: str
    type: str
    channels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Wish:
    """What an endpoint wants to get."""

    endpoint: int
    application_id: str
    types: frozenset[str] | None
    channels: frozenset[str] | None

    def takes(self, message: New) -> bool:
        """Whether a message goes there. A record that is gone is told only to who named that event."""
        if self.types is None:
            if message.type in extension_types():
                return False
        elif message.type not in self.types:
            return False
        return self.channels is None or not self.channels.isdisjoint(message.channels or ())


_WISH = "SELECT number, application_id, types, channels FROM webhook_endpoints WHERE"


async def wishes(transaction: Transaction, application_id: str) -> list[Wish]:
    """Of the endpoints that are on."""
    rows = await transaction.fetch(
        f"{_WISH} application_id = ? AND NOT disabled AND deleted_ms IS NULL", application_id
    )
    return [_wish(row) for row in rows]


async def wish(transaction: Transaction, endpoint: int) -> Wish | None:
    """Of one endpoint, if it is on."""
    row = await transaction.fetch_one(f"{_WISH} number = ? AND NOT disabled", endpoint)
    return None if row is None else _wish(row)


def _wish(row: Row) -> Wish:
    return Wish(row[0], row[1], _set(row[2]), _set(row[3]))


def _set(text: str | None) -> frozenset[str] | None:
    found = listed(text)
    return None if found is None else frozenset(found)


async def fan_out(transaction: Transaction, application_id: str, messages: Sequence[New], due_ms: int) -> int:
    """Adds a delivery for each of these messages at each endpoint that wants it: how many."""
    added = 0
    for each in await wishes(transaction, application_id):
        wanted = [one.id for one in messages if each.takes(one)]
        if wanted:
            await put(transaction, each.endpoint, wanted, due_ms)
            added += len(wanted)
    if added:
        await transaction.notify(CHANNEL)
    return added


async def put(
    transaction: Transaction, endpoint: int, message_ids: Sequence[str], due_ms: int, *, manual: bool = False
) -> None:
    """Adds deliveries to an endpoint; those that are there stay as they are."""
    each, bound = transaction.each(message_ids)
    await transaction.execute(
        "INSERT INTO webhook_deliveries (endpoint, message_id, manual, state, attempts, due_ms) "
        f"SELECT CAST(? AS BIGINT), each.value, CAST(? AS SMALLINT), {PENDING}, 0, CAST(? AS BIGINT) "
        f"FROM {each} WHERE TRUE ON CONFLICT DO NOTHING",
        endpoint, int(manual), due_ms, bound,
    )  # fmt: skip


# Looking for what is due


@dataclass(frozen=True)
class Due:
    """An endpoint that something is due at, now or later."""

    endpoint: int
    revision: int
    at_ms: int
    is_off: bool
    """What is due there is dropped."""


async def due(database: Database) -> list[Due]:
    """Every endpoint with something to send, and when."""
    rows = await database.fetch_few(
        "SELECT e.number, e.revision, (SELECT d.due_ms FROM webhook_deliveries d WHERE d.endpoint = e.number "
        "AND d.due_ms IS NOT NULL ORDER BY d.due_ms LIMIT 1) AS at_ms, e.disabled FROM webhook_endpoints e"
    )
    return [Due(row[0], row[1], row[2], bool(row[3])) for row in rows if row[2] is not None]


class Claimed(msgspec.Struct, frozen=True):
    """A delivery in the hands of one sender."""

    endpoint: int
    message_id: str
    manual: bool
    attempts: int
    """How many of the schedule were made before."""
    holder: str


@dataclass(frozen=True)
class Claim:
    """Who asks for how many of an endpoint."""

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


async def claim(database: Database, transaction: Transaction, asked: Claim) -> list[Claimed]:
    """The deliveries of an endpoint that have waited longest, now leased."""
    # By place: told of keys, PostgreSQL may walk through a whole queue that it still takes for a short one.
    search = f"SELECT {database.place} {_DUE}{database.skip_locked}"
    rows = await transaction.fetch(
        f"UPDATE webhook_deliveries SET due_ms = ?, holder = ? WHERE {database.lies_at(search)} "
        "RETURNING message_id, manual, attempts",
        asked.until_ms, asked.holder, asked.endpoint, asked.now_ms, asked.limit,
    )  # fmt: skip
    return [
        Claimed(asked.endpoint, row[0], bool(row[1]), row[2], asked.holder)
        for row in sorted(rows, key=itemgetter(0))
    ]


async def drop_if_off(database: Database, endpoint: int, now_ms: int, at_most: int) -> int:
    """What is due at an endpoint that is off is not sent: how many. What was never tried leaves no trace.

    Whether it is off is asked again: what was told after it was switched on is not dropped.
    """
    async with database.transaction() as transaction:
        row = await transaction.fetch_one(
            f"SELECT disabled FROM webhook_endpoints WHERE number = ?{database.locking}", endpoint
        )
        if row is not None and not row[0]:
            return 0
        await transaction.seek_first()
        rows = await transaction.fetch(
            f"SELECT message_id, manual {_DUE}{database.skip_locked}", endpoint, now_ms, at_most
        )
        keys = [(endpoint, row[0], row[1]) for row in rows]
        await transaction.executemany(
            f"DELETE FROM webhook_deliveries WHERE {_KEY} AND (attempts = 0 OR manual = 1)", keys
        )
        await transaction.executemany(
            f"UPDATE webhook_deliveries SET state = {FAIL}, due_ms = NULL, holder = NULL WHERE {_KEY}", keys
        )
    return len(rows)


async def free_at(database: Database, transaction: Transaction, endpoint: int) -> int:
    """The next free moment of a throttled endpoint, in microseconds; other senders wait until we are done."""
    slot = f"SELECT free_ms FROM vendor_slots WHERE account = ?{database.locking}"
    row = await transaction.fetch_one(slot, _account(endpoint))
    if row is None:  # only a row that is there can be waited for
        await transaction.execute(
            "INSERT INTO vendor_slots (account, free_ms) VALUES (?, 0) ON CONFLICT (account) DO NOTHING",
            _account(endpoint),
        )
        row = await transaction.fetch_one(slot, _account(endpoint))
    return int(row[0]) if row else 0


async def reserve(transaction: Transaction, endpoint: int, until_us: int) -> None:
    """No message goes there before this moment, but for those that were claimed."""
    await transaction.execute(
        "INSERT INTO vendor_slots (account, free_ms) VALUES (?, ?) "
        "ON CONFLICT (account) DO UPDATE SET free_ms = excluded.free_ms",
        _account(endpoint), until_us,
    )  # fmt: skip


def _account(endpoint: int) -> str:
    return f"endpoint/{endpoint}"


# What became of them


class Result(msgspec.Struct, frozen=True):
    """What an attempt makes of a delivery. due_ms: when it is tried again."""

    claimed: Claimed
    state: int
    due_ms: int | None = None


async def record(database: Database, transaction: Transaction, results: Sequence[Result]) -> None:
    """Stores how attempts ended: successes, whoever holds the row by now; all else of what is `held`."""
    scheduled = [one for one in results if not one.claimed.manual]
    manual = [one for one in results if one.claimed.manual]
    succeeded = [one.claimed for one in scheduled if one.state == SUCCESS]
    by_endpoint: dict[int, list[str]] = {}
    for one in succeeded:
        by_endpoint.setdefault(one.endpoint, []).append(one.message_id)
    for endpoint, ids in by_endpoint.items():
        await _record_success(database, transaction, endpoint, ids)
    others = [one for one in scheduled if one.state != SUCCESS]
    if others:
        await transaction.executemany(
            "UPDATE webhook_deliveries SET state = ?, due_ms = ?, holder = NULL, attempts = attempts + 1 "
            f"WHERE {_KEY}",
            [(one.state, one.due_ms, one.claimed.endpoint, one.claimed.message_id, 0) for one in others],
        )
    if manual:
        await _record_manual(transaction, manual)


async def _record_success(
    database: Database, transaction: Transaction, endpoint: int, message_ids: Sequence[str]
) -> None:
    change = (
        f"UPDATE webhook_deliveries SET state = {SUCCESS}, due_ms = NULL, holder = NULL, "
        "attempts = attempts + 1 WHERE "
    )
    each, bound = transaction.each(message_ids)
    changed = await transaction.execute(change + _lies_at(database, each), endpoint, bound)
    if changed < len(message_ids):
        # One that somebody else changed at that moment lies elsewhere now.
        await transaction.executemany(
            f"{change}{_KEY} AND due_ms IS NOT NULL", [(endpoint, one, 0) for one in message_ids]
        )


async def held(
    database: Database, transaction: Transaction, claimed: Iterable[Claimed]
) -> set[tuple[int, str]]:
    """Endpoint and message of those that their holder still has; until the end nobody else changes them.

    Not those that a manual attempt delivered meanwhile, nor those whose lease ended.
    """
    groups: dict[tuple[int, str], list[str]] = {}
    for one in claimed:
        groups.setdefault((one.endpoint, one.holder), []).append(one.message_id)
    found: set[tuple[int, str]] = set()
    for (endpoint, holder), ids in groups.items():
        each, bound = transaction.each(ids)
        rows = await transaction.fetch(
            f"SELECT message_id FROM webhook_deliveries WHERE {_lies_at(database, each)} AND holder = ?"
            f"{database.locking}",
            endpoint, bound, holder,
        )  # fmt: skip
        found |= {(endpoint, row[0]) for row in rows}
    return found


def _lies_at(database: Database, each: str) -> str:
    """A condition that finds the rows of the schedule of an endpoint and of each of some messages."""
    return database.lies_at(
        f"SELECT (SELECT d.{database.place} FROM webhook_deliveries d WHERE d.endpoint = ? "
        f"AND d.message_id = each.value AND d.manual = 0) FROM {each}"
    )


async def _record_manual(transaction: Transaction, results: Sequence[Result]) -> None:
    """A manual success ends the schedule of its message; any other outcome leaves it as it is."""
    await transaction.executemany(
        "DELETE FROM webhook_deliveries WHERE endpoint = ? AND message_id = ? AND manual = 1 AND holder = ?",
        [(one.claimed.endpoint, one.claimed.message_id, one.claimed.holder) for one in results],
    )
    await transaction.executemany(
        "INSERT INTO webhook_deliveries (endpoint, message_id, manual, state, attempts) "
        "VALUES (?, ?, 0, ?, 0) ON CONFLICT (endpoint, message_id, manual) DO UPDATE SET "
        f"state = CASE WHEN excluded.state = {SUCCESS} THEN {SUCCESS} ELSE webhook_deliveries.state END, "
        f"due_ms = CASE WHEN excluded.state = {SUCCESS} THEN NULL ELSE webhook_deliveries.due_ms END, "
        f"holder = CASE WHEN excluded.state = {SUCCESS} THEN NULL ELSE webhook_deliveries.holder END",
        [(one.claimed.endpoint, one.claimed.message_id, one.state) for one in results],
    )


async def failures(transaction: Transaction, endpoint: int, message_id: str) -> int:
    """How many attempts of the schedule failed there, while none succeeded."""
    row = await transaction.fetch_one(
        "SELECT attempts FROM webhook_deliveries WHERE endpoint = ? AND message_id = ? AND manual = 0 "
        f"AND state IN ({FAIL}, {SENDING})",
        endpoint, message_id,
    )  # fmt: skip
    return 0 if row is None else int(row[0])


async def put_back(transaction: Transaction, claimed: Iterable[Claimed], due_ms: int) -> None:
    """Deliveries that were claimed and not tried are due again."""
    await transaction.executemany(
        "UPDATE webhook_deliveries SET due_ms = ?, holder = NULL "
        "WHERE endpoint = ? AND message_id = ? AND manual = ? AND holder = ?",
        [(due_ms, one.endpoint, one.message_id, int(one.manual), one.holder) for one in claimed],
    )


@dataclass(frozen=True)
class Stand:
    """Where a message stands at an endpoint."""

    endpoint: int
    message_id: str
    state: int
    next_ms: int | None


async def at_endpoint(database: Database, endpoint: int, message_ids: Sequence[str]) -> dict[str, Stand]:
    """Where each of these messages stands there."""
    condition, bound = database.one_of("message_id", message_ids)
    rows = await database.fetch(
        "SELECT endpoint, message_id, state, due_ms FROM webhook_deliveries "
        f"WHERE endpoint = ? AND manual = 0 AND {condition}",
        endpoint, bound,
    )  # fmt: skip
    return {row[1]: Stand(*row) for row in rows}


async def page(database: Database, asked: Condition, limit: int, *, descending: bool) -> list[Stand]:
    """Where messages stand, in the order of their ids."""
    order = "DESC" if descending else "ASC"
    rows = await database.fetch(
        "SELECT a.endpoint, a.message_id, a.state, a.due_ms FROM webhook_deliveries a "
        f"WHERE {asked.sql} ORDER BY a.message_id {order} LIMIT ?",
        *asked.values, limit,
    )  # fmt: skip
    return [Stand(*row) for row in rows]


async def of_message(database: Database, application_id: str, message_id: str) -> list[Stand]:
    """Where a message stands at each endpoint of its application, by the endpoints' ids."""
    rows = await database.fetch(
        "SELECT d.endpoint, d.message_id, d.state, d.due_ms FROM webhook_endpoints e "
        "JOIN webhook_deliveries d ON d.endpoint = e.number AND d.message_id = ? AND d.manual = 0 "
        "WHERE e.application_id = ? AND e.deleted_ms IS NULL ORDER BY e.id",
        message_id, application_id,
    )  # fmt: skip
    return [Stand(*row) for row in rows]


async def counts(database: Database, endpoint: int, since_id: str, until_id: str) -> dict[int, int]:
    """How many messages are in each state there, of those with an id in between."""
    rows = await database.fetch(
        "SELECT state, count(*) FROM webhook_deliveries WHERE endpoint = ? AND message_id >= ? "
        "AND message_id < ? AND manual = 0 GROUP BY state",
        endpoint, since_id, until_id,
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}
