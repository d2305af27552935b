"""What a walk of Tryton asks for: the rights that it needs, what was deleted, and all again when it must.

The fake server below answers like Tryton to the few questions that matter here: which fields and rights there
are, what its log says, and which stamps are the newest.
"""

import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crossdock.errors import MissingPermission, VendorRefused
from crossdock.integrations.tryton.client import Client
from crossdock.integrations.tryton.walks import kits, sources, stock
from crossdock.integrations.tryton.walks.deletions import DeletionLog
from crossdock.integrations.tryton.walks.readable import LOG, ReadableModels
from crossdock.integrations.tryton.walks.sources import ModelQuery
from crossdock.integrations.tryton.walks.state import WalkState, WalkWindow, wrapped
from crossdock.integrations.tryton.walks.walker import Walker, WalkPart
from crossdock.kit.contract import Context, Json, Page, Raw, Walk
from crossdock.kit.registry import get_integration

TRYTON = get_integration("wms", "tryton")
NAMES = [resource.name for resource in TRYTON.resources.values()]
SOURCES = [value for value in vars(sources).values() if isinstance(value, ModelQuery)]
NOW = "2026-11-29T12:00:00.000001"
LOGGED = "2026-11-29T11:59:00"


def _schema() -> dict[str, dict[str, str | None]]:
    """Fields by model. What a path leads to is a model of its own, named after the way: each right is one."""
    schema: dict[str, dict[str, str | None]] = {LOG: {"id": None}}
    paths = [
        (source.model, path)
        for source in SOURCES
        for path in (*source.fields, *source.required, *source.polled, *source.polled_while_open)
    ]
    paths += [(sources.KIT_LINE, path) for path in kits.FIELDS]
    consulted = {model for source in SOURCES for model in source.consulted} | set(stock.MODELS)
    documents = {model for model, _ in (*sources.BUYERS, *sources.SUPPLIERS)}
    for model in consulted | documents:
        schema.setdefault(model, {"id": None})
    for model, path in paths:
        at = model
        for name in path.split("."):
            fields = schema.setdefault(at, {"id": None})
            is_end = path.endswith(f".{name}") or path == name
            leads_to = f"{at} {name}" if not is_end or name in _LINKS else None
            fields[name] = fields.get(name) or leads_to
            at = f"{at} {name}"
    for model, fields in list(schema.items()):
        for leads_to in fields.values():
            schema.setdefault(leads_to or model, {"id": None})
    return schema


_LINKS = {
    "customer", "supplier", "warehouse", "party", "product", "moves", "packages", "template",
    "delivery_address", "contact_address", "inventory_moves", "from_location", "to_location",
    "default_uom", "carrier_product",
}  # fmt: skip


class FakeTryton:
    """A server in memory. denied: models that the user may not read. log: what was deleted, by row."""

    base = "https://erp.example.com/db"

    def __init__(self, *denied: str, log: dict[int, str] | None = None, **records: list[int]) -> None:
        self.schema = _schema()
        self.denied = {*denied}
        self.log = log or {}
        self.records = {name.replace("_", "."): ids for name, ids in records.items()}
        self.asked: list[tuple[str, Any]] = []

    async def context(self) -> dict[str, Any]:
        return {"company": 1}

    async def read(self, method: str, *params: Any, **_: Any) -> Any:
        if method.endswith("get_access"):
            return {model: {"read": model not in self.denied} for model in params[0]}
        if method.endswith("today"):
            return {"__class__": "date", "year": 2026, "month": 11, "day": 29}
        return []

    async def rows(self, model: str, domain: Any, fields: Any, **options: Any) -> list[Raw]:
        self.asked.append((model, domain))
        if model == "ir.model.field":
            [[_, _, models]] = domain
            return [
                {"model": name, "name": field, "relation": leads_to}
                for name in models
                for field, leads_to in self.schema.get(name, {}).items()
            ]
        if list(fields) == ["write_date"]:
            return [{"id": 1, "write_date": wrapped(NOW)}]
        if model == LOG:
            return [{"id": row} for row in sorted(self.log) if self._matches(row, domain)]
        after = next((value for field, operator, value in domain if (field, operator) == ("id", ">")), 0)
        return [{"id": record} for record in self.records.get(model, []) if record > after]

    def _matches(self, row: int, domain: Any) -> bool:
        """Whether a row of the log fits a domain, of the operators that are used."""
        if domain and domain[0] == "OR":
            return any(self._matches(row, part) for part in domain[1:])
        if domain and isinstance(domain[0], str):
            field, operator, value = domain
            actual: Any = {"id": row, "resource": self.log[row], "event": "delete"}.get(field)
            if field == "create_date":
                return True  # all of the log lies in the windows of these tests
            if operator == "like":
                pattern = re.escape(value).replace("_", ".").replace("%", ".*")
                return re.fullmatch(pattern, actual) is not None
            checks = {"=": actual == value, "in": operator == "in" and actual in value}
            return bool(actual > value if operator == ">" else checks[operator])
        return all(self._matches(row, part) for part in domain)


