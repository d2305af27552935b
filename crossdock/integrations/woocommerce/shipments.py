"""Shipments as we note them in an order's meta data: WooCommerce without plug-ins has no place for them.

Each is some entries with a number of its own, which the shop shows among its custom fields:
`crossdock_shipment_1` is the tracking number, `crossdock_shipment_1_line_items` "315:2 316:1".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KEY = "crossdock_shipment_"
NAMES = ("tracking_number", "tracking_url", "carrier_name", "shipping_method_name", "date", "line_items")
PATTERN = re.compile(rf"{KEY}([1-9][0-9]{{0,5}})(?:_({'|'.join(NAMES[1:])}))?", re.ASCII)
LINES = re.compile(r"[0-9]{1,20}:[0-9]{1,9}( [0-9]{1,20}:[0-9]{1,9})*", re.ASCII)


@dataclass
class NotedShipment:
    """A shipment of an order, or of a part of it."""

    number: int
    texts: dict[str, str] = field(default_factory=dict)
    """By name of `NAMES`."""

    @property
    def lines(self) -> dict[str, int]:
        """The quantity of each line. What somebody else wrote there says nothing."""
        text = self.texts.get("line_items", "")
        if not LINES.fullmatch(text):
            return {}
        pairs = (pair.split(":") for pair in text.split(" "))
        return {name: int(quantity) for name, quantity in pairs}


def noted(entries: Any) -> list[NotedShipment]:
    """The shipments among an order's meta data, in their order; one without a tracking number is none."""
    shipments: dict[int, NotedShipment] = {}
    for entry in entries or []:
        match, value = PATTERN.fullmatch(str(entry.get("key"))), entry.get("value")
        if match and isinstance(value, str) and value.strip():
            number = int(match[1])
            shipment = shipments.setdefault(number, NotedShipment(number))
            shipment.texts[match[2] or NAMES[0]] = value.strip()
    return [shipments[number] for number in sorted(shipments) if NAMES[0] in shipments[number].texts]


def entries_of(number: int, texts: Mapping[str, str], lines: Mapping[str, int]) -> list[dict[str, str]]:
    """The meta data that note a shipment."""
    values = {**texts, "line_items": " ".join(f"{name}:{quantity}" for name, quantity in lines.items())}
    return [
        {"key": f"{KEY}{number}" + ("" if name == NAMES[0] else f"_{name}"), "value": values[name]}
        for name in NAMES
        if name in values
    ]
