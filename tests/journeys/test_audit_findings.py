"""The list of findings: its order, pages and filters, what is refused, and how findings are shown as one."""

from typing import Any

import pytest

from tests.fakes.invoices import FREIGHT, row, text
from tests.journeys.auditing import (
    ADDRESS,
    FEE,
    FINDINGS,
    HEAVY,
    TO_ONE_ADDRESS,
    TWICE,
    audit,
    audited,
    findings,
    http,
    refused,
    ups,
)
from tests.journeys.carriers import Carrier
from tests.journeys.conftest import World

__all__ = ["http", "ups"]

SECOND_ADDRESS = ("1Z006", "ADC", "Address Correction Ground", "0.00", "20.00")


@pytest.fixture
async def mixed(world: World, ups: Carrier) -> Carrier:
    """A connection with a duplicate (4.35), a fee (30.00), and an address corrected twice (37.50)."""
    await ups.upload(
        text(
            row(FEE, "INV1", "30.00"),
            row(TWICE, "INV2", "8.70"),
            row(TWICE, "INV2", "8.70"),
            row(ADDRESS, "INV3", "17.50", **TO_ONE_ADDRESS),
            row(SECOND_ADDRESS, "INV4", "20.00", **TO_ONE_ADDRESS)
            | {"Account Number": "00B2", "Transaction Date": "2026-01-25"},
        )
    )
    await audit(ups)
    return ups


async def amounts(carrier: Carrier, **query: Any) -> list[float]:
    return [record["amount"] for record in await findings(carrier, **query)]


async def test_the_largest_amount_comes_first_page_by_page(world: World, ups: Carrier):
    dear = [(f"1Z00{n}", "ACC", "Signature Required", "0.00", f"{n}.10") for n in range(1, 6)]
    await ups.upload(text(*(row(charge, f"I{n}", "") for n, charge in enumerate([*dear, *dear]))))
    await audit(ups)
    assert await amounts(ups) == [5.1, 4.1, 3.1, 2.1, 1.1]
    pages, token = list[list[float]](), None
    while token is not None or not pages:
        page = await ups.get(FINDINGS, limit=2, **({"page_token": token} if token else {}))
        pages.append([record["amount"] for record in page["data"]])
        token = page["next_token"]
    assert pages == [[5.1, 4.1], [3.1, 2.1], [1.1]]


async def test_findings_of_equal_amounts_are_each_listed_once_over_pages(world: World, ups: Carrier):
    equal = [(f"1Z00{n}", "ACC", "Signature Required", "0.00", "4.00") for n in range(5)]
    await ups.upload(text(*(row(charge, f"I{n}", "") for n, charge in enumerate([*equal, *equal]))))
    await audit(ups)
    numbers, token = list[str](), None
    for _ in range(5):
        page = await ups.get(FINDINGS, limit=1, **({"page_token": token} if token else {}))
        numbers += [record["tracking_number"] for record in page["data"]]
        token = page["next_token"]
    assert sorted(numbers) == [f"1Z00{n}" for n in range(5)]
    assert token is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [30.0, 20.0, 17.5, 4.35]),
        ({"rule": "account_fee"}, [30.0]),
        ({"direction": "recoverable"}, [4.35]),
        ({"direction": "avoidable"}, [30.0, 20.0, 17.5]),
        ({"direction": "credited"}, []),
        ({"certainty": "certain"}, [30.0, 20.0, 17.5, 4.35]),
        ({"certainty": "possible"}, []),
        ({"tracking_number": "1Z005"}, [17.5]),
        ({"account_id": "00B2"}, [20.0]),
        ({"invoice_id": "INV2"}, [4.35]),
        ({"currency": "USD"}, [30.0, 20.0, 17.5, 4.35]),
        ({"currency": "EUR"}, []),
        ({"min_amount": "17.5"}, [30.0, 20.0, 17.5]),
        ({"max_amount": "17.5"}, [17.5, 4.35]),
        ({"min_amount": "17.51", "max_amount": "20"}, [20.0]),
        ({"charged_date[gte]": "2026-01-21T00:00:00Z"}, [20.0]),
        ({"charged_date[lte]": "2026-01-20T00:00:00Z"}, [30.0, 17.5, 4.35]),
        ({"charged_date[lte]": "2026-01-19T23:59:59Z"}, []),
        ({"state": "open"}, [30.0, 20.0, 17.5, 4.35]),
        ({"state": "disputed"}, []),
        ({"direction": "avoidable", "account_id": "00A1", "min_amount": "18"}, [30.0]),
    ],
)  # fmt: skip
async def test_each_filter_leaves_only_what_it_names(
    mixed: Carrier, query: dict[str, str], expected: list[float]
):
    assert await amounts(mixed, **query) == expected


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("rule", "nonsense", "duplicate_charge"),
        ("direction", "upwards", "recoverable"),
        ("certainty", "sure", "likely"),
        ("state", "lost", "disputed"),
        ("min_amount", "much", "an amount such as 12.50"),
        ("min_amount", "NaN", "an amount such as 12.50"),
        ("max_amount", "-1", "an amount such as 12.50"),
        ("max_amount", "1e99", "an amount such as 12.50"),
        ("charged_date[gte]", "yesterday", "yesterday"),
        ("charged_date[lte]", "2026-13-01T00:00:00Z", "2026-13-01"),
        ("parts", "perhaps", "true"),
        ("limit", "many", "many"),
        ("page_token", "elsewhere", ""),
    ],
)
async def test_a_filter_that_is_none_is_refused_by_name_with_what_is_wanted(
    ups: Carrier, name: str, value: str, wanted: str
):
    [message] = (await refused(ups, "GET", FINDINGS, params={name: value}))["query"][name]
    assert wanted in message


