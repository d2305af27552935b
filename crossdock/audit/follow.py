"""Keeps charges, and which order a tracking number belongs to, up with the records they are made from.

Records are followed by when they changed, some hundred at a time; each step commits with its mark, so one
that dies is gone on with, and a step that is done twice changes nothing. The mark stays two minutes behind
the clock: what was stamped before and is committed only now is met the next time.
"""

import hashlib
import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec

from crossdock.changes.document import seconds
from crossdock.integrations.invoices import charges as vocabulary
from crossdock.integrations.invoices.charges import Charges, Facts
from crossdock.integrations.registry import integration
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.schema import Resource
from crossdock.resources.wms.inbound_shipments import INBOUND_SHIPMENTS
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.returns import RETURNS
from crossdock.store import audit
from crossdock.store.audit import Charge
from crossdock.store.connections import Connection
from crossdock.store.engine import Database, Transaction

AT_ONCE = 500
BEHIND_SECONDS = 120

Step = Callable[[Transaction], Awaitable[None]]
"""Keeps the job, in the transaction of each step."""

ORDER_RESOURCES = (ORDERS, CART_ORDERS)
SHIPPED_RESOURCES: dict[str, tuple[Resource, ...]] = {
    "wms": (ORDERS, RETURNS, INBOUND_SHIPMENTS),
    "cart": (CART_ORDERS,),
}
"""Where tracking numbers of a customer stand."""

_TRACKING_VERSION = "1"


@dataclass(frozen=True)
class Follower:
    """What following needs. now_ms: fixed for a whole pass."""

    database: Database
    now_ms: int
    step: Step

    async def charges(self, carrier: Connection) -> None:
        """Follows the line items of a carrier connection."""
        behind = integration(carrier.type, carrier.integration)
        put = partial(_put_charges, behind.charges)
        await self._follow(carrier.id, INVOICE_LINE_ITEMS, _version(behind.folder), put, _forget_charges)

    async def shipments(self, connection_id: int, kind: str) -> None:
        """Follows the tracking numbers of a WMS or cart connection."""
        for resource in SHIPPED_RESOURCES[kind]:
            put, forget = partial(_put_trackings, resource), partial(_forget_trackings, resource)
            await self._follow(connection_id, resource, _TRACKING_VERSION, put, forget)

    async def _follow(
        self, connection_id: int, resource: Resource, version: str, put: Any, forget: Any
    ) -> None:
        mark, is_same = await audit.followed(self.database, connection_id, resource, version)
        begun = mark if is_same else 0
        gone = await audit.gone_since(self.database, connection_id, resource, begun * 1000)
        after, latest = (begun, ""), self.now_ms // 1000 - BEHIND_SECONDS
        while found := await audit.changed(self.database, connection_id, resource, after, AT_ONCE):
            after = (found[-1][1], found[-1][0])
            async with self.database.transaction() as transaction:
                await self.step(transaction)
                await put(transaction, connection_id, [(one_id, document) for one_id, _, document in found])
                reached = max(begun, min(after[0], latest))
                await audit.note_followed(transaction, connection_id, resource, version, reached)
        async with self.database.transaction() as transaction:
            await self.step(transaction)
            await forget(transaction, connection_id, gone)
            await audit.note_followed(transaction, connection_id, resource, version, max(begun, latest))


@cache
def _version(folder: Path) -> str:
    """Changes with the vocabulary: charges that an older one made are made again."""
    own = folder / "charges.py"
    parts = [inspect.getsource(vocabulary), own.read_text(encoding="utf-8") if own.exists() else ""]
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


# Line items → charges


class _Item(msgspec.Struct):
    """What a charge needs of a line item's document."""

    id: str
    transaction_date: str | None = None
    account_id: str | None = None
    invoice_id: str | None = None
    tracking_number: str | None = None
    gross_cost: Decimal | None = None
    net_cost: Decimal | None = None
    charge_description: str | None = None
    raw: dict[str, Any] = {}


_item = msgspec.json.Decoder(_Item).decode


def charge(charges: Charges, document: bytes) -> Charge:
    """A charge of a line item's document."""
    one = _item(document)
    facts = charges.facts(one.charge_description, one.raw)
    return Charge(
        item_id=one.id, account_id=one.account_id or "", invoice_id=one.invoice_id or "",
        tracking_number=one.tracking_number or "", parcel=comparable(one.tracking_number or ""),
        label=one.charge_description or "",
        category=facts.category, gross=_text(one.gross_cost), net=_text(one.net_cost),
        currency=facts.currency,
        charged_on=0 if one.transaction_date is None else seconds(one.transaction_date),
        service=facts.service, zone=facts.zone, **_weights(facts),
    )  # fmt: skip


def _weights(facts: Facts) -> dict[str, str | None]:
    return {
        "billed_weight": _text(facts.billed_weight),
        "actual_weight": _text(facts.actual_weight),
        "weight_unit": facts.weight_unit,
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


async def _put_charges(
    charges: Charges, transaction: Transaction, connection_id: int, found: list[tuple[str, bytes]]
) -> None:
    made = [charge(charges, document) for _, document in found]
    await audit.put_charges(transaction, connection_id, made)


async def _forget_charges(transaction: Transaction, connection_id: int, ids: list[str]) -> None:
    await audit.forget_charges(transaction, connection_id, ids)


# Orders, returns and inbound shipments → tracking numbers


class _Parcel(msgspec.Struct):
    tracking_number: str | None = None


class _Shipment(msgspec.Struct):
    tracking_number: str | None = None
    packages: list[_Parcel] = []


class _Shipped(msgspec.Struct):
    """Wherever tracking numbers stand: in parcels of orders, shipments of cart orders and returns, and
    inbound shipments themselves."""

    tracking_numbers: list[str] = []
    order_number: str | None = None
    shipments: list[_Shipment] = []


_shipped = msgspec.json.Decoder(_Shipped).decode


def comparable(tracking_number: str) -> str:
    """A tracking number as it is compared: systems write it with spaces and small letters."""
    return "".join(tracking_number.split()).upper()


def numbers_in(document: bytes) -> tuple[str | None, list[str]]:
    """The order number, and every tracking number of a record."""
    one = _shipped(document)
    return one.order_number, sorted({comparable(number) for number in _numbers(one) if number.strip()})


def _numbers(one: _Shipped) -> Iterator[str]:
    yield from one.tracking_numbers
    for shipment in one.shipments:
        parts: list[_Shipment | _Parcel] = [shipment, *shipment.packages]
        yield from (part.tracking_number for part in parts if part.tracking_number)


async def _put_trackings(
    resource: Resource, transaction: Transaction, connection_id: int, found: list[tuple[str, bytes]]
) -> None:
    rows = [(record_id, *numbers_in(document)) for record_id, document in found]
    await audit.put_trackings(transaction, connection_id, resource, rows)


async def _forget_trackings(
    resource: Resource, transaction: Transaction, connection_id: int, ids: list[str]
) -> None:
    await audit.forget_trackings(transaction, connection_id, resource, ids)
