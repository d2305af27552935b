"""Reads Tryton: pages of records, by what changed or as a whole. Makes the calls of writes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from crossdock.errors import MissingPermission, NotFound
from crossdock.integrations.contract import (
    Account,
    Call,
    Context,
    Json,
    Page,
    Passed,
    Raw,
    Shown,
    Walk,
)
from crossdock.integrations.http import Response
from crossdock.integrations.tryton import ledger, origins, parties, sources, stock
from crossdock.integrations.tryton.readable import Readable
from crossdock.integrations.tryton.rpc import READING, WITH_ARCHIVED, Domain, Rpc
from crossdock.integrations.tryton.sources import Source
from crossdock.integrations.tryton.walks import (
    PAGE_SIZE,
    State,
    Window,
    any_of,
    changed,
    made_before,
    stamp,
    window_of,
)
from crossdock.integrations.tryton.write_calls import number

JSON_TYPE = {"Content-Type": "application/json"}
_to_json = msgspec.json.Encoder(decimal_format="number").encode

Finish = Callable[[list[Raw]], Awaitable[list[Raw]]]


class Client:
    """One user of one Tryton database."""

    def __init__(self, context: Context) -> None:
        self._user = context.credentials["user"]
        self._http = context.http
        self._rpc = Rpc(context.http, context.credentials)
        self._readable = Readable(self._rpc)

    async def check(self) -> Account:
        preferences = await self._rpc.context()
        company = await self._company()
        name = preferences.get("company.rec_name") or self._user
        return Account(str(name), {"user": self._user, "company_id": str(company), "company": name})

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changes(sources.ORDERS, walk)

    def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changes(sources.INBOUND_SHIPMENTS, walk)

    def returns(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changes(sources.RETURNS, walk, finish=partial(origins.with_orders, self._rpc))

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changes(sources.PRODUCTS, walk)

    async def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """Items, each with its stock. One whose stock moved has changed, though its record has not."""
        source = sources.INVENTORY
        await self._readable.require("stock.move")
        levels = stock.Levels(self._rpc, self._readable, await self._company())
        if walk.cursor:
            state = State.of(walk.cursor)
        else:
            state = await self._begin(source, walk, *stock.MODELS)
            if await levels.places_changed(state.window):
                state = replace(state, window=Window())
            if state.mark is not None and state.mark is not walk.mark:
                state = replace(state, mark=state.mark | {"open": await levels.open_counts()})
        moved = await levels.moved(state.window, walk.mark, state.mark)
        async for page in self._pages(source, state, finish=levels.filled, also=moved):
            yield page

    async def inventory_ledger(self, walk: Walk) -> AsyncIterator[Page]:
        """An entry for each side of a done move that lies in a warehouse, so one or two of a move."""
        places = await stock.Levels(self._rpc, self._readable, await self._company()).places()

        async def entries(moves: list[Raw]) -> list[Raw]:
            return [entry for move in moves for entry in ledger.entries(move, places)]

        async for page in self._changes(sources.LEDGER, walk, finish=entries):
            yield page

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._everything(sources.WAREHOUSES, walk)

    async def warehouse_locations(self, walk: Walk) -> AsyncIterator[Page]:
        """Locations below a warehouse. Those of no warehouse, as the transit between two, are left out."""

        async def of_warehouses(locations: list[Raw]) -> list[Raw]:
            return [one for one in locations if one.get("warehouse")]

        async for page in self._everything(sources.WAREHOUSE_LOCATIONS, walk, finish=of_warehouses):
            yield page

    def shipping_methods(self, walk: Walk) -> AsyncIterator[Page]:
        return self._everything(sources.SHIPPING_METHODS, walk)

    def warehouse_customers(self, walk: Walk) -> AsyncIterator[Page]:
        roles = parties.Roles(self._rpc, self._readable, sources.BUYERS)
        return self._everything(sources.PARTIES, walk, finish=roles.those_with)

    def inbound_shipment_suppliers(self, walk: Walk) -> AsyncIterator[Page]:
        roles = parties.Roles(self._rpc, self._readable, sources.SUPPLIERS)
        return self._everything(sources.PARTIES, walk, finish=roles.those_with)

    async def call(self, call: Call) -> Json:
        """What a method returns; `params` are its context, on top of the user's preferences."""
        is_reading = call.path.rpartition(".")[2] in READING
        made = self._rpc.read if is_reading else self._rpc.write
        return await made(call.path, *call.body, **call.params)

    def shown(self, call: Call) -> Shown:
        body = self._rpc.shown(call.path, *call.body, **call.params)
        return Shown("POST", f"{self._rpc.base}/rpc/", JSON_TYPE, body)

    async def order(self, record_id: str) -> Raw:
        return await self._one(sources.ORDERS, record_id)

    async def inbound_shipment(self, record_id: str) -> Raw:
        return await self._one(sources.INBOUND_SHIPMENTS, record_id)

    async def _return(self, record_id: str) -> Raw:
        finish = partial(origins.with_orders, self._rpc)
        return await self._one(sources.RETURNS, record_id, finish)

    async def product(self, record_id: str) -> Raw:
        return await self._one(sources.PRODUCTS, record_id)

    async def inventory_item(self, record_id: str) -> Raw:
        levels = stock.Levels(self._rpc, self._readable, await self._company())
        return await self._one(sources.INVENTORY, record_id, levels.filled)

    async def options(self, name: str) -> list[str]:
        """The ids of all warehouses or carriers in use."""
        source = {"warehouses": sources.WAREHOUSES, "shipping_methods": sources.SHIPPING_METHODS}[name]
        if not await self._readable.has(source.model):
            return []
        return [str(row["id"]) for row in await self._rpc.rows(source.model, source.domain, ["id"])]

    async def passthrough(self, wanted: Passed) -> Response:
        """Below the database's own URL, signed with a session: `/rpc/` is what takes it."""
        is_text = wanted.data is None or isinstance(wanted.data, str)
        body = (wanted.data or "").encode() if is_text else _to_json(wanted.data)
        given = {name.lower() for name in wanted.headers}
        kind = {} if is_text or "content-type" in given else JSON_TYPE
        return await self._http.signed(self._rpc.signature()).pass_on(
            wanted.method,
            f"{self._rpc.base}{wanted.path}",
            params=wanted.params,
            headers={**wanted.headers, **kind},
            body=body or None,
        )

    async def _one(self, source: Source, record_id: str, finish: Finish | None = None) -> Raw:
        """The record as a walk yields it. Raises NotFound."""
        await self._readable.require(source.model)
        fields = list(await self._readable.paths(source.model, source.fields))
        wanted = [*await self._scope(source), ["id", "=", number(record_id)]]
        context = WITH_ARCHIVED if source.with_archived else {}
        rows = await self._rpc.rows(source.model, wanted, fields, **context)
        if not rows:
            raise NotFound(f"Tryton has no {source.model} {record_id}", record_id=record_id)
        return (await finish(rows) if finish else rows)[0]

    async def _everything(
        self, source: Source, walk: Walk, finish: Finish | None = None
    ) -> AsyncIterator[Page]:
        await self._readable.require(source.model)
        state = State.of(walk.cursor) if walk.cursor else State(Window(), None)
        async for page in self._pages(source, state, finish=finish):
            yield page

    async def _changes(self, source: Source, walk: Walk, finish: Finish | None = None) -> AsyncIterator[Page]:
        await self._readable.require(source.model)
        state = State.of(walk.cursor) if walk.cursor else await self._begin(source, walk)
        async for page in self._pages(source, state, finish=finish):
            yield page

    async def _begin(self, source: Source, walk: Walk, *models: str) -> State:
        """A walk at its beginning. Its mark is the newest stamp among the source and all it polls."""
        await self._readable.require(source.model)
        window = window_of(walk, whole_at_first=source.whole_at_first)
        if walk.end is not None:
            # What changed after the end was not read: the next ordinary walk begins where it would have.
            return State(window, walk.mark)
        polled = await self._readable.paths(source.model, (*source.polled, *source.polled_while_open))
        stamps = [
            await self._newest(model) for model in {source.model, *models, *filter(None, polled.values())}
        ]
        if walk.mark is not None:
            stamps.append(walk.mark["at"])
        newest = max(filter(None, stamps), default=None)
        return State(window, {"at": newest} if newest else None)

    async def _newest(self, model: str) -> str | None:
        """The newest stamp of a model's records; None when it has none, or does not tell."""
        if not await self._readable.has(model):
            return None
        found = []
        try:
            for name in ("write_date", "create_date"):
                domain, order = [[name, "!=", None]], [(name, "DESC")]
                found += await self._rpc.rows(model, domain, [name], limit=1, order=order, **WITH_ARCHIVED)
        except MissingPermission:
            # Some models, as those of prices, can be searched through others but not read. Their stamps
            # are not in the mark then, which makes it older than need be, never too new.
            return None
        return max((stamp(row, name) for row in found for name in row if name != "id"), default=None)

    async def _pages(
        self, source: Source, state: State, *, finish: Finish | None = None, also: Iterable[int] = ()
    ) -> AsyncIterator[Page]:
        """What is left of a walk. `also`: ids that belong to it, whatever their stamps say."""
        fields = list(await self._readable.paths(source.model, source.fields))
        scope = [*await self._scope(source), *made_before(state.window)]
        changes = await self._change_domains(source, state.window)
        others = sorted(also)
        context = WITH_ARCHIVED if source.with_archived else {}
        while True:
            domain = [*scope, ["id", ">", state.after]]
            if changes:
                next_others = [one for one in others if one > state.after][:PAGE_SIZE]
                domain.append(any_of([*changes, [["id", "in", next_others]]]))
            rows = await self._rpc.rows(source.model, domain, fields, limit=PAGE_SIZE, **context)
            is_last = len(rows) < PAGE_SIZE
            if rows:
                state = replace(state, after=rows[-1]["id"])
            records = await finish(rows) if finish else rows
            yield Page(records, None if is_last else state.cursor(), state.mark)
            if is_last:
                return

    async def _scope(self, source: Source) -> Domain:
        if source.of_company:
            return [*source.domain, ["company", "=", await self._company()]]
        return list(source.domain)

    async def _change_domains(self, source: Source, window: Window) -> list[Domain]:
        """Each a reason for a record to be in the walk; none when it wants everything."""
        if window.is_everything:
            return []
        always = await self._readable.paths(source.model, source.polled)
        while_open = await self._readable.paths(source.model, source.polled_while_open)
        domains = [changed(window), *(changed(window, path) for path in always)]
        if while_open:
            reasons = any_of([changed(window, path) for path in while_open])
            domains.append([["state", "not in", sources.CLOSED_STATES], reasons])
        return domains

    async def _company(self) -> int:
        """The company of the user. Without one Tryton answers as if there were no stock and no shipments."""
        company: Any = (await self._rpc.context()).get("company")
        if not isinstance(company, int):
            raise MissingPermission(
                f"the Tryton user {self._user} has no company: choose one in the user's preferences"
            )
        return company


setattr(Client, "return", Client._return)  # found by the name of the resource, a word of the language
