"""What a list asks of the store, as values: conditions, order, where to begin, how many."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

Value = str | int | bool


@dataclass(frozen=True)
class RecordCondition:
    """`column operator values`, all conditions of a query hold together.

    operator: one of the resource's (`eq`, `neq`, `gt`, `gte`, `lt`, `lte`, `in`, `nin`, `contains`,
    `not_contains`, `eq-insensitive`, `in-insensitive`, `contains-insensitive`); the plain form is `eq`.
    values: one, or up to 100 for the list operators. Times are seconds since 1970; tags are texts,
    "key:value" for a tag of one key.
    A record without the value meets `neq`, `nin` and `not_contains`, and none of the others.
    None stands for "has no value"; only the store itself asks for that.
    Of several tags any one suffices for `contains`; none may be there for `not_contains`.
    """

    column: str
    operator: str
    values: tuple[Value | None, ...]


@dataclass(frozen=True)
class RecordQuery:
    """A page of a list."""

    conditions: tuple[RecordCondition, ...] = ()
    ids: tuple[str, ...] | None = None
    """Only these records; conditions are not looked at."""
    order: str | None = None
    """A time column: by (that time, id). None: by id."""
    after: tuple[str] | tuple[int, str] | None = None
    """The key of the last record of the page before: (id,), or (seconds, id) where `order` is set."""
    limit: int = 1000
    parent: str | None = None
    """The value of the resource's parent field that the path names."""
    as_of: int | None = None
    """The records as they were at the end of this second; by id then. None: as they are."""


@dataclass(frozen=True)
class RecordPage:
    """A page, ready to send, and the key that the next page begins after (None: the last)."""

    spliced: bytes
    """The documents with commas between them."""
    count: int
    after: tuple[str] | tuple[int, str] | None

    @classmethod
    def of(cls, documents: Sequence[bytes], after: tuple[str] | tuple[int, str] | None) -> "RecordPage":
        return cls(b",".join(documents), len(documents), after)

    @property
    def documents(self) -> list[bytes]:
        """The documents one by one. Takes the page apart, which sending it does not need."""
        return [bytes(raw) for raw in msgspec.json.decode(b"[%b]" % self.spliced, type=list[msgspec.Raw])]
