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
        "unreconciled_invoice",
    }  # fmt: skip
    assert all(record["amount"] >= 0 for record in records)
    assert {record["amount"] for record in records if record["rule"] == "duplicate_charge"} == {18.5}


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
