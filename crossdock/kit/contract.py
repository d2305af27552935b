"""What an integration offers, on one screen.

An integration is a folder `integrations/<name>/` (or `integrations/<name>/<type>/` when one system is
several verticals) with

    manifest.toml   name, sign-in fields, limits, functions, evidence        → `manifest.Manifest`
    client.py       `Client`: raw pages out of the vendor
    read            pure: raw record → our fields, one function per resource, found by name
    cases/*.json    raw input and the record that we expect; calls and writes with their answers
    write           pure: our command → the vendor's requests, and the body it accepts  (if it writes)
    notes.md        set-up for users, limits and quirks with their sources

`read` and `write` are modules, or packages that may have as many modules as they like.

Found by name: the function `get_orders` needs `Client.orders` (`Resource.name`) and `read.order`
(`Resource.reader`). The write `create_order` needs the `Operation` `CREATE_ORDER` in `write` and, as what was
written is read back, `Client.order`: it reads one order, and any resource may have it.
`tests/contracts/test_integration*.py` hold every folder to this.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from crossdock.kit.files import Files
from crossdock.kit.hosts import filled
from crossdock.kit.manifest import Manifest, SignIn
from crossdock.kit.session import ConnectionSession, LocalSession
from crossdock.wire import encode

if TYPE_CHECKING:
    from crossdock.kit.http import Http

Raw = dict[str, Any]
"""A record as the vendor sent it, decoded and otherwise untouched."""

Fields = dict[str, Any]
"""What `read` makes of it. A missing key: the vendor did not say. None: the vendor says there is none.

The member `MISFITS`, a list of `Misfit`, tells what of the record could not be taken as it is.
"""

MISFITS = "_misfits"
"""The reserved member of `Fields`: it is taken out before anything is stored, and shown as a problem."""


RECORD_ID = "_record_id"
"""The reserved member of a raw record that holds the id that `read` gives it, where no other member does.

