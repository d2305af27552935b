"""ShipHero's lists: walked by date where that leads on, else by cursor, so that none of it is skipped.

A cursor of ShipHero's is a number of records to skip (notes.md, "Limits"): when a record before it moves or
goes, another one would be passed over. So a page that is asked for by a cursor begins with the last record of
the page before it; where that is no more, the list is read from its beginning again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import VendorNonsense, VendorUnavailable
from crossdock.integrations.shiphero.records import change_with_id
from crossdock.kit.contract import Json, Raw, Walk

OVERLAP = timedelta(minutes=5)
"""How much earlier than the last change that was seen a walk begins."""
OPEN_FOR = timedelta(days=180)
"""How long before the window of a first walk returns and purchase orders may have been created."""
MOST_ROUNDS = 5
"""How often a list that moves while it is read is begun again."""

Ask = Callable[[Mapping[str, Any], int], Awaitable[Json]]
"""A page of a list by its variables and how many records it may have."""


@dataclass(frozen=True)
class ChangeList:
    """A list of the API, in the order of a date: its query, which is named as its field, and that date."""

    query: str
    stamp: str
    size: int
    most_of_each: float
    """What one record takes at most, with all that is nested in it."""
    owned: str | None = None
    """The member that says whose a record is; None: the record itself."""

    def cost_of(self, size: int) -> float:
        """What a page of this size takes at most."""
        return 1 + size * self.most_of_each

    def owner_of(self, raw: Raw) -> Any:
        """The account that a record belongs to."""
        return (raw.get(self.owned) or {} if self.owned else raw).get("account_id")


# One credit for each record of a list, nested ones multiplied: notes.md, "Limits".
ORDERS = ChangeList("orders", "updated_at", 20, 105)
PRODUCTS = ChangeList("products", "updated_at", 100, 4)
STOCK = ChangeList("warehouse_products", "updated_at", 20, 125, owned="product")
PURCHASE_ORDERS = ChangeList("purchase_orders", "created_at", 50, 52)
RETURNS = ChangeList("returns", "created_at", 50, 4)
INVENTORY_CHANGES = ChangeList("inventory_changes", "created_at", 100, 1)


async def next_page(ask: Ask, here: Json, size: int, stamp: str | None = None) -> tuple[list[Raw], Json]:
    """The records at a place of a list, and the place where it goes on; None at its end.

    stamp: the date that the list is sorted by, if it is.
    """
    here = here or {"since": None}
    last = here.get("last")
    position = {"since": here["since"], "after": here.get("after")}
    connection = await ask(position, size if last is None else max(size, 2))
    edges = _edges(connection)
    nodes = [edge["node"] for edge in edges]
    if last is not None:
        names = [_name(node) for node in nodes]
        if last not in names:
            return [], _begun_again(here)
        nodes = nodes[names.index(last) + 1 :]
    info = connection.get("pageInfo") or {}
    if not info.get("hasNextPage"):
        return nodes, None
    return nodes, _by_date(nodes, stamp) or _by_cursor(here, edges, info["endCursor"])


def _edges(connection: Json) -> list[Raw]:
    if not isinstance(connection, dict) or not isinstance(connection.get("edges"), list):
        raise VendorNonsense("wanted a list with edges in the answer")
    return [edge for edge in connection["edges"] if edge and edge.get("node") is not None]


def _by_date(nodes: list[Raw], stamp: str | None) -> Json:
    """The place at the last date of a page, where the page is in order and that leads on; else None.

    A second before the last date, since nobody says whether the date itself is included.
    """
    moments = [moment for node in nodes if stamp and (moment := moment_of(node.get(stamp)))]
    is_in_order = len(moments) == len(nodes) and moments == sorted(moments)
    if not is_in_order or not moments or moments[-1] - moments[0] <= timedelta(seconds=2):
        return None
    return {"since": spelt(moments[-1] - timedelta(seconds=1)), "after": None}


def _by_cursor(here: Mapping[str, Any], edges: list[Raw], end: str) -> Json:
    """The place of the last record of a page: the cursor before it, and its name."""
    place = {name: here[name] for name in ("since", "round") if name in here}
    before = edges[-2].get("cursor") if len(edges) > 1 else here.get("after")
    if (len(edges) > 1 and before is None) or (len(edges) < 2 and here.get("last") is not None) or not edges:
        return place | {"after": end}
    return place | {"after": before, "last": _name(edges[-1]["node"])}


def _begun_again(here: Mapping[str, Any]) -> Json:
    """The beginning of a list whose records moved. Raises VendorUnavailable where they always do."""
    if here.get("round", 1) >= MOST_ROUNDS:
        raise VendorUnavailable("a list of ShipHero's changed each time while it was read")
    return {"since": here["since"], "after": None, "round": here.get("round", 1) + 1}


def _name(node: Raw) -> str:
    """A name by which a record of a list is known again. Changes of stock have no id."""
    return str(node["id"] if node.get("id") else change_with_id(node)["id"])


def is_beginning(place: Json) -> bool:
    """Check whether a list is read from this date on, and not from within the page before."""
    return place.get("after") is None and place.get("last") is None


def at_beginning(walk_cursor: Json) -> Json:
    """The cursor of a walk, put back to where its list was asked for by date."""
    if walk_cursor is None:
        return None
    place = {name: value for name, value in walk_cursor["at"].items() if name in ("since", "round")}
    return walk_cursor | {"at": place | {"after": None}}


# Dates


def since(walk: Walk) -> str | None:
    """Where changes begin, with an overlap."""
    seen_until = moment_of(walk.mark)
    if seen_until:
        return spelt(seen_until - OVERLAP)
    return spelt(walk.start) if walk.start else None


def all_since(walk: Walk) -> str | None:
    """The same where a first walk reads everything, however long it is unchanged: products and stock."""
    return since(walk) if walk.mark or walk.end else None


def created_since(walk: Walk) -> str | None:
    """The same for lists by the date of creation: a first walk looks farther back, for what is still open."""
    return since(walk) if walk.mark or not walk.start else spelt(walk.start - OPEN_FOR)


def moment_of(text: Any) -> datetime | None:
    """The moment that a date of ShipHero's names; they have no zone. None where it is no date."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def spelt(moment: datetime) -> str:
    """A moment as ShipHero writes it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
