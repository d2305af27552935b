"""Our commands → Tryton's calls. Each kind of document has a module of its own; this is what there is."""

from crossdock.integrations.contract import Accepts
from crossdock.integrations.tryton import (
    write_inbound,
    write_orders,
    write_products,
    write_returns,
    write_shipping,
    write_stock,
)
from crossdock.integrations.tryton.write_inbound import (
    create_inbound_shipment,
    find_create_inbound_shipment,
    find_receive_inbound_shipment,
    receive_inbound_shipment,
    update_inbound_shipment,
)
from crossdock.integrations.tryton.write_orders import (
    cancel_order,
    create_order,
    find_create_order,
    update_order,
)
from crossdock.integrations.tryton.write_products import (
    create_product,
    find_create_product,
    update_product,
)
from crossdock.integrations.tryton.write_returns import (
    cancel_return,
    create_return,
    find_create_return,
    update_return,
)
from crossdock.integrations.tryton.write_shipping import create_order_shipment, find_create_order_shipment
from crossdock.integrations.tryton.write_stock import adjust_inventory

__all__ = [
    "ACCEPTS",
    "adjust_inventory",
    "cancel_order",
    "cancel_return",
    "create_inbound_shipment",
    "create_order",
    "create_order_shipment",
    "create_product",
    "create_return",
    "find_create_inbound_shipment",
    "find_create_order",
    "find_create_order_shipment",
    "find_create_product",
    "find_create_return",
    "find_receive_inbound_shipment",
    "receive_inbound_shipment",
    "update_inbound_shipment",
    "update_order",
    "update_product",
    "update_return",
]

ACCEPTS: dict[str, Accepts] = {
    "create_order": write_orders.CREATE,
    "update_order": write_orders.UPDATE,
    "cancel_order": Accepts(),
    "create_order_shipment": write_shipping.SHIP,
    "create_product": write_products.CREATE,
    "update_product": write_products.UPDATE,
    "adjust_inventory": write_stock.ADJUST,
    "create_inbound_shipment": write_inbound.CREATE,
    "update_inbound_shipment": write_inbound.UPDATE,
    "receive_inbound_shipment": write_inbound.RECEIVE,
    "create_return": write_returns.CREATE,
    "update_return": write_returns.UPDATE,
    "cancel_return": Accepts(),
}
