"""What the reading of invoice files offers, and what a carrier's folder gives for it, on one screen.

    open_invoices(path)          → Reading: detected from the content, or FileRefused     → reading
      Reading                    yields `LineItem` and `Fault` in the order of the file, in constant memory
      Reading.summary            once it has been read to its end
      Reading.invoices()         the same per invoice: totals, due date, reconciled, gap

A carrier's folder has a `layout.py` (pure) with `LAYOUTS`: each says which files are its own and makes
the function that reads one record of them. It is found by walking the folders; there is no list of carriers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from crossdock.integrations.invoices.book import Book
    from crossdock.integrations.invoices.columns import Columns, Head

Cells = list[str]
"""One record of a table: as delivered, untrimmed, padded with blanks to one more than the header has."""

ReadRecord = Callable[[Cells], None]
"""Reads one record into the book that it was made with."""


class Source(msgspec.Struct, frozen=True):
    """What all charges below a header have in common."""

    carrier: str
    names: tuple[str, ...]
    service_at: int


class LineItem(msgspec.Struct, gc=False):
    """One charge. Texts are as delivered, trimmed; blank is None. Amounts keep the digits they came with."""

    id: str
    """Hash of the natural key: equal for equal charges, whatever the encoding or order of columns."""
    row: int
    """The record of the file that it stands in; the first one, the header as a rule, is 1."""
    transaction_date: str | None
    account_id: str | None
    invoice_id: str | None
    tracking_number: str | None
    gross_cost: Decimal
    net_cost: Decimal
    currency: str | None
    charge_description: str | None
    charge_code: str | None
    """The carrier's own code or column, where it has one besides the label."""
    invoice_date: str | None
    native_id: str | None
    count: int
    """The how manieth of its natural key in the file."""
    source: Source
    cells: Cells

    @property
    def carrier(self) -> str:
        return self.source.carrier

    @property
    def service(self) -> str | None:
        """What was bought of the carrier: "UPS Ground"."""
        return self.cells[self.source.service_at].strip() or None

    @property
    def raw(self) -> dict[str, str]:
        """The whole record: header → cell. The second of a repeated header is "Header (2)"."""
        return dict(zip(self.source.names, self.cells, strict=False))

    @property
    def natural_key(self) -> list[Any]:
        """What the id is the hash of."""
        label = self.charge_code or self.charge_description
        return [
            self.carrier, self.account_id, self.invoice_id, self.native_id, self.tracking_number, label,
            self.count,
        ]  # fmt: skip

    @property
    def record(self) -> dict[str, Any]:
        """What a client gives to `read`: all that the charge says, nothing of the file it came in."""
        return {
            "id": self.id,
            "transaction_date": self.transaction_date,
            "invoice_date": self.invoice_date,
            "account_id": self.account_id,
            "invoice_id": self.invoice_id,
            "tracking_number": self.tracking_number,
            "gross_cost": str(self.gross_cost),
            "net_cost": str(self.net_cost),
            "currency": self.currency,
            "charge_description": self.charge_description,
            "charge_code": self.charge_code,
            "service": self.service,
            "cells": self.raw,
        }


class Fault(msgspec.Struct, gc=False, omit_defaults=True):
    """Something in the file that does not fit. What else the row holds is still read."""

    row: int
    column: str | None
    """The header as delivered; None: it is about the whole row."""
    value: str
    """The cell, cut off at 200 characters."""
    message: str
    is_warning: bool = False
    """It is told, but takes nothing from the amounts: a refund with a positive sign."""


class Summary(msgspec.Struct, kw_only=True):
    """A file, summed up."""

    rows: int
    """Records below the header that are not blank."""
    line_items: int
    net: Decimal | None
    """None: there are several currencies, and no sum."""
    gross: Decimal | None
    currency: str | None
    reconciled: bool | None
    """True: every check passed and nothing failed. None: there was nothing to check."""
    gap: Decimal | None
    """What the file states as its totals, minus what its charges come to. None: unknown."""
    checks: int = 0
    checks_failed: int = 0
    errors: int = 0
    warnings: int = 0


class Invoice(msgspec.Struct, kw_only=True):
    """One invoice of a file, summed up. The fields mean what they mean in `Summary`."""

    invoice_id: str | None
    account_id: str | None
    """None: there are several, or none."""
    invoice_date: str | None
    due_date: str | None
    currency: str | None
    net: Decimal | None
    gross: Decimal | None
    stated_total: Decimal | None
    """What the file says that the invoice comes to, where it says so."""
    reconciled: bool | None
    gap: Decimal | None
    rows: int
    line_items: int
    errors: int


@dataclass(frozen=True)
class Envelope:
    """What came along with the file: used where the file itself is silent."""

    invoice_id: str | None = None
    invoice_date: str | None = None
    """"2026-01-31T00:00:00Z"."""


@dataclass(frozen=True)
class Layout:
    """One form of a carrier's invoices."""

    recognises: Callable[["Head"], bool]
    """Whether a file that begins so is one: by its content alone."""
    reads: Callable[["Columns", "Book"], ReadRecord]
    """Makes what reads each record below the header."""
    variant: str | None = None
    currency: str | None = None
    """What amounts are in when the file does not say."""
    delimiters: str = ",;\t"
    header_rows: int = 1
    columns: tuple[str, ...] = ()
    """The names by position, for files without a header."""
