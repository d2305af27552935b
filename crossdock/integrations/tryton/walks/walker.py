"""Walks a resource of Tryton: by what changed, with what was deleted, or as a whole.

    begin ─ may all that is needed be read? ─▶ deleted ─▶ page ─▶ page ─▶ … ─▶ the next source ─▶ …

A mark also tells what the user could read. A right that is lost stops the walk: records would come without
what it led to, as if that were gone. One that is won, and fields that a newer version of this code asks for,
have all that was read before come again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crossdock.errors import MissingPermission
from crossdock.integrations.tryton.rpc import WITH_ARCHIVED, Domain, Rpc
from crossdock.integrations.tryton.walks import sources
from crossdock.integrations.tryton.walks.deletions import NEWEST, DeletionLog
from crossdock.integrations.tryton.walks.readable import LOG, ReadableModels
from crossdock.integrations.tryton.walks.sources import ModelQuery
from crossdock.integrations.tryton.walks.state import (
    PAGE_SIZE,
    WalkState,
    WalkWindow,
    any_of,
    changed,
    deleted_since,
    made_before,
    stamp,
    window_of,
)
from crossdock.kit.contract import Json, Page, Raw, Walk

Finish = Callable[[list[Raw]], Awaitable[list[Raw]]]


@dataclass(frozen=True)
class WalkPart:
    """A source, and what is done to its records before they are handed on."""

    source: ModelQuery
    finish: Finish | None = None

    async def finished(self, rows: list[Raw]) -> list[Raw]:
        return await self.finish(rows) if self.finish else rows


class Walker:
    """Walks as one user."""

    def __init__(self, rpc: Rpc, readable: ReadableModels, user: str) -> None:
        self._rpc = rpc
        self._readable = readable
        self._user = user
        self.deletions = DeletionLog(rpc, readable)

    async def everything(self, part: WalkPart, walk: Walk) -> AsyncIterator[Page]:
        """All records, in whatever state they are."""
        await self._readable.require_source(part.source)
        if walk.cursor:
            state = WalkState.of(walk.cursor)
        else:
            state = WalkState(WalkWindow(), await self._rights([part.source], walk.mark))
        async for page in self.pages([part], state):
            yield page

    async def changes(self, parts: Sequence[WalkPart], walk: Walk) -> AsyncIterator[Page]:
        """The changes since the walk's mark, or in its window."""
        state = WalkState.of(walk.cursor) if walk.cursor else await self.begin(parts, walk)
        async for page in self.pages(parts, state):
            yield page

    async def begin(self, parts: Sequence[WalkPart], walk: Walk, *models: str) -> WalkState:
        """A walk at its beginning. Its mark is the newest stamp among the sources and all they poll.

        models: further ones whose changes count. Raises MissingPermission when the user lacks a right.
        """
        for part in parts:
            await self._readable.require_source(part.source)
        rights = await self._rights([part.source for part in parts], walk.mark)
        is_next = walk.mark is not None and walk.end is None
        again = is_next and walk.mark.get("paths") != rights["paths"]
        window = window_of(walk, whole_at_first=parts[0].source.whole_at_first, again=again)
        if walk.end is not None:
            # What changed after the end was not read: the next ordinary walk begins where it would have.
            return WalkState(window, walk.mark)
        newest = await self._newest_stamp([part.source for part in parts], models, walk.mark)
        if newest is None:
            return WalkState(window, None)
        mark = {"at": newest, "from": window.since} | rights
        if walk.mark is not None:
            mark |= {name: walk.mark[name] for name in ("from", NEWEST) if name in walk.mark}
        return WalkState(window, mark, deletions=deleted_since(walk))

    async def pages(
        self, parts: Sequence[WalkPart], begun: WalkState, *, extra_numbers: Iterable[int] = ()
    ) -> AsyncIterator[Page]:
        """The pages left of a walk. `extra_numbers`: ids that belong to it, whatever their stamps say."""
        state, other_numbers = begun, sorted(extra_numbers)
        for part in parts[state.source :]:
            async for ids, after in self.deletions.told(part.source, state):
                yield Page([], after.cursor(), after.mark, deleted=ids)
            state = replace(state, log=None)
            ask = await self._page_question(part.source, state, other_numbers)
            is_over = False
            while not is_over:
                rows = await ask(state.after)
                is_over = len(rows) < PAGE_SIZE
                if rows:
                    state = replace(state, after=rows[-1]["id"])
                records = await part.finished(rows)
                if is_over and part is parts[-1]:
                    yield Page(records, None, _mark_at_end(part.source, state))
                    return
                if is_over:
                    state = state.at_next_source()
                yield Page(records, state.cursor(), state.mark)
        # A source that it began with may be none of the user's any more.
        yield Page([], None, state.mark)

    async def one(self, part: WalkPart, record: int) -> Raw | None:
        """The record as a walk yields it; None when there is none."""
        source = part.source
        await self._readable.require_source(source)
        fields = list(await self._readable.paths(source.model, source.fields))
        scopes = [*await self._scope(source), ["id", "=", record]]
        context = WITH_ARCHIVED if source.with_archived else {}
        rows = await self._rpc.rows(source.model, scopes, fields, **context)
        return (await part.finished(rows))[0] if rows else None

    async def company(self) -> int:
        """The company of the user. Without one Tryton answers as if there were no stock and no shipments."""
        company: Any = (await self._rpc.context()).get("company")
        if not isinstance(company, int):
            raise MissingPermission(
                f"the Tryton user {self._user} has no company: choose one in the user's preferences"
            )
        return company

    async def _rights(self, of: Sequence[ModelQuery], mark: Json) -> dict[str, Json]:
        """The rights to read the sources now. Raises MissingPermission when they were more at the mark."""
        before = mark or {}
        if before.get("user") == self._user:
            for model in await self._readable.lost(before.get("models", ())):
                raise MissingPermission(
                    f"the Tryton user {self._user} may no longer read {model}, which {of[0].model} was read"
                    " with: give the right back, or connect with another user"
                )
        return {"user": self._user, **await self._readable.rights(of)}

    async def _newest_stamp(self, of: Sequence[ModelQuery], models: Sequence[str], mark: Json) -> str | None:
        polled = {LOG, *models}
        for source in of:
            paths = (*source.polled, *source.polled_while_open)
            ends = await self._readable.paths(source.model, paths)
            polled |= {source.model, *filter(None, ends.values())}
        stamps = [await self._newest(model) for model in sorted(polled)]
        return max(filter(None, [*stamps, mark and mark["at"]]), default=None)

    async def _newest(self, model: str) -> str | None:
        """The newest stamp of a model's records; None when it has none, or does not tell."""
        if not await self._readable.has(model):
            return None
        newest = []
        deleted = [["event", "=", "delete"]] if model == LOG else []
        try:
            for name in ("write_date", "create_date"):
                domain, order = [[name, "!=", None], *deleted], [(name, "DESC")]
                newest += await self._rpc.rows(model, domain, [name], limit=1, order=order, **WITH_ARCHIVED)
        except MissingPermission:
            # Some models, as those of prices, can be searched through others but not read. Their stamps
            # are not in the mark then, which makes it older than need be, never too new.
            return None
        return max((stamp(row, name) for row in newest for name in row if name != "id"), default=None)

    async def _page_question(
        self, source: ModelQuery, state: WalkState, other_numbers: Sequence[int]
    ) -> Callable[[int], Awaitable[list[Raw]]]:
        """Make the function that asks for the next page of a source, after an id."""
        fields = list(await self._readable.paths(source.model, source.fields))
        scope = [*await self._scope(source), *made_before(state.window)]
        changes = await self._change_domains(source, state)
        context = WITH_ARCHIVED if source.with_archived else {}

        async def ask(after: int) -> list[Raw]:
            domain = [*scope, ["id", ">", after]]
            if changes:
                next_others = [record for record in other_numbers if record > after][:PAGE_SIZE]
                domain.append(any_of([*changes, [["id", "in", next_others]]]))
            return await self._rpc.rows(source.model, domain, fields, limit=PAGE_SIZE, **context)

        return ask

    async def _scope(self, source: ModelQuery) -> Domain:
        if source.of_company:
            return [*source.domain, ["company", "=", await self.company()]]
        return list(source.domain)

    async def _change_domains(self, source: ModelQuery, state: WalkState) -> list[Domain]:
        """Each a reason for a record to be in the walk; none when it wants everything."""
        window = state.window
        if window.is_everything:
            return []
        always = await self._readable.paths(source.model, source.polled)
        while_open = await self._readable.paths(source.model, source.polled_while_open)
        domains = [changed(window), *(changed(window, path) for path in always)]
        is_open = ["state", "not in", sources.CLOSED_STATES]
        if await self.deletions.any(source.parts, state.deletions):
            domains.append([is_open])
        elif while_open:
            domains.append([is_open, any_of([changed(window, path) for path in while_open])])
        return domains


def _mark_at_end(source: ModelQuery, state: WalkState) -> Json:
    """The mark, with the greatest id so far where that is asked for later."""
    if not source.owners or state.mark is None:
        return state.mark
    return state.mark | {NEWEST: max(state.after, state.mark.get(NEWEST, 0))}
