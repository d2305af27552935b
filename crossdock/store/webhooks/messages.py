"""Messages: an organization's events, and what the admin API was given, in one list by id.

An event's tags follow from what it is about: `connection/<id>` and `resource/<id>`. What a tag may not hold
stands in it as `#` and two hexadecimal digits of each of its bytes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from crossdock.errors import SettingsError
from crossdock.store.engine import Database, Row, Transaction
from crossdock.store.ids import first_id
from crossdock.store.secrets import Vault
from crossdock.store.webhooks.endpoints import listed

log = structlog.get_logger()

EXPIRED = b'{"expired":true}'
"""What an erased payload reads."""
LONGEST_TAG = 128
CONNECTION, RESOURCE = "connection/", "resource/"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell. body: as it is sent; EXPIRED once it is gone."""

    id: str
    application_id: str
    type: str
    at_ms: int
    body: bytes
    event_id: str | None = None
    channels: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    deliver_ms: int | None = None
    expires_ms: int | None = None
    content_type: str | None = None
    data_path: str | None = None
    """Where the whole of an event can be asked for."""
    only_endpoint: int | None = None
    """An example: no other endpoint gets it."""

    def is_for(self, endpoint: int) -> bool:
        return self.only_endpoint in (None, endpoint)


@dataclass(frozen=True)
class Search:
    """What is looked for in an application. Ids are bounds, not included; tags: all of them."""

    application_id: str
    above: str | None = None
    below: str | None = None
    types: tuple[str, ...] = ()
    channel: str | None = None
    tags: tuple[str, ...] = ()
    id: str | None = None
    """Only the message with this id, or with this event id."""


_EVENTS = (
    "SELECT m.id AS id, m.organization_id AS application_id, m.type AS type, m.at_ms AS at_ms, "
    "{body} AS body, m.sealed AS sealed, NULL AS event_id, NULL AS channels, NULL AS deliver_ms, NULL AS "
    "expires_ms, NULL AS content_type, c.uid AS connection, m.record_id AS record_id, "
    "NULL AS only_endpoint FROM events m "
    "LEFT JOIN connections c ON c.id = m.connection_id WHERE "
)
_MESSAGES = (
    "SELECT m.id AS id, m.application_id AS application_id, m.type AS type, m.at_ms AS at_ms, "
    "{body} AS body, FALSE AS sealed, m.event_id AS event_id, m.channels AS channels, m.deliver_ms AS "
    "deliver_ms, "
    "m.expires_ms AS expires_ms, m.content_type AS content_type, NULL AS connection, NULL AS record_id, "
    "m.only_endpoint AS only_endpoint "
    "FROM webhook_messages m WHERE "
)


async def search(
    database: Database, vault: Vault, asked: Search, limit: int, *, descending: bool, with_body: bool = True
) -> list[Message]:
    """Messages in the order of their ids."""
    order = "DESC" if descending else "ASC"
    found: list[Message] = []
    for rows in (_events_sought, _messages_sought):
        sought = rows(database, asked)
        if sought is None:
            continue
        source, condition, values = sought
        # Without bodies: what they are is not looked up, only whether they are still there.
        body = "m.body" if with_body else f"CASE WHEN length(m.body) = {len(EXPIRED)} THEN m.body END"
        sql = f"{source.format(body=body)}{condition} ORDER BY m.id {order} LIMIT ?"
        found += [await _message(vault, row) for row in await database.fetch(sql, *values, limit)]
    found.sort(key=lambda one: one.id, reverse=descending)
    return await _tagged(database, found[:limit])


def id_at(moment_ms: int) -> str:
    """An id before those of all messages of a moment, and behind those before it."""
    return first_id("msg", moment_ms)


Sought = tuple[str, str, list[Any]]


def _bounds(asked: Search, database: Database) -> tuple[str, list[Any]]:
    sql, values = "", []
    for sign, bound in ((">", asked.above), ("<", asked.below)):
        if bound is not None:
            sql += f" AND m.id {sign} ?"
            values.append(bound)
    if asked.types:
        kinds, bound_types = database.one_of("m.type", asked.types)
        sql += f" AND {kinds}"
        values.append(bound_types)
    return sql, values


def _events_sought(database: Database, asked: Search) -> Sought | None:
    """The part of a search that is about events; None: none can fit."""
    if asked.channel is not None:
        return None
    sql, values = "m.organization_id = ?", [asked.application_id]
    more, bound = _bounds(asked, database)
    sql, values = sql + more, values + bound
    if asked.id is not None:
        sql, values = sql + " AND m.id = ?", [*values, asked.id]
    for tag in asked.tags:
        if tag.startswith(CONNECTION):
            sql += " AND c.uid = ?"
            values.append(untagged(tag.removeprefix(CONNECTION)))
        elif tag.startswith(RESOURCE):
            sql += " AND m.record_id = ?"
            values.append(untagged(tag.removeprefix(RESOURCE)))
        else:
            return None
    return _EVENTS, sql, values


def _messages_sought(database: Database, asked: Search) -> Sought:
    sql, values = "m.application_id = ?", [asked.application_id]
    more, bound = _bounds(asked, database)
    sql, values = sql + more, values + bound
    if asked.id is not None:
        sql, values = sql + " AND (m.id = ? OR m.event_id = ?)", [*values, asked.id, asked.id]
    if asked.channel is not None:
        sql += f" AND {database.contains('m.channels')}"
        values.append(msgspec.json.encode(asked.channel).decode())
    for tag in asked.tags:
        sql += (
            " AND EXISTS (SELECT 1 FROM webhook_message_tags t WHERE t.application_id = m.application_id "
            "AND t.tag = ? AND t.message_id = m.id)"
        )
        values.append(tag)
    return _MESSAGES, sql, values


