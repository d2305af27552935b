"""The operator's registrations with vendors: their client ids, and their secrets, encrypted."""

from dataclasses import dataclass

from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.secrets import Vault

OPERATOR = "operator"
"""Whose data key encrypts them: they belong to no organization."""


@dataclass(frozen=True, repr=False)
class OAuthRegistration:
    """A registration with the vendor of an integration."""

    integration: str
    client_id: str
    client_secret: str


async def get(database: Database, vault: Vault, integration: str) -> OAuthRegistration | None:
    row = await database.fetch_one(
        "SELECT client_id, client_secret FROM oauth_apps WHERE integration = ?", integration
    )
    if row is None:
        return None
    secret = await vault.open(OPERATOR, _purpose(integration), bytes(row[1]))
    return OAuthRegistration(integration, row[0], secret.decode())


async def client_ids(database: Database) -> dict[str, str]:
    """The client ids by integration."""
    rows = await database.fetch("SELECT integration, client_id FROM oauth_apps ORDER BY integration")
    return {row[0]: row[1] for row in rows}


async def seal(vault: Vault, registration: OAuthRegistration) -> bytes:
    """The encrypted secret of a registration that is about to be stored."""
    return await vault.seal(OPERATOR, _purpose(registration.integration), registration.client_secret.encode())


async def put(transaction: Transaction, registration: OAuthRegistration, sealed: bytes, now_ms: int) -> None:
    await transaction.execute(
        "INSERT INTO oauth_apps (integration, client_id, client_secret, updated_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (integration) DO UPDATE SET client_id = excluded.client_id, "
        "client_secret = excluded.client_secret, updated_ms = excluded.updated_ms",
        registration.integration, registration.client_id, sealed, now_ms,
    )  # fmt: skip


async def remove(transaction: Transaction, integration: str) -> bool:
    """False when there is none."""
    return await transaction.execute("DELETE FROM oauth_apps WHERE integration = ?", integration) == 1


def _purpose(integration: str) -> str:
    return f"oauth app of {integration}"
