"""Endpoints: where webhooks go. Their URL, signing secrets, headers and script are kept encrypted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import structlog

from crossdock.errors import SettingsError
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.secrets import Vault
from crossdock.store.people import audit_log

OPERATIONAL, ALERTS = "operational", "alerts"

log = structlog.get_logger()


class EndpointSecret(msgspec.Struct):
    """A signing secret. until_ms: when it stops signing; None: it is the present one."""

    key: str
    until_ms: int | None = None


class HiddenHeaders(msgspec.Struct, kw_only=True):
    """The part of an endpoint that is kept encrypted. secrets: the present one first."""

    url: str
    secrets: list[EndpointSecret]
    headers: dict[str, str] = {}
    code: str | None = None
    variables: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One place that messages go to. `number` is the store's own, `id` what users see."""

    number: int
    id: str
    organization_id: str
    application_id: str
    uid: str | None = None
    description: str = ""
    types: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    connections: tuple[str, ...] | None = None
    """The ids of the connections that it is for; None, like that of customers: for all."""
    customers: tuple[str, ...] | None = None
    rate: int | None = None
    disabled: bool = False
    transforms: bool = False
    transformed_ms: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1
    failing_since_ms: int | None = None
    created_ms: int = 0
    updated_ms: int = 0
    hidden: HiddenHeaders

    @property
    def is_operational(self) -> bool:
        """Check whether the endpoint is of an application of our own, told about failures."""
        return is_internal(self.application_id)


def operational(organization_id: str) -> str:
    """The application that an organization's own operational endpoints belong to. No caller can name it."""
    return f"{OPERATIONAL}:{organization_id}"


def of_alerts(organization_id: str) -> str:
    """The application that the channels of an organization's alerts belong to. No caller can name it."""
    return f"{ALERTS}:{organization_id}"


def is_internal(application_id: str) -> bool:
    """Check whether an application is one of ours, about whose endpoints nobody is told anything."""
    return application_id.startswith((f"{OPERATIONAL}:", f"{ALERTS}:"))


_COLUMNS = (
    "number, id, organization_id, application_id, uid, description, types, channels, connections, "
    "customers, rate, disabled, transforms, transformed_ms, metadata, revision, failing_since_ms, "
    "created_ms, updated_ms, sealed"
)
_LISTS = ("types", "channels", "connections", "customers")


def _context(endpoint_id: str) -> str:
    return f"endpoint {endpoint_id}"


async def _opened(vault: Vault, row: Row) -> Endpoint:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    sealed = bytes(values.pop("sealed"))
    content = await vault.open(values["organization_id"], _context(values["id"]), sealed)
    return Endpoint(
        **values
        | {
            **{name: split_names(values[name]) for name in _LISTS},
            "disabled": bool(values["disabled"]),
            "transforms": bool(values["transforms"]),
            "metadata": msgspec.json.decode(values["metadata"]),
            "hidden": msgspec.json.decode(content, type=HiddenHeaders),
        }
    )


def split_names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(msgspec.json.decode(text))


def _text(values: tuple[str, ...] | None) -> str | None:
    return None if values is None else msgspec.json.encode(values).decode()


async def add(transaction: Transaction, vault: Vault, endpoint: Endpoint) -> Endpoint:
    """Store a new endpoint and return it with its number. The vault is prepared for its organization."""
    values = await _values(vault, endpoint)
    names = ("id", "organization_id", "application_id", "created_ms", *values)
    row = await transaction.fetch_one(
        f"INSERT INTO webhook_endpoints ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        "RETURNING number",
        endpoint.id, endpoint.organization_id, endpoint.application_id, endpoint.created_ms,
        *values.values(),
    )  # fmt: skip
    if row is None:
        raise RuntimeError("the database returned no number for a new endpoint")
    await audit_log.note_act(
        transaction, endpoint.organization_id, "endpoint.created", endpoint.id, endpoint.created_ms,
        application_id=endpoint.application_id,
    )  # fmt: skip
    return replace(endpoint, number=row[0])


async def change(transaction: Transaction, vault: Vault, endpoint: Endpoint) -> None:
    """Store an endpoint as it is now; senders read it anew."""
    values = await _values(vault, endpoint)
    assignments = ", ".join(f"{name} = ?" for name in values)
    await transaction.execute(
        f"UPDATE webhook_endpoints SET {assignments}, revision = revision + 1 WHERE number = ?",
        *values.values(),
        endpoint.number,
    )
    await audit_log.note_act(
        transaction, endpoint.organization_id, "endpoint.changed", endpoint.id, endpoint.updated_ms
    )


