"""All tables of the store: whoever migrates, compares or empties a database takes them from here."""

from crossdock.store.schema import (
    alerts,
    carriers,
    erasing,
    inbound,
    linking,
    numbered,
    people,
    records,
    webhooks,
)
from crossdock.store.schema.metadata import metadata

__all__ = [
    "alerts", "carriers", "erasing", "inbound", "linking", "metadata", "numbered", "people", "records",
    "webhooks",
]  # fmt: skip
