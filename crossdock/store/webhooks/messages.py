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
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.ids import first_id
from crossdock.store.database.secrets import Vault
from crossdock.store.records.packing import unpacked_bodies
from crossdock.store.webhooks import channels
from crossdock.store.webhooks.endpoints import split_names

log = structlog.get_logger()

EXPIRED = b'{"expired":true}'
"""What an erased payload reads."""
LONGEST_TAG = 128
CONNECTION, RESOURCE = "connection/", "resource/"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message to tell. body: as it is sent; EXPIRED once it is gone."""

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
    params: dict[str, Any] | None = None
    """What transformations get along with it."""

    def is_for(self, endpoint: int) -> bool:
        return self.only_endpoint in (None, endpoint)


@dataclass(frozen=True)
class MessageSearch:
    """The terms of a search in an application. Ids are bounds, not included; tags: all of them."""

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
    "NULL AS only_endpoint, NULL AS params, m.customer AS customer FROM events m "
    "LEFT JOIN connections c ON c.id = m.connection_id WHERE "
)
_MESSAGES = (
    "SELECT m.id AS id, m.application_id AS application_id, m.type AS type, m.at_ms AS at_ms, "
    "{body} AS body, FALSE AS sealed, m.event_id AS event_id, m.channels AS channels, m.deliver_ms AS "
    "deliver_ms, "
    "m.expires_ms AS expires_ms, m.content_type AS content_type, NULL AS connection, NULL AS record_id, "
    "m.only_endpoint AS only_endpoint, m.params AS params, NULL AS customer "
    "FROM webhook_messages m WHERE "
)


async def search(
    database: Database,
    vault: Vault,
    message_search: MessageSearch,
    limit: int,
    *,
    descending: bool,
    with_body: bool = True,
) -> list[Message]:
    """Messages in the order of their ids. The body of one that does not open is empty."""
    order = "DESC" if descending else "ASC"
    messages: list[Message] = []
    for rows in (_events_sought, _messages_sought):
        sought_rows = rows(database, message_search)
        if sought_rows is None:
            continue
        source, condition, values = sought_rows
        # Without bodies: what they are is not looked up, only whether they are still there.
        body = "m.body" if with_body else f"CASE WHEN length(m.body) = {len(EXPIRED)} THEN m.body END"
        sql = f"{source.format(body=body)}{condition} ORDER BY m.id {order} LIMIT ?"
        found = await _whole(database, source, await database.fetch(sql, *values, limit))
        messages += [await _message_or_empty(vault, row) for row in found]
    messages.sort(key=lambda message: message.id, reverse=descending)
    return await _tagged(database, messages[:limit])


def id_at(moment_ms: int) -> str:
    """An id before those of all messages of a moment, and behind those before it."""
    return first_id("msg", moment_ms)


Sought = tuple[str, str, list[Any]]


def _bounds(message_search: MessageSearch, database: Database) -> tuple[str, list[Any]]:
    sql, values = "", []
    for sign, bound in ((">", message_search.above), ("<", message_search.below)):
        if bound is not None:
            sql += f" AND m.id {sign} ?"
            values.append(bound)
    if message_search.types:
        kinds, bound_types = database.one_of("m.type", message_search.types)
        sql += f" AND {kinds}"
        values.append(bound_types)
    return sql, values


def _events_sought(database: Database, message_search: MessageSearch) -> Sought | None:
    """The part of a search that is about events; None: none can fit."""
    sql, values = "m.organization_id = ?", [message_search.application_id]
    if message_search.channel is not None:
        part = channels.condition(message_search.channel)
        if part is None:
            return None
        sql, values = f"{sql} AND {part[0]}", [*values, part[1]]
    extra_text, bound = _bounds(message_search, database)
    sql, values = sql + extra_text, values + bound
    if message_search.id is not None:
        sql, values = sql + " AND m.id = ?", [*values, message_search.id]
    for tag in message_search.tags:
        if tag.startswith(CONNECTION):
            sql += " AND c.uid = ?"
            values.append(untagged(tag.removeprefix(CONNECTION)))
        elif tag.startswith(RESOURCE):
            sql += " AND m.record_id = ?"
            values.append(untagged(tag.removeprefix(RESOURCE)))
        else:
            return None
    return _EVENTS, sql, values


def _messages_sought(database: Database, message_search: MessageSearch) -> Sought:
    sql, values = "m.application_id = ?", [message_search.application_id]
    extra_text, bound = _bounds(message_search, database)
    sql, values = sql + extra_text, values + bound
    if message_search.id is not None:
        sql, values = (
            sql + " AND (m.id = ? OR m.event_id = ?)",
            [*values, message_search.id, message_search.id],
        )
    if message_search.channel is not None:
        sql += f" AND {database.contains('m.channels')}"
        values.append(msgspec.json.encode(message_search.channel).decode())
    for tag in message_search.tags:
        sql += (
            " AND EXISTS (SELECT 1 FROM webhook_message_tags t WHERE t.application_id = m.application_id "
            "AND t.tag = ? AND t.message_id = m.id)"
        )
        values.append(tag)
    return _MESSAGES, sql, values


async def by_ids(database: Database, vault: Vault, ids: Sequence[str]) -> dict[str, Message]:
    """Messages of whichever application, for sending. The body of one that does not open is empty."""
    condition, bound = database.one_of("m.id", ids)
    messages = {}
    for source in (_EVENTS, _MESSAGES):
        found = await database.fetch_few(f"{source.format(body='m.body')}{condition}", bound)
        for row in await _whole(database, source, found):
            messages[row[0]] = await _message_or_empty(vault, row)
        if len(messages) == len(ids):
            break
    return {message.id: message for message in await _tagged(database, list(messages.values()))}


async def get(database: Database, vault: Vault, application_id: str, reference: str) -> Message | None:
    """A message of an application, by its id or its event id; the latest of these."""
    messages = await search(database, vault, MessageSearch(application_id, id=reference), 1, descending=True)
    return messages[0] if messages else None


async def _whole(database: Database, source: str, rows: Sequence[Row]) -> Sequence[Row]:
    """The same rows, bodies as they are sent. What the admin API was given is stored so, whatever it is."""
    if source is not _EVENTS:
        return rows
    bodies = await unpacked_bodies(database, [(row[4] or b"", bool(row[5])) for row in rows])
    return [[*tuple(row)[:4], body, *tuple(row)[5:]] for row, body in zip(rows, bodies, strict=True)]


async def _message_or_empty(vault: Vault, row: Row) -> Message:
    try:
        return await _message(vault, row)
    except (SettingsError, msgspec.MsgspecError) as problem:  # others are not to wait for it
        log.error("a message can't be opened", message=row[0], error=str(problem))
        return await _message(vault, [*row[:4], None, *row[5:7], None, *row[8:14], None, row[15]])


async def _message(vault: Vault, row: Row) -> Message:
    body = b"" if row[4] is None else bytes(row[4])
    if row[5] and body:
        body = await vault.open(row[1], f"event {row[0]}", body)
    connection, record_id = row[11], row[12]
    return Message(
        id=row[0], application_id=row[1], type=row[2], at_ms=row[3], body=body, event_id=row[6],
        channels=split_names(row[7]) or channels.of_event(connection, row[15]),
        deliver_ms=row[8], expires_ms=row[9], content_type=row[10],
        tags=None if connection is None else _event_tags(connection, record_id),
        data_path=None if connection is None else f"/events/{row[0]}/data", only_endpoint=row[13],
        params=None if row[14] is None else msgspec.json.decode(row[14]),
    )  # fmt: skip


def _event_tags(connection: str, record_id: str | None) -> tuple[str, ...]:
    texts = [f"{CONNECTION}{tagged(connection)}"]
    if record_id is not None:
        texts.append(f"{RESOURCE}{tagged(record_id)}")
    return tuple(text for text in texts if len(text) <= LONGEST_TAG)


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


async def _tagged(database: Database, messages: list[Message]) -> list[Message]:
    """The same messages, with the tags that the admin API was given."""
    own_ids = [message.id for message in messages if message.data_path is None]
    if not own_ids:
        return messages
    condition, bound = database.one_of("message_id", own_ids)
    tags: dict[str, list[str]] = {}
    for message_id, tag in await database.fetch(
        f"SELECT message_id, tag FROM webhook_message_tags WHERE {condition} ORDER BY message_id, tag", bound
    ):
        tags.setdefault(message_id, []).append(tag)
    return [
        replace(message, tags=tuple(tags[message.id])) if message.id in tags else message
        for message in messages
    ]


async def add(transaction: Transaction, message: Message) -> None:
    """Store a message that the admin API was given."""
    channels = None if message.channels is None else msgspec.json.encode(message.channels).decode()
    params = None if message.params is None else msgspec.json.encode(message.params).decode()
    await transaction.execute(
        "INSERT INTO webhook_messages (id, application_id, type, event_id, channels, at_ms, deliver_ms, "
        "expires_ms, content_type, body, only_endpoint, params) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        message.id,
        message.application_id,
        message.type,
        message.event_id,
        channels,
        message.at_ms,
        message.deliver_ms,
        message.expires_ms,
        message.content_type,
        message.body,
        message.only_endpoint,
        params,
    )
    if message.tags:
        await transaction.executemany(
            "INSERT INTO webhook_message_tags (application_id, tag, message_id) VALUES (?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [(message.application_id, tag, message.id) for tag in message.tags],
        )


async def is_repeated(transaction: Transaction, application_id: str, event_id: str, since_ms: int) -> bool:
    """Check whether a message with this event id was given since a moment."""
    await transaction.in_turn(f"message {event_id} of {application_id}")
    row = await transaction.fetch_one(
        "SELECT 1 FROM webhook_messages WHERE application_id = ? AND event_id = ? AND at_ms > ? LIMIT 1",
        application_id,
        event_id,
        since_ms,
    )
    return row is not None


async def expunge(database: Database, message_id: str) -> None:
    """Erase what a message says, for good."""
    async with database.transaction() as transaction:
        for table, extra_text in (("events", ", sealed = FALSE"), ("webhook_messages", ", params = NULL")):
            await transaction.execute(
                f"UPDATE {table} SET body = ?{extra_text} WHERE id = ?", EXPIRED, message_id
            )


async def expire(database: Database, now_ms: int, at_most: int) -> int:
    """Erase messages whose time is over, some at a time; return how many."""
    never = 1 << 52
    async with database.transaction() as transaction:
        return await transaction.execute(
            "UPDATE webhook_messages SET body = ?, params = NULL, expires_ms = ? WHERE id IN "
            "(SELECT id FROM webhook_messages WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)",
            EXPIRED, never, now_ms, at_most,
        )  # fmt: skip


async def delete_all(transaction: Transaction, application_id: str) -> None:
    """Remove the messages that the admin API was given for an application."""
    for table in ("webhook_messages", "webhook_message_tags"):
        await transaction.execute(f"DELETE FROM {table} WHERE application_id = ?", application_id)
