"""A warehouse that is served as a DecoNetwork site and read as one has the same ledger there and back."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from aiohttp import web

from crossdock.kit import registry
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from tests.emptied import migrated_sqlite
from tests.journeys.conftest import RESOURCES, World, vendor, world
from tests.journeys.test_deco_api import BEGIN, Json, Reader, entry, reader
from tests.journeys.test_every_vendor import database_url

__all__ = ["database_url", "migrated_sqlite", "reader", "vendor", "world"]


@asynccontextmanager
async def listening(http: httpx.AsyncClient) -> AsyncIterator[str]:
    """The application on a port of its own, for clients that speak real HTTP."""

    async def forward(request: web.Request) -> web.Response:
        headers = {"content-type": request.headers.get("content-type", "")}
        answer = await http.request(
            request.method, request.path_qs, content=await request.read(), headers=headers
        )
        return web.Response(status=answer.status_code, body=answer.content, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", forward)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def told(document: Json) -> tuple[Any, ...]:
    is_purchase = document["object_type"] == "inbound_shipment"
    return (
        document["entry_date"], document["inventory_item_id"], document["quantity"], document["event_type"],
        document["object_id"] if is_purchase else None,
    )  # fmt: skip


async def test_a_warehouse_that_is_read_as_a_deconetwork_site_has_the_same_ledger(
    world: World, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(RESOURCES, "get_inventory_ledger", INVENTORY_LEDGER)
    await world.work()
    ledger = await world.documents(reader.connection, "get_inventory_ledger")
    assert len(ledger) > 200
    lately = world.clock() // 1000 - BEGIN
    many = [entry(f"zz-{n:03}", lately, f"item-{n % 3}", n % 2 or -1) for n in range(250)]
    await reader.store(INVENTORY_LEDGER, *many)
    async with listening(reader.http) as url:
        integration = registry.get_integration("wms", "deconetwork")
        credentials = {
            "url": f"{url}/deconetwork/{reader.connection.uid}", "username": reader.connection.uid,
            "password": reader.token,
        }  # fmt: skip
        mirror, _ = await world.services.connector.connect(world.organization, integration, credentials)
        await world.change_connection(mirror, enabled_functions="*")
        await world.force(mirror, "get_inventory_ledger")
        ledger = await world.documents(reader.connection, "get_inventory_ledger")
        copied = await world.documents(mirror, "get_inventory_ledger")
        assert Counter(map(told, copied.values())) == Counter(map(told, ledger.values()))
        late = entry("zz-late", lately - 60, "item-1", 3)
        await reader.store(INVENTORY_LEDGER, late)
        await world.force(mirror, "get_inventory_ledger")
        after = await world.documents(mirror, "get_inventory_ledger")
        assert Counter(told(after[key]) for key in copied) == Counter(map(told, copied.values()))
        assert len(after) == len(copied) + 1, "levels moved, and no entry is taken for another"
