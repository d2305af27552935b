"""Generates orders: 100 in every state, each placed, worked on and, where its state says so, sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from random import Random
from typing import Any

from crossdock.integrations.sandbox.generate.timeline import Timeline, hours
from crossdock.integrations.sandbox.world import catalogue, despatch, people, stock
from crossdock.integrations.sandbox.world.catalogue import CARRIERS, CLIENTS, GOODS, KITS
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

CENT = Decimal("0.01")

CONSUMER, WHOLESALE, DROP, REPLENISH = "CONSUMER", "WHOLESALE", "DROP", "REPLENISH"

# The kinds of the orders of one state, over and over: consumers first, so that every state has some.
KINDS = (
    CONSUMER, CONSUMER, WHOLESALE, CONSUMER, DROP, CONSUMER, REPLENISH, CONSUMER, WHOLESALE, CONSUMER,
)  # fmt: skip


@dataclass(frozen=True)
class OrderFate:
    """The number of orders that end in a state, when they were placed and how long it took, in hours."""

    states: tuple[str, ...]
    count: int
    placed_ago: tuple[float, float]
    took: tuple[float, float]


FATES = (
    OrderFate((despatch.SENT,), 36, (636, 96), (6, 40)),
    OrderFate((despatch.PART_SENT,), 6, (300, 72), (6, 30)),
    OrderFate(("NEW",), 10, (36, 1), (0, 0)),
    OrderFate(("RELEASED",), 8, (48, 4), (0.5, 2)),
    OrderFate(("IN_WAVE",), 8, (60, 10), (2, 8)),
    OrderFate(("PICKED",), 6, (72, 14), (4, 12)),
    OrderFate(("PACKED",), 6, (72, 18), (6, 16)),
    OrderFate(("ADDRESS_HOLD", "CREDIT_HOLD"), 5, (200, 24), (1, 10)),
    OrderFate(("CANCELLED",), 6, (600, 48), (1, 20)),
    OrderFate(("SHORT",), 5, (240, 48), (2, 6)),
    OrderFate(("CUSTOMS_REVIEW",), 4, (150, 24), (2, 12)),
)

LABELS = ("gift", "fragile", "priority", "first-order")

# Sales tax by region, as a share of what is paid for the goods.
TAX = {
    "CA": Decimal("0.0725"), "TX": Decimal("0.0625"), "NY": Decimal("0.04"), "WA": Decimal("0.065"),
    "IL": Decimal("0.0625"), "FL": Decimal("0.06"), "CO": Decimal("0.029"), "PA": Decimal("0.06"),
}  # fmt: skip


@dataclass(frozen=True)
class OrderDraft:
    """An order to be written: what it is and when it happened."""

    kind: str
    state: str
    placed: datetime
    done: datetime


@dataclass(frozen=True)
class OrderPlan:
    """An order as it is placed, and what becomes of it."""

    order: Raw
    state: str
    placed: datetime
    done: datetime


def plan_orders(rng: Random, epoch: datetime) -> list[OrderPlan]:
    """All orders, numbered in the order they were placed."""
    drafts = sorted(_drafts(rng, epoch), key=lambda draft: draft.placed)
    return [
        OrderPlan(_order(rng, n, draft), draft.state, draft.placed, draft.done)
        for n, draft in enumerate(drafts)
    ]


def demand(plans: list[OrderPlan]) -> dict[tuple[str, str], int]:
    """Units that the orders need, by (item, warehouse); scarce goods at the one warehouse that holds them."""
    fields: dict[tuple[str, str], int] = {}
    for plan in plans:
        for line in plan.order["lines"]:
            for goods, units in _parts(int(line["product"].rpartition("_")[2])):
                site = catalogue.site_uid(1) if GOODS[goods].is_far_only else plan.order["site"]
                key = (catalogue.item_uid(goods), site)
                fields[key] = fields.get(key, 0) + units * line["ordered"]
    return fields


def live_orders(timeline: Timeline, plans: list[OrderPlan]) -> None:
    """Put every order on the timeline: it is placed, then reaches its state."""
    for plan in plans:
        timeline.at(plan.placed, partial(_place_order, order=plan.order))
        if plan.state != "NEW":
            timeline.at(plan.done, partial(_progress, plan=plan))


def generate_packs(records: WorldRecords) -> None:
    """The planned parcels of orders that are being worked on."""
    for order in records.all(despatch.ORDERS):
        if order["state"] in ("IN_WAVE", "PICKED", "PACKED", despatch.PART_SENT):
            records.now = datetime.fromisoformat(order["changed"])
            records.put("wms_order_packs", _packs(records, order))


def _drafts(rng: Random, epoch: datetime) -> Iterator[OrderDraft]:
    for fate in FATES:
        first, last = fate.placed_ago
        step = (first - last) / fate.count
        for n in range(fate.count):
            placed = epoch - hours(first - (n + 1) * step, first - n * step, rng)
            state = fate.states[n % len(fate.states)]
            yield OrderDraft(KINDS[n % len(KINDS)], state, placed, placed + hours(*fate.took, rng))


def _place_order(records: WorldRecords, order: Raw) -> None:
    records.put(despatch.ORDERS, order)
    _promise(records, order, 1)


def _promise(records: WorldRecords, order: Raw, sign: int) -> None:
    for part in despatch.parts_to_send(records, order, despatch.rest_of(order)):
        stock.allocate(records, part.item, sign * part.units)


def _progress(records: WorldRecords, plan: OrderPlan) -> None:
    order, state = records.get(despatch.ORDERS, plan.order["uid"]), plan.state
    order["stages"] = _stages(plan)
    if state == despatch.SENT:
        despatch.send(records, order, despatch.rest_of(order))
        return
    if state == despatch.PART_SENT:
        despatch.send(records, order, despatch.half_of(order))
        return
    if state == "CANCELLED":
        _promise(records, order, -1)
    picked = len(order["lines"]) if state in ("PICKED", "PACKED") else 0
    if state == "IN_WAVE":
        picked = len(order["lines"]) // 2
    for line in order["lines"][:picked]:
        line["picked"] = True
    order["state"] = state
    records.put(despatch.ORDERS, order)


def _stages(plan: OrderPlan) -> dict[str, str]:
    """The times when an order was picked and packed, as far as it came."""
    took = plan.done - plan.placed
    # What a packer does ends when the state is reached; a sent order left a while after that.
    picked, packed = plan.placed + _whole_minutes(took * 0.5), plan.placed + _whole_minutes(took * 0.8)
    if plan.state == "PICKED":
        return {"picked_at": moment(plan.done)}
    if plan.state == "PACKED":
        return {"picked_at": moment(picked), "packed_at": moment(plan.done)}
    if plan.state in (despatch.SENT, despatch.PART_SENT):
        return {"picked_at": moment(picked), "packed_at": moment(packed)}
    return {}


def _whole_minutes(span: timedelta) -> timedelta:
    return timedelta(seconds=int(span.total_seconds()))


def _order(rng: Random, n: int, draft: OrderDraft) -> Raw:
    uid = f"order_id_{n}"
    client = rng.randrange(len(CLIENTS))
    products, site = _products(rng, client, draft)
    lines = [_line(rng, draft.kind, product) for product in products]
    if _units(lines) < 2:
        lines[0]["ordered"] = 2
    abroad = _is_abroad(rng, draft)
    partner = rng.choice(catalogue.PARTNERS) if draft.kind in (WHOLESALE, DROP) else None
    to = _destination(rng, draft, site, abroad, partner)
    via = _method(rng, draft.kind, abroad, _units(lines))
    is_shop = draft.kind in (CONSUMER, DROP)
    channel = 2 * client + (0 if is_shop else 1)
    prefix = {CONSUMER: "shopify_order_id", DROP: "shopify_order_id", WHOLESALE: "edi_850"}
    return {
        "uid": uid,
        "client": catalogue.client_uid(client),
        "site": catalogue.site_uid(site),
        "placed": moment(draft.placed),
        "shop_ref": f"{prefix.get(draft.kind, 'transfer')}_{n}",
        "number": f"order_number_{n}",
        "state": "NEW",
        "channel": _channel(channel) if draft.kind != REPLENISH else None,
        "kind": draft.kind,
        "partner": partner,
        "via": catalogue.via(via),
        "level": catalogue.METHODS[via].level,
        "freight": _freight(rng, draft.kind, via),
        "money": _money(rng, draft.kind, lines, None if abroad else to["region"]),
        "deliver_to": to,
        "lines": lines,
        "labels": sorted(rng.sample(LABELS, rng.choice((0, 0, 1, 2)))),
        "ship_by": moment(draft.placed + timedelta(days=rng.randrange(2, 6))),
        "flags": _flags(rng),
        "duties": rng.choice(("SENDER", "RECIPIENT", "THIRD_PARTY")) if abroad else None,
        "stages": {},
        "despatches": [],
        "wave": f"W-{n // 6:03d}",
        "link": f"https://warehouse.example.com/orders/{uid}",
    }


def _units(lines: list[Raw]) -> int:
    return sum(line["ordered"] for line in lines)


def _is_abroad(rng: Random, draft: OrderDraft) -> bool:
    return draft.state == "CUSTOMS_REVIEW" or (draft.kind == CONSUMER and rng.random() < 0.1)


def _flags(rng: Random) -> list[str]:
    return [flag for flag in ("SATURDAY", "SIGNATURE") if rng.random() < 0.15]


def _products(rng: Random, client: int, draft: OrderDraft) -> tuple[list[int], int]:
    """The products that an order has, and the warehouse it is for.

    Only a short order asks the first warehouse for what the second alone holds.
    """
    own_numbers = [n for n, goods in enumerate(GOODS) if goods.client == client]
    count = rng.randint(1, 3) if draft.kind in (CONSUMER, DROP) else rng.randint(2, 4)
    scarce = next(n for n in own_numbers if GOODS[n].is_far_only)
    chosen = rng.sample(own_numbers + _kits(client), count)
    if draft.state == "SHORT":
        return [scarce, *(n for n in chosen if n != scarce)], 0
    return chosen, 1 if scarce in chosen else rng.randrange(2)


def _kits(client: int) -> list[int]:
    """The numbers of a client's kits, which come after all goods."""
    return [len(GOODS) + n for n, kit in enumerate(KITS) if kit.client == client]


