"""Generates returns: two in every state, each of an order that was sent two weeks ago or earlier."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from crossdock.integrations.sandbox.generate.orders import CONSUMER, DROP, OrderPlan
from crossdock.integrations.sandbox.generate.timeline import Timeline, hours
from crossdock.integrations.sandbox.world import despatch, intake
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

REASONS = ("Too small", "Defective", "Changed mind", "Wrong item", "Arrived late")


@dataclass(frozen=True)
class ReturnFate:
    """The fate of a return, in days before the epoch."""

    state: str
    announced_ago: float
    sent_ago: float | None = None
    arrived_ago: float | None = None
    closed_ago: float | None = None
    damaged: int = 0


FATES = (
    ReturnFate("BOOKED", 11, 10, 6),
    ReturnFate("BOOKED", 10.5, 9, 5, damaged=1),
    ReturnFate("LOST", 11.5, 10, None, 2),
    ReturnFate("VOID", 10, None, None, 8),
    ReturnFate("UNPACKING", 8, 7, 1),
    ReturnFate("EN_ROUTE", 6, 4),
    ReturnFate("ANNOUNCED", 3),
    ReturnFate("ANNOUNCED", 1),
    ReturnFate("EN_ROUTE", 5, 3),
    ReturnFate("UNPACKING", 9, 8, 2),
    ReturnFate("VOID", 7, None, None, 5),
    ReturnFate("LOST", 11, 9, None, 3),
)


def live_returns(timeline: Timeline, rng: Random, epoch: datetime, plans: list[OrderPlan]) -> None:
    """Put all returns on the timeline, each for another order of a consumer."""
    sent = [plan for plan in plans if plan.state == despatch.SENT and plan.order["kind"] in (CONSUMER, DROP)]
    sent.sort(key=lambda plan: plan.done)
    for n, (fate, plan) in enumerate(zip(FATES, sent, strict=False)):
        uid = f"return_id_{n}"
        announced = _ago(epoch, fate.announced_ago, rng)
        announce = partial(_announce, uid=uid, order_uid=plan.order["uid"], reason=rng.choice(REASONS))
        timeline.at(announced, announce)
        if fate.sent_ago is not None:
            timeline.at(_ago(epoch, fate.sent_ago, rng), partial(_send, uid=uid))
        if fate.arrived_ago is not None:
            act = partial(_arrive, uid=uid, state=fate.state, damaged=fate.damaged)
            timeline.at(_ago(epoch, fate.arrived_ago, rng), act)
        if fate.closed_ago is not None:
            timeline.at(_ago(epoch, fate.closed_ago, rng), partial(_close, uid=uid, state=fate.state))


def _ago(epoch: datetime, days: float, rng: Random) -> datetime:
    return epoch - timedelta(days=days) + hours(0, 1, rng)


def _announce(records: WorldRecords, uid: str, order_uid: str, reason: str) -> None:
    """The first two things of the first parcel come back, all units of them."""
    order = records.get(despatch.ORDERS, order_uid)
    shipment = order["despatches"][0]
    contents = shipment["parcels"][0]["contents"][:2]
    records.put(
        intake.RETURNS,
        {
            "uid": uid,
            "client": order["client"],
            "site": shipment["site"],
            "placed": moment(records.now),
            "state": "ANNOUNCED",
            "order": order_uid,
            "memos": [f"Buyer says: {reason.lower()}"],
            "rows": [_row(content, reason) for content in contents],
            "parcels": [],
            "label_paid_by": "SHOP" if reason in ("Defective", "Wrong item") else "BUYER",
            "link": f"https://warehouse.example.com/returns/{uid}",
        },
    )


def _row(sent: Raw, reason: str) -> dict[str, Any]:
    return {
        "item": sent["item"],
        "sku": sent["sku"],
        "lot": sent["lot"],
        "expires": sent["expires"],
        "announced": sent["units"],
        "arrived": 0,
        "restocked": 0,
        "arrived_at": None,
        "reason": reason,
        "checks": [],
    }


def _send(records: WorldRecords, uid: str) -> None:
    returned = records.get(intake.RETURNS, uid)
    records.put(intake.RETURNS, intake.send_back(records, returned))


def _arrive(records: WorldRecords, uid: str, state: str, damaged: int) -> None:
    """All of it, or all but one unit of each row while it is still being unpacked."""
    returned = records.get(intake.RETURNS, uid)
    returned["state"] = state
    left_out = 1 if state == "UNPACKING" else 0
    bad = [min(damaged, row["announced"]) for row in returned["rows"]]
    good = [row["announced"] - left_out - less for row, less in zip(returned["rows"], bad, strict=True)]
    records.put(intake.RETURNS, intake.take_back(records, returned, good, bad))


def _close(records: WorldRecords, uid: str, state: str) -> None:
    returned = records.get(intake.RETURNS, uid)
    returned["state"] = state
    records.put(intake.RETURNS, returned)
