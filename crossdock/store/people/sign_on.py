"""Single sign-on: how each organization does it, sign-ons under way, and who came in by it."""

from dataclasses import dataclass

from crossdock.store.connections.access import digest
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.people.users import Role


@dataclass(frozen=True)
class SignOnSettings:
    """An organization's identity provider. client_secret: sealed; None: a public client.

    domains: of e-mail addresses that may come in; adds_members: who comes in first is made a member.
    """

    organization_id: str
    issuer: str
    client_id: str
    client_secret: bytes | None
    domains: tuple[str, ...]
    default_role: Role
    adds_members: bool
    is_enforced: bool
    break_glass_user_id: str | None
    changed_ms: int


_COLUMNS = (
    "organization_id, issuer, client_id, client_secret, domains, default_role, adds_members, is_enforced, "
    "break_glass_user_id, changed_ms"
)


async def get(reader: Database | Transaction, organization_id: str) -> SignOnSettings | None:
    row = await reader.fetch_one(
        f"SELECT {_COLUMNS} FROM sign_on_settings WHERE organization_id = ?", organization_id
    )
    if row is None:
        return None
    secret = None if row[3] is None else bytes(row[3])
    return SignOnSettings(
        row[0], row[1], row[2], secret, tuple(filter(None, row[4].split(","))), row[5], bool(row[6]),
        bool(row[7]), row[8], row[9],
    )  # fmt: skip


@dataclass(frozen=True)
class OrganizationProvider:
    """The identity provider of an organization, as people see it who choose one."""

    organization_id: str
    organization_name: str
    issuer: str


async def is_offered(database: Database) -> bool:
    """Check whether any organization has single sign-on."""
    return await database.fetch_one("SELECT 1 FROM sign_on_settings LIMIT 1") is not None


async def of_domain(database: Database, domain: str) -> list[OrganizationProvider]:
    """The providers that addresses of a domain may come in by, by the names of their organizations."""
    rows = await database.fetch(
        "SELECT g.organization_id, o.name, g.issuer, g.domains FROM sign_on_settings g "
        "JOIN organizations o ON o.id = g.organization_id ORDER BY o.name, o.id"
    )
    return [OrganizationProvider(*row[:3]) for row in rows if domain in row[3].split(",")]


async def put(transaction: Transaction, settings: SignOnSettings) -> None:
    await transaction.execute(
        "DELETE FROM sign_on_settings WHERE organization_id = ?", settings.organization_id
    )
    await transaction.execute(
        f"INSERT INTO sign_on_settings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        settings.organization_id, settings.issuer, settings.client_id, settings.client_secret,
        ",".join(settings.domains), settings.default_role, settings.adds_members, settings.is_enforced,
        settings.break_glass_user_id, settings.changed_ms,
    )  # fmt: skip


async def remove(transaction: Transaction, organization_id: str) -> bool:
    sql = "DELETE FROM sign_on_settings WHERE organization_id = ?"
    return await transaction.execute(sql, organization_id) == 1


async def add_flow(
    database: Database, state: str, organization_id: str, content: bytes, expires_ms: int
) -> None:
    """Keep a sign-on that was begun. content: sealed."""
    await database.execute(
        "INSERT INTO sign_on_flows (digest, organization_id, content, expires_ms) VALUES (?, ?, ?, ?)",
        digest(state), organization_id, content, expires_ms,
    )  # fmt: skip


async def take_flow(database: Database, state: str, now_ms: int) -> tuple[str, bytes] | None:
    """The organization and content of a sign-on; from now on there is no such sign-on."""
    async with database.transaction() as transaction:
        row = await transaction.fetch_one(
            "DELETE FROM sign_on_flows WHERE digest = ? RETURNING organization_id, content, expires_ms",
            digest(state),
        )
    return None if row is None or row[2] < now_ms else (str(row[0]), bytes(row[1]))


async def identity(transaction: Transaction, organization_id: str, issuer: str, subject: str) -> str | None:
    """The user who came in before under this name of the provider's."""
    row = await transaction.fetch_one(
        "SELECT user_id FROM sign_on_identities WHERE organization_id = ? AND issuer = ? AND subject = ?",
        organization_id, issuer, subject,
    )  # fmt: skip
    return None if row is None else str(row[0])


async def add_identity(
    transaction: Transaction, organization_id: str, issuer: str, subject: str, user_id: str, now_ms: int
) -> None:
    await transaction.execute(
        "INSERT INTO sign_on_identities (organization_id, issuer, subject, user_id, created_ms) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        organization_id, issuer, subject, user_id, now_ms,
    )  # fmt: skip


async def forget_identities(transaction: Transaction, organization_id: str, user_id: str) -> None:
    await transaction.execute(
        "DELETE FROM sign_on_identities WHERE organization_id = ? AND user_id = ?", organization_id, user_id
    )
