"""Reads Tryton: pages of records, by what changed or as a whole. Makes the calls of writes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial

from crossdock.errors import NotFound
from crossdock.integrations.tryton.rpc import READING, Rpc
from crossdock.integrations.tryton.walks import kits, ledger, origins, parties, sources, stock
from crossdock.integrations.tryton.walks.readable import ReadableModels
from crossdock.integrations.tryton.walks.state import WalkState, WalkWindow
from crossdock.integrations.tryton.walks.walker import Walker, WalkPart
from crossdock.integrations.tryton.write.calls import number
from crossdock.kit.contract import (
    Account,
    Call,
    Context,
    Json,
    Page,
    PassthroughCall,
    Raw,
    Walk,
    WireRequest,
)
from crossdock.kit.http import Response
from crossdock.wire import encode

JSON_TYPE = {"Content-Type": "application/json"}


class Client:
    """One user of one Tryton database."""

    def __init__(self, context: Context) -> None:
        self._user = context.credentials["user"]
        self._http = context.http
        self._rpc = Rpc(context.http, context.credentials)
        self._readable = ReadableModels(self._rpc)
        self._walker = Walker(self._rpc, self._readable, self._user)

    async def check(self) -> Account:
        preferences = await self._rpc.context()
        company = await self._walker.company()
        name = preferences.get("company.rec_name") or self._user
        return Account(str(name), {"user": self._user, "company_id": str(company), "company": name})

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """Customer shipments, and drop shipments where Tryton has them."""
        parts = [WalkPart(sources.ORDERS, self._with_kits)]
        if await self._readable.has(sources.DROP_SHIPMENTS.model):
            parts.append(self._drops)
        async for page in self._walker.changes(parts, walk):
            yield page

    def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walker.changes([WalkPart(sources.INBOUND_SHIPMENTS)], walk)

    def returns(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walker.changes([self._returns], walk)

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walker.changes([WalkPart(sources.PRODUCTS)], walk)

    async def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """Items, each with its stock. One whose stock moved has changed, though its record has not."""
        levels = await self._levels()
        parts = [WalkPart(sources.INVENTORY, levels.filled)]
        if walk.cursor:
            state = WalkState.of(walk.cursor)
        else:
            state = await self._walker.begin(parts, walk, *stock.MODELS)
            if await levels.places_changed(state.window):
                state = replace(state, window=WalkWindow())
            elif await self._walker.deletions.any_done_move(state.deletions):
                # What it moved is no longer moved, and nobody can say of which item.
                state = replace(state, window=WalkWindow())
            if state.mark is not None and state.mark is not walk.mark:
                state = replace(state, mark=state.mark | await levels.marked())
        moved = await levels.moved(state.window, walk.mark, state.mark)
        async for page in self._walker.pages(parts, state, extra_numbers=moved):
            yield page

    async def inventory_ledger(self, walk: Walk) -> AsyncIterator[Page]:
        """An entry for each side of a done move that lies in a warehouse, so one or two of a move."""
        await self._readable.require_source(sources.LEDGER)
        positions = await (await self._levels()).places()

        async def entries(moves: list[Raw]) -> list[Raw]:
            return [entry for move in moves for entry in ledger.entries(move, positions)]

        async for page in self._walker.changes([WalkPart(sources.LEDGER, entries)], walk):
            yield page

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walker.everything(WalkPart(sources.WAREHOUSES), walk)

    def warehouse_locations(self, walk: Walk) -> AsyncIterator[Page]:
        """Locations below a warehouse. Those of no warehouse, as the transit between two, are left out."""

        async def of_warehouses(locations: list[Raw]) -> list[Raw]:
            return [location for location in locations if location.get("warehouse")]

        return self._walker.everything(WalkPart(sources.WAREHOUSE_LOCATIONS, of_warehouses), walk)

    def shipping_methods(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walker.everything(WalkPart(sources.SHIPPING_METHODS), walk)

    def warehouse_customers(self, walk: Walk) -> AsyncIterator[Page]:
        return self._parties(sources.BUYERS, walk)

    def inbound_shipment_suppliers(self, walk: Walk) -> AsyncIterator[Page]:
        return self._parties(sources.SUPPLIERS, walk)

    def _parties(self, documents: Sequence[tuple[str, str]], walk: Walk) -> AsyncIterator[Page]:
        roles = parties.PartyRoles(self._rpc, self._readable, documents)
        return self._walker.everything(WalkPart(sources.PARTIES, roles.those_with), walk)

    async def _levels(self) -> stock.StockLevels:
        return stock.StockLevels(self._rpc, self._readable, await self._walker.company())

    async def _with_kits(self, shipments: list[Raw]) -> list[Raw]:
        return await kits.with_kits(self._rpc, self._readable, shipments)

    @property
    def _drops(self) -> WalkPart:
        async def named(shipments: list[Raw]) -> list[Raw]:
            named = [raw | {"id": name} for raw in shipments for name in sources.drop_id(raw["id"])]
            return await self._with_kits(named)

        return WalkPart(sources.DROP_SHIPMENTS, named)

    @property
    def _returns(self) -> WalkPart:
        return WalkPart(sources.RETURNS, partial(origins.with_orders, self._rpc))

    async def call(self, call: Call) -> Json:
        """Call a method and give its result; `params` are its context, on top of the user's preferences."""
        is_reading = call.path.rpartition(".")[2] in READING
        write = self._rpc.read if is_reading else self._rpc.write
        return await write(call.path, *call.body, **call.params)

    def shown(self, call: Call) -> WireRequest:
        body = self._rpc.shown(call.path, *call.body, **call.params)
        return WireRequest("POST", f"{self._rpc.base}/rpc/", JSON_TYPE, body)

    async def order(self, record_id: str) -> Raw:
        if record_id.startswith(sources.DROP):
            await self._readable.require(sources.DROP_SHIPMENTS.model)
            return await self._one(self._drops, record_id, record_id.removeprefix(sources.DROP))
        return await self._one(WalkPart(sources.ORDERS, self._with_kits), record_id)

    async def inbound_shipment(self, record_id: str) -> Raw:
        return await self._one(WalkPart(sources.INBOUND_SHIPMENTS), record_id)

    async def return_order(self, record_id: str) -> Raw:
        return await self._one(self._returns, record_id)

    async def product(self, record_id: str) -> Raw:
        return await self._one(WalkPart(sources.PRODUCTS), record_id)

    async def inventory_item(self, record_id: str) -> Raw:
        return await self._one(WalkPart(sources.INVENTORY, (await self._levels()).filled), record_id)

    async def options(self, name: str) -> list[str]:
        """The ids of all warehouses or carriers in use."""
        source = {"warehouses": sources.WAREHOUSES, "shipping_methods": sources.SHIPPING_METHODS}[name]
        if not await self._readable.has(source.model):
            return []
        return [str(row["id"]) for row in await self._rpc.rows(source.model, source.domain, ["id"])]

    async def passthrough(self, passthrough_call: PassthroughCall) -> Response:
        """Below the database's own URL, signed with a session: `/rpc/` is what takes it."""
        is_text = passthrough_call.data is None or isinstance(passthrough_call.data, str)
        body = (passthrough_call.data or "").encode() if is_text else encode(passthrough_call.data)
        names = {name.lower() for name in passthrough_call.headers}
        kind = {} if is_text or "content-type" in names else JSON_TYPE
        return await self._http.signed(self._rpc.signature()).pass_on(
            passthrough_call.method,
            f"{self._rpc.base}{passthrough_call.path}",
            params=passthrough_call.params,
            headers={**passthrough_call.headers, **kind},
            body=body or None,
        )

    async def _one(self, part: WalkPart, record_id: str, of_tryton: str | None = None) -> Raw:
        """The record as a walk yields it. Raises NotFound. of_tryton: its id there, if it is another."""
        raw = await self._walker.one(part, number(of_tryton or record_id))
        if raw is None:
            raise NotFound(f"Tryton has no {part.source.model} {record_id}", record_id=record_id)
        return raw
