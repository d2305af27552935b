"""Generates stock: what was there at the beginning, and what the warehouse itself did with it since."""

from datetime import datetime, timedelta
from functools import partial
from random import Random

from crossdock.integrations.sandbox.generate.timeline import Timeline, hours
from crossdock.integrations.sandbox.world import catalogue, stock
from crossdock.integrations.sandbox.world.catalogue import GOODS, SITES
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.integrations.sandbox.world.stock import HeldStock, StockCause


def live_stock(
    timeline: Timeline, rng: Random, start: datetime, epoch: datetime, needed: dict[tuple[str, str], int]
) -> None:
    """Put the opening count on the timeline, enough for all orders, and then the upkeep of the warehouse."""
    opening = start + timedelta(hours=1)
    for goods, current_goods in enumerate(GOODS):
        for site in range(len(SITES)):
            if current_goods.is_far_only and site == 0:
                continue
            number = needed.get((catalogue.item_uid(goods), catalogue.site_uid(site)), 0)
            units = number + rng.randrange(30, 160)
            for held_stock in _opening(rng, goods, site, units, epoch):
                timeline.at(opening, partial(_count, item=catalogue.item_uid(goods), held_stock=held_stock))
    for goods, site in _sample(rng, 10):
        timeline.at(epoch - hours(40, 600, rng), partial(_replenish, goods=goods, site=site))
    for goods, site in _sample(rng, 8):
        act = partial(_recount, goods=goods, site=site, units=rng.choice((-3, -2, -1, 1, 2)))
        timeline.at(epoch - hours(20, 500, rng), act)
    for goods, site in _sample(rng, 4):
        timeline.at(epoch - hours(20, 300, rng), partial(_send_back, goods=goods, site=site))
    for goods, site in _sample(rng, 4):
        timeline.at(epoch - hours(20, 600, rng), partial(_draw_sample, goods=goods, site=site))
    timeline.at(epoch - hours(30, 200, rng), partial(_balance, goods=8))


def _sample(rng: Random, count: int) -> list[tuple[int, int]]:
    """So many different (goods, warehouse) that hold something."""
    near = [(n, 0) for n, goods in enumerate(GOODS) if not goods.is_far_only]
    far = [(n, 1) for n in range(len(GOODS))]
    return rng.sample(near + far, count)


def _opening(rng: Random, goods: int, site: int, units: int, epoch: datetime) -> list[HeldStock]:
    """The units on pick face and reserve, and a few more in quarantine; two lots where there are lots."""
    where = catalogue.site_uid(site)
    early, late = _lot(rng, goods, site, 0, epoch), _lot(rng, goods, site, 1, epoch)
    near = units // 3
    return [
        HeldStock(catalogue.pick_face(site, goods), where, near, *early),
        HeldStock(catalogue.reserve(site, goods), where, units - near, *late),
        HeldStock(catalogue.quarantine(site), where, rng.randrange(2, 9), *late, is_blocked=True),
    ]


def _lot(rng: Random, goods: int, site: int, n: int, epoch: datetime) -> tuple[str | None, str | None]:
    current_goods = GOODS[goods]
    if not current_goods.is_lotted:
        return None, None
    days = rng.randrange(60, 200) + 240 * n
    midnight = epoch.replace(hour=0, minute=0, second=0)
    return f"lot_id_{goods}_{site}_{n}", moment(
        midnight + timedelta(days=days)
    ) if current_goods.expires else None


def _count(records: WorldRecords, item: str, held_stock: HeldStock) -> None:
    stock.put_in(records, item, held_stock, StockCause("OPENING", "Opening count"))


def _replenish(records: WorldRecords, goods: int, site: int) -> None:
    """A dozen units go from the reserve to the pick face."""
    item, where = catalogue.item_uid(goods), catalogue.site_uid(site)
    full = _place_of(records, goods, catalogue.reserve(site, goods))
    if full is None or full.units < 12:
        return
    cause = StockCause("RELOCATE", "Replenish pick face")
    stock.take_out(records, item, full.of(12), cause)
    face = catalogue.pick_face(site, goods)
    stock.put_in(records, item, HeldStock(face, where, 12, full.lot, full.expires), cause)


def _recount(records: WorldRecords, goods: int, site: int, units: int) -> None:
    """A cycle count finds a few more or fewer in the reserve."""
    held_stock = _place_of(records, goods, catalogue.reserve(site, goods))
    if held_stock is None:
        return
    item, cause = catalogue.item_uid(goods), StockCause("COUNT", "Cycle count")
    if units > 0:
        stock.put_in(records, item, held_stock.of(units), cause)
    elif held_stock.units >= 40:
        stock.take_out(records, item, held_stock.of(-units), cause)


def _send_back(records: WorldRecords, goods: int, site: int) -> None:
    """Half of what is in quarantine goes back to its maker."""
    held_stock = _place_of(records, goods, catalogue.quarantine(site))
    if held_stock is None:
        return
    maker = catalogue.VENDORS[catalogue.vendor_of(goods)].name
    cause = StockCause("TO_VENDOR", f"Faulty, back to {maker}")
    stock.take_out(records, catalogue.item_uid(goods), held_stock.of((held_stock.units + 1) // 2), cause)


def _draw_sample(records: WorldRecords, goods: int, site: int) -> None:
    """One faulty unit leaves for the photo studio: a word that no other system has."""
    held_stock = _place_of(records, goods, catalogue.quarantine(site))
    if held_stock is not None:
        stock.take_out(
            records, catalogue.item_uid(goods), held_stock.of(1), StockCause("SAMPLE_DRAW", "Photo studio")
        )


def _balance(records: WorldRecords, goods: int) -> None:
    """A few units go from the second warehouse to the first."""
    held_stock = _place_of(records, goods, catalogue.reserve(1, goods))
    if held_stock is None or held_stock.units < 40:
        return
    item, cause = catalogue.item_uid(goods), StockCause("RELOCATE", "Balance between warehouses")
    stock.take_out(records, item, held_stock.of(6), cause)
    there = HeldStock(
        catalogue.reserve(0, goods), catalogue.site_uid(0), 6, held_stock.lot, held_stock.expires
    )
    stock.put_in(records, item, there, cause)


def _place_of(records: WorldRecords, goods: int, reserve: str) -> HeldStock | None:
    """The stock of the goods in a place, or None."""
    item = records.get(stock.ITEMS, catalogue.item_uid(goods))
    return next((held_stock for held_stock in stock.held(item) if held_stock.bin == reserve), None)
