"""Invoices of carriers: what each comes to, and whether its line items add up to that."""

import msgspec
from starlette.responses import Response

from crossdock.api import carrier_schemas as schemas
from crossdock.api.door import Visit
from crossdock.api.files import offered
from crossdock.api.replies import reply
from crossdock.api.tokens import Pages
from crossdock.changes.document import stamp
from crossdock.store import invoices
from crossdock.store.invoices import StoredInvoice


async def listed(visit: Visit) -> Response:
    """A page of the connection's invoices, by id."""
    offered(visit)
    given = visit.arguments()
    pages = Pages(visit.door.page_key, visit.connection.id, "carrier invoices")
    limit, token = int(given["limit"]), given.get("page_token")
    found = await invoices.page(
        visit.door.database, visit.connection.id,
        invoice_id=None if (number := given.get("invoice_id")) is None else str(number),
        reconciled=None if (wanted := given.get("reconciled")) is None else bool(wanted),
        after="" if token is None else str(pages.after(str(token), None)[0]), limit=limit + 1,
    )  # fmt: skip
    shown = [_shown(one, name) for one, name in found[:limit]]
    more = pages.token((found[limit - 1][0].id,), None) if len(found) > limit else None
    return reply(schemas.CarrierInvoiceList(data=shown, next_token=more, total_count=len(shown)))


def _shown(one: StoredInvoice, file_name: str) -> schemas.CarrierInvoice:
    values = {name: value for name, value in vars(one).items() if name != "updated_ms"}
    return msgspec.convert(
        {**values, "file_name": file_name, "updated_at": stamp(one.updated_ms)}, schemas.CarrierInvoice
    )
