"""A carrier connection whose charges are audited, beside the warehouse of the same customer.

await ups.upload(text(row(FREIGHT), …))                 a file comes in
await audited(ups)                                      (rule, amount, tracking number) of what an audit finds
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crossdock.services.application import application
from crossdock.store.connections.connections import ConnectionRow
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World, order

FINDINGS = "/carrier/audit/findings"
TWICE = ("1Z002", "ACC", "Residential Surcharge", "0.00", "4.35")
FEE = ("", "MSC", "Weekly Service Charge", "0.00", "30.00")
ADDRESS = ("1Z005", "ADC", "Address Correction Ground", "0.00", "17.50")
TO_ONE_ADDRESS = {
    "Receiver Address Line 1": "1 Main St", "Receiver City": "Anytown", "Receiver Postal": "12345",
    "Receiver Country": "US",
}  # fmt: skip
WEIGHED = {
    "Billed Weight": "10",
    "Billed Weight Unit of Measure": "LB",
    "Entered Weight": "10",
    "Entered Weight Unit of Measure": "LB",
}
HEAVY = WEIGHED | {"Billed Weight": "15"}


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


@pytest.fixture
async def ups(world: World, http: httpx.AsyncClient) -> Carrier:
    return await connected(world, http, customer=None)


def shipped(number: int, *trackings: str, **extra_fields: Any) -> dict[str, Any]:
    shipment = {
        "id": f"s{number}", "warehouse": "w-1", "shipped_at": "2026-01-20T00:00:00Z",
        "trackings": list(trackings),
    }  # fmt: skip
    return order(number, created_at="2026-01-10T00:00:00Z", shipments=[shipment], **extra_fields)


async def warehouse(world: World, *orders: dict[str, Any]) -> ConnectionRow:
    world.vendor.collections["orders"] = list(orders)
    return await world.connect()


async def audited(carrier: Carrier) -> list[tuple[str, float, str | None]]:
    """(rule, amount, tracking number) of what an audit finds now, by rule."""
    await audit(carrier)
    return sorted(
        (record["rule"], record["amount"], record["tracking_number"]) for record in await findings(carrier)
    )


async def audit(carrier: Carrier) -> None:
    """Have the charges audited now."""
    carrier.world.clock.pass_seconds(3601)
    assert await carrier.world.services.jobs.find_audits() == 1
    await carrier.world.work()


async def findings(carrier: Carrier, **query: Any) -> list[dict[str, Any]]:
    """The findings that a query gives, in order; not what could not be judged."""
    data = (await carrier.get(FINDINGS, **query))["data"]
    return [record for record in data if record["rule"] != "not_judged"]


async def refused(carrier: Carrier, method: str, path: str, **extra_fields: Any) -> dict[str, Any]:
    """What a refusal says is wrong, by where it stands."""
    answer = await carrier.ask(method, path, **extra_fields)
    assert answer.status_code == 422, answer.text
    detail: dict[str, Any] = answer.json()["detail"]
    return detail
