"""An integration with consent, a signature, a host by region, facts and a limit by cost: one small folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from crossdock.connections.oauth import ConsentFlow, ConsentFlows, exchange, new_verifier
from crossdock.connections.permissions import check_permissions
from crossdock.errors import Invalid
from crossdock.kit import registry
from crossdock.kit.contract import Context, Permission
from crossdock.kit.http import Http
from crossdock.kit.limits import LocalSlots
from crossdock.store.connections import problems
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.slots import StoredSlots
from tests.fakes.fake_consent import consent_integration
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer
from tests.journeys.conftest import World


@pytest.fixture
async def server(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OAuthServer]:
    known_integrations = registry.all_integrations() | {("wms", "consent"): consent_integration()}
    monkeypatch.setattr(registry, "all_integrations", lambda: known_integrations)
    async with OAuthServer() as running:
        running.signs = True
        yield running


async def connected(world: World, server: OAuthServer) -> ConnectionRow:
    """A connection whose user went to the vendor's page and came back."""
    integration, services = consent_integration(), world.services
    flows = ConsentFlows(services.database, services.vault, world.clock)
    port = str(URL(server.url).port)
    fields = {"region": "eu", "port": port, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    http = Http(session=services.session, account="consent", slots=LocalSlots())
    context = Context(fields, http, Path(), manifest=integration.manifest)
    begun = ConsentFlow("wms", "consent", fields, "https://us.example/back", new_verifier())
    link = URL(await flows.begin(context, world.organization, begun))
    code = server.consent(link.query["code_challenge"])
    organization, flow = await flows.take(link.query["state"])
    kept_exchange = await exchange(context, flow, code)
    connection, _ = await services.connector.connect(
        organization, integration, flow.credentials, session_values=kept_exchange
    )
    await world.work()
    return connection


async def names(world: World, connection: ConnectionRow) -> list[str]:
    return [document["name"] for document in (await world.documents(connection, "get_warehouses")).values()]


async def test_a_consent_becomes_a_connection_whose_records_sync(world: World, server: OAuthServer):
    connection = await connected(world, server)
    assert await names(world, connection) == ["Hall"]
    assert server.granted == ["authorization_code"]


async def test_tokens_are_renewed_and_rotated_over_all_runs(world: World, server: OAuthServer):
    connection = await connected(world, server)
    for _ in range(3):
        server.expire()
        await world.force(connection, "get_warehouses")
        assert (await world.last_job(connection, "get_warehouses")).state == "done"
    assert server.granted == ["authorization_code", *["refresh_token"] * 3]
    assert len(server.refresh) == 1, "each was used once"


async def test_a_consent_that_was_revoked_is_a_problem_of_the_connection_and_is_repaired(
    world: World, server: OAuthServer
):
    connection = await connected(world, server)
    server.expire()
    server.refresh.clear()
    await world.force(connection, "get_warehouses")
    [problem] = await problems.of_connection(world.services.database, connection.id)
    assert problem.kind == "invalid_credentials"
    count = len(server.granted)
    await world.force(connection, "get_warehouses")
    assert len(server.granted) == count, "it is left alone"

    server.access.add("access-new")
    kept_fields = {"tokens": {"access_token": "access-new", "refresh_token": "refresh-new"}}
    await world.services.connector.reconnect(connection, {}, session_values=kept_fields)
    await world.work()
    assert await problems.of_connection(world.services.database, connection.id) == []
    assert await names(world, connection) == ["Hall"]


async def test_what_the_vendor_says_is_left_is_kept_for_all_workers(world: World, server: OAuthServer):
    server.points_left = 0
    connection = await connected(world, server)
    slots = StoredSlots(world.services.database, world.clock)
    limit = f"wms/consent/{connection.uid}#points"
    pace = consent_integration().manifest.limits.named["points"].pace
    assert await slots.reserve(limit, pace, 10) == pytest.approx(1, 0.1)


async def test_permissions_are_what_the_client_says(world: World, server: OAuthServer):
    connection = await connected(world, server)
    integration = consent_integration()
    async with world.services.writer.sign_in(connection, integration) as client:
        assert await check_permissions(client, integration, integration.functions) == {
            "get_warehouses": Permission("allowed", "get_warehouses")
        }


async def test_a_field_that_does_not_fit_its_pattern_is_refused_and_a_secret_not_repeated(
    world: World, server: OAuthServer
):
    fields = {"port": "80@evil.example", "client_id": "i", "client_secret": "s", "region": "mars"}
    with pytest.raises(Invalid) as caught:
        await world.services.connector.connect(world.organization, consent_integration(), fields)
    assert caught.value.detail["credentials"] == {
        "port": ["port is '80@evil.example'; wanted is Port, as 8080"],
        "region": ["region is 'mars'; wanted is one of eu, us"],
    }
