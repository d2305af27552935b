"""Taking goods in: what a supplier delivers, and what buyers send back."""

from crossdock.integrations.sandbox.world import catalogue, despatch, stock
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

INBOUND = "wms_inbound_shipments"
RETURNS = "wms_returns"
SITES = "wms_warehouses"

BACK_BY = 2
"""The shipping method of return labels."""


def take_delivery(
    records: WorldRecords, inbound: Raw, units_by_row: list[int], raw: Raw | None = None
) -> Raw:
    """Book a delivery of so many units of each row: a receipt, and stock where the row or the place says."""
    cause = stock.StockCause("GOODS_IN", f"Purchase order {inbound['po']}", "INBOUND", inbound["uid"])
    lines = []
    for row, units in zip(inbound["rows"], units_by_row, strict=True):
        if not units:
            continue
        is_blocked = raw is not None and raw["kind"] == "QUARANTINE"
        bin_uid = raw["uid"] if raw else row["put_to"]
        held_stock = stock.HeldStock(bin_uid, inbound["site"], units, row["lot"], row["expires"], is_blocked)
        stock.put_in(records, row["item"], held_stock, cause)
        stock.expect(records, row["item"], -units)
        row["arrived"] += units
        lines.append({"item": row["item"], "sku": row["sku"], "units": units})
    inbound["arrivals"].append(
        {"uid": f"receipt_id_{records.number('receipt')}", "at": moment(records.now), "rows": lines}
    )
    return inbound


def close_delivery(records: WorldRecords, inbound: Raw, state: str) -> Raw:
    """End the waiting for what did not come."""
    for row in inbound["rows"]:
        if row["announced"] > row["arrived"]:
            stock.expect(records, row["item"], row["arrived"] - row["announced"])
    inbound["state"] = state
    return inbound


def send_back(records: WorldRecords, returned: Raw) -> Raw:
    """The buyer hands all of it to the carrier, in one parcel."""
    rows = [{"item": row["item"], "units": row["announced"]} for row in returned["rows"]]
    box, load = despatch.in_boxes(rows)[0]
    weight = despatch.pounds(records, box, load)
    method = catalogue.via(BACK_BY)
    returned["state"] = "EN_ROUTE"
    returned["parcels"] = [
        {
            "track": despatch.tracking(records.seed, method["carrier"], records.number("parcel")),
            "via": method,
            "sent": moment(records.now),
            "arrived": None,
            "site": returned["site"],
            "cost": str(despatch.cost(BACK_BY, weight)),
            **despatch.measured(box, weight),
        }
    ]
    return returned


def take_back(records: WorldRecords, returned: Raw, good_by_row: list[int], damaged_by_row: list[int]) -> Raw:
    """Book returned units: good ones go back to their pick face, damaged ones into quarantine."""
    for row, good, damaged in zip(returned["rows"], good_by_row, damaged_by_row, strict=True):
        _take_back_row(records, returned, row, good, "GOOD")
        _take_back_row(records, returned, row, damaged, "DAMAGED")
    for parcel in returned["parcels"]:
        parcel["arrived"] = parcel["arrived"] or moment(records.now)
    return returned


def _take_back_row(records: WorldRecords, returned: Raw, row: Raw, units: int, condition: str) -> None:
    if not units:
        return
    site, is_good = returned["site"], condition == "GOOD"
    home = (
        records.get(stock.ITEMS, row["item"])["homes"][site]
        if is_good
        else records.get(SITES, site)["quarantine"]
    )
    cause = stock.StockCause("RETURN_IN", row["reason"], "RETURN", returned["uid"])
    held_stock = stock.HeldStock(home, site, units, row["lot"], row["expires"], is_blocked=not is_good)
    stock.put_in(records, row["item"], held_stock, cause)
    row["arrived"] += units
    row["restocked"] += units if is_good else 0
    row["arrived_at"] = moment(records.now)
    row["checks"].append(
        {"units": units, "condition": condition, "outcome": "RESTOCKED" if is_good else "QUARANTINED"}
    )
