"""Sending goods: from the units that leave, through picks and boxes, to shipments with parcels.

lines of the order ──► parts (kits taken apart) ──► picks from bins ──► boxes ──► one shipment a warehouse
"""

import hashlib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.contract import Raw
from crossdock.integrations.sandbox import stock
from crossdock.integrations.sandbox.catalogue import BOXES, METHODS, Box
from crossdock.integrations.sandbox.people import site_address
from crossdock.integrations.sandbox.world import Records, moment

ORDERS = "wms_orders"
PRODUCTS = "wms_products"
CENT = Decimal("0.01")

PART_SENT, SENT = "PART_DESPATCHED", "DESPATCHED"

Row = dict[str, Any]
"""Units of one item in a parcel: item, sku, units, lot, expires, kit."""


@dataclass(frozen=True)
class Part:
    """Units of one item that an order needs, and the kit they belong to."""

    item: str
    units: int
    kit: str | None


def parts_of(product: Raw, units: int) -> list[Part]:
    """The items of so many units of a product."""
    kit = product["uid"] if product["kit"] else None
    return [Part(one["item"], one["units"] * units, kit) for one in product["parts"]]


def rest_of(order: Raw) -> list[int]:
    """All units of each line that have not been sent."""
    return [line["ordered"] - line["shipped"] for line in order["lines"]]


def half_of(order: Raw) -> list[int]:
    """Units to send of each line so that at least one goes and at least one stays.

    Raises VendorRefused when only one is left.
    """
    left = rest_of(order)
    if sum(left) < 2:
        raise VendorRefused(
            f"order {order['uid']} has one unit left, which can't be sent in part", status=stock.UNPROCESSABLE
        )
    to_send, chosen = sum(left) // 2, []
    for units in left:
        chosen.append(min(units, to_send))
        to_send -= chosen[-1]
    return chosen


def parts_to_send(records: Records, order: Raw, units_by_line: list[int]) -> list[Part]:
    """The items behind so many units of each line."""
    return [
        part
        for line, units in zip(order["lines"], units_by_line, strict=True)
        if units
        for part in parts_of(records.get(PRODUCTS, line["product"]), units)
    ]


def send(records: Records, order: Raw, units_by_line: list[int]) -> Raw:
    """Ships these units of each line: stock leaves, the promise on it ends, parcels appear.

    Raises VendorRefused when there is not enough stock; the caller's transaction then undoes the rest.
    """
    rows_by_site: dict[str, list[Row]] = {}
    for part in parts_to_send(records, order, units_by_line):
        for held in _pick(records, order, part):
            rows_by_site.setdefault(held.site, []).append(_row(records, part, held))
    for site, rows in sorted(rows_by_site.items()):
        order["despatches"].append(_shipment(records, order, site, rows))
    for line, units in zip(order["lines"], units_by_line, strict=True):
        line["shipped"] += units
        line["picked"] = line["picked"] or line["shipped"] == line["ordered"]
    at = moment(records.now)
    order["stages"] = {"picked_at": at, "packed_at": at, **order["stages"], "sent_at": at}
    order["state"] = PART_SENT if any(rest_of(order)) else SENT
    return records.put(ORDERS, order)


def in_boxes(rows: list[Row]) -> list[tuple[Box, list[Row]]]:
    """The rows in as few boxes as hold them."""
    largest = BOXES[-1].units
    loads: list[list[Row]] = [[]]
    for row in rows:
        left = row["units"]
        while left:
            room = largest - sum(one["units"] for one in loads[-1])
            if not room:
                loads.append([])
                room = largest
            loads[-1].append({**row, "units": min(left, room)})
            left -= loads[-1][-1]["units"]
    return [(_smallest_box(load), load) for load in loads]


def pounds(records: Records, box: Box, rows: list[Row]) -> Decimal:
    """What a packed box weighs."""
    goods = (Decimal(records.get(stock.ITEMS, row["item"])["mass"]["value"]) * row["units"] for row in rows)
    return sum(goods, box.pounds)


def cost(method: int, weight: Decimal) -> Decimal:
    """What the carrier charges for so many pounds, to the cent."""
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


def _pick(records: Records, order: Raw, part: Part) -> list[stock.Held]:
    cause = stock.Cause("DESPATCH", f"Order {order['number']}", "ORDER", order["uid"])
    picked = stock.pick(records, part.item, part.units, order["site"], cause)
    stock.allocate(records, part.item, -part.units)
    return picked


def _row(records: Records, part: Part, held: stock.Held) -> Row:
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


def _shipment(records: Records, order: Raw, site: str, rows: list[Row]) -> Raw:
    return {
        "uid": f"shipment_id_{records.number('shipment')}",
        "site": site,
        "state": "LEFT",
        "left_at": moment(records.now),
        "via": order["via"],
        "from": site_address(int(site.rpartition("_")[2])),
        "to": order["deliver_to"],
        "parcels": [_parcel(records, order, box, load) for box, load in in_boxes(rows)],
    }


def _parcel(records: Records, order: Raw, box: Box, rows: list[Row]) -> Raw:
    number = records.number("parcel")
    carrier = order["via"]["carrier"]
    track = tracking(records.seed, carrier, number)
    weight = pounds(records, box, rows)
    is_ours_to_pay = order["freight"]["terms"] == "PREPAID"
    return {
        "uid": f"package_id_{number}",
        "box": box.name,
        "track": track,
        "track_url": track_url(carrier, track),
        "via": order["via"],
        "cost": str(cost(int(order["via"]["method"].rpartition("_")[2]), weight)) if is_ours_to_pay else None,
        **measured(box, weight),
        "contents": rows,
    }
