"""Stock: bins that hold units of an item, and the ledger that every movement is written to.

Bins change only here, and never without a ledger entry: so the entries of an item sum to what its bins hold,
in every warehouse and in every place.
"""

from dataclasses import dataclass
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.contract import Raw
from crossdock.integrations.sandbox.world import Records, moment

ITEMS = "wms_inventory"
LEDGER = "wms_inventory_ledger"
UNPROCESSABLE = 422


@dataclass(frozen=True)
class Cause:
    """Why stock moves: the warehouse's word for it, the reason, and the record behind it."""

    word: str
    why: str | None = None
    kind: str | None = None
    uid: str | None = None
    at: str | None = None
    """When it moved; None: now."""


@dataclass(frozen=True)
class Held:
    """Units of an item in one place."""

    bin: str
    site: str
    units: int
    lot: str | None = None
    expires: str | None = None
    is_blocked: bool = False

    def of(self, units: int) -> "Held":
        """Some of them."""
        return Held(self.bin, self.site, units, self.lot, self.expires, self.is_blocked)


def held(item: Raw) -> list[Held]:
    """All that is held of an item."""
    return [
        Held(one["bin"], one["site"], one["units"], one["lot"], one["expires"], one["blocked"])
        for one in item["bins"]
    ]


def put_in(records: Records, item_uid: str, what: Held, cause: Cause) -> None:
    """Adds units to a place."""
    _move(records, records.get(ITEMS, item_uid), what, what.units, cause)


def take_out(records: Records, item_uid: str, what: Held, cause: Cause) -> None:
    """Removes units from a place that holds them."""
    _move(records, records.get(ITEMS, item_uid), what, -what.units, cause)


def pick(records: Records, item_uid: str, units: int, site: str, cause: Cause) -> list[Held]:
    """Takes units that can ship, the first to expire first, from this warehouse and then from the others.

    Raises VendorRefused when there are not enough.
    """
    item = records.get(ITEMS, item_uid)
    return _take(records, item, _choose(item, units, _open_bins(item, site)), cause)


def pick_at(records: Records, item_uid: str, units: int, site: str, cause: Cause) -> list[Held]:
    """The same from this warehouse only."""
    item = records.get(ITEMS, item_uid)
    bins = [one for one in _open_bins(item, site) if one.site == site]
    return _take(records, item, _choose(item, units, bins, f" from {site}"), cause)


def free(item: Raw) -> int:
    """Units that can ship and are promised to nobody."""
    return sum(one.units for one in held(item) if not one.is_blocked) - int(item["allocated"])


def lot_of(records: Records, item: Raw) -> str | None:
    """A lot for units that came without one, where the item is kept by lot."""
    return f"lot_id_new_{records.number('lot')}" if item["lotted"] else None


def allocate(records: Records, item_uid: str, units: int) -> None:
    """Promises units to orders; a negative number takes the promise back."""
    item = records.get(ITEMS, item_uid)
    item["allocated"] += units
    records.put(ITEMS, item)


def expect(records: Records, item_uid: str, units: int) -> None:
    """Announces units that are on their way; a negative number when they came, or never will."""
    item = records.get(ITEMS, item_uid)
    item["on_the_way"] += units
    records.put(ITEMS, item)


def _open_bins(item: Raw, site: str) -> list[Held]:
    """Where units lie that can ship: those of this warehouse first, and of those the first to expire."""
    open_bins = [one for one in held(item) if not one.is_blocked]
    return sorted(open_bins, key=lambda one: (one.site != site, one.expires or "9", one.bin, one.lot or ""))


def _take(records: Records, item: Raw, chosen: list[Held], cause: Cause) -> list[Held]:
    for one in chosen:
        _move(records, item, one, -one.units, cause)
    return chosen


def _choose(item: Raw, units: int, bins: list[Held], where: str = "") -> list[Held]:
    chosen = []
    missing = units
    for one in bins:
        if missing == 0:
            break
        chosen.append(one.of(min(missing, one.units)))
        missing -= chosen[-1].units
    if missing:
        raise VendorRefused(
            f"{item['sku']}: {units} are wanted and {units - missing} can ship{where}", status=UNPROCESSABLE
        )
    return chosen


def _move(records: Records, item: Raw, what: Held, units: int, cause: Cause) -> None:
    """Changes one place by so many units and writes it down."""
    place = next((one for one in item["bins"] if one["bin"] == what.bin and one["lot"] == what.lot), None)
    if place is None:
        place = _empty_bin(what)
        item["bins"].append(place)
    place["units"] += units
    if place["units"] < 0:
        raise VendorRefused(f"{item['sku']}: {what.bin} holds fewer than {-units}", status=UNPROCESSABLE)
    item["bins"] = [one for one in item["bins"] if one["units"]]
    records.put(ITEMS, item)
    records.put(LEDGER, _entry(records, item, what, units, cause))


def _empty_bin(what: Held) -> dict[str, Any]:
    return {
        "bin": what.bin,
        "site": what.site,
        "lot": what.lot,
        "expires": what.expires,
        "blocked": what.is_blocked,
        "units": 0,
    }


def _entry(records: Records, item: Raw, what: Held, units: int, cause: Cause) -> Raw:
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
        "site": what.site,
        "bin": what.bin,
        "lot": what.lot,
    }
