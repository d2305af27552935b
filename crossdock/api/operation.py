"""The words that operations are written in."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal

from crossdock.resources.schema import Resource
from crossdock.resources.writes import Write


class Access(Enum):
    """What a caller must show."""

    NONE = auto()
    KEY = auto()
    """The organization's key."""
    KEY_AND_TOKEN = auto()
    """The key, and the access token of one connection."""
    KEY_MAYBE_TOKEN = auto()
    """The key; with a token the answer is about its connection."""
    OPERATOR = auto()
    """The token that the operator's settings say; the handler checks it."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation that is not a filter. Texts, but for flags."""

    name: str
    where: Literal["path", "query"] = "query"
    description: str = ""
    choices: tuple[str, ...] = ()
    is_flag: bool = False
    is_number: bool = False
    is_time: bool = False
    is_many: bool = False
    """Several values: separated by commas, repeated, or both."""
    default: str | bool | int | None = None
    deprecated: bool = False


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    handler: str
    id: str
    summary: str
    tag: str
    reply: Any
    """What 200 carries: a struct, or a plain type. Records come in `data`. str: text; bytes: a file."""
    access: Access = Access.KEY_AND_TOKEN
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    body_required: bool = True
    takes_file: bool = False
    """The body is a file: as it is, or in a form."""
    example: dict[str, Any] | None = None
    """A body to send."""
    errors: tuple[int, ...] = (401, 422, 429)
    deprecated: bool = False
    resource: Resource | None = None
    is_list: bool = False
    write: Write | None = None
    """What it has done in the connected system."""
    action: str | None = None
    """What manifests call what it does, where that is not the function of its resource."""
    takes_key: bool = False
    """Whether it heeds an Idempotency-Key."""

    @property
    def needs_key(self) -> bool:
        """Whether it is for an organization, not for anybody or the operator."""
        return self.access not in (Access.NONE, Access.OPERATOR)

    @property
    def writes(self) -> bool:
        """Whether a read-only key is refused."""
        return self.method not in ("GET", "HEAD")


PAGE_TOKEN = Parameter("page_token", description="next_token of the previous page.")
