"""Claims on findings: what is said about one stays while it goes and comes again."""

from typing import Any

import pytest

from tests.fakes.invoices import FREIGHT, FUEL, row, text
from tests.journeys.auditing import (
    FINDINGS,
    TWICE,
    audit,
    audited,
    findings,
    http,
    refused,
    shipped,
    ups,
    warehouse,
)
from tests.journeys.carriers import Carrier
from tests.journeys.conftest import World

__all__ = ["http", "ups"]

ONCE = text(row(TWICE, "INV2", "4.35"))
AGAIN = text(row(TWICE, "INV2", "8.70"), row(TWICE, "INV2", "8.70"))
LATER = text(row(TWICE, "INV2", "18.70"), row(TWICE, "INV2", "18.70"), row(FREIGHT, "INV2", "18.70"))


@pytest.fixture
async def claimed(world: World, ups: Carrier) -> Carrier:
    """A connection with a duplicate that was claimed."""
    await ups.upload(AGAIN)
    await audit(ups)
    answer = await claim(ups, state="disputed", note="Claim 4711", amount=4.35)
    assert answer["amount"] == 4.35
    return ups


async def claim(carrier: Carrier, **body: Any) -> dict[str, Any]:
    """What is said about the only finding, as it is answered."""
    [finding] = await findings(carrier)
    answer = await carrier.ask("PATCH", f"{FINDINGS}/{finding['id']}", json=body)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_a_claim_has_its_state_note_amount_and_who_said_so(claimed: Carrier):
    [finding] = await findings(claimed)
    assert {name: finding["claim"][name] for name in ("state", "note", "amount")} == {
        "state": "disputed", "note": "Claim 4711", "amount": 4.35,
    }  # fmt: skip
    assert finding["claim"]["changed_by"]
    assert finding["gone_at"] is None


async def test_a_claim_on_a_charge_that_is_gone_stays_and_says_since_when(claimed: Carrier):
    [before] = await findings(claimed)
    await claimed.upload(ONCE)  # corrected, under the same name
    await audit(claimed)
    [gone] = await findings(claimed)
    assert (gone["id"], gone["claim"]) == (before["id"], before["claim"])
    assert gone["gone_at"] is not None
    totals = (await claimed.get("/carrier/audit/totals"))["data"]
    assert [record for record in totals if record["rule"] == "duplicate_charge"] == []
    settled = await claim(claimed, state="recovered", amount=4.35, note="credited on INV9")
    assert settled["state"] == "recovered"


async def test_a_finding_that_comes_again_is_gone_no_more_and_has_its_claim(claimed: Carrier):
    [before] = await findings(claimed)
    await claimed.upload(ONCE)
    await audit(claimed)
    await claimed.upload(LATER)
    await audit(claimed)
    [again] = await findings(claimed)
    assert (again["id"], again["claim"], again["gone_at"]) == (before["id"], before["claim"], None)


async def test_a_finding_that_nobody_touched_goes_with_its_charge(world: World, ups: Carrier):
    await ups.upload(AGAIN)
    await audit(ups)
    [finding] = await findings(ups)
    await ups.upload(ONCE)
    assert await audited(ups) == []
    answer = await ups.ask("PATCH", f"{FINDINGS}/{finding['id']}", json={"state": "open"})
    assert (answer.status_code, finding["id"] in answer.text) == (404, True)


async def test_findings_are_listed_by_the_state_of_their_claim(world: World, ups: Carrier):
    await warehouse(world, shipped(1, "1Z001"), shipped(2))
    await ups.upload(text(row(FREIGHT), row(FUEL), row(TWICE, "INV2", "8.70"), row(TWICE, "INV2", "8.70")))
    await audit(ups)
    by_rule = {record["rule"]: record["id"] for record in await findings(ups)}
    path = f"{FINDINGS}/{by_rule['charged_not_shipped']}"
    await ups.ask("PATCH", path, json={"state": "ignored"})

    async def in_state(state: str) -> list[str]:
        return [record["id"] for record in await findings(ups, state=state)]

    assert await in_state("ignored") == [by_rule["charged_not_shipped"]]
    assert await in_state("open") == [by_rule["duplicate_charge"]]
    await ups.ask("PATCH", path, json={"state": "open"})
    assert len(await in_state("open")) == 2


async def test_a_claim_is_said_anew_as_a_whole(claimed: Carrier):
    again = await claim(claimed, state="refused")
    assert (again["state"], again["note"], again["amount"]) == ("refused", "", None)


@pytest.mark.parametrize(
    ("body", "field", "wanted"),
    [
        ({}, "state", "is required"),
        ({"state": "lost"}, "state", "lost"),
        ({"note": "x"}, "state", "is required"),
        ({"state": "open", "note": "x" * 2001}, "note", "2000"),
        ({"state": "open", "note": 7}, "note", "must be a text"),
        ({"state": "open", "amount": -0.01}, "amount", "not below zero"),
        ({"state": "open", "amount": 1e15}, "amount", "100000000000000"),
        ({"state": "open", "amount": 0.00001}, "amount", "four decimal places"),
        ({"state": "open", "amount": "much"}, "amount", "number"),
        ({"state": "open", "price": 1}, "price", ""),
    ],
)
async def test_a_claim_that_is_none_is_refused_by_name_and_changes_nothing(
    world: World, ups: Carrier, body: dict[str, Any], field: str, wanted: str
):
    await ups.upload(AGAIN)
    await audit(ups)
    [finding] = await findings(ups)
    detail = await refused(ups, "PATCH", f"{FINDINGS}/{finding['id']}", json=body)
    assert wanted in " ".join(detail["json"][field])
    [after] = await findings(ups)
    assert after["claim"] is None


async def test_there_is_no_claim_on_a_finding_that_there_is_not(ups: Carrier):
    answer = await ups.ask("PATCH", f"{FINDINGS}/find_0", json={"state": "open"})
    assert (answer.status_code, "find_0" in answer.text) == (404, True)