async def test_a_token_of_another_list_opens_no_page(mixed: Carrier):
    token = (await mixed.get("/carrier/account-costs", limit=1))["next_token"]
    other_token = (await mixed.get(FINDINGS, limit=1))["next_token"]
    assert token is None
    answer = await mixed.ask("GET", "/carrier/account-costs", params={"page_token": other_token})
    assert answer.status_code == 422


async def test_a_finding_says_where_to_claim_until_when_and_in_which_file_it_stands(mixed: Carrier):
    [finding] = await findings(mixed, rule="duplicate_charge")
    assert (finding["direction"], finding["certainty"], finding["currency"]) == (
        "recoverable", "certain", "USD",
    )  # fmt: skip
    assert (finding["account_id"], finding["invoice_id"]) == ("00A1", "INV2")
    assert finding["charged_date"].startswith("2026-01-20")
    assert finding["invoice_date"].startswith("2026-01-31")
    assert "Dispute" in finding["how_to_claim"]
    assert finding["claim_until"].startswith("2026-07-30")  # 180 days after the invoice
    assert [file["file_name"] for file in finding["files"]] == ["january.csv"]
    [file] = (await mixed.get("/carrier/files", start_time="2020-01-01T00:00:00Z"))["data"]
    assert finding["files"][0]["file_id"] == file["id"]
    [fee] = await findings(mixed, rule="account_fee")
    assert (fee["how_to_claim"], fee["claim_until"]) == (None, None)
    assert fee["details"]["how_to_avoid"]


async def test_a_parcel_is_found_by_its_number_however_it_is_written(mixed: Carrier):
    assert await amounts(mixed, tracking_number="1z 005") == [17.5]


# Shown as one


@pytest.fixture
async def grouped(world: World, ups: Carrier) -> Carrier:
    """A connection with an address that was corrected twice."""
    await ups.upload(
        text(
            row(ADDRESS, "INV3", "37.50", **TO_ONE_ADDRESS),
            row(SECOND_ADDRESS, "INV3", "37.50", **TO_ONE_ADDRESS),
        )
    )
    await audit(ups)
    return ups


async def test_an_address_that_is_corrected_again_is_one_finding_that_opens_to_its_members(grouped: Carrier):
    [group] = await findings(grouped)
    assert (group["rule"], group["amount"], group["tracking_number"]) == ("address_correction", 37.5, None)
    assert group["details"]["parcels"] == 2
    members = await findings(grouped, part_of=group["id"])
    assert [(record["tracking_number"], record["amount"]) for record in members] == [
        ("1Z006", 20.0),
        ("1Z005", 17.5),
    ]
    assert {record["part_of"] for record in members} == {group["id"]}
    assert await amounts(grouped, parts="true") == [37.5, 20.0, 17.5]
    assert await amounts(grouped, tracking_number="1Z005") == [17.5]


async def test_totals_count_no_cent_twice(grouped: Carrier):
    totals = (await grouped.get("/carrier/audit/totals"))["data"]
    assert [record for record in totals if record["rule"] == "address_correction"] == [
        {
            "rule": "address_correction", "direction": "avoidable", "account_id": "00A1", "month": "2026-01",
            "currency": "USD", "findings": 2, "amount": 37.5,
        }
    ]  # fmt: skip


async def test_a_group_of_which_one_is_left_is_none_any_more(grouped: Carrier):
    await grouped.upload(text(row(ADDRESS, "INV3", "17.50", **TO_ONE_ADDRESS)))  # under the same name
    assert await audited(grouped) == [("address_correction", 17.5, "1Z005")]
    [finding] = await findings(grouped)
    assert finding["part_of"] is None


async def test_totals_are_by_rule_direction_account_month_and_currency(mixed: Carrier):
    totals = await mixed.get("/carrier/audit/totals")
    told = [
        (record["rule"], record["account_id"], record["month"], record["findings"], record["amount"])
        for record in totals["data"]
        if record["rule"] != "not_judged"
    ]
    assert told == [
        ("account_fee", "00A1", "2026-01", 1, 30.0),
        ("address_correction", "00A1", "2026-01", 1, 17.5),
        ("address_correction", "00B2", "2026-01", 1, 20.0),
        ("duplicate_charge", "00A1", "2026-01", 1, 4.35),
    ]
    assert totals["audited_at"] is not None


async def test_charges_in_several_currencies_are_never_added_up(world: World, ups: Carrier):
    euros = row(TWICE, "INV5", "") | {"Transaction Currency Code": "EUR"}
    await ups.upload(text(*[row(TWICE, "INV2", "")] * 2, *[euros] * 2))
    await audit(ups)
    totals = (await ups.get("/carrier/audit/totals"))["data"]
    assert [(record["currency"], record["amount"]) for record in totals if record["amount"]] == [
        ("EUR", 4.35),
        ("USD", 4.35),
    ]


async def test_what_no_audit_has_looked_at_yet_has_no_findings_and_says_so(ups: Carrier):
    await ups.upload(text(row(FREIGHT, total="10.00", **HEAVY)))
    answer = await ups.get(FINDINGS)
    assert (answer["data"], answer["audited_at"]) == ([], None)
    assert (await ups.get("/carrier/audit/totals"))["data"] == []
