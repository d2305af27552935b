"""The client of every carrier that delivers files: pages of line items out of the files of a connection."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from crossdock.errors import FileRefused, LeaseLost, NotFound, Unavailable
from crossdock.invoices.carriers import carrier_read_by
from crossdock.invoices.contract import Envelope, LineItem
from crossdock.invoices.reading import InvoiceReading, open_invoices
from crossdock.invoices.record_reader import Entry
from crossdock.kit.contract import Account, Context, Page, Raw, Walk
from crossdock.kit.files import Fault, FileOutcome, FileRef, Files, Parcel

PAGE_SIZE = 500
"""Line items of a page, at least; a row is never torn over two."""
_ALL = 1 << 40
"""The row in the cursor of a file that was read to its end."""
MOST_FAULTS, MOST_INVOICES = 1000, 10_000
"""How many of a file are handed on."""
MOST_BEGUN = 5
"""How often a file is begun without a page of it being stored: its readers died of it."""

log = structlog.get_logger()


class Client:
    """Reads each file once, oldest first. A walk that was cut off goes on in the middle of its file.

    Files that are to be read again come before those that are new. Whatever a file raises ends that file:
    it is refused with the reason, and the walk goes on with the next.

    cursor: [id of the file, last row that was read of it], and of one that is read again the id of the file
    that the walk goes on behind; mark: the id of the last file.
    """

    def __init__(self, context: Context) -> None:
        self._files = context.files
        self._carrier = carrier_read_by(context.slug)

    async def check(self) -> Account:
        """The carrier's name: there is nobody to ask, since the files come to us."""
        return Account(self._carrier or "carriers")

    async def invoice_line_items(self, walk: Walk) -> AsyncIterator[Page]:
        """Charges of the files that came since the last walk.

        A window of an on-demand sync takes what came in it, and what was incurred in it.
        """
        if self._files is None:
            yield Page([], None, walk.mark)
            return
        last = _position(walk)
        async for step in _steps(self._files, walk):
            async for page in self._pages(self._files, step, walk):
                yield page
            last = step.place
        yield Page([], None, last)

    async def _pages(self, files: Files, step: "_FileStep", walk: Walk) -> AsyncIterator[Page]:
        """The pages of one file. One that is refused is noted, and passed over.

        Raises what is no fault of the file: its storage or the database is away, the machine has no memory.
        """
        file, tail = step.file, [step.place] if step.is_again else []
        begun = await files.begin(file.id)
        try:
            if begun > MOST_BEGUN:
                raise FileRefused(f"its reading was begun {MOST_BEGUN} times, and broke off each time")
            async with files.open(file.id) as path:
                with await asyncio.to_thread(self._opened, path, file) as reading:
                    wants = _wants_all if step.is_again else _charge_filter(file, walk)
                    part = _FilePart(reading, _stamp(file.received), step.after_row, wants)
                    while await asyncio.to_thread(part.read_on):
                        records = await self._joined(files, file, part)
                        yield Page(records, [file.id, part.row, *tail], file=file.id)
                    records = await self._joined(files, file, part)
                    yield Page(records, [file.id, _ALL, *tail], file=file.id)
                outcome = part.outcome()
                if reading.divide:
                    await files.orders.keep_only(file.id, part.pieces)
        except Exception as problem:
            if not _is_of_file(problem):
                await files.give_up(file.id)
                raise
            outcome = FileOutcome(refused=_reason(problem, file))
        await self._note(files, file, outcome)

    async def _joined(self, files: Files, file: FileRef, part: "_FilePart") -> list[Raw]:
        """The records of a page. Charges of orders are divided among the parcels that are known so far.

        What the page says of orders is noted first, so that whichever of both files is read later finds it.
        """
        if part.parcels:
            await files.orders.note_parcels(file.id, part.parcels)
        divide = part.reading.divide
        if divide is None or not part.charges:
            return part.records
        numbers = {order for order, _, _ in part.charges}
        await files.orders.note_charges(file.id, numbers)
        parcels = await files.orders.parcels(numbers)
        records: list[Raw] = []
        for order, record, is_wanted in part.charges:
            pieces = divide(record, parcels.get(order, []))
            part.pieces.update(piece["id"] for piece in pieces[1:])
            records += pieces if is_wanted else []
        return records

    async def _note(self, files: Files, file: FileRef, outcome: FileOutcome) -> None:
        """Keep what came of a file; where that can't be kept, the reason."""
        try:
            await files.note_read(file.id, outcome)
        except Exception as problem:
            if not _is_of_file(problem):
                raise
            await files.note_read(file.id, FileOutcome(refused=_reason(problem, file)))

    def _opened(self, path: Path, file: FileRef) -> InvoiceReading:
        envelope = Envelope(file.invoice_id, file.invoice_date)
        try:
            return open_invoices(path, name=file.name, carrier=self._carrier, envelope=envelope)
        except StopIteration as problem:
            # No future takes one: whoever waits for this thread would wait for ever.
            raise RuntimeError("a generator of the layout ended too early") from problem


