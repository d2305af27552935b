"""Whom an organization has erased, as keyed digests: known again when met, and told to nobody."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.secrets import Vault

IdentityKind = Literal["email", "phone", "name", "name_address", "record", "connection"]

_CONTEXT = "erasure key"


@dataclass(frozen=True)
class ErasedIdentity:
    """A value that somebody erased went by. words: of a name; at_ms: when it was erased."""

    kind: IdentityKind
    digest: bytes
    words: int
    at_ms: int


def digest(secret: bytes, kind: str, key: str) -> bytes:
    """The digest of a value. secret: as `digest_secret` gives it; key: the value as it is compared."""
    return hmac.digest(secret, f"{kind}\0{key}".encode("utf-8", "surrogatepass"), hashlib.sha256)[:16]


async def digest_secret(database: Database, vault: Vault, organization_id: str) -> bytes:
    """The key that an organization's identities are hashed with; made when there is none yet."""
    query = "SELECT secret FROM erasure_keys WHERE organization_id = ?"
    row = await database.fetch_one(query, organization_id)
    if row is None:
        sealed = await vault.seal(organization_id, _CONTEXT, secrets.token_bytes(32))
        await database.execute(
            "INSERT INTO erasure_keys (organization_id, secret) VALUES (?, ?) ON CONFLICT DO NOTHING",
            organization_id,
            sealed,
        )
        row = await database.fetch_one(query, organization_id)
    if row is None:
        raise RuntimeError("the key that was just stored is gone")
    return await vault.open(organization_id, _CONTEXT, bytes(row[0]))


async def revision(database: Database | Transaction, organization_id: str) -> int:
    """The number of changes of an organization's identities; 0: nobody was ever erased."""
    row = await database.fetch_one(
        "SELECT revision FROM erasure_keys WHERE organization_id = ?", organization_id
    )
    return 0 if row is None else int(row[0])


async def add(
    transaction: Transaction, organization_id: str, erasure_id: str, identities: Iterable[ErasedIdentity]
) -> None:
    """Remember identities. Of one that was erased before, the later time counts."""
    rows = [
        (organization_id, identity.kind, identity.digest, identity.words, identity.at_ms, erasure_id)
        for identity in identities
    ]
    if not rows:
        return
    await transaction.executemany(
        "INSERT INTO erased_identities (organization_id, kind, digest, words, at_ms, erasure_id) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (organization_id, kind, digest) DO UPDATE "
        "SET at_ms = excluded.at_ms, erasure_id = excluded.erasure_id "
        "WHERE erased_identities.at_ms < excluded.at_ms",
        rows,
    )
    await transaction.execute(
        "UPDATE erasure_keys SET revision = revision + 1 WHERE organization_id = ?", organization_id
    )


async def of_organization(database: Database, organization_id: str) -> list[ErasedIdentity]:
    rows = await database.fetch(
        "SELECT kind, digest, words, at_ms FROM erased_identities WHERE organization_id = ?", organization_id
    )
    return [ErasedIdentity(row[0], bytes(row[1]), int(row[2]), int(row[3])) for row in rows]
