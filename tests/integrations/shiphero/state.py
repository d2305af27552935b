"""What a made-up ShipHero holds, and what its mutations make of it."""

import base64
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.mock_vendors.graphql_vendor import GraphQlMock, MockError, connection

Record = dict[str, Any]


def uuid(entity: str, number: int) -> str:
    return base64.b64encode(f"{entity}:{number}".encode()).decode()


ACCOUNT, WAREHOUSE, LOCATION = uuid("Account", 4285), uuid("Warehouse", 1), uuid("Bin", 1)


class ShipHeroState(GraphQlMock):
    """One account. Lists are cut by a number of records to skip, as the real one's are."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, Record] = {}
        self.products: dict[str, Record] = {}
        self.purchase_orders: dict[str, Record] = {}
        self.returns: dict[str, Record] = {}
        self.inventory_changes: list[Record] = []
        self.hooks: list[Record] = []
        self.customers: list[Record] = []
        self.made = 0
        self.serial = itertools.count(1)
        self.cost_of_call = 0
        self.works_out_sort = True
        """Whether lists are sorted as they are asked for."""
        for number in (1, 2):
            self.add_product(f"CRATE-{number}")

    # How it is shown

    def _connection(self, nodes: Sequence[Record], key: str | None = None) -> Callable[..., Record]:
        """A list, sorted when it is asked to be."""

        def page(first: int | None = None, after: str | None = None, sort: str | None = None) -> Record:
            name = sort if self.works_out_sort else key
            chosen = sorted(nodes, key=lambda node: str(node.get(name))) if name else nodes
            answer = connection(chosen, first, after, most=100)
            self.cost_of_call += len(answer["edges"])
            return answer

        return page

    def _shown_order(self, order: Record) -> Record:
        shipments = [
            shipment | {"line_items": self._connection(shipment["line_items"])}
            for shipment in order["shipments"]
        ]
        return order | {"line_items": self._connection(order["line_items"]), "shipments": shipments}

    def _shown_product(self, raw: Record) -> Record:
        levels = [level | {"locations": self._bins(level)} for level in raw["warehouse_products"]]
        return raw | {"warehouse_products": levels}

    def _bins(self, level: Record) -> Callable[..., Record]:
        node = {"location_id": LOCATION, "quantity": level["on_hand"], "expiration_lot": None}
        return self._connection([node])

    def _shown_purchase_order(self, raw: Record) -> Record:
        return raw | {"line_items": self._connection(raw["line_items"])}

    # Mutations

    def do_order_create(self, data: Record) -> Record:
        self.made += 1
        order_id = self._hold(data)
        return {"order": self.orders[order_id]}

    def do_order_update(self, data: Record) -> Record:
        order = self._held("orders", data["order_id"])
        order |= {name: value for name, value in data.items() if name != "order_id"}
        return {"order": self._touched(order)}

    def do_order_cancel(self, data: Record) -> Record:
        order = self._held("orders", data["order_id"])
        order["fulfillment_status"] = "canceled"
        return {"order": self._touched(order)}

    def do_order_update_fulfillment_status(self, data: Record) -> Record:
        order = self._held("orders", data["order_id"])
        order["fulfillment_status"] = data["fulfillment_status"]
        return {"order": self._touched(order)}

    def do_shipment_create(self, data: Record) -> Record:
        order, now = self._held("orders", data["order_id"]), self._now()
        shipment_id, lines = self._id("Shipment"), {line["id"]: line for line in order["line_items"]}
        labels = [label | {"id": self._id("ShippingLabel"), "status": "valid"} for label in data["labels"]]
        parts = []
        for part in data["line_items"]:
            line = lines[part["line_item_id"]]
            line["quantity_shipped"] += part["quantity"]
            line["quantity_pending_fulfillment"] -= part["quantity"]
            parts.append(
                {
                    "id": self._id("ShippedLineItem"),
                    "quantity": part["quantity"],
                    "shipping_label_id": labels[0]["id"],
                    "line_item": line,
                }
            )
        shipment = {
            "id": shipment_id, "warehouse_id": data["warehouse_id"], "created_date": now,
            "address": data["address"], "line_items": parts, "shipping_labels": labels,
        }  # fmt: skip
        order["shipments"].append(shipment)
        self._touched(order)
        return {"shipment": shipment | {"line_items": self._connection(parts)}}

    def do_inventory_add(self, data: Record) -> Record:
        return self._adjusted(data, data["quantity"])

    def do_inventory_remove(self, data: Record) -> Record:
        return self._adjusted(data, -data["quantity"])

    def _adjusted(self, data: Record, quantity: int) -> Record:
        level = next(
            level
            for level in self._held("products", data["sku"])["warehouse_products"]
            if level["warehouse_id"] == data["warehouse_id"]
        )
        self.inventory_changes.append(
            {
                "user_id": uuid("User", 1), "account_id": ACCOUNT, "warehouse_id": data["warehouse_id"],
                "sku": data["sku"], "previous_on_hand": level["on_hand"], "change_in_on_hand": quantity,
                "reason": data.get("reason"), "cycle_counted": False, "created_at": self._now(),
                "location_id": data.get("location_id"),
            }
        )  # fmt: skip
        level["on_hand"] += quantity
        level |= {"available": level["on_hand"] - level["allocated"], "updated_at": self._now()}
        return {"warehouse_product": level}

    def do_product_create(self, data: Record) -> Record:
        product = self.add_product(data["sku"], name=data["name"], on_hand=0, barcode=data.get("barcode"))
        product["kit"] = bool(data.get("kit"))
        return {"product": self._shown_product(product)}

    def do_product_update(self, data: Record) -> Record:
        product = self._held("products", data["sku"])
        product |= data
        return {"product": self._shown_product(self._touched(product))}

    def do_kit_build(self, data: Record) -> Record:
        product = self._held("products", data["sku"])
        parts = {part["sku"]: part for part in [*product["kit_components"], *data["components"]]}
        product |= {"kit": True, "kit_components": list(parts.values())}
        return {"product": self._shown_product(self._touched(product))}

    def do_kit_remove_components(self, data: Record) -> Record:
        product, gone = self._held("products", data["sku"]), {part["sku"] for part in data["components"]}
        product["kit_components"] = [part for part in product["kit_components"] if part["sku"] not in gone]
        return {"product": self._shown_product(self._touched(product))}

    def do_purchase_order_create(self, data: Record) -> Record:
        order_id = self._id("PurchaseOrder")
        lines = [
            {
                "id": self._id("PurchaseOrderLineItem"),
                "quantity_received": 0,
                "updated_at": self._now(),
                **line,
            }
            for line in data["line_items"]
        ]
        stamps = {"created_at": self._now(), "arrived_at": None, "date_closed": None}
        vendor = {"id": data["vendor_id"], "name": "Crates & Co"} if data.get("vendor_id") else None
        raw = {
            "account_id": _owner(data),
            **data,
            **stamps,
            "id": order_id,
            "line_items": lines,
            "vendor": vendor,
        }
        self.purchase_orders[order_id] = raw
        return {"purchase_order": self._shown_purchase_order(raw)}

    def do_purchase_order_update(self, data: Record) -> Record:
        raw = self._held("purchase_orders", data["po_id"])
        lines = {line["sku"]: line for line in raw["line_items"]}
        for line in data.get("line_items", ()):
            lines[line["sku"]] |= line | {"updated_at": self._now()}
            if line.get("quantity_received"):
                raw["arrived_at"] = self._now()
        raw |= {name: value for name, value in data.items() if name not in ("po_id", "line_items")}
        return {"purchase_order": self._shown_purchase_order(raw)}

    def do_purchase_order_close(self, data: Record) -> Record:
        raw = self._held("purchase_orders", data["po_id"])
        raw |= {"fulfillment_status": "closed", "date_closed": self._now()}
        return {"purchase_order": self._shown_purchase_order(raw)}

    def do_return_create(self, data: Record) -> Record:
        order = self._held("orders", data["order_id"])
        lines = {line["sku"]: line for line in order["line_items"]}
        items = [
            {
                "id": self._id("ReturnItem"), "warehouse_id": data["warehouse_id"],
                "quantity": line["quantity"], "quantity_received": 0, "restock": 0,
                "reason": line["return_reason"], "updated_at": self._now(), "line_item": lines[line["sku"]],
            }
            for line in data["line_items"]
        ]  # fmt: skip
        raw = {
            "id": self._id("Return"), "account_id": _owner(data), "status": "pending",
            "created_at": self._now(),
            "reason": data["return_reason"], "labels": [], "line_items": items,
            **{name: data[name] for name in ("order_id", "partner_id", "label_type", "label_cost")},
        }  # fmt: skip
        self.returns[raw["id"]] = raw
        return {"return": raw}

    def do_webhook_create(self, data: Record) -> Record:
        if any((hook["name"], hook["shop_name"]) == (data["name"], data["shop_name"]) for hook in self.hooks):
            raise MockError("There is already a webhook with that name", code=4)  # type: ignore[arg-type]
        hook = {**data, "id": self._id("Webhook"), "shared_signature_secret": f"secret {next(self.serial)}"}
        self.hooks.append(hook)
        return {"webhook": hook}

    def do_webhook_delete(self, data: Record) -> Record:
        gone = [
            hook
            for hook in self.hooks
            if (hook["name"], hook["shop_name"]) == (data["name"], data["shop_name"])
        ]
        if not gone:
            raise MockError("Webhook not found", code=5)  # type: ignore[arg-type]
        self.hooks.remove(gone[0])
        return {}

    # How it is held

    def add_product(self, sku: str, on_hand: int = 10, **members: Any) -> Record:
        level = {
            "id": self._id("WarehouseProduct"), "warehouse_id": WAREHOUSE, "active": True, "price": "9.50",
            "value": "4.00", "on_hand": on_hand, "allocated": 0, "available": on_hand, "backorder": 0,
            "reserve_inventory": 0, "non_sellable_quantity": 0, "sell_ahead": 0, "created_at": self._now(),
            "updated_at": self._now(),
        }  # fmt: skip
        self.products[sku] = {
            "id": self._id("ProductInfo"), "account_id": ACCOUNT, "sku": sku, "name": f"Crate {sku}",
            "kit": False, "kit_build": False, "active": True, "vendors": [], "kit_components": [],
            "created_at": self._now(), "updated_at": self._now(), "warehouse_products": [level],
            "dimensions": {"weight": "1.50", "height": "2", "width": "3", "length": "4"}, "tags": [],
        } | members  # fmt: skip
        return self.products[sku]

    def _hold(self, data: Record) -> str:
        """Hold an order as its input says."""
        order_id = self._id("Order")
        lines = [
            {
                "quantity_allocated": 0, "quantity_shipped": 0, "backorder_quantity": 0,
                "fulfillment_status": "pending", "quantity_pending_fulfillment": line["quantity"], **line,
                "id": self._id("LineItem"),
            }
            for line in data["line_items"]
        ]  # fmt: skip
        now = self._now()
        members = {
            "order_date": now,
            "account_id": _owner(data),
            **data,
            "updated_at": now,
            "line_items": lines,
        }
        self.orders[order_id] = {"id": order_id, "shipments": [], "tags": [], "holds": None, **members}
        return order_id

    def _held(self, name: str, record_id: str) -> Record:
        record: Record | None = getattr(self, name).get(record_id)
        if record is None:
            raise MockError(f"{name} {record_id} not found", code=5)  # type: ignore[arg-type]
        return record

    def _touched(self, record: Record) -> Record:
        record["updated_at"] = self._now()
        return record

    def _id(self, entity: str) -> str:
        return uuid(entity, next(self.serial))

    def _now(self) -> str:
        """The date by its clock, which has no zone."""
        return (
            datetime.fromtimestamp(self.clock(), UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        )


def _owner(data: Record) -> str:
    """The account that what an input makes belongs to."""
    return str(data.get("customer_account_id") or ACCOUNT)
