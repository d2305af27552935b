"""Makes worlds: masters first, then four weeks of warehouse life, then what other systems saw of it.

    masters ──► opening count, orders, inbound, returns, upkeep: one timeline
            ──► packs, bills, labor ──► the shop

The carriers' invoices are not kept: they are made of what was sent, when they are asked for.

Equal seeds give equal worlds, but for their dates: those are all relative to the epoch, in the 28 days
before it. Only what is planned (a due date, an expiry) lies after it.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from crossdock.integrations.sandbox.generate.bills import generate_bills
from crossdock.integrations.sandbox.generate.cart import generate_cart
from crossdock.integrations.sandbox.generate.inbound import live_inbound
from crossdock.integrations.sandbox.generate.labor import generate_labor
from crossdock.integrations.sandbox.generate.masters import generate_masters
from crossdock.integrations.sandbox.generate.orders import demand, generate_packs, live_orders, plan_orders
from crossdock.integrations.sandbox.generate.returns import live_returns
from crossdock.integrations.sandbox.generate.stock import live_stock
from crossdock.integrations.sandbox.generate.timeline import Timeline
from crossdock.integrations.sandbox.world.records import World, WorldRecords

LIFE = timedelta(days=28) - timedelta(minutes=5)


def open_world(folder: Path, name: str, seed: int, epoch: datetime) -> World:
    """The world of this name, made from seed and epoch if it is not there yet.

    Raises InvalidCredentials when the name is not one.
    """
    world = World(folder, name)
    if not world.is_filled():
        world.fill_once(seed, _to_the_second(epoch), generate)
    return world


def refill(world: World, seed: int, epoch: datetime) -> None:
    """Make a world anew; whoever reads it meanwhile sees the old one or the new one, whole."""
    world.fill(seed, _to_the_second(epoch), generate)


def generate(records: WorldRecords, epoch: datetime) -> None:
    """Put all records of a world."""
    rng = Random(records.seed)
    start = epoch - LIFE
    records.now = start
    generate_masters(records, rng)
    _live(records, rng, start, epoch)
    generate_packs(records)
    generate_bills(records, start)
    generate_labor(records, rng)
    generate_cart(records, start, epoch)


def _live(records: WorldRecords, rng: Random, start: datetime, epoch: datetime) -> None:
    plans, timeline = plan_orders(rng, epoch), Timeline()
    live_stock(timeline, rng, start, epoch, demand(plans))
    live_orders(timeline, plans)
    live_inbound(timeline, rng, epoch)
    live_returns(timeline, rng, epoch, plans)
    timeline.run(records)


def _to_the_second(epoch: datetime) -> datetime:
    return epoch.astimezone(UTC).replace(microsecond=0)
