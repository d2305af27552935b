"""Generates stock: what was there at the beginning, and what the warehouse itself did with it since."""

from datetime import datetime, timedelta
from functools import partial
from random import Random

from crossdock.integrations.sandbox import catalogue, stock
from crossdock.integrations.sandbox.catalogue import GOODS, SITES
from crossdock.integrations.sandbox.stock import Cause, Held
from crossdock.integrations.sandbox.timeline import Timeline, hours
from crossdock.integrations.sandbox.world import Records, moment


def live_stock(
    timeline: Timeline, rng: Random, start: datetime, epoch: datetime, needed: dict[tuple[str, str], int]
) -> None:
    """Puts the opening count on the timeline, enough for all orders, and then the upkeep of the warehouse."""
    opening = start + timedelta(hours=1)
    for goods, one in enumerate(GOODS):
        for site in range(len(SITES)):
            if one.is_far_only and site == 0:
                continue
            wanted = needed.get((catalogue.item_uid(goods), catalogue.site_uid(site)), 0)
            units = wanted + rng.randrange(30, 160)
            for what in _opening(rng, goods, site, units, epoch):
                timeline.at(opening, partial(_count, item=catalogue.item_uid(goods), what=what))
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
    near = [(n, 0) for n, one in enumerate(GOODS) if not one.is_far_only]
    far = [(n, 1) for n in range(len(GOODS))]
    return rng.sample(near + far, count)


def _opening(rng: Random, goods: int, site: int, units: int, epoch: datetime) -> list[Held]:
    """The units on pick face and reserve, and a few more in quarantine; two lots where there are lots."""
    where = catalogue.site_uid(site)
    early, late = _lot(rng, goods, site, 0, epoch), _lot(rng, goods, site, 1, epoch)
    near = units // 3
    return [
        Held(catalogue.pick_face(site, goods), where, near, *early),
        Held(catalogue.reserve(site, goods), where, units - near, *late),
        Held(catalogue.quarantine(site), where, rng.randrange(2, 9), *late, is_blocked=True),
    ]


def _lot(rng: Random, goods: int, site: int, n: int, epoch: datetime) -> tuple[str | None, str | None]:
    one = GOODS[goods]
    if not one.is_lotted:
        return None, None
    days = rng.randrange(60, 200) + 240 * n
    midnight = epoch.replace(hour=0, minute=0, second=0)
    return f"lot_id_{goods}_{site}_{n}", moment(midnight + timedelta(days=days)) if one.expires else None


def _count(records: Records, item: str, what: Held) -> None:
    stock.put_in(records, item, what, Cause("OPENING", "Opening count"))


def _replenish(records: Records, goods: int, site: int) -> None:
    """A dozen units go from the reserve to the pick face."""
    item, where = catalogue.item_uid(goods), catalogue.site_uid(site)
    full = _place_of(records, goods, catalogue.reserve(site, goods))
    if full is None or full.units < 12:
        return
    cause = Cause("RELOCATE", "Replenish pick face")
    stock.take_out(records, item, full.of(12), cause)
    face = catalogue.pick_face(site, goods)
    stock.put_in(records, item, Held(face, where, 12, full.lot, full.expires), cause)


def _recount(records: Records, goods: int, site: int, units: int) -> None:
    """A cycle count finds a few more or fewer in the reserve."""
    what = _place_of(records, goods, catalogue.reserve(site, goods))
    if what is None:
        return
    item, cause = catalogue.item_uid(goods), Cause("COUNT", "Cycle count")
    if units > 0:
        stock.put_in(records, item, what.of(units), cause)
    elif what.units >= 40:
        stock.take_out(records, item, what.of(-units), cause)


def _send_back(records: Records, goods: int, site: int) -> None:
    """Half of what is in quarantine goes back to its maker."""
    what = _place_of(records, goods, catalogue.quarantine(site))
    if what is None:
        return
    maker = catalogue.VENDORS[catalogue.vendor_of(goods)].name
    cause = Cause("TO_VENDOR", f"Faulty, back to {maker}")
    stock.take_out(records, catalogue.item_uid(goods), what.of((what.units + 1) // 2), cause)


def _draw_sample(records: Records, goods: int, site: int) -> None:
    """One faulty unit leaves for the photo studio: a word that no other system has."""
    what = _place_of(records, goods, catalogue.quarantine(site))
    if what is not None:
        stock.take_out(records, catalogue.item_uid(goods), what.of(1), Cause("SAMPLE_DRAW", "Photo studio"))


def _balance(records: Records, goods: int) -> None:
    """A few units go from the second warehouse to the first."""
    what = _place_of(records, goods, catalogue.reserve(1, goods))
    if what is None or what.units < 40:
        return
    item, cause = catalogue.item_uid(goods), Cause("RELOCATE", "Balance between warehouses")
    stock.take_out(records, item, what.of(6), cause)
    there = Held(catalogue.reserve(0, goods), catalogue.site_uid(0), 6, what.lot, what.expires)
    stock.put_in(records, item, there, cause)


def _place_of(records: Records, goods: int, place: str) -> Held | None:
    """What of the goods is in a place, or None."""
    item = records.get(stock.ITEMS, catalogue.item_uid(goods))
    return next((one for one in stock.held(item) if one.bin == place), None)
