"""Which records of Tryton a walk wants, said in search domains, and where it stands.

    mark    the newest change there was when the last walk began, by Tryton's own stamps
    since   mark - OVERLAP: what was being written then and was not committed yet comes again
    from    where the first walk began, for reading all of it again
    page    what changed since, and id > after, by id, at most PAGE_SIZE

Paged by id, no record is lost: one that changes while the walk runs is read at its place or, when that is
behind us, has a stamp after the new mark and comes with the next walk.
"""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import VendorNonsense
from crossdock.integrations.tryton.rpc import Domain
from crossdock.kit.contract import Json, Raw, Walk

PAGE_SIZE = 100
TIME_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")

# Tryton stamps a record with the start of its transaction (CURRENT_TIMESTAMP) and commits it later.
# Source: trytond/model/modelsql.py.
OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True)
class WalkWindow:
    """Changes from `since` on and before `before`, ISO 8601 in UTC without a zone; None: no bound."""

    since: str | None = None
    before: str | None = None

    @property
    def is_everything(self) -> bool:
        return self.since is None and self.before is None


@dataclass(frozen=True)
class WalkState:
    """The state of a walk: what the cursor of a page holds."""

    window: WalkWindow
    mark: Json
    """What it leaves when it is through, taken when it began."""
    after: int = 0
    """The id of the last record that was read."""
    source: int = 0
    """Which of several sources of a resource is being read."""
    deletions: WalkWindow | None = None
    """Since when records may have been deleted; None: that is not asked."""
    log: int | None = 0
    """The last row of the log of deletions that was told, for this source; None: all were."""
    owned: int = 0
    """The last record that was looked for because its owner was deleted."""

    def cursor(self) -> Json:
        return asdict(self)

    @classmethod
    def of(cls, cursor: Json) -> "WalkState":
        """The state of a cursor. One that an earlier version stored has fewer members, and no deletions."""
        deletions = cursor.get("deletions")
        window = WalkWindow(**cursor["window"])
        return cls(**cursor | {"window": window, "deletions": deletions and WalkWindow(**deletions)})

    def at_next_source(self) -> "WalkState":
        return replace(self, source=self.source + 1, after=0, log=0, owned=0)


def window_of(walk: Walk, *, whole_at_first: bool, again: bool = False) -> WalkWindow:
    """The window of the walk. whole_at_first: a first sync, which has no mark and no end, is everything.

    again: all that was read so far is to be read once more, since it can be read differently now.
    """
    if walk.mark is not None:
        since = (datetime.fromisoformat(walk.mark["at"]) - OVERLAP).isoformat()
        if again and whole_at_first:
            return WalkWindow()
        if again:
            first: str | None = walk.mark["from"] if "from" in walk.mark else _naive(walk.start)
            return WalkWindow(None if first is None else min(first, since), _naive(walk.end))
        return WalkWindow(since, _naive(walk.end))
    if whole_at_first and walk.end is None:
        return WalkWindow()
    return WalkWindow(_naive(walk.start), _naive(walk.end))


def changed(window: WalkWindow, path: str = "") -> Domain:
    """Records that changed in the window or, with a path ("moves.sale"), that lead to one that did."""
    domain = [*_since(window), *_before(window)]
    for name in reversed(path.split(".") if path else []):
        domain = [[name, "where", domain]]
    return domain


def deleted_since(walk: Walk) -> WalkWindow | None:
    """Since when the walk asks for deletions; None: not at all, as nothing was read yet, or it is a window.

    Marks of earlier versions tell that nobody has asked yet: then it is all that the log holds.
    """
    if walk.mark is None or walk.end is not None:
        return None
    if "models" not in walk.mark:
        return WalkWindow()
    return WalkWindow((datetime.fromisoformat(walk.mark["at"]) - OVERLAP).isoformat())


def made_before(window: WalkWindow) -> Domain:
    """Leave out what did not exist yet when the window ends, though it may lead to what did."""
    return [["create_date", "<", wrapped(window.before)]] if window.before else []


def any_of(domains: list[Domain]) -> Domain:
    return domains[0] if len(domains) == 1 else ["OR", *domains]


def _since(window: WalkWindow) -> Domain:
    if window.since is None:
        return []
    # A record that was never changed has no write_date; else it is not before the create_date.
    moment = wrapped(window.since)
    return [["OR", ["write_date", ">=", moment], ["create_date", ">=", moment]]]


def _before(window: WalkWindow) -> Domain:
    if window.before is None:
        return []
    moment = wrapped(window.before)
    return [["OR", ["write_date", "<", moment], [["write_date", "=", None], ["create_date", "<", moment]]]]


def wrapped(stamp: str) -> dict[str, Any]:
    """A time as Tryton's JSON-RPC has it."""
    moment = datetime.fromisoformat(stamp)
    return {"__class__": "datetime"} | {name: getattr(moment, name) for name in TIME_PARTS}


def stamp(row: Raw, name: str) -> str:
    """The time in this field, as windows have it. Raises VendorNonsense when it is none."""
    value = row[name]
    try:
        parts = (value[time_part] for time_part in TIME_PARTS)
        return datetime(*parts).isoformat(timespec="microseconds")
    except (KeyError, TypeError, ValueError):
        raise VendorNonsense(f"{name} is no time: {value!r}") from None


def _naive(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() if moment else None
