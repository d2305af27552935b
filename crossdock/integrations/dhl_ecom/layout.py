"""DHL eCommerce invoices, by position: a record of the invoice (HDR), then its parcels (DTL). Pure."""

from importlib.resources import files
from operator import itemgetter

from crossdock.integrations.invoices.book import ZERO, Book
from crossdock.integrations.invoices.columns import Columns, Head
from crossdock.integrations.invoices.contract import Cells, Layout, ReadRecord
from crossdock.integrations.invoices.dates import date

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


def recognises(head: Head) -> bool:
    """By its first record, or by a header that somebody has put above it."""
    if head.first[0].strip() in (INVOICE, PARCEL):
        return SHORTEST <= len(head.first) <= LONGEST
    return head.has("Sold_To", "Inv_Posnr", "PUDATE")


def reads(columns: Columns, book: Book) -> ReadRecord:
    """What reads a record. The charges of all parcels below an HDR come to its total."""
    book.money_at(*CHARGES, HDR_TOTAL)
    book.service_at(SERVICE)
    text, amount = book.text, book.amount
    pick = itemgetter(*CHARGES)
    charges = [(place, label, columns.header[place]) for place, label in CHARGES.items()]
    invoice: str | None = None
    invoice_date: str | None = None
    stated = None
    found = ZERO

    def compare() -> None:
        book.check(stated, found)

    def open_invoice() -> None:
        nonlocal invoice, invoice_date, stated, found
        compare()
        invoice, invoice_date = text(HDR_INVOICE), _date(book)
        other = next(
            (text(one) for one in HDR_ACCOUNT_OR_DATE if text(one) and not _is_date(text(one))), None
        )
        book.shipment(account=other, invoice=invoice, tracking=None, date=None, invoice_date=invoice_date)
        stated, found = amount(HDR_TOTAL), ZERO

    def read(cells: Cells) -> None:
        nonlocal found
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
            tracking=next((text(one) for one in TRACKING if text(one)), None),
            date=book.date(PICKED_UP, is_american=True),
            invoice_date=invoice_date,
        )
        for cell, (place, label, code) in zip(pick(cells), charges, strict=True):
            if cell and (charged := amount(place)):
                book.charge(label, charged, code=code)
                found += charged

    book.at_end(compare)
    return read


def _date(book: Book) -> str | None:
    """The date of an HDR record stands where others have the account."""
    for place in HDR_ACCOUNT_OR_DATE:
        if _is_date(book.text(place)):
            return book.date(place, is_american=True)
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
