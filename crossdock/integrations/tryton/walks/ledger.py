"""Stock moves as ledger entries: what each did to the locations of warehouses."""

from collections.abc import Iterator, Mapping

from crossdock.integrations.tryton.walks.stock import StockPlace
from crossdock.kit.contract import Raw


def entries(move: Raw, positions: Mapping[int, StockPlace]) -> Iterator[Raw]:
    """One entry for each side of the move that lies in a warehouse.

    A move that was cancelled after it was done has a second entry there, which takes back the first:
    it is how Tryton counts, and both happened.
    """
    for side, direction in (("from", "out"), ("to", "in")):
        position = positions.get(move[f"{side}_location."]["id"])
        if position is None:
            continue
        entry = {
            "id": f"{move['id']}-{direction}",
            "direction": direction,
            "location": position.location,
            "warehouse": position.warehouse,
            "is_reversal": False,
            "move": move,
        }
        yield entry
        if move["state"] == "cancelled":
            yield entry | {"id": f"{entry['id']}-cancelled", "is_reversal": True}