async def _values(vault: Vault, endpoint: Endpoint) -> dict[str, Any]:
    plain = msgspec.json.encode(endpoint.hidden)
    return {
        "uid": endpoint.uid,
        "description": endpoint.description,
        **{name: _text(getattr(endpoint, name)) for name in _LISTS},
        "rate": endpoint.rate,
        "disabled": endpoint.disabled,
        "transforms": endpoint.transforms,
        "transformed_ms": endpoint.transformed_ms,
        "metadata": msgspec.json.encode(dict(endpoint.metadata)).decode(),
        "updated_ms": endpoint.updated_ms,
        "sealed": await vault.seal(endpoint.organization_id, _context(endpoint.id), plain),
    }


async def find(database: Database, vault: Vault, application_id: str, reference: str) -> Endpoint | None:
    """By id or uid."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE application_id = ? AND (id = ? OR uid = ?) "
        "AND deleted_ms IS NULL",
        application_id,
        reference,
        reference,
    )
    return None if row is None else await _opened(vault, row)


async def locked(transaction: Transaction, vault: Vault, number: int) -> Endpoint | None:
    """An endpoint that this transaction is about to change; None when it was deleted."""
    row = await transaction.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE number = ? AND deleted_ms IS NULL"
        f"{transaction.locking}",
        number,
    )
    return None if row is None else await _opened(vault, row)


async def is_taken(transaction: Transaction, application_id: str, uid: str, number: int) -> bool:
    """Check whether another endpoint of the application has this uid."""
    row = await transaction.fetch_one(
        "SELECT 1 FROM webhook_endpoints WHERE application_id = ? AND uid = ? AND number <> ?",
        application_id,
        uid,
        number,
    )
    return row is not None


async def of_organization(
    database: Database | Transaction, organization_id: str, endpoint_ids: Sequence[str]
) -> set[str]:
    """The ids among these that endpoints of the organization's events have."""
    if not endpoint_ids:
        return set()
    condition, bound = database.one_of("id", endpoint_ids)
    rows = await database.fetch(
        f"SELECT id FROM webhook_endpoints WHERE application_id = ? AND deleted_ms IS NULL AND {condition}",
        organization_id,
        bound,
    )
    return {row[0] for row in rows}


async def add_connection(
    transaction: Transaction, organization_id: str, endpoint_ids: Sequence[str], connection_uid: str
) -> list[str]:
    """Have endpoints of an organization's events be for one more connection; return the ids of these.

    An endpoint that is for all stays so: it gets the connection's events in any case. Ids of endpoints that
    are not there, or are another organization's, are passed over. What the same transaction tells of the
    connection goes there already.
    """
    condition, bound = transaction.one_of("id", endpoint_ids)
    rows = await transaction.fetch(
        "SELECT number, id, connections, customers FROM webhook_endpoints WHERE application_id = ? "
        f"AND deleted_ms IS NULL AND {condition} ORDER BY number{transaction.locking}",
        organization_id,
        bound,
    )
    for number, _, connections, customers in rows:
        ids = split_names(connections) or ()
        if (connections is None and customers is None) or connection_uid in ids:
            continue
        await transaction.execute(
            "UPDATE webhook_endpoints SET connections = ?, revision = revision + 1 WHERE number = ?",
            _text((*ids, connection_uid)),
            number,
        )
    return [row[1] for row in rows]


async def is_asked_for(transaction: Transaction, organization_id: str, event_type: str) -> bool:
    """Check whether an endpoint of the organization's events, on or off, names this type."""
    name = msgspec.json.encode(event_type).decode()
    row = await transaction.fetch_one(
        "SELECT 1 FROM webhook_endpoints WHERE application_id = ? AND deleted_ms IS NULL "
        f"AND {transaction.contains('types')} LIMIT 1",
        organization_id,
        name,
    )
    return row is not None


async def by_numbers(database: Database, vault: Vault, numbers: list[int]) -> dict[int, Endpoint]:
    """Endpoints by their numbers. Not among them: those that were deleted, or can't be opened."""
    if not numbers:
        return {}
    marks = ", ".join("?" * len(numbers))
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE number IN ({marks}) AND deleted_ms IS NULL",
        *numbers,
    )
    endpoints: dict[int, Endpoint] = {}
    for row in rows:
        try:
            endpoints[row[0]] = await _opened(vault, row)
        except (SettingsError, msgspec.MsgspecError) as problem:  # others are not to wait for it
            log.error("an endpoint can't be opened; nothing is sent there", number=row[0], error=str(problem))
    return endpoints


