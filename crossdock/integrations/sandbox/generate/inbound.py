"""Generates inbound shipments: two in every state, announced, on their way, received in parts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from crossdock.integrations.sandbox.generate.timeline import Timeline, hours
from crossdock.integrations.sandbox.world import catalogue, intake, stock
from crossdock.integrations.sandbox.world.catalogue import GOODS, VENDORS
from crossdock.integrations.sandbox.world.despatch import tracking
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw


@dataclass(frozen=True)
class InboundFate:
    """The fate of an inbound shipment, in days before the epoch."""

    state: str
    announced_ago: float
    left_ago: float | None = None
    arrived_ago: tuple[float, ...] = ()
    """When its deliveries came; all but the last bring half."""
    closed_ago: float | None = None
    short: int = 0
    """Units of the first row that never came."""


FATES = (
    InboundFate("PUT_AWAY", 24, 22, (17, 15), 14.9),
    InboundFate("PUT_AWAY", 22, 21, (12,), 11.8, short=4),
    InboundFate("RECONCILING", 20, 19, (9,), 8.5),
    InboundFate("RECONCILING", 19, 17, (10, 8), 7.5),
    InboundFate("SCRAPPED", 18, None, (), 13),
    InboundFate("UNLOADING", 13, 11, (2,)),
    InboundFate("SCRAPPED", 12, 10, (), 6),
    InboundFate("UNLOADING", 11, 9, (3, 1)),
    InboundFate("ON_THE_ROAD", 9, 4),
    InboundFate("ON_THE_ROAD", 7, 2),
    InboundFate("EXPECTED", 4),
    InboundFate("EXPECTED", 2),
)


def live_inbound(timeline: Timeline, rng: Random, epoch: datetime) -> None:
    """Put all inbound shipments on the timeline."""
    for n, fate in enumerate(FATES):
        announced = _ago(epoch, fate.announced_ago, rng)
        inbound = _inbound(rng, n, announced)
        uid = inbound["uid"]
        timeline.at(announced, partial(_announce, inbound=inbound))
        if fate.left_ago is not None:
            timeline.at(_ago(epoch, fate.left_ago, rng), partial(_leave, uid=uid))
        for part, ago in enumerate(fate.arrived_ago):
            is_rest = part == len(fate.arrived_ago) - 1 and fate.state != "UNLOADING"
            act = partial(_arrive, uid=uid, is_rest=is_rest, short=fate.short)
            timeline.at(_ago(epoch, ago, rng), act)
        if fate.closed_ago is not None:
            timeline.at(_ago(epoch, fate.closed_ago, rng), partial(_close, uid=uid, state=fate.state))


def _ago(epoch: datetime, days: float, rng: Random) -> datetime:
    """About so many days before the epoch: at most an hour later, so that the order of a fate holds."""
    return epoch - timedelta(days=days) + hours(0, 1, rng)


def _inbound(rng: Random, n: int, announced: datetime) -> Raw:
    vendor = n % len(VENDORS)
    site = rng.randrange(2)
    own_goodses = [goods for goods in range(len(GOODS)) if catalogue.vendor_of(goods) == vendor]
    own_goodses = [goods for goods in own_goodses if site == 1 or not GOODS[goods].is_far_only]
    chosen = sorted(rng.sample(own_goodses, min(len(own_goodses), rng.randint(2, 3))))
    current_vendor, uid = VENDORS[vendor], f"inbound_shipment_id_{n}"
    return {
        "uid": uid,
        "client": catalogue.client_uid(current_vendor.client),
        "site": catalogue.site_uid(site),
        "placed": moment(announced),
        "po": f"PO-{10400 + n}",
        "state": "EXPECTED",
        "vendor": {"uid": catalogue.vendor_uid(vendor), "title": current_vendor.name},
        "due": moment(announced + timedelta(days=12)),
        "rows": [_row(rng, n, goods, site, announced) for goods in chosen],
        "arrivals": [],
        "from": {
            "street": [current_vendor.street],
            "town": current_vendor.town,
            "region": current_vendor.region,
            "zip": current_vendor.zip,
            "country": current_vendor.country,
        },
        "tracks": [],
        "memos": ["Book a dock slot before arrival"] if n % 3 == 0 else [],
        "pallets": rng.randint(1, 4),
        "link": f"https://warehouse.example.com/inbound/{uid}",
    }


def _row(rng: Random, n: int, goods: int, site: int, announced: datetime) -> Raw:
    current_goods = GOODS[goods]
    best_before = announced.replace(hour=0, minute=0, second=0) + timedelta(days=rng.randrange(400, 700))
    return {
        "item": catalogue.item_uid(goods),
        "sku": catalogue.sku(goods),
        "announced": 6 * rng.randint(4, 20),
        "arrived": 0,
        "vendor_ref": f"{VENDORS[catalogue.vendor_of(goods)].code}-{current_goods.code}",
        "lot": f"lot_id_{goods}_in_{n}" if current_goods.is_lotted else None,
        "expires": moment(best_before) if current_goods.expires else None,
        "put_to": catalogue.reserve(site, goods),
    }


def _announce(records: WorldRecords, inbound: Raw) -> None:
    for row in inbound["rows"]:
        row["cost"] = records.get(stock.ITEMS, row["item"])["cost"]
        stock.expect(records, row["item"], row["announced"])
    records.put(intake.INBOUND, inbound)


def _leave(records: WorldRecords, uid: str) -> None:
    inbound = records.get(intake.INBOUND, uid)
    inbound["state"] = "ON_THE_ROAD"
    inbound["tracks"] = [tracking(records.seed, "freight", records.number("inbound-track"))]
    records.put(intake.INBOUND, inbound)


def _arrive(records: WorldRecords, uid: str, is_rest: bool, short: int) -> None:
    inbound = records.get(intake.INBOUND, uid)
    remaining_items = [row["announced"] - row["arrived"] for row in inbound["rows"]]
    coming = remaining_items if is_rest else [units // 2 for units in remaining_items]
    if is_rest:
        coming[0] -= short
    inbound["state"] = "UNLOADING"
    records.put(intake.INBOUND, intake.take_delivery(records, inbound, coming))


def _close(records: WorldRecords, uid: str, state: str) -> None:
    inbound = records.get(intake.INBOUND, uid)
    records.put(intake.INBOUND, intake.close_delivery(records, inbound, state))
