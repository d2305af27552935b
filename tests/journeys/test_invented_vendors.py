"""Two made-up vendors, each one small folder: connected, synced, written to and told by, over real HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from yarl import URL

from crossdock.connections.oauth import ConsentFlow, ConsentFlows, exchange, new_verifier
from crossdock.kit import registry
from crossdock.kit.contract import Context
from crossdock.kit.http import Http
from crossdock.kit.limits import LocalSlots
from crossdock.kit.registry import Integration
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.products import PRODUCTS
from crossdock.resources.wms.returns import RETURNS
from crossdock.services.application import application
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.slots import StoredSlots
from tests.fakes.hay_barn_server import HayBarnServer, barn_order, barn_return, barn_stock
from tests.fakes.invented import HERE, invented, known_with, reached_at
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET
from tests.fakes.tin_loft_server import TinLoftServer, loft_order, loft_product
from tests.journeys.conftest import RESOURCES, World, with_settings
from tests.journeys.writing import writing

FIELDS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture(autouse=True)
def resources(monkeypatch: pytest.MonkeyPatch) -> None:
    for resource in (INVENTORY, RETURNS, PRODUCTS):
        monkeypatch.setitem(RESOURCES, resource.function, resource)


@pytest.mark.parametrize(("name", "at_most"), [("hay_barn", 120), ("tin_loft", 300)])
def test_one_more_vendor_takes_few_lines(name: str, at_most: int):
    """All that a developer writes but cases and notes; blank lines do not count, docstrings do."""
    files = [file for suffix in ("py", "toml", "graphql") for file in (HERE / name).rglob(f"*.{suffix}")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert len([line for line in lines if line.strip()]) <= at_most


# Hay Barn


@pytest.fixture
async def regions() -> AsyncIterator[dict[str, HayBarnServer]]:
    async with HayBarnServer("Barn Europe") as eu, HayBarnServer("Barn America") as us:
        for barn in (eu, us):
            barn.collections["orders"] = [barn_order(number) for number in (1, 2, 3)]
            barn.collections["stock"] = [barn_stock(1)]
            barn.collections["returns"] = [barn_return(1), barn_return(2, state="lost")]
        yield {"eu": eu, "us": us}


@pytest.fixture
def hay_barn(regions: dict[str, HayBarnServer], monkeypatch: pytest.MonkeyPatch) -> Integration:
    integration = reached_at(invented("hay_barn"), {name: barn.url for name, barn in regions.items()})
    monkeypatch.setattr(registry, "all_integrations", known_with(integration))
    return integration


async def in_region(world: World, integration: Integration, region: str) -> ConnectionRow:
    """A new connection with an account in that region, synced."""
    fields = FIELDS | {"region": region}
    connection, _ = await world.services.connector.connect(world.organization, integration, fields)
    await world.work()
    return connection


@pytest.mark.parametrize("region", ["eu", "us"])
async def test_hay_barn_is_connected_and_synced_in_the_region_of_the_account(
    world: World, hay_barn: Integration, regions: dict[str, HayBarnServer], region: str
):
    connection = await in_region(world, hay_barn, region)
    orders = await world.documents(connection)
    assert [order["order_number"] for order in orders.values()] == ["HB-1", "HB-2", "HB-3"]
    [item] = (await world.documents(connection, "get_inventory")).values()
    assert (item["sku"], item["onhand"], item["fulfillable"]) == ("BALE-1", 7, 5)
    returns = await world.documents(connection, "get_returns")
    assert [record["status"] for record in returns.values()] == ["open", "other"]
    strange = regions["us" if region == "eu" else "eu"]
    assert strange.granted == []
    assert not strange.calls


async def test_hay_barn_is_asked_for_changes_only_and_its_token_is_bought_once(
    world: World, hay_barn: Integration, regions: dict[str, HayBarnServer]
):
    connection = await in_region(world, hay_barn, "eu")
    barn = regions["eu"]
    assert barn.granted == ["client_credentials"], "the runs have the token of the check"
    barn.queries.clear()
    barn.collections["orders"][0] |= {"state": "sent", "changed": "2026-02-01T00:05:00Z"}
    await world.force(connection, "get_orders")
    assert [query["since"] for query in barn.queries] == ["2026-02-01T00:00:03Z"]
    [event] = await world.events(connection, "order.updated")
    assert (event["data"]["id"], event["data"]["status"]) == ("1", "fulfilled")
    barn.expire()
    await world.force(connection, "get_orders")
    assert (await world.last_job(connection)).state == "done"
    assert barn.granted == ["client_credentials"] * 2


async def test_an_order_that_hay_barn_made_without_telling_is_made_no_second_time(
    world: World, hay_barn: Integration, regions: dict[str, HayBarnServer]
):
    barn = regions["eu"]
    async with writing(world, await in_region(world, hay_barn, "eu")) as hand:
        first = await hand.order(key="k-1")
        assert first.json()["data"]["order_number"] == "SO-1"
        barn.loses_answers = True
        second = await hand.order(key="k-2", order_number="SO-2")
    assert second.status_code == 200, second.text
    assert [order["number"] for order in barn.collections["orders"]] == [
        "HB-1",
        "HB-2",
        "HB-3",
        "SO-1",
        "SO-2",
    ]


# Tin Loft


@pytest.fixture
async def loft() -> AsyncIterator[TinLoftServer]:
    async with TinLoftServer() as running:
        running.orders = [loft_order(number) for number in (1, 2, 3)]
        running.products = [loft_product(1), loft_product(2)]
        yield running


@pytest.fixture
def tin_loft(loft: TinLoftServer, monkeypatch: pytest.MonkeyPatch) -> Integration:
    integration = reached_at(invented("tin_loft"), {"": loft.url})
    monkeypatch.setattr(registry, "all_integrations", known_with(integration))
    return integration


async def consented(world: World, integration: Integration, loft: TinLoftServer) -> ConnectionRow:
    """A new connection whose user consented on the vendor's page, synced as far as the vendor lets it."""
    services = world.services
    flows = ConsentFlows(services.database, services.vault, world.clock)
    http = Http(session=services.session, account="consent", slots=LocalSlots())
    context = Context(FIELDS, http, Path(), manifest=integration.manifest)
    begun = ConsentFlow("wms", integration.slug, FIELDS, "https://hub.example/back", new_verifier())
    link = URL(await flows.begin(context, world.organization, begun))
    code = loft.consent(link.query["code_challenge"])
    organization, flow = await flows.take(link.query["state"])
    tokens = await exchange(context, flow, code)
    connection, _ = await services.connector.connect(
        organization, integration, flow.credentials, session_values=tokens
    )
    await world.work()
    return connection


