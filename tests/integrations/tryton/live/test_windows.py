"""On-demand syncs of a real Tryton read their window of time, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from crossdock.kit.contract import Page, Walk
from crossdock.kit.registry import get_integration
from tests.integrations.tryton.live.server import Tryton
from tests.integrations.tryton.live.test_reads import NewClient, _count, by_id, pages_of, read

pytestmark = pytest.mark.live


def _relabelled(model: str) -> Callable[[Tryton], None]:
    """Gives the last record of a model another reference."""
    return lambda server: server.change(model, server.find(model, [])[-1]["id"], reference="in the window")


CHANGES: dict[str, Callable[[Tryton], object]] = {
    "get_orders": _relabelled("stock.shipment.out"),
    "get_inbound_shipments": _relabelled("stock.shipment.in"),
    "get_returns": _relabelled("stock.shipment.out.return"),
    "get_products": lambda server: server.change("product.product", 20, description="in the window"),
    "get_inventory_ledger": lambda server: _count(server, product=2, location=13, quantity=5.0),
}


@pytest.mark.parametrize("function", get_integration("wms", "tryton").manifest.functions.on_demand)
async def test_a_window_has_what_changed_in_it_and_nothing_else(
    tryton: Tryton, tryton_client: NewClient, function: str
):
    client, name = tryton_client(tryton), function.removeprefix("get_")
    begin = datetime.now(UTC)
    CHANGES[function](tryton)
    end = datetime.now(UTC) + timedelta(seconds=1)
    [(key, raw)] = by_id(await pages_of(client, name, Walk(start=begin, end=end))).items()
    assert read(name, raw).id == key
    year, hour = timedelta(days=365), timedelta(hours=1)
    for start, stop in ((end, end + hour), (begin - year, begin - year + hour)):
        assert await pages_of(client, name, Walk(start=start, end=stop)) == [Page([])]
