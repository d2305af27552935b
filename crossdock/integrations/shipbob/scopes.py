"""What a token may do: its channels and their scopes. Pure. Source: developer.shipbob.com/auth."""

from collections.abc import Sequence

from crossdock.errors import InvalidCredentials
from crossdock.kit.contract import Permission, Raw

SCOPES = {
    "get_orders": "orders_read",
    "get_shipping_methods": "orders_read",
    "get_inventory": "inventory_read",
    "get_products": "products_read",
    "get_inbound_shipments": "receiving_read",
    "get_returns": "returns_read",
    "get_warehouses": "locations_read",
    "get_bills": "billing_read",
    "create_order": "orders_write",
    "update_order": "orders_write",
    "cancel_order": "orders_write",
    "create_product": "products_write",
    "update_product": "products_write",
    "create_kit": "products_write",
    "update_kit": "products_write",
    "create_inbound_shipment": "receiving_write",
    "update_inbound_shipment": "receiving_write",
    "create_return": "returns_write",
    "update_return": "returns_write",
    "cancel_return": "returns_write",
}
"""The scope that a function needs. That of the history of stock is named nowhere."""


def chosen_channel(channels: Sequence[Raw], wanted: str) -> Raw | None:
    """The channel that was filled in, or the only one that can be written to; None where it is not clear.

    Raises InvalidCredentials for one that the token does not have. "Use the channel ID that has write scopes"
    (description, `shipbob_channel_id`).
    """
    if not wanted:
        writing = [channel for channel in channels if "_write" in " ".join(channel.get("scopes") or [])]
        return writing[0] if len(writing) == 1 else None
    for channel in channels:
        if str(channel["id"]) == wanted:
            return channel
    names = ", ".join(str(channel["id"]) for channel in channels) or "none"
    raise InvalidCredentials(f"the token has no channel {wanted}; its channels are: {names}")


def permission(channels: Sequence[Raw], function: str) -> Permission:
    """Check whether a function may be used. A scope of the list may be several in one text."""
    scope = SCOPES.get(function)
    texts = [text for channel in channels for text in channel.get("scopes") or []]
    if scope is None or not texts:
        return Permission("unknown", "ShipBob names no scope for this")
    if scope in " ".join(texts).split():
        return Permission("allowed", f"the token has the scope {scope}")
    return Permission("denied", f"the token lacks the scope {scope}")
