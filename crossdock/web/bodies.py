"""Pure: the body of a request → the struct that its operation declares, or plain values.

A number without a fraction is a whole number however it is written: `2`, `2.0`, `1e2` (JSON Schema 2020-12).
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from crossdock.errors import BadRequest, Invalid
from crossdock.resources import faults
from crossdock.wire import encode
from crossdock.writes.check import MOST_FAULTS, misfits, validator

T = TypeVar("T")

MOST_VALUES = 100_000
"""In one body: far more than any write has, and few enough to be looked at within a second or two."""
LONGEST_NUMBER = 400
"""In characters. No system that we know of takes 400 digits, and Python refuses to read 4,300."""
LARGEST_EXPONENT = 308
"""Of what a double can hold; beyond it other systems read infinity, or nothing."""
LARGEST_INTEGER = 2**63

_ODD_ESCAPES = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_HALF = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]')
_DEEPEST_NAMED = 50


def read(raw: bytes, kind: type[T]) -> T:
    """The body, checked.

    Raises BadRequest, with the position, for what is not JSON; Invalid for JSON that does not fit.
    """
    value = _plain(raw, _number)
    try:
        return fitted(raw, kind)
    except Invalid as fault:
        declared: Any = kind
        fields = misfits(value, validator(_schema(declared)))
        raise Invalid({"json": fields or fault.detail["json"]}) from None


def fitted(raw: bytes, kind: type[T]) -> T:
    """The body, as `read` has it but for members that are kept as they were sent: those may hold anything.

    What is wrong is said in the words of the decoder, and by the first fault only.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except UnicodeDecodeError as fault:
        raise _not_unicode(fault) from None
    except (msgspec.MsgspecError, RecursionError):
        plain = _readable(raw)
    try:
        return msgspec.json.decode(encode(plain), type=kind)
    except msgspec.ValidationError as fault:
        raise _invalid(str(fault), plain, kind) from None


def decoded(raw: bytes) -> Any:
    """The body as plain values: whole numbers as int, those with a fraction as Decimal. Raises as `read`."""
    return _plain(raw, _number)


def as_sent(raw: bytes) -> Any:
    """The same for what is passed on as it is written: `2.0` stays a number with a fraction."""
    return _plain(raw, _exact)


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, names included."""
    waiting = [value]
    while waiting:
        current_value = waiting.pop()
        if isinstance(current_value, str):
            yield current_value
        elif isinstance(current_value, dict):
            waiting += [*current_value.keys(), *current_value.values()]
        elif isinstance(current_value, list):
            waiting += current_value


@lru_cache(64)
def _schema(kind: Any) -> dict[str, Any]:
    return msgspec.json.schema(kind)


def _readable(raw: bytes) -> Any:
    """Plain values. Raises BadRequest for whatever is wrong with them."""
    try:
        return _plain(raw, _number)
    except Invalid as fault:
        raise BadRequest(f"the body can't be read: {fault}") from None


@dataclass(frozen=True)
class _Unfit:
    """The stand-in for a value that can't be taken."""

    text: str


def _plain(raw: bytes, fraction: Any) -> Any:
    """fraction: what makes a value of a number that is written with a point or an exponent."""
    _check_count(raw)
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=_members, parse_int=_integer, parse_float=fraction,
            parse_constant=_no_constant,
        )  # fmt: skip
    except UnicodeDecodeError as fault:
        raise _not_unicode(fault) from None
    except json.JSONDecodeError as fault:
        position = len(fault.doc[: fault.pos].encode())
        raise BadRequest(f"the body is not JSON: {fault.msg} (byte {position})") from None
    except RecursionError:
        raise Invalid({"json": {_deep_place(raw): ["is nested too deeply"]}}) from None
    faults = _faults(value, has_odd_texts=_ODD_ESCAPES.search(raw) is not None)
    if faults:
        raise Invalid({"json": faults})
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        times = Counter(name for name, _ in pairs)
        repeated = [name for name, count in times.items() if count > 1]
        members |= dict.fromkeys(repeated, _Unfit("must be there once, not several times"))
    return members


def _integer(text: str) -> int | Decimal | _Unfit:
    if len(text) > LONGEST_NUMBER:
        return _Unfit(f"must be a number of at most {LONGEST_NUMBER} digits, not {len(text)}")
    number = int(text)
    return number if -LARGEST_INTEGER <= number < LARGEST_INTEGER else _exact(text)


