"""What was deleted in Tryton: its log (`ir.model.log`) keeps a row for each record that a user deleted.

    row 420   event "delete", resource "stock.shipment.out,17", create_date

Any user may search the log. `resource` reads as null, since what it leads to is gone, but can still be
searched by: which id it holds is found digit by digit, in four questions for each place, however many rows
there are. A record that goes with its owner, as a variant with its template, is not in the log.
Source: _before_delete in trytond/model/modelstorage.py, and Reference.get in fields/reference.py, 8.0.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace

from crossdock.errors import VendorNonsense
from crossdock.integrations.tryton.rpc import WITH_ARCHIVED, Domain, Rpc
from crossdock.integrations.tryton.walks.readable import LOG, ReadableModels
from crossdock.integrations.tryton.walks.sources import ModelQuery
from crossdock.integrations.tryton.walks.state import WalkState, WalkWindow, any_of, wrapped

ROWS_AT_ONCE = 1000
LONGEST_ID = 19  # digits of a 64-bit number
BITS = (1, 2, 4, 8)
IDS_AT_ONCE = 5000
NEWEST = "newest"
"""The member of a mark that has the greatest id there was: that record may be deleted, too."""


class DeletionLog:
    """Asks the log of one Tryton."""

    def __init__(self, rpc: Rpc, readable: ReadableModels) -> None:
        self._rpc = rpc
        self._readable = readable

    async def told(
        self, source: ModelQuery, state: WalkState
    ) -> AsyncIterator[tuple[tuple[str, ...], WalkState]]:
        """The deleted ids of the source, some at a time, each lot with the state of the walk after it."""
        window = state.deletions
        if window is None or state.log is None or not await self._readable.has(LOG):
            return
        while rows := await self._rows([source.model], window, state.log or 0):
            state = replace(state, log=rows[-1])
            yield _named(source, await self._ids(source.model, rows)), state
        if source.owners and await self._rows(source.owners, window):
            newest = (state.mark or {}).get(NEWEST, 0)
            async for ids in self._missing(source.model, state.owned, newest):
                state = replace(state, owned=ids[-1])
                yield _named(source, ids), state

    async def any(self, models: Sequence[str], window: WalkWindow | None) -> bool:
        """Check whether records of these models were deleted in the window."""
        if window is None or not models or not await self._readable.has(LOG):
            return False
        return bool(await self._rows(models, window))

    async def any_done_move(self, window: WalkWindow | None) -> bool:
        """Check whether a move was deleted that had been done before: it took its stock along."""
        if window is None or not await self._readable.has(LOG):
            return False
        last = 0
        while rows := await self._rows(["stock.move"], window, last):
            last = rows[-1]
            moves = [f"stock.move,{move}" for move in await self._ids("stock.move", rows)]
            was_done = [
                ["resource", "in", moves],
                ["event", "=", "transition"],
                ["target", "=", "state:done"],
            ]
            if await self._rpc.rows(LOG, was_done, ["id"], limit=1):
                return True
        return False

    async def _rows(self, models: Sequence[str], window: WalkWindow, after: int = 0) -> list[int]:
        """The ids of the next rows that tell of deletions, oldest first."""
        domain: Domain = [["event", "=", "delete"], ["id", ">", after]]
        domain.append(any_of([[["resource", "like", f"{model},%"]] for model in models]))
        if window.since is not None:
            domain.append(["create_date", ">=", wrapped(window.since)])
        return [row["id"] for row in await self._rpc.rows(LOG, domain, ["id"], limit=ROWS_AT_ONCE)]

    async def _ids(self, model: str, rows: Sequence[int]) -> list[int]:
        """The ids of the records that the rows tell of. `_` of a pattern stands for any character."""
        texts = dict.fromkeys(rows, "")
        growing = list(rows)
        for position in range(LONGEST_ID + 1):
            codes = await self._digit_codes(model, growing, position)
            for row, code in codes.items():
                texts[row] += str(code - 1)
            growing = sorted(codes)
        if growing or not all(texts.values()):
            raise VendorNonsense(f"the log of Tryton names no records of {model} for its rows {growing[:5]}")
        return sorted({int(text) for text in texts.values()})

    async def _digit_codes(self, model: str, rows: Sequence[int], position: int) -> Counter[int]:
        """By row whose id has a digit at this position: that digit and 1."""
        codes: Counter[int] = Counter()
        for bit in BITS if rows else ():
            patterns = [f"{model},{'_' * position}{digit}%" for digit in range(10) if digit + 1 & bit]
            likes = [[["resource", "like", pattern]] for pattern in patterns]
            matches = await self._rpc.rows(LOG, [["id", "in", rows], any_of(likes)], ["id"])
            codes.update({row["id"]: bit for row in matches})
        return codes

    async def _missing(self, model: str, after: int, newest: int) -> AsyncIterator[Sequence[int]]:
        """Ids that no record has, up to the newest there is or was."""
        is_last = False
        while not is_last:
            domain = [["id", ">", after]]
            rows = await self._rpc.rows(model, domain, ["id"], limit=ROWS_AT_ONCE, **WITH_ARCHIVED)
            existing = {row["id"] for row in rows}
            is_last = len(rows) < ROWS_AT_ONCE
            last = max([*existing, after, *([newest] if is_last else [])])
            missing = [record for record in range(after + 1, last + 1) if record not in existing]
            for begin in range(0, len(missing), IDS_AT_ONCE):
                yield missing[begin : begin + IDS_AT_ONCE]
            after = last


def _named(source: ModelQuery, ids: Iterable[int]) -> tuple[str, ...]:
    return tuple(name for record in ids for name in source.ids(record))
