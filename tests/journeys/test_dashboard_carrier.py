"""The dashboard's pages about carriers over HTTP: files come in and add up, are audited, and cost money."""

import csv
import io
import time
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from crossdock.dashboard.carrier.area import CARRIER
from crossdock.kit import registry
from tests.fakes.invoices import FREIGHT, FUEL, invoice, row, text
from tests.journeys.account import Desk, desk
from tests.journeys.server import Organization, until
from tests.journeys.test_dashboard import Office, office

__all__ = ["desk"]

EVIL = '"><img src=x onerror=alert(1)>'
PAGES = ["", "/files", "/invoices", "/line-items", "/findings", "/costs", "/rates"]
_exact = msgspec.json.Decoder(float_hook=Decimal)


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    """An organization with a sandbox warehouse and carriers, audited."""
    desk.clock.now_ms = int(time.time() * 1000)  # that of the worker, which reads what comes in
    organization = desk.server.organization("wms", "carrier")
    desk.server.do(desk.services.jobs.find_audits())
    until(lambda: organization.get("/carrier/audit/findings").json()["audited_at"] is not None)
    return organization


@pytest.fixture(scope="module")
def ups(desk: Desk, house: Organization) -> str:
    """A UPS connection of a customer with a hostile name."""
    integration = registry.get_integration("carrier", "ups")
    row = desk.server.do(desk.server.services.connector.connect(house.id, integration, {}, EVIL))[0]
    return row.uid


@pytest.fixture(scope="module")
def owner(desk: Desk, house: Organization) -> Office:
    """An owner for whom time passes: what comes in has to be later than the run that began before it."""
    owner = office(desk, house)
    owner.person.http.event_hooks["request"].append(lambda _: pass_time(desk))
    return owner


def pass_time(desk: Desk) -> None:
    desk.clock.now_ms = int(time.time() * 1000)


def send_file(
    who: Office, uid: str, content: bytes, name: str = "january.csv", **fields: str
) -> httpx.Response:
    """The answer to the form as a browser sends it."""
    return who.person.http.post(
        f"{who.person.url}/dashboard/carrier/{uid}/files",
        data={"csrf_token": who.person.csrf} | fields,
        files={"file": (name, content)},
        headers={"origin": who.person.url},
    )


def brought_in(who: Office, uid: str, content: bytes, name: str = "january.csv") -> str:
    """The path of the file's page, once it was read."""
    answer = send_file(who, uid, content, name)
    assert answer.status_code == 303, answer.text
    path = "/carrier" + answer.headers["location"].partition("dashboard/carrier")[2].partition("?")[0]
    until(lambda: who.data(path)["file"]["state"] != "received")
    return path


def is_quiet(house: Organization, uid: str) -> bool:
    """Check whether nothing of a connection is syncing: what is asked for now then runs at once."""
    plans = house.get(f"/connections/{uid}").json()["data"]["sync_schedules"]
    return not any(plan["in_progress"] for plan in plans)


def exact(who: Office, path: str, **query: str) -> Any:
    """What a page shows, with exact numbers."""
    return _exact.decode(who.get(path, **query, format="json").content)


def test_a_file_that_is_brought_in_is_read_and_adds_up_to_the_cent(owner: Office, ups: str):
    path = brought_in(owner, ups, invoice(FREIGHT, FUEL))
    file = exact(owner, path)["file"]
    assert (file["state"], file["source"], file["reconciled"]) == ("read", "upload", True)
    assert (file["summary"]["net"], file["summary"]["line_items"]) == (Decimal("11.25"), 2)
    assert "january.csv" in owner.get(f"/carrier/{ups}/files").text
    until(lambda: owner.data(f"/carrier/{ups}/invoices", invoice_id="INV1")["invoices"])
    [line] = exact(owner, f"/carrier/{ups}/invoices", invoice_id="INV1")["invoices"]
    assert (line["total"], line["net"], line["gap"]) == (Decimal("11.25"), Decimal("11.25"), 0)
    charges = exact(owner, f"/carrier/{ups}/line-items")["line_items"]
    assert sorted(charge["net_cost"] for charge in charges) == [Decimal("1.25"), Decimal(10)]


