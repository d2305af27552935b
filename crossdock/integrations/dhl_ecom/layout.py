"""DHL eCommerce invoices, by position: a record of the invoice (HDR), then its parcels (DTL). Pure."""

from collections import Counter
from importlib.resources import files
from operator import itemgetter

from crossdock.invoices.accumulator import ZERO, InvoiceAccumulator
from crossdock.invoices.columns import Columns, TableHead
from crossdock.invoices.contract import Cells, ReadRecord
from crossdock.invoices.dates import date
from crossdock.invoices.layout import Layout

COLUMNS = tuple(
    name.rstrip("*:") for name in files(__package__).joinpath("columns.txt").read_text("utf-8").splitlines()
)

INVOICE, PARCEL = "HDR", "DTL"
SHORTEST, LONGEST = 12, 120
"""Cells of a record. There are 79, and blank ones at the end may have been cut off."""

# Of HDR records.
HDR_INVOICE, HDR_TOTAL = 2, 11
HDR_ACCOUNT_OR_DATE = (3, 1)

# Of DTL records.
ACCOUNT, PICKED_UP = 1, 8
TRACKING = (10, 11, 12)
SERVICE = 21

CHARGES = {
    29: "Base freight",
    32: "Work-share drop-off",
    33: "Work-share sort",
    34: "Work-share stamp",
    35: "Work-share machine",
    36: "Work-share manifest",
    37: "Work-share bound printed matter",
    38: "Work-share reserved 7",
    39: "Work-share reserved 8",
    40: "Work-share reserved 9",
    41: "Content endorsement",
    42: "Unassignable address",
    43: "Special handling",
    44: "Late arrival",
    45: "USPS qualification",
    46: "Client-specific rate",
    47: "Irregular item surcharge",
    48: "Return: unassignable",
    49: "Return: unprocessable",
    50: "Return: recall/discard",
    51: "Return: duplicate mail",
    52: "Return: content assurance",
    53: "Return: move update",
    54: "GST",
    55: "HST",
    56: "PST",
    57: "VAT",
    58: "Duties",
    59: "Other tax",
    60: "Paper invoice fee",
    61: "Screening fee",
    62: "Non-automation flats",
    63: "ORM-D handling",
    64: "Fuel surcharge",
    65: "Minimum pickup charge",
    73: "Reserved charge 1",
    74: "Reserved charge 2",
    75: "Reserved charge 3",
    76: "Reserved charge 4",
    77: "Reserved charge 5",
    78: "Reserved charge 6",
}
"""What a column of charges is for."""


def recognises(head: TableHead) -> bool:
    """By its first record, or by a header that somebody has put above it."""
    if head.first and head.first[0].strip() in (INVOICE, PARCEL):
        return SHORTEST <= len(head.first) <= LONGEST
    return head.has("Sold_To", "Inv_Posnr", "PUDATE")


def reads(columns: Columns, book: InvoiceAccumulator) -> ReadRecord:
    """Make the reader of records. The charges of all parcels below an HDR come to its total."""
    book.money_at(*CHARGES, HDR_TOTAL)
    book.service_at(SERVICE)
    text, amount = book.text, book.amount
    pick = itemgetter(*CHARGES)
    charges = [(key, label, columns.header[key]) for key, label in CHARGES.items()]
    invoice: str | None = None
    invoice_date: str | None = None
    blocks: Counter[str | None] = Counter()

    def open_invoice() -> None:
        nonlocal invoice, invoice_date
        invoice, invoice_date = text(HDR_INVOICE), _date(book)
        other_text = next(
            (text(number) for number in HDR_ACCOUNT_OR_DATE if text(number) and not _is_date(text(number))),
            None,
        )
        book.shipment(
            account=other_text, invoice=invoice, tracking=None, date=None, invoice_date=invoice_date
        )
        blocks[invoice] += 1
        book.state(amount(HDR_TOTAL), ZERO, part=str(blocks[invoice]))

    def read(cells: Cells) -> None:
        kind = cells[0].strip()
        if kind == INVOICE:
            open_invoice()
            return
        if kind != PARCEL:
            book.odd()
            return
        book.shipment(
            account=text(ACCOUNT),
            invoice=invoice,
            tracking=next((text(number) for number in TRACKING if text(number)), None),
            date=book.date(PICKED_UP, is_american=True),
            invoice_date=invoice_date,
        )
        zero = ZERO
        for cell, (position, label, code) in zip(pick(cells), charges, strict=True):
            if cell and (charged := amount(position)):
                book.charge(label, charged, code=code)
                zero += charged
        book.state(None, zero, part=str(blocks[invoice]))

    return read


def _date(book: InvoiceAccumulator) -> str | None:
    """The date of an HDR record stands where others have the account."""
    for position in HDR_ACCOUNT_OR_DATE:
        if _is_date(book.text(position)):
            return book.date(position, is_american=True)
    return None


def _is_date(cell: str | None) -> bool:
    try:
        return date(cell or "", is_american=True) is not None
    except ValueError:
        return False


LAYOUTS = (
    Layout(
        recognises=recognises, reads=reads, currency="USD", delimiters=",", header_rows=0, columns=COLUMNS
    ),
)
