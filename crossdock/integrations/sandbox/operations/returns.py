"""What callers do with what buyers send back to a simulated warehouse: announce, change, cancel, receive."""

from collections import Counter
from typing import Any

from crossdock.integrations.sandbox.operations import goods
from crossdock.integrations.sandbox.operations.forms import (
    EmptyForm,
    ExpectedLine,
    ReturnForm,
    filled,
    named,
    refused,
)
from crossdock.integrations.sandbox.world import despatch, intake, stock
from crossdock.integrations.sandbox.world.intake import RETURNS
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

FIRST = 12
"""Returns are numbered on from those that a world begins with."""

Sent = Counter[tuple[str, str | None, str | None]]
"""Units by (item, lot, expiry)."""


def create(records: WorldRecords, _uid: str, body: Any) -> Raw:
    """Announce that goods of an order come back, or, without an order, goods that the warehouse knows."""
    form = filled(ReturnForm, body)
    if form.order is None and form.rows is None:
        raise refused("a return needs order, rows, or both")
    uid = f"return_id_{FIRST + records.number('return')}"
    returned: Raw = {
        "uid": uid,
        "client": None,
        "site": None,
        "placed": moment(records.now),
        "state": "ANNOUNCED",
        "order": None,
        "memos": [],
        "rows": [],
        "parcels": [],
        "label_paid_by": "BUYER",
        "link": f"https://warehouse.example.com/returns/{uid}",
    }
    _announce(records, returned, form)
    return records.put(RETURNS, returned)


