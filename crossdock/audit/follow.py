"""Keeps charges, and which order a tracking number belongs to, up with the records they are made from.

Records are followed by when they changed, some hundred at a time; each step commits with its mark, so one
that dies is gone on with, and a step that is done twice changes nothing. The mark stays two minutes behind
the clock: what was stamped before and is committed only now is met the next time.
"""

import hashlib
import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import structlog

from crossdock.audit.volume import PackageMeasures
from crossdock.invoices import charge_cells
from crossdock.invoices import charges as vocabulary
from crossdock.invoices.carriers import vocabulary_of
from crossdock.invoices.charges import ChargeFacts, ChargeVocabulary
from crossdock.kit.registry import get_integration
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.schema import Resource
from crossdock.resources.wms.inbound_shipments import INBOUND_SHIPMENTS
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.returns import RETURNS
from crossdock.store.carriers import audit, trackings
from crossdock.store.carriers import charges as stored_charges
from crossdock.store.carriers.charges import ChargeRow
from crossdock.store.carriers.trackings import TrackedRecord, TrackingRow
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.batches import together_or_apart
from crossdock.store.database.engine import Database, Transaction
from crossdock.wire import seconds

AT_ONCE = 500
BEHIND_SECONDS = 120

log = structlog.get_logger()

Step = Callable[[Transaction], Awaitable[None]]
"""Keeps the job, in the transaction of each step."""

ORDER_RESOURCES = (ORDERS, CART_ORDERS)
SHIPPED_RESOURCES: dict[str, tuple[Resource, ...]] = {
    "wms": (ORDERS, RETURNS, INBOUND_SHIPMENTS),
    "cart": (CART_ORDERS,),
}
"""Where tracking numbers of a customer stand."""

_TRACKING_VERSION = "2"


@dataclass(frozen=True)
class Follower:
    """The means to follow records. now_ms: fixed for a whole pass."""

    database: Database
    now_ms: int
    step: Step

    async def charges(self, carrier: ConnectionRow) -> None:
        """Follow the line items of a carrier connection."""
        integration = get_integration(carrier.type, carrier.integration)
        stored_partial = partial(_put_charges, vocabulary_of(integration))
        await self._follow(
            carrier.id, INVOICE_LINE_ITEMS, _version(integration.folder), stored_partial, _forget_charges
        )

    async def shipments(self, connection_id: int, kind: str) -> None:
        """Follow the tracking numbers of a WMS or cart connection."""
        for resource in SHIPPED_RESOURCES[kind]:
            stored_partial, forget = partial(_put_trackings, resource), partial(_forget_trackings, resource)
            await self._follow(connection_id, resource, _TRACKING_VERSION, stored_partial, forget)

    async def _follow(
        self, connection_id: int, resource: Resource, version: str, stored_partial: Any, forget: Any
    ) -> None:
        mark, is_same = await audit.followed(self.database, connection_id, resource, version)
        begun = mark if is_same else 0
        texts = await audit.gone_since(self.database, connection_id, resource, begun * 1000)
        after, latest = (begun, ""), self.now_ms // 1000 - BEHIND_SECONDS
        while values := await audit.changed(self.database, connection_id, resource, after, AT_ONCE):
            after = (values[-1][1], values[-1][0])
            async with self.database.transaction() as transaction:
                await self.step(transaction)
                members = [(one_id, document) for one_id, _, document in values]
                await _put_apart(transaction, connection_id, stored_partial, members)
                reached = max(begun, min(after[0], latest))
                await audit.note_followed(transaction, connection_id, resource, version, reached)
        async with self.database.transaction() as transaction:
            await self.step(transaction)
            await forget(transaction, connection_id, texts)
            await audit.note_followed(transaction, connection_id, resource, version, max(begun, latest))


async def _put_apart(
    transaction: Transaction, connection_id: int, stored_partial: Any, members: list[tuple[str, bytes]]
) -> None:
    """Store what follows from these records; one that nothing can follow from is left out."""

    async def put_some(pairs: Sequence[tuple[str, bytes]]) -> None:
        async with transaction.savepoint():
            await stored_partial(transaction, connection_id, pairs)

    async def leave_out(record: tuple[str, bytes], problem: Exception) -> None:
        log.error(
            "an audit leaves a record out", connection=connection_id, record=record[0], exc_info=problem
        )

    await together_or_apart(members, put_some, leave_out)


@cache
def _version(folder: Path) -> str:
    """The version of the vocabulary: charges that an older one made are made again."""
    own_path = folder / "charges.py"
    parts = [inspect.getsource(vocabulary), inspect.getsource(charge_cells)]
    parts += [own_path.read_text(encoding="utf-8") if own_path.exists() else ""]
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


# Line items → charges


class _AuditedCharge(msgspec.Struct):
    """The fields of a line item's document that a charge needs."""

    id: str
    transaction_date: str | None = None
    account_id: str | None = None
    invoice_id: str | None = None
    tracking_number: str | None = None
    gross_cost: Decimal | None = None
    net_cost: Decimal | None = None
    charge_description: str | None = None
    raw: dict[str, Any] = {}


