"""Records for connections that send exact decimals: wherever the contract has an integer, any number fits."""

from decimal import Decimal
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec


@cache
def exact_record(record: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The same record, in the same order and with the same defaults, whose integers may have fractions."""
    hints = get_type_hints(record, include_extras=True)
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(record):
        default = msgspec.field(name=field.encode_name)
        if field.default is not msgspec.NODEFAULT:
            default = msgspec.field(name=field.encode_name, default=field.default)
        elif field.default_factory is not msgspec.NODEFAULT:
            default = msgspec.field(name=field.encode_name, default_factory=field.default_factory)
        fields.append((field.name, _exact(hints[field.name]), default))
    config = record.__struct_config__
    return msgspec.defstruct(
        record.__name__, fields, module=record.__module__, kw_only=True, frozen=config.frozen,
        omit_defaults=config.omit_defaults, forbid_unknown_fields=config.forbid_unknown_fields,
    )  # fmt: skip


def _exact(kind: Any) -> Any:
    """A type in which integers may have fractions."""
    if kind is int:
        return int | Decimal
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return exact_record(kind)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return reduce(or_, (_exact(part) for part in parts))
    if origin is Annotated:
        inner = _exact(parts[0])
        return kind if inner == parts[0] else inner  # what stands beside an integer limits integers
    if origin in (list, dict):
        return origin[tuple(_exact(part) for part in parts)]
    return kind


def has_fraction(value: Any) -> bool:
    """Check whether a number with a fraction stands anywhere in a decoded value."""
    if isinstance(value, Decimal):
        return value != value.to_integral_value()
    if isinstance(value, dict):
        return any(has_fraction(item) for item in value.values())
    return isinstance(value, list) and any(has_fraction(item) for item in value)