def test_what_does_not_fit_is_told_by_row_and_column(owner: Office, ups: str):
    bad = ("1Z009", "FRT", f"{EVIL} Freight", "0", "N/A")
    page = owner.get(brought_in(owner, ups, text(row(bad, "INV9", "5.00")), f"{EVIL}.csv")).text
    assert "Net Amount" in page
    assert "<code>N/A</code>" in page
    assert "<img" not in page
    assert "does not add up" in page


def test_what_is_no_invoice_is_refused_with_what_was_seen_and_nothing_is_kept(owner: Office, ups: str):
    before = len(owner.data(f"/carrier/{ups}/files")["files"])
    answer = send_file(owner, ups, b"a,b\n1,2\n", "other.csv")
    assert (answer.status_code, "its first record has 2 cells" in answer.text) == (422, True)
    assert send_file(owner, ups, b"", "empty.csv").status_code == 422
    assert send_file(owner, ups, b"x", "").status_code == 422
    assert owner.send(f"/carrier/{ups}/files").status_code == 422
    assert len(owner.data(f"/carrier/{ups}/files")["files"]) == before


def test_a_file_needs_our_own_page_its_token_and_a_role_that_writes(
    desk: Desk, house: Organization, owner: Office, ups: str
):
    content = invoice(FREIGHT, FUEL, invoice="INV2")
    assert send_file(owner, ups, content, csrf_token="").status_code == 403
    viewer = office(desk, house, "viewer")
    assert send_file(viewer, ups, content).status_code == 403
    page = viewer.get(f"/carrier/{ups}/files").text
    assert 'type="file"' not in page
    file_id = owner.data(f"/carrier/{ups}/files")["files"][0]["file_id"]
    path = f"/carrier/{ups}/files/{file_id}"
    assert 'name="do"' not in viewer.get(path).text
    assert viewer.send(path, do="remove").status_code == 403
    assert owner.get(path).status_code == 200


def test_a_form_with_a_file_is_no_larger_than_the_settings_allow(
    desk: Desk, owner: Office, ups: str, monkeypatch: pytest.MonkeyPatch
):
    settings = desk.services.settings
    allowed = settings.max_file_bytes
    try:
        object.__setattr__(settings, "max_file_bytes", 1000)
        assert send_file(owner, ups, b"x" * 200_000).status_code == 413
        assert send_file(owner, ups, b"x" * 2000).status_code == 413
    finally:
        object.__setattr__(settings, "max_file_bytes", allowed)
    other = owner.person.http.post(
        f"{owner.person.url}/dashboard/connections/{ups}", files={"file": ("x", b"x")},
        data={"csrf_token": owner.person.csrf, "do": "mute"}, headers={"origin": owner.person.url},
    )  # fmt: skip
    assert other.status_code in (400, 403)


def test_a_file_is_read_again_and_taken_away_with_its_line_items(
    owner: Office, house: Organization, ups: str
):
    path = brought_in(
        owner, ups, invoice(("1Z777", "FRT", "Freight", "0", "7.00"), invoice="I7", total="7.00"), "7.csv"
    )
    until(lambda: is_quiet(house, ups))
    answer = owner.send(path, do="read")
    assert answer.headers["location"].endswith("done=file_reading")
    until(lambda: owner.data(path)["file"]["state"] == "read")
    assert "of its 1 line items" in owner.get(path).text
    until(lambda: is_quiet(house, ups))
    answer = owner.send(path, do="remove")
    assert answer.headers["location"].endswith(f"/carrier/{ups}/files?done=file_removed")
    assert owner.get(path).status_code == 404
    until(lambda: owner.data(f"/carrier/{ups}/invoices", invoice_id="I7")["invoices"] == [])


