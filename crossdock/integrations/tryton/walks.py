"""Which records of Tryton a walk wants, said in search domains, and where it stands.

    mark    the newest change there was when the last walk began, by Tryton's own stamps
    since   mark - OVERLAP: what was being written then and was not committed yet comes again
    page    what changed since, and id > after, by id, at most PAGE_SIZE

Paged by id, no record is lost: one that changes while the walk runs is read at its place or, when that is
behind us, has a stamp after the new mark and comes with the next walk.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import VendorNonsense
from crossdock.integrations.contract import Json, Raw, Walk
from crossdock.integrations.tryton.rpc import Domain

PAGE_SIZE = 100
TIME_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")

# Tryton stamps a record with the start of its transaction (CURRENT_TIMESTAMP) and commits it later.
# Source: trytond/model/modelsql.py.
OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True)
class Window:
    """Changes from `since` on and before `before`, ISO 8601 in UTC without a zone; None: no bound."""

    since: str | None = None
    before: str | None = None

    @property
    def is_everything(self) -> bool:
        return self.since is None and self.before is None


@dataclass(frozen=True)
class State:
    """Where a walk stands: what the cursor of a page holds."""

    window: Window
    mark: Json
    """What it leaves when it is through, taken when it began."""
    after: int = 0
    """The id of the last record that was read."""

    def cursor(self) -> Json:
        return asdict(self)

    @classmethod
    def of(cls, cursor: Json) -> "State":
        return cls(Window(**cursor["window"]), cursor["mark"], cursor["after"])


def window_of(walk: Walk, *, whole_at_first: bool) -> Window:
    """What the walk asks for. whole_at_first: a first sync, which has no mark and no end, is everything."""
    if walk.mark is not None:
        since = datetime.fromisoformat(walk.mark["at"]) - OVERLAP
        return Window(since.isoformat(), _naive(walk.end))
    if whole_at_first and walk.end is None:
        return Window()
    return Window(_naive(walk.start), _naive(walk.end))


def changed(window: Window, path: str = "") -> Domain:
    """Records that changed in the window or, with a path ("moves.sale"), that lead to one that did."""
    domain = [*_since(window), *_before(window)]
    for name in reversed(path.split(".") if path else []):
        domain = [[name, "where", domain]]
    return domain


def made_before(window: Window) -> Domain:
    """Leaves out what did not exist yet when the window ends, though it may lead to what did."""
    return [["create_date", "<", wrapped(window.before)]] if window.before else []


def any_of(domains: list[Domain]) -> Domain:
    return domains[0] if len(domains) == 1 else ["OR", *domains]


def _since(window: Window) -> Domain:
    if window.since is None:
        return []
    # A record that was never changed has no write_date; else it is not before the create_date.
    moment = wrapped(window.since)
    return [["OR", ["write_date", ">=", moment], ["create_date", ">=", moment]]]


def _before(window: Window) -> Domain:
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
        parts = (value[one] for one in TIME_PARTS)
        return datetime(*parts).isoformat(timespec="microseconds")
    except (KeyError, TypeError, ValueError):
        raise VendorNonsense(f"{name} is no time: {value!r}") from None


def _naive(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() if moment else None
