"""Invoices of carriers: what each comes to, and whether its line items add up to that."""

import msgspec
from starlette.responses import Response

from crossdock.api.carrier import schemas
from crossdock.api.carrier.files import offered
from crossdock.api.context import RequestContext
from crossdock.store.carriers import invoices
from crossdock.store.carriers.invoices import StoredInvoice
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply
from crossdock.wire import stamp


async def get_list(visit: RequestContext) -> Response:
    """A page of the connection's invoices, by id."""
    offered(visit)
    arguments = visit.arguments()
    pages = PageTokens(visit.door.page_key, visit.connection.id, "carrier invoices")
    after = pages.key_or_none(arguments.get("page_token")) or ("",)
    number, reconciled = arguments.get("invoice_id"), arguments.get("reconciled")
    rows = await paginate(
        int(arguments["limit"]),
        lambda limit: invoices.page(
            visit.door.database,
            visit.connection.id,
            invoice_id=None if number is None else str(number),
            reconciled=None if reconciled is None else bool(reconciled),
            after=str(after[0]),
            limit=limit,
        ),
        lambda row: pages.token((row[0].id,), None),
    )
    shown = [_shown(invoice, name) for invoice, name in rows.items]
    return reply(schemas.CarrierInvoiceList(data=shown, next_token=rows.next_token, total_count=len(shown)))


def _shown(stored_invoice: StoredInvoice, file_name: str) -> schemas.CarrierInvoice:
    values = {name: value for name, value in vars(stored_invoice).items() if name != "updated_ms"}
    return msgspec.convert(
        {**values, "file_name": file_name, "updated_at": stamp(stored_invoice.updated_ms)},
        schemas.CarrierInvoice,
    )
