"""An invoice that comes in several files is summed over all of its line items, whatever their order."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crossdock.services.application import application
from tests.conftest import needs_shared
from tests.fakes.invoices import FREIGHT, FUEL, invoice, row, text
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World

HANDLING = ("1Z002", "ACC", "Handling", "0.00", "3.00")


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


@pytest.fixture
async def ups(world: World, http: httpx.AsyncClient) -> Carrier:
    return await connected(world, http, world.organization)


async def only_invoice(carrier: Carrier) -> Any:
    [found_only_invoice] = (await carrier.get("/carrier/invoices"))["data"]
    return found_only_invoice


def figures(item: Any) -> tuple[Any, ...]:
    return tuple(item[name] for name in ("total", "net", "gross", "gap", "reconciled", "line_items"))


WHOLE = (14.25, 14.25, 16.25, 0.0, True, 3)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)], ids=str)
async def test_an_invoice_in_three_files_is_reconciled_once_it_is_whole(ups: Carrier, order: tuple[int, ...]):
    for count, position in enumerate(order, 1):
        charge = (FREIGHT, FUEL, HANDLING)[position]
        await ups.upload(invoice(charge, total="14.25"), f"part-{position}.csv")
        found_only_invoice = await only_invoice(ups)
        assert (found_only_invoice["line_items"], found_only_invoice["reconciled"]) == (count, count == 3)
    assert figures(found_only_invoice) == WHOLE


async def test_files_of_equal_rows_count_once(ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL, total="14.25"), "a.csv")
    await ups.upload(invoice(FUEL, HANDLING, total="14.25"), "b.csv")
    assert figures(await only_invoice(ups)) == WHOLE
    await ups.upload(invoice(FREIGHT, FUEL, HANDLING, total="14.25"), "whole.csv")
    assert figures(await only_invoice(ups)) == WHOLE


async def test_totals_of_shipments_are_checked_over_all_files(ups: Carrier):
    shipments = [row(FREIGHT, total="11.25"), row(FUEL, total="11.25"), row(HANDLING, total="3.00")]
    await ups.upload(text(shipments[0]), "a.csv")
    await ups.upload(text(shipments[2]), "c.csv")
    assert (await only_invoice(ups))["reconciled"] is False
    await ups.upload(text(shipments[1]), "b.csv")
    assert figures(await only_invoice(ups)) == (None, *WHOLE[1:])


async def test_a_file_in_another_name_with_an_error_repaired_replaces_the_one_with_the_error(ups: Carrier):
    await ups.upload(text(row(FREIGHT), row(("1Z001", "FSC", "Fuel Surcharges", "0.00", "N/A"))), "a.csv")
    found_only_invoice = await only_invoice(ups)
    assert (found_only_invoice["reconciled"], found_only_invoice["errors"]) == (False, 1)
    await ups.upload(invoice(FREIGHT, FUEL), "b.csv")
    found_only_invoice = await only_invoice(ups)
    assert (
        found_only_invoice["reconciled"],
        found_only_invoice["errors"],
        found_only_invoice["net"],
        found_only_invoice["line_items"],
    ) == (True, 0, 11.25, 2)


async def test_a_part_that_is_removed_is_missing_again(ups: Carrier):
    await ups.upload(invoice(FREIGHT, total="11.25"), "a.csv")
    second = await ups.upload(invoice(FUEL, total="11.25"), "b.csv")
    assert (await only_invoice(ups))["reconciled"] is True
    answer = await ups.ask("DELETE", f"/carrier/files/{second['id']}")
    assert answer.status_code == 200, answer.text
    ups.world.clock.pass_seconds(1)
    await ups.world.work()
    found_only_invoice = await only_invoice(ups)
    assert (
        found_only_invoice["net"],
        found_only_invoice["gap"],
        found_only_invoice["reconciled"],
        found_only_invoice["line_items"],
    ) == (10.0, 1.25, False, 1)


async def test_a_part_that_is_corrected_under_its_name_is_summed_anew(ups: Carrier):
    await ups.upload(invoice(FREIGHT, total="11.25"), "a.csv")
    await ups.upload(invoice(HANDLING, total="11.25"), "b.csv")
    assert (await only_invoice(ups))["gap"] == -1.75
    await ups.upload(invoice(("1Z002", "ACC", "Handling", "0.00", "1.25"), total="11.25"), "b.csv")
    assert figures(await only_invoice(ups)) == (11.25, 11.25, 13.25, 0.0, True, 2)


# The sample of the contract, and the five rows of it that its page shows


def halves() -> tuple[bytes, bytes]:
    """The sample of UPS, cut in the middle of a shipment."""
    path = needs_shared("carrier-samples", "ups.csv")
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)

    def written(groups: list[list[str]]) -> bytes:
        out = io.StringIO(newline="")
        csv.writer(out).writerows([header, *groups])
        return out.getvalue().encode()

    return written(rows[:12]), written(rows[12:])


def five_rows() -> bytes:
    seeds = needs_shared("seeds")
    header = "Account Number,Invoice Number,Transaction Date,Tracking Number,Lead Shipment Number"
    for path in sorted(seeds.glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        start = next((n for n, line in enumerate(lines) if line.startswith(header)), None)
        if start is not None:
            return "\n".join(lines[start : start + 6]).encode() + b"\n"
    raise AssertionError("no seed has the rows of UPS")


@pytest.mark.parametrize("is_reversed", [False, True], ids=["in order", "the other way round"])
async def test_the_sample_in_two_files_is_one_reconciled_invoice(ups: Carrier, is_reversed: bool):
    first, second = halves()[::-1] if is_reversed else halves()
    await ups.upload(first, "p1.csv")
    assert (await only_invoice(ups))["reconciled"] is False
    await ups.upload(second, "p2.csv")
    found_only_invoice = await only_invoice(ups)
    assert (
        found_only_invoice["net"],
        found_only_invoice["line_items"],
        found_only_invoice["reconciled"],
        found_only_invoice["gap"],
    ) == (941.36, 25, True, 0.0)


async def test_the_five_rows_after_the_whole_file_change_nothing(ups: Carrier):
    await ups.upload(needs_shared("carrier-samples", "ups.csv").read_bytes(), "ups.csv")
    before = await only_invoice(ups)
    assert (before["net"], before["reconciled"]) == (941.36, True)
    await ups.upload(five_rows(), "page.csv")
    assert await only_invoice(ups) == before


async def test_the_five_rows_before_the_whole_file_change_nothing_either(ups: Carrier):
    await ups.upload(five_rows(), "page.csv")
    assert (await only_invoice(ups))["line_items"] == 5
    await ups.upload(needs_shared("carrier-samples", "ups.csv").read_bytes(), "ups.csv")
    found_only_invoice = await only_invoice(ups)
    assert (
        found_only_invoice["net"],
        found_only_invoice["line_items"],
        found_only_invoice["reconciled"],
    ) == (941.36, 25, True)


async def test_the_five_rows_twice_are_one_invoice_of_five(ups: Carrier):
    await ups.upload(five_rows(), "page.csv")
    await ups.upload(five_rows() + b"\n", "again.csv")
    found_only_invoice = await only_invoice(ups)
    assert (
        found_only_invoice["line_items"],
        found_only_invoice["net"],
        found_only_invoice["reconciled"],
    ) == (5, 203.67, None)


HEADER = (
    "Line Type,Invoice Number,Invoice Date,Billing Account,Currency,Total amount (excl. VAT),"
    "Shipment Number,Shipment Date,Weight Charge,XC1 Code,XC1 Name,XC1 Charge"
)
BILL = "I,TST1,20260331,950000001,EUR,55.00,,,,,,"
"""Only the row of the invoice names the account."""
SHIPMENTS = (
    "S,TST1,20260331,,EUR,30.00,1111111111,20260302,25.00,FF,FUEL SURCHARGE,5.00",
    "S,TST1,20260331,,EUR,25.00,2222222222,20260302,25.00,,,",
)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)], ids=str)
async def test_a_row_that_leaves_out_the_account_belongs_to_the_invoice_of_its_number(
    world: World, http: httpx.AsyncClient, order: tuple[int, ...]
):
    carrier = await connected(world, http, world.organization, slug="dhl-express")
    for count, position in enumerate(order, 1):
        content = "\n".join((HEADER, (BILL, *SHIPMENTS)[position])).encode()
        await carrier.upload(content, f"part-{position}.csv")
        total = 55.0 if 0 in order[:count] else None
        found_only_invoice = await only_invoice(carrier)
        assert found_only_invoice["total"] == total
    assert figures(found_only_invoice) == (55.0, 55.0, 55.0, 0.0, True, 3)
    assert found_only_invoice["account_id"] == "950000001"


async def test_a_row_without_an_account_joins_none_of_two_invoices_of_its_number(
    world: World, http: httpx.AsyncClient
):
    carrier = await connected(world, http, world.organization, slug="dhl-express")
    for position, bill in enumerate((BILL, BILL.replace("950000001", "950000002"))):
        await carrier.upload("\n".join((HEADER, bill)).encode(), f"bill-{position}.csv")
    await carrier.upload("\n".join((HEADER, SHIPMENTS[0])).encode(), "shipment.csv")
    accounts = {record["account_id"] for record in (await carrier.get("/carrier/invoices"))["data"]}
    assert accounts == {"950000001", "950000002", None}
