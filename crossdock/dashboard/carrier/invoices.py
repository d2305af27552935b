"""Invoices of a carrier: what each says it comes to, and what its line items do."""

from decimal import Decimal
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.carrier.head import CarrierHead, carrier_of, head_of, title_of
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid, NotFound
from crossdock.resources.common import Money
from crossdock.store.carriers import charges as stored_charges
from crossdock.store.carriers import invoices, overview
from crossdock.store.carriers.charges import ChargeRow
from crossdock.store.carriers.invoices import StatedInvoice, StoredInvoice
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate

PAGE = 50
CHARGES = 100
RECONCILED = {"yes": True, "no": False}


class InvoiceLine(msgspec.Struct, kw_only=True):
    """An invoice. total: as files state it; net: of its line items; gap: what is stated, less these."""

    id: str
    invoice_id: str | None
    account_id: str | None
    invoice_date: str | None
    due_date: str | None
    currency: str | None
    total: Money | None
    net: Money | None
    gross: Money | None
    gap: Money | None
    reconciled: bool | None
    line_items: int
    errors: int


class InvoicesPage(msgspec.Struct, kw_only=True):
    """Invoices, the newest first. counts: of all, by whether they add up."""

    carrier: CarrierHead
    invoices: list[InvoiceLine]
    counts: dict[str, int]
    filters: dict[str, str]
    next_token: str | None


class StatingFile(msgspec.Struct, kw_only=True):
    """A file that states something of an invoice. is_corrected: a later file of its name took its place."""

    file_id: str
    name: str | None
    total: Money | None
    net: Money | None
    line_items: int
    is_corrected: bool


class InvoiceCharge(msgspec.Struct, kw_only=True):
    """A line item of an invoice."""

    line_item_id: str
    tracking_number: str | None
    description: str | None
    category: str
    service: str | None
    net: Money | None
    currency: str | None


class InvoicePage(msgspec.Struct, kw_only=True):
    """An invoice, its files, a page of its charges, and what the audit finds in it."""

    carrier: CarrierHead
    invoice: InvoiceLine
    files: list[StatingFile]
    charges: list[InvoiceCharge]
    findings: list[dict[str, Any]]
    next_token: str | None


async def listed(visit: DashboardContext) -> Response:
    """A page of invoices."""
    connection, database = await carrier_of(visit), visit.door.database
    filters = visit.query("invoice_id", "reconciled")
    if filters.get("reconciled", "yes") not in RECONCILED:
        raise Invalid({"query": {"reconciled": [f"is {filters['reconciled'][:40]!r}; wanted is yes, no"]}})
    search: dict[str, Any] = {name: filters[name] for name in ("invoice_id",) if name in filters}
    if "reconciled" in filters:
        search["reconciled"] = RECONCILED[filters["reconciled"]]
    tokens = PageTokens(visit.door.page_key, connection.id, "dashboard carrier invoices")
    before = _place(tokens, visit)
    current_page = await paginate(
        PAGE,
        lambda limit: overview.newest_invoices(database, connection.id, search, before, limit),
        lambda row: tokens.token((msgspec.json.encode((row.invoice_date or "", row.id)).decode(),), None),
    )
    counts = await overview.reconciled_counts(database, connection.id)
    head = await head_of(visit, connection)
    page = InvoicesPage(
        carrier=head,
        invoices=[_line(row) for row in current_page.items],
        counts={"yes": counts.get(True, 0), "no": counts.get(False, 0), "unknown": counts.get(None, 0)},
        filters=filters,
        next_token=current_page.next_token,
    )
    return visit.view("carrier/invoices.html", page, title=title_of(head, "invoices"))


def _place(tokens: PageTokens, visit: DashboardContext) -> tuple[str, str] | None:
    """(date, id) of the last invoice of the page before."""
    key = tokens.key_or_none(visit.query("page_token").get("page_token"))
    return None if key is None else msgspec.json.decode(str(key[0]), type=tuple[str, str])


def _line(row: StoredInvoice) -> InvoiceLine:
    return msgspec.convert(vars(row), InvoiceLine, strict=False)


async def shown(visit: DashboardContext) -> Response:
    """One invoice."""
    connection, database = await carrier_of(visit), visit.door.database
    key = visit.part("carrier_invoice_id")
    row = (await invoices.by_ids(database, connection.id, [key])).get(key)
    if row is None:
        raise NotFound(f"there is no invoice {key!r}", record_id=key)
    tokens = PageTokens(visit.door.page_key, connection.id, "dashboard invoice", key)
    after = tokens.key_or_none(visit.query("page_token").get("page_token")) or ("",)
    charges = await paginate(
        CHARGES,
        lambda limit: stored_charges.of_invoice(
            database, connection.id, row.account_id or "", row.invoice_id or "", str(after[0]), limit
        ),
        lambda charge: tokens.token((charge.item_id,), None),
    )
    stated = (await invoices.stated(database, connection.id, [key])).get(key, [])
    names = await overview.file_names(database, stated)
    page = InvoicePage(
        carrier=await head_of(visit, connection),
        invoice=_line(row),
        files=[_file(statement, names) for statement in stated],
        charges=[_charge(charge) for charge in charges.items],
        findings=await _findings(visit, connection.uid, row.invoice_id),
        next_token=charges.next_token,
    )
    title = f"Invoice {row.invoice_id}" if row.invoice_id else "Invoice without a number"
    return visit.view("carrier/invoice.html", page, title=title)


def _file(statement: StatedInvoice, names: dict[str, str]) -> StatingFile:
    stated = _line(statement.invoice)
    return StatingFile(
        file_id=statement.invoice.file_id, name=names.get(statement.invoice.file_id), total=stated.total,
        net=stated.net, line_items=stated.line_items, is_corrected=statement.is_corrected,
    )  # fmt: skip


def _charge(charge: ChargeRow) -> InvoiceCharge:
    return InvoiceCharge(
        line_item_id=charge.item_id,
        tracking_number=charge.tracking_number or None,
        description=charge.label or None,
        category=charge.category,
        service=charge.service,
        net=None if charge.net is None else Decimal(charge.net),
        currency=charge.currency,
    )


async def _findings(visit: DashboardContext, uid: str, number: str | None) -> list[dict[str, Any]]:
    """The first findings about the invoice's number."""
    if not number:
        return []
    query = {"invoice_id": number, "limit": PAGE}
    data: list[dict[str, Any]] = (await visit.inside.get("/carrier/audit/findings", query, uid))["data"]
    return data
