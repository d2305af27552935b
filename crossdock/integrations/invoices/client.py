"""The client of every carrier that delivers files: pages of line items out of the files of a connection."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from crossdock.errors import FileRefused, NotFound
from crossdock.integrations.contract import Account, Context, FileRef, Files, Outcome, Page, Raw, Walk
from crossdock.integrations.invoices.contract import Envelope, Fault, LineItem
from crossdock.integrations.invoices.reading import Reading, open_invoices

PAGE_SIZE = 500
"""Line items of a page, at least; a row is never torn over two."""
_ALL = 1 << 40
"""The row in the cursor of a file that was read to its end."""
MOST_FAULTS, MOST_INVOICES = 1000, 10_000
"""How many of a file are handed on."""


class InvoiceClient:
    """Reads each file once, oldest first. A walk that was cut off goes on in the middle of its file.

    cursor: [id of the file, last row that was read of it]; mark: the id of the last file.
    """

    def __init__(self, context: Context, carrier: str | None) -> None:
        self._files = context.files
        self._carrier = carrier

    async def check(self) -> Account:
        """There is nobody to ask: the files come to us."""
        return Account(self._carrier or "carriers")

    async def invoice_line_items(self, walk: Walk) -> AsyncIterator[Page]:
        """Charges of the files that came since the last walk.

        A window of an on-demand sync takes what came in it, and what was incurred in it.
        """
        if self._files is None:
            yield Page([], None, walk.mark)
            return
        last, row = walk.cursor or (walk.mark, None)
        start = walk.start if walk.mark is None and walk.end is None else None
        if row is not None and (begun := await self._files.one(last)):
            async for page in self._pages(self._files, begun, row, walk):
                yield page
        while found := await self._files.after(last, start=start):
            for one in found:
                async for page in self._pages(self._files, one, 0, walk):
                    yield page
                last = one.id
        yield Page([], None, last)

    async def _pages(self, files: Files, file: FileRef, after_row: int, walk: Walk) -> AsyncIterator[Page]:
        """The rest of one file. One that is refused is noted, and passed over; so is one that is gone."""
        try:
            async with files.open(file.id) as path:
                envelope = Envelope(file.invoice_id, file.invoice_date)
                with await asyncio.to_thread(self._opened, path, file.name, envelope) as reading:
                    part = _Part(reading, _stamp(file.received), after_row, _wanted(file, walk))
                    while await asyncio.to_thread(part.read_on):
                        yield Page(part.records, [file.id, part.row], file=file.id)
                    yield Page(part.records, [file.id, _ALL], file=file.id)
                outcome = part.outcome()
        except NotFound:
            return
        except FileRefused as problem:
            outcome = Outcome(refused=str(problem))
        await files.note_read(file.id, outcome)

    def _opened(self, path: Path, name: str, envelope: Envelope) -> Reading:
        return open_invoices(path, name=name, carrier=self._carrier, envelope=envelope)


def _wanted(file: FileRef, walk: Walk) -> Callable[[LineItem], bool]:
    """Which charges of a file a walk wants."""
    if walk.end is None or ((walk.start is None or walk.start <= file.received) and file.received < walk.end):
        return lambda _: True
    first, end = "" if walk.start is None else _stamp(walk.start), _stamp(walk.end)
    return lambda one: one.transaction_date is not None and first <= one.transaction_date < end


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class _Part:
    """A file, page by page. What stands in rows before is read too, as ids count on it, but not handed on."""

    reading: Reading
    received: str
    after_row: int
    wants: Callable[[LineItem], bool]
    row: int = 0
    """Up to where it was handed on."""
    records: list[Raw] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    batches: Iterator[list[LineItem | Fault]] = field(init=False)

    def __post_init__(self) -> None:
        self.batches = self.reading.batches()

    def read_on(self) -> bool:
        """Fills `records` with the next page. False: the file is at its end."""
        self.records = []
        for batch in self.batches:
            for one in batch:
                if isinstance(one, LineItem):
                    self._take(one)
                elif len(self.faults) < MOST_FAULTS:
                    self.faults.append(one)
            if len(self.records) >= PAGE_SIZE:
                self.row = batch[-1].row
                return True
        return False

    def _take(self, one: LineItem) -> None:
        if one.row <= self.after_row or not self.wants(one):
            return
        record = one.record
        if one.transaction_date is None and one.invoice_date is None:
            # Only there, as the same charge out of two files is to be the same record.
            record["received"] = self.received
        self.records.append(record)

    def outcome(self) -> Outcome:
        reading = self.reading
        found = [one for _, one in zip(range(MOST_INVOICES), reading.invoices(), strict=False)]
        return Outcome(None, reading.carrier, reading.variant, reading.summary, found, self.faults)
