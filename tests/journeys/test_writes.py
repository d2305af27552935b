"""A write is checked, sent once, read back, stored and told, and the next sync finds nothing new."""

import httpx
import pytest

from tests.fakes.vendor import answer, done_and, failing, html, throttled
from tests.journeys.conftest import World, order, without_stamps
from tests.journeys.writing import ORDER, writing


async def test_what_is_written_is_readable_under_the_same_id_in_the_next_request(world: World):
    async with writing(world) as hand:
        response = await hand.order(reference_id="shop-1", total_price=12.5)
        assert response.status_code == 200, response.text
        body = response.json()
        assert list(body) == ["data", "id", "unused_fields"]
        assert body["id"] == body["data"]["id"] == hand.held()[0]["id"]
        assert (body["data"]["order_number"], body["data"]["total_price"]) == ("SO-1", 12.5)
        read = await hand.send("GET", f"/wms/orders/{body['id']}")
        assert read.json()["data"] == body["data"]


async def test_a_write_is_told_once_and_the_next_sync_finds_nothing_new(world: World):
    async with writing(world) as hand:
        body = (await hand.order()).json()
        assert await world.told(hand.connection) == [*await told_at_first(world), "order.created"]
        (event,) = await world.events(hand.connection, "order.created")
        assert event["data"] == body["data"]
        before = await world.told(hand.connection)
        await world.next_sync()
        assert await world.told(hand.connection) == before
        assert (await world.documents(hand.connection))[body["id"]] == body["data"]


async def told_at_first(world: World) -> list[str]:
    return ["connection.created", *["connection.historical-sync-completed"] * 3]


