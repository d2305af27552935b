"""What client, readers and writes know alike of ShipHero's records. Pure."""

import hashlib
import json
from collections import Counter
from typing import Any

from crossdock.errors import VendorNonsense
from crossdock.kit.contract import Json, Raw

SEPARATOR = ":"
VOID = {"void", "voided", "canceled", "cancelled"}
"""Words for a label that is good for nothing any more."""


def item_id(account_id: Any, sku: Any) -> str | None:
    """Our id of a product and of its stock: account and SKU, unique together. None without a SKU."""
    return f"{account_id or ''}{SEPARATOR}{sku}" if sku else None


def split_item_id(record_id: str) -> tuple[str, str]:
    """The account and the SKU in an id of ours. Ids of accounts are Base64, which has no colon."""
    account_id, _, sku = record_id.partition(SEPARATOR)
    return account_id, sku


def nodes_of(connection: Json) -> list[Raw]:
    """The records on a page of a list; [] where there is none."""
    edges = connection.get("edges") if isinstance(connection, dict) else None
    return [edge["node"] for edge in edges or [] if edge and edge.get("node") is not None]


def connected(connection: Json) -> tuple[list[Raw], str | None]:
    """The records on a page of a list, and the cursor of the next page or None."""
    if not isinstance(connection, dict) or not isinstance(connection.get("edges"), list):
        raise VendorNonsense("wanted a list with edges in the answer")
    info = connection.get("pageInfo") or {}
    return nodes_of(connection), info["endCursor"] if info.get("hasNextPage") else None


def is_void(label: Raw) -> bool:
    """Check whether a label was voided. ShipHero publishes no word for it."""
    return str(label.get("status") or "").strip().casefold() in VOID


def is_cancelled(shipment: Raw) -> bool:
    """Check whether all labels of a shipment were voided: then what was in it is still to be sent."""
    labels = shipment.get("shipping_labels") or []
    return bool(labels) and all(is_void(label) for label in labels)


def change_with_id(raw: Raw, seen: Counter[str] | None = None) -> Raw:
    """A change of stock with an id made of all that ShipHero says of it.

    seen: how often each was met. Of several that are alike, the second ends with `-2`.
    """
    names = (
        "account_id", "warehouse_id", "location_id", "sku", "previous_on_hand", "change_in_on_hand", "reason",
        "user_id", "created_at",
    )  # fmt: skip
    spelt = json.dumps([raw.get(name) for name in names], ensure_ascii=False, default=str)
    digest = hashlib.sha256(spelt.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    if seen is not None:
        seen[digest] += 1
    number = 1 if seen is None else seen[digest]
    return raw | {"id": digest if number == 1 else f"{digest}-{number}"}


def of_account(root: Json, account_id: str | None) -> Json:
    """What a query found, less what is another account's; all of it where no account is wanted."""
    data = root.get("data") if isinstance(root, dict) else None
    if account_id is None or not isinstance(data, dict):
        return root
    if isinstance(data.get("edges"), list):
        edges = [edge for edge in data["edges"] if _owner(edge and edge.get("node")) in (None, account_id)]
        return {**root, "data": {**data, "edges": edges}}
    return root if _owner(data) in (None, account_id) else {**root, "data": None}


def _owner(raw: Json) -> Any:
    return raw.get("account_id") if isinstance(raw, dict) else None
