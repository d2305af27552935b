"""What an audit does with all charges of an account: groups, parcels nobody knows, what a rule lacks."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crossdock.audit.grouping import group_findings
from crossdock.services.application import application
from tests.audit_rows import Cells, ups, weighed
from tests.fakes.invoices import row, text
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World, order

COLUMNS = list(
    ups("Ground", "1.00", **weighed("1", "1", "01", "1x1x1"))
    | {
        "Bill Option Code": "",
        "Receiver Address Line 1": "",
        "Receiver City": "",
        "Receiver Postal": "",
        "Receiver Country": "",
    }
)


@pytest.fixture
async def carrier(world: World) -> AsyncIterator[Carrier]:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        yield await connected(world, http, customer=None)


def file(*rows: Cells) -> bytes:
    lines = [",".join(COLUMNS), *(",".join(cells.get(name, "") for name in COLUMNS) for cells in rows)]
    return "\n".join(lines).encode()


async def audited(carrier: Carrier, **query: Any) -> list[dict[str, Any]]:
    carrier.world.clock.pass_seconds(3601)
    assert await carrier.world.services.jobs.find_audits() == 1
    await carrier.world.work()
    findings: list[dict[str, Any]] = (await carrier.get("/carrier/audit/findings", **query))["data"]
    return findings


def corrected(number: int, net: str) -> list[Cells]:
    name = f"1Z{number:03}"
    return [
        ups("Ground", "9.00", Tracking_Number=name, Lead_Shipment_Number=name, **weighed("5", "5")),
        ups(
            "Shipping Charge Correction Ground", net, "FRT", "ADJ/SCC", Tracking_Number=name,
            Lead_Shipment_Number=name, **weighed("5", "20", "08", "22x17x12"),
        ),
    ]  # fmt: skip


async def test_one_wrong_carton_is_one_finding_that_opens_to_its_parcels(world: World, carrier: Carrier):
    rows = [cells for number in range(6) for cells in corrected(number, f"{number + 1}.00")]
    await carrier.upload(file(*rows))
    [group] = [one for one in await audited(carrier) if one["rule"] == "charge_correction"]
    assert (group["amount"], group["details"]["parcels"]) == (21.0, 6)
    assert group["details"]["size"] == "22 x 17 x 12"
    assert [member["amount"] for member in group["details"]["members"]] == [6, 5, 4, 3, 2, 1]
    members = (await carrier.get("/carrier/audit/findings", part_of=group["id"]))["data"]
    assert [one["part_of"] for one in members] == [group["id"]] * 6
    [single] = [
        one
        for one in (await carrier.get("/carrier/audit/findings", tracking_number="1Z003"))["data"]
        if one["rule"] == "charge_correction"
    ]
    assert single["amount"] == 4.0
    totals = (await carrier.get("/carrier/audit/totals"))["data"]
    [total] = [one for one in totals if one["rule"] == "charge_correction"]
    assert (total["findings"], total["amount"]) == (6, 21.0)


async def test_four_parcels_are_no_group_and_a_fifth_makes_one(world: World, carrier: Carrier):
    rows = [cells for number in range(4) for cells in corrected(number, "2.00")]
    await carrier.upload(file(*rows))
    found = [one for one in await audited(carrier) if one["rule"] == "charge_correction"]
    assert [one["part_of"] for one in found] == [None] * 4
    await carrier.upload(file(*corrected(4, "2.00")), "next.csv")
    found = [one for one in await audited(carrier) if one["rule"] == "charge_correction"]
    assert [one["amount"] for one in found] == [10.0]


async def test_an_address_that_is_corrected_again_comes_first(world: World, carrier: Carrier):
    place = {
        "Receiver Address Line 1": "1 Main St",
        "Receiver City": "Springfield",
        "Receiver Postal": "12345",
    }
    rows = []
    for number in range(3):
        name = {"Tracking_Number": f"1Z{number}", "Lead_Shipment_Number": f"1Z{number}"}
        rows.append(
            ups("Address Correction Ground", "22.00", "FRT", "ADJ/ADC", **name) | (place if number else {})
        )
    await carrier.upload(file(*rows))
    found = [one for one in await audited(carrier) if one["rule"] == "address_correction"]
    assert [(one["amount"], one["details"].get("parcels")) for one in found] == [(44.0, 2), (22.0, None)]
    assert "Main" not in str(found)


def sent(number: int) -> dict[str, Any]:
    shipment = {
        "id": f"s{number}", "warehouse": "w-1", "shipped_at": "2026-01-20T00:00:00Z",
        "trackings": [f"1Z{number:03}"],
    }  # fmt: skip
    return order(number, created_at="2026-01-10T00:00:00Z", shipments=[shipment])


async def test_an_account_that_is_mostly_unknown_is_told_once(world: World, carrier: Carrier):
    world.vendor.collections["orders"] = [sent(number) for number in range(1, 4)]
    await world.connect()
    charges = [row((f"1Z{number:03}", "FRT", "Ground", "0.00", "10.00"), total="") for number in range(1, 8)]
    await carrier.upload(text(*charges))
    found = [one for one in await audited(carrier) if one["rule"] == "charged_not_shipped"]
    [summary] = found
    assert (summary["amount"], summary["tracking_number"]) == (40.0, None)
    assert (summary["details"]["parcels"], summary["details"]["known_parcels"]) == (7, 3)


async def test_an_account_that_is_mostly_known_is_told_parcel_by_parcel(world: World, carrier: Carrier):
    world.vendor.collections["orders"] = [sent(number) for number in range(1, 6)]
    await world.connect()
    charges = [row((f"1Z{number:03}", "FRT", "Ground", "0.00", "10.00"), total="") for number in range(1, 8)]
    early = row(("1Z900", "FRT", "Ground", "0.00", "10.00"), total="") | {"Transaction Date": "2025-12-01"}
    undated = row(("1Z901", "FRT", "Ground", "0.00", "10.00"), total="") | {"Transaction Date": ""}
    await carrier.upload(text(*charges, early, undated))
    found = [one for one in await audited(carrier) if one["rule"] == "charged_not_shipped"]
    assert sorted(one["tracking_number"] for one in found) == ["1Z006", "1Z007"]


async def test_what_a_rule_lacks_is_told_once(world: World, carrier: Carrier):
    rows = [
        ups("Ground", "9.00", Tracking_Number=f"1Z{number}", **weighed("5", "9", "02")) for number in range(9)
    ]
    await carrier.upload(file(*rows))
    [note] = [one for one in await audited(carrier) if one["rule"] == "not_judged"]
    assert (note["amount"], note["details"]["count"], note["details"]["lacks"]) == (0, 9, "size")


async def test_a_currency_beside_another_is_no_fault_of_its_invoice(world: World, carrier: Carrier):
    dollars = row(("1Z001", "FRT", "Ground", "0.00", "10.00"), "INVUSD", "10.00")
    canadian = row(("1Z002", "FRT", "Ground", "0.00", "9.00"), "INVCAD", "9.00")
    await carrier.upload(text(dollars, canadian | {"Transaction Currency Code": "CAD"}))
    assert [one for one in await audited(carrier) if one["rule"] == "unreconciled_invoice"] == []


async def test_divisors_are_inferred_from_the_accounts_own_rows(world: World, carrier: Carrier):
    # 2400 / 200 is 12; 20 rows agree on 200, one is billed for 19
    rows = [
        ups(
            "Ground", "9.00", Tracking_Number=f"1Z{n:02}",
            **weighed("5", str(-(-side * 100 // 200)), "02", f"{side}x10x10"),
        )
        for n, side in enumerate(range(21, 41))
    ]  # fmt: skip
    wrong = ups("Ground", "19.00", Tracking_Number="1Z99", **weighed("5", "19", "02", "24x10x10"))
    await carrier.upload(file(*rows, wrong))
    [finding] = [one for one in await audited(carrier) if one["rule"] == "overbilled_weight"]
    assert (finding["tracking_number"], finding["amount"]) == ("1Z99", 7.0)
    assert finding["details"]["dim_divisor_from"] == "inferred"


async def test_a_finding_is_the_same_however_its_number_is_written(world: World, carrier: Carrier):
    twice = ("1Z 001", "ACC", "Residential Surcharge", "0.00", "4.35")
    await carrier.upload(text(row(twice, total=""), row(twice, total="")))
    before = [one["id"] for one in await audited(carrier) if one["rule"] == "duplicate_charge"]
    later = ("1z001", "ACC", "Residential Surcharge", "0.00", "4.35")
    await carrier.upload(text(row(later, "INV0", "") | {"Invoice Date": "2025-12-31"}), "earlier.csv")
    after = [one["id"] for one in await audited(carrier) if one["rule"] == "duplicate_charge"]
    assert (after, len(before)) == (before, 1)


async def test_a_number_of_very_many_charges_is_no_parcel(
    world: World, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("crossdock.audit.run.MOST_OF_A_PARCEL", 5)
    monkeypatch.setattr("crossdock.audit.run.AT_ONCE", 4)
    many = [row(("N/A", "FRT", "Ground", "0.00", "10.00"), f"INV{number}", "") for number in range(20)]
    pair = [row(("1Z1", "FRT", "Ground", "0.00", "3.00"), invoice, "") for invoice in ("A", "B")]
    await carrier.upload(text(*many, *pair))
    found = {one["rule"]: one for one in await audited(carrier) if one["rule"] != "unusual_surcharge"}
    assert found["duplicate_charge"]["amount"] == 3.0
    notes = [one for one in await audited_again(carrier) if one["details"].get("lacks") == "number"]
    assert [note["details"]["count"] for note in notes] == [20]


async def audited_again(carrier: Carrier) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = (await carrier.get("/carrier/audit/findings"))["data"]
    return findings


async def test_members_stay_with_their_group_while_the_next_audit_runs(
    world: World, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
):
    rows = [cells for number in range(6) for cells in corrected(number, "2.00")]
    await carrier.upload(file(*rows))
    before = [one["id"] for one in await audited(carrier) if one["rule"] == "charge_correction"]
    assert len(before) == 1
    seen: list[list[str]] = []
    grouping = "crossdock.audit.run.group_findings"

    async def looked(*args: Any) -> list[Any]:
        shown = await audited_again(carrier)
        seen.append([one["id"] for one in shown if one["rule"] == "charge_correction"])
        return await group_findings(*args)

    monkeypatch.setattr(grouping, looked)
    await carrier.upload(file(*corrected(6, "2.00")), "next.csv")
    after = await audited(carrier)
    assert [one["amount"] for one in after if one["rule"] == "charge_correction"] == [14.0]
    assert seen[-1].count(before[0]) == 1
    assert len(seen[-1]) == 2, "the group as it was, and the new member by itself"