async def ids_of(database: Database, numbers: list[int]) -> dict[int, str]:
    """The ids of endpoints by their numbers, deleted ones too."""
    if not numbers:
        return {}
    marks = ", ".join("?" * len(numbers))
    rows = await database.fetch(
        f"SELECT number, id FROM webhook_endpoints WHERE number IN ({marks})", *numbers
    )
    return {row[0]: row[1] for row in rows}


async def application_of(database: Database, number: int) -> str | None:
    row = await database.fetch_one("SELECT application_id FROM webhook_endpoints WHERE number = ?", number)
    return None if row is None else str(row[0])


async def page(
    database: Database, vault: Vault, application_id: str, after: str | None, limit: int, *, descending: bool
) -> list[Endpoint]:
    """Endpoints of an application in the order of their ids, from behind an id."""
    comparison, order = ("<", "DESC") if descending else (">", "ASC")
    beyond = f" AND id {comparison} ?" if after is not None else ""
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE application_id = ? AND deleted_ms IS NULL{beyond} "
        f"ORDER BY id {order} LIMIT ?",
        application_id,
        *([after] if after is not None else []),
        limit,
    )
    return [await _opened(vault, row) for row in rows]


async def count(database: Database, application_id: str) -> tuple[int, int]:
    """The number of endpoints that an application has, and of those that are on."""
    row = await database.fetch_one(
        "SELECT count(*), COALESCE(sum(CASE WHEN disabled THEN 0 ELSE 1 END), 0) FROM webhook_endpoints "
        "WHERE application_id = ? AND deleted_ms IS NULL",
        application_id,
    )
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def delete(transaction: Transaction, number: int, now_ms: int) -> None:
    """Delete an endpoint: nothing goes there any more, its secrets are gone, and its uid is free."""
    row = await transaction.fetch_one(
        "UPDATE webhook_endpoints SET deleted_ms = ?, uid = NULL, sealed = ?, disabled = TRUE, "
        "revision = revision + 1 WHERE number = ? RETURNING organization_id, id",
        now_ms,
        b"",
        number,
    )
    if row is not None:
        await audit_log.note_act(transaction, row[0], "endpoint.deleted", row[1], now_ms)


async def delete_all(
    transaction: Transaction, application_id: str, now_ms: int
) -> list[tuple[str, str | None]]:
    """Delete every endpoint of an application; return their ids and uids."""
    rows = await transaction.fetch(
        "SELECT number, id, uid FROM webhook_endpoints WHERE application_id = ? AND deleted_ms IS NULL "
        "ORDER BY id",
        application_id,
    )
    for row in rows:
        await delete(transaction, row[0], now_ms)
    return [(row[1], row[2]) for row in rows]


async def note_used_up(transaction: Transaction, number: int, now_ms: int, period_ms: int) -> int | None:
    """A message has used up its attempts there. Since when that is so, if it is long enough to switch it off.

    The clock starts with the first such message, and again when none came for twice the period.
    period_ms 0: never.
    """
    row = await transaction.fetch_one(
        "SELECT failing_since_ms, failing_last_ms FROM webhook_endpoints WHERE number = ? AND NOT disabled",
        number,
    )
    if row is None:
        return None
    since, last = row[0], row[1]
    if since is None or last is None or now_ms - last > 2 * period_ms:
        since = now_ms
    await transaction.execute(
        "UPDATE webhook_endpoints SET failing_since_ms = ?, failing_last_ms = ? WHERE number = ?",
        since,
        now_ms,
        number,
    )
    return int(since) if period_ms and now_ms - since >= period_ms else None


async def note_success(transaction: Transaction, number: int) -> bool:
    """Note that something arrived there: whatever failed before no longer counts. False: nothing had."""
    changed = await transaction.execute(
        "UPDATE webhook_endpoints SET failing_since_ms = NULL, failing_last_ms = NULL "
        "WHERE number = ? AND failing_since_ms IS NOT NULL",
        number,
    )
    return changed == 1


async def switch_off(transaction: Transaction, number: int, now_ms: int) -> bool:
    """Disable an endpoint. False when it was disabled or deleted before."""
    changed = await transaction.execute(
        "UPDATE webhook_endpoints SET disabled = TRUE, updated_ms = ?, revision = revision + 1 "
        "WHERE number = ? AND NOT disabled AND deleted_ms IS NULL",
        now_ms,
        number,
    )
    return changed == 1