def _parts(product: int) -> tuple[tuple[int, int], ...]:
    return KITS[product - len(GOODS)].parts if product >= len(GOODS) else ((product, 1),)


def _line(rng: Random, kind: str, product: int) -> dict[str, Any]:
    sizes = {CONSUMER: (1, 3), DROP: (1, 2), WHOLESALE: (6, 30), REPLENISH: (10, 24)}
    ordered = rng.randint(*sizes[kind])
    price = (GOODS[product] if product < len(GOODS) else KITS[product - len(GOODS)]).price
    if kind in (WHOLESALE, REPLENISH):
        price = (price * Decimal("0.55")).quantize(CENT, ROUND_HALF_UP)
    return {
        "product": catalogue.product_uid(product),
        "sku": catalogue.sku(product),
        "parts": [{"item": catalogue.item_uid(goods), "units": units} for goods, units in _parts(product)],
        "ordered": ordered,
        "shipped": 0,
        "price": str(price),
        "rebate": "0.00",
        "picked": False,
    }


def _money(rng: Random, kind: str, lines: list[dict[str, Any]], region: str | None) -> dict[str, str]:
    """Rebates on some lines, then the totals: what is paid is goods - rebates + tax + shipping."""
    for line in lines:
        if kind == CONSUMER and rng.random() < 0.25:
            worth = Decimal(line["price"]) * line["ordered"]
            line["rebate"] = str((worth / 10).quantize(CENT, ROUND_HALF_UP))
    goods = sum((Decimal(line["price"]) * line["ordered"] for line in lines), Decimal(0))
    rebate = sum((Decimal(line["rebate"]) for line in lines), Decimal(0))
    rate = TAX.get(region or "", Decimal(0)) if kind in (CONSUMER, DROP) else Decimal(0)
    tax = ((goods - rebate) * rate).quantize(CENT, ROUND_HALF_UP)
    shipping = Decimal(rng.choice(("0.00", "5.95", "9.95")) if kind == CONSUMER else "0.00")
    return {
        "currency": "USD",
        "goods": str(goods),
        "rebate": str(rebate),
        "tax": str(tax),
        "shipping": str(shipping),
        "total": str(goods - rebate + tax + shipping),
    }