@dataclass(frozen=True)
class _FileStep:
    """A file of a walk. place: the id of the file that the walk goes on behind, once this one was read."""

    file: FileRef
    place: str | None
    after_row: int = 0
    is_again: bool = False


def _position(walk: Walk) -> str | None:
    """The id of the file that a walk goes on behind."""
    mark: str | None = walk.mark
    if walk.cursor is not None:
        mark = walk.cursor[2] if len(walk.cursor) > 2 else walk.cursor[0]
    return mark


async def _steps(files: Files, walk: Walk) -> AsyncIterator[_FileStep]:
    """The file that the walk was cut off in, those that are to be read again, and those that are new."""
    last = _position(walk)
    if walk.cursor is not None and (begun := await files.one(walk.cursor[0])):
        yield _FileStep(begun, last, walk.cursor[1], is_again=len(walk.cursor) > 2)
    start = walk.start if walk.mark is None and walk.end is None else None
    while True:
        while again := await files.again():
            for file in again:
                yield _FileStep(file, last, is_again=True)
        following = await files.after(last, start=start)
        if not following:
            return
        for file in following:
            yield _FileStep(file, file.id)
            last = file.id


def _is_of_file(problem: Exception) -> bool:
    """Check whether other files may fare better: not where the machine, database or storage is in trouble."""
    if isinstance(problem, OSError):
        # openpyxl raises one without a number for a damaged workbook.
        return problem.errno is None and not isinstance(problem, TimeoutError | ConnectionError)
    return not isinstance(problem, Unavailable | LeaseLost | MemoryError)


def _reason(problem: Exception, file: FileRef) -> str:
    """The reason for a refusal, for whoever runs the server. Of a fault in the code the log has the trace."""
    if isinstance(problem, FileRefused | NotFound):
        return str(problem)
    log.error("reading a file broke off", file=file.id, name=file.name, exc_info=problem)
    return (
        f"reading it broke off ({type(problem).__name__}): this is a fault of Crossdock; "
        f"its log has the trace, at {file.id}"
    )


def _wants_all(_: LineItem) -> bool:
    return True


def _charge_filter(file: FileRef, walk: Walk) -> Callable[[LineItem], bool]:
    """The test of whether a walk wants a charge of a file."""
    if walk.end is None or ((walk.start is None or walk.start <= file.received) and file.received < walk.end):
        return _wants_all
    first, end = "" if walk.start is None else _stamp(walk.start), _stamp(walk.end)
    return lambda line_item: (
        line_item.transaction_date is not None and first <= line_item.transaction_date < end
    )


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class _FilePart:
    """A file, page by page. What stands in rows before is read too, as ids count on it, but not handed on."""

    reading: InvoiceReading
    received: str
    after_row: int
    wants: Callable[[LineItem], bool]
    row: int = 0
    """Up to where it was handed on."""
    records: list[Raw] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    charges: list[tuple[str, Raw, bool]] = field(default_factory=list)
    """Of orders whose parcels are in another file: the order, the charge, whether it is handed on."""
    parcels: list[Parcel] = field(default_factory=list)
    pieces: set[str] = field(default_factory=set)
    """Ids of the records that charges were divided into, but for the first of each; of the whole file."""
    batches: Iterator[list[Entry]] = field(init=False)

    def __post_init__(self) -> None:
        self.batches = self.reading.batches()

    def read_on(self) -> bool:
        """Fill `records` with the next page. False: the file is at its end."""
        self.records, self.charges, self.parcels = [], [], []
        for batch in self.batches:
            for item in batch:
                if isinstance(item, LineItem):
                    self._take(item)
                elif isinstance(item, Parcel):
                    self.parcels.append(item)
                elif len(self.faults) < MOST_FAULTS:
                    self.faults.append(item)
            if len(self.records) + len(self.charges) + len(self.parcels) >= PAGE_SIZE:
                self.row = batch[-1].row
                return True
        return False

    def _take(self, line_item: LineItem) -> None:
        is_wanted = line_item.row > self.after_row and self.wants(line_item)
        is_of_order = (
            self.reading.divide is not None
            and line_item.tracking_number is None
            and line_item.native_id is not None
        )
        if not is_wanted and not is_of_order:
            return
        record = line_item.record
        if line_item.transaction_date is None and line_item.invoice_date is None:
            # Only there, as the same charge out of two files is to be the same record.
            record["received"] = self.received
        if is_of_order:
            self.charges.append((line_item.native_id or "", record, is_wanted))
        else:
            self.records.append(record)

    def outcome(self) -> FileOutcome:
        reading = self.reading
        invoices = [invoice for _, invoice in zip(range(MOST_INVOICES), reading.invoices(), strict=False)]
        return FileOutcome(None, reading.carrier, reading.variant, reading.summary, invoices, self.faults)
