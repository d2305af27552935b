"""What stands in `cases/calls.json` and `cases/writes.json` of an integration.

calls.json     a call of the client → the requests it makes, the answers it gets, and what comes out
writes.json    a command → the calls of its steps with their answers, and the id of what was written

Unknown members are refused: a misspelt expectation would be none. JSON stays as it was written, to the last
digit, until it is an answer.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from crossdock.wire import decoder

NOTHING = msgspec.Raw()
"""A member that was left out; `null` is something."""


class CaseStruct(msgspec.Struct, forbid_unknown_fields=True):
    """A part of a case file."""


class ExpectedRequest(CaseStruct):
    """A request as it has to go out: the whole of it, but for headers that are not named."""

    method: str
    url: str
    """Without query."""
    params: dict[str, str | list[str]] = {}
    headers: dict[str, str] = {}
    body: msgspec.Raw = NOTHING
    """JSON."""
    form: dict[str, str] | None = None
    text: str | None = None
    """A body that is neither JSON nor a form."""


class CannedAnswer(CaseStruct):
    """What the vendor answers."""

    status: int = 200
    headers: dict[str, str] = {}
    body: msgspec.Raw = NOTHING
    """JSON."""
    text: str | None = None
    """A body that is not JSON."""
    failure: Literal["timeout", "broken"] | None = None
    """In place of an answer: none within the time, or a connection that breaks when all was sent."""


class Exchange(CaseStruct):
    """One request and its answer."""

    request: ExpectedRequest
    answer: CannedAnswer


class WalkCall(CaseStruct):
    """A walk, as a run begins it."""

    function: str
    start: datetime | None = None
    end: datetime | None = None
    mark: Any = None
    cursor: Any = None
    open_ids: tuple[str, ...] = ()


class RecordCall(CaseStruct):
    """The reading of one record."""

    function: str
    id: str


class VendorCall(CaseStruct):
    """A call of a write's steps."""

    method: str
    path: str
    body: Any = None
    params: dict[str, Any] = {}
    asks: bool = False


class PassthroughRequest(CaseStruct):
    """A call of the caller's own."""

    method: str
    path: str
    params: dict[str, Any] = {}
    headers: dict[str, str] = {}
    data: Any = None


class ExpectedPage(CaseStruct):
    """One page of a walk: ids as our records have them, or how many there are of these."""

    ids: list[str] | None = None
    count: int | None = None
    cursor: Any = None
    mark: Any = None
    deleted: list[str] = []
    wait_seconds: float = 0


class ExpectedError(CaseStruct):
    """A failure: its class, a part of its message, and members that it must have."""

    kind: str
    message: str = ""
    status: int | None = None
    retry_after: float | None = None
    may_have_arrived: bool | None = None
    detail: Any = None


class CallCase(CaseStruct):
    """One call of the client: exactly one of the members from `check` to `passthrough`."""

    name: str
    credentials: dict[str, str] = {}
    """In place of those of the file, by name."""
    session: dict[str, Any] | None = None
    """What is kept of the connection when the call begins; None: what the file says."""
    kept: dict[str, Any] | None = None
    """What is kept of it afterwards; None: the same."""
    check: Literal[True] | None = None
    walk: WalkCall | None = None
    record: RecordCall | None = None
    call: VendorCall | None = None
    options: str | None = None
    passthrough: PassthroughRequest | None = None
    exchanges: list[str | Exchange] = []
    """In their order; a text names one of the file's."""
    waits: list[float] = []
    """The seconds that are waited between them."""
    pages: list[ExpectedPage] = []
    """Of a walk, up to its end or its failure."""
    result: msgspec.Raw = NOTHING
    """Of any other call: what it returns."""
    error: ExpectedError | None = None


class CallsFile(CaseStruct, kw_only=True):
    """calls.json."""

    credentials: dict[str, str] = {}
    session: dict[str, Any] = {}
    """What is kept of the connection: tokens, and what was found at connect."""
    is_local: bool = False
    """Whether the client makes no requests, as the vendor is a part of this program."""
    described_by: list[str] = []
    """Descriptions of the vendor's API below `vendor-specs`, which the exchanges are held to."""
    described_wrongly: dict[str, str] = {}
    """Operations whose answers differ from that, "GET /orders", and parameters whose values do, "GET /orders
    ids", or that no operation says, "* sign", each with how."""
    exchanges: dict[str, Exchange] = {}
    """Exchanges that several cases have, by name."""
    cases: list[CallCase]

    def exchanges_of(self, case: CallCase) -> list[Exchange]:
        """The case's exchanges, those among them that have a name looked up."""
        return [self.exchanges[part] if isinstance(part, str) else part for part in case.exchanges]


class UploadedFile(CaseStruct):
    """A file that was sent with a write; its content is a text."""

    name: str
    content: str
    content_type: str


class StepCall(CaseStruct):
    """A call that a write has to make, and the answer to it."""

    method: str = ""
    path: str = ""
    body: msgspec.Raw = msgspec.Raw(b"null")
    params: msgspec.Raw = msgspec.Raw(b"{}")
    asks: bool = False
    answer: msgspec.Raw = msgspec.Raw(b"null")
    wait_seconds: float | None = None
    """In place of a call: the steps wait for so long."""


class WriteCase(CaseStruct):
    """One write, or with `is_search` the question whether it was done."""

    name: str
    action: str
    body: msgspec.Raw = msgspec.Raw(b"{}")
    record_id: str | None = None
    stored: msgspec.Raw = msgspec.Raw(b"{}")
    upload: UploadedFile | None = None
    begun: datetime | None = None
    found: str | None = None
    is_search: bool = False
    calls: list[StepCall] = []
    result: str | list[str] | None = None
    error: ExpectedError | None = None


def decoded(raw: msgspec.Raw) -> Any:
    """The value as clients get it from a vendor, and writes from a caller: fractions are Decimal."""
    return decoder.decode(bytes(raw))


def calls_of(folder: Path) -> CallsFile | None:
    """The calls of an integration's folder; None when it has none."""
    file = folder / "cases" / "calls.json"
    return msgspec.json.decode(file.read_bytes(), type=CallsFile) if file.exists() else None


def writes_of(folder: Path) -> list[WriteCase]:
    """The writes of an integration's folder."""
    file = folder / "cases" / "writes.json"
    return msgspec.json.decode(file.read_bytes(), type=list[WriteCase]) if file.exists() else []


def check_error(failure: Exception, expected: ExpectedError, label: str) -> None:
    """Holds a failure to what a case says of it."""
    assert type(failure).__name__ == expected.kind, f"{label}: {failure!r}"
    assert expected.message in str(failure), label
    for name in ("status", "retry_after", "may_have_arrived", "detail"):
        value = getattr(expected, name)
        assert value is None or getattr(failure, name) == value, f"{label}: {name}"


def duplicates(names: list[str]) -> Mapping[str, int]:
    """The names that stand there more than once, and how often."""
    return {name: names.count(name) for name in names if names.count(name) > 1}