async def test_tin_loft_is_connected_by_consent_and_synced(
    world: World, tin_loft: Integration, loft: TinLoftServer
):
    connection = await consented(world, tin_loft, loft)
    orders = await world.documents(connection)
    assert [order["order_number"] for order in orders.values()] == ["TL-1", "TL-2", "TL-3"]
    products = await world.documents(connection, "get_products")
    assert [product["name"] for product in products.values()] == ["Tin 1", "Tin 2"]
    assert loft.granted == ["authorization_code"]


async def test_tin_lofts_refresh_tokens_rotate_over_all_runs(
    world: World, tin_loft: Integration, loft: TinLoftServer
):
    connection = await consented(world, tin_loft, loft)
    for _ in range(3):
        loft.expire()
        await world.force(connection, "get_orders")
        assert (await world.last_job(connection)).state == "done"
    assert loft.granted == ["authorization_code", *["refresh_token"] * 3]
    assert len(loft.refresh) == 1, "each was used once"


async def test_no_worker_waits_while_tin_loft_prepares_an_export(
    world: World, tin_loft: Integration, loft: TinLoftServer
):
    loft.polls = 2
    connection = await consented(world, tin_loft, loft)
    assert await world.documents(connection, "get_products") == {}
    assert (await world.last_job(connection, "get_products")).state == "queued"
    for _ in range(2):
        world.clock.pass_seconds(301)
        await world.work()
    assert len(await world.documents(connection, "get_products")) == 2
    assert loft.operations.count("StartExport") == 1


async def test_points_that_tin_loft_says_are_left_hold_for_all_workers(
    world: World, tin_loft: Integration, loft: TinLoftServer
):
    connection = await consented(world, tin_loft, loft)
    loft.available = 4.0
    await world.force(connection, "get_orders")
    slots = StoredSlots(world.services.database, world.clock)
    pace = tin_loft.manifest.limits.named["points"].pace
    limit = f"wms/tin-loft/{connection.uid}#points"
    assert await slots.reserve(limit, pace, 52) > 4, "51 points come back at 10 a second"


async def test_what_tin_loft_tells_of_is_read_again_at_once(
    world: World, tin_loft: Integration, loft: TinLoftServer
):
    public = with_settings(world, base_url="https://hub.example")
    connection = await consented(public, tin_loft, loft)
    loft.orders[1] |= {"state": "SENT", "updatedAt": "2026-02-01T00:05:00Z"}
    url, body, headers = loft.notice("2")
    transport = httpx.ASGITransport(app=application(public.services.dependencies()))
    async with httpx.AsyncClient(transport=transport) as http:
        forged = await http.post(url, content=body.replace(b"2", b"3"), headers=headers)
        taken_in = await http.post(url, content=body, headers=headers)
    assert (forged.status_code, taken_in.status_code) == (401, 200)
    await public.work()
    [event] = await public.events(connection, "order.updated")
    assert (event["data"]["id"], event["data"]["status"]) == ("2", "fulfilled")
    assert loft.operations.count("Orders") == 2, "two pages of the first sync, and no further sync"
