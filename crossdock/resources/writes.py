"""The words that writes are written in: what callers may have done in a connected system.

A write is declared once, beside the resource that it changes. Its route, its body in the OpenAPI
document, what is checked before anything is sent, and its name in manifests are derived from that.
Every member of a body may be left out here: what is required, each integration says (`Accepts`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from crossdock.resources.schema import Resource

Text = Annotated[str, Meta(min_length=1)]
Units = Annotated[int, Meta(gt=0, le=2**53)]
"""So many of something: at least one."""
Level = Annotated[int, Meta(ge=0, le=2**53)]
"""How many there are to be: none, or more."""
Amount = Annotated[float, Meta(ge=0)]
"""Money. Bodies are checked and passed on as exact decimals; these types only say what a body may be."""
Size = Annotated[float, Meta(gt=0)]
Tag = Annotated[
    Any,
    Meta(
        extra_json_schema={
            "oneOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": {"type": "string"},
                },
            ]
        }
    ),
]
TagList = Annotated[
    list[Tag], Meta(description="Your own labels. They are kept here and never sent to the connected system.")
]
TAGS = "trackstar_tags"


def at_least_one(*names: str) -> Meta:
    """Put beside an object's type: it has one of these members, or several that agree."""
    return Meta(extra_json_schema={"anyOf": [{"required": [name]} for name in names]})


@dataclass(frozen=True)
class Named:
    """A record that a body may name by its id and by its name; when by both, these must agree."""

    resource: Resource
    id: str
    """The member that holds the id."""
    name: str


class WriteBody(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a caller sends to have something done. Open: integrations add fields of their own."""


class WritePart(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An object inside a body."""


class TaggedBody(WriteBody, kw_only=True):
    trackstar_tags: TagList | UnsetType = UNSET


class TagsBody(WriteBody, kw_only=True):
    """The whole list of a record's tags, in place of the one before."""

    trackstar_tags: TagList


def _any_record(_record: Mapping[str, Any]) -> bool:
    return True


@dataclass(frozen=True, eq=False)
class Write:
    """One thing that callers can have done."""

    action: str
    """What manifests and `available_actions` call it: "create_order"."""
    method: Literal["POST", "PUT"]
    path: str
    """A parameter in it, "{order_id}", names the record that is changed."""
    id: str
    """The operation's id in the OpenAPI document."""
    summary: str
    resource: Resource
    """What is changed, and answered with."""
    body: type[WriteBody] | None = None
    example: dict[str, Any] | None = None
    repeatable: bool = False
    """Whether doing it twice leaves what doing it once leaves."""
    known_by: tuple[str, ...] = ()
    """Members of the body that the new record carries too: what a sync can recognize it by."""
    answers: Literal["record", "records", "word"] = "record"
    """"records": as many as were changed; "word": that it went well, in place of a record."""
    takes_file: bool = False
    """Its body is a form with a file in it."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Other names that a member may be sent under: path → the member's own name."""
    named: Mapping[str, Named] = field(default_factory=dict)
    """The objects of the body that name a record, by path."""
    vital: tuple[str, ...] = ()
    """Members that say what is done, how much of it and where. One that a system can't heed is refused:
    without it something else would be done than was asked for."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Members that mean something in a write like this one, and nothing here: path → why."""
    applies_to: Callable[[Mapping[str, Any]], bool] = _any_record
    """Whether it can be done to a record that we hold. To others it is as if they were not there."""

    @property
    def type(self) -> str:
        return self.path.split("/")[1]

    @property
    def id_name(self) -> str | None:
        """The path parameter that names the record; None: a new one is made, or several are changed."""
        match = re.search(r"{(\w+)}", self.path)
        return match[1] if match else None
