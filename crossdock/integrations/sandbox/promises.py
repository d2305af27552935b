"""Promises: the stock that is kept for orders, and the orders that wait until there is enough.

    order ──enough is free──► promised ──sent, or let go──► free
      └──not enough──► WAITING ──stock comes, oldest order first──► promised

So what is promised never exceeds what can ship.
"""

from collections import Counter

from crossdock.integrations.contract import Raw
from crossdock.integrations.sandbox import despatch, stock
from crossdock.integrations.sandbox.forms import refused
from crossdock.integrations.sandbox.world import Records

WAITING = "WAITING"
QUEUE = "wms_waiting"
"""Ids of the orders that wait, in the order they came."""


def wanted(records: Records, order: Raw) -> Counter[str]:
    """Units by item that an order still needs."""
    found: Counter[str] = Counter()
    for part in despatch.parts_to_send(records, order, despatch.rest_of(order)):
        found[part.item] += part.units
    return found


def promise(records: Records, order: Raw) -> bool:
    """Keeps stock for all that an order needs. False, and nothing is kept, when there is not enough."""
    units = wanted(records, order)
    if any(stock.free(records.get(stock.ITEMS, item)) < n for item, n in units.items()):
        return False
    for item, n in units.items():
        stock.allocate(records, item, n)
    return True


def promise_or_wait(records: Records, order: Raw) -> None:
    """Keeps stock for the order, or puts it into the queue; its state says which."""
    if not promise(records, order):
        order["state"] = WAITING
        records.put(QUEUE, {"uid": order["uid"]})


def let_go(records: Records, order: Raw) -> None:
    """The order needs nothing any more."""
    if order["state"] == WAITING:
        records.delete(QUEUE, order["uid"])
        return
    for item, n in wanted(records, order).items():
        stock.allocate(records, item, -n)


def serve_waiting(records: Records) -> None:
    """Keeps stock for orders that waited for it, the oldest first: they are new again."""
    for entry in records.all(QUEUE):
        order = records.get(despatch.ORDERS, entry["uid"])
        if promise(records, order):
            records.delete(QUEUE, order["uid"])
            order["state"] = "NEW"
            records.put(despatch.ORDERS, order)


def check_can_send(records: Records, order: Raw) -> None:
    """Raises VendorRefused when the order is sent already, cancelled, or waits for stock."""
    if order["state"] in (despatch.SENT, "CANCELLED"):
        word = "fulfilled already" if order["state"] == despatch.SENT else "cancelled"
        raise refused(f"order {order['uid']} is {word}")
    if order["state"] == WAITING:
        items = {item: records.get(stock.ITEMS, item) for item in wanted(records, order)}
        short = [
            f"{items[item]['sku']} ({n} wanted, {stock.free(items[item])} free)"
            for item, n in wanted(records, order).items()
            if stock.free(items[item]) < n
        ]
        raise refused(f"order {order['uid']} waits for stock of {', '.join(short)}")
