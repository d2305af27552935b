"""Invitations into an organization, and links that sign a user in once. Only digests are kept."""

from dataclasses import dataclass

from crossdock.store.connections.access import digest
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import new_id
from crossdock.store.people.users import Role, email_key


@dataclass(frozen=True)
class Invitation:
    """An invitation of an address to a role. invited_by: the id of who acted."""

    id: str
    organization_id: str
    email: str
    role: Role
    invited_by: str
    created_ms: int
    expires_ms: int
    accepted_ms: int | None = None
    revoked_ms: int | None = None

    def is_open(self, now_ms: int) -> bool:
        return self.accepted_ms is None and self.revoked_ms is None and now_ms < self.expires_ms


_COLUMNS = "id, organization_id, email, role, invited_by, created_ms, expires_ms, accepted_ms, revoked_ms"


async def add(transaction: Transaction, invitation: Invitation, token: str) -> None:
    await transaction.execute(
        "INSERT INTO invitations (id, organization_id, email, role, digest, invited_by, created_ms, "
        "expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        invitation.id, invitation.organization_id, invitation.email, invitation.role, digest(token),
        invitation.invited_by, invitation.created_ms, invitation.expires_ms,
    )  # fmt: skip


async def by_token(reader: Database | Transaction, token: str) -> Invitation | None:
    row = await reader.fetch_one(f"SELECT {_COLUMNS} FROM invitations WHERE digest = ?", digest(token))
    return None if row is None else Invitation(*row)


async def of_organization(reader: Database | Transaction, organization_id: str) -> list[Invitation]:
    """All invitations of an organization, the newest first."""
    rows = await reader.fetch(
        f"SELECT {_COLUMNS} FROM invitations WHERE organization_id = ? ORDER BY id DESC", organization_id
    )
    return [Invitation(*row) for row in rows]


async def accept(transaction: Transaction, invitation_id: str, now_ms: int) -> bool:
    """Use an invitation up; False when it was used, revoked or too old before."""
    return await transaction.execute(
        "UPDATE invitations SET accepted_ms = ? "
        "WHERE id = ? AND accepted_ms IS NULL AND revoked_ms IS NULL AND expires_ms > ?",
        now_ms, invitation_id, now_ms,
    ) == 1  # fmt: skip


async def revoke(transaction: Transaction, organization_id: str, invitation_id: str, now_ms: int) -> bool:
    """False when the organization has no such invitation that is still open."""
    return await transaction.execute(
        "UPDATE invitations SET revoked_ms = ? "
        "WHERE organization_id = ? AND id = ? AND accepted_ms IS NULL AND revoked_ms IS NULL",
        now_ms, organization_id, invitation_id,
    ) == 1  # fmt: skip


async def revoke_for(transaction: Transaction, organization_id: str, email: str, now_ms: int) -> int:
    """Revoke what an address, however it is written, was invited with before; how many."""
    open_rows = await transaction.fetch(
        "SELECT id, email FROM invitations "
        "WHERE organization_id = ? AND accepted_ms IS NULL AND revoked_ms IS NULL",
        organization_id,
    )
    ids = [row[0] for row in open_rows if email_key(row[1]) == email_key(email)]
    return sum([await revoke(transaction, organization_id, invitation_id, now_ms) for invitation_id in ids])


# Links that sign in


async def add_link(
    transaction: Transaction, user_id: str, token: str, *, now_ms: int, expires_ms: int
) -> None:
    """Keep a link for a user in place of those before."""
    await transaction.execute("DELETE FROM sign_in_links WHERE user_id = ?", user_id)
    await transaction.execute(
        "INSERT INTO sign_in_links (id, user_id, digest, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?)",
        new_id("link", now_ms), user_id, digest(token), now_ms, expires_ms,
    )  # fmt: skip


async def take_link(transaction: Transaction, token: str, now_ms: int) -> str | None:
    """The user whose link this is; from now on it signs nobody in."""
    row = await transaction.fetch_one(
        "UPDATE sign_in_links SET used_ms = ? WHERE digest = ? AND used_ms IS NULL AND expires_ms > ? "
        "RETURNING user_id",
        now_ms, digest(token), now_ms,
    )  # fmt: skip
    return None if row is None else str(row[0])


async def link_user(reader: Database | Transaction, token: str, now_ms: int) -> str | None:
    """The user whose link this is, while it works; it stays as it is."""
    row = await reader.fetch_one(
        "SELECT user_id FROM sign_in_links WHERE digest = ? AND used_ms IS NULL AND expires_ms > ?",
        digest(token), now_ms,
    )  # fmt: skip
    return None if row is None else str(row[0])


async def end_links(transaction: Transaction, user_id: str) -> None:
    await transaction.execute("DELETE FROM sign_in_links WHERE user_id = ?", user_id)