def _destination(
    rng: Random, draft: OrderDraft, site: int, abroad: bool, partner: str | None
) -> people.Address:
    if draft.kind == REPLENISH and not abroad:
        return people.site_as_buyer(1 - site)
    return people.buyer(rng, abroad=abroad, firm=partner if draft.kind == WHOLESALE else None)


def _method(rng: Random, kind: str, abroad: bool, units: int) -> int:
    if abroad:
        return catalogue.ABROAD
    if kind == REPLENISH or (kind == WHOLESALE and units >= 60):
        return catalogue.FREIGHT
    return 0 if kind == WHOLESALE else rng.choice(catalogue.PARCEL_METHODS)


def _freight(rng: Random, kind: str, method: int) -> dict[str, str]:
    """The terms and the account of the freight: some wholesale partners have theirs billed to themselves."""
    if kind == WHOLESALE and method == catalogue.FREIGHT and rng.random() < 0.5:
        return {"terms": "COLLECT", "account": f"{rng.randrange(10**6, 10**7)}"}
    return {"terms": "PREPAID", "account": CARRIERS[catalogue.METHODS[method].carrier].account}


def _channel(number: int) -> dict[str, str]:
    return {"code": f"channel_id_{number}", "label": f"channel_{'ABCDEF'[number]}"}


def _packs(records: WorldRecords, order: Raw) -> Raw:
    rows = [
        {"item": part.item, "sku": records.get(stock.ITEMS, part.item)["sku"], "units": part.units}
        for part in despatch.parts_to_send(records, order, despatch.rest_of(order))
    ]
    boxes = [
        {
            "uid": f"pack_id_{records.number('pack')}",
            **despatch.measured(box, despatch.pounds(records, box, load)),
            "rows": load,
        }
        for box, load in despatch.in_boxes(rows)
    ]
    ordered = [
        {"product": line["product"], "sku": line["sku"], "units": line["ordered"]} for line in order["lines"]
    ]
    return {
        "uid": order["uid"],
        "via": order["via"],
        "deliver_to": order["deliver_to"],
        "boxes": boxes,
        "ordered": ordered,
        "station": f"PACK-{int(order['uid'].rpartition('_')[2]) % 4 + 1}",
    }
