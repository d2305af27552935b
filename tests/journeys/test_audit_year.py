"""The audit of a year of an account: all that was planted is found, to the cent, and little else."""

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from crossdock.audit.follow import charge, comparable
from crossdock.audit.volume import PackageMeasures
from crossdock.invoices.carriers import vocabulary_of
from crossdock.invoices.contract import LineItem
from crossdock.invoices.reading import open_invoices
from crossdock.kit.registry import get_integration
from crossdock.resources.wms.orders import ORDERS
from crossdock.services.application import application
from crossdock.store.carriers import charges, trackings
from crossdock.store.carriers.trackings import TrackedRecord, TrackingRow
from tests.audit_rows import document_of
from tests.audit_year import Year
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World, order

PARCELS, ERRORS = 50_000, 296
AT_ONCE = 5_000
MOST_WRONG_SHARE = 0.02


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A copy on SQLite: the rules are the same on both."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'crossdock.db')}"


@pytest.fixture
async def carrier(world: World) -> Any:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here", timeout=60) as http:
        yield await connected(world, http, customer=None)


async def test_everything_planted_in_a_year_is_found_to_the_cent(
    world: World, carrier: Carrier, tmp_path: Path
):
    year = Year(PARCELS, ERRORS)
    assert len(year.planted) >= 300
    await _charged(world, carrier, year, tmp_path)
    await _measured(world, year)
    world.clock.pass_seconds(3601)
    assert await world.services.jobs.find_audits() == 1
    await world.services.worker().drain()

    findings = await _findings(carrier)
    missing, by_key = [], {(one["rule"], one["tracking_number"] or ""): one for one in findings}
    for planted in year.planted:
        finding = by_key.get((planted.rule, planted.tracking_number))
        if finding is None or Decimal(str(finding["amount"])) != planted.amount:
            missing.append((planted, None if finding is None else finding["amount"]))
    assert not missing, "\n".join(map(str, missing))

    known = {planted.tracking_number for planted in year.planted}
    wrong = [
        one for one in findings
        if one["direction"] == "recoverable" and (one["tracking_number"] or "") not in known
    ]  # fmt: skip
    assert len(wrong) <= MOST_WRONG_SHARE * PARCELS, Counter(one["rule"] for one in wrong)


async def _charged(world: World, carrier: Carrier, year: Year, folder: Path) -> None:
    """Have the year's charges stored as the reading of its file leaves them."""
    path = folder / "year.csv"
    path.write_bytes(year.file())
    vocabulary = vocabulary_of(get_integration("carrier", "ups"))
    with open_invoices(path) as reading:
        rows = [charge(vocabulary, document_of(item)) for item in reading if isinstance(item, LineItem)]
    assert len(rows) > 2 * PARCELS
    for begin in range(0, len(rows), AT_ONCE):
        async with world.services.database.transaction() as transaction:
            await charges.put_charges(transaction, carrier.connection.id, rows[begin : begin + AT_ONCE])


async def _measured(world: World, year: Year) -> None:
    """Have a warehouse that knows all parcels but those that nobody sent, with its measures."""
    world.vendor.collections["orders"] = [order(1, created_at="2025-01-01T00:00:00Z")]
    warehouse = await world.connect()
    records = []
    for number, package in year.warehouse.items():
        measures = PackageMeasures(
            weight=package.weight, weight_unit="lb", size=tuple(map(Decimal, package.size)), size_unit="in"
        )
        row = TrackingRow(comparable(number), msgspec.json.encode(measures).decode())
        records.append(TrackedRecord(f"p-{number}", f"N{number}", [row]))
    for begin in range(0, len(records), AT_ONCE):
        async with world.services.database.transaction() as transaction:
            await trackings.put_trackings(transaction, warehouse.id, ORDERS, records[begin : begin + AT_ONCE])


async def _findings(carrier: Carrier) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 1000, "parts": "true"}
    while True:
        answer = await carrier.get("/carrier/audit/findings", **query)
        findings += answer["data"]
        if answer["next_token"] is None:
            return findings
        query["page_token"] = answer["next_token"]
