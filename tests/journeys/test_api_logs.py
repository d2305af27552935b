"""The log of API calls tells an organization what it called, and never what it sent."""

import httpx
import pytest

from crossdock.errors import Unavailable
from crossdock.store.connections import access, api_calls, integration_requests
from crossdock.web import call_log
from crossdock.web.call_log import CALLED_BY, CalledBy, CallLog
from tests.journeys.conftest import World
from tests.journeys.windows import Caller, Json, caller, http

__all__ = ["caller", "http"]


def called(log: CallLog, number: int, organization: str = "org_1", status: int = 200) -> None:
    log.note(
        {"type": "http", "method": "GET", "path": f"/wms/orders/{number}",
         "state": {"request_id": f"r{number:05}", CALLED_BY: CalledBy(organization, "key_1", None)}},
        status, 0.001,
    )  # fmt: skip


@pytest.fixture
async def logged(world: World) -> tuple[httpx.AsyncClient, CallLog, Json]:
    """A client of an application whose log is written when a test says so."""
    from crossdock.services.application import application

    door = world.services.dependencies()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(application(door)), base_url="http://here")
    _, key = await access.create_key(
        world.services.database, world.organization, name="backend", read_only=False, now_ms=world.clock()
    )
    return client, door.call_log, {"x-trackstar-api-key": key}


async def test_calls_are_listed_newest_first_with_who_made_them(world: World, logged):
    client, log, headers = logged
    for path in ("/connections", "/connections/nobody", "/connections?access_token=ct_secret"):
        world.clock.pass_seconds(1)
        await client.get(path, headers=headers)
    await client.get("/connections", headers={"x-trackstar-api-key": "ck_wrong"})
    await log.write()
    answer = await client.get("/api-logs", headers=headers)
    calls = answer.json()["data"]
    assert [(call["path"], call["status"]) for call in calls] == [
        ("/connections", 200), ("/connections/nobody", 404), ("/connections", 200),
    ]  # fmt: skip
    assert {call["api_key_name"] for call in calls} == {"backend"}
    assert {call["connection_id"] for call in calls} == {None}
    assert "ct_secret" not in answer.text
    assert headers["x-trackstar-api-key"] not in answer.text

    async def paths(**query: str) -> list[int]:
        api_logs = await client.get("/api-logs", headers=headers, params=query)
        assert api_logs.status_code == 200, api_logs.text
        return [call["status"] for call in api_logs.json()["data"]]

    assert await paths(errors_only="True") == await paths(status="4xx") == await paths(status="404") == [404]
    assert await paths(method="POST") == []
    assert await paths(path_prefix="/connections/") == [404]
    assert await paths(**{"created_date[gte]": calls[0]["created_date"]}) == [200]
    assert await paths(**{"created_date[lte]": calls[1]["created_date"]}) == [404, 200]
    facets = (await client.get("/api-logs/facets", headers=headers)).json()["data"]
    assert facets["status"] == [{"value": "200", "count": 2}, {"value": "404", "count": 1}]
    assert facets["connection_id"] == []
    first = (await client.get("/api-logs", headers=headers, params={"limit": "2"})).json()
    remaining_api_logs = await client.get(
        "/api-logs", headers=headers, params={"limit": "2", "page_token": first["next_token"]}
    )
    assert first["data"] + remaining_api_logs.json()["data"] == calls
    for bad in ("nope", "6xx", "40", "4040"):
        refused = await client.get("/api-logs", headers=headers, params={"status": bad})
        assert (refused.status_code, list(refused.json()["detail"]["query"])) == (422, ["status"])


async def test_another_organization_sees_none_of_them(world: World, logged):
    client, log, headers = logged
    database = world.services.database
    stranger = await access.create_organization(database, "stranger", world.clock())
    _, key = await access.create_key(database, stranger, name="s", read_only=True, now_ms=world.clock())
    await client.get("/connections", headers=headers)
    await log.write()
    answer = await client.get("/api-logs", headers={"x-trackstar-api-key": key})
    assert answer.json() == {"data": [], "next_token": None, "total_count": 0}


