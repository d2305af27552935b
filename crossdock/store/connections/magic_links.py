"""Magic links: addresses that an end user is sent to connect a system. Their secret end is encrypted."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.store.connections.access import digest
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.secrets import Vault


@dataclass(frozen=True)
class MagicLink:
    """A magic link with its secret."""

    id: str
    organization_id: str
    secret: str
    options: str
    """JSON: what can be picked, as `connections.link.options` has it."""
    customer_id: str | None
    connection_uid: str | None
    max_connections: int
    """How many connections can be made with it; 0: any number."""
    connections: int
    """How many were made with it."""
    created_ms: int
    expires_ms: int
    webhook_endpoints: str = "[]"
    """Ids of the endpoints that are to be for what is connected, too, as JSON."""

    @property
    def is_used_up(self) -> bool:
        """Check whether no more can be connected with it."""
        return 0 < self.max_connections <= self.connections


_COLUMNS = (
    "id, organization_id, secret, options, customer_id, connection_uid, max_connections, connections, "
    "created_ms, expires_ms, webhook_endpoints"
)


def new_secret() -> str:
    """The end of an address that can't be guessed: 43 letters."""
    return secrets.token_urlsafe(32)


def new_link_id() -> str:
    return uuid.uuid4().hex


async def seal(vault: Vault, link: MagicLink) -> bytes:
    """The encrypted secret of a link that is about to be stored."""
    return await vault.seal(link.organization_id, _purpose(link.id), link.secret.encode())


async def add(transaction: Transaction, link: MagicLink, sealed: bytes) -> None:
    await transaction.execute(
        f"INSERT INTO magic_links (secret_digest, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        digest(link.secret), link.id, link.organization_id, sealed, link.options, link.customer_id,
        link.connection_uid, link.max_connections, link.connections, link.created_ms, link.expires_ms,
        link.webhook_endpoints,
    )  # fmt: skip


async def get(database: Database, vault: Vault, link_id: str, organization_id: str) -> MagicLink | None:
    """The link, if it is this organization's."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM magic_links WHERE id = ? AND organization_id = ?", link_id, organization_id
    )
    return None if row is None else await _opened(vault, row)


async def by_secret(database: Database, vault: Vault, secret: str) -> MagicLink | None:
    """The link whose address ends so."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM magic_links WHERE secret_digest = ?", digest(secret)
    )
    return None if row is None else await _opened(vault, row)


async def of_organization(database: Database, vault: Vault, organization_id: str) -> Sequence[MagicLink]:
    """The links of an organization, the oldest first."""
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM magic_links WHERE organization_id = ? ORDER BY created_ms, id",
        organization_id,
    )
    return [await _opened(vault, row) for row in rows]


@dataclass(frozen=True)
class ListedLink:
    """A magic link without its secret, as it is listed."""

    id: str
    options: str
    customer_id: str | None
    connection_uid: str | None
    max_connections: int
    connections: int
    created_ms: int
    expires_ms: int


async def page(
    database: Database, organization_id: str, before: tuple[int, str] | None, limit: int
) -> list[ListedLink]:
    """The links of an organization, the newest first. before: when the last one before was made, its id."""
    older = "" if before is None else " AND (created_ms, id) < (?, ?)"
    rows = await database.fetch(
        "SELECT id, options, customer_id, connection_uid, max_connections, connections, created_ms, "
        f"expires_ms FROM magic_links WHERE organization_id = ?{older} "
        "ORDER BY created_ms DESC, id DESC LIMIT ?",
        organization_id, *(before or ()), limit,
    )  # fmt: skip
    return [ListedLink(*row) for row in rows]


async def delete(transaction: Transaction, link_id: str, organization_id: str) -> bool:
    """Remove a link, and what was begun with it. False when there is none."""
    count = await transaction.execute(
        "DELETE FROM magic_links WHERE id = ? AND organization_id = ?", link_id, organization_id
    )
    await transaction.execute(
        "DELETE FROM link_tokens WHERE magic_link_id = ? AND organization_id = ?", link_id, organization_id
    )
    return count == 1


async def count_connection(transaction: Transaction, link_id: str, now_ms: int) -> bool:
    """Count a connection that was made with a link. False when it takes no more, expired or is gone."""
    count = await transaction.execute(
        "UPDATE magic_links SET connections = connections + 1 WHERE id = ? AND expires_ms >= ? "
        "AND (max_connections = 0 OR connections < max_connections)",
        link_id,
        now_ms,
    )
    return count == 1


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove links whose time was over before a moment, some at a time; return how many."""
    return await database.execute(
        "DELETE FROM magic_links WHERE id IN "
        "(SELECT id FROM magic_links WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)",
        before_ms,
        at_most,
    )


async def _opened(vault: Vault, row: Row) -> MagicLink:
    link_id, organization_id, sealed, *following = row
    secret = await vault.open(organization_id, _purpose(link_id), bytes(sealed))
    return MagicLink(link_id, organization_id, secret.decode(), *following)


def _purpose(link_id: str) -> str:
    return f"magic link {link_id}"
