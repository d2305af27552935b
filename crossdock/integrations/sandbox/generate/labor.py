"""Generates who did what in the warehouse, from what was done: picks, packs, deliveries, moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from crossdock.integrations.sandbox.world import despatch, intake, stock
from crossdock.integrations.sandbox.world.catalogue import WORKERS
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw


@dataclass(frozen=True)
class LaborJob:
    """A piece of work. `end` is None while it goes on."""

    task: str
    start: datetime
    end: datetime | None
    site: str
    client: str
    kind: str
    uid: str
    units: int


def generate_labor(records: WorldRecords, rng: Random) -> None:
    """One activity for each piece of work, in the order of time."""
    jobs = [*_orders(records), *_deliveries(records), *_returned(records), *_moves(records)]
    for n, job in enumerate(sorted(jobs, key=lambda job: (job.start, job.uid, job.task))):
        worker, first, last = rng.choice(WORKERS)
        records.now = job.end or job.start
        records.put(
            "wms_labor_activities",
            {
                "uid": f"labor_activity_id_{n}",
                "begun": moment(job.start),
                "ended": moment(job.end) if job.end else None,
                "worker": {"uid": worker, "first": first, "last": last},
                "site": job.site,
                "client": job.client,
                "task": job.task,
                "about": {"kind": job.kind, "uid": job.uid},
                "units": job.units,
                "device": f"SCANNER-{rng.randrange(1, 9)}",
            },
        )


def _orders(records: WorldRecords) -> Iterator[LaborJob]:
    for order in records.all(despatch.ORDERS):
        units = sum(line["ordered"] for line in order["lines"])
        for task, stage in (("PICK", "picked_at"), ("PACK", "packed_at")):
            if stage in order["stages"]:
                end = datetime.fromisoformat(order["stages"][stage])
                yield _job(order, task, end, "ORDER", units)
        if order["state"] == "IN_WAVE":
            start = datetime.fromisoformat(order["changed"])
            yield LaborJob("PICK", start, None, order["site"], order["client"], "ORDER", order["uid"], 0)


def _deliveries(records: WorldRecords) -> Iterator[LaborJob]:
    for inbound in records.all(intake.INBOUND):
        for arrival in inbound["arrivals"]:
            end = datetime.fromisoformat(arrival["at"])
            units = sum(row["units"] for row in arrival["rows"])
            yield _job(inbound, "RECEIVE", end - timedelta(minutes=30), "INBOUND", units)
            yield _job(inbound, "PUTAWAY", end, "INBOUND", units)


def _returned(records: WorldRecords) -> Iterator[LaborJob]:
    for returned in records.all(intake.RETURNS):
        came = [row["arrived_at"] for row in returned["rows"] if row["arrived_at"]]
        if came:
            units = sum(row["arrived"] for row in returned["rows"])
            yield _job(returned, "RECEIVE", datetime.fromisoformat(max(came)), "RETURN", units)


def _moves(records: WorldRecords) -> Iterator[LaborJob]:
    for entry in records.all(stock.LEDGER):
        if entry["word"] == "RELOCATE" and entry["units"] > 0:
            end = datetime.fromisoformat(entry["happened"])
            yield LaborJob(
                "MOVE",
                end - timedelta(minutes=6),
                end,
                entry["site"],
                entry["client"],
                "ITEM",
                entry["item"],
                entry["units"],
            )


def _job(about: Raw, task: str, end: datetime, kind: str, units: int) -> LaborJob:
    """Work that ended when the record says so, and took a while that grows with the units."""
    took = timedelta(minutes=2, seconds=12 * units)
    return LaborJob(task, end - took, end, about["site"], about["client"], kind, about["uid"], units)
