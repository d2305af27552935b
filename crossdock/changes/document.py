"""Pure: what `read` says of a record → the bytes that the API sends, and the columns it is found by.

    fields ──merged over what is stored──▶ record ──encoded──▶ body ──stamped──▶ document

The body is everything but our own two dates; those stand at the end, at a fixed length, so that a
stored document gives back its body and stamps without being parsed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import msgspec

from crossdock.errors import BadVendorValue
from crossdock.resources.exact import exact_record, has_fraction
from crossdock.resources.faults import described
from crossdock.resources.links import all_safe
from crossdock.resources.schema import Kind, Resource
from crossdock.store.schema.records import record_columns
from crossdock.wire import decoder, encoder, seconds

_STAMP = ',"trackstar_created_date":"{}","trackstar_updated_date":"{}"}}'
_TIME = len("2026-01-31T09:00:00Z")
_STAMPS = len(_STAMP.format("x" * _TIME, "x" * _TIME))
_CREATED_AT = len(',"trackstar_created_date":"')

NOTHING: Mapping[str, str | None] = MappingProxyType({})

_NUMBER = re.compile(r"\.(\d+)(?=\.|$)")
"""The place of an item in a path."""

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


def compose(
    resource: Resource,
    fields: Mapping[str, Any],
    stored_body: bytes | None,
    stored_hidden: Mapping[str, str | None] = NOTHING,
    *,
    exact: bool = False,
) -> Composed:
    """The record that these fields make, over what is stored where the vendor did not say.

    exact: whether numbers may have fractions where the contract has integers.
    Raises BadVendorValue, naming the field, for what does not fit the resource.
    """
    mapping = dict(fields)
    record_id = mapping["id"] if resource.has_id else mapping.pop("id")
    hidden = {name: _hidden(name, mapping.pop(name, stored_hidden.get(name))) for name in resource.hidden}
    if not all_safe(resource.record, mapping):
        raise BadVendorValue("holds a link that begins neither with http:// nor with https://")
    merged = {**decoder.decode(stored_body), **mapping} if stored_body is not None else mapping
    try:
        record = _converted(resource, merged, mapping, exact=exact)
        body = encoder.encode(record)
        _check_numbers(body)
    except msgspec.ValidationError as problem:
        raise BadVendorValue(_in_words(str(problem), merged, resource)) from None
    except RecursionError:
        raise BadVendorValue("is nested too deeply") from None
    except (msgspec.MsgspecError, ValueError, TypeError) as problem:
        # Numbers without end, text that is not Unicode, what JSON has no words for.
        raise BadVendorValue(f"can't be JSON: {problem}") from None
    values = {name: getattr(record, name) for name in _shown_columns(resource)}
    return Composed(str(record_id), body, hidden, values)


def _converted(
    resource: Resource, merged: Mapping[str, Any], fields: Mapping[str, Any], *, exact: bool
) -> msgspec.Struct:
    try:
        return msgspec.convert(merged, exact_record(resource.record) if exact else resource.record)
    except msgspec.ValidationError:
        # What was stored while the connection sent exact numbers, and is not said anew, stays as it is.
        if exact or has_fraction(fields) or not has_fraction(merged):
            raise
        return msgspec.convert(merged, exact_record(resource.record))


def _in_words(message: str, merged: Mapping[str, Any], resource: Resource) -> str:
    """The fault msgspec finds in a record: "line_items[0].quantity must be a whole number, not 'many'"."""
    path, words = described(message, merged, resource.record)
    sub = _NUMBER.sub(r"[\1]", path)
    return f"{sub} {words}".strip()


def tags(fields: Mapping[str, Any]) -> frozenset[str]:
    """The tags of a record as filters name them: "key:value" for one of one key."""
    texts = set[str]()
    for trackstar_tag in fields.get("trackstar_tags") or ():
        texts.update(
            [trackstar_tag]
            if isinstance(trackstar_tag, str)
            else (f"{key}:{value}" for key, value in trackstar_tag.items())
        )
    return frozenset(texts)


@cache
def _shown_columns(resource: Resource) -> tuple[str, ...]:
    """The columns that are fields of the record."""
    return tuple(name for name in resource.columns if name not in resource.hidden)


def _hidden(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadVendorValue(f"{name} is {value!r:.80}, no text")
    return value


def _check_numbers(body: bytes) -> None:
    """Refuse a Decimal that is no number: the encoder writes NaN and Infinity as they are."""
    if b"NaN" in body or b"Infinity" in body:  # usually a word in some text
        try:
            decoder.decode(body)
        except msgspec.DecodeError:
            raise BadVendorValue("holds a number that is not finite") from None


def document(resource: Resource, body: bytes, created: str, updated: str) -> bytes:
    """The body with our stamps at its end."""
    return body[:-1] + _STAMP.format(created, updated).encode() if resource.stamped else body


def body_of(resource: Resource, stored: bytes) -> bytes:
    """A stored document without its stamps."""
    return stored[:-_STAMPS] + b"}" if resource.stamped else stored


def stamps_of(resource: Resource, stored: bytes) -> tuple[str, str]:
    """The times when a stored record was first stored and last changed; empty where it has no stamps."""
    if not resource.stamped:
        return "", ""
    created = len(stored) - _STAMPS + _CREATED_AT
    updated = len(stored) - _TIME - len('"}')
    return stored[created : created + _TIME].decode(), stored[updated : updated + _TIME].decode()


def created_of(resource: Resource, stored: bytes) -> str | None:
    """The time when a stored record was first stored; None where that is not kept."""
    return stamps_of(resource, stored)[0] or None


def columns(resource: Resource, record: Composed, created: str, updated: str) -> Sequence[str | int | None]:
    """The values of the record's columns, in the order of `record_columns`.

    Raises BadVendorValue for a text that no column can hold.
    """
    values = {**record.values, **record.hidden}
    if resource.stamped:
        values |= {"trackstar_created_date": created, "trackstar_updated_date": updated}
    found_columns: list[str | int | None] = []
    for name, source, kind in _columns(resource):
        value = values.get(source)
        if value is None:
            found_columns.append(None)
        elif kind is Kind.TIME:
            found_columns.append(seconds(value))
        elif kind is Kind.FLAG:
            found_columns.append(int(value))
        else:
            found_columns.append(storable(name, value if name == source else value.casefold()))
    return found_columns


@cache
def _columns(resource: Resource) -> tuple[tuple[str, str, Kind], ...]:
    """The columns of a resource's table: name, whose value it holds (folded, if the names differ), kind."""
    columns = record_columns(resource)
    return tuple((name, name.removesuffix("_folded"), kind) for name, kind in columns.items())


def misses_column(resource: Resource, source: str, value: Any) -> str | None:
    """The value wanted in the columns that a field is found by; None when its own can stand there."""
    if not isinstance(value, str):
        return None
    for name, origin, kind in _columns(resource):
        try:
            if origin == source and kind is Kind.TIME:
                seconds(value)
            elif origin == source:
                storable(name, value if name == source else value.casefold())
        except BadVendorValue:
            is_time = kind is Kind.TIME
            return "a time that there is" if is_time else f"at most {LONGEST_TEXT:,} bytes without U+0000"
    return None


def storable(name: str, text: str) -> str:
    """A text that both databases can hold and find. Raises BadVendorValue for others."""
    if "\x00" in text:
        raise BadVendorValue(f"{name} holds a NUL character")
    # No character has more than four bytes.
    size = len(text) if len(text) * 4 <= LONGEST_TEXT else len(text.encode())
    if size > LONGEST_TEXT:
        raise BadVendorValue(f"{name} has {size:,} bytes; at most {LONGEST_TEXT:,} can be searched")
    return text
