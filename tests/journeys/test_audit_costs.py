"""What orders and accounts cost: shares of a parcel, freight of returns, costs without a parcel."""

from decimal import Decimal
from typing import Any

from crossdock.resources.wms.returns import RETURNS
from crossdock.store.carriers import trackings
from crossdock.store.carriers.trackings import TrackedRecord, TrackingRow
from crossdock.store.connections.connections import ConnectionRow
from tests.fakes.invoices import FREIGHT, FUEL, row, text
from tests.journeys.auditing import FEE, WEIGHED, audit, http, shipped, ups, warehouse
from tests.journeys.carriers import Carrier
from tests.journeys.conftest import World

__all__ = ["http", "ups"]

COSTS = "/carrier/shipment-costs"
TOGETHER = "1Z001"
INSURANCE = ("", "MSC", "Insurance", "0.00", "5.00")


async def costs(carrier: Carrier, **query: Any) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = (await carrier.get(COSTS, **query))["data"]
    return data


async def came_back(world: World, connection: ConnectionRow, order_id: str, number: str) -> None:
    """Have the warehouse know of a return of an order."""
    record = TrackedRecord("r-1", None, [TrackingRow(number)], order_id)
    async with world.services.database.transaction() as transaction:
        await trackings.put_trackings(transaction, connection.id, RETURNS, [record])


async def test_two_orders_in_one_parcel_share_its_cost_to_the_cent(world: World, ups: Carrier):
    await warehouse(world, shipped(1, TOGETHER), shipped(2, TOGETHER))
    await ups.upload(text(row(FREIGHT), row(FUEL)))
    await audit(ups)
    [cost] = await costs(ups)
    shares = {order["order_id"]: order["net_cost"] for order in cost["orders"]}
    assert shares == {"o-001": 5.63, "o-002": 5.62}
    assert sum(Decimal(str(share)) for share in shares.values()) == Decimal(str(cost["net_cost"]))
    assert await costs(ups, order_id="o-001") == await costs(ups, order_id="o-002") == [cost]


async def test_freight_of_a_return_belongs_to_the_order_that_comes_back(world: World, ups: Carrier):
    connection = await warehouse(world, shipped(1, TOGETHER), shipped(2, "1Z777"))
    await came_back(world, connection, "o-001", "1Z900")
    back = ("1Z900", "FRT", "Transportation Charges", "0.00", "8.00")
    await ups.upload(text(row(FREIGHT, total="10.00"), row(back, "INV2", "8.00")))
    await audit(ups)
    of_order = {cost["tracking_number"]: cost for cost in await costs(ups, order_id="o-001")}
    assert {number: cost["net_cost"] for number, cost in of_order.items()} == {TOGETHER: 10.0, "1Z900": 8.0}
    assert of_order["1Z900"]["orders"] == [
        {
            "connection_id": connection.uid, "integration_type": "wms", "order_id": "o-001",
            "order_number": "N1", "net_cost": 8.0,
        }
    ]  # fmt: skip
    assert await costs(ups, order_id="r-1") == []


async def test_weight_zone_and_service_are_those_of_the_last_freight_row(world: World, ups: Carrier):
    first = WEIGHED | {"Zone": "2", "Original Service Description": "Ground"}
    again = row(
        ("1Z001", "FRT", "Ground Shipping Charge Correction", "0.00", "3.00"), "INV2", "3.00",
        **(first | {"Billed Weight": "20", "Zone": "5", "Charge Category Code": "ADJ",
                    "Charge Category Detail Code": "SCC"}),
    ) | {"Invoice Date": "2026-02-07"}  # fmt: skip
    fuel = row(FUEL, "INV2", "3.00", **{"Billed Weight": "0", "Zone": ""}) | {"Invoice Date": "2026-02-07"}
    await ups.upload(text(row(FREIGHT, total="10.00", **first), again, fuel))
    await audit(ups)
    [cost] = await costs(ups)
    assert (cost["billed_weight"], cost["zone"], cost["service"]) == (20, "5", "Ground")


# Without a parcel


async def test_what_has_no_tracking_number_is_told_by_invoice_and_label(world: World, ups: Carrier):
    await ups.upload(
        text(
            row(FEE, "INV1", "65.00"),
            row(FEE, "INV1", "65.00"),
            row(INSURANCE, "INV1", "65.00"),
            row(FREIGHT, "INV2"),
        )
    )
    await audit(ups)
    account_costs = await ups.get("/carrier/account-costs")
    assert [
        (cost["invoice_id"], cost["charge_description"], cost["charges"], cost["net_cost"])
        for cost in account_costs["data"]
    ] == [("INV1", "Insurance", 1, 5.0), ("INV1", "Weekly Service Charge", 2, 60.0)]
    assert {cost["account_id"] for cost in account_costs["data"]} == {"00A1"}
    first = await ups.get("/carrier/account-costs", limit=1)
    second = await ups.get("/carrier/account-costs", limit=1, page_token=first["next_token"])
    assert first["data"] + second["data"] == account_costs["data"]
    assert [cost["tracking_number"] for cost in await costs(ups)] == ["1Z001"]


async def test_they_are_spread_over_the_parcels_of_their_invoice_where_settings_say_so(
    world: World, ups: Carrier
):
    second = ("1Z002", "FRT", "Transportation Charges", "0.00", "30.00")
    await ups.upload(
        text(
            row(FEE, "INV1", "70.00"), row(FREIGHT, "INV1", "70.00"), row(second, "INV1", "70.00"),
            row(("1Z003", "FRT", "Transportation Charges", "0.00", "9.00"), "INV2", "9.00"),
        )
    )  # fmt: skip
    await audit(ups)
    assert [cost["spread_cost"] for cost in await costs(ups)] == [None, None, None]
    settings = {"settings": [{"account_id": "00A1", "spreads_costs": True}]}
    await ups.ask("PUT", "/carrier/audit/settings", json=settings)
    spread = {cost["tracking_number"]: cost["spread_cost"] for cost in await costs(ups)}
    assert spread == {"1Z001": 7.5, "1Z002": 22.5, "1Z003": 0}
    assert [cost["net_cost"] for cost in await costs(ups)] == [10.0, 30.0, 9.0]
