"""What a database grows by when invoice files come in, against the size of the files.

UPS files of about a megabyte each, as wide and as filled as real ones, come in at a connection whose events
are told; they are read and audited. Counted is all that the database holds in the end: line items, events,
charges, findings, indexes.
"""

import asyncio
import csv
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.results import Result, at_most
from bench.run import Bench
from bench.servers import free_port
from bench.stores import Prepared
from crossdock.audit.run import enqueue_due
from crossdock.config import Settings
from crossdock.connections.schedules import enqueue_now
from crossdock.integrations.ups.layout import COLUMNS
from crossdock.kit.registry import get_integration
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.services.open import open_services
from crossdock.services.wiring import Services
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database

TARGET = 2.5
FUNCTION = INVOICE_LINE_ITEMS.function
ROWS_OF_A_FILE = 1_800
CHARGES = (("FRT", "Transportation Charges"), ("FSC", "Fuel Surcharges"))
NAMES = ("Avery", "Blake", "Casey", "Devon", "Ellis", "Frances", "Jordan", "Kerry", "Morgan", "Robin")
STREETS = ("Alder Street", "Birch Road", "Cedar Lane", "Dover Court", "Elm Avenue", "Foundry Row")
CITIES = (("Ashford", "NJ"), ("Brookdale", "CA"), ("Clayton", "FL"), ("Denby", "TX"), ("Easton", "WA"))
SERVICES = ("UPS Ground", "UPS Ground Saver", "UPS 2nd Day Air", "UPS Next Day Air")


def run(bench: Bench) -> Iterator[Result]:
    folder = bench.folder / "ups"
    folder.mkdir(exist_ok=True)
    paths = list(_files(folder, bench.scale.stored_rows))
    size = sum(path.stat().st_size for path in paths)
    for stores in bench.kinds:
        with stores.fresh() as prepared:
            grown = asyncio.run(_measured(prepared, bench.folder / f"data-{stores.label}", paths))
        yield at_most(
            TARGET, against="the size of the files", ours=grown.bytes / 1e6, theirs=size / 1e6, unit="MB",
            name=f"database of {bench.scale.stored_rows:,} UPS charges, read in {grown.seconds:.0f} s, "
            f"{stores.label}",
        )  # fmt: skip


@dataclass(frozen=True)
class Grown:
    bytes: int
    seconds: float


async def _measured(prepared: Prepared, folder: Path, paths: list[Path]) -> Grown:
    settings = Settings(
        data_dir=str(folder), database_url=prepared.url, secret_key=prepared.secret_key, port=free_port(),
        disabled_functions="none",
    )  # fmt: skip
    async with open_services(settings) as services:
        integration = get_integration("carrier", "ups")
        connection, _ = await services.connector.connect(prepared.connection.organization_id, integration, {})
        await _read(services, connection)
        before, began = await _size(services.database), time.perf_counter()
        for path in paths:
            await services.intake.take(connection, path.name, path, source="upload")
            async with services.database.transaction() as transaction:
                await enqueue_now(transaction, connection.id, [FUNCTION], "file", services.clock())
            await _read(services, connection)
        seconds = time.perf_counter() - began
        await enqueue_due(services.database, services.clock())
        await services.worker(connection_id=connection.id).drain()
        return Grown(await _size(services.database) - before, seconds)


async def _read(services: Services, connection: ConnectionRow) -> None:
    await services.worker(connection_id=connection.id).drain()


async def _size(database: Database) -> int:
    """Bytes of the database, what was deleted not counted."""
    if database.dialect == "sqlite":
        sql = (
            "SELECT (page_count - freelist_count) * page_size "
            "FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
    else:
        sql = "SELECT pg_database_size(current_database())"
    row = await database.fetch_one(sql)
    return 0 if row is None else int(row[0])


def _files(folder: Path, rows: int) -> Iterator[Path]:
    """Files with so many rows together."""
    chance = random.Random(7)
    for number, first in enumerate(range(0, rows, ROWS_OF_A_FILE)):
        path = folder / f"ups-{number:04}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for package in range(first // 2, min(rows, first + ROWS_OF_A_FILE) // 2):
                writer.writerows(_package(chance, number, package))
        yield path


def _package(chance: random.Random, invoice: int, package: int) -> Iterator[list[str]]:
    """The rows of a package: one a charge."""
    lead = f"1Z5R4781{chance.randrange(10**10):010}"
    weight = f"{chance.randrange(10, 700) / 10:.1f}"
    pickup = f"{chance.randrange(10**10):010}"
    common = {
        "Version": "6.1", "Recipient Number": "5R4781", "Account Number": "5R4781", "Account Country": "US",
        "Invoice Date": "2026-03-31", "Invoice Number": f"0000005R4781{invoice:04}",
        "Invoice Type Code": "01", "Invoice Type Detail Code": "01", "Invoice Currency Code": "USD",
        "Transaction Date": f"2026-03-{package % 30 + 1:02}", "Pickup Record Number": pickup,
        "Lead Shipment Number": lead, "Tracking Number": lead, "Package Quantity": "1",
        "Entered Weight": weight, "Entered Weight Unit of Measure": "LB", "Billed Weight": weight,
        "Billed Weight Unit of Measure": "LB", "Zone": str(chance.randrange(2, 9)),
        "Basis Currency Code": "USD", "Transaction Currency Code": "USD",
        "Shipment Date": f"2026-03-{package % 30 + 1:02}", **_address(chance, "Sender"),
        **_address(chance, "Receiver"), "Original Service Description": chance.choice(SERVICES),
    }  # fmt: skip
    for code, description in CHARGES:
        net = chance.randrange(100, 9000)
        cells = common | {
            "Charge Classification Code": code, "Charge Description Code": code,
            "Charge Description": description, "Basis Value": f"{net / 100 + 3.3:.2f}",
            "Incentive Amount": "3.30", "Net Amount": f"{net / 100:.2f}",
        }  # fmt: skip
        yield [cells.get(name, "") for name in COLUMNS]


def _address(chance: random.Random, role: str) -> dict[str, str]:
    city, state = chance.choice(CITIES)
    return {
        f"{role} Name": f"{chance.choice(NAMES)} {chance.choice(NAMES)}son",
        f"{role} Company Name": f"{chance.choice(NAMES)}, {chance.choice(NAMES)} and Partners",
        f"{role} Address Line 1": f"{chance.randrange(1, 99999)} {chance.choice(STREETS)}",
        f"{role} City": f"{chance.choice(NAMES)}{city.lower()}", f"{role} State": state,
        f"{role} Postal": f"{chance.randrange(10**5):05}", f"{role} Country": "US",
    }  # fmt: skip
