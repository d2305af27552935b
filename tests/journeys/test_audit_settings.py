"""What charges are judged by: settings of accounts, rate cards, the prices that invoices show."""

from typing import Any

import pytest

from tests.fakes.invoices import row, text
from tests.journeys.auditing import WEIGHED, audit, audited, findings, http, refused, ups
from tests.journeys.carriers import Carrier
from tests.journeys.conftest import World

__all__ = ["http", "ups"]

SETTINGS, RATE_CARDS, PRICES = (
    "/carrier/audit/settings",
    "/carrier/audit/rate-cards",
    "/carrier/audit/price-list",
)
GROUND = WEIGHED | {"Zone": "5", "Original Service Description": "Ground"}
SIZED = GROUND | {
    "Billed Weight": "12", "Billed Weight Type": "2", "Package Dimensions": "12.0x12.0x10.0",
    "Package Dimension Unit Of Measure": "IN",
}  # fmt: skip
"""1,440 cubic inches: 11 lb by 139, 9 lb by 166; 10 lb by the scale."""


def freight(number: int, price: str = "12.00", **cells: str) -> dict[str, str]:
    charge = (f"1Z1{number:02}", "FRT", "Ground", "0.00", price)
    return row(charge, f"I{number}", price, **cells)


async def put(carrier: Carrier, *settings: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await carrier.ask("PUT", SETTINGS, json={"settings": list(settings)})
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


async def upload_card(carrier: Carrier, body: str, **query: str) -> dict[str, Any]:
    answer = await carrier.ask("PUT", RATE_CARDS, params=query, content=body.encode())
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


# Settings


async def test_settings_are_read_as_they_were_set_and_replaced_as_a_whole(ups: Carrier):
    assert (await ups.get(SETTINGS))["data"] == []
    both: list[dict[str, Any]] = [
        {"account_id": None, "dim_divisor": None, "spreads_costs": True},
        {"account_id": "00A1", "dim_divisor": 194, "spreads_costs": False},
    ]
    assert await put(ups, both[1], {"spreads_costs": True}) == both
    assert (await ups.get(SETTINGS))["data"] == both
    assert await put(ups) == []
    assert (await ups.get(SETTINGS))["data"] == []


async def test_a_divisor_counts_from_the_next_audit_which_comes_by_itself(world: World, ups: Carrier):
    await ups.upload(text(freight(1, **SIZED)))
    assert await audited(ups) == []  # nobody knows what the volume is divided by
    await put(ups, {"account_id": "00A1", "dim_divisor": 139})
    assert await audited(ups) == [("overbilled_weight", 1.0, "1Z101")]  # 1 of 12 lb of 12.00
    [finding] = await findings(ups)
    assert finding["details"]["dim_divisor"] == 139
    assert finding["details"]["dim_divisor_from"] == "settings"
    await put(ups, {"account_id": "elsewhere", "dim_divisor": 139})
    assert await audited(ups) == []


async def test_settings_of_an_account_beat_those_of_all(world: World, ups: Carrier):
    await ups.upload(text(freight(1, **SIZED)))
    await audit(ups)
    await put(ups, {"dim_divisor": 166}, {"account_id": "00A1", "dim_divisor": 120})
    assert await audited(ups) == []  # 1,440 / 120 = 12 lb
    await put(ups, {"dim_divisor": 166})
    assert await audited(ups) == [("overbilled_weight", 2.0, "1Z101")]


async def test_setting_them_before_anything_was_audited_is_no_fault(ups: Carrier):
    assert len(await put(ups, {"dim_divisor": 139})) == 1


@pytest.mark.parametrize(
    ("settings", "field", "wanted"),
    [
        ([{"dim_divisor": 0}], "settings.0.dim_divisor", "above 0"),
        ([{}, {"account_id": "a", "dim_divisor": -5}], "settings.1.dim_divisor", "is -5"),
        ([{"dim_divisor": 100001}], "settings.0.dim_divisor", "at most 100000"),
        ([{"dim_divisor": 1e-9}], "settings.0.dim_divisor", "four decimal places"),
        ([{"dim_divisor": "many"}], "settings.0.dim_divisor", ""),
        ([{"account_id": "a"}, {"account_id": "a"}], "settings.1.account_id", "twice"),
        ([{"account_id": None}, {"account_id": ""}], "settings.1.account_id", "twice"),
        ([{"account_id": "x" * 201}], "settings.0.account_id", "200"),
        ([{"spreads_costs": "yes"}], "settings.0.spreads_costs", ""),
        ([{"divisor": 139}], "settings.0.divisor", ""),
        ("all", "settings", ""),
    ],
)
async def test_settings_that_are_none_are_refused_by_name_and_change_nothing(
    ups: Carrier, settings: Any, field: str, wanted: str
):
    await put(ups, {"dim_divisor": 139})
    detail = await refused(ups, "PUT", SETTINGS, json={"settings": settings})
    assert any(wanted in message for message in detail["json"][field]), detail
    assert (await ups.get(SETTINGS))["data"][0]["dim_divisor"] == 139


# Rate cards


CARD = "service,zone,weight,unit,currency,price\nGround,5,5,lb,USD,8.00\nGround,5,10,lb,USD,9.50\n"


async def test_freight_above_the_rate_card_is_found_once_there_is_one(world: World, ups: Carrier):
    await ups.upload(text(freight(1, "12.00", **GROUND), freight(2, "9.50", **GROUND)))
    assert await audited(ups) == []
    card = await upload_card(ups, CARD, account_id="00A1", name="2026")
    assert {name: card[name] for name in ("account_id", "name", "prices", "discounts")} == {
        "account_id": "00A1", "name": "2026", "prices": 2, "discounts": 0,
    }  # fmt: skip
    assert await audited(ups) == [("above_rate_card", 2.5, "1Z101")]
    [finding] = await findings(ups)
    assert (finding["details"]["agreed_price"], finding["direction"]) == (9.5, "recoverable")


async def test_a_rate_card_takes_the_place_of_the_accounts_until_it_is_removed(world: World, ups: Carrier):
    await ups.upload(text(freight(1, **GROUND)))
    await upload_card(ups, CARD)
    assert await audited(ups) == [("above_rate_card", 2.5, "1Z101")]
    await upload_card(ups, CARD.replace("9.50", "11.00"), name="new")
    assert [card["name"] for card in (await ups.get(RATE_CARDS))["data"]] == ["new"]
    assert await audited(ups) == [("above_rate_card", 1.0, "1Z101")]
    answer = await ups.ask("DELETE", RATE_CARDS)
    assert (answer.status_code, answer.json()) == (200, {"account_id": None, "deleted": True})
    assert (await ups.get(RATE_CARDS))["data"] == []
    assert await audited(ups) == []
    again = await ups.ask("DELETE", RATE_CARDS)
    assert again.status_code == 404


async def test_discounts_are_compared_with_what_was_paid_of_the_list_price(world: World, ups: Carrier):
    await ups.upload(text(freight(1, "12.00", **GROUND) | {"Incentive Amount": "8.00"}))  # of 20.00
    await upload_card(ups, "service,discount_percent,minimum,currency\nGround,50,9.00,USD\n")
    assert await audited(ups) == [("above_rate_card", 2.0, "1Z101")]


async def test_a_rate_card_may_come_as_a_form(ups: Carrier):
    answer = await ups.ask("PUT", RATE_CARDS, files={"file": ("card.csv", CARD.encode(), "text/csv")})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["prices"] == 2


async def test_a_form_without_a_file_or_that_is_none_is_refused(ups: Carrier):
    detail = await refused(ups, "PUT", RATE_CARDS, files={"card": ("card.csv", CARD.encode(), "text/csv")})
    assert detail["form"]["file"] == ["is missing, or is no file"]
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await ups.ask("PUT", RATE_CARDS, content=b"no form", headers=headers)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"", "has the columns"),
        (b"a,b\n1,2\n", "this one has a,b"),
        (b"service,weight,price\n,1,2\n", "row 2: service is blank"),
        (b"service,weight,price\nGround,1,2\nGround,heavy,2\n", "row 3: weight is 'heavy'"),
        (b"service,weight,price\nGround,1,-2\n", "row 2: price is '-2'"),
        (b"service,weight,price\nGround,1,NaN\n", "row 2: price is 'NaN'"),
        (b"service,weight,price\nGround,1\n", "row 2: price is ''"),
        (b"service,weight,price\nGround,1,2\nGround,1,3\n", "row 3: there are two prices"),
        (b"service,discount_percent\nGround,101\n", "row 2: discount_percent is 101"),
        (b"service,weight,price\nGr\xfcn,1,2\n", "UTF-8"),
        (b"service,weight,price\nG\x00,1,2\n", "NUL"),
    ],
)
async def test_a_rate_card_that_does_not_fit_is_refused_by_row_and_column(
    ups: Carrier, body: bytes, wanted: str
):
    answer = await ups.ask("PUT", RATE_CARDS, content=body)
    assert answer.status_code == 422, answer.text
    assert wanted in answer.json()["error"]
    assert (await ups.get(RATE_CARDS))["data"] == []


