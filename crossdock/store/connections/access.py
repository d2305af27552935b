"""Who calls: organizations, their API keys, and connections' access tokens. Only digests are compared.

Keys and tokens are 256 random bits, so a plain SHA-256 can't be guessed backwards; they are found by
digest through an index, which tells a guesser nothing about how close a guess was.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crossdock.errors import Conflict, Invalid
from crossdock.resources import switches
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.ids import new_id
from crossdock.store.people import audit_log


@dataclass(frozen=True)
class ApiCaller:
    """An organization, by one of its API keys."""

    organization_id: str
    key_id: str
    read_only: bool
    key_name: str = ""
    connection_uids: frozenset[str] = frozenset()
    """The connections that the key is bound to; empty: it is bound to none and reaches all."""

    @property
    def is_bound(self) -> bool:
        return bool(self.connection_uids)

    def reaches(self, connection_uid: str) -> bool:
        """Check whether the key opens a connection of its organization."""
        return not self.connection_uids or connection_uid in self.connection_uids


@dataclass(frozen=True)
class Organization:
    """The owner of keys and connections. None: as the operator's settings say."""

    id: str
    name: str
    lookback_days: int | None
    disabled_functions: Mapping[str, frozenset[str]]
    """By integration type; a type that is not there has no list of its own."""
    created_ms: int
    derived_ledger: bool = False
    """Whether a ledger of stock is derived for connections whose system keeps none."""
    on_demand_holds: str = "connection"
    """What an open on-demand sync holds back: syncs of its `connection`, or only of its `function`."""
    wants_second_factor: bool = False
    """Whether people who sign in with a password must show a second factor."""
    sync_events: bool = False
    """Whether the end of each sync is told, also where no endpoint names that event."""

    def off(self, kind: str, off_by_settings: frozenset[str]) -> frozenset[str]:
        """The functions of a type that are off for it, leaving aside its connections' own lists."""
        own_disabled_functions = self.disabled_functions.get(kind)
        return (
            switches.named(off_by_settings, kind)
            if own_disabled_functions is None
            else own_disabled_functions
        )


@dataclass(frozen=True)
class KeyInfo:
    """An API key as it can be shown: never the key."""

    id: str
    organization_id: str
    name: str
    kind: str
    hint: str
    created_ms: int
    revoked_ms: int | None
    expires_ms: int | None = None
    last_used_ms: int | None = None
    connection_uids: frozenset[str] = frozenset()

    def works(self, now_ms: int) -> bool:
        return self.revoked_ms is None and (self.expires_ms is None or self.expires_ms > now_ms)


@dataclass(frozen=True)
class NewKey:
    """An API key that is to be made. expires_ms None: never; connection_uids empty: reaches all."""

    name: str
    read_only: bool = False
    expires_ms: int | None = None
    connection_uids: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        return "read_only" if self.read_only else "full"


def new_token(prefix: str) -> str:
    """`prefix_` and 43 letters that can't be guessed. No dots: clients read regions out of those."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


_TOKEN = re.compile(rb"\b(c[kts]|pt|lt|ac|inv|sil)_[A-Za-z0-9_-]{43}")


def withheld(shown: bytes) -> bytes:
    """The same with keys and tokens of ours made useless, for whoever may read what was told but not call.

    A key and a token open a customer's system: they are shown where they are made, and in the webhook that
    tells of it, and nowhere again.
    """
    return _TOKEN.sub(rb"\1_***", shown)


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


LONGEST_NAME = 100

_ORGANIZATION = (
    "id, name, lookback_days, disabled_functions, created_ms, derived_ledger, on_demand_holds, "
    "wants_second_factor, sync_events"
)
_KEY = (
    "id, organization_id, name, kind, hint, created_ms, revoked_ms, expires_ms, last_used_ms, connection_uids"
)
CALLER = "k.organization_id, k.id, k.kind, k.name, k.connection_uids"
"""The columns of `api_keys k` that say who calls, in the order of `caller_of`."""
WORKS = "k.digest = ? AND k.revoked_ms IS NULL AND (k.expires_ms IS NULL OR k.expires_ms > ?)"


async def create_organization(database: Database, name: str, now_ms: int) -> str:
    async with database.transaction() as transaction:
        return await _insert_organization(transaction, name, now_ms)


async def _insert_organization(transaction: Transaction, name: str, now_ms: int) -> str:
    text = new_id("org", now_ms)
    await transaction.execute(
        "INSERT INTO organizations (id, name, created_ms) VALUES (?, ?, ?)", text, name, now_ms
    )
    await audit_log.note_act(transaction, text, "organization.created", text, now_ms, name=name)
    return text


def checked_name(text: str, position: str) -> str:
    """The name without needless blanks. position: where it stands in the request. Raises Invalid."""
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid({position: {"name": [f"is {name[:100]!r}; wanted are 1 to {LONGEST_NAME} letters"]}})
    return name


async def add_organization(database: Database, name: str, now_ms: int) -> str:
    """A new organization under a name that no other has, in whatever case. Raises Invalid, Conflict."""
    name = checked_name(name, "options")
    async with database.transaction() as transaction:
        await transaction.in_turn("names of organizations")
        for known_id, known_name in await transaction.fetch("SELECT id, name FROM organizations"):
            if known_name.casefold() == name.casefold():
                raise Conflict(f"there is an organization {known_name!r} already: {known_id}")
        return await _insert_organization(transaction, name, now_ms)


async def organizations(database: Database) -> list[Organization]:
    """All of them, oldest first."""
    rows = await database.fetch(f"SELECT {_ORGANIZATION} FROM organizations ORDER BY id")
    return [_organization(row) for row in rows]


async def organization(database: Database, organization_id: str) -> Organization | None:
    row = await database.fetch_one(f"SELECT {_ORGANIZATION} FROM organizations WHERE id = ?", organization_id)
    return None if row is None else _organization(row)


def _organization(row: Row) -> Organization:
    return Organization(
        row[0], row[1], row[2], switches.lists_of(row[3]), row[4], bool(row[5]), on_demand_holds=row[6],
        wants_second_factor=bool(row[7]), sync_events=bool(row[8]),
    )  # fmt: skip


async def tells_of_syncs(transaction: Transaction, organization_id: str) -> bool:
    """Check whether an organization wants the end of each sync told."""
    row = await transaction.fetch_one("SELECT sync_events FROM organizations WHERE id = ?", organization_id)
    return row is not None and bool(row[0])


def functions_of(text: str | None) -> frozenset[str] | None:
    """The names of functions from their stored text, which commas separate; None stays None."""
    return None if text is None else frozenset(filter(None, text.split(",")))


@dataclass(frozen=True)
class OrganizationChoices:
    """The settings that an organization may have differently. None: as the operator's say."""

    lookback_days: int | None = None
    disabled_functions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    derived_ledger: bool = False
    on_demand_holds: str = "connection"
    sync_events: bool = False


