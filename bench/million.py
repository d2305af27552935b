"""A connection with a million orders: the worst place to look for ten of them.

Ids rise in the order of storing, so that the unfiltered page lies together on the disk: the page that
all others are compared with is as fast as it can be. Dates and all other columns are strewn, so what
a filter finds lies apart. Each column has common values and rare ones. Only the id in a document is
the row's own: the filters never look into documents.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from bench.orders import rows
from bench.stores import Prepared, load

RARE_ROWS = 10
DAY = 86_400
BEGIN = 1_700_000_000
YEARS = 2 * 365 * DAY
END = BEGIN + DAY + YEARS
BUSY = BEGIN + 300 * DAY
"""A moment at which an import touched very many orders."""
LONE = BEGIN + 400 * DAY + 1
"""A moment that only rare orders have."""


def million(prepared: Prepared, count: int) -> None:
    """Stores so many orders, and their tags."""
    load(prepared, _rows(count), _tags(count))


def as_date(seconds: int) -> str:
    """As the API wants it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rare_text(count: int) -> str:
    """A reference and order number that one order has."""
    return f"RARE-{min(_rare(count)):07}"


def order_id(number: int) -> str:
    return f"order_{number:09}"


def _rare(count: int) -> frozenset[int]:
    """The rows with rare values, strewn over the list."""
    return frozenset(Random(1).sample(range(count), RARE_ROWS))


def _tags(count: int) -> Iterator[tuple[str, str]]:
    for number in range(0, count, 2):
        yield "common", order_id(number)
    for number in sorted(_rare(count)):
        yield "rare", order_id(number)


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Values of `stores.COLUMNS` without the connection."""
    chance = Random(2)
    rare = _rare(count)
    ends = [b'{"id":"%s",' + row.document.split(b",", 1)[1] for row in rows(20)]
    for number in range(count):
        text = order_id(number)
        document = ends[number % len(ends)].replace(b"%s", text.encode(), 1)
        yield (text, *_columns(number, chance, number in rare), None, None, document)


def _columns(number: int, chance: Random, is_rare: bool) -> tuple[str | int | None, ...]:
    """created, updated, customer, reference (folded), number (folded), status, channel, type, required, …"""
    draw = chance.random
    created = LONE if is_rare else _moment(draw)
    updated = LONE if is_rare else _moment(draw)
    required = LONE if is_rare else (None if draw() < 0.3 else _moment(draw) // DAY * DAY)
    first = LONE if is_rare else _moment(draw)
    last = LONE if is_rare else _moment(draw)
    text = "RARE" if is_rare else ("Web" if draw() < 0.6 else "POS")
    reference = "Manual" if not is_rare and draw() < 0.3 else f"{text}-{number:07}"
    order_number = (
        reference if is_rare else "Walk-in" if draw() < 0.3 else f"{text}-{number * 7919 % 10**7:07}"
    )
    return (
        created, updated,
        "customer_rare" if is_rare else _drawn(draw(), ("customer_1", 0.6), ("customer_2", 0.9), (None, 1)),
        reference, reference.casefold(), order_number, order_number.casefold(),
        "exception" if is_rare else _drawn(draw(), ("fulfilled", 0.85), ("open", 1)),
        "channel_rare" if is_rare else _drawn(draw(), ("shop", 0.7), (None, 1)),
        "transfer" if is_rare else _drawn(draw(), ("d2c", 0.7), ("b2b", 0.9), (None, 1)),
        required, first, last,
    )  # fmt: skip


def _moment(draw: Any) -> int:
    """Any time in two years; one in three orders has been touched by the import."""
    return BUSY if draw() < 0.3 else BEGIN + DAY + int(draw() * YEARS)


def _drawn(at: float, *shares: tuple[str | None, float]) -> str | None:
    return next(value for value, until in shares if at <= until)
