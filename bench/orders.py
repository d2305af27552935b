"""Orders of about 3 kB, as the sandbox warehouse sends them and as they are stored."""

import asyncio
import copy
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from crossdock.changes import document
from crossdock.kit.contract import Context, Raw, Walk
from crossdock.kit.registry import Integration, get_integration
from crossdock.resources.wms.orders import ORDERS
from crossdock.store.records.records import RecordRow
from crossdock.wire import hashed

NEAR = range(2500, 3300)
"""Bytes of the documents taken: their mean is about 3,000."""
PAGE = 250
"""Records of a vendor's page."""
STAMP = "2026-02-01T09:00:00Z"


def warehouse() -> Integration:
    return get_integration("wms", "sandbox")


@cache
def samples() -> tuple[Raw, ...]:
    """Raw orders of a sandbox whose documents have about 3 kB."""
    return tuple(asyncio.run(_samples()))


async def _samples() -> list[Raw]:
    fields = {"seed": "7", "world": "be7c", "epoch": "2026-01-31T09:00:00Z"}
    with tempfile.TemporaryDirectory() as folder:
        # The sandbox calls nobody: it needs no HTTP.
        client: Any = warehouse().client(Context(fields, None, Path(folder)))  # type: ignore[arg-type]
        raws = [raw async for page in client.orders(Walk()) for raw in page.records]
    return [raw for raw in raws if len(_composed(raw).body) in NEAR]


def _composed(raw: Raw) -> document.Composed:
    return document.compose(ORDERS, warehouse().reader(ORDERS)(raw), None)


def raw_orders(count: int) -> Iterator[Raw]:
    """So many raw orders, each its own."""
    for number in range(count):
        raw = copy.copy(samples()[number % len(samples())])
        raw["uid"] = f"order_{number:08}"
        raw["number"] = f"N-{number:08}"
        raw["shop_ref"] = f"shop-{number * 7919 % 1_000_003:07}"
        yield raw


def raw_pages(count: int) -> list[bytes]:
    """The same, as the bodies of a vendor's answers."""
    orders = raw_orders(count)
    pages = []
    while page := list(islice(orders, PAGE)):
        pages.append(msgspec.json.encode({"orders": page}))
    return pages


def rows(count: int) -> list[RecordRow]:
    """The same, ready to be stored."""
    return [_row(raw) for raw in raw_orders(count)]


def _row(raw: Raw) -> RecordRow:
    composed = _composed(raw)
    stored = document.document(ORDERS, composed.body, STAMP, STAMP)
    columns: Sequence[str | int | None] = document.columns(ORDERS, composed, STAMP, STAMP)
    return RecordRow(composed.id, columns, hashed(stored), hashed(composed.body), stored)
