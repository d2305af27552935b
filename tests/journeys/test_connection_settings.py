"""What is set for a connection, its access tokens, and its functions that are off: by every way in."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from crossdock.connections.function_switches import set_disabled
from crossdock.connections.tokens import rotate_token
from crossdock.services.application import application
from crossdock.store.connections import access, connections
from crossdock.store.connections.access import OrganizationChoices
from crossdock.store.people.audit_log import SYSTEM
from crossdock.web.usage import UsageCounter
from tests.journeys.conftest import World, order, with_settings
from tests.journeys.windows import Caller, caller, http, new_caller

__all__ = ["caller", "http"]

HOUR, DAY = 3600, 86_400


def path(caller: Caller, end: str = "settings") -> str:
    return f"/connections/{caller.connection.uid}/{end}"


async def change(caller: Caller, **body: Any) -> httpx.Response:
    return await caller.call("PATCH", path(caller), json=body)


async def audited(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """(action, kind of actor, detail) of each entry, in order."""
    rows = await world.services.database.fetch(
        "SELECT action, actor_kind, detail FROM audit_log WHERE actor_kind <> 'system' ORDER BY at_ms, id"
    )
    return [(row[0], row[1], msgspec.json.decode(row[2])) for row in rows]


# Settings


async def test_a_frequency_of_its_own_is_shown_and_kept_to(caller: Caller, world: World):
    answer = await change(caller, sync_frequency={"get_orders": 600})
    assert answer.status_code == 200, answer.text
    assert answer.json()["sync_frequency"]["get_orders"] == {"seconds": 600, "default_seconds": 3600}
    shown = (await caller.call("GET", f"/connections/{caller.connection.uid}")).json()["data"]
    seconds = {plan["function_name"]: plan["sync_frequency"] for plan in shown["sync_schedules"]}
    assert seconds == {"get_orders": 600, "get_order_packs": 3600, "get_warehouses": 43_200}

    before = len(world.asked())
    await world.next_sync(600)
    assert len(world.asked()) == before + 1
    await world.next_sync(600)
    assert len(world.asked()) == before + 2


async def test_null_puts_a_frequency_back_to_its_default_and_a_reset_or_reconnect_keeps_it(
    caller: Caller, world: World
):
    await change(caller, sync_frequency={"get_orders": 60, "get_warehouses": 7 * DAY})
    await world.services.connector.reconnect(caller.connection, {})
    assert (await world.schedule(caller.connection)).every_seconds == 60
    await change(caller, sync_frequency={"get_orders": None})
    assert (await world.schedule(caller.connection)).every_seconds == 3600
    assert (await world.schedule(caller.connection, "get_warehouses")).every_seconds == 7 * DAY
    await change(caller, sync_frequency=None)
    assert (await world.schedule(caller.connection, "get_warehouses")).every_seconds == 12 * HOUR


async def test_a_quicker_pace_does_not_wait_for_the_slower_one(caller: Caller, world: World):
    await change(caller, sync_frequency={"get_warehouses": 60})
    assert (await world.schedule(caller.connection, "get_warehouses")).due_ms <= world.clock() + 60_000


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (
            {"sync_frequency": {"get_orders": 59}},
            "sync_frequency.get_orders",
            "is 59; wanted are 60 to 604800",
        ),
        ({"sync_frequency": {"get_orders": 604_801}}, "sync_frequency.get_orders", "wanted are 60 to 604800"),
        ({"sync_frequency": {"get_bills": 60}}, "sync_frequency.get_bills", "does not sync 'get_bills'"),
        ({"lookback_days": -1}, "lookback_days", "is -1; wanted are 0 to 1096 days"),
        ({"lookback_days": 1097}, "lookback_days", "is 1097; wanted are 0 to 1096 days"),
        ({"lookback_days": "30"}, "lookback_days", "must be"),
        ({"colour": "red"}, "colour", ""),
    ],
)
async def test_what_does_not_fit_is_named_and_nothing_is_changed(
    caller: Caller, world: World, body: dict[str, Any], field: str, says: str
):
    refused = await change(caller, customer_id="c-9", **body)
    assert refused.status_code == 422
    assert says in str(refused.json()["detail"]["json"][field])
    assert (await caller.call("GET", path(caller))).json()["customer_id"] is None
    assert await audited(world) == []


async def test_a_look_back_of_its_own_holds_for_first_syncs_that_have_not_begun(
    world: World, http: httpx.AsyncClient
):
    old = order(1, updated_at="2025-10-01T00:00:00Z")
    world.vendor.collections["orders"] = [old, order(2)]
    caller = await new_caller(world, http, sync=False)
    await change(caller, lookback_days=365)
    await world.work()
    assert await world.count(caller.connection) == 2
    other = await world.connect()
    assert await world.count(other) == 1, "30 days, as the operator has it"
    await change(caller, lookback_days=None)
    assert (await caller.call("GET", path(caller))).json()["lookback_days"] is None


async def test_both_ways_change_the_same_and_the_audit_log_has_who_and_what(caller: Caller, world: World):
    by_token = await caller.call("PATCH", "/connections", json={"lookback_days": 90, "customer_id": "c-1"})
    assert by_token.json() == {"id": caller.connection.uid, "object": "connection", "updated": True}
    world.clock.pass_seconds(1)
    await change(caller, webhooks_disabled=True, keep_raw=True)
    shown = (await caller.call("GET", path(caller))).json()
    assert (shown["lookback_days"], shown["customer_id"], shown["webhooks_disabled"], shown["keep_raw"]) == (
        90, "c-1", True, True,
    )  # fmt: skip
    assert await audited(world) == [
        ("connection.changed", "api_key", {"customer_id": "c-1", "lookback_days": 90}),
        ("connection.changed", "api_key", {"webhooks_disabled": True, "keep_raw": True}),
    ]


async def test_another_organization_sees_and_changes_nothing(
    caller: Caller, world: World, http: httpx.AsyncClient
):
    database = world.services.database
    stranger = await access.create_organization(database, "Stranger", 1)
    _, key = await access.create_key(database, stranger, name="", read_only=False, now_ms=1)
    headers = {"x-trackstar-api-key": key}
    for method, end in (
        ("GET", "settings"), ("PATCH", "settings"), ("GET", "token"), ("GET", "tokens"),
        ("POST", "token/rotate"),
    ):  # fmt: skip
        answer = await http.request(method, path(caller, end), headers=headers, json={})
        assert answer.status_code == 404, (method, end)
        assert "ct_" not in answer.text
    assert await audited(world) == []


async def test_pausing_and_switching_off_are_in_the_audit_log(caller: Caller, world: World):
    await caller.call("PATCH", "/schedules/get_orders/toggle", json={"paused": True})
    world.clock.pass_seconds(1)
    await caller.call("PATCH", "/schedules/toggle-all", json={"paused": False})
    world.clock.pass_seconds(1)
    await caller.call("PATCH", "/schedules/disabled-functions", json={"disabled_functions": ["create_order"]})
    assert await audited(world) == [
        ("schedule.paused", "api_key", {"function": "get_orders"}),
        ("schedule.resumed", "api_key", {"function": None}),
        ("connection.functions_changed", "api_key", {"disabled_functions": ["create_order"]}),
    ]


# Tokens


async def works(caller: Caller, token: str) -> bool:
    headers = caller.headers | {"x-trackstar-access-token": token}
    answer = await caller.http.get("/wms/orders", headers=headers)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def rotate(caller: Caller, **body: int) -> dict[str, Any]:
    answer = await caller.call("POST", path(caller, "token/rotate"), json=body)
    assert answer.status_code == 200, answer.text
    rotated: dict[str, Any] = answer.json()
    caller.headers["x-trackstar-access-token"] = rotated["access_token"]
    return rotated


async def test_a_token_that_was_replaced_works_until_its_grace_is_over(caller: Caller, world: World):
    first = caller.headers["x-trackstar-access-token"]
    rotated = await rotate(caller, grace_seconds=600)
    assert rotated["previous_token_expires_at"] == "2026-02-02T02:50:00Z"
    second = rotated["access_token"]
    assert second != first
    assert await works(caller, second)
    assert await works(caller, first)
    third = (await rotate(caller))["access_token"]
    assert [await works(caller, token) for token in (first, second, third)] == [True, True, True]
    world.clock.pass_seconds(600)
    assert [await works(caller, token) for token in (first, second, third)] == [False, True, True]
    world.clock.pass_seconds(DAY)
    assert [await works(caller, token) for token in (first, second, third)] == [False, False, True]


async def test_without_grace_all_tokens_before_end_at_once(caller: Caller, world: World):
    first = caller.headers["x-trackstar-access-token"]
    second = (await rotate(caller))["access_token"]
    third = await rotate(caller, grace_seconds=0)
    assert third["previous_token_expires_at"] is None
    assert [await works(caller, token) for token in (first, second, third["access_token"])] == [
        False, False, True,
    ]  # fmt: skip
    assert await world.services.database.fetch("SELECT digest FROM retired_tokens") == []


@pytest.mark.parametrize("grace", [-1, 7 * DAY + 1, 1.5, "600", None])
async def test_a_grace_that_is_none_is_refused_and_the_token_stays(caller: Caller, grace: Any):
    answer = await caller.call("POST", path(caller, "token/rotate"), json={"grace_seconds": grace})
    assert answer.status_code == 422
    assert "grace_seconds" in answer.json()["detail"]["json"]
    assert await works(caller, caller.headers["x-trackstar-access-token"])


async def test_the_list_of_tokens_tells_when_each_was_used_and_never_what_it_is(caller: Caller, world: World):
    first = caller.headers["x-trackstar-access-token"]
    await rotate(caller, grace_seconds=600)
    world.clock.pass_seconds(60)
    uses = UsageCounter(world.services.database, world.clock)
    uses.count(caller.connection.id, retired=first)
    await uses.write()
    world.clock.pass_seconds(60)
    answer = await caller.call("GET", path(caller, "tokens"))
    assert "ct_" not in answer.text
    current, retired = answer.json()["data"]
    assert current == {"created_at": "2026-02-02T02:40:00Z", "last_used": None, "expires_at": None}
    assert (retired["last_used"], retired["expires_at"]) == ("2026-02-02T02:41:00Z", "2026-02-02T02:50:00Z")
    uses.count(caller.connection.id)
    await uses.write()
    current, retired = (await caller.call("GET", path(caller, "tokens"))).json()["data"]
    assert (current["last_used"], retired["last_used"]) == ("2026-02-02T02:42:00Z", "2026-02-02T02:41:00Z")
    shown = (await caller.call("GET", f"/connections/{caller.connection.uid}")).json()["data"]
    assert (shown["times_used"], shown["last_used"]) == (2, "2026-02-02T02:42:00Z")
    assert first not in answer.text
    world.clock.pass_seconds(600)
    assert (await caller.call("GET", path(caller, "tokens"))).json()["total_count"] == 1


async def test_p29_a_read_only_key_sees_no_token_and_rotates_none(caller: Caller, world: World):
    database = world.services.database
    _, key = await access.create_key(database, world.organization, name="r", read_only=True, now_ms=1)
    headers = {"x-trackstar-api-key": key}
    token = caller.headers["x-trackstar-access-token"]
    for method, end in (("GET", "token"), ("POST", "token/rotate")):
        answer = await caller.http.request(method, path(caller, end), headers=headers)
        assert (answer.status_code, answer.json()["origin"]) == (403, "trackstar")
        assert token not in answer.text
    for end in ("tokens", "settings", "freshness"):
        answer = await caller.http.get(path(caller, end), headers=headers)
        assert (answer.status_code, token in answer.text) == (200, False)
    assert await audited(world) == []
    assert await works(caller, token)


async def test_each_look_and_each_rotation_is_in_the_audit_log(caller: Caller, world: World):
    shown = await caller.call("GET", path(caller, "token"))
    assert shown.json()["access_token"] == caller.headers["x-trackstar-access-token"]
    world.clock.pass_seconds(60)
    await rotate(caller, grace_seconds=600)
    world.clock.pass_seconds(60)
    await rotate(caller, grace_seconds=0)
    assert await audited(world) == [
        ("access_token.viewed", "api_key", {}),
        ("access_token.rotated", "api_key", {"previous_works_until": "2026-02-02T02:51:00Z"}),
        ("access_token.rotated", "api_key", {"previous_works_until": None}),
    ]
    [row] = await world.services.database.fetch(
        "SELECT request_id, actor_id FROM audit_log WHERE action = 'access_token.viewed'"
    )
    assert row[0] == shown.headers["x-request-id"]
    assert row[1].startswith("key_")


async def test_tokens_that_are_rotated_at_once_all_work_and_the_last_one_is_the_connections(
    caller: Caller, world: World
):
    services = world.services
    made = await asyncio.gather(
        *(
            rotate_token(
                services.database, services.vault, caller.connection, 600, world.clock(), actor=SYSTEM
            )
            for _ in range(5)
        )
    )
    assert all([await works(caller, rotated.token) for rotated in made])
    current = await connections.token(services.database, services.vault, caller.connection)
    assert current in {rotated.token for rotated in made}


async def test_a_look_up_by_token_stays_one_read(
    caller: Caller, world: World, monkeypatch: pytest.MonkeyPatch
):
    await rotate(caller)
    database, statements = world.services.database, list[str]()
    fetch_one = database.fetch_one

    async def counted(sql: str, *values: Any) -> Any:
        statements.append(sql)
        return await fetch_one(sql, *values)

    monkeypatch.setattr(database, "fetch_one", counted)
    assert await works(caller, caller.headers["x-trackstar-access-token"])
    assert len(statements) == 1
    assert "retired_tokens" not in statements[0]


# Switches


LEVELS: list[tuple[str, frozenset[str], frozenset[str] | None, dict[str, str], bool]] = [
    ("nothing says anything", frozenset(), None, {}, True),
    ("the settings switch it off", frozenset({"X"}), None, {}, False),
    ("the settings switch it off for this type", frozenset({"wms:X"}), None, {}, False),
    ("the organization's list takes the settings' place", frozenset({"X"}), frozenset(), {}, True),
    ("the organization switches it off", frozenset(), frozenset({"X"}), {}, False),
    ("the connection or its link switches it off", frozenset(), None, {"disabled_functions": "X"}, False),
    (
        "a link switches it on in spite of the organization",
        frozenset(), frozenset({"X"}), {"enabled_functions": "X"}, True,
    ),
    (
        "a link switches it on in spite of the settings",
        frozenset({"X"}), None, {"enabled_functions": "X"}, True,
    ),
    (
        "off beats on within a connection", frozenset(), None,
        {"enabled_functions": "X", "disabled_functions": "X"}, False,
    ),
    (
        "a link's own list only adds to the organization's", frozenset(), frozenset({"X"}),
        {"disabled_functions": "get_order_packs"}, False,
    ),
]  # fmt: skip


@pytest.mark.parametrize("function", ["get_orders", "create_order"])
async def test_every_consumer_heeds_what_is_off_at_every_level(
    caller: Caller, world: World, http: httpx.AsyncClient, function: str
):
    for name, settings, organization, columns, is_on in LEVELS:
        off = frozenset(text.replace("X", function) for text in settings)
        named = None if organization is None else {text.replace("X", function) for text in organization}
        chosen = OrganizationChoices(disabled_functions={} if named is None else {"wms": frozenset(named)})
        await access.change_organization(world.services.database, world.organization, chosen, world.clock())
        lists = {"disabled_functions": "", "enabled_functions": ""} | columns
        async with world.services.database.transaction() as transaction:
            values = {column: text.replace("X", function) for column, text in lists.items()}
            await connections.change(transaction, caller.connection.id, values)
        http._transport = httpx.ASGITransport(_application(world, ",".join(off) or "none"))
        uses = await _uses(caller, function)
        assert uses == dict.fromkeys(uses, is_on), name


def _application(world: World, disabled_functions: str) -> Any:
    services = with_settings(
        world, reads_per_second=0, writes_per_second=0, disabled_functions=disabled_functions
    ).services
    return application(services.dependencies())


async def _uses(caller: Caller, function: str) -> dict[str, bool]:
    """Whether a function can be used, by who was asked."""
    shown = (await caller.call("GET", f"/connections/{caller.connection.uid}")).json()["data"]
    info = (await caller.call("GET", "/integrations/wms/fake")).json()["data"][0]
    uses = {
        "actions": function in shown["available_actions"],
        "integration": function in info["available_actions"],
    }
    if function == "create_order":
        body = {"order_number": "N-1", "line_items": [{"product_id": "p1", "quantity": 1}]}
        answer = await caller.call("POST", "/wms/orders?dry_run=true", json=body)
        uses["write"] = answer.status_code == 200 or _is_refused(answer, 403, function)
        document = (await caller.call("GET", "/integrations/wms/fake/write-info")).json()
        return uses | {"write-info": "post" in document["paths"].get("/wms/orders", {})}
    reading = await caller.call("GET", "/wms/orders")
    forced = await caller.call("POST", "/connections/sync", json={"functions_to_sync": [function]})
    window = await caller.post()
    tags = await caller.call("PUT", "/wms/orders/o-001/trackstar-tags", json={"trackstar_tags": ["vip"]})
    return uses | {
        "reading": reading.status_code == 200 or _is_refused(reading, 403, function),
        "force sync": forced.status_code == 200,
        "window": window.status_code == 200 or _is_refused(window, 400, function),
        "tags": tags.status_code == 200 or _is_refused(tags, 403, function),
        "schedules": function in {plan["function_name"] for plan in shown["sync_schedules"]},
        "readiness": function in shown["historical_sync_completed"],
    }


def _is_refused(answer: httpx.Response, status: int, function: str) -> bool:
    """False, when it is refused in the contract's words."""
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == f"{function} is disabled for this connection"
    return False


async def test_what_is_switched_off_while_it_is_queued_or_runs_stores_nothing_more(
    caller: Caller, world: World
):
    await caller.call("PATCH", "/schedules/disabled-functions", json={"disabled_functions": []})
    await world.queue(caller.connection, "get_orders")
    names = ["get_orders", "get_order_packs"]
    await set_disabled(world.services.database, caller.connection, names, frozenset(), world.clock())
    world.vendor.requests.clear()
    world.vendor.collections["orders"].append(order(9))
    await world.next_sync()
    assert world.asked() == []
    job = await world.last_job(caller.connection)
    assert (job.state, job.error) == ("failed", "get_orders is disabled for this connection")

    world.change("orders", "o-001", state="PICKED")
    await set_disabled(world.services.database, caller.connection, [], frozenset(), world.clock())
    await world.work()
    assert await world.count(caller.connection) == 4, "it goes on at once, from where it stopped"
    assert [event["data"]["id"] for event in await world.events(caller.connection, "order.updated")] == [
        "o-001"
    ]
