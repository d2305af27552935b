"""Files, invoices, findings and the cost of orders can all be seen without an account of any carrier."""

import pytest

from tests.journeys.server import Organization, Server, until


@pytest.fixture(scope="module")
def audited(server: Server) -> Organization:
    """An organization with a sandbox warehouse and carriers, whose charges were audited."""
    made = server.organization("wms", "carrier")
    server.do(server.services._find_audits())
    until(lambda: made.get("/carrier/audit/findings").json()["audited_at"] is not None)
    return made


def test_the_sandbox_carriers_deliver_files_that_add_up_but_for_one(audited: Organization):
    files = audited.list("/carrier/files")
    assert len(files) == 20  # five accounts, four weeks
    assert {one["file_type"] for one in files} == {"csv"}
    invoices = audited.list("/carrier/invoices")
    assert len(invoices) == 20
    [wrong] = [one for one in invoices if not one["reconciled"]]
    assert (wrong["gap"], wrong["errors"]) == (1.0, 0)


def test_a_sandbox_file_can_be_opened(audited: Organization):
    url = audited.list("/carrier/files")[0]["download_url"]
    assert audited.http.get(url).text.startswith("Account Number,")


def test_the_audit_finds_what_the_sandbox_hid(audited: Organization):
    found = audited.list("/carrier/audit/findings", limit="1000")
    assert {one["rule"] for one in found} >= {
        "duplicate_charge", "matched_refund", "overbilled_weight", "charged_not_shipped",
        "unreconciled_invoice",
    }  # fmt: skip
    assert all(one["amount"] >= 0 for one in found)
    assert {one["amount"] for one in found if one["rule"] == "duplicate_charge"} == {18.5}


def test_every_parcel_that_was_sent_is_charged_to_its_order(audited: Organization):
    strangers = {
        one["tracking_number"] for one in audited.list("/carrier/audit/findings", rule="charged_not_shipped")
    }
    costs = audited.list("/carrier/shipment-costs", limit="1000")
    sent = {
        package["tracking_number"]: order["id"]
        for order in audited.list("/wms/orders")
        for shipment in order["shipments"]
        for package in shipment["packages"]
    }
    joined = {one["tracking_number"]: one["orders"] for one in costs if one["tracking_number"] in sent}
    assert len(joined) >= 30
    assert {number: orders[0]["order_id"] for number, orders in joined.items()} == {
        number: sent[number] for number in joined
    }
    assert strangers
    assert not strangers & sent.keys()
