"""DPD invoices: one row is one parcel, in English, Dutch, German, or a mixture. Pure.

There is one reading: each field has all of its names, and a header may take them from any language.
"""

from operator import itemgetter

from crossdock.invoices.accumulator import ZERO, InvoiceAccumulator
from crossdock.invoices.columns import Columns, TableHead
from crossdock.invoices.contract import Cells, ReadRecord
from crossdock.invoices.layout import Layout

INVOICE = ("Invoice number", "Factuur")
INVOICE_DATE = ("Invoice date", "Factuurdatum")
ACCOUNT = ("Customer number", "Relatienummer")
PARCEL = ("Parcel number", "Pakketnummer")
SHIPMENT = ("Shipment number", "Zendingnummer", "Sendungsnummer")
ROW_TOTAL = ("Total amount", "Totaal")
GERMAN = ("mautpreis", "verzoll_gebuehr", "Sendungsnummer", "MwSt Prozentsatz", "Kundenname")
CHARGES = (
    "Base price", "Tarief", "Energy surcharge", "Fuel surcharge", "Toll surcharge", "mautpreis",
    "Peak surcharge", "System return surcharge", "Oversized/Overweight surcharge", "Customs surcharge",
    "verzoll_gebuehr", "COD Toeslag", "Total other surcharges", "Toeslag",
)  # fmt: skip


def is_english(head: TableHead) -> bool:
    return head.has("Parcel number", "Invoice number")


def is_german(head: TableHead) -> bool:
    return head.has("Pakketnummer", "Factuur") and any(head.has(text) for text in GERMAN)


def is_dutch(head: TableHead) -> bool:
    return head.has("Pakketnummer", "Factuur") and not is_german(head)


def is_mixed(head: TableHead) -> bool:
    """The parcel in one language and the invoice in another."""
    return head.has("Parcel number", "Factuur") != head.has("Pakketnummer", "Invoice number") and not (
        is_english(head) or is_german(head) or is_dutch(head)
    )


def reads(columns: Columns, book: InvoiceAccumulator) -> ReadRecord:
    """Make the reader of rows. A charge is called what its column is called in the file."""
    at = columns.at
    account, invoice, invoice_date = at(*ACCOUNT), at(*INVOICE), at(*INVOICE_DATE)
    parcel, shipment, row_total = at(*PARCEL), at(*SHIPMENT), at(*ROW_TOTAL)
    charges = [(at(name), columns.header[at(name)]) for name in CHARGES if name in columns]
    book.money_at(row_total, *(position for position, _ in charges))
    book.service_at(at("Service", "Dienst"))
    pick = itemgetter(account, invoice, parcel, shipment)
    amount = book.amount

    def read(cells: Cells) -> None:
        text, bill, number, reference = map(str.strip, pick(cells))
        book.shipment(text, bill, number or reference, None, invoice_date=book.date(invoice_date))
        zero = ZERO
        for position, label in charges:
            if cells[position] and (charged := amount(position)):
                book.charge(label, charged)
                zero += charged
        book.check(amount(row_total), zero)

    return read


LAYOUTS = tuple(
    Layout(variant=variant, recognises=recognises, reads=reads, currency="EUR", delimiters=";")
    for variant, recognises in (
        ("english", is_english),
        ("german", is_german),
        ("dutch", is_dutch),
        ("mixed", is_mixed),
    )
)
