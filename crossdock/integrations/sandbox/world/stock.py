"""Stock: bins that hold units of an item, and the ledger that every movement is written to.

Bins change only here, and never without a ledger entry: so the entries of an item sum to what its bins hold,
in every warehouse and in every place.
"""

from dataclasses import dataclass
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

ITEMS = "wms_inventory"
LEDGER = "wms_inventory_ledger"
UNPROCESSABLE = 422


@dataclass(frozen=True)
class StockCause:
    """The cause of a move of stock: the warehouse's word for it, the reason, and the record behind it."""

    word: str
    why: str | None = None
    kind: str | None = None
    uid: str | None = None
    at: str | None = None
    """When it moved; None: now."""


@dataclass(frozen=True)
class HeldStock:
    """Units of an item in one place."""

    bin: str
    site: str
    units: int
    lot: str | None = None
    expires: str | None = None
    is_blocked: bool = False

    def of(self, units: int) -> "HeldStock":
        """Some of them."""
        return HeldStock(self.bin, self.site, units, self.lot, self.expires, self.is_blocked)


def held(item: Raw) -> list[HeldStock]:
    """All that is held of an item."""
    return [
        HeldStock(
            current_bin["bin"],
            current_bin["site"],
            current_bin["units"],
            current_bin["lot"],
            current_bin["expires"],
            current_bin["blocked"],
        )
        for current_bin in item["bins"]
    ]


def put_in(records: WorldRecords, item_uid: str, held_stock: HeldStock, cause: StockCause) -> None:
    """Add units to a place."""
    _move(records, records.get(ITEMS, item_uid), held_stock, held_stock.units, cause)


def take_out(records: WorldRecords, item_uid: str, held_stock: HeldStock, cause: StockCause) -> None:
    """Remove units from a place that holds them."""
    _move(records, records.get(ITEMS, item_uid), held_stock, -held_stock.units, cause)


def pick(records: WorldRecords, item_uid: str, units: int, site: str, cause: StockCause) -> list[HeldStock]:
    """Take units that can ship, the first to expire first, from this warehouse and then from the others.

    Raises VendorRefused when there are not enough.
    """
    item = records.get(ITEMS, item_uid)
    return _take(records, item, _choose(item, units, _open_bins(item, site)), cause)


def pick_at(
    records: WorldRecords, item_uid: str, units: int, site: str, cause: StockCause
) -> list[HeldStock]:
    """The same from this warehouse only."""
    item = records.get(ITEMS, item_uid)
    bins = [held_stock for held_stock in _open_bins(item, site) if held_stock.site == site]
    return _take(records, item, _choose(item, units, bins, f" from {site}"), cause)


def free(item: Raw) -> int:
    """Units that can ship and are promised to nobody."""
    return sum(held_stock.units for held_stock in held(item) if not held_stock.is_blocked) - int(
        item["allocated"]
    )


def lot_of(records: WorldRecords, item: Raw) -> str | None:
    """A lot for units that came without one, where the item is kept by lot."""
    return f"lot_id_new_{records.number('lot')}" if item["lotted"] else None


def allocate(records: WorldRecords, item_uid: str, units: int) -> None:
    """Promise units to orders; a negative number takes the promise back."""
    item = records.get(ITEMS, item_uid)
    item["allocated"] += units
    records.put(ITEMS, item)


def expect(records: WorldRecords, item_uid: str, units: int) -> None:
    """Announce units that are on their way; a negative number when they came, or never will."""
    item = records.get(ITEMS, item_uid)
    item["on_the_way"] += units
    records.put(ITEMS, item)


def _open_bins(item: Raw, site: str) -> list[HeldStock]:
    """The stock that can ship: that of this warehouse first, and of that the first to expire."""
    open_bins = [held_stock for held_stock in held(item) if not held_stock.is_blocked]
    return sorted(
        open_bins,
        key=lambda held_stock: (
            held_stock.site != site,
            held_stock.expires or "9",
            held_stock.bin,
            held_stock.lot or "",
        ),
    )


def _take(records: WorldRecords, item: Raw, chosen: list[HeldStock], cause: StockCause) -> list[HeldStock]:
    for held_stock in chosen:
        _move(records, item, held_stock, -held_stock.units, cause)
    return chosen


def _choose(item: Raw, units: int, bins: list[HeldStock], where: str = "") -> list[HeldStock]:
    chosen = []
    missing = units
    for held_stock in bins:
        if missing == 0:
            break
        chosen.append(held_stock.of(min(missing, held_stock.units)))
        missing -= chosen[-1].units
    if missing:
        raise VendorRefused(
            f"{item['sku']}: {units} are wanted and {units - missing} can ship{where}", status=UNPROCESSABLE
        )
    return chosen


def _move(records: WorldRecords, item: Raw, held_stock: HeldStock, units: int, cause: StockCause) -> None:
    """Change one place by so many units and write it down."""
    current_bin = next(
        (
            current_bin
            for current_bin in item["bins"]
            if current_bin["bin"] == held_stock.bin and current_bin["lot"] == held_stock.lot
        ),
        None,
    )
    if current_bin is None:
        current_bin = _empty_bin(held_stock)
        item["bins"].append(current_bin)
    current_bin["units"] += units
    if current_bin["units"] < 0:
        raise VendorRefused(
            f"{item['sku']}: {held_stock.bin} holds fewer than {-units}", status=UNPROCESSABLE
        )
    item["bins"] = [current_bin for current_bin in item["bins"] if current_bin["units"]]
    records.put(ITEMS, item)
    records.put(LEDGER, _entry(records, item, held_stock, units, cause))


def _empty_bin(held_stock: HeldStock) -> dict[str, Any]:
    return {
        "bin": held_stock.bin,
        "site": held_stock.site,
        "lot": held_stock.lot,
        "expires": held_stock.expires,
        "blocked": held_stock.is_blocked,
        "units": 0,
    }


def _entry(records: WorldRecords, item: Raw, held_stock: HeldStock, units: int, cause: StockCause) -> Raw:
    return {
        "uid": f"ledger_entry_id_{records.number('ledger')}",
        "booked": moment(records.now),
        "happened": cause.at or moment(records.now),
        "item": item["uid"],
        "sku": item["sku"],
        "client": item["client"],
        "units": units,
        "word": cause.word,
        "why": cause.why,
        "about": {"kind": cause.kind, "uid": cause.uid} if cause.uid else None,
        "site": held_stock.site,
        "bin": held_stock.bin,
        "lot": held_stock.lot,
    }
