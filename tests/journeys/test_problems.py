"""Whatever is wrong with a vendor, or with what it sends, is on the connection and in an event, in words that
somebody can act on, and goes away by itself."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.connections.problems import affected_endpoints
from crossdock.connections.settings import set_quantities
from crossdock.kit.contract import MISFITS, Misfit
from crossdock.store.connections import freshness
from crossdock.store.records import quarantine
from crossdock.sync.pull import MOST_ATTEMPTS, TOLD_FROM_ATTEMPT
from tests.fakes.fake_wms import client, read
from tests.fakes.vendor import answer, broken_off, failing, html, redirected, throttled
from tests.journeys.callers import Caller, calling
from tests.journeys.conftest import World, order

SECRETS = ("secret-token", "Traceback", ".py", "hidden detail")


def raises(problem: Exception) -> Any:
    def walk(*_: Any) -> Any:
        raise problem

    return walk


TROUBLES = {
    "a page of HTML": (html(), "unexpected_answer", "wanted JSON, got text/html"),
    "not the promised JSON": (answer(body=b"[1, 2"), "unexpected_answer", "wanted JSON"),
    "a redirect": (redirected("https://elsewhere.example/login"), "unexpected_answer", "redirects to"),
    "a request that is refused": (
        answer(400, {"message": "limit is no parameter"}),
        "request_refused",
        "limit",
    ),
    "a page that is not there": (answer(404, {"message": "no such list"}), "request_refused", "no such list"),
    "a missing member": (answer(body={"next": None}), "internal_error", "KeyError"),
}


@pytest.mark.parametrize("name", TROUBLES)
async def test_a_vendors_trouble_is_told_in_words_and_clears_itself(name: str, world: World):
    behaviour, kind, words = TROUBLES[name]
    connection = await world.connect()
    world.vendor.script("/orders", [behaviour] * 2)
    await world.next_sync()

    [problem] = await world.problems(connection)
    assert (problem.function, problem.kind, problem.is_blocking) == ("get_orders", kind, True)
    assert "Fake WMS" in problem.message
    assert "get_orders" in problem.message
    assert words in problem.message
    assert "again at every sync" in problem.message
    [created] = await world.events(connection, "connection-error.created")
    assert created["data"]["error_message"] == problem.message
    assert created["data"]["affected_endpoints"] == [{"endpoint": "GET /wms/orders", "preventing_sync": True}]
    assert not any(secret in str(created) for secret in SECRETS)

    await world.next_sync()
    assert len(await world.events(connection, "connection-error.created")) == 1, "it is the same trouble"
    await world.next_sync()
    assert await world.problems(connection) == []
    assert len(await world.events(connection, "connection-error.deleted")) == 1


async def test_a_vendor_that_goes_in_circles_is_a_problem(world: World):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect(page_size="1")
    world.vendor.stuck.add("orders")
    await world.next_sync()

    [problem] = await world.problems(connection)
    assert problem.kind == "unexpected_answer"
    assert "page 2 is the same as the page before" in problem.message
    world.vendor.stuck.clear()
    await world.next_sync()
    assert await world.problems(connection) == []


@pytest.mark.parametrize("fault", [TypeError("hidden detail"), IndexError(), RecursionError(), KeyError("x")])
async def test_a_fault_in_an_integration_is_a_problem_that_shows_no_trace(
    fault: Exception, world: World, monkeypatch: pytest.MonkeyPatch
):
    connection = await world.connect()
    monkeypatch.setattr(client.Client, "orders", raises(fault))
    await world.next_sync()

    [problem] = await world.problems(connection)
    job = await world.last_job(connection)
    assert problem.kind == "internal_error"
    assert type(fault).__name__ in problem.message
    assert job.id in problem.message
    assert "report it" in problem.message
    assert job.error == "internal error; see the log for this job's id"
    assert not any(secret in problem.message for secret in SECRETS)
    assert (await world.last_job(connection, "get_warehouses")).state == "done", "others are not affected"
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (failing(), "system_unavailable"),
        (broken_off(), "system_unavailable"),
        (throttled(), "system_throttled"),
    ],
)
async def test_a_vendor_that_is_slow_or_down_for_long_is_a_problem_and_a_hiccup_is_none(
    behaviour: Any, kind: str, world: World
):
    connection = await world.connect()
    world.vendor.script("/orders", [behaviour] * 5)
    await world.next_sync()
    assert await world.problems(connection) == [], "put back once"

    tries = 5 * (TOLD_FROM_ATTEMPT - 1)
    world.vendor.script("/orders", [behaviour] * tries)
    for _ in range(TOLD_FROM_ATTEMPT - 1):
        await world.next_sync(901)
    [problem] = await world.problems(connection)
    assert problem.kind == kind
    assert "goes on by itself" in problem.message
    await world.next_sync(901)
    assert await world.problems(connection) == []
    assert len(await world.events(connection, "connection-error.created")) == 1
    assert len(await world.events(connection, "connection-error.deleted")) == 1


async def test_a_run_that_is_given_up_leaves_its_problem_until_the_next_one_works(world: World):
    connection = await world.connect()
    world.vendor.script("/orders", [failing()] * 5 * MOST_ATTEMPTS)
    await world.force(connection, "get_orders")
    for _ in range(MOST_ATTEMPTS - 1):
        await world.next_sync(901)
    assert [problem.kind for problem in await world.problems(connection)] == ["system_unavailable"]
    assert (await world.schedule(connection)).last_outcome == "failed"
    world.vendor.calm()
    await world.next_sync()
    assert await world.problems(connection) == []


# p38: a right that is missing changes nothing, also in mid-walk


async def test_p38_a_right_that_is_lost_in_mid_walk_blocks_its_function_and_changes_no_record(world: World):
    world.vendor.collections["orders"] = [order(number) for number in range(1, 7)]
    connection = await world.connect(page_size="2")
    before = await world.documents(connection), await world.documents(connection, "get_warehouses")
    count = len(await world.told(connection))
    forbidden = answer(403, {"message": "this user may not read lines"})
    for path in ("/orders", "/warehouses"):
        world.vendor.script(path, [forbidden])
    await world.next_sync(12 * 3600)

    assert {problem.kind for problem in await world.problems(connection)} == {"missing_permission"}
    assert {problem.function for problem in await world.problems(connection)} == {
        "get_orders",
        "get_warehouses",
    }
    assert (await world.documents(connection), await world.documents(connection, "get_warehouses")) == before
    assert await world.gone(connection) == {}
    assert set((await world.told(connection))[count:]) == {"connection-error.created"}


async def test_p38_a_snapshot_that_ends_in_mid_walk_for_want_of_a_right_buries_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.vendor.collections["warehouses"] = [
        {"id": f"w-{number}", "updated_at": "2026-02-01T00:00:00Z", "name": "x"} for number in range(4)
    ]
    connection = await world.connect(page_size="1")
    number = 0

    async def refuse(vendor: Any, request: Any) -> Any:
        nonlocal number
        number += 1
        if number > 2:
            return await answer(403, {"message": "no"})(vendor, request)
        return vendor._page("warehouses", request.query)

    world.vendor.script("/warehouses", [refuse] * 9)
    await world.force(connection, "get_warehouses")

    assert number == 3
    assert await world.count(connection, "get_warehouses") == 4
    assert await world.gone(connection) == {}


# p36: nothing is set aside in silence


async def test_p36_a_record_that_is_set_aside_is_a_problem_that_blocks_nothing(world: World):
    world.vendor.collections["orders"] = [order(1), order(2, lines=[{"quantity": "many"}])]
    connection = await world.connect()

    [problem] = await world.problems(connection)
    assert (problem.function, problem.kind, problem.is_blocking) == ("get_orders", "records_set_aside", False)
    assert (problem.count, problem.examples[0]["id"]) == (1, "o-002")
    assert "lacks 'product'" in problem.examples[0]["reason"]
    assert problem.message.startswith("One record of get_orders could not be taken in")
    assert "o-002: lacks 'product'" in problem.message
    assert affected_endpoints(connection, problem) == [
        {"endpoint": "GET /wms/orders", "preventing_sync": False}
    ]
    [event] = await world.events(connection, "connection-error.created")
    assert event["data"]["error_message"] == problem.message
    aside = {
        current_freshness.function: current_freshness.set_aside
        for current_freshness in await _freshness(world, connection)
    }
    assert aside == {"get_orders": 1, "get_warehouses": 0, "get_order_packs": 0}

    world.change("orders", "o-002", lines=[{"quantity": 2, "product": "p"}])
    await world.next_sync()
    assert await world.problems(connection) == []
    assert len(await world.events(connection, "connection-error.deleted")) == 1


async def _freshness(world: World, connection: Any) -> list[freshness.Freshness]:
    return await freshness.of_connection(world.services.database, connection.id, world.clock())


async def test_p36_the_first_of_many_is_told_at_once_and_their_number_once_at_the_end(world: World):
    bad = {"lines": [{"quantity": "many"}]}
    world.vendor.collections["orders"] = [order(number, **bad) for number in range(1, 10)]
    connection = await world.connect(page_size="1")

    [problem] = await world.problems(connection)
    assert problem.count == 9
    assert problem.message.startswith("9 records of get_orders")
    assert len(problem.examples) == 3
    texts = [text for text in await world.told(connection) if text.startswith("connection-error")]
    assert texts == ["connection-error.created", "connection-error.updated"]


async def test_p36_a_vendors_trouble_and_records_that_do_not_fit_stand_side_by_side(world: World):
    world.vendor.collections["orders"] = [order(1, lines=[{"quantity": "many"}])]
    connection = await world.connect()
    world.vendor.script("/orders", [html()])
    await world.next_sync()
    assert {problem.kind for problem in await world.problems(connection)} == {
        "records_set_aside",
        "unexpected_answer",
    }
    await world.next_sync()
    assert [problem.kind for problem in await world.problems(connection)] == ["records_set_aside"]


def in_part(raw: Any) -> Any:
    """An integration that rounds what is no whole number, and says so."""
    misfits = []
    lines = []
    for position, line in enumerate(raw["lines"]):
        exact = Decimal(str(line["quantity"]))
        whole_number = int(exact + Decimal("0.5"))
        if whole_number != exact:
            path = f"line_items[{position}].quantity"
            misfits.append(Misfit(path, f"{exact} kg", "a whole number", whole_number, exact))
        lines.append({**line, "quantity": whole_number})
    fields = ORDINARY({**raw, "lines": lines})
    if raw.get("total") == "ten":
        misfits.append(Misfit("total_price", "ten", "an amount"))
    return fields | {MISFITS: misfits}


ORDINARY = read.order


def by_weight(number: int, quantity: str, **extra_fields: Any) -> dict[str, Any]:
    return order(
        number,
        lines=[{"product": "p1", "quantity": quantity}, {"product": "p2", "quantity": 2}],
        **extra_fields,
    )


@pytest.fixture
def partial_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def tolerant(raw: Any) -> Any:
        total = raw.pop("total", None) if raw.get("total") == "ten" else None
        tolerant = in_part({**raw, **({"total": None} if total else {})})
        if total:
            tolerant[MISFITS].append(Misfit("total_price", total, "an amount"))
        return tolerant

    monkeypatch.setattr(read, "order", tolerant)


async def quantity(world: World, connection: Any, record_id: str = "o-001") -> Any:
    return (await world.documents(connection))[record_id]["line_items"][0]["quantity"]


async def test_p36_a_part_that_does_not_fit_withholds_no_record_and_is_told(
    world: World, partial_reader: None
):
    world.vendor.collections["orders"] = [by_weight(1, "1.5"), order(2)]
    connection = await world.connect()

    assert await quantity(world, connection) == 2
    assert MISFITS not in str(await world.documents(connection))
    [quarantined] = await world.quarantined(connection)
    assert (quarantined.key, quarantined.kind) == ("o-001", "partial")
    assert quarantined.reason == "line_items[0].quantity is '1.5 kg', wanted a whole number; stored is 2"
    [problem] = await world.problems(connection)
    assert (problem.kind, problem.count, problem.examples[0]["id"]) == ("records_set_aside", 1, "o-001")

    world.change("orders", "o-001", lines=[{"product": "p1", "quantity": "1.98"}], state="SHIPPED")
    await world.next_sync()
    assert (await world.documents(connection))["o-001"]["status"] == "fulfilled", "never frozen"
    [event] = await world.events(connection, "order.updated")
    assert event["data"]["line_items"][0]["quantity"] == 2
    await world.next_sync()
    assert [current_quarantine.key for current_quarantine in await world.quarantined(connection)] == [
        "o-001"
    ], "seen again, unchanged"

    world.change("orders", "o-001", lines=[{"product": "p1", "quantity": "3"}])
    await world.next_sync()
    assert await world.quarantined(connection) == []
    assert await world.problems(connection) == []


async def test_p36_a_part_without_a_value_is_null_and_told(world: World, partial_reader: None):
    world.vendor.collections["orders"] = [order(1, total="ten")]
    connection = await world.connect()
    assert (await world.documents(connection))["o-001"]["total_price"] is None
    [quarantined] = await world.quarantined(connection)
    assert quarantined.reason == "total_price is 'ten', wanted an amount; stored is nothing"


@pytest.mark.made_up_events  # the contract has integers
async def test_a_connection_may_send_exact_quantities(world: World, partial_reader: None):
    world.vendor.collections["orders"] = [by_weight(1, "1.5"), order(2)]
    connection = await world.connect()
    database = world.services.database
    async with database.transaction() as transaction:
        assert await set_quantities(transaction, connection.id, "exact", world.clock())
        assert not await set_quantities(transaction, connection.id, "exact", world.clock())
    await world.work()

    assert await quantity(world, connection) == Decimal("1.5")
    assert await world.problems(connection) == [], "nothing does not fit any more"
    [event] = await world.events(connection, "order.updated")
    assert event["previous_attributes"] == {"line_items.0.quantity": 2}
    assert b'"quantity":1.5' in (await world.rows(connection))["o-001"][-1]

    world.change("orders", "o-001", number="N1b", lines=[{"product": "p1", "quantity": "2.25"}])
    await world.next_sync()
    assert await quantity(world, connection) == Decimal("2.25")

    async with database.transaction() as transaction:
        await set_quantities(transaction, connection.id, "rounded", world.clock())
    await world.work()
    assert await quantity(world, connection) == 2
    assert [problem.kind for problem in await world.problems(connection)] == ["records_set_aside"]


@pytest.mark.made_up_events
async def test_a_run_that_began_before_quantities_were_switched_has_all_read_again(
    world: World, partial_reader: None
):
    world.vendor.collections["orders"] = [by_weight(1, "1.5")]
    connection = await world.connect()

    async def switch(vendor: Any, request: Any) -> Any:
        async with world.services.database.transaction() as transaction:
            await set_quantities(transaction, connection.id, "exact", world.clock())
        return vendor._page("orders", request.query)

    world.vendor.script("/orders", [switch])
    await world.force(connection, "get_orders")
    await world.work()
    assert await quantity(world, connection) == Decimal("1.5")


async def test_what_is_in_quarantine_says_whether_the_record_itself_is_stored(
    world: World, partial_reader: None
):
    world.vendor.collections["orders"] = [by_weight(1, "1.5")]
    connection = await world.connect()
    world.change("orders", "o-001", lines=[{"product": "p1"}])
    await world.next_sync()

    found_quarantine = await quarantine.get(world.services.database, connection.id, "get_orders", "o-001")
    assert found_quarantine is not None
    assert found_quarantine.kind == "whole"
    assert "lacks 'quantity'" in found_quarantine.reason


# As callers see it


async def test_p36_callers_see_what_is_wrong_and_what_is_not_as_the_system_has_it(
    world: World, partial_reader: None
):
    world.vendor.collections["orders"] = [by_weight(1, "1.5"), order(2), order(3)]
    connection = await world.connect()
    reason = "line_items[0].quantity is '1.5 kg', wanted a whole number; stored is 2"
    async with calling(world) as caller:
        assert await flaws(caller, connection) == {
            "o-001": {"x-crossdock-partial": reason}, "o-002": {}, "o-003": {},
        }  # fmt: skip
        world.change("orders", "o-002", lines=[{"product": "p1"}])
        await world.next_sync()
        assert (await flaws(caller, connection))["o-002"] == {"x-crossdock-stale": "lacks 'quantity'"}

        answered = (await caller.get(connection, f"/connections/{connection.uid}")).json()["data"]
        [error] = (answered[0] if isinstance(answered, list) else answered)["errors"]
        assert (error["error_type"], error["resource"], error["count"]) == ("records_set_aside", "orders", 2)
        assert {example["id"] for example in error["examples"]} == {"o-001", "o-002"}
        assert error["affected_endpoints"] == [{"endpoint": "GET /wms/orders", "preventing_sync": False}]
        body = (await caller.get(connection, f"/connections/{connection.uid}/freshness")).json()
        assert body["quantities"] == "rounded"
        assert {record["function_name"]: record["set_aside"] for record in body["data"]}["get_orders"] == 2


async def flaws(caller: Caller, connection: Any) -> dict[str, dict[str, str]]:
    """The headers of single reads that say what is amiss, by record."""
    result = {}
    for record_id in await caller.ids(connection, "/wms/orders"):
        answered = await caller.get(connection, f"/wms/orders/{record_id}")
        shown = {name: text for name, text in answered.headers.items() if name.startswith("x-crossdock")}
        result[record_id] = shown
    return result
