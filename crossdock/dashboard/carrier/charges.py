"""Line items of a carrier with the API's filters, and what the shipments of orders cost."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.carrier.accounts import Amount
from crossdock.dashboard.carrier.head import CarrierHead, carrier_of, head_of, title_of
from crossdock.dashboard.context import DashboardContext
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.resources.schema import Kind

PAGE = 50
PARCELS = 25
MOST_PARCELS = 1000
"""Of one order, all on one page: their sum is the order's."""
CHARGED = "transaction_date"
TIMES = sorted(
    (column.name for column in INVOICE_LINE_ITEMS.filters.values() if column.kind is Kind.TIME),
    key=lambda name: name != CHARGED,
)
"""Of what people ask for most, first."""
FILTERS = [
    f"{column.name}[{operator}]" if operator else column.name
    for column in INVOICE_LINE_ITEMS.filters.values()
    for operator in column.operators
]
"""All that the API's list takes."""


class LineItemsPage(msgspec.Struct, kw_only=True):
    """Line items as `GET /carrier/invoice-line-items` has them. times: filters that are dates.

    has_more_dates: whether another than the date of the charge is asked for.
    """

    carrier: CarrierHead
    line_items: list[dict[str, Any]]
    times: list[str]
    has_more_dates: bool
    filters: dict[str, str]
    next_token: str | None


class CostsPage(msgspec.Struct, kw_only=True):
    """Costs of shipments, as `GET /carrier/shipment-costs` has it. totals: where an order is asked for.

    is_whole: whether all shipments of that order are in the totals.
    """

    carrier: CarrierHead
    costs: list[dict[str, Any]]
    totals: list[Amount]
    is_whole: bool
    filters: dict[str, str]
    next_token: str | None


async def listed(visit: DashboardContext) -> Response:
    """A page of line items, by any filter of the API."""
    connection = await carrier_of(visit)
    filters = visit.query(*FILTERS, "ids", "as_of")
    wanted = {**filters, **visit.query("page_token"), "limit": PAGE}
    answer = await visit.inside.get(INVOICE_LINE_ITEMS.path, wanted, connection.uid)
    head = await head_of(visit, connection)
    page = LineItemsPage(
        carrier=head,
        line_items=answer["data"],
        times=TIMES,
        has_more_dates=any(name.partition("[")[0] in TIMES[1:] for name in filters),
        filters=filters,
        next_token=answer["next_token"],
    )
    return visit.view("carrier/line_items.html", page, title=title_of(head, "line items"))


async def costs(visit: DashboardContext) -> Response:
    """A page of shipments with their charges and orders; of one order, all of them with their sums."""
    connection = await carrier_of(visit)
    filters = visit.query("order_id", "tracking_number")
    limit = MOST_PARCELS if "order_id" in filters else PARCELS
    wanted = {**filters, **visit.query("page_token"), "limit": limit}
    answer = await visit.inside.get("/carrier/shipment-costs", wanted, connection.uid)
    head = await head_of(visit, connection)
    page = CostsPage(
        carrier=head,
        costs=answer["data"],
        totals=_totals(answer["data"]) if "order_id" in filters else [],
        is_whole="page_token" not in wanted and answer["next_token"] is None,
        filters=filters,
        next_token=answer["next_token"],
    )
    return visit.view("carrier/costs.html", page, title=title_of(head, "cost per order"))


def _totals(shipment_costs: Iterable[dict[str, Any]]) -> list[Amount]:
    """The sums of shipments by currency."""
    sums: dict[str, Decimal] = {}
    for cost in shipment_costs:
        currency = cost["currency"] or ""
        sums[currency] = sums.get(currency, Decimal(0)) + Decimal(cost["net_cost"])
    return [Amount(currency=currency, amount=amount) for currency, amount in sorted(sums.items())]
