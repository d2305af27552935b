"""UPS billing data files: one row is one charge, the rows of a package share its tracking number. Pure."""

import re
from importlib.resources import files

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
    text, amount = book.text, book.amount

    def read(cells: Cells) -> None:
        kind = text(code)
        native = text(lead)
        book.shipment(
            account=text(account),
            invoice=text(invoice),
            tracking=text(tracking) or native,
            native=native,
            date=next((book.date(one, is_american=True) for one in dates if cells[one]), None),
            invoice_date=book.date(invoice_date, is_american=True),
            currency=text(currency) or text(other_currency),
        )
        book.due(book.date(due, is_american=True))
        charged = None if kind == INFORMATION else amount(net)
        off = ZERO if cells[incentive] == "" else amount(incentive)
        book.state(amount(total), charged or ZERO, part=text(tracking) or native or "")
        if charged is None or off is None:
            if off and not book.has_bad_amount and kind != INFORMATION:
                book.fault(net, "is blank, but there is an incentive")
            return
        if charged or charged + off:
            book.charge(text(label) or DESCRIPTIONS.get(kind or "", kind), charged, charged + off, kind)

    return read


LAYOUTS = (
    Layout(recognises=has_header, reads=reads, currency="USD"),
    Layout(recognises=has_none, reads=reads, currency="USD", header_rows=0, columns=COLUMNS),
)
