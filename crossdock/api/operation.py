"""The words that the API's operations are written in, besides those of every API."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from crossdock.resources.schema import Resource
from crossdock.resources.writes import Write
from crossdock.web.operation import HttpOperation, Parameter


class Access(Enum):
    """The proof that a caller must show."""

    NONE = auto()
    KEY = auto()
    """The organization's key."""
    KEY_AND_TOKEN = auto()
    """The key, and the access token of one connection."""
    KEY_MAYBE_TOKEN = auto()
    """The key; with a token the answer is about its connection."""
    SIGNED = auto()
    """A signature of a connected system; the handler checks it, and counts who has none."""
    OPERATOR = auto()
    """The token that the operator's settings say; the handler checks it."""


@dataclass(frozen=True)
class ApiOperation(HttpOperation):
    """One method of one path, and what the document says of it."""

    summary: str
    tag: str
    reply: Any
    """What 200 carries: a struct, or a plain type. Records come in `data`. str: text; bytes: a file."""
    media_type: str = ""
    """Of what 200 carries; empty: as `reply` says."""
    access: Access = Access.KEY_AND_TOKEN
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
    takes_bound_key: bool = False
    """Whether a key that is bound to connections may call it without a token: it tells nothing of others."""
    needs_full_key: bool = False
    """Whether a read-only key is refused although nothing is changed: it shows a secret."""

    @property
    def needs_key(self) -> bool:
        """Check whether it is for an organization, not for anybody or the operator."""
        return self.access not in (Access.NONE, Access.SIGNED, Access.OPERATOR)

    @property
    def admits_bound(self) -> bool:
        """Check whether a key that is bound to connections may call it without the token of one."""
        return self.takes_bound_key or "{connection_id}" in self.path

    @property
    def writes(self) -> bool:
        """Check whether a read-only key is refused."""
        return self.method not in ("GET", "HEAD")


PAGE_TOKEN = Parameter("page_token", description="next_token of the previous page.")