async def test_a_call_with_a_token_and_one_of_webhooks_are_there_too(world: World, logged):
    client, log, headers = logged
    connection = await world.connect(sync=False)
    services = world.services
    from crossdock.store.connections import connections

    token = await connections.token(services.database, services.vault, connection)
    await client.get("/wms/orders", headers={**headers, "x-trackstar-access-token": token})
    await client.get("/api/v1/app", headers={"authorization": f"Bearer {headers['x-trackstar-api-key']}"})
    await log.write()
    data = (await client.get("/api-logs", headers=headers)).json()["data"]
    assert {(call["path"], call["connection_id"]) for call in data} == {
        ("/wms/orders", connection.uid), ("/api/v1/app", None),
    }  # fmt: skip


async def test_more_calls_than_are_kept_are_counted_and_an_outage_loses_none(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(call_log, "MOST_WAITING", 10)
    monkeypatch.setattr(call_log, "AT_ONCE", 3)
    database = world.services.database
    log = CallLog(database, world.clock, is_on=True)
    for number in range(15):
        called(log, number)
    store = api_calls.add
    tries = []

    async def failing(*args) -> None:
        tries.append(args)
        if len(tries) == 2:
            raise Unavailable("the database is away")
        await store(*args)

    monkeypatch.setattr(api_calls, "add", failing)
    await log.write()
    await log.write()
    rows = await database.fetch("SELECT request_id FROM api_calls ORDER BY id")
    assert [row[0] for row in rows] == [f"r{number:05}" for number in range(10)]


async def test_calls_are_forgotten_by_age_and_not_logged_where_that_is_off(world: World):
    database = world.services.database
    log = CallLog(database, world.clock, is_on=True)
    called(log, 1)
    world.clock.pass_seconds(3600)
    called(log, 2)
    await log.write()
    assert await api_calls.forget(database, world.clock() - 1_800_000, 100) == 1
    silent = CallLog(database, world.clock, is_on=False)
    called(silent, 3)
    await silent.write()
    assert [row[0] for row in await database.fetch("SELECT request_id FROM api_calls")] == ["r00002"]


async def test_an_integration_is_asked_for_once_however_often_it_is_sent(caller: Caller, world: World):
    body = {"integration_name": "Acme WMS", "integration_type": "wms", "url": "https://acme.example"}
    first = (await caller.call("POST", "/integration-requests", json=body)).json()["data"]
    again = await caller.call(
        "POST",
        "/integration-requests",
        json={**body, "integration_name": "ACME wms", "note": "US", "url": None},
    )
    assert again.json()["data"] == {**first, "integration_name": "ACME wms", "note": "US"}
    kept_everies = await integration_requests.every(world.services.database)
    assert [
        (integration_request.name, integration_request.url, integration_request.note)
        for integration_request, _ in kept_everies
    ] == [("ACME wms", "https://acme.example", "US")]
    flows = (await caller.call("GET", "/integration-requests/flows")).json()["data"]
    assert {flow["integration_type"] for flow in flows} == {"wms", "cart", "carrier", "freight"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "integration_name"), ({"integration_name": ""}, "integration_name"),
        ({"integration_name": "  "}, "integration_name"), ({"integration_name": 5}, "integration_name"),
        ({"integration_name": "x" * 201}, "integration_name"),
        ({"integration_name": "x", "url": "javascript:alert(1)"}, "url"),
        ({"integration_name": "x", "url": "https://"}, "url"),
        ({"integration_name": "x", "integration_type": "erp"}, "integration_type"),
        ({"integration_name": "x", "more": 1}, "more"),
    ],
)  # fmt: skip
async def test_a_request_that_does_not_fit_is_refused_by_field(caller: Caller, body: Json, field: str):
    refused = await caller.call("POST", "/integration-requests", json=body)
    assert (refused.status_code, list(refused.json()["detail"]["json"])) == (422, [field])
