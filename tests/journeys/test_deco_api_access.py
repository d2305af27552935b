"""Who may read below /deconetwork, how often, and what is told of what goes wrong."""

import pytest

from crossdock.connections import disconnect
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store.connections import access
from tests.emptied import migrated_sqlite
from tests.journeys.conftest import World
from tests.journeys.test_deco_api import EVER, Reader, entry, reader, reading, stock
from tests.journeys.test_every_vendor import database_url

__all__ = ["database_url", "migrated_sqlite", "reader"]


async def test_only_the_connections_own_name_and_token_are_taken(world: World, reader: Reader):
    async with reading(world) as neighbour:
        other = neighbour.connection.uid
        for changes in (
            {"password": "no"},
            {"password": ""},
            {"username": ""},
            {"username": other},
            {"password": neighbour.token},
            {"username": other, "password": neighbour.token},
        ):
            answer = await reader.ask(EVER, **changes)
            assert answer.status_code == 200
            assert answer.json() == {
                "response_status": {
                    "code": 30001, "severity": "ERROR", "description": "Authentication failed",
                }
            }  # fmt: skip
    await disconnect.disconnect(world.services.database, reader.connection, world.clock())
    assert (await reader.ask(EVER)).json()["response_status"]["code"] == 30001


async def test_a_ledger_that_is_off_or_not_there_is_an_api_that_is_not_enabled(world: World, reader: Reader):
    await world.change_connection(reader.connection, disabled_functions="get_inventory_ledger")
    assert (await reader.ask(EVER)).json()["response_status"]["code"] == 31000
    async with reading(world, await world.connect(sync=False)) as without:
        answer = (await without.ask(EVER)).json()["response_status"]
    assert answer["code"] == 31000


async def test_levels_do_not_tell_of_stock_that_is_switched_off(world: World, reader: Reader):
    await reader.store(INVENTORY, stock("x", 100))
    await reader.store(INVENTORY_LEDGER, entry("e1", 1, "x", 5))
    await world.change_connection(reader.connection, disabled_functions="get_inventory")
    [event], _ = await reader.found()
    assert (event["old_qty"], event["new_qty"]) == (0, 5)


async def test_what_can_not_be_answered_is_told_in_the_same_form(reader: Reader):
    pair = {"username": reader.connection.uid, "password": reader.token}
    for answer, status, code in (
        (await reader.ask({}), 200, 50002),
        (await reader.ask(EVER | {"limit": "101"}), 200, 50004),
        (await reader.http.post(reader.path, json=EVER | pair), 200, 50005),
        (await reader.http.get(f"{reader.path}?username=%FF"), 200, 50005),
        (await reader.http.post(reader.path, data=pair | {"note": "x" * 70_000}), 413, 50005),
        (await reader.http.put(reader.path), 405, 50005),
        (await reader.http.get("/deconetwork/x/api/json/manage_orders/find"), 404, 50005),
    ):
        assert (answer.status_code, answer.json()["response_status"]["code"]) == (status, code)
        assert reader.token not in answer.text


async def test_calls_are_limited_like_any_read(world: World):
    async with reading(world, per_second=1) as reader:
        answers = [await reader.ask(EVER) for _ in range(9)]
    assert {answer.status_code for answer in answers} == {200, 429}
    answers.sort(key=lambda answer: answer.status_code)
    last = answers[-1]
    assert last.headers["retry-after"]
    assert last.json()["response_status"]["severity"] == "ERROR"


async def test_a_ledger_too_long_to_be_numbered_at_once_is_gone_on_with_by_the_next_call(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("crossdock.deco_api.events.OPENING_SECONDS", -1)
    await reader.store(INVENTORY_LEDGER, *(entry(f"e{n:02}", n, "x", 1) for n in range(10)))
    first = await reader.ask(EVER)
    assert (first.status_code, first.headers["retry-after"]) == (503, "5")
    assert (await reader.found())[1] == 10


async def test_a_key_of_the_organization_is_no_password_here(world: World, reader: Reader):
    services = world.services
    _, key = await access.create_key(
        services.database, world.organization, name="k", read_only=False, now_ms=services.clock()
    )
    assert (await reader.ask(EVER, password=key)).json()["response_status"]["code"] == 30001
