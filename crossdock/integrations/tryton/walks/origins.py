"""Which order a return comes of. Its moves name what they come of: moves of the order, or lines of a sale."""

from crossdock.integrations.tryton.rpc import WITH_ARCHIVED, Rpc
from crossdock.kit.contract import Raw

MOVE, ORDER = "stock.move,", "stock.shipment.out,"


async def with_orders(rpc: Rpc, returns: list[Raw]) -> list[Raw]:
    """The returns, each with `order`: the id of the order that all its moves come of, where it is one."""
    sources = {fields["id"]: _sources(fields) for fields in returns}
    unions = sorted(set().union(*sources.values()))
    if not unions:
        return returns
    rows = await rpc.rows("stock.move", [["id", "in", unions]], ["shipment"], **WITH_ARCHIVED)
    orders = {row["id"]: _order(row["shipment"] or "") for row in rows}
    return [fields | _only({orders.get(move) for move in sources[fields["id"]]}) for fields in returns]


def _sources(raw: Raw) -> set[int]:
    """The moves that its moves come of; 0 for a move that comes of something else."""
    origins = [move["origin"] or "" for move in raw["incoming_moves."]]
    if not any(origin.startswith(MOVE) for origin in origins):
        return set()
    return {int(origin.removeprefix(MOVE)) if origin.startswith(MOVE) else 0 for origin in origins}


def _order(shipment: str) -> int | None:
    return int(shipment.removeprefix(ORDER)) if shipment.startswith(ORDER) else None


def _only(orders: set[int | None]) -> Raw:
    order = orders.pop() if len(orders) == 1 else None
    return {} if order is None else {"order": order}
