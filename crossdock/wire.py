"""The forms in which values are sent and compared: JSON with exact numbers, times, stable hashes."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

import msgspec

from crossdock.errors import BadVendorValue

encoder = msgspec.json.Encoder(decimal_format="number")
"""JSON in which a Decimal is the number that it is, and not a text."""

encode = encoder.encode

canonical_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number")
"""The same with members in the order of their names: equal values have equal bytes, to be hashed."""

decoder = msgspec.json.Decoder(float_hook=Decimal)
"""JSON in which a number with a fraction is a Decimal, exactly as it was written."""


def hashed(*parts: bytes) -> bytes:
    """16 bytes that differ when any part does."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def stamp(now_ms: int) -> str:
    """A moment of our own clock, in milliseconds since 1970, as records show it: "2026-01-31T09:00:00Z"."""
    return datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_seconds(moment: int) -> str:
    """A moment in seconds since 1970 as records show it, also one of the year 1."""
    # Not strftime: it writes the year 1, which is how some vendors say "never", without its zeros.
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat() + "Z"


@lru_cache(4096)  # the records of a page share our own stamps, and often the vendor's
def seconds(timestamp: str) -> int:
    """A time of a record as seconds since 1970. Raises BadVendorValue when the calendar has no such day."""
    try:
        return int(datetime.fromisoformat(timestamp).timestamp())
    except ValueError:
        raise BadVendorValue(f"there is no such time: {timestamp!r}") from None
