"""Who belongs to an organization: users made on the server, invitations, roles. It always keeps an owner."""

import re
from dataclasses import dataclass

from crossdock.errors import BadRequest, Conflict, Gone, Invalid, NotFound
from crossdock.people import passwords
from crossdock.people.passwords import Passwords
from crossdock.people.refusals import no_choice
from crossdock.people.sessions import require_own_password
from crossdock.store.connections.access import new_token
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock, new_id
from crossdock.store.people import audit_log, invitations, second_factors, sign_on, user_sessions, users
from crossdock.store.people.invitations import Invitation
from crossdock.store.people.user_sessions import SignedIn
from crossdock.store.people.users import ROLES, Membership, Role, User

LINK_MS = 24 * 3_600_000
"""How long a link works that signs somebody in once."""
LONGEST_EMAIL, LONGEST_NAME = 254, 100

_EMAIL = re.compile(r"[^\s@,;<>\"()\\\x00-\x20]+@[^\s@,;<>\"()\\.]+(\.[^\s@,;<>\"()\\.]+)*")


@dataclass(frozen=True)
class MadeUser:
    """A user who was just made, or who gets a new link: the token is shown this once."""

    user: User
    link: str


@dataclass(frozen=True)
class MadeInvitation:
    """An invitation that was just made: the link is shown this once."""

    invitation: Invitation
    link: str


def check_email(email: str) -> str:
    """The address without spaces around it. Raises Invalid for what can't be one."""
    text = email.strip()
    if len(text) > LONGEST_EMAIL or not text.isprintable() or not _EMAIL.fullmatch(text):
        raise Invalid({"json": {"email": [f"{text[:100]!r} is no e-mail address"]}})
    return text


def check_name(name: str) -> str:
    """The name with single spaces. Raises Invalid."""
    text = " ".join(name.split())
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise Invalid({"json": {"name": [f"must have at most {LONGEST_NAME} printable characters"]}})
    return text


def check_role(role: str) -> Role:
    """The role of this name. Raises Invalid."""
    for known_role in ROLES:
        if role == known_role:
            return known_role
    raise no_choice("role", role, ROLES)


