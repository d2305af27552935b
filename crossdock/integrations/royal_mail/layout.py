"""Royal Mail: the report of Business Extra (BEx), the parcels of its orders, and both combined. Pure.

The feed of parcels holds no money: `join` divides what an order costs among them.
"""

from decimal import Decimal
from operator import itemgetter

from crossdock.integrations.royal_mail.join import divided
from crossdock.invoices.accumulator import ZERO, InvoiceAccumulator
from crossdock.invoices.columns import Columns, TableHead, normalized
from crossdock.invoices.contract import Cells, ReadRecord
from crossdock.invoices.layout import Layout
from crossdock.kit.files import Parcel

# The BEx report is by position: one of its names stands twice.
ORDER, INVOICE, INVOICE_DATE, ACCOUNT = 1, 5, 6, 7
CODE, PRODUCT, CLASS = 13, 14, 15
NET, TAX, GROSS = 32, 33, 34

# The feed of parcels, in its own words and in those of the combined file.
ORDER_NAMES = ("sales_order_no", "Sales Order No.", "Sales Order No", "Sales Order Number", "Sales Order")
PARCEL_NAMES = (
    "tracking_number", "Tracking Number", "Barcode", "Item Barcode", "1D Barcode", "Item Number",
)  # fmt: skip
COSTS = ("gross_cost", "net_cost", "Net Value", "Gross Value")

OVERALL, TOTALS = "Overall Result", ("Overall Result", "Result")
RETURNED = "rts"


def is_bex(head: TableHead) -> bool:
    """Check whether the second record has the names; the first has what groups them."""
    names = [normalized(cell) for cell in head.second]
    positions = {ORDER: "Sales Order No.", NET: "Net Value", GROSS: "Gross Value"}
    return all(key < len(names) and names[key] == normalized(name) for key, name in positions.items())


def is_combined(head: TableHead) -> bool:
    return head.has("sales_order_no", "gross_cost", "net_cost", "source_type")


def is_tracking(head: TableHead) -> bool:
    """Parcels and their orders, and no costs."""
    return (
        any(head.has(name) for name in ORDER_NAMES)
        and any(head.has(name) for name in PARCEL_NAMES)
        and not any(head.has(name) for name in COSTS)
    )


def reads_bex(_: Columns, book: InvoiceAccumulator) -> ReadRecord:
    """Make the reader of rows. Net is without, gross with VAT: their difference is a tax, not a discount."""
    book.money_at(NET, TAX, GROSS)
    book.service_at(CLASS)
    pick = itemgetter(ORDER, INVOICE, ACCOUNT, CODE, PRODUCT, CLASS, NET, GROSS)
    amount = book.amount
    sums = [ZERO, ZERO, ZERO]

    def read(cells: Cells) -> None:
        first = cells[0].strip() or next(cell.strip() for cell in cells if cell.strip())
        if first in TOTALS:
            if first == OVERALL:
                compare()
            return
        order, bill, text, code, product, grade, *costs = map(str.strip, pick(cells))
        if not order and not any(costs):
            # What groups the names, in a file that was put together from several.
            book.odd()
            return
        book.shipment(text, bill, None, None, native=order, invoice_date=book.date(INVOICE_DATE))
        net, tax, gross = amounts = amount(NET), amount(TAX), amount(GROSS)
        sums[:] = (before + (amount or ZERO) for before, amount in zip(sums, amounts, strict=True))
        _enter(book, f"{product} {grade}".strip(), net, gross, code, (NET, GROSS))
        if net is not None and tax is not None:
            book.check(gross, net + tax)

    def compare() -> None:
        for position, found_sum in zip((NET, TAX, GROSS), sums, strict=True):
            stated = amount(position)
            if stated is not None:
                book.check_file(stated, found_sum)

    return read


def reads_combined(columns: Columns, book: InvoiceAccumulator) -> ReadRecord:
    """Make the reader of rows, each a parcel and its equal share of the order's cost. There are no totals."""
    at = columns.at
    account, invoice, day = at("account_number"), at("invoice_number"), at("invoice_date")
    code, product, mail_class = at("product_code"), at("product_name"), at("class_of_mail")
    tracking, source, net, gross = at("tracking_number"), at("source_type"), at("net_cost"), at("gross_cost")
    book.money_at(net, gross)
    book.service_at(mail_class)
    amount = book.amount
    pick = itemgetter(account, invoice, tracking, product, mail_class, source, code)

    def read(cells: Cells) -> None:
        text, bill, parcel, name, grade, origin, kind = map(str.strip, pick(cells))
        book.shipment(text, bill, parcel, None, invoice_date=book.date(day))
        label = f"{name} {grade}".strip()
        label = f"{label} RTS" if origin.casefold() == RETURNED else label
        _enter(book, label, amount(net), amount(gross), kind, (net, gross))

    return read


def reads_tracking(columns: Columns, book: InvoiceAccumulator) -> ReadRecord:
    """Make the reader of rows, each a parcel, the order that it belongs to, and what became of it."""
    at = columns.at
    order, parcel = at(*ORDER_NAMES), at(*PARCEL_NAMES)
    code, source = at("product_code", "Product Code"), at("source_type", "Source Type")
    reason = at("reason_for_non_delivery", "Reason for Non Delivery", "Reason for Non-Delivery")
    returned = at("date_return_to_sender", "Date Return to Sender", "Date Returned to Sender")
    delivered = at("date_item_delivered", "Date Item Delivered", "Date Delivered")
    text = book.text

    def read(_: Cells) -> None:
        number, tracking = text(order), text(parcel)
        if number is not None and normalized(number) == normalized(columns.header[order]):
            # A header, in a file that was put together from several.
            book.odd()
            return
        if number is None or tracking is None:
            book.fault(order if number is None else parcel, "is blank: which parcel of which order is it?")
            return
        returned_on, why = book.date(returned), text(reason)
        is_returned = returned_on is not None or why is not None
        book.parcel(
            Parcel(
                row=book.row,
                order=number,
                tracking_number=tracking,
                product_code=text(code),
                is_returned=is_returned
                if text(source) is None
                else (text(source) or "").casefold() == RETURNED,
                reason=why,
                returned_on=_day(returned_on),
                delivered_on=_day(book.date(delivered)),
            )
        )

    return read


def _day(moment: str | None) -> str | None:
    return None if moment is None else moment[:10]


def _enter(
    book: InvoiceAccumulator,
    label: str,
    net: Decimal | None,
    gross: Decimal | None,
    code: str,
    counts: tuple[int, int],
) -> None:
    """The charge of a row: every row has one, of nothing too, unless an amount is missing."""
    if net is not None and gross is not None:
        book.charge(label, net, gross, code)
    elif not book.has_bad_amount:
        book.fault(counts[net is not None], "is blank: what the row costs is not known")


LAYOUTS = (
    Layout(variant="bex", recognises=is_bex, reads=reads_bex, currency="GBP", header_rows=2, divide=divided),
    Layout(variant="tracking", recognises=is_tracking, reads=reads_tracking),
    Layout(variant="combined", recognises=is_combined, reads=reads_combined, currency="GBP"),
)
