"""Endpoints: where webhooks go. Their URL, signing secrets, headers and script are kept encrypted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from crossdock.store.engine import Database, Row, Transaction
from crossdock.store.secrets import Vault

OPERATIONAL = "operational"


class Secret(msgspec.Struct):
    """A signing secret. until_ms: when it stops signing; None: it is the present one."""

    key: str
    until_ms: int | None = None


class Hidden(msgspec.Struct, kw_only=True):
    """What of an endpoint is kept encrypted. secrets: the present one first."""

    url: str
    secrets: list[Secret]
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
    rate: int | None = None
    disabled: bool = False
    transforms: bool = False
    transformed_ms: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1
    failing_since_ms: int | None = None
    created_ms: int = 0
    updated_ms: int = 0
    hidden: Hidden

    @property
    def is_operational(self) -> bool:
        """Whether it is the operator's, told about failures."""
        return self.application_id == operational(self.organization_id)


def operational(organization_id: str) -> str:
    """The application that an organization's own operational endpoints belong to. No caller can name it."""
    return f"{OPERATIONAL}:{organization_id}"


_COLUMNS = (
    "number, id, organization_id, application_id, uid, description, types, channels, rate, disabled, "
    "transforms, transformed_ms, metadata, revision, failing_since_ms, created_ms, updated_ms, sealed"
)


def _context(endpoint_id: str) -> str:
    return f"endpoint {endpoint_id}"


async def _opened(vault: Vault, row: Row) -> Endpoint:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    sealed = bytes(values.pop("sealed"))
    found = await vault.open(values["organization_id"], _context(values["id"]), sealed)
    return Endpoint(
        **values
        | {
            "types": listed(values["types"]),
            "channels": listed(values["channels"]),
            "disabled": bool(values["disabled"]),
            "transforms": bool(values["transforms"]),
            "metadata": msgspec.json.decode(values["metadata"]),
            "hidden": msgspec.json.decode(found, type=Hidden),
        }
    )


def listed(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(msgspec.json.decode(text))


def _text(values: tuple[str, ...] | None) -> str | None:
    return None if values is None else msgspec.json.encode(values).decode()


async def add(transaction: Transaction, vault: Vault, endpoint: Endpoint) -> Endpoint:
    """Stores a new endpoint; it comes back with its number. The vault is prepared for its organization."""
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
    return replace(endpoint, number=row[0])


async def change(transaction: Transaction, vault: Vault, endpoint: Endpoint) -> None:
    """Stores an endpoint as it is now; senders read it anew."""
    values = await _values(vault, endpoint)
    assignments = ", ".join(f"{name} = ?" for name in values)
    await transaction.execute(
        f"UPDATE webhook_endpoints SET {assignments}, revision = revision + 1 WHERE number = ?",
        *values.values(), endpoint.number,
    )  # fmt: skip


async def _values(vault: Vault, one: Endpoint) -> dict[str, Any]:
    plain = msgspec.json.encode(one.hidden)
    return {
        "uid": one.uid,
        "description": one.description,
        "types": _text(one.types),
        "channels": _text(one.channels),
        "rate": one.rate,
        "disabled": one.disabled,
        "transforms": one.transforms,
        "transformed_ms": one.transformed_ms,
        "metadata": msgspec.json.encode(dict(one.metadata)).decode(),
        "updated_ms": one.updated_ms,
        "sealed": await vault.seal(one.organization_id, _context(one.id), plain),
    }


async def find(database: Database, vault: Vault, application_id: str, reference: str) -> Endpoint | None:
    """By id or uid."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE application_id = ? AND (id = ? OR uid = ?) "
        "AND deleted_ms IS NULL",
        application_id, reference, reference,
    )  # fmt: skip
    return None if row is None else await _opened(vault, row)


async def locked(database: Database, transaction: Transaction, vault: Vault, number: int) -> Endpoint | None:
    """An endpoint that this transaction is about to change; None when it was deleted."""
    row = await transaction.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE number = ? AND deleted_ms IS NULL{database.locking}",
        number,
    )
    return None if row is None else await _opened(vault, row)


async def is_taken(transaction: Transaction, application_id: str, uid: str, number: int) -> bool:
    """Whether another endpoint of the application has this uid."""
    row = await transaction.fetch_one(
        "SELECT 1 FROM webhook_endpoints WHERE application_id = ? AND uid = ? AND number <> ?",
        application_id, uid, number,
    )  # fmt: skip
    return row is not None


async def by_numbers(database: Database, vault: Vault, numbers: list[int]) -> dict[int, Endpoint]:
    """Endpoints by their numbers; those that were deleted are not among them."""
    if not numbers:
        return {}
    marks = ", ".join("?" * len(numbers))
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE number IN ({marks}) AND deleted_ms IS NULL",
        *numbers,
    )
    return {row[0]: await _opened(vault, row) for row in rows}


async def ids_of(database: Database, numbers: list[int]) -> dict[int, str]:
    """What users call endpoints, deleted ones too."""
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
        application_id, *([after] if after is not None else []), limit,
    )  # fmt: skip
    return [await _opened(vault, row) for row in rows]


async def count(database: Database, application_id: str) -> tuple[int, int]:
    """How many endpoints an application has, and how many of them are on."""
    row = await database.fetch_one(
        "SELECT count(*), COALESCE(sum(CASE WHEN disabled THEN 0 ELSE 1 END), 0) FROM webhook_endpoints "
        "WHERE application_id = ? AND deleted_ms IS NULL",
        application_id,
    )
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def delete(transaction: Transaction, number: int, now_ms: int) -> None:
    """Nothing goes there any more, its secrets are gone, and its uid is free."""
    await transaction.execute(
        "UPDATE webhook_endpoints SET deleted_ms = ?, uid = NULL, sealed = ?, disabled = TRUE, "
        "revision = revision + 1 WHERE number = ?",
        now_ms, b"", number,
    )  # fmt: skip


async def delete_all(
    transaction: Transaction, application_id: str, now_ms: int
) -> list[tuple[str, str | None]]:
    """Deletes every endpoint of an application: their ids and uids."""
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
        since, now_ms, number,
    )  # fmt: skip
    return int(since) if period_ms and now_ms - since >= period_ms else None


async def note_success(transaction: Transaction, number: int) -> None:
    """Something arrived there: whatever failed before no longer counts."""
    await transaction.execute(
        "UPDATE webhook_endpoints SET failing_since_ms = NULL, failing_last_ms = NULL "
        "WHERE number = ? AND failing_since_ms IS NOT NULL",
        number,
    )


async def switch_off(transaction: Transaction, number: int, now_ms: int) -> bool:
    """Disables an endpoint. False when it was."""
    changed = await transaction.execute(
        "UPDATE webhook_endpoints SET disabled = TRUE, updated_ms = ?, revision = revision + 1 "
        "WHERE number = ? AND NOT disabled AND deleted_ms IS NULL",
        now_ms, number,
    )  # fmt: skip
    return changed == 1
