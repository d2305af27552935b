"""Signing in: a password, or a link that works once; then the second factor, where there is one.

    password ─ counted ─ checked, as long for nobody as for somebody ─┬─▶ open session
    link     ─ used up ───────────────────────────────────────────────┴─▶ half-open ─ code ─▶ open session

Who is wrong hears the same whether there is such an account, whether it is disabled, or has no password.
"""

from dataclasses import dataclass

from crossdock.errors import Unauthorized
from crossdock.people import passwords
from crossdock.people.members import check_name
from crossdock.people.passwords import Passwords
from crossdock.people.second_factor import SecondFactorService
from crossdock.people.sessions import (
    OpenedSession,
    Sessions,
    Visitor,
    acting_user,
    note_everywhere,
    note_for_user,
    require_own_password,
)
from crossdock.people.throttle import GuessThrottle
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock
from crossdock.store.people import (
    invitations,
    second_factors,
    sign_in_failures,
    user_sessions,
    users,
)
from crossdock.store.people.user_sessions import Method, SignedIn, Stage
from crossdock.store.people.users import User

MOST_TRIES = 5
"""Codes that a half-open session takes."""


@dataclass(frozen=True)
class SignIns:
    """Lets people in."""

    database: Database
    clock: Clock
    passwords: Passwords
    sessions: Sessions
    second_factors: SecondFactorService

    @property
    def _guesses(self) -> GuessThrottle:
        return GuessThrottle(self.database, "password")

    @property
    def _code_guesses(self) -> GuessThrottle:
        return GuessThrottle(self.database, "second factor")

    async def with_password(self, email: str, password: str, visitor: Visitor) -> OpenedSession:
        """A session, open or waiting for the second factor. Raises Unauthorized, TooManyRequests."""
        user = await users.by_email(self.database, email)
        account, now = users.email_key(email), self.clock()
        is_known = user is not None and await user_sessions.was_here(self.database, user.id, visitor.address)
        await self._guesses.take(account, visitor.address, now, is_known_address=is_known)
        stored = None if user is None or user.disabled_ms is not None else user.password_hash
        if not await self.passwords.fits(password, stored) or user is None:
            await self._note_failure(user, visitor)
            raise Unauthorized("the e-mail address or the password is wrong", code="wrong_password")
        fresh = await self.passwords.hashed(password) if self.passwords.is_outdated(stored or "") else None
        async with self.database.transaction() as transaction:
            await self._guesses.succeeded(transaction, account, visitor.address)
            if fresh is not None:
                await users.set_password(transaction, user.id, fresh)
            return await self._open(transaction, user, "password", visitor)

    async def link_user(self, token: str) -> User:
        """The user whom a link signs in; the link stays as it is. Raises Unauthorized as `with_link`."""
        user_id = await invitations.link_user(self.database, token, self.clock())
        return _reachable(None if user_id is None else await users.by_id(self.database, user_id))

    async def with_link(
        self, token: str, password: str | None, visitor: Visitor, *, name: str | None = None
    ) -> OpenedSession:
        """A session for a link, which is used up; a password and a name are set with it, if any are given.

        Raises Unauthorized for a link that is none, or none any more; Invalid for the password or the name.
        """
        name = None if name is None else check_name(name)
        if password is not None:
            passwords.check_new(password, name or "")
        hashed = None if password is None else await self.passwords.hashed(password)
        now = self.clock()
        async with self.database.transaction() as transaction:
            user_id = await invitations.take_link(transaction, token, now)
            user = _reachable(None if user_id is None else await users.by_id(transaction, user_id))
            if name is not None:
                await users.set_name(transaction, user.id, name)
            if hashed is not None:
                await users.set_password(transaction, user.id, hashed)
                await user_sessions.end_all(transaction, user.id)
                actor = acting_user(user, visitor)
                await note_everywhere(transaction, user.id, actor, "password.changed", user.id, now)
            return await self._open(transaction, user, "link", visitor)

    async def with_code(self, holder: SignedIn, code: str, visitor: Visitor) -> OpenedSession:
        """An open session for a half-open one, which ends. Raises Unauthorized, TooManyRequests."""
        user_id, now = holder.session.user_id, self.clock()
        is_known = await user_sessions.was_here(self.database, user_id, visitor.address)
        await self._code_guesses.take(user_id, visitor.address, now, is_known_address=is_known)
        secret = await self.second_factors.open_secret(user_id)
        opened = await self._with_code(holder, code, secret, visitor)
        if opened is None:
            user = await users.by_id(self.database, user_id)
            await self._note_failure(user, visitor)
            raise Unauthorized("the code is wrong, or was used already", code="wrong_code")
        return opened

    async def _with_code(
        self, holder: SignedIn, code: str, secret: bytes | None, visitor: Visitor
    ) -> OpenedSession | None:
        user_id = holder.session.user_id
        async with self.database.transaction() as transaction:
            tries = await user_sessions.take_try(transaction, holder.session.id)
            if tries == 0 or tries > MOST_TRIES:
                await user_sessions.end(transaction, user_id, holder.session.id)
                return None
            if not await self.second_factors.accepts(transaction, user_id, secret, code):
                return None
            await self._code_guesses.succeeded(transaction, user_id, visitor.address)
            await user_sessions.end(transaction, user_id, holder.session.id)
            user = await users.by_id(transaction, user_id)
            if user is None:
                return None
            return await self._opened(transaction, user, holder.session.method, "open", visitor)

    async def change_password(self, holder: SignedIn, current: str, wanted: str, visitor: Visitor) -> None:
        """Set a new password; the user's other sessions end. Raises as `require_password`, and Invalid."""
        passwords.check_new(wanted, holder.email, holder.name)
        user = await self.require_password(holder, current, visitor)
        hashed = await self.passwords.hashed(wanted)
        async with self.database.transaction() as transaction:
            await users.set_password(transaction, user.id, hashed)
            await user_sessions.end_all(transaction, user.id, except_id=holder.session.id)
            await invitations.end_links(transaction, user.id)
            await note_for_user(transaction, holder, "password.changed", user.id, self.clock())

    async def require_password(self, holder: SignedIn, password: str, visitor: Visitor) -> User:
        """The holder of a session, if they know their password. Raises Unauthorized, TooManyRequests."""
        account, now = users.email_key(holder.email), self.clock()
        await self._guesses.take(account, visitor.address, now, is_known_address=True)
        user = await users.by_id(self.database, holder.session.user_id)
        stored = None if user is None else user.password_hash
        if not await self.passwords.fits(password, stored) or user is None:
            await self._note_failure(user, visitor)
            raise Unauthorized("the password is wrong", code="wrong_password")
        async with self.database.transaction() as transaction:
            await self._guesses.succeeded(transaction, account, visitor.address)
        return user

    async def require_code(self, holder: SignedIn, code: str, visitor: Visitor) -> None:
        """Use up a code of who holds a session. Raises Unauthorized, TooManyRequests."""
        user_id, now = holder.session.user_id, self.clock()
        await self._code_guesses.take(user_id, visitor.address, now, is_known_address=True)
        secret = await self.second_factors.open_secret(user_id)
        async with self.database.transaction() as transaction:
            is_right = await self.second_factors.accepts(transaction, user_id, secret, code)
            if is_right:
                await self._code_guesses.succeeded(transaction, user_id, visitor.address)
        if not is_right:
            await self._note_failure(await users.by_id(self.database, user_id), visitor)
            raise Unauthorized("the code is wrong, or was used already", code="wrong_code")

    async def require_both(self, holder: SignedIn, password: str, code: str, visitor: Visitor) -> None:
        """Have both shown: a browser left open must not be enough to take the second factor away.

        Raises as `require_password` and `require_code`, and Forbidden after single sign-on.
        """
        require_own_password(holder)
        await self.require_password(holder, password, visitor)
        await self.require_code(holder, code, visitor)

    async def sign_out(self, holder: SignedIn) -> None:
        async with self.database.transaction() as transaction:
            await user_sessions.end(transaction, holder.session.user_id, holder.session.id)
            await note_for_user(transaction, holder, "session.ended", holder.session.id, self.clock())

    async def _open(
        self, transaction: Transaction, user: User, method: Method, visitor: Visitor
    ) -> OpenedSession:
        factor = await second_factors.get(transaction, user.id)
        is_wanted = factor is not None and factor.confirmed_ms is not None
        return await self._opened(
            transaction, user, method, "second_factor" if is_wanted else "open", visitor
        )

    async def _opened(
        self, transaction: Transaction, user: User, method: Method, stage: Stage, visitor: Visitor
    ) -> OpenedSession:
        opened = await self.sessions.open(transaction, user.id, method, stage, visitor)
        if stage == "open":
            actor = acting_user(user, visitor)
            await note_everywhere(
                transaction, user.id, actor, "user.signed_in", opened.session.id, self.clock()
            )
        return opened

    async def _note_failure(self, user: User | None, visitor: Visitor) -> None:
        """Tell a user's organizations of a try that failed; of nobody's there is none to be told."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            if user is None:
                # As much work as for somebody: what is missing must not be heard from the time it takes.
                await sign_in_failures.put(transaction, "", 0, now, 0)
                return
            actor = acting_user(user, visitor)
            await note_everywhere(transaction, user.id, actor, "user.sign_in_failed", user.id, now)


def _reachable(user: User | None) -> User:
    """The user of a link. Raises Unauthorized where there is none, or none who may come in."""
    if user is None or user.disabled_ms is not None:
        raise Unauthorized(
            "this link was used already, or its time is over: ask the operator for another",
            code="link_over",
        )
    return user