def test_spend_is_what_the_line_items_come_to_by_currency_month_category_and_service(
    owner: Office, house: Organization
):
    page = exact(owner, f"/carrier/{house.uids['carrier']}")
    items: list[Any] = []
    token = ""
    while token is not None:
        answer = _exact.decode(
            house.get(
                "/carrier/invoice-line-items", limit="1000", **({"page_token": token} if token else {})
            ).content
        )
        items, token = items + answer["data"], answer["next_token"]
    assert page["currencies"] == ["USD"]
    total = sum(item["net_cost"] for item in items)
    assert page["total"] + page["undated"] == total
    assert sum(share["amount"] for share in page["categories"]) == page["total"]
    assert sum(share["amount"] for share in page["services"]) == page["total"]
    assert sum(month["amount"] for month in page["chart"]["months"]) == page["total"]
    assert len(page["chart"]["months"]) == 12
    assert page["invoices"]["not_adding_up"] == 1


def test_currencies_are_never_added_up(desk: Desk, owner: Office, ups: str):
    euros = row(
        ("1Z00E", "FRT", "Freight", "0", "3.10"), "EUR1", "3.10", **{"Transaction Currency Code": "EUR"}
    )
    brought_in(owner, ups, text(euros), "euro.csv")
    desk.server.do(desk.services.jobs.find_audits())
    until(lambda: "EUR" in exact(owner, f"/carrier/{ups}")["currencies"])
    assert exact(owner, f"/carrier/{ups}", currency="EUR")["total"] == Decimal("3.10")
    assert exact(owner, f"/carrier/{ups}", currency="USD")["total"] == Decimal("11.25")
    [line] = [line for line in exact(owner, "/carrier")["carriers"] if line["connection_id"] == ups]
    assert [sum_["currency"] for sum_ in line["spent"]] == ["EUR", "USD"]


def test_months_and_filters_that_there_are_not_are_told(owner: Office, ups: str):
    assert owner.get(f"/carrier/{ups}", **{"from": "last year"}).status_code == 422
    assert owner.get(f"/carrier/{ups}", **{"from": "2026-05", "until": "2026-01"}).status_code == 422
    assert owner.get(f"/carrier/{ups}", **{"from": "0001-01", "until": "9999-12"}).status_code == 200
    assert owner.get(f"/carrier/{ups}/files", state="eaten").status_code == 422
    assert owner.get(f"/carrier/{ups}/invoices", reconciled="maybe").status_code == 422
    assert owner.get(f"/carrier/{ups}/line-items", **{"transaction_date[gte]": "soon"}).status_code == 422
    assert owner.get(f"/carrier/{ups}/findings", rule="bad_mood").status_code == 422


def test_lists_go_on_where_the_page_before_ended(owner: Office, house: Organization):
    base = f"/carrier/{house.uids['carrier']}"
    first = owner.data(f"{base}/costs")
    second = owner.data(f"{base}/costs", page_token=first["next_token"])
    numbers = [cost["tracking_number"] for page in (first, second) for cost in page["costs"]]
    assert len(numbers) == len(set(numbers)) == 50
    items = owner.data(f"{base}/line-items")
    assert f"page_token={items['next_token']}" in owner.get(f"{base}/line-items").text
    assert owner.get(f"{base}/invoices", page_token=items["next_token"]).status_code == 422


def test_an_invoice_shows_its_line_items_and_what_it_misses(owner: Office, house: Organization):
    base = f"/carrier/{house.uids['carrier']}"
    [wrong] = owner.data(f"{base}/invoices", reconciled="no")["invoices"]
    page = exact(owner, f"{base}/invoices/{wrong['id']}")
    assert page["invoice"]["gap"] == 1
    assert sum(charge["net"] for charge in page["charges"]) == page["invoice"]["net"]
    assert [finding["rule"] for finding in page["findings"]].count("unreconciled_invoice") == 1
    assert owner.get(f"{base}/invoices/none").status_code == 404


