"""How much of an item lies where: Tryton computes quantities on request, for places that the caller names.

    location ── storage ── in a zone of ── a warehouse        onhand, by location and by lot
    open moves: draft (expected) and assigned (reserved)      awaiting and committed

Source: trytond/modules/stock/move.py (compute_quantities_query) and location.py of 8.0.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.integrations.contract import Json, Raw
from crossdock.integrations.tryton.readable import Readable
from crossdock.integrations.tryton.rpc import WITH_ARCHIVED, Domain, Rpc
from crossdock.integrations.tryton.walks import Window, changed

MODELS = ("stock.move", "stock.lot", "stock.location")
"""Besides the item's own, the models whose changes change its stock."""

ROWS_AT_ONCE = 1000
OPEN_STATES = ["draft", "assigned"]


@dataclass(frozen=True)
class Place:
    """A location that can hold stock, in a warehouse."""

    location: int
    warehouse: int
    zone: str
    """"storage", "input" or "output", as the warehouse says; "other" when it is in none of these."""


class Levels:
    """Stock levels of one company."""

    def __init__(self, rpc: Rpc, readable: Readable, company: int) -> None:
        self._rpc = rpc
        self._readable = readable
        self._company = company
        self._places: dict[int, Place] | None = None

    async def places(self) -> dict[int, Place]:
        """The places of all warehouses by location, those no longer active included."""
        if self._places is None:
            names = ["type", "parent", "warehouse", "input_location", "output_location", "storage_location"]
            rows = [row async for row in self._all("stock.location", [], names, **WITH_ARCHIVED)]
            self._places = {place.location: place for place in placed(rows)}
        return self._places

    async def places_changed(self, window: Window) -> bool:
        """Whether a location was made, moved or changed: then any item may lie elsewhere."""
        if window.is_everything:
            return False
        found = await self._rpc.rows("stock.location", changed(window), ["id"], limit=1, **WITH_ARCHIVED)
        return bool(found)

    async def open_counts(self) -> dict[str, int]:
        """How many open moves each item has. A count that shrank without a change tells of a deletion."""
        rows = self._all("stock.move", self._open_moves(), ["product"])
        return dict(Counter([str(row["product"]) async for row in rows]))

    async def moved(self, window: Window, old_mark: Json, new_mark: Json) -> set[int]:
        """Items whose moves or lots changed in the window, or whose open moves were deleted since."""
        if window.is_everything:
            return set()
        moved = set()
        for model in ("stock.move", "stock.lot"):
            if await self._readable.has(model):
                rows = self._all(model, changed(window), ["product"], **WITH_ARCHIVED)
                moved |= {row["product"] async for row in rows}
        old, new = ((mark or {}).get("open", {}) for mark in (old_mark, new_mark))
        return moved | {int(one) for one in old.keys() | new.keys() if old.get(one) != new.get(one)}

    async def filled(self, items: list[Raw]) -> list[Raw]:
        """The items, each with where it lies, what is about to move, and its lots."""
        if not items:
            return []
        ids = [item["id"] for item in items]
        quantities, open_moves = await self._quantities(ids), await self._moving(ids)
        stocks = [
            {
                "warehouses": sorted({place.warehouse for place in (await self.places()).values()}),
                "quantities": quantities.get(one, []),
                "open_moves": open_moves.get(one, []),
            }
            for one in ids
        ]
        if await self._readable.has("stock.lot"):
            lots = await self._lots(ids)
            stocks = [found | {"lots": lots.get(one, [])} for one, found in zip(ids, stocks, strict=True)]
        return [item | found for item, found in zip(items, stocks, strict=True)]

    async def _quantities(self, items: list[int]) -> dict[int, list[Raw]]:
        """What lies in each place. One call for each place or each item, whichever are fewer."""
        places = await self.places()
        by_place = len(places) <= len(items)
        found = self._by_place(items) if by_place else self._by_item(items)
        quantities: dict[int, list[Raw]] = {}
        async for item, place, quantity in found:
            if quantity:
                level = {"location": place.location, "warehouse": place.warehouse, "zone": place.zone}
                quantities.setdefault(item, []).append(level | {"quantity": quantity})
        return {item: sorted(levels, key=lambda one: one["location"]) for item, levels in quantities.items()}

    async def _by_place(self, items: list[int]) -> AsyncIterator[tuple[int, Place, Any]]:
        for place in (await self.places()).values():
            rows = await self._rpc.read(
                "model.product.product.read",
                items,
                ["quantity"],
                locations=[place.location],
                with_childs=False,
            )
            for row in rows:
                yield row["id"], place, row["quantity"]

    async def _by_item(self, items: list[int]) -> AsyncIterator[tuple[int, Place, Any]]:
        places = await self.places()
        domain = [["type", "=", "storage"], ["quantity", "!=", 0]]
        for item in items:
            context = WITH_ARCHIVED | {"product": item, "with_childs": False}
            async for row in self._all("stock.location", domain, ["quantity"], **context):
                if row["id"] in places:
                    yield item, places[row["id"]], row["quantity"]

    async def _moving(self, items: list[int]) -> dict[int, list[Raw]]:
        """The open moves of the items, each with where its two ends lie."""
        places = await self.places()
        domain = [*self._open_moves(), ["product", "in", items]]
        names = ["product", "state", "internal_quantity", "from_location.type", "to_location.type"]
        moving: dict[int, list[Raw]] = {}
        async for row in self._all("stock.move", domain, names):
            move = {
                "state": row["state"],
                "quantity": row["internal_quantity"],
                "from": _end(row["from_location."], places),
                "to": _end(row["to_location."], places),
            }
            moving.setdefault(row["product"], []).append(move)
        return moving

    async def _lots(self, items: list[int]) -> dict[int, list[Raw]]:
        """The lots of the items that lie in a warehouse, with how much of each."""
        wanted = ["number", "product", "expiration_date"]
        names = list(await self._readable.paths("stock.lot", wanted))
        found = self._all("stock.lot", [["product", "in", items]], names, **WITH_ARCHIVED)
        rows = {row["id"]: row async for row in found}
        lots: dict[int, list[Raw]] = {}
        async for lot, warehouse, quantity in self._lot_quantities(list(rows)):
            row = rows[lot]
            if quantity:
                held = {"number": row["number"], "warehouse": warehouse, "quantity": quantity}
                held["expiration_date"] = row.get("expiration_date")
                lots.setdefault(row["product"], []).append(held)
        return lots

    async def _lot_quantities(self, lots: list[int]) -> AsyncIterator[tuple[int, int, Any]]:
        by_warehouse: dict[int, list[int]] = {}
        for place in (await self.places()).values():
            by_warehouse.setdefault(place.warehouse, []).append(place.location)
        for warehouse, locations in sorted(by_warehouse.items()):
            for chunk in _chunks(lots):
                rows = await self._rpc.read(
                    "model.stock.lot.read", chunk, ["quantity"], locations=locations, with_childs=False
                )
                for row in rows:
                    yield row["id"], warehouse, row["quantity"]

    def _open_moves(self) -> Domain:
        return [["company", "=", self._company], ["state", "in", OPEN_STATES]]

    async def _all(
        self, model: str, domain: Domain, fields: Sequence[str], **context: Any
    ) -> AsyncIterator[Raw]:
        """All records that match, by id."""
        after = 0
        while True:
            rows = await self._rpc.rows(
                model, [*domain, ["id", ">", after]], fields, limit=ROWS_AT_ONCE, **context
            )
            for row in rows:
                yield row
            if len(rows) < ROWS_AT_ONCE:
                return
            after = rows[-1]["id"]


def placed(locations: Iterable[Raw]) -> Iterator[Place]:
    """Which of the locations hold stock in a warehouse, and in which zone of it: the nearest one above."""
    by_id = {one["id"]: one for one in locations}
    for one in by_id.values():
        warehouse = by_id.get(one["warehouse"] or 0)
        if one["type"] == "storage" and warehouse:
            yield Place(one["id"], warehouse["id"], _zone(one, warehouse, by_id))


def _zone(location: Raw, warehouse: Raw, by_id: Mapping[int, Raw]) -> str:
    at: Raw | None = location
    while at is not None and at["id"] != warehouse["id"]:
        # Storage first: small warehouses use one location for two or all of the three.
        for zone in ("storage", "input", "output"):
            if warehouse[f"{zone}_location"] == at["id"]:
                return zone
        at = by_id.get(at["parent"] or 0)
    return "other"


def _end(location: Raw, places: Mapping[int, Place]) -> Raw:
    place = places.get(location["id"])
    return {
        "type": location["type"],
        "warehouse": place.warehouse if place else None,
        "zone": place.zone if place else None,
    }


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for begin in range(0, len(ids), ROWS_AT_ONCE):
        yield ids[begin : begin + ROWS_AT_ONCE]