async def test_a_shipment_tells_of_the_whole_order_and_of_the_shipments_before(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        answer = await hand.send("POST", "/wms/orders/o-001/shipments", {"warehouse_id": "w-1"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["status"] == "fulfilled"
        (event,) = await world.events(hand.connection, "order.shipment.created")
        assert event["data"] == answer.json()["data"]
        assert event["previous_attributes"] == {"shipments": []}
        assert len(await world.events(hand.connection, "order.updated")) == 1


async def test_history_says_that_a_change_was_written(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        await hand.send("PUT", "/wms/orders/o-001", {"total_price": 99})
        await hand.send("PUT", "/wms/orders/o-001/trackstar-tags", {"trackstar_tags": ["vip"]})
        history = await hand.send("GET", "/wms/orders/o-001/history")
        assert [record["cause"] for record in history.json()["data"]] == ["tags", "write"]


async def test_fields_that_the_system_does_not_take_are_named_and_not_sent(world: World):
    async with writing(world) as hand:
        response = await hand.order(
            trading_partner="T", colour="red", ship_to_address={"city": "Ulm", "phone": "1"}, priority="high"
        )
        assert response.json()["unused_fields"] == ["trading_partner", "colour", "ship_to_address.phone"]
        assert hand.held()[0]["priority"] == "high"


# Refused before anything is sent


async def test_everything_that_is_wrong_with_a_body_is_told_at_once(world: World):
    async with writing(world) as hand:
        lines = [{"product_id": None, "quantity": 0}, {"quantity": "many"}]
        faults = await hand.faults(
            "POST", "/wms/orders", {"order_number": " NULL ", "line_items": lines, "priority": "urgent"}
        )
        assert faults == {
            "order_number": ["must not be ' NULL ': leave it out instead"],
            "line_items.0.product_id": ["must not be null: leave it out instead"],
            "line_items.0.quantity": ["must be more than 0, not 0"],
            "line_items.1.quantity": ["must be a whole number, not 'many'"],
            "line_items.1.product_id": ["is required"],
            "priority": ["must be one of: low, high; not 'urgent'"],
        }
        assert hand.sent() == 0


@pytest.mark.parametrize("nothing", [None, "", "  ", "null", "NULL", "None", " none ", "nil"])
async def test_what_means_nothing_is_refused_at_any_depth(world: World, nothing: str | None):
    async with writing(world) as hand:
        body = ORDER | {"extra": {"deep": [{"deeper": nothing}]}}
        faults = await hand.faults("POST", "/wms/orders", body)
        assert list(faults) == ["extra.deep.0.deeper"]
        assert hand.sent() == 0


async def test_values_that_are_the_accounts_own_are_asked_for_and_a_new_one_is_noticed(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        faults = await hand.faults("POST", "/wms/orders/o-001/shipments", {"warehouse_id": "w-9"})
        assert faults == {"warehouse_id": ["must be one of: w-1, w-2; not 'w-9'"]}
        world.vendor.collections["warehouses"].append({"id": "w-9", "updated_at": "x", "name": "Nine"})
        answer = await hand.send("POST", "/wms/orders/o-001/shipments", {"warehouse_id": "w-9"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("content", "kind", "status", "says"),
    [
        (b'{"order_number": ', "application/json", 400, "byte 17"),
        (b"[]", "application/json", 422, "must be an object"),
        (b"{}", "text/plain", 415, "application/json, not text/plain"),
        (b"{}", "", 415, "not missing"),
        (b'{"a": "' + b"x" * 5_000_000 + b'"}', "application/json", 413, "more than 4194304 bytes"),
        (b'{"a": "\xff"}', "application/json", 400, "UTF-8"),
    ],
)
async def test_a_body_that_can_not_be_read_is_refused_with_what_is_wrong(
    world: World, content: bytes, kind: str, status: int, says: str
):
    async with writing(world) as hand:
        headers = {"content-type": kind} if kind else {}
        response = await hand.send("POST", "/wms/orders", content=content, headers=headers)
        assert (response.status_code, response.json()["origin"]) == (status, "trackstar")
        assert says in response.text
        assert hand.sent() == 0


async def test_a_record_that_is_not_there_is_not_changed(world: World):
    async with writing(world) as hand:
        answer = await hand.send("PUT", "/wms/orders/nowhere", {"total_price": 1})
        assert (answer.status_code, answer.json()["id"]) == (404, "nowhere")
        assert hand.sent("PUT", "/orders/nowhere") == 0


async def test_a_write_that_is_switched_off_or_not_offered_is_refused(world: World):
    async with writing(world) as hand:
        missing = await hand.send("POST", "/wms/products", {"sku": "s"})
        assert missing.status_code == 501
        assert missing.json()["error"] == "Endpoint create_product is not implemented for Fake WMS"
        await world.change_connection(hand.connection, disabled_functions="create_order")
        off = await hand.order()
        assert (off.status_code, off.json()["error"]) == (403, "create_order is disabled for this connection")
        assert hand.sent() == 0


async def test_a_read_only_key_writes_nothing(world: World):
    async with writing(world, read_only=True) as hand:
        assert (await hand.order()).status_code == 403
        assert hand.sent() == 0


# Refused by the connected system


@pytest.mark.parametrize(
    ("behaviour", "status", "says"),
    [
        (answer(422, {"message": "no stock of p1"}), 422, "no stock of p1"),
        (answer(409, {"message": "SO-1 exists"}), 409, "SO-1 exists"),
        (throttled(30), 429, "30 s"),
        (failing(500), 500, "internal error"),
        (answer(401, {"message": "who are you"}), 401, "who are you"),
    ],
)
async def test_what_the_connected_system_refuses_is_told_in_its_own_words(
    world: World, behaviour, status: int, says: str
):
    async with writing(world) as hand:
        world.vendor.script("/orders", [behaviour])
        response = await hand.order(key="k")
        assert (response.status_code, response.json()["origin"]) == (status, "integration")
        assert says in response.text
        assert await world.count(hand.connection) == 0
        world.clock.pass_seconds(7 * 60)  # refused credentials are not tried again before that
        assert (await hand.order(key="k")).status_code == 200, "the first attempt freed the key"
        assert len(hand.held()) == 1


async def test_a_page_in_place_of_an_answer_confirms_nothing(world: World):
    async with writing(world) as hand:
        world.vendor.script("/orders", [html()])
        response = await hand.order()
        assert (response.status_code, response.json()["outcome"]) == (502, "uncertain")
        assert await world.count(hand.connection) == 0


async def test_what_was_done_and_can_not_be_read_back_is_told_and_made_up_for(world: World):
    async with writing(world) as hand:
        world.vendor.script("/orders/new-1", [failing(500)] * 2)
        response = await hand.order(key="k")
        assert (response.status_code, response.json()["outcome"]) == (502, "done")
        assert response.json()["id"] == "new-1"
        again = await hand.order(key="k")
        assert (again.status_code, again.json()["id"]) == (200, "new-1")
        assert hand.sent() == 1


# Dry runs


async def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(world: World):
    async with writing(world) as hand:
        before = len(world.vendor.requests)
        response = await hand.send("POST", "/wms/orders?dry_run=true", ORDER | {"colour": "red"})
        assert response.status_code == 200
        assert response.json() == {
            "dry_run": True,
            "requests": [
                {
                    "method": "POST",
                    "url": f"{world.vendor.url}/orders",
                    "headers": {"Content-Type": "application/json"},
                    "body": {"number": "SO-1", "lines": [{"product": "p1", "quantity": 2}]},
                }
            ],
            "is_complete": True,
            "unused_fields": ["colour"],
        }
        assert len(world.vendor.requests) == before
        assert (await hand.send("POST", "/wms/orders?dry_run=true", {})).status_code == 422


async def test_a_dry_run_shows_where_an_answer_would_go_into_a_later_request(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        response = await hand.send(
            "POST", "/wms/orders/o-001/shipments?dry_run=true", {"warehouse_id": "w-1"}
        )  # fmt: skip
        first, second = response.json()["requests"]
        assert first["body"] == {"warehouse": "w-1"}
        assert second["body"] == {"state": "SHIPPED", "last": "{answer 1['id']}"}


# Files


async def test_a_file_is_attached_with_a_word_for_an_answer(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        path = "/wms/orders/o-001/file"
        response = await hand.send("POST", path, files={"file": ("label.pdf", b"%PDF", "application/pdf")})
        assert response.json() == {"data": "success", "id": "o-001", "unused_fields": []}
        assert world.vendor.collections["orders"][0]["files"][0]["name"] == "label.pdf"
        empty = await hand.send("POST", path, files={"file": ("label.pdf", b"", "application/pdf")})
        assert empty.json()["detail"] == {"form": {"file": ["the file is empty"]}}
        nothing = await hand.send("POST", path, data={"file_name": "x"}, files={"other": ("x", b"1")})
        assert nothing.status_code == 422
        plain = await hand.send("POST", path, {"file_url": "https://files.example.com/1"})
        assert plain.status_code == 415


async def test_a_file_of_fifty_megabytes_is_refused_in_the_documented_shape(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        big = {"file": ("big.bin", b"x" * 50_000_000)}
        response = await hand.send("POST", "/wms/orders/o-001/file", files=big)
        assert (response.status_code, response.json()["origin"]) == (413, "trackstar")


# Tags


async def test_tags_replace_those_before_are_found_by_filters_and_never_leave(world: World):
    world.vendor.collections["orders"] = [order(1), order(2)]
    async with writing(world) as hand:
        before = len(world.vendor.requests)
        path = "/wms/orders/o-001/trackstar-tags"
        for tags in (["old"], ["vip", {"route": "north"}]):
            response = await hand.send("PUT", path, {"trackstar_tags": tags})
            assert response.status_code == 200, response.text
            assert (response.json()["id"], response.json()["data"]["trackstar_tags"]) == ("o-001", tags)
        assert len(world.vendor.requests) == before
        for text, ids in (("vip", ["o-001"]), ("route:north", ["o-001"]), ("old", [])):
            listed = await hand.send("GET", f"/wms/orders?trackstar_tags[contains]={text}")
            assert [record["id"] for record in listed.json()["data"]] == ids


async def test_tags_outlive_changes_of_the_record(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        await hand.send("PUT", "/wms/orders/o-001/trackstar-tags", {"trackstar_tags": ["vip"]})
        world.change("orders", "o-001", state="PICKED")
        await world.next_sync()
        (record,) = (await world.documents(hand.connection)).values()
        assert (record["status"], record["trackstar_tags"]) == ("picked", ["vip"])
        listed = await hand.send("GET", "/wms/orders?trackstar_tags[contains]=vip")
        assert len(listed.json()["data"]) == 1


async def test_tags_can_come_with_a_new_record(world: World):
    async with writing(world) as hand:
        response = await hand.order(trackstar_tags=["new"])
        assert response.json()["data"]["trackstar_tags"] == ["new"]
        assert response.json()["unused_fields"] == []
        assert "trackstar_tags" not in hand.held()[0]
        await world.next_sync()
        assert (await world.documents(hand.connection))[response.json()["id"]]["trackstar_tags"] == ["new"]


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        ([1], "trackstar_tags.0"), ([{"a": "b", "c": "d"}], "trackstar_tags.0"), ("vip", "trackstar_tags"),
        ([{}], "trackstar_tags.0"), (["x" * 513], "trackstar_tags.0"),
        ([{"k": "☃" * 171}], "trackstar_tags.0"), (["t"] * 200, "trackstar_tags"),
        ([None], "trackstar_tags.0"), ([{"a": None}], "trackstar_tags.0.a"),
    ],
)  # fmt: skip
async def test_tags_that_are_none_are_refused(world: World, tags, field: str):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        faults = await hand.faults("PUT", "/wms/orders/o-001/trackstar-tags", {"trackstar_tags": tags})
        assert field in faults


async def test_a_tag_as_long_as_one_may_be_is_kept_and_found(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        tag = "".join(chr(0x4E00 + number) for number in range(170))  # three bytes each, and none twice
        path = "/wms/orders/o-001/trackstar-tags"
        assert (await hand.send("PUT", path, {"trackstar_tags": [tag]})).status_code == 200
        listed = await hand.send("GET", "/wms/orders", params={"trackstar_tags[contains]": tag})
        assert [record["id"] for record in listed.json()["data"]] == ["o-001"]


async def test_a_record_that_is_not_there_gets_no_tags(world: World):
    async with writing(world) as hand:
        path = "/wms/orders/nowhere/trackstar-tags"
        response = await hand.send("PUT", path, {"trackstar_tags": ["a"]})
        assert response.status_code == 404
        assert await world.count(hand.connection) == 0


async def test_an_empty_list_takes_all_tags_away(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        path = "/wms/orders/o-001/trackstar-tags"
        await hand.send("PUT", path, {"trackstar_tags": ["a"]})
        response = await hand.send("PUT", path, {"trackstar_tags": []})
        assert response.json()["data"]["trackstar_tags"] == []
        listed = await hand.send("GET", "/wms/orders?trackstar_tags[contains]=a")
        assert listed.json()["data"] == []


def whole(answer: httpx.Response) -> dict:
    return without_stamps(answer.json()["data"])


async def test_an_update_that_is_confirmed_late_is_made_once_more(world: World):
    """Changing an order twice leaves what changing it once leaves: nothing is in doubt."""
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        world.vendor.script("/orders/o-001", [done_and(failing(503))])
        first = await hand.send(
            "PUT", "/wms/orders/o-001", {"total_price": 7}, headers={"Idempotency-Key": "k"}
        )
        assert first.status_code == 503
        again = await hand.send(
            "PUT", "/wms/orders/o-001", {"total_price": 7}, headers={"Idempotency-Key": "k"}
        )
        assert (again.status_code, whole(again)["total_price"]) == (200, 7)
