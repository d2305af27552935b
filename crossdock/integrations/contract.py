"""What an integration offers, on one screen.

An integration is a folder `integrations/<name>/` (or `integrations/<name>/<type>/` when one system is
several verticals) with

    manifest.toml   name, sign-in fields, limits, functions, evidence        → `registry.Manifest`
    client.py       `Client`: raw pages out of the vendor
    read.py         pure: raw record → our fields, one function per resource, found by name
    cases/*.json    raw input and the record that we expect
    notes.md        set-up for users, limits and quirks with their sources

Found by name: the function `get_orders` needs `Client.orders` and `read.order` (the resource's plural
and singular). `contracts/test_integrations.py` holds every folder to this.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from crossdock.integrations.http import Http

Raw = dict[str, Any]
"""A record as the vendor sent it, decoded and otherwise untouched."""

Fields = dict[str, Any]
"""What `read` makes of it. A missing key: the vendor did not say. None: the vendor says there is none."""

Json = Any
"""A value that survives JSON: what cursors and marks are made of."""


@dataclass(frozen=True)
class Walk:
    """Which records a run wants, and where it stands."""

    start: datetime | None = None
    """Only what changed since; None: everything. Used until there is a mark."""
    end: datetime | None = None
    """Only what changed before; None: up to now. Set by on-demand syncs."""
    mark: Json = None
    """What the last completed walk of this function left: where the changes begin. None the first time."""
    cursor: Json = None
    """Where a walk that was cut off goes on; None: at its beginning."""


@dataclass(frozen=True)
class Page:
    """One page of a walk."""

    records: list[Raw]
    cursor: Json = None
    """Where the next page begins. None: this was the last one. It must differ from every earlier one."""
    mark: Json = None
    """Kept when the walk completes, and given to the next one. Take it from the vendor's own clock."""
    key: str = "id"
    """The member of a raw record that identifies it."""


@dataclass(frozen=True)
class Account:
    """Whom the credentials belong to, as the vendor says."""

    name: str
    identifiers: dict[str, Any] = field(default_factory=dict)
    """Ids of the account in the vendor's system; shown as `me` on the connection. Never a secret."""


@dataclass(frozen=True)
class Context:
    """What a client is made with."""

    credentials: Mapping[str, str]
    """The sign-in fields of the manifest."""
    http: "Http"
    folder: Path
    """A folder on this machine that only this integration uses. Created when it is asked for."""


class Client(Protocol):
    """Speaks the vendor's API. One is made per run; it is closed by whoever made it.

    Besides `check`, a client has one method per function of its manifest, named after the resource:

        def orders(self, walk: Walk) -> AsyncIterator[Page]: ...

    It yields pages until there are no more. Failures are raised as the `VendorError` they are.
    """

    def __init__(self, context: Context) -> None: ...

    async def check(self) -> Account:
        """Whom these credentials belong to. Raises InvalidCredentials when they do not work."""
        ...


class Fetch(Protocol):
    """A method of a client that walks one resource."""

    def __call__(self, walk: Walk) -> AsyncIterator[Page]: ...
