"""Endpoints for some connections or customers: what they get, and what they never get, however it is sent."""

from typing import Any

import pytest

from crossdock.connections.connect import Connector
from crossdock.kit import registry
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.webhooks import channels, endpoints
from crossdock.store.webhooks.handovers import begin, end
from tests.fakes.fake_wms import SLUG
from tests.fakes.vendor import TOKEN
from tests.journeys.admin import Admin, admin
from tests.journeys.conftest import World, order
from tests.journeys.hooks import Hooks, hooks
from tests.journeys.server import Server

__all__ = ["admin", "hooks"]

Json = dict[str, Any]
ODD = "Zoë & Söhne / 7:+% " + "x" * 300


async def connected(world: World, customer_id: str | None = None) -> ConnectionRow:
    """A connection of a customer, with an order that has just changed."""
    world.vendor.collections["orders"] = [order(1)]
    connector: Connector = world.services.connector
    fields = {"url": world.vendor.url, "token": TOKEN, "page_size": "50"}
    integration = registry.get_integration("wms", SLUG)
    connection, _ = await connector.connect(world.organization, integration, fields, customer_id)
    await world.work()
    return connection


def got(hooks: Hooks, path: str) -> set[tuple[str, str | None]]:
    """(connection, customer) of what came."""
    return {(hook.json["connection_id"], hook.json["customer_id"]) for hook in hooks.receiver.got(path)}


async def test_an_endpoint_gets_what_is_about_its_connections_and_customers_and_nothing_else(
    world: World, hooks: Hooks
):
    await hooks.endpoint("/customer", customers=("c-1", ODD))
    await hooks.endpoint("/nobody", connections=())
    await hooks.endpoint("/channel", channels=(f"customer:{channels.customer_key(ODD)}",))
    await hooks.endpoint("/all")
    first = await connected(world, "c-1")
    await hooks.endpoint("/connection", connections=(first.uid,))
    await hooks.endpoint("/either", connections=(first.uid,), customers=(ODD,))
    odd, bare = await connected(world, ODD), await connected(world)
    await world.force(first, "get_orders")
    await hooks.deliver()
    one, two, three = (first.uid, "c-1"), (odd.uid, ODD), (bare.uid, None)
    assert got(hooks, "/all") == {one, two, three}
    assert got(hooks, "/customer") == {one, two}
    assert got(hooks, "/channel") == {two}
    assert got(hooks, "/connection") == {one}
    assert got(hooks, "/either") == {one, two}
    assert got(hooks, "/nobody") == set()


async def test_whose_an_event_was_when_it_happened_counts_and_not_whose_the_connection_is_now(
    world: World, hooks: Hooks
):
    await hooks.endpoint("/before", customers=("before",))
    await hooks.endpoint("/after", customers=("after",))
    connection = await connected(world, "before")
    await world.change_connection(connection, customer_id="after")
    world.change("orders", "o-001", state="SHIPPED")
    await world.next_sync()
    await hooks.deliver()
    types = {
        path: {hook.json["event_type"] for hook in hooks.receiver.got(path)} for path in ("/before", "/after")
    }
    assert "connection.created" in types["/before"]
    assert types["/after"] == {"order.updated"}
    assert "order.updated" not in types["/before"]


async def test_a_connection_that_is_added_while_it_is_made_is_told_from_its_first_event_on(
    world: World, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
):
    database = world.services.database
    narrow = await hooks.endpoint("/narrow", connections=())
    wide, foreign = await hooks.endpoint("/wide"), await hooks.endpoint("/other", application="app_other")
    ids = [narrow.id, wide.id, foreign.id, "ep_none"]
    assert await endpoints.of_organization(database, world.organization, ids) == {narrow.id, wide.id}
    stored = connections.create

    async def creating(transaction: Any, *items: Any) -> ConnectionRow:
        row = await stored(transaction, *items)
        for _ in range(2):  # whoever does it again adds nothing
            added = await endpoints.add_connection(transaction, world.organization, ids, row.uid)
            assert added == [narrow.id, wide.id]
        return row

    monkeypatch.setattr(connections, "create", creating)
    connection = await connected(world)
    monkeypatch.undo()
    assert (await hooks.reload(narrow)).connections == (connection.uid,)
    assert (await hooks.reload(wide)).connections is None, "it is for all, and stays so"
    await hooks.deliver()
    assert "connection.created" in {hook.json["event_type"] for hook in hooks.receiver.got("/narrow")}
    assert hooks.receiver.got("/other") == []


