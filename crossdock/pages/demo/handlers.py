"""A customer's page, and what a customer's backend does for it: a link token, the exchange, first records."""

from msgspec import Struct
from starlette.responses import Response

from crossdock.connections.link.tokens import LinkTarget, exchange, mint
from crossdock.connections.lookup import get_connection
from crossdock.pages.demo.context import DemoContext
from crossdock.pages.rendering import PagePolicy, page
from crossdock.resources.catalogue import by_function
from crossdock.store.people.audit_log import SYSTEM
from crossdock.store.records import lists
from crossdock.store.records.query import RecordQuery
from crossdock.web.responses import answer, reply

POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "frame-src 'self'", "style-src 'self'",
        "connect-src 'self'", "img-src 'self' data:", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'",
    )
)  # fmt: skip
"""The policy of a page with the button, as docs/connect.md shows it."""
SHOWN_FUNCTIONS = {"wms": "get_orders", "cart": "get_orders", "carrier": "get_invoice_line_items"}
"""What is shown first of each type of system."""
MOST_SHOWN = 5
NO_STORE = {"cache-control": "no-store"}


class CodeBody(Struct):
    """The code that onSuccess is given."""

    auth_code: str


async def shown(visit: DemoContext) -> Response:
    response = page(visit.request, "demo.html", PagePolicy())
    response.headers["content-security-policy"] = POLICY
    return response


async def minted(visit: DemoContext) -> Response:
    token = await mint(visit.door.link, LinkTarget(visit.organization_id))
    return reply({"link_token": token}, headers=NO_STORE)


async def exchanged(visit: DemoContext) -> Response:
    """The connection; its access token stays here, as it stays in a customer's backend."""
    body = await visit.body(CodeBody)
    exchanged_connection = await exchange(
        visit.door.link, visit.organization_id, body.auth_code, None, SYSTEM
    )
    connection = exchanged_connection.connection
    shown_fields = {
        "connection_id": connection.uid,
        "integration_name": connection.integration,
        "integration_type": connection.type,
    }
    return reply(shown_fields, headers=NO_STORE)


async def first_records(visit: DemoContext) -> Response:
    """The first records of a connection; none: nothing has synced yet, or nothing is shown of its type."""
    uid = visit.request.path_params["connection_id"]
    connection = await get_connection(visit.door.database, uid, visit.organization_id)
    resource = by_function(connection.type).get(SHOWN_FUNCTIONS.get(connection.type, ""))
    if resource is None:
        return reply({"data": []}, headers=NO_STORE)
    records = await lists.page(visit.door.database, resource, connection.id, RecordQuery(limit=MOST_SHOWN))
    return answer(b'{"data":[' + records.spliced + b"]}", headers=NO_STORE)
