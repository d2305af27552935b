"""Transformations as the original documents have them, and all that a script is told."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from crossdock.changes.events import connection_event
from crossdock.webhooks import transform
from crossdock.webhooks.transform import TransformCall, TransformedMessage, TransformFailed, TransformScripts
from tests.conftest import needs_shared, skip_or_fail
from tests.fakes.hook_receiver import status
from tests.journeys.admin import Admin, admin
from tests.journeys.conftest import World

__all__ = ["admin"]

TEST, PRODUCTION = "https://your-app.com/webhooks/test", "https://your-app.com/webhooks/production"
ROUTED = {
    "testConnectionIds": PRODUCTION,  # ours is none of those in the script
    "testCustomerIdPrefix": TEST,
    "sandboxIntegrations": PRODUCTION,  # ours says `fake`
}
"""Where each script sends an event of a connection of the customer `uat-1`."""


def scripts_of_the_seeds() -> list[str]:
    texts: list[str] = []
    for file in sorted(needs_shared("seeds").glob("*.txt")):
        blocks = re.findall(r"^```(?:javascript|js)[^\n]*\n(.*?)^```", file.read_text(), re.M | re.S)
        texts += [block for block in blocks if "function handler" in block]
    return texts


@pytest.fixture
async def scripts() -> AsyncIterator[TransformScripts]:
    if reason := transform.missing():
        skip_or_fail(reason)
    async with TransformScripts() as opened:
        yield opened


async def test_p35_every_script_of_the_original_documents_runs_as_it_stands(
    world: World, scripts: TransformScripts
):
    texts = scripts_of_the_seeds()
    assert len(texts) == len(ROUTED)
    connection = replace(await world.connect(), customer_id="uat-1")
    event = connection_event(connection, "connection.deleted", {"deleted_date": "2026-01-01T00:00:00Z"}, 1)
    call = TransformCall(url="https://elsewhere.example/", payload=event.body, event_type=event.type)
    for script in texts:
        outcome = await scripts.run(script, call, owner="ep_1")
        assert isinstance(outcome, TransformedMessage), outcome
        [name] = [text for text in ROUTED if text in script]
        assert outcome.url == ROUTED[name]


async def test_a_connection_without_a_customer_says_so_with_null(world: World, scripts: TransformScripts):
    event = connection_event(await world.connect(), "connection.deleted", {"deleted_date": "2026-01-01"}, 1)
    call = TransformCall(url="https://elsewhere.example/", payload=event.body, event_type=event.type)
    script = "function handler(w) { w.payload = String(w.payload.customer_id); return w; }"
    outcome = await scripts.run(script, call, owner="ep_1")
    assert isinstance(outcome, TransformedMessage)
    assert outcome.body == b"null"


async def test_a_script_gets_its_variables_as_env_and_what_came_along_with_the_message(admin: Admin):
    endpoint = await admin.endpoint("/hook")
    code = (
        "function handler(w) { w.payload = {env: w.env, same: w.variables, params: w.transformationsParams};"
        " return w; }"
    )
    path = f"{admin.app}/endpoint/{endpoint}/transformation"
    patch = {"code": code, "enabled": True, "variables": {"team": "ops"}}
    await admin.do("PATCH", path, json=patch)
    params = {"channel": "C1", "deep": {"n": [1, 2]}, "headers": {"content-type": "application/json"}}
    with_params = await admin.message(transformationsParams=params)
    without = await admin.message()
    for message in (with_params, without):
        await admin.tried(message)
    arrived = {item.id: item.json for item in admin.receiver.got()}
    variables = {"team": "ops"}
    assert arrived[with_params["id"]] == {"env": variables, "same": variables, "params": params}
    assert arrived[without["id"]] == {"env": variables, "same": variables, "params": {}}


async def test_what_came_along_for_scripts_is_erased_with_the_message(admin: Admin):
    admin.receiver.answer("/hook", status(500))
    await admin.endpoint("/hook")
    message = await admin.message(transformationsParams={"secret": "s3cret"})
    await admin.tried(message)
    await admin.do("DELETE", f"{admin.app}/msg/{message['id']}/content")
    rows = admin.server.do(admin.server.services.database.fetch("SELECT body, params FROM webhook_messages"))
    assert "s3cret" not in str([tuple(row) for row in rows])


async def test_what_comes_along_for_scripts_has_a_limit(admin: Admin):
    body = {"eventType": "a", "payload": {}, "transformationsParams": {"x": "y" * 70_000}}
    refused = await admin.ask("POST", f"{admin.app}/msg", json=body)
    assert refused.status_code == 422
    assert "at most 65,536" in refused.text


async def test_a_script_of_the_seeds_fails_by_name_where_there_is_no_customer(
    world: World, scripts: TransformScripts
):
    [script] = [script for script in scripts_of_the_seeds() if "testCustomerIdPrefix" in script]
    event = connection_event(await world.connect(), "connection.deleted", {"deleted_date": "2026-01-01"}, 1)
    call = TransformCall(url="https://elsewhere.example/", payload=event.body, event_type=event.type)
    outcome = await scripts.run(script, call, owner="ep_1")
    assert isinstance(outcome, TransformFailed)
    assert "startsWith" in outcome.error


# Another name of an event


async def test_an_event_can_be_asked_for_by_its_other_name_and_is_shown_by_its_own(admin: Admin):
    other_text, own_text = "cart-order.shipment.created", "cart-order.cart-shipment.created"
    endpoint = await admin.endpoint("/hook", filterTypes=[other_text, own_text, "order.created"])
    path = f"{admin.app}/endpoint/{endpoint}"
    assert sorted((await admin.do("GET", path))["filterTypes"]) == [own_text, "order.created"]
    shown = await admin.do("PATCH", path, json={"eventTypes": [other_text]})
    assert shown["eventTypes"] == [own_text]
    whole_fields = {"url": f"{admin.receiver.url}/hook", "filterTypes": [other_text]}
    assert (await admin.do("PUT", path, json=whole_fields))["filterTypes"] == [own_text]
    sent = await admin.do("POST", f"{path}/send-example", json={"eventType": other_text})
    assert sent["eventType"] == own_text
    await admin.tried(sent)
    body = await admin.do("GET", f"{admin.app}/msg?event_types={other_text}")
    assert [record["id"] for record in body["data"]] == [sent["id"]]
    feed = admin.house.get("/events", None, type=other_text)
    assert (feed.status_code, feed.json()["data"]) == (200, [])