def client_of(server: FakeTryton, user: str = "crossdock") -> Client:
    credentials = {"url": server.base, "user": user, "password": "x"}
    client = Client(Context(credentials, None, Path()))  # type: ignore[arg-type]
    client._rpc = server  # type: ignore[assignment]
    client._readable = ReadableModels(server)  # type: ignore[arg-type]
    client._walker = Walker(server, client._readable, user)  # type: ignore[arg-type]
    return client


async def pages_of(client: Client, name: str, **walk: Any) -> list[Page]:
    return [page async for page in getattr(client, name)(Walk(**walk))]


async def mark_of(server: FakeTryton, name: str) -> Json:
    return (await pages_of(client_of(server), name))[-1].mark


# Rights


@pytest.mark.parametrize("name", NAMES)
async def test_p38_each_right_that_is_lost_blocks_the_resource_and_changes_nothing(name: str):
    """Each in turn: no page comes, so nothing is changed, and the message names what is missing."""
    mark = await mark_of(FakeTryton(), name)
    assert mark["models"]
    for model in mark["models"]:
        walk = getattr(client_of(FakeTryton(model)), name)(Walk(mark=mark))
        with pytest.raises(MissingPermission, match=re.escape(model)):
            await anext(walk)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("orders", "stock.shipment.out outgoing_moves"),
        ("orders", "stock.shipment.out outgoing_moves product"),
        ("orders", "stock.shipment.out customer"),
        ("inbound_shipments", "stock.shipment.in incoming_moves"),
        ("returns", "stock.shipment.out.return incoming_moves"),
        ("returns", "stock.shipment.out.return inventory_moves"),
        ("inventory_ledger", "stock.move from_location"),
    ],
)
async def test_what_a_record_cant_do_without_is_required_from_the_first_walk_on(name: str, model: str):
    with pytest.raises(MissingPermission, match=re.escape(model)):
        await pages_of(client_of(FakeTryton(model)), name)


async def test_a_right_that_was_never_there_is_not_missed():
    sale = "stock.shipment.out outgoing_moves sale"
    mark = await mark_of(FakeTryton(sale), "orders")
    assert sale not in mark["models"]
    assert await pages_of(client_of(FakeTryton(sale)), "orders", mark=mark)


async def test_another_user_may_have_fewer_rights():
    sale = "stock.shipment.out outgoing_moves sale"
    mark = await mark_of(FakeTryton(), "orders")
    assert await pages_of(client_of(FakeTryton(sale), "another"), "orders", mark=mark)


async def test_a_right_that_is_won_has_all_come_again():
    """What was read without it is read with it, as far back as the first walk went."""
    sale, start = "stock.shipment.out outgoing_moves sale", datetime(2026, 11, 1, tzinfo=UTC)
    [*_, last] = await pages_of(client_of(FakeTryton(sale)), "orders", start=start)
    later = start + timedelta(days=20)
    state = await begun(FakeTryton(), Walk(start=later, mark=last.mark))
    assert state.window.since == "2026-11-01T00:00:00"
    assert (await begun(FakeTryton(sale), Walk(start=later, mark=last.mark))).window.since == (
        "2026-11-29T11:45:00.000001"
    )


async def test_a_mark_of_an_earlier_version_has_all_come_again_and_asks_for_all_deletions():
    start = datetime(2026, 11, 1, tzinfo=UTC)
    state = await begun(FakeTryton(), Walk(start=start, mark={"at": NOW}))
    assert (state.window, state.deletions) == (WalkWindow("2026-11-01T00:00:00"), WalkWindow())


async def test_a_window_that_was_asked_for_is_kept_to_whatever_is_readable():
    end = datetime(2026, 11, 10, tzinfo=UTC)
    walk = Walk(start=end - timedelta(days=1), end=end, mark={"at": "2026-11-09T00:00:00"})
    state = await begun(FakeTryton(), walk)
    assert state.window == WalkWindow("2026-11-08T23:45:00", "2026-11-10T00:00:00")
    assert state.deletions is None


async def begun(server: FakeTryton, walk: Walk) -> WalkState:
    client = client_of(server)
    return await client._walker.begin([WalkPart(sources.ORDERS), client._drops], walk)


