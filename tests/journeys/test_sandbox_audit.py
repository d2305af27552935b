"""Files, invoices, findings and the cost of orders can all be seen without an account of any carrier."""

import pytest

from tests.journeys.server import Organization, Server, until


@pytest.fixture(scope="module")
def audited(server: Server) -> Organization:
    """An organization with a sandbox warehouse and carriers, whose charges were audited."""
    organization = server.organization("wms", "carrier")
    server.do(server.services.jobs.find_audits())
    until(lambda: organization.get("/carrier/audit/findings").json()["audited_at"] is not None)
    return organization


def test_the_sandbox_carriers_deliver_files_that_add_up_but_for_one(audited: Organization):
    files = audited.list("/carrier/files")
    assert len(files) == 20  # five accounts, four weeks
    assert {file["file_type"] for file in files} == {"csv"}
    invoices = audited.list("/carrier/invoices")
    assert len(invoices) == 20
    [wrong] = [invoice for invoice in invoices if not invoice["reconciled"]]
    assert (wrong["gap"], wrong["errors"]) == (1.0, 0)


def test_a_sandbox_file_can_be_opened(audited: Organization):
    url = audited.list("/carrier/files")[0]["download_url"]
    assert audited.http.get(url).text.startswith("Account Number,")


def test_the_audit_finds_what_the_sandbox_hid(audited: Organization):
    records = audited.list("/carrier/audit/findings", limit="1000")
    assert {record["rule"] for record in records} >= {
        "duplicate_charge", "matched_refund", "overbilled_weight", "charged_not_shipped",
        "unreconciled_invoice", "charge_correction", "address_correction", "account_fee",
    }  # fmt: skip
    assert {record["direction"] for record in records} == {
        "recoverable", "credited", "avoidable", "to_look_at",
    }  # fmt: skip
    assert all(record["amount"] >= 0 for record in records)
    assert {record["amount"] for record in records if record["rule"] == "duplicate_charge"} == {18.5}


def test_weight_is_overbilled_only_where_the_sandbox_added_two_pounds(audited: Organization):
    findings = audited.list("/carrier/audit/findings", rule="overbilled_weight", limit="1000")
    assert findings
    assert all(finding["tracking_number"].endswith("7") for finding in findings)
    for finding in findings:
        details = finding["details"]
        assert details["billed_weight"] - details["billable_weight"] == 2


def test_normal_prices_of_the_sandbox_are_no_findings(audited: Organization):
    for rule in ("fuel_percentage", "price_deviation", "unusual_surcharge", "above_rate_card"):
        assert audited.list("/carrier/audit/findings", rule=rule) == []


def test_parcels_measured_again_show_size_and_weight_and_an_address_corrected_again_is_one_finding(
    audited: Organization,
):
    corrections = audited.list("/carrier/audit/findings", rule="charge_correction", parts="true")
    sized = [finding for finding in corrections if "size" in finding["details"]]
    assert {tuple(finding["details"]["size"]) for finding in sized if finding["tracking_number"]} == {
        (16, 12, 10)
    }
    addresses = audited.list("/carrier/audit/findings", rule="address_correction")
    groups = [finding for finding in addresses if "members" in finding["details"]]
    assert groups
    for group in groups:
        members = audited.list("/carrier/audit/findings", part_of=group["id"])
        assert len(members) == group["details"]["parcels"] >= 2
        assert round(sum(member["amount"] for member in members), 2) == group["amount"]


def test_every_parcel_that_was_sent_is_charged_to_its_order(audited: Organization):
    strangers = {
        character["tracking_number"]
        for character in audited.list("/carrier/audit/findings", rule="charged_not_shipped")
    }
    costs = audited.list("/carrier/shipment-costs", limit="1000")
    sent = {
        package["tracking_number"]: order["id"]
        for order in audited.list("/wms/orders")
        for shipment in order["shipments"]
        for package in shipment["packages"]
    }
    joined = {cost["tracking_number"]: cost["orders"] for cost in costs if cost["tracking_number"] in sent}
    assert len(joined) >= 30
    assert {number: orders[0]["order_id"] for number, orders in joined.items()} == {
        number: sent[number] for number in joined
    }
    assert strangers
    assert not strangers & sent.keys()
