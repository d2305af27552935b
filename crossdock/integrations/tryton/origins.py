"""Which order a return comes of. Its moves name what they come of: moves of the order, or lines of a sale."""

from crossdock.integrations.contract import Raw
from crossdock.integrations.tryton.rpc import WITH_ARCHIVED, Rpc

MOVE, ORDER = "stock.move,", "stock.shipment.out,"


async def with_orders(rpc: Rpc, returns: list[Raw]) -> list[Raw]:
    """The returns, each with `order`: the id of the order that all its moves come of, where it is one."""
    sources = {one["id"]: _sources(one) for one in returns}
    wanted = sorted(set().union(*sources.values()))
    if not wanted:
        return returns
    rows = await rpc.rows("stock.move", [["id", "in", wanted]], ["shipment"], **WITH_ARCHIVED)
    orders = {row["id"]: _order(row["shipment"] or "") for row in rows}
    return [one | _only({orders.get(move) for move in sources[one["id"]]}) for one in returns]


def _sources(raw: Raw) -> set[int]:
    """The moves that its moves come of; 0 for a move that comes of something else."""
    origins = [move["origin"] or "" for move in raw["incoming_moves."]]
    if not any(one.startswith(MOVE) for one in origins):
        return set()
    return {int(one.removeprefix(MOVE)) if one.startswith(MOVE) else 0 for one in origins}


def _order(shipment: str) -> int | None:
    return int(shipment.removeprefix(ORDER)) if shipment.startswith(ORDER) else None


def _only(orders: set[int | None]) -> Raw:
    order = orders.pop() if len(orders) == 1 else None
    return {} if order is None else {"order": order}