def _exact(text: str) -> Decimal | _Unfit:
    if len(text) > LONGEST_NUMBER:
        return _Unfit(f"must be a number of at most {LONGEST_NUMBER} digits, not {len(text)}")
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent that no decimal has
        return _out_of_range(text)
    is_in_range = number.is_finite() and -LARGEST_EXPONENT <= number.adjusted() <= LARGEST_EXPONENT
    return number if is_in_range or number.is_zero() else _out_of_range(text)


def _number(text: str) -> int | Decimal | _Unfit:
    """The number; an int where it is whole."""
    number = _exact(text)
    if isinstance(number, _Unfit) or (number and number.adjusted() > 18):
        return number
    is_small = not number or number == number.to_integral_value()
    return int(number) if is_small and abs(number) < LARGEST_INTEGER else number


def _out_of_range(text: str) -> _Unfit:
    return _Unfit(f"must be a number between 1e-{LARGEST_EXPONENT} and 1e{LARGEST_EXPONENT}, not {text:.40}")


def _no_constant(word: str) -> Any:
    raise BadRequest(f"the body is not JSON: {word} is no number")


def _faults(value: Any, *, has_odd_texts: bool) -> dict[str, list[str]]:
    """The faults of a value, by the place of the member; the first hundred."""
    faults: dict[str, list[str]] = {}
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting and len(faults) < MOST_FAULTS:
        path, node = waiting.pop()
        if isinstance(node, _Unfit):
            faults[path] = [node.text]
        elif isinstance(node, Mapping):
            waiting += _last_first(path, node.items())
            if has_odd_texts:
                faults |= _odd_names(path, node)
        elif isinstance(node, list):
            waiting += _last_first(path, enumerate(node))
        elif has_odd_texts and isinstance(node, str) and (text := _odd(node)):
            faults[path] = [text]
    return faults


def _last_first(path: str, members: Iterable[tuple[object, Any]]) -> list[tuple[str, Any]]:
    """The members of a value by their paths, in the order of a stack."""
    return [(_below(path, name), value) for name, value in members][::-1]


def _odd_names(path: str, members: Iterable[str]) -> dict[str, list[str]]:
    return {_below(path, name): [text] for name in members if (text := _odd(name))}


def _odd(text: str) -> str | None:
    """The fault in the characters of a text; None: it has none."""
    if "\0" in text:
        return "must not have the character U+0000, which no text can have"
    return "must not have half a character (a lone surrogate)" if _HALF.search(text) else None


def _below(path: str, name: object) -> str:
    text = str(name).encode("utf-8", "backslashreplace").decode()
    return f"{path}.{text}" if path else text


def _not_unicode(fault: UnicodeDecodeError) -> BadRequest:
    start = fault.object[max(0, fault.start - 20) : fault.start + 1]
    return BadRequest(f"the body is not UTF-8: {fault.reason} after {start!r} (byte {fault.start})")


def _check_count(raw: bytes) -> None:
    """Raise Invalid for a body of more values than we look at, before anything is made of them."""
    marks = (b",", b"[", b"{")
    if sum(raw.count(mark) for mark in marks) <= MOST_VALUES:
        return
    # Texts may hold as many of these as they like.
    outside = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    if outside.count(b'"') <= 4 * MOST_VALUES:
        outside = b"".join(outside.split(b'"')[::2])
    if sum(outside.count(mark) for mark in marks) > MOST_VALUES:
        raise Invalid({"json": {"": [f"must hold at most {MOST_VALUES:,} values"]}})


def _deep_place(raw: bytes) -> str:
    """The place where a body begins to be nested too deeply."""
    path: list[str | int] = []
    name = ""
    for token in _TOKEN.finditer(raw):
        mark = token[0]
        if mark in (b"[", b"{"):
            if path and path[-1] == "":
                path[-1] = name
            path.append(0 if mark == b"[" else "")
        elif path:
            name = _advance(path, mark, name)
        if len(path) > _DEEPEST_NAMED:
            break
    return ".".join(str(step) for step in path[:_DEEPEST_NAMED])


def _advance(path: list[str | int], mark: bytes, name: str) -> str:
    """Lead a path past a token that opens nothing; the member's name that was read last, `name` before it."""
    if mark in (b"]", b"}"):
        path.pop()
    elif mark == b",":
        path[-1] = path[-1] + 1 if isinstance(path[-1], int) else ""
    elif path[-1] == "" and mark.startswith(b'"'):
        name = path[-1] = mark[1:-1].decode("utf-8", "replace")
    return name


def _invalid(message: str, body: Any, kind: Any) -> Invalid:
    """A fault of msgspec's under the field it is about; "" is the body itself."""
    position, text = faults.described(message, body, kind)
    return Invalid({"json": {position: [text]}})