def test_an_order_costs_what_its_shipments_cost(owner: Office, house: Organization):
    base = f"/carrier/{house.uids['carrier']}"
    costs = exact(owner, f"{base}/costs")["costs"]
    order = next(cost["orders"][0]["order_id"] for cost in costs if cost["orders"])
    page = exact(owner, f"{base}/costs", order_id=order)
    assert page["is_whole"] is True
    assert page["totals"] == [{"currency": "USD", "amount": sum(cost["net_cost"] for cost in page["costs"])}]
    assert all(order in [named["order_id"] for named in cost["orders"]] for cost in page["costs"])


def test_findings_are_summed_up_by_rule_and_downloaded_for_a_claim(owner: Office, house: Organization):
    base = f"/carrier/{house.uids['carrier']}"
    page = exact(owner, f"{base}/findings")
    answer = owner.get(f"{base}/findings.csv")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    for sum_ in page["sums"]:
        of_rule = [
            Decimal(line["difference"]) for line in rows
            if (line["rule"], line["direction"], line["currency"])
            == (sum_["rule"], sum_["direction"], sum_["currency"])
        ]  # fmt: skip
        assert sum_["rule"] == "not_judged" or (len(of_rule), sum(of_rule)) == (
            sum_["findings"],
            sum_["amount"],
        )
    assert {"charges", "expected_amount", "claim_until", "order_numbers"} < set(rows[0])
    of_one = owner.get(f"{base}/findings.csv", rule="duplicate_charge").text
    assert {line["rule"] for line in csv.DictReader(io.StringIO(of_one))} == {"duplicate_charge"}


def test_the_money_of_findings_is_told_by_direction_and_currency(owner: Office, house: Organization):
    page = exact(owner, f"/carrier/{house.uids['carrier']}/findings")
    assert [total["direction"] for total in page["directions"]] == [
        "recoverable", "avoidable", "to_look_at", "credited",
    ]  # fmt: skip
    for total in page["directions"]:
        of_rules = [sum_ for sum_ in page["sums"] if sum_["direction"] == total["direction"]]
        for amount in total["amounts"]:
            expected = sum(sum_["amount"] for sum_ in of_rules if sum_["currency"] == amount["currency"])
            assert amount["amount"] == expected
    [recoverable] = page["directions"][:1]
    assert sum(month["amount"] for month in page["chart"]["months"]) == recoverable["amounts"][0]["amount"]


def test_findings_are_filtered_by_direction_amount_and_day_and_the_largest_is_first(
    owner: Office, house: Organization
):
    base = f"/carrier/{house.uids['carrier']}/findings"
    found = exact(owner, base, direction="recoverable")["findings"]
    amounts = [finding["amount"] for finding in found]
    assert amounts == sorted(amounts, reverse=True)
    assert {finding["direction"] for finding in found} == {"recoverable"}
    large = exact(owner, base, direction="recoverable", min_amount=str(amounts[0]))["findings"]
    assert [finding["amount"] for finding in large] == [amount for amount in amounts if amount == amounts[0]]
    sent_on = found[0]["charged_date"][:10]
    of_day = exact(owner, base, **{"from": sent_on, "until": sent_on})["findings"]
    assert found[0]["id"] in [finding["id"] for finding in of_day]
    assert owner.get(base, **{"from": "soon"}).status_code == 422
    assert owner.get(base, min_amount="much").status_code == 422