def change(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Change what is given, as long as nothing has arrived. Rows are given as a whole."""
    form, returned = filled(ReturnForm, body), records.get(RETURNS, uid)
    if returned["state"] not in ("ANNOUNCED", "EN_ROUTE"):
        raise refused(f"return {uid} is {returned['state']}: it can't be changed any more")
    if form.order is not None or form.rows is not None or form.site is not None:
        _announce(records, returned, form)
    return records.put(RETURNS, returned)


def cancel(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Cancel a return: nothing comes back. Cancelling twice is cancelling once."""
    filled(EmptyForm, body)
    returned = records.get(RETURNS, uid)
    if returned["state"] == "VOID":
        return returned
    if any(row["arrived"] for row in returned["rows"]):
        raise refused(f"return {uid} can't be cancelled: some of it has arrived")
    returned["state"] = "VOID"
    return records.put(RETURNS, returned)


def receive(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Book all that is missing of a return as received, in good condition."""
    filled(EmptyForm, body)
    returned = records.get(RETURNS, uid)
    if returned["state"] in ("BOOKED", "VOID"):
        word = "received already" if returned["state"] == "BOOKED" else "cancelled"
        raise refused(f"return {uid} is {word}")
    if not returned["parcels"]:
        intake.send_back(records, returned)
    missing = [row["announced"] - row["arrived"] for row in returned["rows"]]
    intake.take_back(records, returned, missing, [0] * len(missing))
    returned["state"] = "BOOKED"
    return records.put(RETURNS, returned)


def _announce(records: WorldRecords, returned: Raw, form: ReturnForm) -> None:
    order_uid = form.order or returned["order"]
    expected_lines = form.rows or _as_given(returned)
    if order_uid is None:
        rows = _of_no_order(records, expected_lines)
        returned["client"] = records.get(stock.ITEMS, rows[0]["item"])["client"]
        site = form.site or returned["site"] or records.all(goods.SITES)[0]["uid"]
    else:
        order = named(records, despatch.ORDERS, "order", order_uid)
        rows = _of_order(
            records, order, None if form.order and not form.rows else expected_lines, returned["uid"]
        )
        returned["client"] = order["client"]
        site = form.site or returned["site"] or order["despatches"][0]["site"]
    returned["order"] = order_uid
    returned["site"] = named(records, goods.SITES, "warehouse", site)["uid"]
    _set_rows(records, returned, rows)


def _set_rows(records: WorldRecords, returned: Raw, rows: list[Raw]) -> None:
    """Give a return these rows, at its warehouse, with the reasons that their items had."""
    reasons = {row["item"]: row["reason"] for row in returned["rows"]}
    for row in rows:
        goods.home_of(records, row["item"], returned["site"])
        row["reason"] = reasons.get(row["item"])
    for parcel in returned["parcels"]:
        parcel["site"] = returned["site"]
    returned["rows"] = rows


def _as_given(returned: Raw) -> list[ExpectedLine]:
    return [ExpectedLine(sku=row["sku"], units=row["announced"]) for row in returned["rows"]]


def _of_no_order(records: WorldRecords, expected_lines: list[ExpectedLine]) -> list[Raw]:
    units: Counter[str] = Counter()
    for expected_line in expected_lines:
        units[goods.item_by_sku(records, expected_line.sku)["uid"]] += expected_line.units
    items = {item: records.get(stock.ITEMS, item) for item in units}
    return [_row(items[item], stock.lot_of(records, items[item]), None, n) for item, n in units.items()]


def _of_order(
    records: WorldRecords, order: Raw, expected_lines: list[ExpectedLine] | None, but: str
) -> list[Raw]:
    """Rows for what was sent of an order and does not come back in another return."""
    remaining_coming_back = _sent(order) - _coming_back(records, order["uid"], but)
    if not remaining_coming_back:
        raise refused(f"nothing that was sent of order {order['uid']} is left to come back")
    if expected_lines is None:
        chosen = remaining_coming_back
    else:
        chosen = Counter()
        for item, units in _items(records, expected_lines).items():
            chosen += _chosen(records, order, remaining_coming_back, item, units)
    return [
        _row(records.get(stock.ITEMS, item), lot, expires, n) for (item, lot, expires), n in chosen.items()
    ]


def _items(records: WorldRecords, expected_lines: list[ExpectedLine]) -> Counter[str]:
    """Units by item; a kit comes back as what it was put together of."""
    units: Counter[str] = Counter()
    for expected_line in expected_lines:
        kits = [entry for entry in records.named(despatch.PRODUCTS, "sku", expected_line.sku) if entry["kit"]]
        if kits:
            for part in kits[0]["parts"]:
                units[part["item"]] += part["units"] * expected_line.units
        else:
            units[goods.item_by_sku(records, expected_line.sku)["uid"]] += expected_line.units
    return units


def _chosen(records: WorldRecords, order: Raw, remaining_sent: Sent, item: str, units: int) -> Sent:
    chosen: Sent = Counter()
    for key, n in remaining_sent.items():
        if key[0] == item and units > chosen.total():
            chosen[key] = min(n, units - chosen.total())
    if chosen.total() < units:
        sku = records.get(stock.ITEMS, item)["sku"]
        raise refused(
            f"{sku}: {chosen.total()} of order {order['uid']} can come back, not {units}: "
            "no more was sent, or it is announced already"
        )
    return chosen


def _sent(order: Raw) -> Sent:
    sent: Sent = Counter()
    for row in (
        row
        for current_despatch in order["despatches"]
        for box in current_despatch["parcels"]
        for row in box["contents"]
    ):
        sent[row["item"], row["lot"], row["expires"]] += row["units"]
    return sent


def _coming_back(records: WorldRecords, order_uid: str, but: str) -> Sent:
    """The units that other returns bring back of an order."""
    sent: Sent = Counter()
    for record in records.all(RETURNS):
        if record["order"] == order_uid and record["uid"] != but and record["state"] != "VOID":
            for row in record["rows"]:
                sent[row["item"], row["lot"], row["expires"]] += row["announced"]
    return sent


def _row(item: Raw, lot: str | None, expires: str | None, units: int) -> Raw:
    return {
        "item": item["uid"],
        "sku": item["sku"],
        "lot": lot,
        "expires": expires,
        "announced": units,
        "arrived": 0,
        "restocked": 0,
        "arrived_at": None,
        "reason": None,
        "checks": [],
    }
