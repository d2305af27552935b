"""What the quantities and open moves of an item come to, in each warehouse.

    onhand          lies in a location of the warehouse                 = the three below
    ├── committed       in the output zone, or in storage and assigned to a move that leaves it
    ├── unfulfillable   in the input zone (not put away yet), or in no zone
    └── fulfillable     in storage and assigned to nothing
    awaiting        on a draft or assigned move into the warehouse from outside it

An item that is kept by weight or length has fractions of its unit: each figure rounds down.
The zones are the input, output and storage locations that Tryton's warehouse names, with what is below them.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from crossdock.errors import BadVendorValue
from crossdock.kit.contract import Raw
from crossdock.kit.quantities import Quantity, exact, held

Amounts = dict[str, Decimal]


def levels(raw: Raw, warehouse: int) -> Amounts:
    """The exact figures of one warehouse."""
    here = [stock for stock in raw["quantities"] if stock["warehouse"] == warehouse]
    onhand = _sum(here)
    in_storage = _sum([stock for stock in here if stock["zone"] == "storage"])
    in_output = _sum([stock for stock in here if stock["zone"] == "output"])
    reserved = _moving(raw, warehouse, _is_reserved)
    return {
        "awaiting": _moving(raw, warehouse, _is_arriving),
        "onhand": onhand,
        "committed": in_output + reserved,
        "unfulfillable": onhand - in_storage - in_output,
        "fulfillable": in_storage - reserved,
        "sellable": in_storage - reserved,
    }


def in_units(amounts: Amounts, unit: str | None) -> dict[str, Quantity]:
    """The figures, each rounded down; what they are short of `onhand` then is committed, never to be sold."""
    figures = {name: held([amount], unit) for name, amount in amounts.items()}
    parts = ("committed", "unfulfillable", "fulfillable")
    short = figures["onhand"].whole - sum(figures[name].whole for name in parts)
    for name in ("committed", "unfulfillable"):
        if short and not figures[name].fits:
            figures[name] = replace(figures[name], more=1)
            short -= 1
    return figures


def _sum(parts: list[Raw]) -> Decimal:
    return exact(sum(map(_quantity, parts), Decimal(0))) or Decimal(0)


def _quantity(part: Raw) -> Decimal:
    """The quantity of a part. Raises BadVendorValue for what is none: the others are not all there is."""
    quantity = exact(part["quantity"])
    if quantity is None and part["quantity"] is not None:
        raise BadVendorValue(f"wanted a quantity, got {part['quantity']!r}")
    return quantity or Decimal(0)


def _moving(raw: Raw, warehouse: int, counts: Callable[[Raw, int], bool]) -> Decimal:
    return _sum([move for move in raw["open_moves"] if counts(move, warehouse)])


def _is_arriving(move: Raw, warehouse: int) -> bool:
    """Check whether a move brings goods into the warehouse. A planned correction of the books does not."""
    begin, end = move["from"], move["to"]
    return bool(end["warehouse"] == warehouse != begin["warehouse"] and begin["type"] != "lost_found")


def _is_reserved(move: Raw, warehouse: int) -> bool:
    """Check whether Tryton has assigned stock of the warehouse's storage to a move, to leave the storage."""
    begin, end = move["from"], move["to"]
    in_storage = (warehouse, "storage")
    is_leaving = (begin["warehouse"], begin["zone"]) == in_storage != (end["warehouse"], end["zone"])
    return bool(move["state"] == "assigned" and is_leaving)
