"""GET /metrics and how fresh data are: what whoever runs Crossdock sees, and what nobody may see there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from crossdock.api.metrics import text
from crossdock.cli import connection_list
from crossdock.metrics import REGISTRY
from crossdock.resources.catalogue import all_resources
from crossdock.services.application import application
from crossdock.services.metrics_server import metrics_served
from crossdock.store.connections import connections
from crossdock.store.connections.access import create_key
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.freshness import percentile
from tests.conftest import Clock
from tests.fakes.vendor import TOKEN, failing, html, throttled
from tests.journeys.conftest import World, order, warehouse, with_settings
from tests.journeys.server import Organization, Server, until
from tests.ports import free_port

LINE = re.compile(r"^(crossdock_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def metrics(body: str) -> dict[str, dict[str, float]]:
    """Name → labels → value."""
    fields: dict[str, dict[str, float]] = {}
    for name, labels, value in LINE.findall(body):
        fields.setdefault(name, {})[labels] = float(value)
    return fields


async def standing(world: World) -> dict[str, dict[str, float]]:
    services = world.services
    body = await text(services.database, services.settings, services.clock())
    return metrics(body.decode())


@contextmanager
def counted(name: str, **labels: str) -> Iterator[list[float]]:
    """By how much a count grows in the block."""
    before = REGISTRY.get_sample_value(name, labels) or 0
    grown: list[float] = []
    yield grown
    grown.append((REGISTRY.get_sample_value(name, labels) or 0) - before)


# Who may read them


def test_there_are_no_metrics_unless_the_operator_wants_them(server: Server):
    with server.beside(metrics_token="") as url:
        answer = httpx.get(f"{url}/metrics")
    assert answer.status_code == 404
    assert "CROSSDOCK_METRICS_TOKEN" in answer.json()["error"]


def test_metrics_want_the_operators_token_and_no_customers_key(server: Server, house: Organization):
    with server.beside(metrics_token="s3cret") as url:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}, house.headers()):
            assert httpx.get(f"{url}/metrics", headers=headers).status_code == 401
        answer = httpx.get(f"{url}/metrics", headers={"Authorization": "Bearer s3cret"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert metrics(answer.text)["crossdock_database_up"] == {"": 1}


def test_the_operator_may_open_them_to_everybody(server: Server):
    with server.beside(metrics_token="open") as url:
        assert httpx.get(f"{url}/metrics").status_code == 200


async def test_a_worker_answers_them_at_a_port_of_its_own(world: World):
    port = free_port()
    with_port = with_settings(world, metrics_port=port, metrics_token="s3cret").services
    async with metrics_served(with_port), httpx.AsyncClient() as http:
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                refused = await http.get(f"{url}/metrics")
                break
            except httpx.ConnectError:
                continue
        assert refused.status_code == 401
        answer = await http.get(f"{url}/metrics", headers={"Authorization": "Bearer s3cret"})
        assert "crossdock_jobs" in answer.text
        assert (await http.get(f"{url}/connections")).status_code == 404


# What they say


def test_answers_are_counted_by_operation_and_status(server: Server, house: Organization):
    name = "crossdock_api_seconds_count"
    with counted(name, operation="listOrders", status="200") as fine:
        house.list("/wms/orders", limit="1")
    with counted(name, operation="listOrders", status="422") as refused:
        house.get("/wms/orders", colour="red")
    with counted(name, operation="none", status="404") as nowhere:
        httpx.get(f"{server.url}/wp-login.php?token=abc")
    until(lambda: (REGISTRY.get_sample_value(name, {"operation": "none", "status": "404"}) or 0) > 0)
    assert (fine, refused) == ([1], [1])
    assert nowhere[0] in (0, 1)  # counted when the answer is out, which the caller may see first


async def test_the_queue_is_shown_by_kind_and_state_and_how_long_it_waits(world: World):
    connection = await world.connect(sync=False)
    await world.queue(connection)
    world.clock.pass_seconds(120)
    body = await standing(world)
    assert body["crossdock_jobs"] == {'kind="sync",state="queued"': 3}
    assert body["crossdock_job_waiting_seconds"] == {"": 120}
    await world.work()
    body = await standing(world)
    assert "crossdock_jobs" not in body
    assert body["crossdock_job_waiting_seconds"] == {"": 0}


async def test_a_lease_that_ran_out_is_shown(world: World):
    connection = await world.connect(sync=False)
    await world.queue(connection, "get_orders")
    await world.services.database.execute(
        "UPDATE jobs SET state = 'running', worker = 'gone', lease_ms = ?", world.clock() + 60_000
    )
    assert (await standing(world))["crossdock_expired_leases"] == {"": 0}
    world.clock.pass_seconds(61)
    assert (await standing(world))["crossdock_expired_leases"] == {"": 1}


async def test_runs_and_their_records_are_counted_by_outcome(world: World):
    world.vendor.collections["orders"] = [order(n) for n in range(5)]
    labels = {"integration": "wms/fake", "function": "get_orders"}
    with (
        counted("crossdock_runs_total", outcome="done", **labels) as done,
        counted("crossdock_run_records_total", what="created", **labels) as created,
        counted("crossdock_run_seconds_count", **labels) as timed,
    ):
        await world.connect()
    assert (done, created, timed) == ([1], [5], [1])
    world.vendor.script("/orders", [html()])
    with counted("crossdock_runs_total", outcome="failed", **labels) as failed:
        await world.next_sync()
    assert failed == [1]


async def test_calls_of_vendors_are_counted_by_status_and_throttles_with_their_wait(world: World):
    await world.connect()
    world.vendor.script("/orders", [throttled(7), failing(500)])
    calls, vendor = "crossdock_vendor_seconds_count", "wms/fake"
    with (
        counted(calls, integration=vendor, status="429") as slow,
        counted(calls, integration=vendor, status="500") as down,
        counted("crossdock_vendor_throttles_total", integration=vendor) as throttles,
        counted("crossdock_vendor_waited_seconds_total", integration=vendor) as waited,
    ):
        await world.next_sync()
    assert (slow, down, throttles) == ([1], [1], [1])
    assert waited[0] >= 7


async def test_what_was_set_aside_and_what_is_wrong_is_shown(world: World):
    world.vendor.collections["orders"] = [order(1), order(2, total="a lot"), order(3, total="more")]
    await world.connect()
    assert (await standing(world))["crossdock_quarantine"] == {'function="get_orders"': 2}
    world.vendor.tokens.clear()
    await world.next_sync()
    assert (await standing(world))["crossdock_connection_problems"] == {
        'kind="invalid_credentials"': 1, 'kind="records_set_aside"': 1
    }  # fmt: skip


async def fresh(world: World, connection: ConnectionRow, seconds_ago: float | None) -> None:
    """Has the orders of a connection synced so long ago."""
    moment = None if seconds_ago is None else world.clock() - int(seconds_ago * 1000)
    await world.services.database.execute(
        "UPDATE schedules SET fresh_ms = ? WHERE connection_id = ? AND function = 'get_orders'",
        moment, connection.id,
    )  # fmt: skip


async def test_the_age_of_data_is_shown_by_quantiles_over_connections(world: World):
    ages = [*range(10, 110, 10), None]
    for age in ages:
        await fresh(world, await world.connect(sync=False), age)
    body = await standing(world)
    expected = {"0.5": 50, "0.9": 90, "0.99": 100, "1": 100}
    assert body["crossdock_data_age_seconds"] == {
        f'function="get_orders",quantile="{share}"': age for share, age in expected.items()
    }
    assert body["crossdock_never_synced"]['function="get_orders"'] == 1


async def test_what_is_paused_or_switched_off_has_no_age(world: World):
    on, paused, off = [await world.connect(sync=False) for _ in range(3)]
    await fresh(world, on, 60)
    for connection in (paused, off):
        await fresh(world, connection, 9999)
    database = world.services.database
    await database.execute("UPDATE schedules SET paused = ? WHERE connection_id = ?", True, paused.id)
    await world.change_connection(off, disabled_functions="get_order_packs,get_orders")
    name = 'function="get_orders",quantile="1"'
    assert (await standing(world))["crossdock_data_age_seconds"][name] == 60
    await database.execute("UPDATE organizations SET disabled_functions = 'wms:,wms:get_orders'")
    assert "crossdock_data_age_seconds" not in await standing(world)


async def test_a_process_whose_database_is_away_still_answers(world: World):
    if world.services.database.dialect == "sqlite":
        pytest.skip("a file does not go away")
    await world.services.database.close()
    body = await standing(world)
    assert body["crossdock_database_up"] == {"": 0}
    assert "crossdock_jobs" not in body
    assert "crossdock_api_seconds_count" in body or "crossdock_runs_total" in body


async def test_p20_metrics_name_no_tenant_no_secret_and_no_address(world: World):
    world.vendor.collections["orders"] = [order(1), order(2, total="a lot")]
    world.vendor.script("/orders", [failing(503)])
    connection = await world.connect()
    _, key = await create_key(
        world.services.database, world.organization, name="k", read_only=False, now_ms=world.clock()
    )
    token = await connections.token(world.services.database, world.services.vault, connection)
    transport = httpx.ASGITransport(application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        headers = {"x-trackstar-api-key": key, "x-trackstar-access-token": token}
        await http.get(f"/connections/{connection.uid}", headers=headers)
        await http.get(f"/{token}/{connection.uid}", headers=headers)
        await http.get(f"/integrations/{connection.uid}", headers=headers)
    services = world.services
    body = (await text(services.database, services.settings, services.clock())).decode()
    hidden = (key, token, TOKEN, connection.uid, world.organization, world.vendor.url, "127.0.0.1", "o-002")
    assert [name for name in hidden if name in body] == []
    names = {label for _, labels, _ in LINE.findall(body) for label in re.findall(r'(\w+)="', labels)}
    assert names <= {
        "operation", "status", "le", "integration", "function", "outcome", "what", "kind", "state",
        "quantile", "version",
    }  # fmt: skip
    functions = {resource.function for resource in all_resources()}
    assert set(re.findall(r'function="(\w+)"', body)) <= functions


async def test_every_log_line_of_a_run_has_the_id_of_its_job(world: World):
    connection = await world.connect()
    world.vendor.script("/orders", [failing(500)])
    with capture_logs([structlog.contextvars.merge_contextvars]) as logs:
        await world.next_sync()
    job = await world.last_job(connection)
    of_orders = [log for log in logs if log["event"] in ("vendor_failing", "vendor_recovered")]
    assert [entry["event"] for entry in of_orders] == ["vendor_failing", "vendor_recovered"]
    assert {entry["job"] for entry in of_orders} == {job.id}


# How fresh data are


Json = dict[str, Any]


async def freshness(world: World, connection: ConnectionRow) -> dict[str, Json]:
    """What the API says, by function."""
    _, key = await create_key(
        world.services.database, world.organization, name="k", read_only=True, now_ms=world.clock()
    )
    transport = httpx.ASGITransport(application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        path = f"/connections/{connection.uid}/freshness"
        answer = await http.get(path, headers={"x-trackstar-api-key": key})
    assert answer.status_code == 200, answer.text
    assert answer.json()["connection_id"] == connection.uid
    return {record["function_name"]: record for record in answer.json()["data"]}


async def test_data_are_as_old_as_the_start_of_the_last_run_that_went_to_its_end(world: World, clock: Clock):
    world.vendor.collections["orders"] = [order(n) for n in range(3)]
    connection = await world.connect(sync=False)
    assert (await freshness(world, connection))["get_orders"]["age_seconds"] is None
    await world.work()
    clock.pass_seconds(90)
    get_orders = (await freshness(world, connection))["get_orders"]
    assert get_orders["age_seconds"] == 90
    assert get_orders["latest_data"] == "2026-02-01T00:00:02Z"
    run = get_orders["last_run"]
    assert (run["outcome"], run["received"], run["created"], run["error"]) == ("completed", 3, 3, None)
    world.vendor.script("/orders", [html()])
    await world.next_sync(3600)
    clock.pass_seconds(10)
    get_orders = (await freshness(world, connection))["get_orders"]
    assert get_orders["age_seconds"] == 90 + 3600 + 10
    assert get_orders["last_run"]["outcome"] == "failed"
    assert get_orders["last_run"]["error"]


async def test_the_lag_is_from_the_start_of_one_run_to_the_end_of_the_next(world: World, clock: Clock):
    connection = await world.connect()
    assert (await freshness(world, connection))["get_warehouses"]["lag_seconds"] is None
    for seconds in (4000, 5000, 3600):
        clock.pass_seconds(seconds)
        world.vendor.script("/orders", [throttled(20)])
        await world.force(connection, "get_orders")
    lag = (await freshness(world, connection))["get_orders"]["lag_seconds"]
    # A second until it is queued; 20 s of its own, when it was throttled, and of the run before; the clock of
    # the tests passes them once more for each call that waits at the same time.
    assert lag["runs"] == 3
    assert 4000 < lag["p50"] < 4000 + 41 + 80
    assert 5000 < lag["p90"] == lag["p99"] < 5000 + 41 + 80


async def test_the_rate_of_a_run_is_what_it_received_over_its_time(world: World):
    world.vendor.collections["orders"] = [order(n) for n in range(40)]
    world.vendor.script("/orders", [throttled(8)])
    connection = await world.connect()
    run = (await freshness(world, connection))["get_orders"]["last_run"]
    assert run["duration_seconds"] >= 8
    assert run["records_per_second"] == round(40 / run["duration_seconds"], 1)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 20), (0.9, 40), (0.01, 10), (1.0, 40), (0.25, 10), (0.26, 20)]
)
def test_a_percentile_is_a_value_that_is_really_there(share: float, expected: int):
    assert percentile([10, 20, 30, 40], share) == expected


def test_p19_nobody_sees_how_fresh_anothers_data_are(server: Server, house: Organization):
    stranger = server.organization()
    path = f"/connections/{house.uids['wms']}/freshness"
    assert house.get(path, None).status_code == 200
    assert stranger.get(path, None).status_code == 404


async def test_the_command_line_shows_it_too(world: World, capsys: pytest.CaptureFixture[str]):
    world.vendor.collections["warehouses"] = [warehouse(1)]
    await world.connect()
    capsys.readouterr()
    await connection_list.show(world.services.settings, as_json=True)
    [row] = httpx.Response(200, text=capsys.readouterr().out).json()
    by_name = {item["function_name"]: item for item in row["freshness"]}
    assert by_name["get_warehouses"]["last_run"]["received"] == 1
