"""Which kit a move is a part of: it comes of a component of a sale line, and the line is the kit's.

    stock.move ── origin ──▶ sale.line.component ── line ──▶ sale.line ── product ──▶ the kit

Module product_kit.
"""

from typing import Any

from crossdock.integrations.tryton.rpc import Rpc
from crossdock.integrations.tryton.walks.readable import ReadableModels
from crossdock.integrations.tryton.walks.sources import KIT_LINE
from crossdock.kit.contract import Raw

MOVES = ("outgoing_moves.", "customer_moves.")
FIELDS = ("line.product", "line.product.code", "line.quantity", "line.unit.symbol")


async def with_kits(rpc: Rpc, readable: ReadableModels, shipments: list[Raw]) -> list[Raw]:
    """The shipments; those with moves of a kit with `kits`: the components that these come of, by origin."""
    origins = {origin for shipment in shipments for origin in _origins(shipment)}
    if not origins or not await readable.has(KIT_LINE):
        return shipments
    ids = sorted(int(origin.partition(",")[2]) for origin in origins)
    fields = list(await readable.paths(KIT_LINE, FIELDS))
    components = {
        f"{KIT_LINE},{row['id']}": row for row in await rpc.rows(KIT_LINE, [["id", "in", ids]], fields)
    }
    return [_with(shipment, components) for shipment in shipments]


def _with(shipment: Raw, components: dict[str, Raw]) -> Raw:
    of_kits: dict[str, Any] = {
        origin: components[origin] for origin in sorted(_origins(shipment)) if origin in components
    }
    return shipment | {"kits": of_kits} if of_kits else shipment


def _origins(shipment: Raw) -> set[str]:
    """The components of kits that its moves come of."""
    moves = [move for name in MOVES for move in shipment.get(name) or ()]
    return {move["origin"] for move in moves if (move["origin"] or "").startswith(f"{KIT_LINE},")}
