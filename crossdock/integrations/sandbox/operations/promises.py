"""Promises: the stock that is kept for orders, and the orders that wait until there is enough.

    order ──enough is free──► promised ──sent, or let go──► free
      └──not enough──► WAITING ──stock comes, oldest order first──► promised

So what is promised never exceeds what can ship.
"""

from collections import Counter

from crossdock.integrations.sandbox.operations.forms import refused
from crossdock.integrations.sandbox.world import despatch, stock
from crossdock.integrations.sandbox.world.records import WorldRecords
from crossdock.kit.contract import Raw

WAITING = "WAITING"
QUEUE = "wms_waiting"
"""Ids of the orders that wait, in the order they came."""


def needed_units(records: WorldRecords, order: Raw) -> Counter[str]:
    """Units by item that an order still needs."""
    counts: Counter[str] = Counter()
    for part in despatch.parts_to_send(records, order, despatch.rest_of(order)):
        counts[part.item] += part.units
    return counts


def promise(records: WorldRecords, order: Raw) -> bool:
    """Keep stock for all that an order needs. False, and nothing is kept, when there is not enough."""
    units = needed_units(records, order)
    if any(stock.free(records.get(stock.ITEMS, item)) < n for item, n in units.items()):
        return False
    for item, n in units.items():
        stock.allocate(records, item, n)
    return True


def promise_or_wait(records: WorldRecords, order: Raw) -> None:
    """Keep stock for the order, or put it into the queue; its state says which."""
    if not promise(records, order):
        order["state"] = WAITING
        records.put(QUEUE, {"uid": order["uid"]})


def release(records: WorldRecords, order: Raw) -> None:
    """The order needs nothing any more."""
    if order["state"] == WAITING:
        records.delete(QUEUE, order["uid"])
        return
    for item, n in needed_units(records, order).items():
        stock.allocate(records, item, -n)


def serve_waiting(records: WorldRecords) -> None:
    """Keep stock for orders that waited for it, the oldest first: they are new again."""
    for entry in records.all(QUEUE):
        order = records.get(despatch.ORDERS, entry["uid"])
        if promise(records, order):
            records.delete(QUEUE, order["uid"])
            order["state"] = "NEW"
            records.put(despatch.ORDERS, order)


def check_can_send(records: WorldRecords, order: Raw) -> None:
    """Raise VendorRefused when the order is sent already, cancelled, or waits for stock."""
    if order["state"] in (despatch.SENT, "CANCELLED"):
        word = "fulfilled already" if order["state"] == despatch.SENT else "cancelled"
        raise refused(f"order {order['uid']} is {word}")
    if order["state"] == WAITING:
        items = {item: records.get(stock.ITEMS, item) for item in needed_units(records, order)}
        short = [
            f"{items[item]['sku']} ({n} wanted, {stock.free(items[item])} free)"
            for item, n in needed_units(records, order).items()
            if stock.free(items[item]) < n
        ]
        raise refused(f"order {order['uid']} waits for stock of {', '.join(short)}")
