"""One charge of a carrier invoice; a shipment usually has several."""

from typing import Annotated, Any

from crossdock.resources.common import Money, Tags, Timestamp
from crossdock.resources.schema import DAILY, DATE, Filter, Record, Resource


class InvoiceLineItem(Record, kw_only=True):
    """One charge of a carrier invoice; a shipment usually has several."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    transaction_date: Annotated[Timestamp | None, Filter(DATE)] = None
    account_id: str | None = None
    invoice_id: str | None = None
    tracking_number: str | None = None
    gross_cost: Money | None = None
    net_cost: Money | None = None
    charge_description: str | None = None
    raw: dict[str, Any] = {}
    trackstar_tags: Tags = None


INVOICE_LINE_ITEMS = Resource(
    record=InvoiceLineItem,
    path="/carrier/invoice-line-items",
    singular="invoice_line_item",
    function="get_invoice_line_items",
    event="carrier-invoice-line-item",
    every=DAILY,
    taggable=True,
    bulky=True,
)
