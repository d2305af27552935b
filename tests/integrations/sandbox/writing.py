"""Writing to a sandbox as the engine does: a command's steps carried out, and the record read back."""

import asyncio
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock.errors import VendorRefused
from crossdock.integrations.sandbox.generate.worlds import open_world
from crossdock.kit.contract import Call, Command, Upload, Walk
from crossdock.kit.registry import all_integrations
from crossdock.writes.steps import execute
from tests.integrations.sandbox.test_consistency import (
    EPOCH,
    WORLD,
    Fields,
    Seen,
    broken,
    client_of,
    raws_of,
    read_all,
)

ADDRESS = {
    "address1": "1 Mill St",
    "city": "Leeds",
    "state": "WYK",
    "postal_code": "LS1 4AP",
    "country": "GB",
}
BOX = {
    "length": Decimal(10), "width": Decimal("8.5"), "height": Decimal(4), "unit": "in",
    "weight": Decimal("2.5"), "weight_unit": "lb",
}  # fmt: skip
BEGUN = datetime(2026, 3, 2, tzinfo=UTC)


def command(
    action: str,
    body: Mapping[str, Any] | None = None,
    record_id: str | None = None,
    *,
    upload: Upload | None = None,
    stored: Fields | None = None,
) -> Command:
    return Command(action, body or {}, record_id, stored or {}, upload, BEGUN)


class Writing:
    """A sandbox of one type in a folder of its own."""

    def __init__(self, folder: Path, vertical: str, fresh: Seen) -> None:
        self.folder = folder
        self.fresh = fresh
        self.integration = all_integrations()[vertical, "sandbox"]
        self.client = client_of(folder, vertical)

    async def done(self, wanted_command: Command) -> Any:
        """What the steps return."""
        return await execute(self.client, self.integration.steps(wanted_command))

    async def write(
        self, action: str, body: Any = None, record_id: str | None = None, **extra_fields: Any
    ) -> Fields:
        """The record afterwards, as the integration reads it, held to its resource."""
        value = await self.done(command(action, body, record_id, **extra_fields))
        return await self.read(self.integration.writes[action].resource.function, str(value))

    async def received(self, return_id: str) -> Fields:
        """The return after the warehouse has received it, which is no write of ours."""
        await self.client.call(Call("POST", f"/returns/{return_id}/receive"))
        return await self.read("get_returns", return_id)

    async def read(self, function: str, record_id: str) -> Fields:
        resource = self.integration.resources[function]
        raw = await getattr(self.client, resource.reader)(record_id)
        fields: Fields = self.integration.reader(resource)(raw)
        msgspec.convert({k: v for k, v in fields.items() if k not in resource.hidden}, resource.record)
        return fields

    async def item(self, sku: str) -> Fields:
        """The inventory item of this SKU."""
        resource = self.integration.resources["get_inventory"]
        raws = await raws_of(self.client, "inventory", Walk())
        return next(
            fields for raw in raws if (fields := self.integration.reader(resource)(raw))["sku"] == sku
        )

    async def everything(self) -> Seen:
        """The whole world; what is of another type can't have changed."""
        only = (self.integration.type,)
        return self.fresh | await asyncio.to_thread(read_all, self.folder, verticals=only)

    async def refused(self, action: str, body: Any = None, record_id: str | None = None) -> tuple[int, str]:
        """Status and message of a refusal, which leaves no trace."""
        before = self._bytes()
        with pytest.raises(VendorRefused) as refusal:
            await self.write(action, body, record_id)
        assert self._bytes() == before
        return refusal.value.status or 0, str(refusal.value)

    def _bytes(self) -> list[Any]:
        """All that the world's file holds."""
        with closing(sqlite3.connect(self.folder / f"{WORLD}.sqlite")) as database:
            tables = ("records", "counters", "facts")
            return [database.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall() for table in tables]

    async def holds_together(self) -> list[str]:
        """What does not."""
        return broken(await self.everything())


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a world that nothing was written to."""
    folder = tmp_path_factory.mktemp("blank")
    open_world(folder, WORLD, 1, EPOCH)
    return folder


@pytest.fixture(scope="session")
def fresh(blank: Path) -> Seen:
    """What is in that world."""
    return read_all(blank)


@pytest.fixture
def wms(blank: Path, fresh: Seen, tmp_path: Path) -> Writing:
    shutil.copytree(blank, tmp_path, dirs_exist_ok=True)
    return Writing(tmp_path, "wms", fresh)


@pytest.fixture
def shop(blank: Path, fresh: Seen, tmp_path: Path) -> Writing:
    shutil.copytree(blank, tmp_path, dirs_exist_ok=True)
    return Writing(tmp_path, "cart", fresh)


def an_order(**extra_fields: Any) -> dict[str, Any]:
    """The least that an order needs, of two Assam teas and a starter set."""
    return {
        "order_number": "SO-1",
        "ship_to_address": ADDRESS,
        "line_items": [
            {"product_id": "product_id_0", "quantity": 2},
            {"product_id": "product_id_15", "quantity": 1},
        ],
        **extra_fields,
    }


def a_shipment(**extra_fields: Any) -> dict[str, Any]:
    return {
        "shipped_date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tracking_number": "TRACK-1",
        "shipping_cost": Decimal("7.25"),
        "measurements": BOX,
        "warehouse_id": "warehouse_id_0",
        **extra_fields,
    }


def an_inbound(**extra_fields: Any) -> dict[str, Any]:
    return {
        "supplier_object": {"supplier_name": "Example Supplies"},
        "purchase_order_number": "PO-1",
        "expected_arrival_date": "2026-12-01T09:00:00Z",
        "warehouse_id": "warehouse_id_0",
        "tracking_number": "INTRACK-1",
        "line_items": [{"sku": "JLT-ASM-100", "expected_quantity": 40}],
        **extra_fields,
    }
