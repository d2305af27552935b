"""UPS billing data files: one row is one charge, the rows of a package share its tracking number. Pure."""

import re
from importlib.resources import files
from operator import itemgetter

from crossdock.integrations.invoices.book import ZERO, Book
from crossdock.integrations.invoices.columns import Columns, Head
from crossdock.integrations.invoices.contract import Cells, Layout, ReadRecord

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


def has_header(head: Head) -> bool:
    return head.has("Charge Classification Code", "Lead Shipment Number", "Net Amount")


def has_none(head: Head) -> bool:
    """As many cells as there are columns, the version of the format first."""
    return len(head.first) == len(COLUMNS) and re.fullmatch(r"\d\.\d", head.first[0].strip()) is not None


def reads(columns: Columns, book: Book) -> ReadRecord:
    """What reads a row. net = Net Amount, gross = net + Incentive Amount."""
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
        kind, who, bill, first, own, words, unit, other = map(str.strip, pick(cells))
        book.shipment(
            who,
            bill,
            own or first,
            next((book.date(one, is_american=True) for one in dates if cells[one]), None),
            native=first,
            invoice_date=book.date(invoice_date, is_american=True),
            currency=unit or other,
        )
        book.due(book.date(due, is_american=True))
        charged = None if kind == INFORMATION else amount(net)
        off = ZERO if cells[incentive] == "" else amount(incentive)
        book.state(amount(total), charged or ZERO, part=own or first)
        if charged is None or off is None:
            if off and not book.has_bad_amount and kind != INFORMATION:
                book.fault(net, "is blank, but there is an incentive")
            return
        if charged or charged + off:
            book.charge(words or DESCRIPTIONS.get(kind, kind), charged, charged + off, kind)

    return read


LAYOUTS = (
    Layout(recognises=has_header, reads=reads, currency="USD"),
    Layout(recognises=has_none, reads=reads, currency="USD", header_rows=0, columns=COLUMNS),
)
