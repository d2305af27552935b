"""Rows of carriers' files, judged by the rules: from the cells that a carrier writes to findings."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from crossdock.audit.findings import Finding
from crossdock.audit.follow import charge
from crossdock.audit.judging import Judge
from crossdock.audit.parcels import Knowledge
from crossdock.audit.prices import PriceList
from crossdock.audit.rate_cards import RateCards, read_rate_card
from crossdock.audit.rules.account import AccountCharges, UsualCost
from crossdock.audit.volume import Divisors, PackageMeasures
from crossdock.invoices.carriers import vocabulary_of
from crossdock.invoices.contract import LineItem
from crossdock.invoices.read import invoice_line_item
from crossdock.invoices.reading import open_invoices
from crossdock.kit.registry import get_integration
from crossdock.store.carriers.charges import ChargeRow, PriceRow
from crossdock.wire import encoder

Cells = dict[str, str]


def ups(label: str, net: str, code: str = "FRT", why: str = "SHP/", **cells: str) -> Cells:
    """A row of UPS: label, net, class, category and detail code."""
    category, _, detail = why.partition("/")
    return {
        "Account Number": "A1",
        "Invoice Number": "INV1",
        "Invoice Date": "2026-01-31",
        "Transaction Date": "2026-01-20",
        "Shipment Date": "2026-01-20",
        "Tracking Number": "1Z1",
        "Lead Shipment Number": "1Z1",
        "Charge Classification Code": code,
        "Charge Description": label,
        "Charge Category Code": category,
        "Charge Category Detail Code": detail,
        "Incentive Amount": "0.00",
        "Net Amount": net,
        "Transaction Currency Code": "USD",
        "Invoice Amount": "",
    } | {name.replace("_", " "): cell for name, cell in cells.items()}


def weighed(entered: str, billed: str, kind: str = "", size: str = "", zone: str = "002") -> Cells:
    """The cells of UPS for a weight in pounds, entered and billed, and a size in inches."""
    cells = {
        "Entered Weight": entered,
        "Entered Weight Unit of Measure": "LB",
        "Billed Weight": billed,
        "Billed Weight Unit of Measure": "LB",
        "Billed Weight Type": kind,
        "Zone": zone,
    }
    return cells | ({"Package Dimensions": size, "Package Dimension Unit Of Measure": "IN"} if size else {})


def fedex(charges: Sequence[tuple[str, str]], **cells: str) -> Cells:
    """A row of FedEx US with these charges: label, amount."""
    total = sum((Decimal(amount) for _, amount in charges), Decimal(0))
    row = {
        "Bill to Account Number": "F1",
        "Invoice Number": "FINV1",
        "Invoice Date": "31-JAN-2026",
        "Original Amount Due": str(total),
        "Net Charge Amount": str(total),
        "Express or Ground Tracking ID": "794600000001",
        "Service Type": "FedEx Ground",
        "Shipment Date": "20-JAN-2026",
        "Zone Code": "5",
    }
    row |= {name.replace("_", " "): cell for name, cell in cells.items()}
    for number, (label, amount) in enumerate(charges, 1):
        row[f"Tracking ID Charge Description ({number})"] = label
        row[f"Tracking ID Charge Amount ({number})"] = amount
    return row


def dhl(weight_charge: str, **cells: str) -> Cells:
    """A shipment row of DHL Express."""
    return {
        "Line Type": "S",
        "Billing Account": "D1",
        "Invoice Number": "DINV1",
        "Invoice Date": "20260131",
        "Shipment Number": "1234567890",
        "Shipment Date": "20260120",
        "Product Name": "EXPRESS WORLDWIDE",
        "Pieces": "1",
        "Currency": "EUR",
        "Weight Charge": weight_charge,
        "Total amount (excl. VAT)": cells.get("total", weight_charge),
        "XC1 Name": "",
    } | {name.replace("_", " "): cell for name, cell in cells.items() if name != "total"}


def dpd(base: str, **cells: str) -> Cells:
    """A row of DPD's English layout."""
    return {
        "Customer number": "P1",
        "Invoice number": "PINV1",
        "Invoice date": "20260131",
        "Parcel number": "05212345678901",
        "Shipment date": "20260120",
        "Service": "DPD CLASSIC",
        "Destination zone": "1",
        "Base price": base,
        "Total amount": base,
    } | {name.replace("_", " "): cell for name, cell in cells.items()}


