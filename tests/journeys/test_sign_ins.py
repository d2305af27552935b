"""Credentials that stop working: a vendor sees few log-ins, whatever asks for them, and all goes on when they
work again. Accounts get locked by programs that go on trying."""

import asyncio
from typing import Any

import pytest

from crossdock.connections.disconnect import disconnect
from crossdock.errors import InvalidCredentials, LoginThrottled, SignInOnHold, VendorError
from crossdock.kit.contract import PassthroughCall
from crossdock.kit.registry import get_integration
from crossdock.store.connections import sign_ins
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.sign_ins import SignInState
from crossdock.sync.gate import SignInGates, may_try, wait_ms
from tests.fakes.fake_wms import SLUG
from tests.fakes.fake_wms.client import LOGS_IN
from tests.fakes.vendor import PASSWORD, TOKEN, meanwhile, throttled, usual
from tests.journeys.conftest import RESOURCES, World, order, with_settings

MINUTE = 60


def log_ins(world: World) -> int:
    """How often the vendor was asked to log somebody in since the test last looked."""
    return sum(request.path == "/login" for request in world.vendor.requests)


def refused(world: World) -> int:
    return sum(request.status == 401 for request in world.vendor.requests)


def change_password(world: World, password: str = "changed since") -> None:
    world.vendor.password = password
    world.vendor.expire_sessions()
    world.vendor.requests.clear()


async def outcomes(world: World, connection: ConnectionRow) -> set[str | None]:
    """How the last runs of the functions ended."""
    return {(await world.schedule(connection, name)).last_outcome for name in RESOURCES}


async def pass_minutes(world: World, minutes: int, workers: int = 1) -> None:
    """Lets time pass in steps of a minute; so many workers do what is due."""
    for _ in range(minutes):
        world.clock.pass_seconds(MINUTE)
        await asyncio.gather(*(world.services.worker().drain() for _ in range(workers)))


async def call(world: World, connection: ConnectionRow, path: str = "/account") -> int:
    """A passthrough call; its status. Raises what the sign-in raises."""
    integration = get_integration("wms", SLUG)
    async with world.services.writer.sign_in(connection, integration) as client:
        answer = await client.passthrough(PassthroughCall("GET", path, {}, {}, None))
    return int(answer.status)


async def test_p37_a_changed_password_costs_the_vendor_three_log_ins_in_the_first_hour(world: World):
    connection = await world.connect(token=LOGS_IN + PASSWORD)
    change_password(world)
    await world.services.database.execute("UPDATE schedules SET every_seconds = 300")
    await world.queue(connection)
    for minute in range(60):
        if minute % 7 == 0:
            await world.queue(connection)  # somebody tries it again and again
        if minute % 5 == 0:
            with pytest.raises(InvalidCredentials):
                await call(world, connection)
        await pass_minutes(world, 1, workers=3)

    assert 1 <= log_ins(world) <= 3
    assert refused(world) == log_ins(world), "no call is made with a sign-in that was refused"
    [problem] = await world.problems(connection)
    assert problem.kind == "invalid_credentials"
    assert len(await world.events(connection, "connection-error.created")) == 1


async def test_p37_a_revoked_key_costs_the_vendor_three_calls_in_the_first_hour(world: World):
    connection = await world.connect()
    world.vendor.tokens.clear()
    world.vendor.requests.clear()
    await world.services.database.execute("UPDATE schedules SET every_seconds = 300")
    await world.queue(connection)
    await pass_minutes(world, 60, workers=3)

    assert 1 <= len(world.vendor.requests) <= 3
    assert await outcomes(world, connection) == {"failed"}


@pytest.mark.parametrize("minutes", [1, 20, 70])
async def test_p37_a_password_that_is_put_right_at_the_vendor_is_found_by_itself(minutes: int, world: World):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect(token=LOGS_IN + PASSWORD)
    change_password(world)
    await world.queue(connection)
    await pass_minutes(world, minutes)
    change_password(world, PASSWORD)
    world.change("orders", "o-001", state="SHIPPED")
    waits = {1: 6, 20: 31, 70: 61}[minutes]
    await pass_minutes(world, waits)

    assert await world.problems(connection) == []
    assert len(await world.events(connection, "connection-error.deleted")) == 1
    assert await outcomes(world, connection) == {"done"}
    assert (await world.documents(connection))["o-001"]["status"] == "fulfilled"


