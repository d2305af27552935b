"""Stock movements, append only. Off until an operator switches it on."""

from typing import Annotated, Any, Literal

from crossdock.resources.common import Timestamp
from crossdock.resources.schema import HOURLY, TEXT, Filter, Record, Resource

LedgerEventType = Literal[
    "adjustment",
    "return_receipt",
    "inbound_receipt",
    "order_shipment",
    "supplier_return",
    "movement",
    "other",
]

LedgerObjectType = Literal["order", "inbound_shipment", "return"]


class InventoryLedgerEntry(Record, kw_only=True):
    """One movement of stock."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    entry_date: Timestamp
    inventory_item_id: str
    sku: str
    quantity: int
    raw_event_type: str | None = None
    event_type: Annotated[LedgerEventType, Filter(TEXT)]
    reason: str | None = None
    object_id: str | None = None
    object_type: LedgerObjectType | None = None
    warehouse_id: str | None = None
    location_id: str | None = None
    additional_fields: dict[str, Any] = {}


INVENTORY_LEDGER = Resource(
    record=InventoryLedgerEntry,
    path="/wms/inventory/ledger",
    singular="inventory_ledger_entry",
    function="get_inventory_ledger",
    event="inventory_ledger",
    every=HOURLY,
    item_path="",
    append_only=True,
    # The contract filters entries by merchant although an entry does not show one.
    hidden={"warehouse_customer_id": Filter(TEXT)},
)
