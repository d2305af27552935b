"""What msgspec finds wrong is told in words, under the member that the caller wrote."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct, field

from crossdock.api.operations import all_operations
from crossdock.errors import BadRequest, Invalid
from crossdock.resources import faults
from crossdock.svix_api import bodies as webhook_bodies
from crossdock.svix_api import reading
from crossdock.web import bodies


class Inner(Struct, forbid_unknown_fields=True):
    n: int


class Sample(Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=2, max_length=3)] | None = None
    form: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9\-_.\\]+\Z")] | None = None
    names: dict[str, str] = {}
    words: list[Literal["x", "y"]] = []
    number: Annotated[int, Meta(ge=1, le=5)] = 1
    many: Annotated[dict[str, str], Meta(max_length=1)] = {}
    two: Annotated[list[int], Meta(min_length=2)] | None = None
    flag: bool = False
    at: Annotated[datetime, Meta(tz=True)] | None = None
    inner: list[Inner] = field(default_factory=list)


@pytest.mark.parametrize(
    ("body", "position", "text"),
    [
        ('{"text": 5}', "text", "must be a text or null, not 5"),
        ('{"text": "aaaa"}', "text", "must have at most 3 characters"),
        ('{"text": "a"}', "text", "must have at least 2 characters"),
        ('{"form": "é"}', "form", "may hold only letters, digits and - _ . \\, not 'é'"),
        ('{"names": {"a": "b", "k": 1}}', "names.k", "must be a text, not 1"),
        ('{"names": {"a.b": null}}', "names", "must be a text, not an object"),
        ('{"words": ["x", "z"]}', "words.1", "must be one of: x, y, not 'z'"),
        ('{"words": [1]}', "words.0", "must be a text, not 1"),
        ('{"number": 0}', "number", "must be at least 1, not 0"),
        ('{"number": 9}', "number", "must be at most 5, not 9"),
        ('{"number": true}', "number", "must be a whole number, not true"),
        ('{"number": 1.5}', "number", "must be a whole number, not 1.5"),
        ('{"many": {"a": "b", "c": "d"}}', "many", "must have at most 1 members"),
        ('{"two": [1]}', "two", "must list at least 2"),
        ('{"flag": "x"}', "flag", "must be true or false, not 'x'"),
        ('{"inner": [{"n": 1}, {"n": null}]}', "inner.1.n", "must be a whole number, not null"),
        ('{"inner": [{}]}', "inner.0.n", "is required"),
        ('{"inner": [{"n": 1, "m": 2}]}', "inner.0.m", "unknown member"),
        ('{"at": "2026-01-01T00:00:00"}', "at", "must be a date with an offset"),
        ('{"at": "x"}', "at", "must be a date such as 2026-01-31T09:00:00Z, not 'x'"),
        ("[]", "", "must be an object, not a list"),
        ("5", "", "must be an object, not 5"),
    ],
)
def test_a_fault_names_the_member_the_value_and_what_is_wanted(body: str, position: str, text: str):
    with pytest.raises(Invalid) as caught:
        bodies.fitted(body.encode(), Sample)
    [(named, [message])] = caught.value.detail["json"].items()
    assert named == position
    assert message.startswith(text)


NONSENSE: tuple[Any, ...] = (
    None, True, 5, -1, 1.5, 2**70, "", "é", "x" * 70_000, [], [None], ["", 7], {}, {"a": None}, [{}] * 2,
)  # fmt: skip


def spoilt(kind: type[Struct]) -> Iterator[Any]:
    """Bodies that are wrong in one member, or as a whole."""
    yield from NONSENSE
    for field_info in msgspec.structs.fields(kind):
        yield from ({field_info.encode_name: value} for value in NONSENSE)
        yield from ({field_info.encode_name: [value]} for value in NONSENSE)
        yield from ({field_info.encode_name: {"key": value}} for value in NONSENSE)
    yield {"no such member": 1}


def _is_clear(message: str) -> bool:
    """Whether it has none of the words of the library."""
    return not re.search(r"\$[.\[]|`|\^\[|Expected|Invalid|regex|\\Z", message)


PLATFORM = [
    operation.body
    for operation in all_operations()
    if isinstance(operation.body, type) and issubclass(operation.body, Struct)
]
WEBHOOKS = [
    var for var in vars(webhook_bodies).values()
    if isinstance(var, type) and issubclass(var, webhook_bodies.AdminBody)
    and var is not webhook_bodies.AdminBody
]  # fmt: skip


@pytest.mark.parametrize("kind", [*dict.fromkeys(PLATFORM), *WEBHOOKS], ids=lambda kind: kind.__name__)
def test_no_message_about_any_body_shows_a_type_a_path_or_a_pattern_of_the_library(kind: type[Struct]):
    read = reading.read if kind in WEBHOOKS else bodies.read
    refused = 0
    for body in spoilt(kind):
        try:
            read(msgspec.json.encode(body) if not _is_large(body) else str(body).encode(), kind)
        except Invalid as problem:
            refused += 1
            messages = [m for fields in problem.detail.values() for ms in fields.values() for m in ms]
            assert all(_is_clear(m) and len(m) < 6000 for m in messages), messages
        except BadRequest:
            pass
    assert refused > 0


def _is_large(body: Any) -> bool:
    return isinstance(body, int) and body > 2**63


def test_a_long_value_is_cut_in_the_message():
    assert faults.shown("x" * 1000) == repr("x" * 1000)[:60] + "…"
