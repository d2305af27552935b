"""Made-up invoice files of every layout, as wide and as filled as real ones."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TEXTS = (
    "Example Trading Ltd",
    "Ms A. Example",
    "12 Example Street",
    "Example Town",
    "EX1 2MP",
    "GB",
    "LB",
    "KG",
)
"""What stands in columns that nothing is read of."""


@dataclass(frozen=True)
class Made:
    """A layout: its columns that matter, by name or place, with their cells; {n} is the number of the row."""

    width: int
    cells: Mapping[str | int, str]
    delimiter: str = ","
    filled: int = 20
    """How many of the other columns are filled."""
    above: tuple[Mapping[int, str], ...] = ()
    """Records above the rows, by place, for layouts without a header."""

    def write(self, path: Path, rows: int) -> None:
        names, cells = self._columns()
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.delimiter, lineterminator="\n")
            if self.above:
                writer.writerows(
                    [entry.get(position, "") for position in range(self.width)] for entry in self.above
                )
            else:
                writer.writerow(names)
            for n in range(rows):
                shown = f"{n:09}"
                cents = f"{n % 9000 / 100 + 2:.2f}"
                writer.writerow(
                    cell.replace("{n}", shown).replace("{cents}", cents) if "{" in cell else cell
                    for cell in cells
                )

    def _columns(self) -> tuple[list[str], list[str]]:
        if self.above:
            cells = [""] * self.width
            for key, cell in self.cells.items():
                cells[int(key)] = cell
            free = [position for position in range(self.width) if position not in self.cells]
            for count, item in enumerate(free[8 : 8 + self.filled]):
                cells[item] = TEXTS[count % len(TEXTS)]
            return [], cells
        other_width = self.width - len(self.cells)
        filler = [TEXTS[n % len(TEXTS)] if n < self.filled else "" for n in range(other_width)]
        names = [str(name).partition(" #")[0] for name in self.cells]
        return [*names, *(f"Column {n}" for n in range(other_width))], [*self.cells.values(), *filler]


def _pairs(label: str, amount: str, filled: tuple[tuple[str, str], ...], count: int) -> dict[str | int, str]:
    """Repeated headers; what follows " #" only tells them apart here."""
    pairs: dict[str | int, str] = {}
    for n in range(count):
        pairs[f"{label} #{n}"], pairs[f"{amount} #{n}"] = filled[n] if n < len(filled) else ("", "")
    return pairs


THREE = (("Freight", "{cents}"), ("Fuel Surcharge", "1.25"), ("Residential Delivery", "0.75"))

LAYOUTS = {
    "UPS": Made(250, {
        "Version": "2.1", "Account Number": "0000A1B2C3", "Invoice Date": "2026-02-07",
        "Invoice Number": "0000A1B2C3066", "Invoice Amount": "", "Transaction Date": "2026-02-03",
        "Lead Shipment Number": "1Z5R4781{n}", "Tracking Number": "1Z5R4781{n}",
        "Charge Classification Code": "FRT", "Charge Description": "Ground Commercial",
        "Transaction Currency Code": "USD", "Incentive Amount": "1.30", "Net Amount": "{cents}",
    }),
    "USPS": Made(21, {
        "EPS Account #": "1000233", "EPS Transaction ID": "80{n}", "Transaction Amount": "{cents}",
        "Transaction Date/Time": "2026-03-01 00:44:00", "Transaction Type": "Label Purchase",
        "Package Identification Code (PIC)": "9200190000000{n}", "Mail Class": "Priority Mail",
        "Postage": "{cents}",
    }, filled=8),
    "FedEx US": Made(210, {
        "Bill to Account Number": "204418770", "Invoice Date": "31-MAR-2026", "Invoice Number": "770031225",
        "Original Amount Due": "", "Express or Ground Tracking ID": "794{n}",
        "Transportation Charge Amount": "", "Net Charge Amount": "",
        **_pairs("Tracking ID Charge Description", "Tracking ID Charge Amount", THREE, 51),
    }, filled=30),
    "FedEx International": Made(168, {
        "Bill to Account Number": "310055217", "FedEx Invoice Number": "5518820",
        "Invoice Date": "15-Apr-2026", "Due Date": "29-Apr-2026", "Bill to Currency": "GBP",
        "Original Amount Due": "", "Air Waybill Number": "936{n}", "Air Waybill Total Amount": "",
        **_pairs("Air Waybill Charge Label", "Air Waybill Charge Amount", THREE, 51),
    }, filled=30),
    "DHL Express": Made(153, {
        "Line Type": "S", "Invoice Number": "HAM0042", "Billing Account": "144000321",
        "Invoice Date": "20260430", "Shipment Date": "20260412", "Shipment Number": "4{n}",
        "Currency": "EUR", "Weight Charge": "{cents}", "Total amount (excl. VAT)": "",
        "Total Extra Charges (XC)": "9.00",
        **{f"XC{n} {name}": "" for n in range(3, 10) for name in ("Code", "Name", "Charge", "Discount")},
        "XC1 Code": "FF", "XC1 Name": "FUEL SURCHARGE", "XC1 Charge": "6.00", "XC1 Discount": "0.00",
        "XC2 Code": "CR", "XC2 Name": "DEMAND SURCHARGE", "XC2 Charge": "3.00", "XC2 Discount": "0.00",
    }, filled=30),
    "DHL eCommerce": Made(79, {
        0: "DTL", 1: "5121000", 8: "2026-05-12", 10: "42{n}", 21: "SmartMail Parcel", 29: "{cents}",
        32: "0.25", 64: "0.59", **dict.fromkeys([*range(33, 64), 65, *range(73, 79)], ""),
    }, above=({0: "HDR", 1: "5121000", 2: "88001", 3: "2026-05-31"},)),
    "DPD English": Made(43, {
        "Invoice number": "4400123", "Invoice date": "20260630", "Customer number": "68100200",
        "Parcel number": "0522{n}", "Base price": "{cents}", "Energy surcharge": "0.35",
        "Toll surcharge": "0.11", "Peak surcharge": "0.00", "Total other surcharges": "0.72",
        "Total amount": "", "Service": "Classic",
    }, ";", filled=24),
    "DPD Dutch": Made(34, {
        "Factuur": "4400123", "Factuurdatum": "20260630", "Relatienummer": "68100200",
        "Pakketnummer": "0522{n}", "Toeslag": "{cents}", "Totaal": "{cents}", "Dienst": "Classic",
    }, ";"),
    "DPD German": Made(39, {
        "Factuur": "4400123", "Factuurdatum": "30.06.2026", "Relatienummer": "68100200",
        "Pakketnummer": "0522{n}", "Sendungsnummer": "1", "Tarief": "{cents}", "mautpreis": "0.20",
        "Toeslag": "1.00", "Totaal": "", "Service": "Classic",
    }, ";"),
    "Royal Mail BEx": Made(37, {
        0: "01.07.2026", 1: "SO{n}", 5: "9071", 6: "31.07.2026", 7: "0450001", 13: "TPN", 14: "Tracked 24",
        15: "Tracked", 32: "{cents}", 33: "0.00", 34: "{cents}",
    }, above=(
        {0: "Sales Order", 5: "Invoice"},
        {0: "Confirmation Date", 1: "Sales Order No.", 32: "Net Value", 33: "Tax", 34: "Gross Value"},
    ), filled=18),
    "Royal Mail combined": Made(16, {
        "account_number": "0450001", "invoice_number": "9071", "invoice_date": "31.07.2026",
        "sales_order_no": "SO1", "product_code": "TPN", "product_name": "Tracked 24",
        "class_of_mail": "Tracked", "tracking_number": "QA{n}GB", "gross_cost": "{cents}",
        "net_cost": "{cents}", "source_type": "despatch",
    }, filled=5),
}  # fmt: skip
