"""Sending goods: from the units that leave, through picks and boxes, to shipments with parcels.

lines of the order ──► parts (kits taken apart) ──► picks from bins ──► boxes ──► one shipment a warehouse
"""

import hashlib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.sandbox.world import stock
from crossdock.integrations.sandbox.world.catalogue import BOXES, METHODS, Box
from crossdock.integrations.sandbox.world.people import site_address
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

ORDERS = "wms_orders"
PRODUCTS = "wms_products"
CENT = Decimal("0.01")

# International avoirdupois pound: 0.45359237 kg by definition, 16 oz. The kilogram to the hundred-thousandth.
POUNDS = {"LB": Decimal(1), "OZ": Decimal("0.0625"), "KG": Decimal("2.20462")}

PART_SENT, SENT = "PART_DESPATCHED", "DESPATCHED"

Row = dict[str, Any]
"""Units of one item in a parcel: item, sku, units, lot, expires, kit."""


@dataclass(frozen=True)
class OrderPart:
    """Units of one item that an order needs, and the kit they belong to."""

    item: str
    units: int
    kit: str | None


@dataclass(frozen=True)
class DespatchNotice:
    """The facts that are known of a shipment before it leaves."""

    at: str
    site: str
    via: Row
    parcels: list[Row]


def parts_of(records: WorldRecords, line: Raw, units: int) -> list[OrderPart]:
    """The items of so many units of an order's line: those that its product had when it was ordered."""
    product = records.get(PRODUCTS, line["product"])
    kit = product["uid"] if product["kit"] else None
    parts = line.get("parts") or product["parts"]
    return [OrderPart(part["item"], part["units"] * units, kit) for part in parts]


def rest_of(order: Raw) -> list[int]:
    """All units of each line that have not been sent."""
    return [line["ordered"] - line["shipped"] for line in order["lines"]]


def half_of(order: Raw) -> list[int]:
    """Units to send of each line so that at least one goes and at least one stays.

    Raises VendorRefused when only one is left.
    """
    remaining_numbers = rest_of(order)
    if sum(remaining_numbers) < 2:
        raise VendorRefused(
            f"order {order['uid']} has one unit left, which can't be sent in part", status=stock.UNPROCESSABLE
        )
    to_send, chosen = sum(remaining_numbers) // 2, []
    for units in remaining_numbers:
        chosen.append(min(units, to_send))
        to_send -= chosen[-1]
    return chosen


def parts_to_send(records: WorldRecords, order: Raw, units_by_line: list[int]) -> list[OrderPart]:
    """The items behind so many units of each line."""
    return [
        part
        for line, units in zip(order["lines"], units_by_line, strict=True)
        if units
        for part in parts_of(records, line, units)
    ]


def send(records: WorldRecords, order: Raw, units_by_line: list[int]) -> Raw:
    """Ships these units of each line: stock leaves, the promise on it ends, parcels appear.

    Raises VendorRefused when there is not enough stock; the caller's transaction then undoes the rest.
    """
    rows_by_site: dict[str, list[Row]] = {}
    for part in parts_to_send(records, order, units_by_line):
        for held in _pick(records, order, part):
            rows_by_site.setdefault(held.site, []).append(_row(records, part, held))
    for site, rows in sorted(rows_by_site.items()):
        parcels = [_parcel(records, order, box, load) for box, load in in_boxes(rows)]
        despatch_notice = DespatchNotice(moment(records.now), site, order["via"], parcels)
        order["despatches"].append(_shipment(records, order, despatch_notice))
    return _settled(records, order, units_by_line, moment(records.now))


