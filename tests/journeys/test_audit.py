"""The audit of charges over whole ways: files in, orders of the same customer, findings and costs out."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from crossdock.audit import run
from crossdock.store.carriers import findings as stored
from crossdock.store.connections import access, connections
from tests.fakes.invoices import FREIGHT, FUEL, invoice, row, text
from tests.journeys.auditing import HEAVY, TWICE, audit, audited, findings, http, shipped, ups, warehouse
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World, order

__all__ = ["http", "ups"]


async def test_a_parcel_that_no_system_of_the_customer_knows_is_told(world: World, ups: Carrier):
    await warehouse(world, shipped(1, "1z 001"))
    await ups.upload(text(row(FREIGHT), row(FUEL), row(TWICE, "INV2", "4.35")))
    assert await audited(ups) == [("charged_not_shipped", 4.35, "1Z002")]
    carrier_audit_findings = await ups.get(
        "/carrier/audit/findings", rule="charged_not_shipped", tracking_number="1Z002"
    )
    [finding] = carrier_audit_findings["data"]
    assert (finding["currency"], finding["account_id"], finding["invoice_id"]) == ("USD", "00A1", "INV2")
    assert finding["details"]["line_items"][0]["net_cost"] == 4.35
    assert carrier_audit_findings["audited_at"] is not None


async def test_nobody_is_accused_where_nothing_is_known_of_shipments(world: World, ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL))
    assert await audited(ups) == []  # no warehouse is connected
    await warehouse(world, order(1, created_at="2026-02-01T00:00:00Z"))
    assert await audited(ups) == []  # what it knows begins after the charge


async def test_a_finding_that_no_longer_holds_goes_and_one_that_does_keeps_its_id(world: World, ups: Carrier):
    connection = await warehouse(world, shipped(1, "1Z001"), shipped(2))
    await ups.upload(text(row(FREIGHT), row(FUEL), row(TWICE, "INV2", "8.70"), row(TWICE, "INV2", "8.70")))
    assert await audited(ups) == [
        ("charged_not_shipped", 8.7, "1Z002"),
        ("duplicate_charge", 4.35, "1Z002"),
    ]
    before = {record["rule"]: record for record in await findings(ups)}
    world.vendor.collections["orders"] = [shipped(1, "1Z001"), shipped(2, "1Z002")]
    world.change("orders", "o-002")
    await world.force(connection)
    assert await audited(ups) == [("duplicate_charge", 4.35, "1Z002")]
    [after] = await findings(ups)
    assert after["id"] == before["duplicate_charge"]["id"]
    assert after["found_at"] == before["duplicate_charge"]["found_at"]


async def test_the_same_charge_on_a_later_invoice_is_told_with_both(world: World, ups: Carrier):
    await ups.upload(invoice(FREIGHT, invoice="INV1", total="10.00"))
    await ups.upload(invoice(FREIGHT, invoice="INV2", total="10.00"), "next.csv")
    assert await audited(ups) == [("duplicate_charge", 10.0, "1Z001")]
    [finding] = await findings(ups)
    assert {line_item["invoice_id"] for line_item in finding["details"]["line_items"]} == {"INV1", "INV2"}


async def test_refunds_weights_and_invoices_are_judged_too(world: World, ups: Carrier):
    credit = ("1Z001", "FRT", "Transportation Charges", "0.00", "-10.00")
    await ups.upload(
        text(
            row(FREIGHT, total="10.00", **HEAVY),
            row(credit, "INV2", "-10.00"),
            row(("1Z003", "ACC", "Adjustment", "0.00", "-2.00"), "INV3", "7.00"),
        )
    )
    # Nothing is left to claim of the freight that came back; INV3 says 7.00 and holds -2.00
    assert await audited(ups) == [
        ("matched_refund", 10.0, "1Z001"),
        ("unmatched_refund", 2.0, "1Z003"),
        ("unreconciled_invoice", 9.0, None),
    ]


async def test_p23_the_lines_of_an_invoice_are_its_total_or_a_finding_says_the_gap(
    world: World, ups: Carrier
):
    await ups.upload(text(row(FREIGHT, "RIGHT", "10.00"), row(FUEL, "WRONG", "99.99")))
    await audit(ups)
    lines: dict[str, Decimal] = {}
    for record in (await ups.get("/carrier/invoice-line-items"))["data"]:
        lines[record["invoice_id"]] = lines.get(record["invoice_id"], Decimal(0)) + Decimal(
            str(record["net_cost"])
        )
    data = (await ups.get("/carrier/audit/findings", rule="unreconciled_invoice"))["data"]
    gaps = {record["invoice_id"]: Decimal(str(record["amount"])) for record in data}
    for record in (await ups.get("/carrier/invoices"))["data"]:
        gap = gaps.get(record["invoice_id"], Decimal(0))
        assert lines[record["invoice_id"]] + gap == Decimal(str(record["total"]))
    assert gaps == {"WRONG": Decimal("98.74")}


async def test_a_surcharge_out_of_the_ordinary_is_told(world: World, ups: Carrier):
    usual = [
        row((f"1Z1{n:02}", "ACC", "Additional Handling", "0.00", "2.00"), f"I{n}", "2.00") for n in range(20)
    ]
    await ups.upload(text(*usual), "a.csv")
    dear = row(("1Z999", "ACC", "Additional Handling", "0.00", "9.00"), "J", "9.00")
    await ups.upload(text(dear | {"Transaction Date": "2026-01-25"}), "b.csv")
    assert await audited(ups) == [("unusual_surcharge", 7.0, "1Z999")]


async def test_a_charge_that_is_gone_is_audited_no_more(world: World, ups: Carrier):
    await ups.upload(text(row(TWICE, total="8.70"), row(TWICE, total="8.70")))
    assert await audited(ups) == [("duplicate_charge", 4.35, "1Z002")]
    await ups.upload(text(row(TWICE, total="4.35")))  # corrected, under the same name
    assert await audited(ups) == []


async def test_how_much_is_read_at_a_time_changes_nothing(
    world: World, ups: Carrier, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run, "AT_ONCE", 2)  # batches end in the middle of parcels
    again = [row(TWICE, f"I{n}", "4.35") for n in range(5)]
    await ups.upload(text(*again, row(FREIGHT, total="11.25"), row(FUEL)))
    assert await audited(ups) == [("duplicate_charge", 17.4, "1Z002")]


async def test_an_audit_is_done_again_only_when_something_came(world: World, ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL))
    await audit(ups)
    world.clock.pass_seconds(7200)
    assert await world.services.jobs.find_audits() == 0


async def test_an_audit_that_died_is_begun_again(world: World, ups: Carrier, monkeypatch: pytest.MonkeyPatch):
    await ups.upload(text(row(TWICE, total="8.70"), row(TWICE, total="8.70")))
    kept_findings = stored.put_findings

    async def dies(*_: Any) -> None:
        raise OSError("killed")

    monkeypatch.setattr(stored, "put_findings", dies)
    await audit(ups)
    assert (await ups.get("/carrier/audit/findings"))["audited_at"] is None
    monkeypatch.setattr(stored, "put_findings", kept_findings)
    await ups.sync()
    assert await audited(ups) == [("duplicate_charge", 4.35, "1Z002")]


# What shipments cost


async def test_charges_are_joined_to_the_order_that_was_shipped(world: World, ups: Carrier):
    connection = await warehouse(world, shipped(1, "1z 001"), shipped(2, "1Z777"))
    heavy = HEAVY | {"Zone": "5", "Original Service Description": "UPS Ground"}
    await ups.upload(text(row(FREIGHT, **heavy), row(FUEL)))
    await audit(ups)
    [cost] = (await ups.get("/carrier/shipment-costs"))["data"]
    assert (cost["tracking_number"], cost["net_cost"], cost["gross_cost"]) == ("1Z001", 11.25, 13.25)
    assert cost["by_category"] == {"base": 10.0, "fuel": 1.25}
    assert (cost["service"], cost["zone"], cost["currency"]) == ("UPS Ground", "5", "USD")
    assert (cost["billed_weight"], cost["actual_weight"], cost["weight_unit"]) == (15, 10, "lb")
    assert cost["orders"] == [
        {
            "connection_id": connection.uid,
            "integration_type": "wms",
            "order_id": "o-001",
            "order_number": "N1",
            "net_cost": 11.25,
        }
    ]
    assert [charge["charge_category"] for charge in cost["charges"]] in (["base", "fuel"], ["fuel", "base"])


async def test_costs_are_found_by_order_and_by_tracking_number_and_paged(world: World, ups: Carrier):
    await warehouse(world, shipped(1, "1Z001"), shipped(2, "1Z002", "1Z003"))
    charges = [(f"1Z00{n}", "FRT", "Transportation Charges", "0.00", f"{n}.00") for n in (1, 2, 3, 4)]
    await ups.upload(text(*(row(charge, f"I{n}", charge[4]) for n, charge in enumerate(charges))))
    await audit(ups)

    async def numbers(**query: Any) -> list[str]:
        data = (await ups.get("/carrier/shipment-costs", **query))["data"]
        return [record["tracking_number"] for record in data]

    assert await numbers(order_id="o-002") == ["1Z002", "1Z003"]
    assert await numbers(order_id="o-002", tracking_number="1z003") == ["1Z003"]
    assert await numbers(order_id="o-001", tracking_number="1Z003") == []
    assert await numbers(order_id="unknown") == []
    first = await ups.get("/carrier/shipment-costs", limit=3)
    assert [record["tracking_number"] for record in first["data"]] == ["1Z001", "1Z002", "1Z003"]
    assert await numbers(limit=3, page_token=first["next_token"]) == ["1Z004"]


async def test_sums_are_exact(world: World, ups: Carrier):
    tenths = [("1Z001", "ACC", f"Label {n}", "0.00", "0.10") for n in range(3)]
    await ups.upload(text(*(row(tenth, total="0.30") for tenth in tenths)))
    await audit(ups)
    answer = await ups.ask("GET", "/carrier/shipment-costs")
    assert '"net_cost":0.3,' in answer.text


# Whose


async def test_orders_of_another_customer_are_not_joined(world: World, http: httpx.AsyncClient):
    await warehouse(world, shipped(1, "1Z001"))  # of no customer
    theirs = await connected(world, http, customer="somebody")
    await theirs.upload(invoice(FREIGHT, FUEL))
    await audit(theirs)
    [cost] = (await theirs.get("/carrier/shipment-costs"))["data"]
    assert cost["orders"] == []
    assert (await theirs.get("/carrier/shipment-costs", order_id="o-001"))["data"] == []


async def test_p19_another_organization_sees_no_findings_no_costs_and_no_orders(
    world: World, ups: Carrier, http: httpx.AsyncClient
):
    await warehouse(world, shipped(1, "1Z001"))
    await ups.upload(text(row(TWICE, total="8.70"), row(TWICE, total="8.70")))
    assert len(await audited(ups)) == 2
    stranger = await access.create_organization(world.services.database, "Other", world.clock())
    other_carrier = await connected(world, http, stranger, customer=None)
    await other_carrier.upload(invoice(FREIGHT, FUEL))
    world.clock.pass_seconds(3600)
    await world.services.jobs.find_audits()
    await world.work()
    assert await findings(other_carrier) == []
    [cost] = (await other_carrier.get("/carrier/shipment-costs"))["data"]
    assert cost["orders"] == []
    mixed = ups.headers | {"x-trackstar-access-token": other_carrier.headers["x-trackstar-access-token"]}
    for path in ("/carrier/audit/findings", "/carrier/shipment-costs"):
        assert (await http.get(path, headers=mixed)).status_code == 401
        assert (await http.get(path)).status_code == 401
        token = (await ups.get("/carrier/shipment-costs", limit=1))["next_token"]
        assert token is None


async def test_a_warehouse_has_no_audit(world: World, ups: Carrier):
    token = await connections.token(world.services.database, world.services.vault, await world.connect())
    for path in ("/carrier/audit/findings", "/carrier/shipment-costs"):
        answer = await ups.ask("GET", path, headers={"x-trackstar-access-token": token})
        assert answer.status_code == 501


async def test_an_unknown_rule_is_refused_with_those_that_there_are(ups: Carrier):
    answer = await ups.ask("GET", "/carrier/audit/findings", params={"rule": "nonsense"})
    assert answer.status_code == 422
    assert "duplicate_charge" in answer.json()["detail"]["query"]["rule"][0]


async def test_what_a_rule_lacks_is_told_once_and_not_for_each_parcel(world: World, ups: Carrier):
    charges = [(f"1Z00{n}", "FRT", "Transportation Charges", "0.00", "10.00") for n in range(4)]
    await ups.upload(text(*(row(charge, f"I{n}", "10.00") for n, charge in enumerate(charges))))
    await audit(ups)
    [finding] = (await ups.get("/carrier/audit/findings"))["data"]
    assert (finding["rule"], finding["amount"], finding["details"]["count"]) == ("not_judged", 0, 4)
    assert finding["details"]["lacks"] == "weight"