async def test_what_somebody_waits_for_tries_earlier_but_not_at_once(world: World):
    connection = await world.connect(token=LOGS_IN + PASSWORD)
    change_password(world)
    await world.force(connection)
    change_password(world, PASSWORD)
    await world.force(connection)
    assert log_ins(world) == 0
    error = (await world.last_job(connection)).error or ""
    assert "the next try is at" in error
    assert "connect again" in error
    completed = await world.events(connection, "connection.force-sync-completed")
    assert len(completed) == 2 * len(RESOURCES), "nobody waits in vain"

    await pass_minutes(world, 1)
    world.clock.pass_seconds(6 * MINUTE)
    await world.force(connection)
    assert await world.problems(connection) == []
    assert (await world.last_job(connection)).state == "done"


async def test_writes_and_passthrough_are_refused_without_a_call_while_the_credentials_are(world: World):
    connection = await world.connect()
    world.vendor.tokens.clear()
    await world.next_sync()
    world.vendor.requests.clear()
    with pytest.raises(SignInOnHold, match="Fake WMS are not tried now: it refused them"):
        await call(world, connection)

    assert world.vendor.requests == []


async def test_a_write_that_finds_the_credentials_refused_tells_for_all(world: World):
    connection = await world.connect(token=LOGS_IN + PASSWORD)
    change_password(world)
    with pytest.raises(InvalidCredentials):
        await call(world, connection)
    await world.force(connection)

    assert log_ins(world) == 1
    assert [problem.kind for problem in await world.problems(connection)] == ["invalid_credentials"]


async def test_one_function_signs_in_at_a_time_over_all_workers(world: World):
    """A vendor that answers a log-in late is not asked by the others meanwhile."""
    connection = await world.connect(token=LOGS_IN + PASSWORD)
    world.vendor.expire_sessions()
    world.vendor.requests.clear()
    busiest: list[int] = []

    async def slow(vendor: Any, request: Any) -> Any:
        busiest.append(vendor._busy)
        await asyncio.sleep(0.05)
        return vendor._login(await request.read())

    world.vendor.script("/login", [slow] * 3)
    await world.queue(connection)
    other_workers = [with_settings(world).services.worker() for _ in range(3)]
    for worker in other_workers:
        object.__setattr__(worker, "_database", world.services.database)
    await asyncio.gather(*(worker.drain() for worker in other_workers))

    assert log_ins(world) == 3
    assert busiest == [1, 1, 1]
    assert await outcomes(world, connection) == {"done"}


async def test_runs_under_way_end_without_a_call_when_another_is_refused(world: World):
    connection = await world.connect(page_size="1")
    world.vendor.collections["orders"] = [order(number) for number in range(1, 6)]

    async def revoke() -> None:
        world.vendor.tokens.clear()
        gate = world.services.gates.of(connection, urgent=False)
        await gate.refused(InvalidCredentials("401: not signed in"))
        world.vendor.requests.clear()

    world.vendor.script("/orders", [usual(), meanwhile(revoke)])
    await world.force(connection, "get_orders")

    assert world.vendor.requests == []
    assert "are not tried now" in str((await world.last_job(connection)).error)
    assert await world.count(connection) == 2


# Log-ins that are throttled


async def test_a_throttled_log_in_is_not_repeated_and_waits_as_long_as_the_vendor_says(world: World):
    connection = await world.connect(token=LOGS_IN + PASSWORD)
    change_password(world, PASSWORD)
    world.vendor.script("/login", [throttled(30 * 60)])
    await world.force(connection)

    assert log_ins(world) == 1
    assert world.slept == [], "nobody waits in the call"
    [problem] = await world.problems(connection)
    assert problem.kind == "login_throttled"
    assert "takes no log-ins of this user" in problem.message
    await pass_minutes(world, 29)
    assert log_ins(world) == 1, "each try would prolong the lock"
    await pass_minutes(world, 2)
    assert await world.problems(connection) == []
    assert await outcomes(world, connection) == {"done"}


async def test_connecting_tells_that_log_ins_are_throttled(world: World):
    world.vendor.script("/login", [throttled()])
    with pytest.raises(LoginThrottled, match="wait some minutes without trying"):
        await world.connect(token=LOGS_IN + PASSWORD)
    assert log_ins(world) == 1


