"""What callers do with the deliveries of suppliers to a simulated warehouse: announce, change, receive."""

from typing import Any

from crossdock.integrations.sandbox.operations import forms, goods
from crossdock.integrations.sandbox.operations.forms import (
    ArrivalForm,
    ExpectedLine,
    InboundForm,
    NamedForm,
    filled,
    named,
    refused,
)
from crossdock.integrations.sandbox.world import catalogue, intake, stock
from crossdock.integrations.sandbox.world.intake import INBOUND
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

VENDORS = "wms_inbound_shipment_suppliers"
FIRST = 12
"""Inbound shipments are numbered on from those that a world begins with."""
OPEN = ("EXPECTED", "ON_THE_ROAD", "UNLOADING")


def create(records: WorldRecords, _uid: str, body: Any) -> Raw:
    """Announce goods: from now on they are awaited."""
    form = filled(InboundForm, body)
    if form.vendor is None or form.site is None or form.rows is None:
        raise refused("a delivery needs vendor, site and rows")
    uid = f"inbound_shipment_id_{FIRST + records.number('inbound')}"
    items = [goods.item_by_sku(records, expected_line.sku) for expected_line in form.rows]
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


def change(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Change what is given. Rows are given as a whole; what has arrived can't be taken back."""
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


def arrive(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Book a delivery into stock, in the place that is given or where each item belongs."""
    form, inbound = filled(ArrivalForm, body), _open(records, uid)
    site = named(records, goods.SITES, "warehouse", form.site or inbound["site"])["uid"]
    position = goods.place_of(records, form.bin, site) if form.bin else None
    if site != inbound["site"]:
        raise refused(f"delivery {uid} is for {inbound['site']}, not for {site}")
    intake.take_delivery(records, inbound, _units_by_row(records, inbound, form.rows), position)
    inbound["state"] = "UNLOADING"
    return records.put(INBOUND, _settled(inbound))


def _open(records: WorldRecords, uid: str) -> Raw:
    inbound = records.get(INBOUND, uid)
    if inbound["state"] not in OPEN:
        raise refused(f"delivery {uid} is {inbound['state']}: nothing more is done with it")
    return inbound


def _vendor(records: WorldRecords, named_form: NamedForm, client: str) -> Raw:
    """The merchant's supplier; one by a name that is not there yet is made."""
    if named_form.uid is not None:
        return forms.agreed(named_form, named(records, VENDORS, "supplier", named_form.uid), "title")
    known_records = records.all(VENDORS)
    record = next(
        (record for record in known_records if named_form.label in (record["title"], record["uid"])), None
    )
    if record is not None:
        return record
    fields = {"uid": catalogue.vendor_uid(len(known_records)), "title": named_form.label, "client": client}
    return records.put(VENDORS, {"created": moment(records.now), **fields, "short": None, "country": None})


def _from(vendor: Raw) -> Raw:
    """The address that a supplier sends from, as far as it is known."""
    current_vendor = next(
        (current_vendor for current_vendor in catalogue.VENDORS if current_vendor.name == vendor["title"]),
        None,
    )
    if current_vendor is None:
        return {"street": [], "town": None, "region": None, "zip": None, "country": vendor["country"]}
    return {
        "street": [current_vendor.street],
        "town": current_vendor.town,
        "region": current_vendor.region,
        "zip": current_vendor.zip,
        "country": current_vendor.country,
    }


def _expect(records: WorldRecords, inbound: Raw, expected_lines: list[ExpectedLine]) -> None:
    """The rows of a delivery, one an item, and the units that are awaited with them."""
    known_rows = {row["item"]: row for row in inbound["rows"]}
    units: dict[str, int] = {}
    for expected_line in expected_lines:
        uid = goods.item_by_sku(records, expected_line.sku)["uid"]
        units[uid] = units.get(uid, 0) + expected_line.units
    for row in inbound["rows"]:
        if units.get(row["item"], 0) < row["arrived"]:
            raise refused(f"{row['sku']}: {row['arrived']} have arrived already")
    inbound["rows"] = [known_rows.get(item) or _row(records, inbound, item) for item in units]
    for item in known_rows.keys() | units.keys():
        extra_unit = units.get(item, 0) - (known_rows[item]["announced"] if item in known_rows else 0)
        stock.expect(records, item, extra_unit)
    inbound["rows"] = [row | {"announced": units[row["item"]]} for row in inbound["rows"]]


def _row(records: WorldRecords, inbound: Raw, item_uid: str) -> Raw:
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


def _move(records: WorldRecords, inbound: Raw, site: str) -> None:
    """To another warehouse."""
    if inbound["arrivals"]:
        raise refused(f"delivery {inbound['uid']} has arrived in part: its warehouse stays")
    inbound["site"] = named(records, goods.SITES, "warehouse", site)["uid"]
    for row in inbound["rows"]:
        row["put_to"] = goods.home_of(records, row["item"], inbound["site"])


def _units_by_row(records: WorldRecords, inbound: Raw, expected_lines: list[ExpectedLine]) -> list[int]:
    """The units of each row. Raises VendorRefused for any not announced, or more than is still awaited."""
    rows = {row["item"]: n for n, row in enumerate(inbound["rows"])}
    units = [0] * len(rows)
    for expected_line in expected_lines:
        item = goods.item_by_sku(records, expected_line.sku)
        if item["uid"] not in rows:
            raise refused(f"{expected_line.sku} is not announced in delivery {inbound['uid']}")
        units[rows[item["uid"]]] += expected_line.units
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
