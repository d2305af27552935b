"""Stock items and their levels: create, change, adjust. Pure."""

from hashlib import sha256

from crossdock.errors import VendorRefused
from crossdock.integrations.linnworks.write.common import ABOUT, item_ids, stated
from crossdock.kit.contract import Accepts, Call, Command, Fields, Made, Operation, Search, Steps

FIELDS = {"sku": "SKU", "name": "Title", "gtin": "Barcode"}


def create_product(command: Command) -> Steps:
    """Make a stock item. Linnworks answers nothing, so it is looked for by its SKU."""
    if command.found is not None:
        return command.found
    body = command.body
    sku = body["sku"]
    if sku.casefold() in (yield from item_ids([sku])):
        raise VendorRefused(f"Linnworks has a stock item {sku!r}")
    item = {
        "StockItemId": _new_id(f"{ABOUT}/{sku}/{command.begun}"),
        "ItemNumber": sku,
        "ItemTitle": body["name"],
        "BarcodeNumber": body.get("gtin"),
    }
    yield Call("POST", "/api/Inventory/AddInventoryItem", {"inventoryItem": stated(item)})
    made = yield from item_ids([sku])
    return made[sku.casefold()]


def find_product(command: Command) -> Search:
    sku = command.body["sku"]
    return (yield from item_ids([sku])).get(sku.casefold())


def update_product(command: Command) -> Steps:
    """Change an item field by field: a change of all of it would set what is not said here."""
    for ours, theirs in FIELDS.items():
        if ours in command.body:
            field = {"inventoryItemId": command.record_id, "fieldName": theirs}
            field["fieldValue"] = command.body[ours]
            yield Call("POST", "/api/Inventory/UpdateInventoryItemField", field)
    return str(command.record_id)


def adjust_inventory(command: Command) -> Steps:
    """Add to a level, or take from it: Linnworks changes it by a number."""
    body = command.body
    quantity = body["quantity"] if body["adjustment_type"] == "increase" else -body["quantity"]
    level = {"SKU": command.stored["sku"], "LocationId": body["warehouse_id"], "Level": quantity}
    wanted = {"stockLevels": [level], "changeSource": ABOUT}
    yield Call("POST", "/api/Stock/UpdateStockLevelsBySKU", wanted)
    return str(command.record_id)


def _new_id(name: str) -> str:
    """An id of a new item: the same for the same write, whenever it is tried again."""
    digits = sha256(name.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], f"8{digits[13:16]}", f"8{digits[17:20]}", digits[20:32]))


def _item_of(product: Fields) -> Made:
    """The inventory item that a product is."""
    return [] if product["is_kit"] else [("get_inventory", product["id"])]


CREATE_PRODUCT = Operation(
    Accepts(required=("sku", "name"), optional=("gtin",)), create_product, find=find_product, also=_item_of
)
UPDATE_PRODUCT = Operation(Accepts(optional=("sku", "name", "gtin")), update_product, also=_item_of)
ADJUST_INVENTORY = Operation(
    Accepts(required=("quantity", "adjustment_type", "warehouse_id"), options={"warehouse_id": "warehouses"}),
    adjust_inventory,
)
