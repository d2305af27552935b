"""Taking goods in: what a supplier delivers, and what buyers send back."""

from crossdock.integrations.contract import Raw
from crossdock.integrations.sandbox import catalogue, despatch, stock
from crossdock.integrations.sandbox.world import Records, moment

INBOUND = "wms_inbound_shipments"
RETURNS = "wms_returns"
SITES = "wms_warehouses"

BACK_BY = 2
"""The shipping method of return labels."""


def take_delivery(records: Records, inbound: Raw, units_by_row: list[int], place: Raw | None = None) -> Raw:
    """Books a delivery of so many units of each row: a receipt, and stock where the row or the place says."""
    cause = stock.Cause("GOODS_IN", f"Purchase order {inbound['po']}", "INBOUND", inbound["uid"])
    lines = []
    for row, units in zip(inbound["rows"], units_by_row, strict=True):
        if not units:
            continue
        is_blocked = place is not None and place["kind"] == "QUARANTINE"
        bin_uid = place["uid"] if place else row["put_to"]
        what = stock.Held(bin_uid, inbound["site"], units, row["lot"], row["expires"], is_blocked)
        stock.put_in(records, row["item"], what, cause)
        stock.expect(records, row["item"], -units)
        row["arrived"] += units
        lines.append({"item": row["item"], "sku": row["sku"], "units": units})
    inbound["arrivals"].append(
        {"uid": f"receipt_id_{records.number('receipt')}", "at": moment(records.now), "rows": lines}
    )
    return inbound


def close_delivery(records: Records, inbound: Raw, state: str) -> Raw:
    """Ends the waiting for what did not come."""
    for row in inbound["rows"]:
        if row["announced"] > row["arrived"]:
            stock.expect(records, row["item"], row["arrived"] - row["announced"])
    inbound["state"] = state
    return inbound


def send_back(records: Records, returned: Raw) -> Raw:
    """The buyer hands all of it to the carrier, in one parcel."""
    rows = [{"item": row["item"], "units": row["announced"]} for row in returned["rows"]]
    box, load = despatch.in_boxes(rows)[0]
    weight = despatch.pounds(records, box, load)
    way = catalogue.via(BACK_BY)
    returned["state"] = "EN_ROUTE"
    returned["parcels"] = [
        {
            "track": despatch.tracking(records.seed, way["carrier"], records.number("parcel")),
            "via": way,
            "sent": moment(records.now),
            "arrived": None,
            "site": returned["site"],
            "cost": str(despatch.cost(BACK_BY, weight)),
            **despatch.measured(box, weight),
        }
    ]
    return returned


def take_back(records: Records, returned: Raw, good_by_row: list[int], damaged_by_row: list[int]) -> Raw:
    """Books returned units: good ones go back to their pick face, damaged ones into quarantine."""
    for row, good, damaged in zip(returned["rows"], good_by_row, damaged_by_row, strict=True):
        _take_back_row(records, returned, row, good, "GOOD")
        _take_back_row(records, returned, row, damaged, "DAMAGED")
    for parcel in returned["parcels"]:
        parcel["arrived"] = parcel["arrived"] or moment(records.now)
    return returned


def _take_back_row(records: Records, returned: Raw, row: Raw, units: int, condition: str) -> None:
    if not units:
        return
    site, is_good = returned["site"], condition == "GOOD"
    place = (
        records.get(stock.ITEMS, row["item"])["homes"][site]
        if is_good
        else records.get(SITES, site)["quarantine"]
    )
    cause = stock.Cause("RETURN_IN", row["reason"], "RETURN", returned["uid"])
    what = stock.Held(place, site, units, row["lot"], row["expires"], is_blocked=not is_good)
    stock.put_in(records, row["item"], what, cause)
    row["arrived"] += units
    row["restocked"] += units if is_good else 0
    row["arrived_at"] = moment(records.now)
    row["checks"].append(
        {"units": units, "condition": condition, "outcome": "RESTOCKED" if is_good else "QUARANTINED"}
    )
