"""What the admin API keeps of its callers: portal tokens, and answers to requests that may come again."""

from dataclasses import dataclass

from crossdock.store.connections.access import digest
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.secrets import Vault


@dataclass(frozen=True)
class PortalToken:
    """May do some things in one application for a while."""

    organization_id: str
    application_id: str
    session_id: str | None
    capabilities: frozenset[str]
    feature_flags: frozenset[str]
    expires_ms: int


async def add(database: Database, token: str, portal_token: PortalToken) -> None:
    await database.execute(
        "INSERT INTO portal_tokens (digest, organization_id, application_id, session_id, capabilities, "
        "feature_flags, expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
        digest(token),
        portal_token.organization_id,
        portal_token.application_id,
        portal_token.session_id,
        ",".join(sorted(portal_token.capabilities)),
        ",".join(sorted(portal_token.feature_flags)),
        portal_token.expires_ms,
    )


async def find(database: Database, token: str, now_ms: int) -> PortalToken | None:
    """The rights of a token; None when it does not work."""
    row = await database.fetch_one(
        "SELECT organization_id, application_id, session_id, capabilities, feature_flags, expires_ms "
        "FROM portal_tokens WHERE digest = ? AND expires_ms > ?",
        digest(token),
        now_ms,
    )
    if row is None:
        return None
    capabilities, flags = (frozenset(filter(None, item.split(","))) for item in (row[3], row[4]))
    return PortalToken(row[0], row[1], row[2], capabilities, flags, row[5])


async def revoke(database: Database, token: str) -> None:
    await database.execute("DELETE FROM portal_tokens WHERE digest = ?", digest(token))


async def expire_all(
    database: Database, application_id: str, at_ms: int, session_ids: list[str] | None
) -> None:
    """No token of these sessions, or of any, works longer than until then."""
    sql = "UPDATE portal_tokens SET expires_ms = ? WHERE application_id = ? AND expires_ms > ?"
    values: list[object] = [at_ms, application_id, at_ms]
    if session_ids is not None:
        condition, bound = database.one_of("session_id", session_ids)
        sql, values = f"{sql} AND {condition}", [*values, bound]
    await database.execute(sql, *values)


async def delete_all(transaction: Transaction, application_id: str) -> None:
    await transaction.execute("DELETE FROM portal_tokens WHERE application_id = ?", application_id)


# Answers to requests with an idempotency key


@dataclass(frozen=True)
class PortalAnswer:
    status: int
    body: bytes


def answer_key(*parts: str) -> bytes:
    """A name for a request, made of: whose it is, its key, and its path with the query."""
    return digest("\n".join(parts))


async def begin(database: Database, key: bytes, organization_id: str, now_ms: int, until_ms: int) -> bool:
    """Take a request on. False: it was made before, and is answered or under way."""
    async with database.transaction() as transaction:
        await transaction.execute(
            "DELETE FROM webhook_answers WHERE digest = ? AND until_ms <= ?", key, now_ms
        )
        rows = await transaction.execute(
            "INSERT INTO webhook_answers (digest, organization_id, until_ms) VALUES (?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            key,
            organization_id,
            until_ms,
        )
    return rows == 1


async def answered(database: Database, vault: Vault, key: bytes) -> PortalAnswer | None:
    """The answer that was given; None: there is none yet."""
    row = await database.fetch_one(
        "SELECT organization_id, status, body FROM webhook_answers WHERE digest = ?", key
    )
    if row is None or row[1] is None:
        return None
    return PortalAnswer(row[1], await vault.open(row[0], f"answer {key.hex()}", bytes(row[2])))


async def keep(
    database: Database, vault: Vault, key: bytes, organization_id: str, answer: PortalAnswer, until_ms: int
) -> None:
    """Keep an answer, to be given again to the same request."""
    body = await vault.seal(organization_id, f"answer {key.hex()}", answer.body)
    await database.execute(
        "UPDATE webhook_answers SET status = ?, body = ?, until_ms = ? WHERE digest = ?",
        answer.status, body, until_ms, key,
    )  # fmt: skip


async def forget(database: Database, key: bytes) -> None:
    """The request was refused: it may be made again."""
    await database.execute("DELETE FROM webhook_answers WHERE digest = ? AND status IS NULL", key)


async def is_open(database: Database, key: bytes) -> bool:
    row = await database.fetch_one("SELECT 1 FROM webhook_answers WHERE digest = ?", key)
    return row is not None


async def clean(database: Database, before_ms: int, at_most: int) -> int:
    """Remove answers and tokens whose time was over before a moment, some at a time."""
    async with database.transaction() as transaction:
        removed = await transaction.execute(
            "DELETE FROM webhook_answers WHERE digest IN "
            "(SELECT digest FROM webhook_answers WHERE until_ms < ? LIMIT ?)",
            before_ms,
            at_most,
        )
        await transaction.execute("DELETE FROM portal_tokens WHERE expires_ms < ?", before_ms)
    return removed
