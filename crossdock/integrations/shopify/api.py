"""Queries and mutations of Shopify's Admin API, and what it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.errors import MissingPermission, VendorRefused, VendorUnavailable
from crossdock.kit.contract import Raw
from crossdock.kit.graphql import GraphQL

COSTS = {
    "orders": 400.0, "order": 60.0, "order_lists": 100.0, "fulfillments": 100.0, "stocked": 250.0,
    "fulfillment_orders": 100.0,
}  # fmt: skip
"""Points that a query is taken to cost at most; every answer says what it did. All others: `USUAL_COST`."""
USUAL_COST = 25.0

PARTS: Mapping[str, tuple[str, ...]] = {
    "orders": ("order_parts", "line_parts", "fulfillment_parts", "sent_parts", "list_parts"),
    "order": ("order_parts", "line_parts", "fulfillment_parts", "sent_parts", "list_parts"),
    "order_lists": ("list_parts",),
    "fulfillments": ("fulfillment_parts", "sent_parts"),
    "order_lines": ("line_parts",),
    "sent_lines": ("sent_parts",),
    "product": ("product_parts",),
    "variant": ("variant_parts", "product_parts", "level_parts"),
    "levels": ("level_parts",),
    "stocked": ("level_parts",),
    "fulfillment_orders": ("to_send_parts",),
    "fulfillment_order_lines": ("to_send_parts",),
}
"""The fragments that a query is made of."""


@dataclass(frozen=True)
class ShopApi:
    """The API of one shop. What it is asked is a file in `queries`."""

    graphql: GraphQL
    queries: Mapping[str, str]

    def text(self, name: str) -> str:
        """A query with the fragments that it is made of."""
        return "".join(self.queries[part] for part in (name, *PARTS.get(name, ())))

    async def ask(self, name: str, *, partial: bool = False, **variables: Any) -> Raw:
        """The data that a query of `queries` is answered with."""
        cost = COSTS.get(name, USUAL_COST)
        return await self.graphql.query(self.text(name), variables, cost=cost, partial=partial)

    async def change(self, name: str, *, checked: bool = True, **variables: Any) -> Raw:
        """The data that a mutation of `queries` is answered with.

        checked: whether to raise what Shopify refused.
        """
        text = self.text(name)
        # What bears a key is done once, however often it comes: shopify.dev, "Implementing idempotency".
        send = self.graphql.query if "@idempotent" in text else self.graphql.mutate
        data = await send(text, variables, cost=USUAL_COST)
        for payload in data.values() if checked else ():
            check_user_errors(payload)
        return data


def check_user_errors(payload: Any) -> None:
    """Raise what a mutation was refused for: with status 200 and the names of its fields."""
    errors = payload.get("userErrors") if isinstance(payload, dict) else None
    if not errors:
        return
    first = errors[0]
    path = ".".join(first.get("field") or ())
    further = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    message = f"{path}: {first['message']}{further}" if path else f"{first['message']}{further}"
    if first.get("code") == "IDEMPOTENCY_CONCURRENT_REQUEST":
        raise VendorUnavailable(message, may_have_arrived=True)
    if "access denied" in message.casefold():
        raise MissingPermission(message)
    raise VendorRefused(message)
