"""What users change about themselves, besides password and second factor."""

from crossdock.people.members import check_name
from crossdock.people.sessions import note_for_user, require_own_password
from crossdock.store.database.engine import Database
from crossdock.store.people import users
from crossdock.store.people.user_sessions import SignedIn


async def rename(database: Database, holder: SignedIn, name: str, now_ms: int) -> None:
    """Give who is signed in another name. Raises Invalid, Forbidden after single sign-on."""
    require_own_password(holder)
    checked_name = check_name(name)
    async with database.transaction() as transaction:
        await users.set_name(transaction, holder.session.user_id, checked_name)
        await note_for_user(transaction, holder, "user.renamed", holder.session.user_id, now_ms)
