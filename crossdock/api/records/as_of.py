"""`as_of`: a moment that a caller asks about, and whether it can be answered."""

from crossdock.errors import Invalid
from crossdock.store.records.history import kept_since
from crossdock.web.dependencies import Dependencies
from crossdock.wire import stamp


def end_ms(as_of: int, now_ms: int) -> int:
    """The end of the second, in milliseconds. Raises Invalid for one that lies ahead."""
    if as_of * 1000 > now_ms:
        raise _refused(f"{stamp(as_of * 1000)} lies in the future")
    return (as_of + 1) * 1000


async def check_kept(door: Dependencies, as_of: int) -> None:
    """Raise Invalid when changes since then may have been forgotten.

    To be asked after the changes were read: so none was forgotten between the question and the answer.
    """
    since = await kept_since(door.database, door.clock(), door.settings.history_days)
    if since and (as_of + 1) * 1000 < since:
        raise _refused(f"history is kept since {stamp(since)}; ask for that or later")


def _refused(message: str) -> Invalid:
    return Invalid({"query": {"as_of": [message]}})