# Price lists


async def test_the_price_list_is_what_the_invoices_show_page_by_page(world: World, ups: Carrier):
    light = GROUND | {"Billed Weight": "2", "Entered Weight": "2"}
    await ups.upload(text(*(freight(n, "12.00", **GROUND) for n in range(5)), freight(9, "7.00", **light)))
    await audit(ups)
    prices = await ups.get(PRICES)
    assert [
        (
            price["service"],
            price["zone"],
            price["weight"],
            price["weight_unit"],
            price["price"],
            price["charges"],
        )
        for price in prices["data"]
    ] == [("Ground", "5", 2, "lb", 7.0, 1), ("Ground", "5", 10, "lb", 12.0, 5)]
    assert {price["account_id"] for price in prices["data"]} == {"00A1"}
    first = await ups.get(PRICES, limit=1)
    second = await ups.get(PRICES, limit=1, page_token=first["next_token"])
    assert first["data"] + second["data"] == prices["data"]
    assert second["next_token"] is None
    assert (await ups.get(PRICES, account_id="nobody's"))["data"] == []


async def test_what_leaves_the_price_list_is_found_with_what_others_cost(world: World, ups: Carrier):
    usual = [freight(n, "12.00", **GROUND) for n in range(9)]
    later = freight(20, "12.00", **GROUND) | {"Transaction Date": "2026-01-25"}
    dear = freight(30, "15.00", **GROUND) | {"Transaction Date": "2026-01-22"}
    await ups.upload(text(*usual, later, dear))
    assert await audited(ups) == [("price_deviation", 3.0, "1Z130")]
    [finding] = await findings(ups)
    assert (finding["details"]["usual_price"], finding["details"]["compared_with"]) == (12.0, 10)