A page whose records have it says `key=RECORD_ID`. A record that was read for a notice goes by it, too: so a
notice may name it by something else, as one of stock does by the item that is stocked.
"""


@dataclass(frozen=True)
class Misfit:
    """One value of a record that does not fit our type, while the record itself is kept.

        fields[MISFITS] = [Misfit("line_items[0].quantity", "1.5 kg", "a whole number", 2, Decimal("1.5"))]

    `read` puts the nearest honest value into the record, or None where that is allowed, and adds one of these
    for each. The record is stored and told of as any other. What did not fit is kept beside it until the
    record is read without: shown in `errors[]` of the connection (not blocking), as a `connection-error`
    event and in its freshness. What raises BadVendorValue in `integrations.values` becomes one by itself: the
    record is read once more without it. A whole record is set aside only when that can't be, as it has no id
    or contradicts itself.
    """

    field: str
    """Its path in our record: "inventory_locations[2].quantity"."""
    value: Any
    """What the vendor says, with its unit if it has one; shown to people, cut off when long."""
    wanted: str
    """What was wanted instead: "a whole number", "at most 2,000 bytes"."""
    stored: Any = None
    """What stands in the record in its place; None: null, or that it was left out."""
    exact: Decimal | None = None
    """The exact number, where `stored` is a rounded one. A connection that sends exact decimals gets this
    in place of `stored`, and then nothing about it is a problem."""


Json = Any
"""A value that survives JSON: what cursors and marks are made of."""

Push = Callable[[str, bytes, Mapping[str, str]], Awaitable[None]]
"""Takes a notice as a request would bring it: the address of the subscription, body and headers."""


@dataclass(frozen=True)
class Walk:
    """The records that a run wants, and where it stands."""

    start: datetime | None = None
    """Only what changed since; None: everything. Used until there is a mark."""
    end: datetime | None = None
    """Only what changed before; None: up to now. Set by on-demand syncs."""
    mark: Json = None
    """What the last completed walk of this function left: where the changes begin. None the first time."""
    cursor: Json = None
    """Where a walk that was cut off goes on; None: at its beginning."""
    open_ids: tuple[str, ...] = ()
    """Records that are open with us, by the filter that `[reread]` of the manifest names: some of them at
    intervals, in turn, else none. A client yields them as they are now, on any page of the walk, and names
    those that the vendor no longer has in `Page.deleted`. The same for all attempts of a walk."""
    at_most: int | None = None
    """How many records are enough: a check of permissions wants one. A client may disregard it."""


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
    deleted: tuple[str, ...] = ()
    """Ids that the vendor says are gone: they become tombstones, and `.deleted` is told of those that we had.
    Not what an answer merely lacks. One that also stands in `records` of the same page is there."""
    wait_seconds: float = 0
    """How long the vendor prepares what comes next. The run ends here, and a new client goes on at `cursor`
    after that long; the cursor may be the same as before. At most 24 hours together between two records."""

    is_prepared: bool = False
    """Whether the records were prepared while the run waited: what of them was changed with us since the run
    began, by a write, is newer, and left as it is until the next walk."""

    def __post_init__(self) -> None:
        if self.wait_seconds and self.cursor is None:
            raise ValueError("a page that waits needs a cursor to go on at")

    @property
    def whole_wait(self) -> int:
        """The seconds to wait, at least one where it waits at all."""
        return math.ceil(max(0, self.wait_seconds))


@dataclass(frozen=True)
class Account:
    """The account that the credentials belong to, as the vendor says."""

    name: str
    identifiers: dict[str, Any] = field(default_factory=dict)
    """Ids of the account in the vendor's system; shown as `me` on the connection. Never a secret."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What later calls need and users did not fill in: a shop, a realm, the host of a region. Kept in
    `Context.session` when the credentials are stored, and not shown."""


@dataclass(frozen=True)
class Permission:
    """The verdict on whether the credentials may do what a function needs, and why it is thought so."""

    state: Literal["allowed", "denied", "unknown"]
    reason: str = ""


@dataclass(frozen=True)
class Context:
    """The things that a client is made with."""

    credentials: Mapping[str, str]
    """The sign-in fields of the manifest."""
    http: "Http"
    folder: Path
    """A folder on this machine that only this integration uses. Created when it is asked for."""
    files: Files | None = None
    """What was delivered to this connection; only carriers have it."""
    slug: str = ""
    """Of the integration that the client belongs to."""
    session: ConnectionSession = field(default_factory=LocalSession)
    """What is kept of this connection: tokens, and what `check` found."""
    manifest: Manifest | None = None
    push: Push | None = None
    """Hands a notice over; only for systems that live in our process."""

    @property
    def auth(self) -> SignIn:
        """The sign-in of the manifest that these credentials are for."""
        return SignIn("none") if self.manifest is None else self.manifest.auth_of(self.credentials)

    def host(self, name: str) -> str:
        """The address by `[hosts]` of the manifest for these credentials, without a slash at its end."""
        if self.manifest is None:
            raise LookupError(f"there is no manifest that names the host {name!r}")
        return self.manifest.hosts.address(name, self.credentials).rstrip("/")

    def address(self, text: str) -> str:
        """The text with its placeholders filled in: sign-in fields, and names of hosts."""
        names = self.manifest.hosts.names() if self.manifest else frozenset[str]()
        return filled(text, {**self.credentials, **{name: self.host(name) for name in names}})


@dataclass(frozen=True)
class Accepts:
    """The body that an integration accepts for a write. Members are named by path: "line_items.quantity"."""

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


CLOCK_SKEW = timedelta(minutes=1)
"""How far the clock of a vendor may be behind ours."""


@dataclass(frozen=True)
class Command:
    """The write that is to be done. The body was checked, and holds only what the integration accepts."""

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

    def is_since(self, moment: str | None) -> bool:
        """Check whether a moment of the vendor's is not before the caller asked.

        Its clock may be a minute behind. What has no moment may be of this write.
        """
        if self.begun is None or moment is None:
            return True
        return datetime.fromisoformat(moment).astimezone(UTC) >= self.begun - CLOCK_SKEW


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
    begins: bool = False
    """Whether it begins an operation that the steps then ask for: until they change something else, or end,
    nobody knows whether it was done. A VendorError that they raise themselves says that it was not."""


@dataclass(frozen=True)
class Wait:
    """A pause of a write, until the vendor has got on with an operation.

    It counts into the time that a write may take; when that is over the write is in doubt, and is searched
    for like any whose answer was lost. A dry run leaves it out.
    """

    seconds: float


Steps = Generator[Call | Wait, Json, str | Sequence[str]]
"""A write: yields calls, is sent each one's answer, returns the id of the record, or several.

    def create_order(command: Command) -> Steps:
        answer = yield Call("POST", "/orders", {...})
        return str(answer["id"])

