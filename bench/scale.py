"""How large the benchmarks are: as documented, tiny for a smoke test, or as the environment says."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Scale:
    """A field `records` is also read from `BENCH_RECORDS`."""

    rounds: int = 5
    """How often both sides are measured, in turn."""
    seconds: float = 2.0
    """How long one side is loaded in one round of a throughput measurement."""
    page: int = 1000
    """Records of a page."""
    records: int = 1_000_000
    """Records of the one connection that filters and deep pages are measured on."""
    synced: int = 20_000
    """Records of a first sync."""
    resynced: int = 10_000
    """Records of a re-sync, and of a dlt merge."""
    grown: int = 1_000_000
    """The most records of a connection whose growth is measured; 10,000,000 needs 60 GB of disk."""
    connections: int = 10_000
    """Connections that are due at once."""
    stored_rows: int = 54_000
    """Rows of UPS files that a database takes in: about 30 MB."""
    invoice_rows: int = 100_000
    """Rows of an invoice file."""
    deliveries: int = 20_000
    """Webhooks in a full queue."""
    delivering_seconds: float = 60.0
    """How long webhooks come at a rate."""
    pending: int = 1_000_000
    """Webhooks that wait for an endpoint that hangs."""
    idle: int = 2000
    """Connections that stand idle beside a new caller."""
    half_sent: int = 500
    """Connections beside it that sent a part of their headers."""
    new_callers: int = 1000
    """Calls of a new caller in a round, each on a connection of its own."""
    idle_seconds: float = 3.0
    """How long a server is left alone before its memory is looked at."""


QUICK = Scale(
    rounds=1, seconds=0.15, page=20, records=400, synced=100, resynced=100, grown=250, connections=20,
    stored_rows=200, invoice_rows=500, deliveries=100, delivering_seconds=0.5, pending=500,
    idle=20, half_sent=5, new_callers=20, idle_seconds=0.1
)  # fmt: skip
"""Shows that everything runs; the numbers say nothing."""


def scale(quick: bool, environment: Mapping[str, str] | None = None) -> Scale:
    """The sizes wanted. Raises ValueError for a variable that is no number."""
    source = os.environ if environment is None else environment
    chosen = QUICK if quick else Scale()
    mapping = {}
    for field in fields(Scale):
        text = source.get(f"BENCH_{field.name.upper()}")
        if text:
            mapping[field.name] = type(getattr(chosen, field.name))(text)
    return replace(chosen, **mapping)
