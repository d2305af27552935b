"""What callers do with the deliveries of suppliers to a simulated warehouse: announce, change, receive."""

from typing import Any

from crossdock.integrations.contract import Raw
from crossdock.integrations.sandbox import catalogue, forms, goods, intake, stock
from crossdock.integrations.sandbox.forms import (
    ArrivalForm,
    Expected,
    InboundForm,
    Named,
    filled,
    named,
    refused,
)
from crossdock.integrations.sandbox.intake import INBOUND
from crossdock.integrations.sandbox.world import Records, moment

VENDORS = "wms_inbound_shipment_suppliers"
FIRST = 12
"""Inbound shipments are numbered on from those that a world begins with."""
OPEN = ("EXPECTED", "ON_THE_ROAD", "UNLOADING")


def create(records: Records, _uid: str, body: Any) -> Raw:
    """Announces goods: from now on they are awaited."""
    form = filled(InboundForm, body)
    if form.vendor is None or form.site is None or form.rows is None:
        raise refused("a delivery needs vendor, site and rows")
    uid = f"inbound_shipment_id_{FIRST + records.number('inbound')}"
    items = [goods.item_by_sku(records, one.sku) for one in form.rows]
    client = items[0]["client"]
    vendor = _vendor(records, form.vendor, client)
    inbound: Raw = {
        "uid": uid,
        "client": client,
        "site": named(records, goods.SITES, "warehouse", form.site)["uid"],
        "placed": moment(records.now),
        "po": form.po,
        "state": "EXPECTED",
        "vendor": {"uid": vendor["uid"], "title": vendor["title"]},
        "due": forms.when(form.due, "due") if form.due else None,
        "rows": [],
        "arrivals": [],
        "from": _from(vendor),
        "tracks": [form.track] if form.track else [],
        "memos": [],
        "pallets": None,
        "link": f"https://warehouse.example.com/inbound/{uid}",
    }
    _expect(records, inbound, form.rows)
    return records.put(INBOUND, inbound)


def change(records: Records, uid: str, body: Any) -> Raw:
    """Changes what is given. Rows are given as a whole; what has arrived can't be taken back."""
    form, inbound = filled(InboundForm, body), _open(records, uid)
    if form.vendor is not None:
        vendor = _vendor(records, form.vendor, inbound["client"])
        inbound["vendor"] = {"uid": vendor["uid"], "title": vendor["title"]}
        inbound["from"] = _from(vendor)
    inbound["po"] = form.po or inbound["po"]
    inbound["due"] = forms.when(form.due, "due") if form.due else inbound["due"]
    inbound["tracks"] = [form.track] if form.track else inbound["tracks"]
    if form.site is not None and form.site != inbound["site"]:
        _move(records, inbound, form.site)
    if form.rows is not None:
        _expect(records, inbound, form.rows)
    return records.put(INBOUND, _settled(inbound))


def arrive(records: Records, uid: str, body: Any) -> Raw:
    """Books a delivery into stock, in the place that is given or where each item belongs."""
    form, inbound = filled(ArrivalForm, body), _open(records, uid)
    site = named(records, goods.SITES, "warehouse", form.site or inbound["site"])["uid"]
    place = goods.place_of(records, form.bin, site) if form.bin else None
    if site != inbound["site"]:
        raise refused(f"delivery {uid} is for {inbound['site']}, not for {site}")
    intake.take_delivery(records, inbound, _units_by_row(records, inbound, form.rows), place)
    inbound["state"] = "UNLOADING"
    return records.put(INBOUND, _settled(inbound))


def _open(records: Records, uid: str) -> Raw:
    inbound = records.get(INBOUND, uid)
    if inbound["state"] not in OPEN:
        raise refused(f"delivery {uid} is {inbound['state']}: nothing more is done with it")
    return inbound


def _vendor(records: Records, given: Named, client: str) -> Raw:
    """The merchant's supplier; one by a name that is not there yet is made."""
    if given.uid is not None:
        return named(records, VENDORS, "supplier", given.uid)
    known = records.all(VENDORS)
    found = next((one for one in known if given.label in (one["title"], one["uid"])), None)
    if found is not None:
        return found
    made = {"uid": catalogue.vendor_uid(len(known)), "title": given.label, "client": client}
    return records.put(VENDORS, {"created": moment(records.now), **made, "short": None, "country": None})


def _from(vendor: Raw) -> Raw:
    """Where a supplier sends from, as far as it is known."""
    known = next((one for one in catalogue.VENDORS if one.name == vendor["title"]), None)
    if known is None:
        return {"street": [], "town": None, "region": None, "zip": None, "country": vendor["country"]}
    return {
        "street": [known.street],
        "town": known.town,
        "region": known.region,
        "zip": known.zip,
        "country": known.country,
    }


def _expect(records: Records, inbound: Raw, given: list[Expected]) -> None:
    """The rows of a delivery, one an item, and the units that are awaited with them."""
    known = {row["item"]: row for row in inbound["rows"]}
    units: dict[str, int] = {}
    for one in given:
        uid = goods.item_by_sku(records, one.sku)["uid"]
        units[uid] = units.get(uid, 0) + one.units
    for row in inbound["rows"]:
        if units.get(row["item"], 0) < row["arrived"]:
            raise refused(f"{row['sku']}: {row['arrived']} have arrived already")
    inbound["rows"] = [known.get(item) or _row(records, inbound, item) for item in units]
    for item in known.keys() | units.keys():
        more = units.get(item, 0) - (known[item]["announced"] if item in known else 0)
        stock.expect(records, item, more)
    inbound["rows"] = [row | {"announced": units[row["item"]]} for row in inbound["rows"]]


def _row(records: Records, inbound: Raw, item_uid: str) -> Raw:
    item = records.get(stock.ITEMS, item_uid)
    return {
        "item": item_uid,
        "sku": item["sku"],
        "announced": 0,
        "arrived": 0,
        "vendor_ref": None,
        "lot": stock.lot_of(records, item),
        "expires": None,
        "put_to": goods.home_of(records, item_uid, inbound["site"]),
        "cost": item["cost"],
    }


def _move(records: Records, inbound: Raw, site: str) -> None:
    """To another warehouse."""
    if inbound["arrivals"]:
        raise refused(f"delivery {inbound['uid']} has arrived in part: its warehouse stays")
    inbound["site"] = named(records, goods.SITES, "warehouse", site)["uid"]
    for row in inbound["rows"]:
        row["put_to"] = goods.home_of(records, row["item"], inbound["site"])


def _units_by_row(records: Records, inbound: Raw, given: list[Expected]) -> list[int]:
    """Raises VendorRefused for what was not announced, and for more than is still awaited."""
    rows = {row["item"]: n for n, row in enumerate(inbound["rows"])}
    units = [0] * len(rows)
    for one in given:
        item = goods.item_by_sku(records, one.sku)
        if item["uid"] not in rows:
            raise refused(f"{one.sku} is not announced in delivery {inbound['uid']}")
        units[rows[item["uid"]]] += one.units
    for row, n in zip(inbound["rows"], units, strict=True):
        if n > row["announced"] - row["arrived"]:
            raise refused(
                f"{row['sku']}: {row['announced'] - row['arrived']} are still expected, not {n}; "
                "raise the expected quantity first"
            )
    return units


def _settled(inbound: Raw) -> Raw:
    """A delivery that has come whole is put away."""
    if inbound["arrivals"] and all(row["arrived"] == row["announced"] for row in inbound["rows"]):
        inbound["state"] = "PUT_AWAY"
    return inbound
