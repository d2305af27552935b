"""What the reading of invoice files yields, and what a carrier's folder gives for it, on one screen.

    open_invoices(path)          → Reading: detected from the content, or FileRefused     → reading
      Reading                    yields `LineItem` and `Fault` in the order of the file, in constant memory
      Reading.summary            once it has been read to its end
      Reading.invoices()         the same per invoice: totals, due date, reconciled, gap

A carrier's folder has a `layout.py` (pure) with `LAYOUTS`. Each says which files are its own, and makes the
function that reads one record of them: see `layout` and `carriers`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

Cells = list[str]
"""One record of a table: as delivered, untrimmed, padded with blanks to one more than the header has."""

ReadRecord = Callable[[Cells], None]
"""Reads one record into the book that it was made with."""


class ChargeSource(msgspec.Struct, frozen=True):
    """The things that all charges below a header have in common."""

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
    source: ChargeSource
    cells: Cells

    @property
    def carrier(self) -> str:
        return self.source.carrier

    @property
    def service(self) -> str | None:
        """The service bought of the carrier: "Ground"."""
        return self.cells[self.source.service_at].strip() or None

    @property
    def raw(self) -> dict[str, str]:
        """The whole record: header → cell. The second of a repeated header is "Header (2)"."""
        return dict(zip(self.source.names, self.cells, strict=False))

    @property
    def natural_key(self) -> list[Any]:
        """The values that the id is the hash of."""
        label = self.charge_code or self.charge_description
        return [
            self.carrier, self.account_id, self.invoice_id, self.native_id, self.tracking_number, label,
            self.count,
        ]  # fmt: skip

    @property
    def record(self) -> dict[str, Any]:
        """The record that a client gives `read`: all that the charge says, nothing of the file it came in."""
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


@dataclass(frozen=True)
class Envelope:
    """The values that came along with the file: used where the file itself is silent."""

    invoice_id: str | None = None
    invoice_date: str | None = None
    """"2026-01-31T00:00:00Z"."""