async def test_what_was_handed_over_and_is_taken_back_goes_only_where_it_belongs(world: World, hooks: Hooks):
    await hooks.endpoint("/one", customers=("c-1",))
    await begin(world.services.database)
    first, second = await connected(world, "c-1"), await connected(world, "c-2")
    await end(world.services.database, world.clock())
    await hooks.deliver()
    assert got(hooks, "/one") == {(first.uid, "c-1")}
    assert second.uid != first.uid


@pytest.mark.parametrize(
    ("customer_id", "key"),
    [
        ("c-1", "c-1"), ("a b", "a+20b"), ("ö", "+C3+B6"), ("a+b:c", "a+2Bb+3Ac"), ("x" * 119, "x" * 119),
    ],
)  # fmt: skip
def test_a_customers_id_is_escaped_where_a_channel_cannot_hold_it(customer_id: str, key: str):
    assert channels.customer_key(customer_id) == key


def test_what_is_too_long_for_a_channel_is_its_digest_and_no_two_ids_share_a_channel():
    ids = ["", "x" * 120, "x" * 121, "ö" * 40, "+sha256:" + "0" * 64, "a b", "a+20b"]
    keys = [channels.customer_key(customer_id) for customer_id in ids]
    assert len(set(keys)) == len(ids)
    assert all(key is not None and len("customer:" + key) <= 128 for key in keys)
    assert str(keys[1]).startswith("+sha256:")


# Over HTTP


def endpoint_body(admin: Admin, path: str, **members: Any) -> Json:
    return {"url": admin.receiver.url + path, **members}


def house_connection(admin: Admin, kind: str = "wms") -> str:
    admin.house.add_sandbox(kind)
    return admin.house.uids[kind]


async def test_scopes_are_set_shown_kept_changed_and_cleared(admin: Admin):
    uid = house_connection(admin)
    path = f"{admin.app}/endpoint"
    shown = await admin.do(
        "POST", path, json=endpoint_body(admin, "/a", connectionIds=[uid], customerIds=[ODD])
    )
    assert (shown["connectionIds"], shown["customerIds"]) == ([uid], [ODD])
    one = f"{path}/{shown['id']}"
    # A client of Svix does not know these members, and opens nothing by what it sends.
    kept = await admin.do("PUT", one, json=endpoint_body(admin, "/a", description="changed"))
    assert (kept["connectionIds"], kept["description"]) == ([uid], "changed")
    assert (await admin.do("PATCH", one, json={"description": "again"}))["customerIds"] == [ODD]
    emptied = await admin.do("PATCH", one, json={"connectionIds": [], "customerIds": None})
    assert emptied["connectionIds"] == []
    assert "customerIds" not in emptied
    listed = (await admin.do("GET", path))["data"]
    assert [endpoint.get("connectionIds") for endpoint in listed] == [[]]
    cleared = await admin.do("PUT", one, json=endpoint_body(admin, "/a", connectionIds=None))
    assert cleared.keys().isdisjoint({"connectionIds", "customerIds"})


async def test_a_connection_of_somebody_else_is_refused_like_one_that_there_is_not(
    admin: Admin, server: Server
):
    foreign = server.organization("wms").uids["wms"]
    texts = []
    for uid in (foreign, "549af06b-32c5-48b6-9264-c0bf0d69b77f"):
        answer = await admin.ask(
            "POST", f"{admin.app}/endpoint", json=endpoint_body(admin, "/a", connectionIds=[uid])
        )
        assert answer.status_code == 422
        texts.append(answer.text.replace(uid, "…"))
    assert texts[0] == texts[1]
    assert "there is no connection …" in texts[0]
    assert (await admin.do("GET", f"{admin.app}/endpoint"))["data"] == []


@pytest.mark.parametrize(
    "members",
    [
        {"connectionIds": ["x", "x"]},
        {"customerIds": [""]},
        {"customerIds": "c"},
        {"customerIds": ["c"] * 1001},
    ],
)
async def test_scopes_that_are_none_are_refused_by_name(admin: Admin, members: Json):
    answer = await admin.ask("POST", f"{admin.app}/endpoint", json=endpoint_body(admin, "/a", **members))
    assert answer.status_code == 422
    assert next(iter(members)) in answer.text


