"""Charges of orders and their parcels, which come in two files, joined whichever of them comes first.

charges ─▶ noted, divided among the parcels known so far ─▶ line items
parcels ─▶ noted ─▶ files with charges of their orders: read again ─▶ the same line items, completed
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from crossdock.changes.commit import Changes, store_changes
from crossdock.changes.plan import Target
from crossdock.kit.files import Parcel
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store.carriers import files
from crossdock.store.carriers import orders as carrier_orders
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock

AT_ONCE = 500

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Parcel).decode


@dataclass(frozen=True)
class OrderRows:
    """The statements of one connection's files on such orders (`kit.files.Orders`)."""

    database: Database
    connection: ConnectionRow
    clock: Clock

    async def note_charges(self, id: str, orders: Collection[str]) -> None:
        rows = [(order, carrier_orders.CHARGE, None) for order in sorted(orders)]
        async with self.database.transaction() as transaction:
            await carrier_orders.note(transaction, self.connection.id, id, rows)

    async def note_parcels(self, id: str, parcels: Sequence[Parcel]) -> None:
        rows = {
            (parcel.order, parcel.tracking_number): _encode(parcel).decode() for parcel in parcels
        }  # of equal ones the last
        async with self.database.transaction() as transaction:
            await carrier_orders.note(
                transaction, self.connection.id, id, [(*key, body) for key, body in sorted(rows.items())]
            )

    async def parcels(self, orders: Collection[str]) -> dict[str, list[Parcel]]:
        rows = await carrier_orders.parcels(self.database, self.connection.id, orders)
        latest: dict[str, dict[str, Parcel]] = {}
        for order, tracking, body in rows:
            # A parcel keeps its place when a later file says something new of it.
            latest.setdefault(order, {})[tracking] = _decode(body)
        return {order: list(parcels.values()) for order, parcels in latest.items()}

    async def keep_only(self, id: str, pieces: Collection[str]) -> None:
        stale = sorted(
            {*await carrier_orders.pieces(self.database, self.connection.id, id)} - {*pieces}
        )  # fmt: skip
        target = Target(self.connection, INVOICE_LINE_ITEMS, cause="file", job_id=id)
        for start in range(0, len(stale), AT_ONCE):
            stales = stale[start : start + AT_ONCE]
            async with self.database.transaction() as transaction:
                changes = Changes(deleted=stales)
                await store_changes(transaction, target, changes, self.clock())
                await files.forget_items(transaction, self.connection.id, id, stales)