async def by_ids(database: Database, vault: Vault, ids: Sequence[str]) -> dict[str, Message]:
    """Messages of whichever application, for sending. The body of one that does not open is empty."""
    condition, bound = database.one_of("m.id", ids)
    found = {}
    for source in (_EVENTS, _MESSAGES):
        for row in await database.fetch_few(f"{source.format(body='m.body')}{condition}", bound):
            found[row[0]] = await _message_or_empty(vault, row)
        if len(found) == len(ids):
            break
    return {one.id: one for one in await _tagged(database, list(found.values()))}


async def get(database: Database, vault: Vault, application_id: str, reference: str) -> Message | None:
    """A message of an application, by its id or its event id; the latest of these."""
    found = await search(database, vault, Search(application_id, id=reference), 1, descending=True)
    return found[0] if found else None


async def _message_or_empty(vault: Vault, row: Row) -> Message:
    try:
        return await _message(vault, row)
    except SettingsError as problem:  # others are not to wait for it
        log.error("a message can't be opened", message=row[0], error=str(problem))
        return await _message(vault, [*row[:4], None, *row[5:]])


async def _message(vault: Vault, row: Row) -> Message:
    body = b"" if row[4] is None else bytes(row[4])
    if row[5] and body:
        body = await vault.open(row[1], f"event {row[0]}", body)
    connection, record_id = row[11], row[12]
    return Message(
        id=row[0], application_id=row[1], type=row[2], at_ms=row[3], body=body, event_id=row[6],
        channels=listed(row[7]), deliver_ms=row[8], expires_ms=row[9], content_type=row[10],
        tags=None if connection is None else _event_tags(connection, record_id),
        data_path=None if connection is None else f"/events/{row[0]}/data", only_endpoint=row[13],
    )  # fmt: skip


def _event_tags(connection: str, record_id: str | None) -> tuple[str, ...]:
    made = [f"{CONNECTION}{tagged(connection)}"]
    if record_id is not None:
        made.append(f"{RESOURCE}{tagged(record_id)}")
    return tuple(one for one in made if len(one) <= LONGEST_TAG)


_UNTAGGABLE = re.compile(r"[^a-zA-Z0-9\-_./\\]")


def tagged(value: str) -> str:
    """A value as a tag can hold it."""
    if not _UNTAGGABLE.search(value):
        return value
    return _UNTAGGABLE.sub(lambda m: "".join(f"#{byte:02X}" for byte in m[0].encode()), value)


def untagged(tag: str) -> str:
    """The value again."""
    raw = re.sub(r"#([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), tag)
    try:
        return raw.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return tag


async def _tagged(database: Database, found: list[Message]) -> list[Message]:
    """The same messages, with the tags that the admin API was given."""
    own = [one.id for one in found if one.data_path is None]
    if not own:
        return found
    condition, bound = database.one_of("message_id", own)
    tags: dict[str, list[str]] = {}
    for message_id, tag in await database.fetch(
        f"SELECT message_id, tag FROM webhook_message_tags WHERE {condition} ORDER BY message_id, tag", bound
    ):
        tags.setdefault(message_id, []).append(tag)
    return [replace(one, tags=tuple(tags[one.id])) if one.id in tags else one for one in found]


async def add(transaction: Transaction, one: Message) -> None:
    """Stores a message that the admin API was given."""
    channels = None if one.channels is None else msgspec.json.encode(one.channels).decode()
    await transaction.execute(
        "INSERT INTO webhook_messages (id, application_id, type, event_id, channels, at_ms, deliver_ms, "
        "expires_ms, content_type, body, only_endpoint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        one.id, one.application_id, one.type, one.event_id, channels, one.at_ms, one.deliver_ms,
        one.expires_ms, one.content_type, one.body, one.only_endpoint,
    )  # fmt: skip
    if one.tags:
        await transaction.executemany(
            "INSERT INTO webhook_message_tags (application_id, tag, message_id) VALUES (?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [(one.application_id, tag, one.id) for tag in one.tags],
        )


async def is_repeated(transaction: Transaction, application_id: str, event_id: str, since_ms: int) -> bool:
    """Whether a message with this event id was given since."""
    await transaction.in_turn(f"message {event_id} of {application_id}")
    row = await transaction.fetch_one(
        "SELECT 1 FROM webhook_messages WHERE application_id = ? AND event_id = ? AND at_ms > ? LIMIT 1",
        application_id, event_id, since_ms,
    )  # fmt: skip
    return row is not None


async def expunge(database: Database, message_id: str) -> None:
    """Erases what a message says, for good."""
    async with database.transaction() as transaction:
        for table, more in (("events", ", sealed = FALSE"), ("webhook_messages", "")):
            await transaction.execute(f"UPDATE {table} SET body = ?{more} WHERE id = ?", EXPIRED, message_id)


async def expire(database: Database, now_ms: int, at_most: int) -> int:
    """Erases messages whose time is over, some at a time: how many."""
    never = 1 << 52
    async with database.transaction() as transaction:
        return await transaction.execute(
            "UPDATE webhook_messages SET body = ?, expires_ms = ? WHERE id IN "
            "(SELECT id FROM webhook_messages WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)",
            EXPIRED, never, now_ms, at_most,
        )  # fmt: skip


async def delete_all(transaction: Transaction, application_id: str) -> None:
    """Removes the messages that the admin API was given for an application."""
    for table in ("webhook_messages", "webhook_message_tags"):
        await transaction.execute(f"DELETE FROM {table} WHERE application_id = ?", application_id)
