"""`audit.completed`: told where an audit found something new, to who asks for exactly that."""

from decimal import Decimal

import pytest

from crossdock.resources.event_types import AUDIT_COMPLETED
from crossdock.store.carriers import findings as stored
from tests.fakes.invoices import FREIGHT, row, text
from tests.journeys.auditing import TWICE, WEIGHED, audit, http, ups
from tests.journeys.carriers import Carrier
from tests.journeys.conftest import World
from tests.journeys.hooks import Hooks, hooks

__all__ = ["hooks", "http", "ups"]

THRICE = ("1Z003", "ACC", "Signature Required", "0.00", "6.00")
WEIGHED_FREIGHT = row(FREIGHT, "INV1", "", **WEIGHED)


async def test_nobody_gets_it_who_did_not_ask_and_it_is_not_even_stored(
    world: World, ups: Carrier, hooks: Hooks
):
    await hooks.endpoint()
    await ups.upload(text(*[row(TWICE, "INV2", "8.70")] * 2))
    await audit(ups)
    assert await ups.events(AUDIT_COMPLETED) == []
    await hooks.deliver()
    assert AUDIT_COMPLETED not in {hook.json["event_type"] for hook in hooks.receiver.got("/hook")}


async def test_who_asks_gets_what_is_new_by_rule_direction_and_currency(
    world: World, ups: Carrier, hooks: Hooks
):
    await hooks.endpoint("/audits", types=(AUDIT_COMPLETED,))
    await hooks.endpoint("/rest")
    await ups.upload(text(WEIGHED_FREIGHT, *[row(TWICE, "INV2", "")] * 2, *[row(THRICE, "INV3", "")] * 3))
    await audit(ups)
    [event] = await ups.events(AUDIT_COMPLETED)
    assert event["data"]["new_findings"] == [
        {
            "rule": "duplicate_charge", "direction": "recoverable", "currency": "USD", "findings": 2,
            "amount": Decimal("16.35"),
        }
    ]  # fmt: skip
    assert (event["connection_id"], event["integration_type"]) == (ups.connection.uid, "carrier")
    await hooks.deliver()
    [hook] = hooks.receiver.got("/audits")
    assert hook.json["data"]["new_findings"][0]["amount"] == 16.35
    assert AUDIT_COMPLETED not in {hook.json["event_type"] for hook in hooks.receiver.got("/rest")}


async def test_an_audit_without_news_tells_nothing_and_one_with_news_only_these(
    world: World, ups: Carrier, hooks: Hooks
):
    await hooks.endpoint("/audits", types=(AUDIT_COMPLETED,))
    await ups.upload(text(WEIGHED_FREIGHT, *[row(TWICE, "INV2", "8.70")] * 2))
    await audit(ups)
    await ups.sync()
    await audit(ups)
    assert len(await ups.events(AUDIT_COMPLETED)) == 1
    await ups.upload(text(*[row(THRICE, "INV3", "12.00")] * 2), "february.csv")
    await audit(ups)
    [_, event] = await ups.events(AUDIT_COMPLETED)
    assert [(found["rule"], found["amount"]) for found in event["data"]["new_findings"]] == [
        ("duplicate_charge", 6.0)
    ]


async def test_the_feed_has_it_for_who_names_it(world: World, ups: Carrier, hooks: Hooks):
    await hooks.endpoint("/audits", types=(AUDIT_COMPLETED,))
    await ups.upload(text(WEIGHED_FREIGHT, *[row(TWICE, "INV2", "8.70")] * 2))
    await audit(ups)
    headers = {"x-trackstar-api-key": ups.headers["x-trackstar-api-key"]}
    usual = (await ups.http.get("/events", headers=headers)).json()["data"]
    named = (await ups.http.get("/events", headers=headers, params={"type": AUDIT_COMPLETED})).json()["data"]
    assert AUDIT_COMPLETED not in {event["type"] for event in usual}
    assert [event["type"] for event in named] == [AUDIT_COMPLETED]


async def test_what_an_audit_found_that_died_is_told_by_the_next(
    world: World, ups: Carrier, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
):
    await hooks.endpoint("/audits", types=(AUDIT_COMPLETED,))
    await ups.upload(text(WEIGHED_FREIGHT, *[row(TWICE, "INV2", "8.70")] * 2))

    async def dies(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(stored, "forget_findings", dies)
        await audit(ups)
    assert (await ups.get("/carrier/audit/findings"))["data"], "stored, and never told"
    assert await ups.events(AUDIT_COMPLETED) == []
    await ups.sync()
    await audit(ups)
    [event] = await ups.events(AUDIT_COMPLETED)
    assert [new["rule"] for new in event["data"]["new_findings"]] == ["duplicate_charge"]