async def test_a_portal_token_that_manages_endpoints_sets_scopes_too(admin: Admin):
    uid = house_connection(admin)
    token = await admin.portal("ManageEndpoint")
    answer = await admin.ask(
        "POST", f"{admin.app}/endpoint", token, json=endpoint_body(admin, "/a", connectionIds=[uid])
    )
    assert answer.json()["connectionIds"] == [uid]


async def test_messages_of_events_have_channels_and_are_found_by_them(admin: Admin):
    uid = house_connection(admin)
    channel = f"connection:{uid}"

    async def look() -> list[Json]:
        data: list[Json] = (await admin.do("GET", f"{admin.app}/msg?channel={channel}"))["data"]
        return data

    messages = await admin.until(look)
    assert {tuple(message["channels"]) for message in messages} == {(channel,)}
    assert (await admin.do("GET", f"{admin.app}/msg?channel=connection:none"))["data"] == []
    assert (await admin.do("GET", f"{admin.app}/msg?channel=customer:none"))["data"] == []


async def test_nothing_that_is_sent_by_hand_goes_to_an_endpoint_that_is_not_for_it(admin: Admin):
    uid = house_connection(admin)

    async def events() -> list[Json]:
        data: list[Json] = (await admin.do("GET", f"{admin.app}/msg?channel=connection:{uid}"))["data"]
        return data

    message = (await admin.until(events))[0]
    own = await admin.endpoint("/own", connectionIds=[uid])
    other = await admin.endpoint("/other", customerIds=["somebody else"])
    narrow = await admin.endpoint("/narrow", channels=["customer:somebody-else"])
    tagged = await admin.endpoint("/tagged", channels=["a-channel-of-ours"])
    resend = f"{admin.app}/msg/{message['id']}/endpoint"
    for endpoint_id in (other, narrow):
        answer = await admin.ask("POST", f"{resend}/{endpoint_id}/resend")
        assert (answer.status_code, answer.json()["code"]) == (400, "endpoint_filter")
        assert await admin.task(f"{admin.app}/endpoint/{endpoint_id}/replay-missing") == 0
    for endpoint_id in (own, tagged):
        assert (await admin.ask("POST", f"{resend}/{endpoint_id}/resend")).status_code == 202
    await admin.tried(message, 2)
    # What failed before an endpoint was narrowed is not recovered there, nor replayed.
    await admin.do("PATCH", f"{admin.app}/endpoint/{own}", json={"connectionIds": []})
    for name in ("recover", "bulk-replay", "replay-missing"):
        assert await admin.task(f"{admin.app}/endpoint/{own}/{name}") == 0
    # An example is made for its endpoint.
    example = await admin.do(
        "POST", f"{admin.app}/endpoint/{other}/send-example", json={"eventType": "order.created"}
    )
    await admin.tried(example)
    assert (
        await admin.ask("POST", f"{admin.app}/msg/{example['id']}/endpoint/{other}/resend")
    ).status_code == 202


async def test_a_message_of_ones_own_says_by_its_channels_whose_it_is(admin: Admin):
    await admin.endpoint("/one", customerIds=["c-1"])
    mine = await admin.message(channels=["customer:c-1"])
    await admin.message(channels=["customer:c-2"])
    await admin.message()
    await admin.tried(mine)
    assert [hook.id for hook in admin.receiver.got("/one")] == [mine["id"]]


async def test_the_client_of_svix_filters_by_connection_without_knowing_of_it(admin: Admin):
    from svix.api import EndpointIn, SvixAsync, SvixOptions

    uid = house_connection(admin)
    svix = SvixAsync(admin.house.key, SvixOptions(server_url=admin.server.url))
    endpoint = await svix.endpoint.create(
        admin.house.id, EndpointIn(url=admin.receiver.url + "/svix", channels=[f"connection:{uid}"])
    )
    assert endpoint.channels == [f"connection:{uid}"]
    await svix.endpoint.replay_missing(admin.house.id, endpoint.id, _since())

    async def look() -> list[Any]:
        return admin.receiver.got("/svix")

    assert {hook.json["connection_id"] for hook in await admin.until(look)} == {uid}


def _since() -> Any:
    from datetime import UTC, datetime, timedelta

    from svix.api import ReplayIn

    return ReplayIn(since=datetime.now(UTC) - timedelta(hours=1))
