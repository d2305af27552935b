"""Pure: a record that does not fit its type → the nearest one that does, and what was changed for it.

No record is withheld for one of its members. What does not fit becomes the first of these that there is:

    what it plainly means          "7" → 7, 1.5 → 2 (half up), a time in another form or zone
    null                           where null is allowed
    what it is when nobody says    where the member may be left out
    "other"                        where that is a choice
    0, false, ""                   a count, a flag, a text that identifies nothing
    the record's other date        updated_date ↔ created_date

Never what was stored before: that would look current. An id, an amount or a word without a stand-in
stays as it is, and its record is refused whole.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, UNSET, Meta

from crossdock.changes.document import misses_column
from crossdock.errors import BadVendorValue
from crossdock.kit import values
from crossdock.kit.contract import Fields, Misfit
from crossdock.kit.misfits import member
from crossdock.resources.exact import exact_record
from crossdock.resources.faults import described
from crossdock.resources.links import is_link, is_link_type
from crossdock.resources.schema import Resource

_NONE: Any = object()
"""There is no stand-in, or no value at all."""
_DATES = ("updated_date", "created_date")
_GOT = re.compile(r", not .*", re.DOTALL)


def fitted(
    resource: Resource, fields: Mapping[str, Any], stored: Mapping[str, Any], *, exact: bool = False
) -> tuple[Fields, list[Misfit]]:
    """The fields with a stand-in for each value that does not fit, and these values.

    stored: the record as it is stored; empty when it is not. What has no stand-in is left as it is.
    """
    work = _Fitting(resource)
    plain = work.storable({name: value for name, value in fields.items() if name != "id"}, "")
    hidden = {name: work.hidden(name, plain.pop(name)) for name in resource.hidden if name in plain}
    kind = exact_record(resource.record) if exact else resource.record
    return {"id": fields["id"], **work.members(plain, kind, "", stored), **hidden}, work.misfits


@dataclass
class _Fitting:
    resource: Resource
    misfits: list[Misfit] = field(default_factory=list)

    def storable(self, value: Any, path: str) -> Any:
        """A copy without what JSON has no words for: text that is not Unicode, NaN, objects of Python."""
        if isinstance(value, Mapping):
            return {
                name: self.storable(inner, member(path, name))
                for name, inner in value.items()
                if self._is_name(name, path)
            }
        if isinstance(value, list | tuple):
            return [self.storable(inner, f"{path}[{position}]") for position, inner in enumerate(value)]
        due = _beyond_json(value)
        if due is None:
            return value
        self.misfits.append(Misfit(path, value, due))
        return None

    def _is_name(self, name: Any, path: str) -> bool:
        due = _beyond_json(name) if isinstance(name, str) else "a text"
        if due is not None:
            self.misfits.append(Misfit(path or "the record", name, f"{due} for a name"))
        return due is None

    def hidden(self, name: str, value: Any) -> Any:
        """A value that is stored but not shown."""
        due = misses_column(self.resource, name, value) if isinstance(value, str) else "a text"
        if value is None or due is None:
            return value
        self.misfits.append(Misfit(name, value, due))
        return None

    def members(
        self, fields: Fields, kind: type[msgspec.Struct], path: str, stored: Mapping[str, Any]
    ) -> Fields:
        """The members of an object of this type. stored: those that it has where they are not sent."""
        hints = get_type_hints(kind, include_extras=True)
        declared = {info.encode_name: info for info in msgspec.structs.fields(kind)}
        for name in sorted(fields.keys() - declared.keys()):
            self.misfits.append(Misfit(member(path, name), fields[name], "no member of this name"))
        result: Fields = {}
        for name, info in declared.items():
            is_missing = name not in fields
            if (is_missing and (not info.required or name in stored)) or (name == "id" and not path):
                continue
            field_path = _FieldPath(member(path, name), hints[info.name], info, {**stored, **fields})
            value = self.value(fields.get(name, _NONE), field_path)
            if value is not UNSET and value is not _NONE:
                result[name] = value
        return result

    def value(self, value: Any, field_path: "_FieldPath") -> Any:
        """The value for a place, or what stands in for it."""
        inner = self._inside(value, field_path)
        due = self._misses(inner, field_path)
        if due is None:
            return inner
        stand_in, number = self._stand_in(inner, field_path)
        if stand_in is _NONE:
            return inner
        shown = None if stand_in is UNSET else stand_in
        self.misfits.append(Misfit(field_path.path, None if value is _NONE else value, due, shown, number))
        return stand_in

    def _inside(self, value: Any, field_path: "_FieldPath") -> Any:
        """A list or an object whose own parts fit, as far as they can."""
        for kind in field_path.kinds:
            origin, parts = get_origin(kind), get_args(kind)
            if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                return self.members(value, kind, field_path.path, {})
            if isinstance(value, dict) and origin is dict:
                return {
                    name: self.value(inner, _FieldPath(member(field_path.path, name), parts[1]))
                    for name, inner in value.items()
                }
            if isinstance(value, list) and origin is list:
                return list(self._items(value, field_path.path, parts[0]))
        return value

    def _items(self, value: list[Any], path: str, hint: Any) -> Iterator[Any]:
        """The items of a list. A plain value without a stand-in is left out; an object is left as it is."""
        for number, raw_item in enumerate(value):
            field_path = _FieldPath(f"{path}[{number}]", hint)
            item = self.value(raw_item, field_path)
            due = None if field_path.is_object else self._misses(item, field_path)
            if due is None:
                yield item
            else:
                self.misfits.append(Misfit(field_path.path, raw_item, due))

    def _misses(self, value: Any, field_path: "_FieldPath") -> str | None:
        """The words for what is due at a place; None when the value fits."""
        if value is _NONE:
            return field_path.name
        if isinstance(value, list) and field_path.is_list:
            return None  # its items were looked at one by one
        if isinstance(value, str) and field_path.is_link and not is_link(value):
            return "a link that begins with http:// or https://"
        try:
            msgspec.convert(value, field_path.hint)
        except msgspec.ValidationError as problem:
            return _expectation(str(problem), field_path)
        # A path without a dot is a member of the record itself, which may be a column.
        return misses_column(self.resource, field_path.path, value)

    def _stand_in(self, value: Any, field_path: "_FieldPath") -> tuple[Any, Decimal | None]:
        """The stand-in for a value at a place, or _NONE; and the exact number, if that is a rounded one."""
        intended_value, number = _intended_value(value, field_path)
        for candidate in (intended_value, *field_path.stand_ins()):
            if candidate is UNSET or (
                candidate is not _NONE
                and candidate is not value
                and self._misses(candidate, field_path) is None
            ):
                return candidate, number if candidate is intended_value else None
        return _NONE, None


@dataclass(frozen=True)
class _FieldPath:
    """The place of a value, and what belongs there."""

    path: str
    hint: Any
    declared: msgspec.structs.FieldInfo | None = None
    """None: an item of a list, or a member without a name of ours."""
    siblings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kinds(self) -> list[Any]:
        """The types to choose from, without what stands beside them."""
        return [
            get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in _alternatives(self.hint)
        ]

    @property
    def is_list(self) -> bool:
        return any(get_origin(kind) is list for kind in self.kinds)

    @property
    def is_object(self) -> bool:
        return any(isinstance(kind, type) and issubclass(kind, msgspec.Struct) for kind in self.kinds)

    @property
    def is_link(self) -> bool:
        return is_link_type(self.hint)

    @property
    def is_time(self) -> bool:
        marks = [mark for kind in _alternatives(self.hint) for mark in getattr(kind, "__metadata__", ())]
        return any(isinstance(mark, Meta) and mark.title == "Timestamp" for mark in marks)

    @property
    def choices(self) -> list[Any]:
        return [word for kind in self.kinds if get_origin(kind) is Literal for word in get_args(kind)]

    @property
    def name(self) -> str:
        """The words for what belongs there."""
        if self.is_time:
            return "a time"
        if self.choices:
            return f"one of: {', '.join(map(str, self.choices))}"
        words = {int: "a whole number", bool: "true or false", str: "a text", Decimal: "a number"}
        return next((words[kind] for kind in self.kinds if kind in words), "a value")

    def stand_ins(self) -> Iterator[Any]:
        """The values to take when nothing is known, best first."""
        if NoneType in self.kinds:
            yield None
        if self.declared is None:
            return
        yield from _defaults(self.declared)
        if "other" in self.choices:
            yield "other"
        yield from self._neutral(self.declared)

    def _neutral(self, declared: msgspec.structs.FieldInfo) -> Iterator[Any]:
        """The values of its type that say the least."""
        if self.is_time:
            yield from (_time(self.siblings.get(name)) for name in _DATES if name in self.siblings)
        elif bool in self.kinds:
            yield False
        elif int in self.kinds:
            yield 0
        elif str in self.kinds and not f"_{declared.name}".endswith("_id"):
            yield ""


def _defaults(declared: msgspec.structs.FieldInfo) -> Iterator[Any]:
    if declared.default is not NODEFAULT:
        yield declared.default
    if declared.default_factory is not NODEFAULT:
        yield msgspec.to_builtins(declared.default_factory(), builtin_types=(Decimal,))


def _alternatives(hint: Any) -> list[Any]:
    if get_origin(hint) in (Union, UnionType):
        return [inner for argument in get_args(hint) for inner in _alternatives(argument)]
    if get_origin(hint) is Annotated and get_origin(get_args(hint)[0]) in (Union, UnionType):
        return _alternatives(get_args(hint)[0])
    return [hint]


def _intended_value(value: Any, field_path: _FieldPath) -> tuple[Any, Decimal | None]:
    """The value of the right type that another plainly means, or _NONE; and the number if it is rounded."""
    if value is None or isinstance(value, bool | dict | list):
        return _NONE, None
    if field_path.is_time:
        return _time(value), None
    if str in field_path.kinds:
        return str(value) if isinstance(value, int) else _NONE, None
    number = _number(value) if int in field_path.kinds or Decimal in field_path.kinds else None
    if number is None:
        return _NONE, None
    return (number, None) if Decimal in field_path.kinds else _rounded(number)


def _rounded(number: Decimal) -> tuple[int, Decimal | None]:
    """The nearest whole number; and the number when it is another."""
    nearest = int(number.to_integral_value(ROUND_HALF_UP))
    return nearest, None if nearest == number else number


def _number(value: Any) -> Decimal | None:
    try:
        return values.decimal(value)
    except BadVendorValue:
        return None


def _time(value: Any) -> Any:
    try:
        return values.timestamp(value) or _NONE
    except BadVendorValue:
        return _NONE


def _beyond_json(value: Any) -> str | None:
    """Words for what is due in place of a value that can't be JSON; None when it can. For no containers."""
    if value is None or value is UNSET or isinstance(value, bool | int):
        return None
    if isinstance(value, str):
        return None if value.encode("utf-8", "ignore").decode() == value else "a text in UTF-8"
    if isinstance(value, float | Decimal):
        return None if Decimal(value).is_finite() else "a finite number"
    return "a value that JSON has"


def _expectation(message: str, field_path: _FieldPath) -> str:
    """The words for what belongs at a place, from what msgspec finds wrong with a value."""
    if field_path.is_time or field_path.choices:
        return field_path.name
    words = _GOT.sub("", described(message, kind=field_path.hint)[1])
    if words.startswith("must be "):
        return words.removeprefix("must be ").removesuffix(" or null")
    return field_path.name if words.startswith("must ") else f"{field_path.name} ({words})"
