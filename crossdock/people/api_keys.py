"""API keys: made and revoked by people and on the command line, by the same rules and with an audit entry."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.errors import Invalid, NotFound
from crossdock.store.connections import access, connections
from crossdock.store.connections.access import KeyInfo, NewKey
from crossdock.store.database.engine import Database
from crossdock.store.people import audit_log

LONGEST_NAME = 100
MOST_CONNECTIONS = 100
DAY_MS = 86_400_000
LONGEST_DAYS = 3660


@dataclass(frozen=True)
class IssuedKey:
    """An API key that was just made: the only time that it is there to be shown."""

    id: str
    organization_id: str
    key: str


def expiry_ms(days: int | None, now_ms: int) -> int | None:
    """The end of a key that is to work for so many days; None: never. Raises Invalid."""
    if days is None:
        return None
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid({"json": {"expires_in_days": [f"is {days}; 1 to {LONGEST_DAYS} is wanted"]}})
    return now_ms + days * DAY_MS


async def issue_key(database: Database, organization_id: str, key: NewKey, now_ms: int) -> IssuedKey:
    """Make an API key. Raises Invalid for its name, or for connections that the organization has not."""
    name = access.checked_name(key.name, "json")
    await _check_connections(database, organization_id, key.connection_uids)
    new_key = NewKey(name, key.read_only, key.expires_ms, key.connection_uids)
    async with database.transaction() as transaction:
        key_id, token = await access.add_key(transaction, organization_id, new_key, now_ms)
    return IssuedKey(key_id, organization_id, token)


async def _check_connections(database: Database, organization_id: str, uids: Iterable[str]) -> None:
    wanted = sorted(uids)
    if len(wanted) > MOST_CONNECTIONS:
        raise Invalid({"json": {"connection_ids": [f"must name at most {MOST_CONNECTIONS} connections"]}})
    faults = [
        f"there is no connection {uid[:100]!r}"
        for uid in wanted
        if await connections.by_uid(database, uid, organization_id) is None
    ]
    if faults:
        raise Invalid({"json": {"connection_ids": faults}})


async def revoke_key(database: Database, organization_id: str | None, key_id: str, now_ms: int) -> KeyInfo:
    """End a key at once. organization_id None: whoever has it. Raises NotFound."""
    async with database.transaction() as transaction:
        key = await access.key_info(transaction, key_id)
        if key is None or organization_id not in (None, key.organization_id):
            raise no_key(key_id)
        if not await access.revoke_key(transaction, key_id, now_ms):
            raise no_key(key_id)
        await audit_log.note_act(
            transaction, key.organization_id, "api_key.revoked", key_id, now_ms, name=key.name
        )
    return key


def no_key(key_id: str) -> NotFound:
    return NotFound(f"there is no working key {key_id[:100]!r}", record_id=key_id)