_item = msgspec.json.Decoder(_AuditedCharge).decode


def charge(charges: ChargeVocabulary, document: bytes) -> ChargeRow:
    """A charge of a line item's document."""
    audited_charge = _item(document)
    facts = charges.facts(audited_charge.charge_description, audited_charge.raw)
    return ChargeRow(
        item_id=audited_charge.id,
        account_id=audited_charge.account_id or "",
        invoice_id=audited_charge.invoice_id or "",
        tracking_number=audited_charge.tracking_number or "",
        parcel=comparable(audited_charge.tracking_number or ""),
        label=audited_charge.charge_description or "",
        category=facts.category,
        gross=_text(audited_charge.gross_cost),
        net=_text(audited_charge.net_cost),
        currency=facts.currency,
        charged_on=0 if audited_charge.transaction_date is None else seconds(audited_charge.transaction_date),
        service=facts.service,
        zone=facts.zone,
        reason=facts.reason,
        shipped_on=facts.shipped_on,
        invoiced_on=facts.invoiced_on,
        measures=facts.measures.text,
        **_weights(facts),
    )


def _weights(facts: ChargeFacts) -> dict[str, str | None]:
    return {
        "billed_weight": _text(facts.billed_weight),
        "actual_weight": _text(facts.actual_weight),
        "weight_unit": facts.weight_unit,
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


async def _put_charges(
    charges: ChargeVocabulary,
    transaction: Transaction,
    connection_id: int,
    pairs: Sequence[tuple[str, bytes]],
) -> None:
    new_charges = [charge(charges, document) for _, document in pairs]
    await stored_charges.put_charges(transaction, connection_id, new_charges)


async def _forget_charges(transaction: Transaction, connection_id: int, ids: list[str]) -> None:
    await stored_charges.forget_charges(transaction, connection_id, ids)


# Orders, returns and inbound shipments → tracking numbers


class _Box(msgspec.Struct):
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    unit: str | None = None
    weight: Decimal | None = None
    weight_unit: str | None = None

    @property
    def measures(self) -> PackageMeasures:
        """The measures that are above zero."""
        sides = (self.length, self.width, self.height)
        is_sized = all(side is not None and side > 0 for side in sides)
        return PackageMeasures(
            weight=self.weight if self.weight is not None and self.weight > 0 else None,
            weight_unit=self.weight_unit,
            size=tuple(side for side in sides if side is not None) if is_sized else None,
            size_unit=self.unit if is_sized else None,
        )


class _Parcel(msgspec.Struct):
    tracking_number: str | None = None
    measurements: _Box | None = None


class _Shipment(msgspec.Struct):
    tracking_number: str | None = None
    measurements: _Box | None = None
    packages: list[_Parcel] = []


class _ShippedOrder(msgspec.Struct):
    """Wherever tracking numbers stand: in parcels of orders, shipments of cart orders and returns, and
    inbound shipments themselves."""

    tracking_numbers: list[str] = []
    order_number: str | None = None
    order_id: str | None = None
    shipments: list[_Shipment] = []


_shipped = msgspec.json.Decoder(_ShippedOrder).decode
_encoded = msgspec.json.Encoder().encode
_NO_MEASURES = PackageMeasures()


def comparable(tracking_number: str) -> str:
    """A tracking number as it is compared: systems write it with spaces and small letters."""
    return "".join(tracking_number.split()).upper()


def tracked(record_id: str, document: bytes) -> TrackedRecord:
    """A record's order number, and every tracking number of it with what was measured of its package."""
    shipped_order = _shipped(document)
    boxes = {comparable(number): box for number, box in _numbers(shipped_order) if number.strip()}
    return TrackedRecord(
        record_id,
        shipped_order.order_number,
        [TrackingRow(number, _measures_text(boxes[number])) for number in sorted(boxes)],
        shipped_order.order_id,
    )


def _measures_text(box: _Box | None) -> str | None:
    measures = _NO_MEASURES if box is None else box.measures
    return None if measures == _NO_MEASURES else _encoded(measures).decode()


def _numbers(shipped_order: _ShippedOrder) -> Iterator[tuple[str, _Box | None]]:
    """Each number, and the box of it; a number that several packages have has none that is its own."""
    boxes: dict[str, list[_Box | None]] = {}
    for number in shipped_order.tracking_numbers:
        boxes.setdefault(number, [])
    for shipment in shipped_order.shipments:
        parts: list[_Shipment | _Parcel] = [shipment, *shipment.packages]
        for part in parts:
            if part.tracking_number:
                boxes.setdefault(part.tracking_number, []).append(part.measurements)
    for number, measured in boxes.items():
        yield number, measured[0] if len(measured) == 1 else None


async def _put_trackings(
    resource: Resource, transaction: Transaction, connection_id: int, pairs: Sequence[tuple[str, bytes]]
) -> None:
    rows = [tracked(record_id, document) for record_id, document in pairs]
    await trackings.put_trackings(transaction, connection_id, resource, rows)


async def _forget_trackings(
    resource: Resource, transaction: Transaction, connection_id: int, ids: list[str]
) -> None:
    await trackings.forget_trackings(transaction, connection_id, resource, ids)
