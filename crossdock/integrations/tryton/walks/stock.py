"""How much of an item lies where: Tryton computes quantities on request, for places that the caller names.

    location ── storage ── in a zone of ── a warehouse        onhand, by location and by lot
    open moves: draft (expected) and assigned (reserved)      awaiting and committed

Source: trytond/modules/stock/move.py (compute_quantities_query) and location.py of 8.0.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.integrations.tryton.rpc import WITH_ARCHIVED, Domain, Rpc
from crossdock.integrations.tryton.walks.readable import ReadableModels
from crossdock.integrations.tryton.walks.state import WalkWindow, changed
from crossdock.kit.contract import Json, Raw

MODELS = ("stock.move", "stock.lot", "stock.location")
"""Besides the item's own, the models whose changes change its stock."""

ROWS_AT_ONCE = 1000
OPEN_STATES = ["draft", "assigned"]


@dataclass(frozen=True)
class StockPlace:
    """A location that can hold stock, in a warehouse."""

    location: int
    warehouse: int
    zone: str
    """"storage", "input" or "output", as the warehouse says; "other" when it is in none of these."""


class StockLevels:
    """Stock levels of one company."""

    def __init__(self, rpc: Rpc, readable: ReadableModels, company: int) -> None:
        self._rpc = rpc
        self._readable = readable
        self._company = company
        self._places: dict[int, StockPlace] | None = None

    async def places(self) -> dict[int, StockPlace]:
        """The places of all warehouses by location, those no longer active included."""
        if self._places is None:
            names = ["type", "parent", "warehouse", "input_location", "output_location", "storage_location"]
            rows = [row async for row in self._all("stock.location", [], names, **WITH_ARCHIVED)]
            self._places = {item.location: item for item in placed(rows)}
        return self._places

    async def places_changed(self, window: WalkWindow) -> bool:
        """Check whether a location was made, moved or changed: then any item may lie elsewhere."""
        if window.is_everything:
            return False
        rows = await self._rpc.rows("stock.location", changed(window), ["id"], limit=1, **WITH_ARCHIVED)
        return bool(rows)

    async def marked(self) -> dict[str, Json]:
        """The mark that the next run compares with: the day, in the company's time zone, and the open moves.

        A number of open moves that shrank without a change tells of a deletion.
        """
        rows = self._all("stock.move", self._open_moves(), ["product"])
        open_counts = dict(Counter([str(row["product"]) async for row in rows]))
        return {"open": open_counts, "day": await self._rpc.read("model.ir.date.today")}

    async def moved(self, window: WalkWindow, old_mark: Json, new_mark: Json) -> set[int]:
        """Items whose moves or lots changed in the window, were deleted, or have come to their day since."""
        if window.is_everything:
            return set()
        moved = await self._due((old_mark or {}).get("day"), (new_mark or {}).get("day"))
        for model in ("stock.move", "stock.lot"):
            if await self._readable.has(model):
                rows = self._all(model, changed(window), ["product"], **WITH_ARCHIVED)
                moved |= {row["product"] async for row in rows}
        old, new = ((mark or {}).get("open", {}) for mark in (old_mark, new_mark))
        return moved | {int(key) for key in old.keys() | new.keys() if old.get(key) != new.get(key)}

    async def _due(self, old_day: Json, new_day: Json) -> set[int]:
        """Items with moves that were done ahead of their date, which has come: Tryton counts them since."""
        if old_day is None or new_day is None or old_day == new_day:
            return set()
        dates = [["effective_date", ">", old_day], ["effective_date", "<=", new_day]]
        domain = [["company", "=", self._company], ["state", "=", "done"], *dates]
        return {row["product"] async for row in self._all("stock.move", domain, ["product"])}

    async def filled(self, items: list[Raw]) -> list[Raw]:
        """The items, each with where it lies, what is about to move, and its lots."""
        if not items:
            return []
        ids = [item["id"] for item in items]
        quantities, open_moves = await self._quantities(ids), await self._moving(ids)
        stocks = [
            {
                "warehouses": sorted({item.warehouse for item in (await self.places()).values()}),
                "quantities": quantities.get(identifier, []),
                "open_moves": open_moves.get(identifier, []),
            }
            for identifier in ids
        ]
        if await self._readable.has("stock.lot"):
            lots = await self._lots(ids)
            stocks = [
                stock | {"lots": lots.get(identifier, [])}
                for identifier, stock in zip(ids, stocks, strict=True)
            ]
        return [item | stock for item, stock in zip(items, stocks, strict=True)]

    async def _quantities(self, items: list[int]) -> dict[int, list[Raw]]:
        """The quantities in each place. One call for each place or each item, whichever are fewer."""
        positions = await self.places()
        by_place = len(positions) <= len(items)
        values = self._by_place(items) if by_place else self._by_item(items)
        quantities: dict[int, list[Raw]] = {}
        async for item, position, quantity in values:
            if quantity:
                level = {
                    "location": position.location,
                    "warehouse": position.warehouse,
                    "zone": position.zone,
                }
                quantities.setdefault(item, []).append(level | {"quantity": quantity})
        return {
            item: sorted(levels, key=lambda level: level["location"]) for item, levels in quantities.items()
        }

    async def _by_place(self, items: list[int]) -> AsyncIterator[tuple[int, StockPlace, Any]]:
        for item in (await self.places()).values():
            rows = await self._rpc.read(
                "model.product.product.read",
                items,
                ["quantity"],
                locations=[item.location],
                with_childs=False,
            )
            for row in rows:
                yield row["id"], item, row["quantity"]

    async def _by_item(self, items: list[int]) -> AsyncIterator[tuple[int, StockPlace, Any]]:
        positions = await self.places()
        domain = [["type", "=", "storage"], ["quantity", "!=", 0]]
        for item in items:
            context = WITH_ARCHIVED | {"product": item, "with_childs": False}
            async for row in self._all("stock.location", domain, ["quantity"], **context):
                if row["id"] in positions:
                    yield item, positions[row["id"]], row["quantity"]

    async def _moving(self, items: list[int]) -> dict[int, list[Raw]]:
        """The open moves of the items, each with where its two ends lie."""
        positions = await self.places()
        domain = [*self._open_moves(), ["product", "in", items]]
        names = ["product", "state", "internal_quantity", "from_location.type", "to_location.type"]
        moving: dict[int, list[Raw]] = {}
        async for row in self._all("stock.move", domain, names):
            move = {
                "state": row["state"],
                "quantity": row["internal_quantity"],
                "from": _end(row["from_location."], positions),
                "to": _end(row["to_location."], positions),
            }
            moving.setdefault(row["product"], []).append(move)
        return moving

    async def _lots(self, items: list[int]) -> dict[int, list[Raw]]:
        """The lots of the items that lie in a warehouse, with how much of each."""
        texts = ["number", "product", "expiration_date"]
        names = list(await self._readable.paths("stock.lot", texts))
        records = self._all("stock.lot", [["product", "in", items]], names, **WITH_ARCHIVED)
        rows = {row["id"]: row async for row in records}
        lots: dict[int, list[Raw]] = {}
        async for lot, warehouse, quantity in self._lot_quantities(list(rows)):
            row = rows[lot]
            if quantity:
                held = {"id": lot, "number": row["number"], "warehouse": warehouse, "quantity": quantity}
                held["expiration_date"] = row.get("expiration_date")
                lots.setdefault(row["product"], []).append(held)
        return lots

    async def _lot_quantities(self, lots: list[int]) -> AsyncIterator[tuple[int, int, Any]]:
        by_warehouse: dict[int, list[int]] = {}
        for item in (await self.places()).values():
            by_warehouse.setdefault(item.warehouse, []).append(item.location)
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


def placed(locations: Iterable[Raw]) -> Iterator[StockPlace]:
    """The locations that hold stock in a warehouse, each with its zone there: the nearest one above."""
    by_id = {location["id"]: location for location in locations}
    for entry in by_id.values():
        warehouse = by_id.get(entry["warehouse"] or 0)
        if entry["type"] == "storage" and warehouse:
            yield StockPlace(entry["id"], warehouse["id"], _zone(entry, warehouse, by_id))


def _zone(location: Raw, warehouse: Raw, by_id: Mapping[int, Raw]) -> str:
    at: Raw | None = location
    while at is not None and at["id"] != warehouse["id"]:
        # Storage first: small warehouses use one location for two or all of the three.
        for zone in ("storage", "input", "output"):
            if warehouse[f"{zone}_location"] == at["id"]:
                return zone
        at = by_id.get(at["parent"] or 0)
    return "other"


def _end(location: Raw, positions: Mapping[int, StockPlace]) -> Raw:
    position = positions.get(location["id"])
    return {
        "type": location["type"],
        "warehouse": position.warehouse if position else None,
        "zone": position.zone if position else None,
    }


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for begin in range(0, len(ids), ROWS_AT_ONCE):
        yield ids[begin : begin + ROWS_AT_ONCE]