It takes answers apart only by `[]`, so that a dry run can show calls that depend on them. Between calls it
may yield a `Wait`, of which nothing is sent back.
"""

Search = Generator[Call, Json, str | None]
"""Asks whether a write was done, after its answer was lost: the id of what it made, or None.

All its calls only ask.
"""


Made = Sequence[tuple[str, str]]
"""Further records that a write makes or changes: (function that reads them, id)."""


@dataclass(frozen=True)
class Operation:
    """A write that an integration offers, in one object that is named as its action.

    CREATE_ORDER = Operation(Accepts(required=("order_number",)), create_order, find=find_order)
    """

    accepts: Accepts
    steps: Callable[[Command], Steps]
    find: Callable[[Command], Search | None] | None = None
    """How to ask whether it was done; None, here or returned: that can't be asked."""
    also: Callable[[Fields], Made] | None = None
    """What it makes besides its own record, given what was read back of that. The client reads these records
    as it reads what was written; they are stored and told at once, and a later sync finds nothing new."""


@dataclass(frozen=True)
class WireRequest:
    """A request as it would go over the wire; headers that sign it are left out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Json


class Client(Protocol):
    """Speaks the vendor's API. One is made per run; it is closed by whoever made it.

    One that writes has `call`, `shown`, and for each resource that it writes a method that is named as the
    reader and returns one raw record exactly as a walk would; others may have it, too. It has `options` where
    `Accepts` names any, `passthrough` where the manifest does:

        async def call(self, call: Call) -> Json: ...
        def shown(self, call: Call) -> WireRequest: ...
        async def order(self, record_id: str) -> Raw: ...        raises NotFound
        async def options(self, name: str) -> list[str]: ...
        async def passthrough(self, call: PassthroughCall) -> Response: ...

    One that can tell what the credentials may do, without reading or writing, has `probe`:

        async def probe(self, function: str) -> Permission: ...

    Besides `check`, a client has one method per function of its manifest, named after the resource:

        def orders(self, walk: Walk) -> AsyncIterator[Page]: ...

    It yields pages until there are no more. Failures are raised as the `VendorError` they are.
    """

    def __init__(self, context: Context) -> None: ...

    async def check(self) -> Account:
        """The account that these credentials belong to. Raises InvalidCredentials when they do not work."""
        ...


@dataclass(frozen=True)
class PassthroughCall:
    """A call of the caller's own. The path begins with one slash and stays below the vendor's base URL."""

    method: str
    path: str
    params: Mapping[str, Any]
    headers: Mapping[str, str]
    data: Json

    @property
    def body(self) -> bytes | None:
        """The bytes that are sent: a text as it is, anything else as JSON; None: nothing."""
        if self.data is None:
            return None
        return self.data.encode() if isinstance(self.data, str) else encode(self.data)


class Fetch(Protocol):
    """A method of a client that walks one resource."""

    def __call__(self, walk: Walk) -> AsyncIterator[Page]: ...