@dataclass(frozen=True)
class Members:
    """Changes who belongs to organizations."""

    database: Database
    clock: Clock
    passwords: Passwords
    base_url: str
    invitation_ms: int

    # On the server itself

    async def create(self, organization_id: str, email: str, name: str, role: Role) -> MadeUser:
        """A user, or the one with this address, as a member; with a link that signs them in once.

        Raises Invalid, and Conflict for who is a member already.
        """
        email, name, now = check_email(email), check_name(name), self.clock()
        async with self.database.transaction() as transaction:
            await transaction.in_turn("addresses of users")
            await _in_turn(transaction, organization_id)
            user = await users.by_email(transaction, email)
            if user is None:
                user = await users.add(transaction, email, name, None, now)
            elif await _membership(transaction, organization_id, user.id) is not None:
                raise Conflict(f"{user.email} is a member already", code="member_exists")
            await users.put_member(transaction, organization_id, user.id, role, now)
            await audit_log.note_act(
                transaction, organization_id, "member.added", user.id, now, email=user.email, role=role
            )
            return MadeUser(user, await self._link(transaction, user.id, now))

    async def reset(self, user: User) -> MadeUser:
        """A link that signs a user in once; their password, second factor and sessions end."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            await user_sessions.end_all(transaction, user.id)
            await users.set_password(transaction, user.id, None)
            await second_factors.remove(transaction, user.id)
            await self._note(transaction, user, "user.reset", now)
            return MadeUser(user, await self._link(transaction, user.id, now))

    async def link(self, user: User) -> MadeUser:
        """A link that signs a user in once, in place of those before; nothing else changes."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            await self._note(transaction, user, "user.link_made", now)
            return MadeUser(user, await self._link(transaction, user.id, now))

    async def disable(self, user: User) -> None:
        """Let a user in no longer; sessions and links end at once. Raises Conflict for the last owner."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            for membership in await users.of_user(transaction, user.id):
                await _in_turn(transaction, membership.organization_id)
                await _keep_an_owner(transaction, membership.organization_id, user.id)
            await users.set_disabled(transaction, user.id, now)
            await user_sessions.end_all(transaction, user.id)
            await invitations.end_links(transaction, user.id)
            await self._note(transaction, user, "user.disabled", now)

    async def enable(self, user: User) -> None:
        now = self.clock()
        async with self.database.transaction() as transaction:
            await users.set_disabled(transaction, user.id, None)
            await self._note(transaction, user, "user.enabled", now)

    async def _link(self, transaction: Transaction, user_id: str, now_ms: int) -> str:
        token = new_token("sil")
        await invitations.add_link(transaction, user_id, token, now_ms=now_ms, expires_ms=now_ms + LINK_MS)
        # In the fragment, which no server and no proxy's log sees.
        return f"{self.base_url}/account/first#token={token}"

    async def _note(self, transaction: Transaction, user: User, action: str, now_ms: int) -> None:
        for membership in await users.of_user(transaction, user.id):
            await audit_log.note_act(transaction, membership.organization_id, action, user.id, now_ms)

    # In an organization

    async def change_role(self, organization_id: str, user_id: str, role: Role) -> Membership:
        """Give a member another role. Raises NotFound, and Conflict for the last owner."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            await _in_turn(transaction, organization_id)
            membership = await _required(transaction, organization_id, user_id)
            if role != "owner":
                await _keep_an_owner(transaction, organization_id, user_id)
            await users.set_role(transaction, organization_id, user_id, role)
            await audit_log.note_act(
                transaction, organization_id, "member.role_changed", user_id, now,
                email=membership.user.email, before=membership.role, after=role,
            )  # fmt: skip
            return await _required(transaction, organization_id, user_id)

    async def remove(self, organization_id: str, user_id: str) -> None:
        """Take a member out; their sessions leave the organization at once. Raises NotFound, Conflict."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            await _in_turn(transaction, organization_id)
            membership = await _required(transaction, organization_id, user_id)
            await _keep_an_owner(transaction, organization_id, user_id)
            await users.remove_member(transaction, organization_id, user_id)
            await user_sessions.end_in_organization(transaction, user_id, organization_id)
            await sign_on.forget_identities(transaction, organization_id, user_id)
            await audit_log.note_act(
                transaction, organization_id, "member.removed", user_id, now, email=membership.user.email
            )

    async def want_second_factor(self, organization_id: str, *, wanted: bool) -> None:
        """Say whether who signs in with a password must show a second factor here."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            await users.set_wants_second_factor(transaction, organization_id, wanted=wanted)
            await audit_log.note_act(
                transaction, organization_id, "organization.changed", organization_id, now,
                wants_second_factor=wanted,
            )  # fmt: skip

    # Invitations

    async def invite(self, organization_id: str, email: str, role: Role, invited_by: str) -> MadeInvitation:
        """Invite an address; an invitation of before is revoked. Raises Invalid, Conflict for a member."""
        email, now, token = check_email(email), self.clock(), new_token("inv")
        invitation = Invitation(
            new_id("inv", now), organization_id, email, role, invited_by, now, now + self.invitation_ms
        )
        async with self.database.transaction() as transaction:
            await _in_turn(transaction, organization_id)
            user = await users.by_email(transaction, email)
            if user is not None and await _membership(transaction, organization_id, user.id) is not None:
                raise Conflict(f"{email} is a member already", code="member_exists")
            await invitations.revoke_for(transaction, organization_id, email, now)
            await invitations.add(transaction, invitation, token)
            await audit_log.note_act(
                transaction, organization_id, "invitation.created", invitation.id, now, email=email, role=role
            )
        return MadeInvitation(invitation, f"{self.base_url}/account/invitation#token={token}")

    async def revoke(self, organization_id: str, invitation_id: str) -> None:
        """Raises NotFound when there is no such invitation that is still open."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            if not await invitations.revoke(transaction, organization_id, invitation_id, now):
                raise NotFound(f"there is no open invitation {invitation_id!r}", record_id=invitation_id)
            await audit_log.note_act(transaction, organization_id, "invitation.revoked", invitation_id, now)

    async def invitation(self, token: str) -> Invitation:
        """The invitation of a link. Raises Gone for one that is over, or is none."""
        invitation = await invitations.by_token(self.database, token)
        if invitation is None or not invitation.is_open(self.clock()):
            raise Gone(
                "this invitation was used, revoked or is too old: ask for another", code="invitation_over"
            )
        return invitation

    async def accept_as_new(self, token: str, name: str, password: str) -> User:
        """A new user, who is a member by an invitation.

        Raises Gone for the invitation, Invalid for the password, and Conflict where there is a user with the
        address: they have to sign in first.
        """
        invitation = await self.invitation(token)
        name = check_name(name)
        passwords.check_new(password, name, invitation.email)
        hashed, now = await self.passwords.hashed(password), self.clock()
        async with self.database.transaction() as transaction:
            await transaction.in_turn("addresses of users")
            if await users.by_email(transaction, invitation.email) is not None:
                raise Conflict(
                    f"{invitation.email} has an account: sign in, then accept", code="sign_in_first"
                )
            user = await users.add(transaction, invitation.email, name, hashed, now)
            await self._accepted(transaction, invitation, user)
        return user

    async def accept_as_user(self, token: str, holder: SignedIn) -> Invitation:
        """Make who signed in a member.

        Raises Gone; BadRequest when somebody else is invited; Forbidden after single sign-on, as a provider
        of another organization may have said who this is.
        """
        require_own_password(holder)
        invitation = await self.invitation(token)
        if users.email_key(invitation.email) != users.email_key(holder.email):
            raise BadRequest(
                f"this invitation is for {invitation.email}, and you are signed in as {holder.email}",
                code="invitation_of_another",
            )
        async with self.database.transaction() as transaction:
            user = await users.by_id(transaction, holder.session.user_id)
            if user is None:
                raise NotFound("your account is gone")
            await self._accepted(transaction, invitation, user)
            await user_sessions.set_organization(transaction, holder.session.id, invitation.organization_id)
        return invitation

    async def _accepted(self, transaction: Transaction, invitation: Invitation, user: User) -> None:
        now, organization_id = self.clock(), invitation.organization_id
        await _in_turn(transaction, organization_id)
        if not await invitations.accept(transaction, invitation.id, now):
            raise Gone("this invitation was used meanwhile", code="invitation_over")
        membership = await _membership(transaction, organization_id, user.id)
        if membership is None or membership.by_sign_on:
            await users.put_member(transaction, organization_id, user.id, invitation.role, now)
        actor = audit_log.Actor("user", user.id, user.email, audit_log.acting().address)
        detail = {"email": user.email, "role": invitation.role, "user_id": user.id}
        entry = audit_log.AuditEntry(organization_id, actor, "invitation.accepted", invitation.id, detail)
        await audit_log.note(transaction, entry, now)


async def _in_turn(transaction: Transaction, organization_id: str) -> None:
    """Wait for others who change the members of an organization: two owners must not remove each other."""
    await transaction.in_turn(f"members of {organization_id}")


async def _membership(transaction: Transaction, organization_id: str, user_id: str) -> Membership | None:
    for membership in await users.of_user(transaction, user_id):
        if membership.organization_id == organization_id:
            return membership
    return None


async def _required(transaction: Transaction, organization_id: str, user_id: str) -> Membership:
    membership = await _membership(transaction, organization_id, user_id)
    if membership is None:
        raise NotFound(f"there is no member {user_id[:100]!r}", record_id=user_id)
    return membership


async def _keep_an_owner(transaction: Transaction, organization_id: str, user_id: str) -> None:
    """Raise Conflict when no other owner would be left who can sign in, or not the one with a password."""
    settings = await sign_on.get(transaction, organization_id)
    if settings is not None and settings.is_enforced and settings.break_glass_user_id == user_id:
        raise Conflict(
            "this owner is the one who can sign in when single sign-on fails: name another first",
            code="break_glass_owner",
        )
    members = await users.of_organization(transaction, organization_id)
    owners = {
        membership.user.id
        for membership in members
        if membership.role == "owner" and membership.user.disabled_ms is None
    }
    if owners == {user_id}:
        raise Conflict("this is the last owner: make somebody else one first", code="last_owner")
