"""Our writes → calls of NuORDER, and the bodies it accepts. Pure: one function per action."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.nuorder.sizes import parts_of
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Steps

IMMEDIATE = "immediate"
"""The name of what can be shipped at once; what comes later is named by its date."""


def adjust_inventory(command: Command) -> Steps:
    """Set how many of a size there are, where it is the only one of its product."""
    if command.body["adjustment_type"] != "exact":
        raise VendorRefused("NuORDER takes new quantities, and tells no old ones: say how many there are")
    name = str(command.record_id)
    yield from _set([{**command.body, "product_id": name}])
    return name


def batch_adjust_inventory(command: Command) -> Steps:
    """Set how many of many sizes there are, all of a product in one call."""
    lines = command.body["line_items"]
    yield from _set(lines)
    return list(dict.fromkeys(line["product_id"] for line in lines))


def _set(lines: Sequence[Mapping[str, Any]]) -> Generator[Call, Json, None]:
    """Look the products up, and set their stock once that of no size would be lost."""
    levels = _levels(lines)
    for product_id, warehouses in levels.items():
        product = yield Call("GET", f"/api/product/{product_id}", asks=True)
        known = [str(size["size"]) for size in product["sizes"]]
        for warehouse, sizes in warehouses.items():
            _check(product_id, warehouse, known, sizes)
    for product_id, warehouses in levels.items():
        inventory = [
            {
                "warehouse": warehouse,
                "prebook": False,
                "wip": [
                    {
                        "name": IMMEDIATE,
                        "sizes": [{"size": size, "quantity": count} for size, count in sizes.items()],
                    }
                ],
            }
            for warehouse, sizes in warehouses.items()
        ]
        yield Call("POST", f"/api/inventory/{product_id}", {"inventory": inventory})


def _levels(lines: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, int]]]:
    """The quantities by product, warehouse and size."""
    levels: dict[str, dict[str, dict[str, int]]] = {}
    for line in lines:
        product_id, size = parts_of(line["product_id"])
        if size is None or not product_id.isalnum():
            raise VendorRefused(f"{line['product_id']!r} is no size of a product: stock is that of sizes")
        sizes = levels.setdefault(product_id, {}).setdefault(line["warehouse_id"], {})
        if sizes.setdefault(size, line["quantity"]) != line["quantity"]:
            raise VendorRefused(f"{line['product_id']!r} is given two quantities at {line['warehouse_id']!r}")
    return levels


def _check(product_id: str, warehouse: str, known: Sequence[str], sizes: Mapping[str, int]) -> None:
    """Raise VendorRefused unless all sizes of the product are named: NuORDER may forget the others."""
    if foreign := [size for size in sizes if size not in known]:
        raise VendorRefused(f"the product {product_id} has no size {foreign[0]!r}")
    if missing := [size for size in known if size not in sizes]:
        raise VendorRefused(
            f"the product {product_id} has more sizes ({', '.join(missing)}), whose stock at {warehouse!r} "
            "might be lost: set all of them in one batch"
        )


ADJUST_INVENTORY = Operation(
    Accepts(required=("quantity", "adjustment_type", "warehouse_id")),
    adjust_inventory,
)
BATCH_ADJUST_INVENTORY = Operation(
    Accepts(
        required=(
            "line_items",
            "line_items.product_id",
            "line_items.quantity",
            "line_items.warehouse_id",
        )
    ),
    batch_adjust_inventory,
)