def test_a_finding_shows_its_evidence_orders_files_and_how_to_claim_it(owner: Office, ups: str, desk: Desk):
    twice = ("1ZTWICE", "ACC", "Signature Required", "0.00", "6.00")
    brought_in(owner, ups, text(row(twice, "TW", "12.00"), row(twice, "TW", "12.00")), "twice.csv")

    def found() -> list[Any]:
        desk.server.do(desk.services.jobs.find_audits())
        return list(owner.data(f"/carrier/{ups}/findings", tracking_number="1ZTWICE")["findings"])

    until(lambda: bool(found()))
    page = owner.get(f"/carrier/{ups}/findings", tracking_number="1ZTWICE").text
    assert "UPS Billing Center" in page
    assert "2026-07-30" in page  # 180 days after the invoice
    assert "twice.csv" in page
    assert "Evidence: 2 line items" in page


def test_a_claim_on_several_that_are_shown_as_one_is_downloaded_as_one_on_each(
    owner: Office, house: Organization
):
    base = f"/carrier/{house.uids['carrier']}/findings"
    found = owner.data(base, rule="address_correction")["findings"]
    group = next(finding for finding in found if "members" in finding["details"])
    path = f"{base}/{group['id']}"
    owner.send(path, do="disputed", note="all of them")
    lines = list(csv.DictReader(io.StringIO(owner.get(f"{base}.csv", state="disputed").text)))
    assert len(lines) == group["details"]["parcels"]
    assert {(line["state"], line["note"], line["recovered_amount"]) for line in lines} == {
        ("disputed", "all of them", "")
    }
    members = owner.data(base, part_of=group["id"])["findings"]
    assert {line["finding_id"] for line in lines} == {member["id"] for member in members}
    owner.send(path, do="open")


def test_a_claim_has_an_amount_and_one_that_is_none_is_refused(owner: Office, house: Organization):
    base = f"/carrier/{house.uids['carrier']}/findings"
    finding = owner.data(base, direction="recoverable")["findings"][0]
    path = f"{base}/{finding['id']}"
    assert owner.send(path, do="disputed", amount="much").status_code == 422
    owner.send(path, do="recovered", amount="1.25", note="credited")
    [line] = csv.DictReader(io.StringIO(owner.get(f"{base}.csv", state="recovered").text))
    assert (line["finding_id"], line["recovered_amount"]) == (finding["id"], "1.25")
    owner.send(path, do="open")


def test_settings_of_accounts_are_kept_shown_and_forgotten(desk: Desk, owner: Office, ups: str):
    page = f"/carrier/{ups}/rates"
    answer = owner.send(page, do="set", account_id="00A1", dim_divisor="139", spreads_costs="yes")
    assert answer.headers["location"].endswith(f"{page}?done=rates_set")
    owner.send(page, do="set", dim_divisor="166")
    assert exact(owner, page)["settings"] == [
        {"account_id": None, "dim_divisor": 166, "spreads_costs": False},
        {"account_id": "00A1", "dim_divisor": 139, "spreads_costs": True},
    ]
    owner.send(page, do="forget", account_id="")
    assert [setting["account_id"] for setting in owner.data(page)["settings"]] == ["00A1"]
    assert owner.send(page, do="set", dim_divisor="many").status_code == 422
    assert owner.send(page, do="set", dim_divisor="-1").status_code == 422
    owner.send(page, do="forget", account_id="00A1")


def test_a_rate_card_is_uploaded_shown_and_removed_by_who_may_write(
    desk: Desk, house: Organization, owner: Office, ups: str
):
    page = f"/carrier/{ups}/rates"

    def upload(who: Office, content: bytes, account: str = "00A1") -> httpx.Response:
        return who.person.http.post(
            f"{who.person.url}/dashboard/carrier/{ups}/rate-cards",
            data={"csrf_token": who.person.csrf, "account_id": account},
            files={"file": ("card.csv", content)}, headers={"origin": who.person.url},
        )  # fmt: skip

    card = b"service,zone,weight,unit,currency,price\nGround,5,10,lb,USD,9.50\n"
    viewer = office(desk, house, "viewer")
    assert upload(viewer, card).status_code == 403
    assert 'type="file"' not in viewer.get(page).text
    assert upload(owner, card).headers["location"].endswith(f"{page}?done=rate_card_taken")
    [shown] = owner.data(page)["rate_cards"]
    assert (shown["account_id"], shown["name"], shown["prices"]) == ("00A1", "card.csv", 1)
    refused = upload(owner, b"service,weight,price\nGround,heavy,1\n")
    assert (refused.status_code, "row 2: weight" in refused.text) == (422, True)
    assert upload(owner, b"").status_code == 422
    answer = owner.send(page, do="remove_card", account_id="00A1")
    assert answer.headers["location"].endswith("done=rate_card_removed")
    assert owner.data(page)["rate_cards"] == []


