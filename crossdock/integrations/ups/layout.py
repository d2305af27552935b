"""UPS billing data files: one row is one charge, the rows of a package share its tracking number. Pure."""

import re
from decimal import Decimal
from importlib.resources import files
from operator import itemgetter

from crossdock.invoices.accumulator import ZERO, InvoiceAccumulator
from crossdock.invoices.columns import Columns, TableHead
from crossdock.invoices.contract import Cells, ReadRecord
from crossdock.invoices.layout import Layout

COLUMNS = tuple(files(__package__).joinpath("columns.txt").read_text(encoding="utf-8").splitlines())
"""By position: downloads of large accounts come without a header."""

DESCRIPTIONS = {
    "FRT": "Transportation Charges",
    "FSC": "Fuel Surcharges",
    "ACC": "Accessorial Charges",
    "TAX": "Taxes",
    "GOV": "Government Charges",
    "BRK": "Brokerage Charges",
    "EXM": "Exempt Charges",
    "MSC": "Miscellaneous Charges",
}
INFORMATION = "INF"

CLASS, NET = COLUMNS.index("Charge Classification Code"), COLUMNS.index("Net Amount")
CURRENCIES = COLUMNS.index("Invoice Currency Code"), COLUMNS.index("Transaction Currency Code")


def has_header(head: TableHead) -> bool:
    return head.has("Charge Classification Code", "Lead Shipment Number", "Net Amount")


def has_none(head: TableHead) -> bool:
    """The version of the format first, and what is to stand at some of its places.

    Blank cells at the end may be missing, as in files that a spreadsheet has saved. There may be more columns
    than these: UPS adds some at the end. Decimal marks of the version depend on who saved it.
    """
    cells = [cell.strip() for cell in head.first]
    if len(cells) <= NET or not re.fullmatch(r"\d[.,]\d{1,2}", cells[0]):
        return False
    has_class = cells[CLASS] == "" or re.fullmatch(r"[A-Z]{3}", cells[CLASS]) is not None
    currencies = {cells[currency] for currency in CURRENCIES}
    has_currency = any(re.fullmatch(r"[A-Z]{3}", currency) for currency in currencies)
    has_more = any(cells[len(COLUMNS) :])
    return (has_class and has_currency and (not has_more or bool(cells[CLASS]))) or len(cells) == len(COLUMNS)


def reads(columns: Columns, book: InvoiceAccumulator) -> ReadRecord:
    """Make the reader of rows. net = Net Amount, gross = net + Incentive Amount."""
    at = columns.at
    account, invoice, lead = at("Account Number"), at("Invoice Number"), at("Lead Shipment Number")
    tracking, code, label = at("Tracking Number"), at("Charge Classification Code"), at("Charge Description")
    net, incentive, total = at("Net Amount"), at("Incentive Amount"), at("Invoice Amount")
    invoice_date, due = at("Invoice Date"), at("Invoice Due Date")
    dates = [at("Transaction Date"), at("Shipment Date")]
    currency, other_currency = at("Transaction Currency Code"), at("Invoice Currency Code")
    book.money_at(net, incentive, total)
    book.currency_at(currency)
    book.service_at(at("Original Service Description"))
    pick = itemgetter(code, account, invoice, lead, tracking, label, currency, other_currency)
    amount = book.amount

    def read(cells: Cells) -> None:
        kind, text, bill, first, own_text, words, unit, other_text = map(str.strip, pick(cells))
        book.shipment(
            text,
            bill,
            own_text or first,
            next((book.date(date, is_american=True) for date in dates if cells[date]), None),
            native=first,
            invoice_date=book.date(invoice_date, is_american=True),
            currency=unit or other_text,
        )
        book.due(book.date(due, is_american=True))
        charged = amount(net)
        if kind == INFORMATION:
            if charged:
                book.warn(net, "is an amount in a row for information (INF): it is no charge")
            charged = None
        off = ZERO if cells[incentive] == "" else amount(incentive)
        book.state(amount(total), charged or ZERO, part=own_text or first)
        enter(kind, words, charged, off)

    def enter(kind: str, words: str, charged: Decimal | None, off: Decimal | None) -> None:
        if charged is None or off is None:
            if off and not book.has_bad_amount and kind != INFORMATION:
                book.fault(net, "is blank, but there is an incentive")
        elif charged or charged + off:
            book.charge(words or DESCRIPTIONS.get(kind, kind), charged, charged + off, kind)

    return read


LAYOUTS = (
    Layout(recognises=has_header, reads=reads, currency="USD"),
    Layout(recognises=has_none, reads=reads, currency="USD", header_rows=0, columns=COLUMNS),
)