async def change_organization(
    database: Database, organization_id: str, chosen: OrganizationChoices, now_ms: int
) -> None:
    """Set what an organization has differently."""
    columns = {
        "lookback_days": chosen.lookback_days,
        "disabled_functions": switches.to_store(chosen.disabled_functions),
        "derived_ledger": chosen.derived_ledger,
        "on_demand_holds": chosen.on_demand_holds,
        "sync_events": chosen.sync_events,
    }
    assignments = ", ".join(f"{name} = ?" for name in columns)
    async with database.transaction() as transaction:
        await transaction.execute(
            f"UPDATE organizations SET {assignments} WHERE id = ?", *columns.values(), organization_id
        )
        await audit_log.note_act(
            transaction, organization_id, "organization.changed", organization_id, now_ms, **columns
        )


async def create_key(
    database: Database, organization_id: str, *, name: str, read_only: bool, now_ms: int
) -> tuple[str, str]:
    """A new API key that reaches all connections for ever: its id and, this once, the key."""
    async with database.transaction() as transaction:
        return await add_key(transaction, organization_id, NewKey(name, read_only), now_ms)


async def add_key(
    transaction: Transaction, organization_id: str, key: NewKey, now_ms: int
) -> tuple[str, str]:
    """The id of a new API key and, this once, the key."""
    key_id, token = new_id("key", now_ms), new_token("ck")
    await transaction.execute(
        "INSERT INTO api_keys (id, organization_id, name, kind, digest, hint, created_ms, expires_ms, "
        "connection_uids) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        key_id, organization_id, key.name, key.kind, digest(token), token[-4:], now_ms, key.expires_ms,
        ",".join(sorted(key.connection_uids)),
    )  # fmt: skip
    await audit_log.note_act(
        transaction, organization_id, "api_key.created", key_id, now_ms, name=key.name, kind=key.kind,
        expires_ms=key.expires_ms, connection_ids=sorted(key.connection_uids),
    )  # fmt: skip
    return key_id, token


async def keys(database: Database, organization_id: str | None = None) -> list[KeyInfo]:
    """All API keys, of an organization or of everybody; oldest first, revoked ones too."""
    where, values = (
        ("", ()) if organization_id is None else (" WHERE organization_id = ?", (organization_id,))
    )
    rows = await database.fetch(f"SELECT {_KEY} FROM api_keys{where} ORDER BY id", *values)
    return [_key_info(row) for row in rows]


async def key_info(transaction: Transaction, key_id: str) -> KeyInfo | None:
    row = await transaction.fetch_one(f"SELECT {_KEY} FROM api_keys WHERE id = ?", key_id)
    return None if row is None else _key_info(row)


def _key_info(row: Row) -> KeyInfo:
    return replace(KeyInfo(*row[:9]), connection_uids=functions_of(row[9]) or frozenset())


async def revoke_key(writer: Database | Transaction, key_id: str, now_ms: int) -> bool:
    """False when there is no such key that still works."""
    sql = "UPDATE api_keys SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL"
    return await writer.execute(sql, now_ms, key_id) == 1


async def note_key_uses(database: Database, uses: Mapping[str, int]) -> None:
    """Note when API keys were used last: {key id: milliseconds}."""
    async with database.transaction() as transaction:
        await transaction.executemany(
            "UPDATE api_keys SET last_used_ms = ? "
            "WHERE id = ? AND (last_used_ms IS NULL OR last_used_ms < ?)",
            [(used_ms, key_id, used_ms) for key_id, used_ms in uses.items()],
        )


async def caller(database: Database, key: str, now_ms: int) -> ApiCaller | None:
    """The caller whose key this is, if it works."""
    row = await database.fetch_one(f"SELECT {CALLER} FROM api_keys k WHERE {WORKS}", digest(key), now_ms)
    return None if row is None else caller_of(row)


def caller_of(row: Row) -> ApiCaller:
    """The caller of a row of `CALLER`."""
    organization_id, key_id, kind, name, connection_uids = row
    # Nearly all keys are bound to nothing, and this is on the way of every request.
    bound = frozenset(connection_uids.split(",")) if connection_uids else frozenset()
    return ApiCaller(organization_id, key_id, kind != "full", name, bound)
