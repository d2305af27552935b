"""Sessions of people: opened, recognised, ended.

A session's token is in a cookie and nowhere else; the store has its digest. Each sign-in opens a new one, so
what somebody planted in a browser before is worth nothing after. What a role may do is read anew with every
request: whoever is disabled, removed or demoted is so at once.
"""

from dataclasses import dataclass, replace

from crossdock.errors import Forbidden, NotFound, Unauthorized
from crossdock.people.permissions import require
from crossdock.people.refusals import not_signed_in
from crossdock.store.connections.access import new_token
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock, new_id
from crossdock.store.people import audit_log, user_sessions, users
from crossdock.store.people.audit_log import Actor
from crossdock.store.people.user_sessions import Method, SignedIn, Stage, UserSession
from crossdock.store.people.users import Membership, Role

HALF_OPEN_MS = 10 * 60_000
"""How long a second factor may take."""
NOTED_EVERY_MS = 60_000
"""A session's use is stored at most so often."""
LONGEST_AGENT = 200


@dataclass(frozen=True)
class SessionLifetimes:
    """In milliseconds: without a request, and at most."""

    idle_ms: int
    absolute_ms: int


@dataclass(frozen=True)
class Visitor:
    """The origin of a request of a person."""

    address: str
    agent: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class OpenedSession:
    """A session that was just opened, with what goes into the cookie."""

    token: str
    session: UserSession


@dataclass(frozen=True)
class Sessions:
    """Opens and recognises sessions."""

    database: Database
    clock: Clock
    lifetimes: SessionLifetimes

    async def open(
        self, transaction: Transaction, user_id: str, method: Method, stage: Stage, visitor: Visitor,
        organization_id: str | None = None,
    ) -> OpenedSession:  # fmt: skip
        """A new session of a user, in the first of their organizations unless it is said in which."""
        now = self.clock()
        if organization_id is None:
            memberships = await users.of_user(transaction, user_id)
            organization_id = next(
                (membership.organization_id for membership in memberships if not membership.by_sign_on), None
            )
        age_ms = HALF_OPEN_MS if stage == "second_factor" else self.lifetimes.absolute_ms
        session = UserSession(
            new_id("session", now), user_id, organization_id, method, stage, 0, visitor.address,
            visitor.agent[:LONGEST_AGENT], now, now, now + age_ms,
        )  # fmt: skip
        token = new_token("cs")
        await user_sessions.add(transaction, session, token)
        if stage == "open":
            await users.note_sign_in(transaction, user_id, now)
        return OpenedSession(token, session)

    async def holder(self, token: str) -> SignedIn:
        """The holder of a token. Raises Unauthorized for one that opens nothing, or nothing any more."""
        now = self.clock()
        holder = await user_sessions.signed_in(self.database, token) if token else None
        if holder is None or holder.disabled_ms is not None or self._is_over(holder.session, now):
            raise not_signed_in()
        if now - holder.session.used_ms >= NOTED_EVERY_MS:
            await user_sessions.note_use(self.database, holder.session.id, now)
        return holder

    def _is_over(self, session: UserSession, now_ms: int) -> bool:
        return session.expires_ms <= now_ms or session.used_ms + self.lifetimes.idle_ms <= now_ms

    async def open_ones(self, holder: SignedIn) -> list[UserSession]:
        """The user's sessions that still work; who came in by single sign-on sees those of that."""
        now = self.clock()
        sessions = await user_sessions.of_user(self.database, holder.session.user_id, now)
        working = [
            session for session in sessions if session.stage == "open" and not self._is_over(session, now)
        ]
        return [session for session in working if _is_visible(holder, session)]

    async def end(self, holder: SignedIn, session_id: str) -> None:
        """End one of the user's sessions. Raises NotFound."""
        visible = {session.id for session in await self.open_ones(holder)} | {holder.session.id}
        if session_id not in visible:
            raise NotFound(f"you have no session {session_id!r}", record_id=session_id)
        async with self.database.transaction() as transaction:
            await user_sessions.end(transaction, holder.session.user_id, session_id)
            await note_for_user(transaction, holder, "session.ended", session_id, self.clock())

    async def end_others(self, holder: SignedIn) -> int:
        """End all of the user's sessions but this one; how many."""
        others = [session for session in await self.open_ones(holder) if session.id != holder.session.id]
        async with self.database.transaction() as transaction:
            for session in others:
                await user_sessions.end(transaction, session.user_id, session.id)
            await note_for_user(transaction, holder, "session.ended", "others", self.clock())
        return len(others)

    async def memberships(self, holder: SignedIn) -> list[Membership]:
        """The organizations that this session may open, with what each wants besides."""
        memberships = await users.of_user(self.database, holder.session.user_id)
        if holder.session.method == "sign_on":
            own_id = holder.session.organization_id
            return [membership for membership in memberships if membership.organization_id == own_id]
        return [membership for membership in memberships if not membership.by_sign_on]

    async def switch(self, holder: SignedIn, organization_id: str) -> None:
        """Work with another of the user's organizations. Raises Forbidden, NotFound."""
        require_own_password(holder)
        if organization_id not in {
            membership.organization_id for membership in await self.memberships(holder)
        }:
            raise NotFound(f"you are in no organization {organization_id!r}", record_id=organization_id)
        async with self.database.transaction() as transaction:
            await user_sessions.set_organization(transaction, holder.session.id, organization_id)


