"""Royal Mail invoices: the report of Business Extra (BEx), and that report split over its parcels. Pure."""

from decimal import Decimal
from operator import itemgetter

from crossdock.integrations.invoices.book import ZERO, Book
from crossdock.integrations.invoices.columns import Columns, Head, normalized
from crossdock.integrations.invoices.contract import Cells, Layout, ReadRecord

# The BEx report is by position: one of its names stands twice.
ORDER, INVOICE, INVOICE_DATE, ACCOUNT = 1, 5, 6, 7
CODE, PRODUCT, CLASS = 13, 14, 15
NET, TAX, GROSS = 32, 33, 34

OVERALL, TOTALS = "Overall Result", ("Overall Result", "Result")
RETURNED = "rts"


def is_bex(head: Head) -> bool:
    """Its second record has the names; the first has what groups them."""
    names = [normalized(cell) for cell in head.second]
    places = {ORDER: "Sales Order No.", NET: "Net Value", GROSS: "Gross Value"}
    return all(place < len(names) and names[place] == normalized(name) for place, name in places.items())


def is_combined(head: Head) -> bool:
    return head.has("sales_order_no", "gross_cost", "net_cost", "source_type")


def reads_bex(_: Columns, book: Book) -> ReadRecord:
    """What reads a row. Net is without, gross with VAT: their difference is a tax, not a discount."""
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
        order, bill, who, code, product, grade, *costs = map(str.strip, pick(cells))
        if not order and not any(costs):
            # What groups the names, in a file that was put together from several.
            book.odd()
            return
        book.shipment(who, bill, None, None, native=order, invoice_date=book.date(INVOICE_DATE))
        net, tax, gross = found = amount(NET), amount(TAX), amount(GROSS)
        sums[:] = (before + (one or ZERO) for before, one in zip(sums, found, strict=True))
        _enter(book, f"{product} {grade}".strip(), net, gross, code, (NET, GROSS))
        if net is not None and tax is not None:
            book.check(gross, net + tax)

    def compare() -> None:
        for place, found in zip((NET, TAX, GROSS), sums, strict=True):
            stated = amount(place)
            if stated is not None:
                book.check_file(stated, found)

    return read


def reads_combined(columns: Columns, book: Book) -> ReadRecord:
    """What reads a row: a parcel and its equal share of what the order cost. There are no totals."""
    at = columns.at
    account, invoice, day = at("account_number"), at("invoice_number"), at("invoice_date")
    code, product, mail_class = at("product_code"), at("product_name"), at("class_of_mail")
    tracking, source, net, gross = at("tracking_number"), at("source_type"), at("net_cost"), at("gross_cost")
    book.money_at(net, gross)
    book.service_at(mail_class)
    amount = book.amount
    pick = itemgetter(account, invoice, tracking, product, mail_class, source, code)

    def read(cells: Cells) -> None:
        who, bill, parcel, name, grade, origin, kind = map(str.strip, pick(cells))
        book.shipment(who, bill, parcel, None, invoice_date=book.date(day))
        label = f"{name} {grade}".strip()
        label = f"{label} RTS" if origin.casefold() == RETURNED else label
        _enter(book, label, amount(net), amount(gross), kind, (net, gross))

    return read


def _enter(
    book: Book, label: str, net: Decimal | None, gross: Decimal | None, code: str, places: tuple[int, int]
) -> None:
    """The charge of a row: every row has one, of nothing too, unless an amount is missing."""
    if net is not None and gross is not None:
        book.charge(label, net, gross, code)
    elif not book.has_bad_amount:
        book.fault(places[net is not None], "is blank: what the row costs is not known")


LAYOUTS = (
    Layout(variant="bex", recognises=is_bex, reads=reads_bex, currency="GBP", header_rows=2),
    Layout(variant="combined", recognises=is_combined, reads=reads_combined, currency="GBP"),
)
