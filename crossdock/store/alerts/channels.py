"""Channels: where alerts go. Addresses and URLs are kept encrypted; those of URLs also at their endpoint."""

from dataclasses import dataclass

import msgspec

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.secrets import Vault

OPERATOR = "operator"
"""In the place of an organization: whoever runs the server."""


class ChannelTarget(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The target of a channel: addresses of e-mail, or a URL, with the secret that signs what goes there."""

    addresses: tuple[str, ...] = ()
    url: str = ""
    secret: str = ""


@dataclass(frozen=True, kw_only=True)
class AlertChannel:
    """A channel. rules: JSON, as `alerts.rules` reads it; endpoint: of the webhook sender, but for e-mail."""

    id: str
    organization_id: str
    name: str
    kind: str
    rules: bytes
    target: ChannelTarget
    endpoint: int | None = None
    disabled: bool = False
    """Switched off by people, or by the sender, as nothing arrived for days."""
    sent_ms: int | None = None
    created_ms: int = 0
    updated_ms: int = 0


_SELECT = (
    "SELECT a.id, a.organization_id, a.name, a.kind, a.rules, a.sealed, a.endpoint, "
    "(a.disabled OR COALESCE(e.disabled, FALSE)), a.sent_ms, a.created_ms, a.updated_ms "
    "FROM alert_channels a LEFT JOIN webhook_endpoints e ON e.number = a.endpoint"
)


def _context(channel_id: str) -> str:
    return f"alert channel {channel_id}"


async def _opened(vault: Vault, row: Row) -> AlertChannel:
    content = await vault.open(row[1], _context(row[0]), bytes(row[5]))
    return _channel(row, msgspec.json.decode(content, type=ChannelTarget))


def _channel(row: Row, target: ChannelTarget) -> AlertChannel:
    return AlertChannel(
        id=row[0], organization_id=row[1], name=row[2], kind=row[3], rules=row[4].encode(),
        target=target, endpoint=row[6], disabled=bool(row[7]),
        sent_ms=row[8], created_ms=row[9], updated_ms=row[10],
    )  # fmt: skip


async def add(transaction: Transaction, vault: Vault, channel: AlertChannel) -> None:
    """Store a new channel. The vault is prepared for its organization."""
    await transaction.execute(
        "INSERT INTO alert_channels (id, organization_id, name, kind, rules, sealed, endpoint, disabled, "
        "created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        channel.id, channel.organization_id, channel.name, channel.kind, channel.rules.decode(),
        await _sealed(vault, channel), channel.endpoint, channel.disabled, channel.created_ms,
        channel.updated_ms,
    )  # fmt: skip


async def change(transaction: Transaction, vault: Vault, channel: AlertChannel) -> None:
    """Store a channel as it is now."""
    await transaction.execute(
        "UPDATE alert_channels SET name = ?, rules = ?, sealed = ?, disabled = ?, updated_ms = ? "
        "WHERE id = ?",
        channel.name, channel.rules.decode(), await _sealed(vault, channel), channel.disabled,
        channel.updated_ms, channel.id,
    )  # fmt: skip


async def _sealed(vault: Vault, channel: AlertChannel) -> bytes:
    content = msgspec.json.encode(channel.target)
    return await vault.seal(channel.organization_id, _context(channel.id), content)


async def note_sent(transaction: Transaction, channel_id: str, now_ms: int) -> None:
    await transaction.execute("UPDATE alert_channels SET sent_ms = ? WHERE id = ?", now_ms, channel_id)


async def get(
    reader: Database | Transaction, vault: Vault, organization_id: str, channel_id: str
) -> AlertChannel | None:
    """A channel of this organization; None when it has none with this id."""
    row = await reader.fetch_one(f"{_SELECT} WHERE a.organization_id = ? AND a.id = ?",
                                 organization_id, channel_id)  # fmt: skip
    return None if row is None else await _opened(vault, row)


async def owner(database: Database, channel_id: str) -> str | None:
    """The organization that a channel is of; None: there is no such channel."""
    row = await database.fetch_one("SELECT organization_id FROM alert_channels WHERE id = ?", channel_id)
    return None if row is None else str(row[0])


async def locked(
    transaction: Transaction, vault: Vault, organization_id: str, channel_id: str
) -> AlertChannel | None:
    """The same, for a transaction that is about to change it."""
    row = await transaction.fetch_one(
        f"SELECT 1 FROM alert_channels WHERE organization_id = ? AND id = ?{transaction.locking}",
        organization_id,
        channel_id,
    )
    return None if row is None else await get(transaction, vault, organization_id, channel_id)


async def of_organization(
    reader: Database | Transaction, vault: Vault, organization_id: str
) -> list[AlertChannel]:
    """All channels of an organization, oldest first."""
    rows = await reader.fetch(f"{_SELECT} WHERE a.organization_id = ? ORDER BY a.id", organization_id)
    return [await _opened(vault, row) for row in rows]


async def has_any(database: Database, organization_id: str) -> bool:
    """Check whether an organization has a channel."""
    row = await database.fetch_one(
        "SELECT 1 FROM alert_channels WHERE organization_id = ? LIMIT 1", organization_id
    )
    return row is not None


async def to_plan(transaction: Transaction, organization_id: str) -> list[AlertChannel]:
    """The channels of an organization that are on, oldest first, without where they lead."""
    rows = await transaction.fetch(f"{_SELECT} WHERE a.organization_id = ? ORDER BY a.id", organization_id)
    known_channels = [_channel(row, ChannelTarget()) for row in rows]
    return [channel for channel in known_channels if not channel.disabled]


async def count(transaction: Transaction, organization_id: str) -> int:
    row = await transaction.fetch_one(
        "SELECT count(*) FROM alert_channels WHERE organization_id = ?", organization_id
    )
    return 0 if row is None else int(row[0])


async def delete(transaction: Transaction, channel_id: str) -> None:
    await transaction.execute("DELETE FROM alert_channels WHERE id = ?", channel_id)