# New credentials


async def test_new_credentials_are_tried_at_once_and_everything_goes_on(world: World):
    connection = await world.connect(token=LOGS_IN + PASSWORD)
    change_password(world, "new")
    await world.force(connection)
    for _ in range(2):
        with pytest.raises(VendorError):
            await world.services.connector.reconnect(connection, {"token": LOGS_IN + "wrong"})
    world.vendor.requests.clear()
    await world.services.connector.reconnect(connection, {"token": LOGS_IN + "new"})
    assert log_ins(world) == 1
    await world.work()

    assert await world.problems(connection) == []
    assert len(await world.events(connection, "connection-error.deleted")) == 1
    assert await outcomes(world, connection) == {"done"}


# The gate itself


async def test_a_process_that_dies_signing_in_holds_up_the_others_for_a_minute(world: World):
    connection = await world.connect()
    gates = SignInGates(world.services.database, world.clock, sleep=_asleep(world))
    dead = gates.of(connection, urgent=False)
    await dead._until(dead._takes)
    died_ms = world.clock.now_ms
    async with gates.of(connection, urgent=False).signing_in():
        waited_ms = world.clock.now_ms - died_ms

    assert 60_000 <= waited_ms <= 62_000
    state = await sign_ins.get(world.services.database, connection.id)
    assert state.holder is None


def _asleep(world: World) -> Any:
    async def sleep(seconds: float) -> None:
        world.clock.pass_seconds(seconds * 10)
        world.slept.append(seconds)

    return sleep


async def test_a_probe_is_counted_before_it_is_made(world: World):
    """Whoever kills the process between the two lines does not make another log-in possible."""
    connection = await world.connect()
    gates = world.services.gates
    await gates.of(connection, urgent=False).refused(InvalidCredentials("no"))
    world.clock.pass_seconds(6 * MINUTE)
    await gates.of(connection, urgent=False).check()
    world.clock.pass_seconds(2 * MINUTE)
    with pytest.raises(SignInOnHold):
        await gates.of(connection, urgent=False).check()

    state = await sign_ins.get(world.services.database, connection.id)
    assert len(state.attempts_ms) == 2


async def test_of_many_that_may_probe_one_does(world: World):
    connection = await world.connect()
    gates = world.services.gates
    await gates.of(connection, urgent=False).refused(InvalidCredentials("no"))
    world.clock.pass_seconds(6 * MINUTE)
    at_once: list[int] = []

    async def probe() -> None:
        gate = gates.of(connection, urgent=True)
        await gate.check()
        async with gate.signing_in():
            at_once.append(1)
            raise InvalidCredentials("no")

    ends = await asyncio.gather(*(probe() for _ in range(12)), return_exceptions=True)
    assert len(at_once) == 1
    assert [type(end) for end in ends].count(SignInOnHold) == 11


def test_waits_grow_and_end_at_an_hour():
    assert [wait_ms(number) // 60_000 for number in range(1, 7)] == [6, 24, 48, 60, 60, 60]
    assert wait_ms(1, retry_after=1800) == 1_800_000


@pytest.mark.parametrize(
    ("minutes", "attempts", "urgent", "allowed"),
    [
        (5, (0,), True, False),
        (6, (0,), True, True),
        (6, (0,), False, False),
        (30, (0, 6, 20), True, False),
        (61, (0, 6, 20), True, True),
    ],
)
def test_somebody_who_waits_may_try_thrice_an_hour(
    minutes: int, attempts: tuple[int, ...], urgent: bool, allowed: bool
):
    base = 1_770_000_000_000
    state = SignInState(
        "invalid_credentials", len(attempts), tuple(base + attempt * 60_000 for attempt in attempts),
        base + 500 * 60_000,
    )  # fmt: skip
    assert may_try(state, base + minutes * 60_000, urgent=urgent) is allowed


async def test_a_connection_that_was_deleted_leaves_nothing_at_the_gate(world: World):
    connection = await world.connect()
    await world.services.gates.of(connection, urgent=False).refused(InvalidCredentials("no"))
    await disconnect(world.services.database, connection, world.clock())
    await world.services.gates.of(connection, urgent=False).refused(InvalidCredentials("no"))

    assert await sign_ins.get(world.services.database, connection.id) == SignInState()
    assert TOKEN not in str(await world.told(connection))
