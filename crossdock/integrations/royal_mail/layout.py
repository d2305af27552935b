"""Royal Mail invoices: the report of Business Extra (BEx), and that report split over its parcels. Pure."""

from decimal import Decimal

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
    text, amount = book.text, book.amount
    places = (NET, TAX, GROSS)
    sums = [ZERO, ZERO, ZERO]

    def read(cells: Cells) -> None:
        first = next((cell.strip() for cell in cells if cell.strip()), "")
        if first in TOTALS:
            if first == OVERALL:
                for stated, found in zip(map(amount, places), sums, strict=True):
                    if stated is not None:
                        book.check_file(stated, found)
            return
        if not any(cells[place].strip() for place in (ORDER, *places)):
            # What groups the names, in files that were put together from several.
            book.odd()
            return
        book.shipment(
            account=text(ACCOUNT),
            invoice=text(INVOICE),
            tracking=None,
            native=text(ORDER),
            date=None,
            invoice_date=book.date(INVOICE_DATE),
        )
        net, tax, gross = (amount(place) for place in places)
        for n, one in enumerate((net, tax, gross)):
            sums[n] += one or ZERO
        label = " ".join(filter(None, (text(PRODUCT), text(CLASS))))
        _enter(book, label, (NET, net), (GROSS, gross), text(CODE))
        if net is not None and tax is not None:
            book.check(gross, net + tax)

    return read


def reads_combined(columns: Columns, book: Book) -> ReadRecord:
    """What reads a row: a parcel and its equal share of what the order cost. There are no totals."""
    at = columns.at
    account, invoice, day = at("account_number"), at("invoice_number"), at("invoice_date")
    code, product, mail_class = at("product_code"), at("product_name"), at("class_of_mail")
    tracking, source, net, gross = at("tracking_number"), at("source_type"), at("net_cost"), at("gross_cost")
    book.money_at(net, gross)
    book.service_at(mail_class)
    text, amount = book.text, book.amount

    def read(cells: Cells) -> None:
        book.shipment(
            account=text(account),
            invoice=text(invoice),
            tracking=text(tracking),
            date=None,
            invoice_date=book.date(day),
        )
        is_returned = cells[source].strip().casefold() == RETURNED
        label = " ".join(filter(None, (text(product), text(mail_class), "RTS" if is_returned else None)))
        _enter(book, label, (net, amount(net)), (gross, amount(gross)), text(code))

    return read


Amount = tuple[int, Decimal | None]


def _enter(book: Book, label: str, net: Amount, gross: Amount, code: str | None) -> None:
    """The charge of a row: every row has one, of nothing too, unless an amount is missing."""
    missing = [place for place, one in (net, gross) if one is None]
    if net[1] is not None and gross[1] is not None:
        book.charge(label or None, net[1], gross[1], code)
    elif not book.has_bad_amount:
        book.fault(missing[0], "is blank: what the row costs is not known")


LAYOUTS = (
    Layout(variant="bex", recognises=is_bex, reads=reads_bex, currency="GBP", header_rows=2),
    Layout(variant="combined", recognises=is_combined, reads=reads_combined, currency="GBP"),
)
