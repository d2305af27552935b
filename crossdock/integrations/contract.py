"""What an integration offers, on one screen.

An integration is a folder `integrations/<name>/` (or `integrations/<name>/<type>/` when one system is
several verticals) with

    manifest.toml   name, sign-in fields, limits, functions, evidence        → `registry.Manifest`
    client.py       `Client`: raw pages out of the vendor
    read.py         pure: raw record → our fields, one function per resource, found by name
    cases/*.json    raw input and the record that we expect
    write.py        pure: our command → the vendor's requests, and the body it accepts  (if it writes)
    notes.md        set-up for users, limits and quirks with their sources

Found by name: the function `get_orders` needs `Client.orders` and `read.order` (the resource's plural
and singular). The write `create_order` needs `write.create_order` and `write.ACCEPTS["create_order"]`,
and, as what was written is read back, `Client.order`. `contracts/test_integrations.py` holds every folder
to this.
"""

from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from crossdock.integrations.http import Http
    from crossdock.integrations.invoices.contract import Fault, Invoice, Summary

Raw = dict[str, Any]
"""A record as the vendor sent it, decoded and otherwise untouched."""

Fields = dict[str, Any]
"""What `read` makes of it. A missing key: the vendor did not say. None: the vendor says there is none."""

_to_json = msgspec.json.Encoder(decimal_format="number").encode

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
    file: str | None = None
    """The id of the file that the records stand in, where they come from `Files`."""


@dataclass(frozen=True)
class Account:
    """Whom the credentials belong to, as the vendor says."""

    name: str
    identifiers: dict[str, Any] = field(default_factory=dict)
    """Ids of the account in the vendor's system; shown as `me` on the connection. Never a secret."""


@dataclass(frozen=True)
class FileRef:
    """A file of a connection, as it was received. Its content never changes."""

    id: str
    name: str
    received: datetime
    invoice_id: str | None = None
    """From what came with it, where the file itself is silent; `invoice_date` likewise: a UTC timestamp."""
    invoice_date: str | None = None


class Files(Protocol):
    """The files of one connection, oldest first: for systems whose API is files that they deliver."""

    async def after(self, last: str | None, *, start: datetime | None = None) -> list[FileRef]:
        """The next files after the one with the id `last` (None: from the first), at most 100; none: no more.

        start: only those received since. A `last` that is gone by now still says where to go on.
        """
        ...

    async def one(self, id: str) -> FileRef | None:
        """The file; None when it is not kept any more."""
        ...

    def open(self, id: str) -> AbstractAsyncContextManager[Path]:
        """The file on this machine, for as long as the block takes. Raises NotFound when it is gone."""
        ...

    async def note_read(self, id: str, outcome: "Outcome") -> None:
        """Keeps what came out of reading it, in place of what an earlier reading left. May be told twice."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What came out of reading a file to its end, or the reason why it was not read."""

    refused: str | None = None
    carrier: str | None = None
    variant: str | None = None
    summary: "Summary | None" = None
    invoices: "list[Invoice]" = field(default_factory=list)
    """The first 10,000 of them."""
    faults: "list[Fault]" = field(default_factory=list)
    """The first 1,000 of them; the summary has their number."""


@dataclass(frozen=True)
class Context:
    """What a client is made with."""

    credentials: Mapping[str, str]
    """The sign-in fields of the manifest."""
    http: "Http"
    folder: Path
    """A folder on this machine that only this integration uses. Created when it is asked for."""
    files: Files | None = None
    """What was delivered to this connection; only carriers have it."""


@dataclass(frozen=True)
class Accepts:
    """Which body an integration accepts for a write. Members are named by path: "line_items.quantity"."""

    required: Sequence[str] = ()
    """Members of the base body without which it can't be done; one inside an object, when that is given."""
    optional: Sequence[str] = ()
    """Further members of the base body that are carried over. All others end up in `unused_fields`."""
    any_of: Sequence[Sequence[str]] = ()
    """Groups of optional members at the top, of which at least one must be given."""
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Members of this integration's own, at the top: name → JSON Schema, with title and description."""
    required_extra: Sequence[str] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    """Members whose values are the account's own: path → what `Client.options` calls them."""

    @property
    def paths(self) -> tuple[str, ...]:
        """All that is carried over, of the base body."""
        return (*self.required, *self.optional)


@dataclass(frozen=True)
class Upload:
    """A file that was sent with a write."""

    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True)
class Command:
    """What is to be done. The body was checked, and holds only what the integration accepts."""

    action: str
    body: Mapping[str, Any]
    """Numbers with a fraction are Decimal. Without tags: those stay with us."""
    record_id: str | None = None
    """The record that is to be changed, in the vendor's words."""
    stored: Mapping[str, Any] = field(default_factory=dict)
    """That record as we hold it."""
    upload: Upload | None = None
    begun: datetime | None = None
    """When the caller first asked: the record can't be older."""
    found: str | None = None
    """The record that an earlier attempt is known to have made: do what is left to do, if anything."""


@dataclass(frozen=True)
class Call:
    """One request to the vendor, as `Client.call` takes it."""

    method: str
    path: str
    """Of the vendor's API; for RPC the name of the procedure."""
    body: Json = None
    params: Mapping[str, Any] = field(default_factory=dict)
    asks: bool = False
    """Whether it only asks: it may be sent again, and its failing leaves nothing in doubt."""


Steps = Generator[Call, Json, str | Sequence[str]]
"""A write: yields calls, is sent each one's answer, returns the id of the record, or several.

    def create_order(command: Command) -> Steps:
        answer = yield Call("POST", "/orders", {...})
        return str(answer["id"])

It takes answers apart only by `[]`, so that a dry run can show calls that depend on them.
"""

Search = Generator[Call, Json, str | None]
"""Asks whether a write was done, after its answer was lost: the id of what it made, or None.

`write.find_create_order(command)`, for each write that can be asked for; all its calls only ask.
"""


@dataclass(frozen=True)
class Shown:
    """A request as it would go over the wire; headers that sign it are left out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Json


class Client(Protocol):
    """Speaks the vendor's API. One is made per run; it is closed by whoever made it.

    One that writes has `call`, `shown`, and for each resource it writes a method named after one of them,
    which returns the raw record exactly as a walk would; `options` where `Accepts` names any, `passthrough`
    where the manifest does:

        async def call(self, call: Call) -> Json: ...
        def shown(self, call: Call) -> Shown: ...
        async def order(self, record_id: str) -> Raw: ...        raises NotFound
        async def options(self, name: str) -> list[str]: ...
        async def passthrough(self, wanted: Passed) -> Response: ...

    Besides `check`, a client has one method per function of its manifest, named after the resource:

        def orders(self, walk: Walk) -> AsyncIterator[Page]: ...

    It yields pages until there are no more. Failures are raised as the `VendorError` they are.
    """

    def __init__(self, context: Context) -> None: ...

    async def check(self) -> Account:
        """Whom these credentials belong to. Raises InvalidCredentials when they do not work."""
        ...


@dataclass(frozen=True)
class Passed:
    """A call of the caller's own. The path begins with one slash and stays below the vendor's base URL."""

    method: str
    path: str
    params: Mapping[str, Any]
    headers: Mapping[str, str]
    data: Json

    @property
    def body(self) -> bytes | None:
        """What is sent: a text as it is, anything else as JSON; None: nothing."""
        if self.data is None:
            return None
        return self.data.encode() if isinstance(self.data, str) else _to_json(self.data)


class Fetch(Protocol):
    """A method of a client that walks one resource."""

    def __call__(self, walk: Walk) -> AsyncIterator[Page]: ...
