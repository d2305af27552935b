"""Documents that are long and alike, stored as what tells one from the other.

    {"id":"7a","raw":{"Zone":"","Weight":"33.7"}}  ─▶  a shape     {"id":▢,"raw":{"Zone":▢,"Weight":▢}}
                                                       its values  "7a" "" "33.7", deflated

The rows of an invoice file have 250 columns, nearly all of them blank: their names are stored once for a
connection, in `shapes`, and never change. What is read is what was written, byte for byte. Only documents of
resources that are `bulky` are packed; what an earlier version stored as it is stays readable.
"""

import asyncio
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from crossdock.errors import Unavailable
from crossdock.resources.catalogue import all_resources
from crossdock.store.database.engine import Database, Transaction

Made = TypeVar("Made")

MARK = b"\x01"
"""What packed bytes begin with, and JSON does not."""
_NUMBER = slice(1, 6)
_HEAD = 6
WHOLE = 0
"""The number of no shape: the document stands among the values, whole."""
FEW = 16
"""So many are packed or unpacked at once, more of them beside the event loop."""

_VALUE = re.compile(rb'":("[^"\\]*+(?:\\.[^"\\]*+)*+"|true|false|null|-?\d[\d.eE+-]*+)')
_FILLED_LIST = re.compile(rb"\[(?!\])")
_BETWEEN_TEXTS = b"\x02"
"""In place of the end of a text and the beginning of the next; in JSON it does not stand as it is."""


@cache
def bulky_keys() -> frozenset[str]:
    """The keys of the resources that are packed."""
    return frozenset(resource.key for resource in all_resources() if resource.bulky)


def is_packed(data: bytes | None) -> bool:
    """Check whether bytes are packed. Not to be asked of what is encrypted."""
    return data is not None and data[:1] == MARK


# Pure: JSON ⇄ shape and values


@dataclass(frozen=True)
class Taken:
    """JSON taken apart. shape: empty where it has none, and the values are the whole."""

    shape: bytes
    values: bytes


def taken_apart(data: bytes) -> Taken:
    """The names and the values of JSON as our encoder writes it; a list that is not empty has no shape."""
    # A name that begins with a colon looks like the end of one: what follows would be taken for a name.
    if b"\n" in data or _BETWEEN_TEXTS in data or b'{":' in data or b',":' in data:
        return Taken(b"", data)
    parts = _VALUE.split(data)
    shape = b"\n".join(parts[0::2])
    if len(parts) == 1 or _FILLED_LIST.search(shape):
        return Taken(b"", data)
    return Taken(shape, b"\n".join(parts[1::2]).replace(b'"\n"', _BETWEEN_TEXTS))


class Shape:
    """The names of documents, to put values between."""

    def __init__(self, shape: bytes) -> None:
        pieces = shape.split(b"\n")
        self._pieces = [*(piece + b'":' for piece in pieces[:-1]), pieces[-1]]

    def filled(self, values: bytes) -> bytes:
        """The document again."""
        entry = values.replace(_BETWEEN_TEXTS, b'"\n"').split(b"\n")
        parts = [b""] * (len(self._pieces) + len(entry))
        parts[0::2], parts[1::2] = self._pieces, entry
        return b"".join(parts)


def _deflated(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-zlib.MAX_WBITS)


def _inflated(data: bytes) -> bytes:
    return zlib.decompress(data, wbits=-zlib.MAX_WBITS)


# Packing


async def packed(transaction: Transaction, connection_id: int, documents: Sequence[bytes]) -> list[bytes]:
    """These documents of a connection as they are to be stored."""

    def take_apart() -> list[tuple[bytes, bytes]]:
        return [(one.shape, _deflated(one.values)) for one in map(taken_apart, documents)]

    parts = await _beside(len(documents), take_apart)
    digests = {shape: digest(shape) for shape, _ in parts if shape}
    numbers = await _numbered(transaction, connection_id, {digests[shape]: shape for shape in digests})
    heads = {shape: _head(numbers[digests[shape]]) for shape in digests} | {b"": _head(WHOLE)}
    return [heads[shape] + deflated for shape, deflated in parts]


def digest(shape: bytes) -> str:
    return hashlib.blake2b(shape, digest_size=16).hexdigest()


def _head(number: int) -> bytes:
    return MARK + number.to_bytes(_HEAD - 1, "big")


async def _numbered(
    transaction: Transaction, connection_id: int, shapes: Mapping[str, bytes]
) -> dict[str, int]:
    """The numbers of shapes, by digest; those that are new are stored."""
    if not shapes:
        return {}
    numbers = await _known(transaction, connection_id, shapes)
    missing = sorted(shapes.keys() - numbers.keys())
    if not missing:
        return numbers
    await transaction.executemany(
        "INSERT INTO shapes (connection_id, digest, content) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(connection_id, digest, _deflated(shapes[digest])) for digest in missing],
    )
    return await _known(transaction, connection_id, shapes)


async def _known(transaction: Transaction, connection_id: int, digests: Iterable[str]) -> dict[str, int]:
    condition, bound = transaction.one_of("digest", digests)
    rows = await transaction.fetch(
        f"SELECT digest, number FROM shapes WHERE connection_id = ? AND {condition}", connection_id, bound
    )
    return {row[0]: int(row[1]) for row in rows}


# Unpacking


async def unpacked(source: Database | Transaction, stored: Sequence[bytes]) -> list[bytes]:
    """What these bytes were before they were packed; those that are not packed as they are."""
    numbers = {_number_of(data) for data in stored if is_packed(data)}
    if not numbers:
        return list(stored)
    shapes = await _shapes(source, numbers - {WHOLE})
    return await _beside(len(stored), lambda: [_unpacked(shapes, data) for data in stored])


async def unpacked_bodies(
    source: Database | Transaction, stored: Sequence[tuple[bytes, bool]]
) -> Sequence[bytes]:
    """Bodies as they are sent, of (stored, sealed); sealed ones stay as they are."""
    bodies = [bytes(body) for body, _ in stored]
    places = [place for place, (_, sealed) in enumerate(stored) if not sealed and is_packed(bodies[place])]
    if places:
        whole = await unpacked(source, [bodies[place] for place in places])
        for place, body in zip(places, whole, strict=True):
            bodies[place] = body
    return bodies


async def unpacked_one(source: Database | Transaction, stored: bytes) -> bytes:
    return (await unpacked(source, [stored]))[0]


async def _shapes(source: Database | Transaction, numbers: set[int]) -> dict[int, Shape]:
    if not numbers:
        return {}
    marks = ", ".join("?" * len(numbers))
    sql = f"SELECT number, content FROM shapes WHERE number IN ({marks})"
    fetch = source.fetch_few if isinstance(source, Database) else source.fetch
    rows = await fetch(sql, *numbers)
    if len(rows) < len(numbers):
        # They go as the last of a connection that is deleted.
        raise Unavailable("what was read was removed meanwhile", detail=f"shapes among {sorted(numbers)}")
    return {int(row[0]): Shape(_inflated(bytes(row[1]))) for row in rows}


def _number_of(data: bytes) -> int:
    return int.from_bytes(data[_NUMBER], "big")


def _unpacked(shapes: Mapping[int, Shape], data: bytes) -> bytes:
    if not is_packed(data):
        return data
    values, number = _inflated(data[_HEAD:]), _number_of(data)
    return values if number == WHOLE else shapes[number].filled(values)


async def _beside(count: int, work: Callable[[], list[Made]]) -> list[Made]:
    return work() if count <= FEW else await asyncio.to_thread(work)