def test_a_finding_is_disputed_with_a_note_by_who_may_write(desk: Desk, owner: Office, house: Organization):
    base = f"/carrier/{house.uids['carrier']}/findings"
    finding = owner.data(base, rule="duplicate_charge")["findings"][0]
    path = f"{base}/{finding['id']}"
    viewer = office(desk, house, "viewer")
    assert "Resolve or dispute" not in viewer.get(base).text
    assert viewer.send(path, do="disputed").status_code == 403
    note = f"Claim 4711 {EVIL}"
    answer = owner.send(path, do="disputed", note=note, **{"filter.rule": finding["rule"]})
    assert answer.headers["location"].endswith(f"findings?done=claimed&rule={finding['rule']}")
    [disputed] = owner.data(base, state="disputed")["findings"]
    assert (disputed["id"], disputed["claim"]["note"]) == (finding["id"], note)
    assert disputed["claim"]["changed_by"] == owner.person.email
    text = owner.get(base, state="disputed").text
    assert ("<img" in text, "&lt;img src=x" in text) == (False, True)
    [line] = csv.DictReader(io.StringIO(owner.get(f"{base}.csv", state="disputed").text))
    assert (line["state"], line["note"]) == ("disputed", note)
    assert "finding.claimed" in {entry.action for entry in desk.audit(house.id)}
    owner.send(path, do="open")
    assert owner.data(base, state="disputed")["findings"] == []


def test_no_cell_of_the_download_is_a_formula(desk: Desk, owner: Office, ups: str):
    twice = ("1ZEVIL", "ACC", "=cmd|' /C calc'!A0", "0.00", "4.35")
    content = text(row(twice, "EVIL", "8.70"), row(twice, "EVIL", "8.70"))
    brought_in(owner, ups, content, "evil.csv")

    def found() -> bool:
        desk.server.do(desk.services.jobs.find_audits())
        return bool(owner.data(f"/carrier/{ups}/findings", tracking_number="1ZEVIL")["findings"])

    until(found)
    cells = [
        cell
        for line in csv.reader(io.StringIO(owner.get(f"/carrier/{ups}/findings.csv").text))
        for cell in line
    ]
    assert any("=cmd" in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_for_a_viewer_and_shows_hostile_names_as_text(
    desk: Desk, house: Organization, ups: str, path: str
):
    viewer = office(desk, house, "viewer")
    for uid in (ups, house.uids["carrier"]):
        answer = viewer.get(f"/carrier/{uid}{path}")
        assert answer.status_code == 200, answer.text
        assert "<img" not in answer.text
    assert "&lt;img" in viewer.get(f"/carrier/{ups}{path}").text


def test_a_connection_that_is_no_carrier_is_none_here(owner: Office, house: Organization):
    for operation in CARRIER.operations:
        if operation.method == "GET" and "{connection_id}" in operation.path:
            path = operation.path.format(connection_id=house.uids["wms"], file_id="x", carrier_invoice_id="x")
            assert owner.get(path).status_code == 404, path


@pytest.fixture(autouse=True)
def now(desk: Desk) -> None:
    """The desk's clock goes with the worker's."""
    desk.clock.now_ms = int(time.time() * 1000)
