"""Pure: what `read` says of a record → the bytes that the API sends, and the columns it is found by.

    fields ──merged over what is stored──▶ record ──encoded──▶ body ──stamped──▶ document

The body is everything but our own two dates; those stand at the end, at a fixed length, so that a
stored document gives back its body and stamps without being parsed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

import msgspec

from crossdock.errors import BadVendorValue
from crossdock.resources.schema import Kind, Resource
from crossdock.store.tables import record_columns

encoder = msgspec.json.Encoder(decimal_format="number")
decoder = msgspec.json.Decoder(float_hook=Decimal)

_STAMP = ',"trackstar_created_date":"{}","trackstar_updated_date":"{}"}}'
_TIME = len("2026-01-31T09:00:00Z")
_STAMPS = len(_STAMP.format("x" * _TIME, "x" * _TIME))
_CREATED_AT = len(',"trackstar_created_date":"')

NOTHING: Mapping[str, str | None] = MappingProxyType({})

LONGEST_TEXT = 2000
"""Bytes of a text that is a column. PostgreSQL indexes nothing above 2,704, the id beside it included."""


@dataclass(frozen=True)
class Composed:
    """A record ready to be stored."""

    id: str
    body: bytes
    hidden: Mapping[str, str | None]
    values: dict[str, Any]
    """The record's own fields that are columns."""


def hashed(*parts: bytes) -> bytes:
    """16 bytes that differ when any part does."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def stamp(now_ms: int) -> str:
    """Our own clock as the wire shows it."""
    return datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(4096)  # the records of a page share our own stamps, and often the vendor's
def seconds(timestamp: str) -> int:
    """A wire time as seconds since 1970. Raises BadVendorValue when the calendar has no such day."""
    try:
        return int(datetime.fromisoformat(timestamp).timestamp())
    except ValueError:
        raise BadVendorValue(f"there is no such time: {timestamp!r}") from None


def compose(
    resource: Resource,
    fields: Mapping[str, Any],
    stored_body: bytes | None,
    stored_hidden: Mapping[str, str | None] = NOTHING,
) -> Composed:
    """The record that these fields make, over what is stored where the vendor did not say.

    Raises BadVendorValue, naming the field, for what does not fit the resource.
    """
    said = dict(fields)
    record_id = said["id"] if resource.has_id else said.pop("id")
    hidden = {name: _hidden(name, said.pop(name, stored_hidden.get(name))) for name in resource.hidden}
    merged = {**decoder.decode(stored_body), **said} if stored_body is not None else said
    try:
        record = msgspec.convert(merged, resource.record)
        body = encoder.encode(record)
        _check_numbers(body)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as problem:
        # All but the first: text that is not Unicode, what JSON has no words for, an object without end.
        raise BadVendorValue(f"does not fit {resource.record.__name__}: {problem}") from None
    values = {name: getattr(record, name) for name in _shown_columns(resource)}
    return Composed(str(record_id), body, hidden, values)


def tags(fields: Mapping[str, Any]) -> frozenset[str]:
    """The tags of a record as filters name them: "key:value" for one of one key."""
    found = set[str]()
    for one in fields.get("trackstar_tags") or ():
        found.update([one] if isinstance(one, str) else (f"{key}:{value}" for key, value in one.items()))
    return frozenset(found)


@cache
def _shown_columns(resource: Resource) -> tuple[str, ...]:
    """The columns that are fields of the record."""
    return tuple(name for name in resource.columns if name not in resource.hidden)


def _hidden(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadVendorValue(f"{name} is {value!r:.80}, no text")
    return value


def _check_numbers(body: bytes) -> None:
    """Raises DecodeError for a Decimal that is no number: the encoder writes NaN and Infinity as they are."""
    if b"NaN" in body or b"Infinity" in body:  # usually a word in some text
        decoder.decode(body)


def document(resource: Resource, body: bytes, created: str, updated: str) -> bytes:
    """The body with our stamps at its end."""
    return body[:-1] + _STAMP.format(created, updated).encode() if resource.stamped else body


def body_of(resource: Resource, stored: bytes) -> bytes:
    """A stored document without its stamps."""
    return stored[:-_STAMPS] + b"}" if resource.stamped else stored


def stamps_of(resource: Resource, stored: bytes) -> tuple[str, str]:
    """When a stored record was first stored, and when it last changed; empty where it has no stamps."""
    if not resource.stamped:
        return "", ""
    created = len(stored) - _STAMPS + _CREATED_AT
    updated = len(stored) - _TIME - len('"}')
    return stored[created : created + _TIME].decode(), stored[updated : updated + _TIME].decode()


def created_of(resource: Resource, stored: bytes) -> str | None:
    """When a stored record was first stored; None where that is not kept."""
    return stamps_of(resource, stored)[0] or None


def columns(resource: Resource, record: Composed, created: str, updated: str) -> Sequence[str | int | None]:
    """The values of the record's columns, in the order of `record_columns`.

    Raises BadVendorValue for a text that no column can hold.
    """
    values = {**record.values, **record.hidden}
    if resource.stamped:
        values |= {"trackstar_created_date": created, "trackstar_updated_date": updated}
    found: list[str | int | None] = []
    for name, source, kind in _columns(resource):
        value = values.get(source)
        if value is None:
            found.append(None)
        elif kind is Kind.TIME:
            found.append(seconds(value))
        elif kind is Kind.FLAG:
            found.append(int(value))
        else:
            found.append(storable(name, value if name == source else value.casefold()))
    return found


@cache
def _columns(resource: Resource) -> tuple[tuple[str, str, Kind], ...]:
    """The columns of a resource's table: name, whose value it holds (folded, if the names differ), kind."""
    columns = record_columns(resource)
    return tuple((name, name.removesuffix("_folded"), kind) for name, kind in columns.items())


def storable(name: str, text: str) -> str:
    """A text that both databases can hold and find. Raises BadVendorValue for others."""
    if "\x00" in text:
        raise BadVendorValue(f"{name} holds a NUL character")
    # No character has more than four bytes.
    size = len(text) if len(text) * 4 <= LONGEST_TEXT else len(text.encode())
    if size > LONGEST_TEXT:
        raise BadVendorValue(f"{name} has {size:,} bytes; at most {LONGEST_TEXT:,} can be searched")
    return text
