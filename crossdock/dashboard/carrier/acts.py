"""What the pages of a carrier do: take a file in, have one read again, take one away."""

from decimal import Decimal, InvalidOperation
from urllib.parse import quote

from starlette.responses import Response

from crossdock.dashboard.carrier.findings import FILTERS
from crossdock.dashboard.carrier.head import carrier_of
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid


async def uploaded(visit: DashboardContext) -> Response:
    """Take the file of the form in, as the API does, and show what becomes of it."""
    connection = await carrier_of(visit)
    file = visit.files.get("file")
    if file is None or not file.filename:  # a browser sends a nameless one where nobody chose any
        raise Invalid({"form": {"file": ["choose a file first"]}})
    query = {"file_name": file.filename} | {
        name: visit.text(name) for name in ("invoice_id", "invoice_date") if visit.text(name)
    }
    answer = await visit.inside.upload("/carrier/files", file, query, connection.uid)
    return visit.onward(f"/carrier/{connection.uid}/files/{answer['data']['id']}", done="file_taken")


async def file_changed(visit: DashboardContext) -> Response:
    """Have a file read again, or take it away with all that no other file says."""
    connection, file_id = await carrier_of(visit), visit.part("file_id")
    path, shown = f"/carrier/files/{file_id}", f"/carrier/{connection.uid}/files"
    if visit.text("do") == "read":
        await visit.inside.send("POST", f"{path}/read", connection_id=connection.uid)
        return visit.onward(f"{shown}/{file_id}", done="file_reading")
    await visit.inside.send("DELETE", path, connection_id=connection.uid)
    return visit.onward(shown, done="file_removed")


async def claimed(visit: DashboardContext) -> Response:
    """Say what was done about a finding, and come back to the list as it was filtered."""
    connection = await carrier_of(visit)
    path = f"/carrier/audit/findings/{quote(visit.part('finding_id'), safe='')}"
    amount = _amount(visit.text("amount").strip())
    body = {"state": visit.text("do"), "note": visit.text("note").strip(), "amount": amount}
    await visit.inside.send("PATCH", path, body, connection.uid)
    filters = {name: visit.text(f"filter.{name}") for name in FILTERS}
    return visit.onward(f"/carrier/{connection.uid}/findings", done="claimed", **filters)


def _amount(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        problem = f"is {text[:40]!r}; wanted is an amount such as 12.50"
        raise Invalid({"form": {"amount": [problem]}}) from None
