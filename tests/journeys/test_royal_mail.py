"""Invoices and parcels of Royal Mail come in two feeds, and are joined in whatever order they come."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from crossdock.services.application import application
from crossdock.wire import decoder
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World

GROUPS = "Sales Order" + "," * 36
NAMES = {
    1: "Sales Order No.", 5: "Invoice Number", 6: "Invoice Date", 7: "Account Number", 13: "Product Code",
    14: "Product Name", 15: "Class of Mail", 22: "Volume", 32: "Net Value", 33: "Tax Amount",
    34: "Gross Value",
}  # fmt: skip
HEADER = "sales_order_no,tracking_number,reason_for_non_delivery,date_return_to_sender,date_item_delivered"


def record(cells: dict[int, str]) -> str:
    return ",".join(cells.get(position, "") for position in range(37))


def charge(order: str, net: str = "10.00", tax: str = "2.00", gross: str = "12.00") -> str:
    return record(
        {
            0: "01.07.2026", 1: order, 5: "9071", 6: "31.07.2026", 7: "0450001", 13: "TPN", 14: "Tracked",
            15: "Tracked 24", 22: "3", 32: net, 33: tax, 34: gross,
        }
    )  # fmt: skip


def bex(*charges: str) -> bytes:
    return "\n".join([GROUPS, record(NAMES), *charges, ""]).encode()


def tracking(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


INVOICE = bex(charge("SO1"), charge("SO2", "5.00", "1.00", "6.00"))
PARCELS = tracking(
    "SO1,AA1GB,,,2026-07-03", "SO1,AA2GB,,,2026-07-04", "SO1,AA3GB,Refused,2026-07-09,", "SO2,BB1GB,,,"
)
JOINED = {
    "AA1GB": Decimal("3.333333333333333"), "AA2GB": Decimal("3.333333333333333"),
    "AA3GB": Decimal("3.333333333333334"), "BB1GB": Decimal("5.00"),
}  # fmt: skip


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


@pytest.fixture
async def royal_mail(world: World, http: httpx.AsyncClient) -> Carrier:
    return await connected(world, http, world.organization, slug="royal-mail")


async def items(carrier: Carrier) -> list[Any]:
    answer = await carrier.ask("GET", "/carrier/invoice-line-items")
    return list(decoder.decode(answer.content)["data"])


async def costs(carrier: Carrier) -> dict[str | None, Decimal]:
    """Net cost by parcel; no parcel stands twice."""
    found_items = await items(carrier)
    by_parcel = {item["tracking_number"]: Decimal(str(item["net_cost"])) for item in found_items}
    assert len(by_parcel) == len(found_items)
    return by_parcel


async def settle(carrier: Carrier) -> None:
    """Reads again what is on the list."""
    carrier.world.clock.pass_seconds(60)
    await carrier.sync()


async def upload(carrier: Carrier, content: bytes, name: str) -> Any:
    sent = await carrier.upload(content, name)
    await settle(carrier)
    return sent


async def test_charges_have_no_parcel_until_the_feed_of_parcels_comes(royal_mail: Carrier):
    await upload(royal_mail, INVOICE, "bex.csv")
    before = await items(royal_mail)
    assert sorted((item["tracking_number"], item["net_cost"]) for item in before) == [(None, 5), (None, 10)]
    await upload(royal_mail, PARCELS, "tracking.csv")
    assert await costs(royal_mail) == JOINED
    assert {item["id"] for item in before} < {item["id"] for item in await items(royal_mail)}
    assert await royal_mail.events("carrier-invoice-line-item.deleted") == []


async def test_parcels_that_come_first_wait_for_their_charges(royal_mail: Carrier):
    await upload(royal_mail, PARCELS, "tracking.csv")
    assert await items(royal_mail) == []
    await upload(royal_mail, INVOICE, "bex.csv")
    assert await costs(royal_mail) == JOINED


async def test_whichever_comes_first_the_line_items_are_the_same(
    royal_mail: Carrier, world: World, http: Any
):
    other_carrier = await connected(world, http, world.organization, slug="royal-mail", customer="customer-2")
    for carrier, files in ((royal_mail, (INVOICE, PARCELS)), (other_carrier, (PARCELS, INVOICE))):
        for number, content in enumerate(files):
            await upload(carrier, content, f"{number}.csv")
    names = ("id", "tracking_number", "net_cost", "gross_cost", "charge_description", "raw")
    groups = [
        sorted(([item[name] for name in names] for item in await items(carrier)), key=str)
        for carrier in (royal_mail, other_carrier)
    ]
    assert groups[0] == groups[1]
    assert len(groups[0]) == 4


async def test_the_invoice_stays_reconciled_and_counts_what_there_is(royal_mail: Carrier):
    await upload(royal_mail, INVOICE, "bex.csv")
    await upload(royal_mail, PARCELS, "tracking.csv")
    [value] = (await royal_mail.get("/carrier/invoices"))["data"]
    assert (value["net"], value["gross"], value["gap"]) == (15.0, 18.0, 0.0)
    assert (value["reconciled"], value["line_items"]) == (True, 4)


async def test_feeds_that_come_again_double_nothing(royal_mail: Carrier):
    await upload(royal_mail, INVOICE, "bex.csv")
    await upload(royal_mail, PARCELS, "tracking.csv")
    await upload(royal_mail, INVOICE + b"\n", "bex again.csv")
    await upload(royal_mail, PARCELS + b"\n", "tracking again.csv")
    assert await costs(royal_mail) == JOINED


async def test_parcels_in_several_files_share_one_charge(royal_mail: Carrier):
    await upload(royal_mail, tracking("SO1,AA1GB,,,"), "monday.csv")
    await upload(royal_mail, INVOICE, "bex.csv")
    assert (await costs(royal_mail))["AA1GB"] == 10
    await upload(royal_mail, tracking("SO1,AA2GB,,,", "SO2,BB1GB,,,"), "tuesday.csv")
    assert await costs(royal_mail) == {"AA1GB": 5, "AA2GB": 5, "BB1GB": 5}


async def test_a_corrected_feed_of_parcels_divides_the_charge_anew(royal_mail: Carrier):
    await upload(royal_mail, INVOICE, "bex.csv")
    await upload(royal_mail, PARCELS, "tracking.csv")
    await upload(
        royal_mail, tracking("SO1,AA1GB,,,2026-07-03", "SO1,AA3GB,,,", "SO2,BB1GB,,,"), "tracking.csv"
    )
    assert await costs(royal_mail) == {"AA1GB": 5, "AA3GB": 5, "BB1GB": 5}


async def test_a_corrected_invoice_is_divided_like_the_one_before(royal_mail: Carrier):
    await upload(royal_mail, INVOICE, "bex.csv")
    await upload(royal_mail, PARCELS, "tracking.csv")
    await upload(royal_mail, bex(charge("SO1", "9.00", "1.00", "10.00")), "bex.csv")
    assert await costs(royal_mail) == {"AA1GB": 3, "AA2GB": 3, "AA3GB": 3}


async def test_a_feed_that_is_removed_leaves_charges_without_parcels(royal_mail: Carrier):
    await upload(royal_mail, INVOICE, "bex.csv")
    sent = await upload(royal_mail, PARCELS, "tracking.csv")
    answer = await royal_mail.ask("DELETE", f"/carrier/files/{sent['id']}")
    assert answer.status_code == 200, answer.text
    for _ in range(2):
        await settle(royal_mail)
    assert sorted((item["tracking_number"], item["net_cost"]) for item in await items(royal_mail)) == [
        (None, 5),
        (None, 10),
    ]
