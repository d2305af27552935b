"""How the form of an organization looks, and which pages may hold it."""

from dataclasses import dataclass

import msgspec

from crossdock.store.database.engine import Database, Transaction


@dataclass(frozen=True)
class Branding:
    """The look that an organization has set; None: nothing."""

    name: str | None = None
    color: str | None = None
    """ "#rrggbb"."""
    terms_url: str | None = None
    privacy_url: str | None = None
    allowed_origins: tuple[str, ...] = ()
    """Origins of pages that may hold the form; empty: any."""
    logo_name: str | None = None
    """The end of the address of its logo."""


async def get(database: Database, organization_id: str) -> Branding:
    row = await database.fetch_one(
        "SELECT name, color, terms_url, privacy_url, allowed_origins, logo_name FROM branding "
        "WHERE organization_id = ?",
        organization_id,
    )
    if row is None:
        return Branding()
    name, color, terms_url, privacy_url, origins, logo_name = row
    return Branding(name, color, terms_url, privacy_url, tuple(msgspec.json.decode(origins)), logo_name)


async def put(transaction: Transaction, organization_id: str, branding: Branding) -> None:
    """Set all but the logo."""
    await transaction.execute(
        "INSERT INTO branding (organization_id, name, color, terms_url, privacy_url, allowed_origins) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (organization_id) DO UPDATE SET name = excluded.name, "
        "color = excluded.color, terms_url = excluded.terms_url, privacy_url = excluded.privacy_url, "
        "allowed_origins = excluded.allowed_origins",
        organization_id, branding.name, branding.color, branding.terms_url, branding.privacy_url,
        msgspec.json.encode(branding.allowed_origins).decode(),
    )  # fmt: skip


async def put_logo(
    transaction: Transaction,
    organization_id: str,
    logo: bytes | None,
    media_type: str | None,
    name: str | None,
) -> None:
    """Set the logo; None: there is none any more. name: the end of its address."""
    await transaction.execute(
        "INSERT INTO branding (organization_id, allowed_origins, logo, logo_type, logo_name) "
        "VALUES (?, '[]', ?, ?, ?) ON CONFLICT (organization_id) DO UPDATE SET logo = excluded.logo, "
        "logo_type = excluded.logo_type, logo_name = excluded.logo_name",
        organization_id, logo, media_type, name,
    )  # fmt: skip


async def logo(database: Database, name: str) -> tuple[bytes, str] | None:
    """The logo whose address ends so, and its media type."""
    row = await database.fetch_one(
        "SELECT logo, logo_type FROM branding WHERE logo_name = ? AND logo IS NOT NULL", name
    )
    return None if row is None else (bytes(row[0]), str(row[1]))