def charges_of(carrier: str, rows: Iterable[Cells], folder: Path) -> list[ChargeRow]:
    """The charges of a file with these rows, as the audit follows them."""
    rows = list(rows)
    header = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if carrier == "dpd" else ",")
    writer.writerow([name.split(" (")[0] if carrier == "fedex" else name for name in header])
    writer.writerows([row.get(name, "") for name in header] for row in rows)
    path = folder / f"{carrier}.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    vocabulary = vocabulary_of(get_integration("carrier", carrier))
    with open_invoices(path, carrier=None) as reading:
        items = [item for item in reading if isinstance(item, LineItem)]
    return [charge(vocabulary, document_of(item)) for item in items]


def document_of(item: LineItem) -> bytes:
    """The document that is stored of a line item."""
    return encoder.encode(invoice_line_item({**item.record, "received": "2026-02-01T00:00:00Z"}))


def priced(charges: Sequence[ChargeRow]) -> PriceList:
    """The price list of these charges, as the store groups them."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in charges:
        if row.category != "base" or row.reason or row.net is None:
            continue
        if row.service is not None and row.zone is not None and row.billed_weight is not None:
            key = (row.account_id, row.service, row.zone, row.billed_weight, row.weight_unit or "")
            groups.setdefault((*key, row.currency or "", row.net), []).append(row.charged_on)
    return PriceList(
        PriceRow(key[0], key[1], key[2], key[3], key[4], key[5], key[6], len(days), min(days), max(days))
        for key, days in groups.items()
    )


def judged(
    carrier: str,
    rows: Iterable[Cells],
    folder: Path,
    *,
    divisor: str | None = None,
    package: PackageMeasures | None = None,
    was_shipped: bool | None = True,
    rate_card: str | None = None,
    prices: bool = False,
) -> list[Finding]:
    """All findings of a file with these rows: of parcels, of accounts, of fuel."""
    charges = charges_of(carrier, rows, folder)
    judge = Judge(
        Knowledge(
            vocabulary=vocabulary_of(get_integration("carrier", carrier)),
            prices=priced(charges) if prices else PriceList(),
            divisors=Divisors({"": Decimal(divisor)} if divisor else {}),
            rate_cards=RateCards({"": read_rate_card(rate_card)} if rate_card else {}),
        )
    )
    findings: list[Finding] = []
    by_parcel = sorted(charges, key=lambda row: (row.parcel, row.item_id))
    for parcel, group in groupby(by_parcel, key=lambda row: row.parcel):
        if parcel:
            findings += judge.of_number(list(group), was_shipped=was_shipped, package=package)
    return findings + list(judge.fuel.end()) + _of_accounts(charges)


def _of_accounts(charges: Iterable[ChargeRow]) -> list[Finding]:
    usual, account = UsualCost(), AccountCharges()
    findings: list[Finding] = []
    ordered = sorted(charges, key=lambda row: (row.label, row.account_id, row.charged_on, row.item_id))
    for row in ordered:
        findings += [*usual.see(row), *account.see(row)]
    return findings + list(account.end())


def told(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """(rule, amount in cents) of findings, in order."""
    return sorted((finding.rule, f"{finding.amount:.2f}") for finding in findings)


def detail(findings: Iterable[Finding], rule: str) -> Mapping[str, Any]:
    """The evidence of the only finding of a rule."""
    [finding] = [finding for finding in findings if finding.rule == rule]
    return finding.detail
