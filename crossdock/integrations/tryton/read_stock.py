"""What the quantities and open moves of an item come to, in each warehouse.

    onhand          lies in a location of the warehouse                 = the three below
    ├── committed       in the output zone, or in storage and assigned to a move that leaves it
    ├── unfulfillable   in the input zone (not put away yet), or in no zone
    └── fulfillable     in storage and assigned to nothing
    awaiting        on a draft or assigned move into the warehouse from outside it

The zones are the input, output and storage locations that Tryton's warehouse names, with what is below them.
"""

from crossdock.integrations.contract import Raw
from crossdock.integrations.tryton.read_values import sum_of, whole


def levels(raw: Raw, warehouse: int) -> dict[str, int]:
    """The figures of one warehouse, as whole units of the item."""
    here = [one for one in raw["quantities"] if one["warehouse"] == warehouse]
    onhand = sum_of(one["quantity"] for one in here)
    in_storage = sum_of(one["quantity"] for one in here if one["zone"] == "storage")
    in_output = sum_of(one["quantity"] for one in here if one["zone"] == "output")
    awaiting = sum_of(one["quantity"] for one in raw["open_moves"] if _is_arriving(one, warehouse))
    reserved = sum_of(one["quantity"] for one in raw["open_moves"] if _is_reserved(one, warehouse))
    return {
        "awaiting": whole(awaiting),
        "onhand": whole(onhand),
        "committed": whole(in_output + reserved),
        "unfulfillable": whole(onhand - in_storage - in_output),
        "fulfillable": whole(in_storage - reserved),
        "sellable": whole(in_storage - reserved),
    }


def _is_arriving(move: Raw, warehouse: int) -> bool:
    """Whether it brings goods into the warehouse. A planned correction of the books does not."""
    begin, end = move["from"], move["to"]
    return bool(end["warehouse"] == warehouse != begin["warehouse"] and begin["type"] != "lost_found")


def _is_reserved(move: Raw, warehouse: int) -> bool:
    """Whether Tryton has assigned stock of the warehouse's storage to it, to leave the storage."""
    begin, end = move["from"], move["to"]
    in_storage = (warehouse, "storage")
    is_leaving = (begin["warehouse"], begin["zone"]) == in_storage != (end["warehouse"], end["zone"])
    return bool(move["state"] == "assigned" and is_leaving)
