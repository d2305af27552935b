"""What no field of ours holds can be kept: custom fields of an account, and records as they were sent."""

from typing import Any

import pytest

from tests.journeys.conftest import World, order
from tests.journeys.writing import Hand, writing

NOTE = {"orders": {"note": {"path": "$.metafields[key=note].value", "type": "string"}}}


def noted(number: int, note: Any) -> dict[str, Any]:
    return order(number, metafields=[{"key": "other", "value": 1}, {"key": "note", "value": note}])


async def declare(hand: Hand, declared: Any) -> Any:
    path = f"/connections/{hand.connection.uid}/custom-fields"
    answered = await hand.send("PUT", path, {"custom_fields": declared})
    assert (await hand.send("GET", path)).json()["custom_fields"] is not None
    return answered


async def test_a_custom_field_shows_in_records_and_events_and_survives_syncs(world: World):
    world.vendor.collections["orders"] = [noted(1, "ring twice"), order(2)]
    async with writing(world) as hand:
        answered = await declare(hand, NOTE)
        assert answered.json() == {"custom_fields": NOTE}
        assert answered.status_code == 200
        await world.work()
        documents = await world.documents(hand.connection)
        assert [documents[key]["additional_fields"] for key in ("o-001", "o-002")] == [
            {"custom_fields": {"note": "ring twice"}}, {"custom_fields": {"note": None}},
        ]  # fmt: skip
        events = await world.events(hand.connection, "order.updated")
        assert {event["data"]["id"] for event in events} == {"o-001", "o-002"}

        await world.next_sync()
        await world.force(hand.connection)
        assert len(await world.events(hand.connection, "order.updated")) == 2
        world.change("orders", "o-001", metafields=[{"key": "note", "value": "knock"}])
        await world.next_sync()
        [event] = (await world.events(hand.connection, "order.updated"))[2:]
        assert event["data"]["additional_fields"]["custom_fields"] == {"note": "knock"}
        # What is written and read back has them, too.
        response = await hand.order()
        assert response.json()["data"]["additional_fields"] == {"custom_fields": {"note": None}}


async def test_a_custom_field_that_is_withdrawn_is_gone_after_the_next_sync(world: World):
    world.vendor.collections["orders"] = [noted(1, "ring")]
    async with writing(world) as hand:
        await declare(hand, NOTE)
        await world.work()
        await declare(hand, {})
        await world.work()
        assert (await world.documents(hand.connection))["o-001"]["additional_fields"].get(
            "custom_fields"
        ) is None


async def test_a_value_that_does_not_fit_is_told_and_the_record_kept(world: World):
    world.vendor.collections["orders"] = [noted(1, "soon")]
    async with writing(world) as hand:
        await declare(hand, {"orders": {"days": {"path": "$.metafields[key=note].value", "type": "integer"}}})
        await world.work()
        [aside] = await world.quarantined(hand.connection)
        assert (aside.key, aside.kind) == ("o-001", "partial")
        assert "additional_fields.custom_fields.days is 'soon', wanted a whole number" in aside.reason
        assert (await world.documents(hand.connection))["o-001"]["additional_fields"] == {
            "custom_fields": {"days": None}
        }


@pytest.mark.parametrize(
    ("declared", "position"),
    [
        ({"invoices": {"x": {"path": "$.a"}}}, "invoices"),
        ({"orders": {"x": {"path": "a"}}}, "orders.x"),
        ({"orders": {"X": {"path": "$.a"}}}, "orders.X"),
    ],
)
async def test_a_wrong_declaration_is_refused_by_name(world: World, declared: Any, position: str):
    async with writing(world) as hand:
        answered = await declare(hand, declared)
        assert answered.status_code == 422
        assert list(answered.json()["detail"]["json"]) == [position]


async def test_p19_custom_fields_of_another_organization_are_neither_read_nor_set(world: World):
    async with writing(world) as hand:
        for method in ("GET", "PUT"):
            path = "/connections/00000000-0000-0000-0000-000000000000/custom-fields"
            body: Any = {"custom_fields": {}} if method == "PUT" else None
            assert (await hand.send(method, path, body)).status_code == 404


async def test_raw_records_are_kept_only_where_that_is_wanted(world: World):
    world.vendor.collections["orders"] = [order(1, odd={"deep": [1, 2.5]}), order(2)]
    async with writing(world) as hand:
        refused = await hand.send("GET", "/wms/orders/o-001/raw")
        assert (refused.status_code, "is not kept" in refused.text) == (404, True)
        assert (await hand.send("PATCH", "/connections", {"keep_raw": True})).status_code == 200
        before = await world.told(hand.connection)
        await world.work()
        response = await hand.send("GET", "/wms/orders/o-001/raw")
        assert response.json() == {"data": world.vendor.collections["orders"][0]}
        assert await world.told(hand.connection) == before  # nothing of the records themselves has changed
        world.change("orders", "o-001", unread="new")
        await world.next_sync()
        assert (await hand.send("GET", "/wms/orders/o-001/raw")).json()["data"]["unread"] == "new"
        assert (await hand.send("GET", "/wms/orders/o-404/raw")).status_code == 404

        await hand.send("PATCH", "/connections", {"keep_raw": False})
        assert (await hand.send("GET", "/wms/orders/o-001/raw")).status_code == 404
        assert list(await world.services.database.fetch("SELECT 1 FROM raw_records")) == []


async def test_p20_raw_records_cannot_be_read_in_the_database(world: World):
    world.vendor.collections["orders"] = [order(1, secret="open sesame" * 9)]
    async with writing(world) as hand:
        await hand.send("PATCH", "/connections", {"keep_raw": True})
        await world.work()
        rows = await world.services.database.fetch(
            "SELECT raw FROM raw_records WHERE resource = ?", "wms_orders"
        )
        assert len(rows) == 1
        assert b"sesame" not in bytes(rows[0][0])


async def test_the_raw_record_of_one_that_is_gone_is_gone(world: World):
    async with writing(world) as hand:
        await hand.send("PATCH", "/connections", {"keep_raw": True})
        await world.work()
        del world.vendor.collections["warehouses"][0]
        await world.next_sync(12 * 3600)
        rows = await world.services.database.fetch("SELECT id FROM raw_records ORDER BY id")
        assert [row[0] for row in rows] == ["w-2"]