# Deletions


@pytest.mark.parametrize("seed", range(5))
async def test_the_log_tells_which_records_were_deleted(seed: int):
    chance = random.Random(seed)
    ids = {chance.randrange(1, 10 ** chance.randint(1, 7)) for _ in range(30)}
    log = {400 + row: f"stock.shipment.out,{record}" for row, record in enumerate(sorted(ids))}
    log |= {500: "stock.shipment.out.return,7", 501: "stock.shipment.in,8"}
    server = FakeTryton(log=log)
    deletions = DeletionLog(server, ReadableModels(server))  # type: ignore[arg-type]
    state = WalkState(WalkWindow(NOW), {}, deletions=WalkWindow(LOGGED))
    names = [names async for names, _ in deletions.told(sources.ORDERS, state)]
    assert [{*names} for names in names] == [{str(record) for record in ids}]


async def test_a_deleted_move_takes_its_entries_along_and_a_drop_shipment_has_its_own_name():
    assert [*sources.LEDGER.ids(7)] == ["7-out", "7-out-cancelled", "7-in", "7-in-cancelled"]
    assert [*sources.DROP_SHIPMENTS.ids(7)] == ["drop-7"]


async def test_variants_that_went_with_their_template_are_those_that_are_not_there():
    """Up to the newest that ever was: it may be the one that is gone."""
    server = FakeTryton(log={400: "product.template,3"}, product_product=[1, 2, 5])
    deletions = DeletionLog(server, ReadableModels(server))  # type: ignore[arg-type]
    state = WalkState(WalkWindow(NOW), {"newest": 7}, deletions=WalkWindow(LOGGED))
    names = [names async for names, _ in deletions.told(sources.PRODUCTS, state)]
    assert names == [("3", "4", "6", "7")]


async def test_deletions_come_first_and_a_walk_that_was_cut_off_tells_them_once():
    mark = await mark_of(FakeTryton(), "orders")
    server = FakeTryton(log={400: "stock.shipment.out,17"})
    first, *other_pages = await pages_of(client_of(server), "orders", mark=mark)
    assert first.deleted == ("17",)
    resumed = await pages_of(client_of(server), "orders", mark=mark, cursor=first.cursor)
    assert [page.deleted for page in resumed] == [page.deleted for page in other_pages] == [(), ()]


async def test_a_first_walk_asks_for_no_deletions():
    server = FakeTryton(log={400: "stock.shipment.out,17"})
    assert not any(page.deleted for page in await pages_of(client_of(server), "orders"))


async def test_a_line_that_was_deleted_has_what_is_open_read_again():
    mark = await mark_of(FakeTryton(), "orders")
    server = FakeTryton(log={400: "stock.move,9"})
    await pages_of(client_of(server), "orders", mark=mark)
    [domain, *_] = [
        domain for model, domain in server.asked if model == "stock.shipment.out" and len(domain) > 2
    ]
    assert [["state", "not in", sources.CLOSED_STATES]] in domain[-1]


async def test_a_cursor_of_an_earlier_version_goes_on():
    cursor = {"window": {"since": NOW, "before": None}, "mark": {"at": NOW}, "after": 17}
    assert WalkState.of(cursor) == WalkState(WalkWindow(NOW), {"at": NOW}, 17)
    assert await pages_of(client_of(FakeTryton()), "orders", cursor=cursor, mark={"at": NOW})


async def test_orders_of_a_server_without_drop_shipments_are_those_of_its_warehouses():
    server = FakeTryton()
    server.schema["stock.shipment.drop"] = {}
    [page] = await pages_of(client_of(server), "orders")
    assert page.cursor is None
    with pytest.raises(VendorRefused, match=r"has no stock\.shipment\.drop"):
        await client_of(server).order("drop-1")


# The days that moves are dated


@pytest.mark.parametrize(("day", "asks"), [(28, True), (29, False), (None, False)])
async def test_moves_that_were_dated_ahead_are_looked_for_once_a_day(day: int | None, asks: bool):
    server = FakeTryton()
    levels = stock.StockLevels(server, ReadableModels(server), 1)  # type: ignore[arg-type]
    today = {"__class__": "date", "year": 2026, "month": 11, "day": 29}
    await levels.moved(WalkWindow(NOW), {"day": day and today | {"day": day}}, {"day": today})
    dates = [
        domain for model, domain in server.asked if model == "stock.move" and "effective_date" in str(domain)
    ]
    assert bool(dates) is asks
    assert not asks or ["effective_date", "<=", today] in dates[0]
