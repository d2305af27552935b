"""Stock: what is held, where, and how much of it can ship."""

from typing import Annotated, Any

from msgspec import field

from crossdock.resources.common import Measurements, Money, Tags, Timestamp
from crossdock.resources.links import Link
from crossdock.resources.schema import HOURLY, PLAIN, TEXT, TEXT_WITHOUT_NEQ, Filter, Part, Record, Resource
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER


class WarehouseInventory(Part, kw_only=True):
    awaiting: int | None = None
    onhand: int
    committed: int | None = None
    unfulfillable: int | None = None
    fulfillable: int | None = None
    unsellable: int | None = None
    sellable: int | None = None


class Lot(Part, kw_only=True):
    lot_id: str
    onhand: int
    expiration_date: Timestamp | None = None
    warehouse_id: str | None = None


class Location(Part, kw_only=True):
    location_id: str
    quantity: int
    warehouse_id: str


class InventoryItem(Record, kw_only=True):
    """What is physically held and counted; products are made of these."""

    id: str
    warehouse_customer_id: Annotated[str | None, Filter(TEXT)] = None
    created_date: Timestamp
    updated_date: Timestamp
    name: str
    sku: Annotated[str | None, Filter(TEXT_WITHOUT_NEQ)] = None
    unit_cost: Money | None = None
    active: Annotated[bool, Filter(PLAIN)]
    awaiting: int
    onhand: int
    committed: int
    unfulfillable: int
    fulfillable: int
    unsellable: int = 0  # dead in the contract, still sent
    sellable: int
    substitute_skus: list[str] = []
    inventory_by_warehouse_id: dict[str, WarehouseInventory] = {}
    lots: list[Lot] = []
    measurements: Measurements = field(default_factory=Measurements)
    locations: list[Location] = []
    external_system_url: Link | None = None
    trackstar_tags: Tags = None
    additional_fields: dict[str, Any] = {}


INVENTORY = Resource(
    record=InventoryItem,
    path="/wms/inventory",
    singular="inventory_item",
    id_parameter="inventory_id",
    function="get_inventory",
    event="inventory",
    every=HOURLY,
    taggable=True,
    derives=INVENTORY_LEDGER,
)