def send_as_told(
    records: WorldRecords, order: Raw, units_by_line: list[int], despatch_notice: DespatchNotice
) -> Raw:
    """The same from one warehouse, in parcels that are already made up.

    Raises VendorRefused when this warehouse has not enough.
    """
    rows = []
    for part in parts_to_send(records, order, units_by_line):
        cause = _cause(order, despatch_notice.at)
        picked = stock.pick_at(records, part.item, part.units, despatch_notice.site, cause)
        stock.allocate(records, part.item, -part.units)
        rows += [_row(records, part, held) for held in picked]
    room = -(-sum(row["units"] for row in rows) // len(despatch_notice.parcels))
    filled = in_loads(rows, room) + [[] for _ in despatch_notice.parcels]
    for parcel, load in zip(despatch_notice.parcels, filled, strict=False):
        parcel["contents"] = load
    order["despatches"].append(_shipment(records, order, despatch_notice))
    return _settled(records, order, units_by_line, despatch_notice.at)


def in_boxes(rows: list[Row]) -> list[tuple[Box, list[Row]]]:
    """The rows in as few boxes as hold them."""
    return [(_smallest_box(load), load) for load in in_loads(rows, BOXES[-1].units)]


def in_loads(rows: list[Row], limit: int) -> list[list[Row]]:
    """The rows in as few loads as hold at most so many units each."""
    loads: list[list[Row]] = [[]]
    for row in rows:
        remaining_units = row["units"]
        while remaining_units:
            room = limit - sum(entry["units"] for entry in loads[-1])
            if not room:
                loads.append([])
                room = limit
            loads[-1].append({**row, "units": min(remaining_units, room)})
            remaining_units -= loads[-1][-1]["units"]
    return loads


def pounds(records: WorldRecords, box: Box, rows: list[Row]) -> Decimal:
    """The weight of a packed box, in pounds."""
    goods = (_pounds_of(records.get(stock.ITEMS, row["item"])["mass"]) * row["units"] for row in rows)
    return sum(goods, box.pounds)


def _pounds_of(mass: Row | None) -> Decimal:
    """A weight in pounds; nothing when it is not known."""
    return Decimal(mass["value"]) * POUNDS[mass["unit"]] if mass else Decimal(0)


def cost(method: int, weight: Decimal) -> Decimal:
    """The charge of the carrier for so many pounds, to the cent."""
    chosen = METHODS[method]
    return (chosen.base + chosen.per_pound * weight).quantize(CENT, ROUND_HALF_UP)


def measured(box: Box, weight: Decimal) -> dict[str, Any]:
    """A box's size and weight as the warehouse writes them."""
    length, width, height = box.size
    return {
        "size": {"l": length, "w": width, "h": height, "unit": "IN"},
        "mass": {"value": str(weight), "unit": "LB"},
    }


def tracking(seed: int, carrier: str | None, number: int) -> str:
    """A tracking number in the carrier's form; equal for equal worlds."""
    digest = hashlib.blake2b(f"{seed}/{carrier}/{number}".encode(), digest_size=16).digest()
    digits = str(int.from_bytes(digest, "big")).zfill(40)[-18:]
    forms = {
        "carrier_id_0": f"1ZX4R917{digits[:10]}",
        "carrier_id_1": f"9400{digits}",
        "carrier_id_2": digits[:12],
        "carrier_id_3": digits[:10],
    }
    return forms.get(carrier or "", digits[:9])


def track_url(carrier: str | None, number: str) -> str:
    return f"https://track.example.com/{carrier}/{number}"


def _pick(records: WorldRecords, order: Raw, part: OrderPart) -> list[stock.HeldStock]:
    picked = stock.pick(records, part.item, part.units, order["site"], _cause(order, None))
    stock.allocate(records, part.item, -part.units)
    return picked


def _cause(order: Raw, at: str | None) -> stock.StockCause:
    return stock.StockCause("DESPATCH", f"Order {order['number']}", "ORDER", order["uid"], at)


def _settled(records: WorldRecords, order: Raw, units_by_line: list[int], at: str) -> Raw:
    """The order after so many units of each line have left."""
    for line, units in zip(order["lines"], units_by_line, strict=True):
        line["shipped"] += units
        line["picked"] = line["picked"] or line["shipped"] == line["ordered"]
    order["stages"] = {"picked_at": at, "packed_at": at, **order["stages"], "sent_at": at}
    order["state"] = PART_SENT if any(rest_of(order)) else SENT
    return records.put(ORDERS, order)


def _row(records: WorldRecords, part: OrderPart, held: stock.HeldStock) -> Row:
    return {
        "item": part.item,
        "sku": records.get(stock.ITEMS, part.item)["sku"],
        "units": held.units,
        "lot": held.lot,
        "expires": held.expires,
        "kit": part.kit,
    }


def _smallest_box(rows: list[Row]) -> Box:
    units = sum(row["units"] for row in rows)
    return next(box for box in BOXES if units <= box.units)


def _shipment(records: WorldRecords, order: Raw, despatch_notice: DespatchNotice) -> Raw:
    return {
        "uid": f"shipment_id_{records.number('shipment')}",
        "site": despatch_notice.site,
        "state": "LEFT",
        "left_at": despatch_notice.at,
        "via": despatch_notice.via,
        "from": site_address(int(despatch_notice.site.rpartition("_")[2])),
        "to": order["deliver_to"],
        "parcels": despatch_notice.parcels,
    }


def _parcel(records: WorldRecords, order: Raw, box: Box, rows: list[Row]) -> Raw:
    number = records.number("parcel")
    carrier = order["via"]["carrier"]
    track = tracking(records.seed, carrier, number)
    weight = pounds(records, box, rows)
    is_ours_to_pay = order["freight"]["terms"] == "PREPAID"
    charge = str(cost(_method(order["via"]), weight)) if is_ours_to_pay else None
    return {
        "uid": f"package_id_{number}",
        "box": box.name,
        "track": track,
        "track_url": track_url(carrier, track),
        "via": order["via"],
        "cost": charge,
        **measured(box, weight),
        "contents": rows,
    }


def _method(row: Row) -> int:
    """The number of a shipping method; a way that has none costs what the first does."""
    return int(row["method"].rpartition("_")[2]) if row["method"] else 0
