"""An audit of carrier charges: seconds for a million, and whether its memory is flat.

The charges are those of a made-up account of UPS: freight and fuel of each parcel, a surcharge on every
third, in fifty weeks; some are charged twice, given back, corrected.
"""

import asyncio
import multiprocessing
import resource
import time
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from random import Random

from bench.results import Result, at_most
from bench.run import Bench
from bench.stores import Prepared
from crossdock.audit.run import do_audit
from crossdock.jobs.queue import claim, enqueue
from crossdock.services.clock import now_ms
from crossdock.store.carriers import charges
from crossdock.store.carriers.audit import KIND
from crossdock.store.carriers.charges import ChargeRow

AT_ONCE = 5_000
MOST_SECONDS = 60.0
"""What an audit of a million charges may take."""
FLAT = 1.3
WEEK, BEGIN = 7 * 86_400, 1_735_689_600


def run(bench: Bench) -> Iterator[Result]:
    large = min(1_000_000, bench.scale.grown)
    for stores in bench.kinds:
        memory: dict[int, int] = {}
        for size in (large // 10, large):
            with stores.fresh() as prepared, bench.console.status(f"{size:,} charges on {stores.label}"):
                asyncio.run(_charged(prepared, size))
                seconds, memory[size] = _measured(prepared)
            if size == large:
                yield at_most(
                    1.0,
                    name=f"an audit of {size:,} charges, {stores.label}",
                    against=f"{MOST_SECONDS:g} s for each million",
                    ours=seconds,
                    theirs=MOST_SECONDS * size / 1_000_000,
                    unit="s",
                )
        yield at_most(
            FLAT,
            name=f"its memory at {large:,} charges, {stores.label}",
            against=f"at {large // 10:,}",
            ours=memory[large] / 1024,
            theirs=memory[large // 10] / 1024,
            unit="MiB",
        )


def _measured(prepared: Prepared) -> tuple[float, int]:
    """Seconds of an audit, and the peak of a process of its own that does it, in KiB."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_audit, args=(prepared, theirs))
    process.start()
    seconds, peak = ours.recv()
    process.join()
    return seconds, peak


def _audit(prepared: Prepared, pipe: object) -> None:
    seconds = asyncio.run(_audited(prepared))
    pipe.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))  # type: ignore[attr-defined]


async def _audited(prepared: Prepared) -> float:
    async with prepared.opened() as database:
        async with database.transaction() as transaction:
            await enqueue(
                transaction,
                kind=KIND,
                connection_id=prepared.connection.id,
                cause="schedule",
                now_ms=now_ms(),
            )
        lease = await claim(database, "bench", now_ms, kinds=(KIND,))
        if lease is None:
            raise RuntimeError("the job that was just queued is not there")
        began = time.perf_counter()
        await do_audit(database, now_ms, lease, asyncio.Event())
        return time.perf_counter() - began


async def _charged(prepared: Prepared, size: int) -> None:
    """Have the connection be one of UPS with so many charges."""
    rows = _charges(size)
    async with prepared.opened() as database:
        async with database.transaction() as transaction:
            await transaction.execute(
                "UPDATE connections SET type = 'carrier', integration = 'ups' WHERE id = ?",
                prepared.connection.id,
            )
        while batch := list(islice(rows, AT_ONCE)):
            async with database.transaction() as transaction:
                await charges.put_charges(transaction, prepared.connection.id, batch)


def _charges(size: int) -> Iterator[ChargeRow]:
    random, made, number = Random(size), 0, 0
    while made < size:
        for row in _parcel(number, random):
            yield row
            made += 1
        number += 1


def _parcel(number: int, random: Random) -> Iterator[ChargeRow]:
    week, zone, pounds = number % 50, random.randrange(2, 9), random.randrange(1, 60)
    price = Decimal(700 + 40 * pounds + 30 * zone) / 100
    yield _charge(number, 0, week, "Ground", "base", price, zone, pounds)
    yield _charge(number, 1, week, "Fuel Surcharge", "fuel", (price * 18 / 100).quantize(Decimal("0.01")))
    if number % 3 == 0:
        yield _charge(number, 2, week, "Residential Surcharge", "residential", Decimal("3.05"))
    if number % 200 == 0:
        yield _charge(number, 3, week + 1, "Residential Surcharge", "residential", Decimal("3.05"))
    if number % 100 == 1:
        yield _charge(number, 4, week + 1, "Ground Adjustment", "base", -price)
    if number % 50 == 2:
        yield _charge(
            number,
            5,
            week + 1,
            "Shipping Charge Correction",
            "correction",
            Decimal("4.40"),
            zone,
            pounds + 9,
            reason="charge_correction",
            measures='{"size":[20,16,12],"size_unit":"in"}',
        )


def _charge(
    number: int,
    line: int,
    week: int,
    label: str,
    category: str,
    net: Decimal,
    zone: int = 0,
    pounds: int = 0,
    **more: str,
) -> ChargeRow:
    charged, amount = BEGIN + week * WEEK, f"{net:f}"
    weight = str(pounds) if pounds else None
    return ChargeRow(
        item_id=f"{number:08}{line}",
        account_id=f"A{number % 4}",
        invoice_id=f"I{number % 4}{week:02}",
        tracking_number=f"1Z{number:09}",
        parcel=f"1Z{number:09}",
        label=label,
        category=category,
        gross=amount,
        net=amount,
        currency="USD",
        charged_on=charged,
        service="Ground" if pounds else None,
        zone=f"{zone:03}" if zone else None,
        billed_weight=weight,
        actual_weight=weight,
        weight_unit="lb",
        shipped_on=charged,
        invoiced_on=charged + WEEK,
        **more,
    )