def _is_visible(holder: SignedIn, session: UserSession) -> bool:
    if holder.session.method != "sign_on":
        return True
    return session.method == "sign_on" and session.organization_id == holder.session.organization_id


def require_own_password(holder: SignedIn) -> None:
    """Raise Forbidden for who came in by an organization's single sign-on.

    The provider of one organization must reach neither the user's other organizations nor what is the
    user's own: their password and second factor.
    """
    if holder.session.method == "sign_on":
        raise Forbidden(
            "you came in by single sign-on, which opens one organization only: sign in with your password "
            "for this",
            code="password_sign_in_wanted",
        )


def require_open(holder: SignedIn) -> None:
    """Raise Unauthorized for a session that still wants a second factor."""
    if holder.session.stage != "open":
        raise Unauthorized("the second factor is still wanted", code="second_factor_required")


def check_organization(holder: SignedIn) -> Role:
    """The user's role in the organization of the session. Raises Forbidden, with what is missing."""
    if holder.role is None or (holder.by_sign_on and holder.session.method != "sign_on"):
        raise Forbidden("you are a member of no organization here, or no longer", code="no_organization")
    if holder.session.method == "sign_on":
        return holder.role
    if holder.is_sign_on_enforced and holder.session.user_id != holder.break_glass_user_id:
        raise Forbidden(
            f"{holder.organization_name} is opened by single sign-on only", code="sign_on_required"
        )
    if holder.wants_second_factor and not holder.has_second_factor:
        raise Forbidden(
            f"{holder.organization_name} wants a second factor: set one up first", code="second_factor_wanted"
        )
    return holder.role


def require_permission(holder: SignedIn, permission: str) -> str:
    """The organization in which the user may do something. Raises Forbidden, Unauthorized."""
    require_open(holder)
    require(check_organization(holder), permission)
    return str(holder.session.organization_id)


def actor_of(holder: SignedIn, visitor: Visitor) -> Actor:
    kind: audit_log.ActorKind = "sign_on" if holder.session.method == "sign_on" else "user"
    return Actor(kind, holder.session.user_id, holder.email, visitor.address, visitor.request_id)


async def note_for_user(
    transaction: Transaction, holder: SignedIn, action: str, subject: str, now_ms: int
) -> None:
    """Add an entry about the user themselves: to every organization that they are in."""
    if holder.session.method == "sign_on":
        await audit_log.note_act(transaction, str(holder.session.organization_id), action, subject, now_ms)
        return
    await note_everywhere(transaction, holder.session.user_id, audit_log.acting(), action, subject, now_ms)


async def note_everywhere(
    transaction: Transaction, user_id: str, actor: Actor, action: str, subject: str, now_ms: int
) -> None:
    """Add an entry to every organization that a user is in; to none where they are in none."""
    for membership in await users.of_user(transaction, user_id):
        entry = audit_log.AuditEntry(membership.organization_id, actor, action, subject)
        await audit_log.note(transaction, entry, now_ms)


def acting_user(user: users.User, visitor: Visitor) -> Actor:
    """A user who is signing in."""
    return replace(Actor("user", user.id, user.email), address=visitor.address, request_id=visitor.request_id)
