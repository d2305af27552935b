"""Link tokens: what the frame of the button signs in with for a while. Only their digests are kept."""

from dataclasses import dataclass

from crossdock.store.connections.access import digest, new_token
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import new_id


@dataclass(frozen=True)
class LinkToken:
    """The bearer of a link token: for whom a system is to be connected. `id` can be shown, the token not."""

    id: str
    organization_id: str
    connection_uid: str | None
    """The connection that is to be repaired; None: a new one."""
    customer_id: str | None
    magic_link_id: str | None
    """The magic link that it was made for; None: the button."""
    expires_ms: int
    webhook_endpoints: str = "[]"
    """Ids of the endpoints that are to be for the connection, too, as JSON."""

    @property
    def subject(self) -> str:
        """Whom it was made for: the same for each token of the same customer, connection or magic link."""
        if self.magic_link_id is not None:
            return magic_subject(self.magic_link_id)
        return f"button {self.connection_uid or ''} {self.customer_id or ''}"


def magic_subject(magic_link_id: str) -> str:
    """Whom the tokens of a magic link are made for."""
    return f"magic_link {magic_link_id}"


_COLUMNS = "id, organization_id, connection_uid, customer_id, magic_link_id, expires_ms, webhook_endpoints"


def new_link_token_id(now_ms: int) -> str:
    return new_id("link", now_ms)


async def create(transaction: Transaction, bearer: LinkToken) -> str:
    """A new link token for a bearer, this once."""
    token = new_token("lt")
    await transaction.execute(
        f"INSERT INTO link_tokens (digest, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        digest(token), bearer.id, bearer.organization_id, bearer.connection_uid, bearer.customer_id,
        bearer.magic_link_id, bearer.expires_ms, bearer.webhook_endpoints,
    )  # fmt: skip
    return token


async def get(database: Database, token: str) -> LinkToken | None:
    """The bearer of a link token, whether or not it still works; None: there is no such token."""
    row = await database.fetch_one(f"SELECT {_COLUMNS} FROM link_tokens WHERE digest = ?", digest(token))
    return None if row is None else LinkToken(*row)


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove tokens whose time was over before a moment, some at a time; return how many."""
    return await database.execute(
        "DELETE FROM link_tokens WHERE digest IN "
        "(SELECT digest FROM link_tokens WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)",
        before_ms,
        at_most,
    )
