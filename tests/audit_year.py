"""A year of an account: parcels with all the normal pricing, and errors planted among them.

All is drawn from one seed. The price of freight is a formula of service, zone, weight and half of the year;
fuel is a percentage of the week; a seventh is billed by volume; some are corrected, returned, refunded,
readdressed, billed late, as in real files. Each error is noted with the rule that has to find it and the
amount, computed here and not by the product.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from random import Random

from tests.audit_rows import Cells

CENT = Decimal("0.01")
DIVISOR = 166
SERVICES = {
    "Ground Commercial": Decimal("0.42"),
    "Ground Residential": Decimal("0.45"),
    "2nd Day Air": Decimal("1.30"),
}
SIZES = ((12, 10, 8), (18, 14, 10), (20, 16, 12), (24, 18, 16))
BEGIN = date(2025, 1, 6)
HEADER = (
    "Account Number",
    "Invoice Number",
    "Invoice Date",
    "Invoice Amount",
    "Transaction Date",
    "Shipment Date",
    "Tracking Number",
    "Lead Shipment Number",
    "Charge Classification Code",
    "Charge Description",
    "Charge Category Code",
    "Charge Category Detail Code",
    "Incentive Amount",
    "Net Amount",
    "Transaction Currency Code",
    "Entered Weight",
    "Entered Weight Unit of Measure",
    "Billed Weight",
    "Billed Weight Unit of Measure",
    "Billed Weight Type",
    "Package Dimensions",
    "Package Dimension Unit Of Measure",
    "Zone",
    "Bill Option Code",
    "Receiver Address Line 1",
    "Receiver City",
    "Receiver Postal",
    "Receiver Country",
)

KINDS = (
    "duplicate",
    "duplicate_later",
    "heavier",
    "volume",
    "minimum",
    "fuel",
    "dearer",
    "measured",
    "contradicted",
    "unknown",
)


@dataclass(frozen=True)
class Planted:
    """An error, and what has to find it."""

    rule: str
    tracking_number: str
    amount: Decimal


@dataclass
class Package:
    """What the warehouse measured."""

    weight: Decimal
    size: tuple[int, int, int]


@dataclass
class Year:
    """The rows of a year, what was planted, and what the warehouse knows of each parcel."""

    parcels: int
    errors: int
    seed: int = 17
    rows: list[Cells] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    warehouse: dict[str, Package] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        every = self.parcels // self.errors
        for number in range(self.parcels):
            kind = KINDS[(number // every) % len(KINDS)] if number % every == every // 2 else ""
            _Parcel(self, number, kind).write()
        self._fees()

    def _fees(self) -> None:
        """Fees and adjustments of each week, which are no errors; and some that come twice."""
        for week in range(52):
            day = BEGIN + timedelta(days=7 * week)
            weekly = _row(
                "Service Charge", Decimal("36.00"), "MSC", "MIS/SVCH", day=day, number="", week=week
            )
            self.rows.append(weekly)
            fee = Decimal("41.17")
            self.rows.append(
                _row("Payment Processing Fee", fee, "FRT", "MIS/SVCH", day=day, number="", week=week)
            )
            if week % 13 == 5:
                self.rows.append(weekly)
                self.planted.append(Planted("duplicate_charge", "", Decimal("36.00")))

    def file(self) -> bytes:
        """All rows as one file of UPS."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, HEADER, restval="")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue().encode()


def price(service: str, zone: int, pounds: Decimal, day: date) -> Decimal:
    """The account's price: it rises in the middle of the year."""
    rate = SERVICES[service] * (Decimal("1.00") if day < date(2025, 7, 1) else Decimal("1.049"))
    return (Decimal("7.20") + rate * pounds * (Decimal(8) + zone) / 10).quantize(CENT, ROUND_HALF_UP)


def percentage(week: int) -> Decimal:
    """The fuel surcharge of a week."""
    return Decimal("0.165") + Decimal(week % 5) / 400


def _row(
    label: str,
    net: Decimal,
    code: str,
    why: str,
    *,
    day: date,
    number: str,
    week: int,
    invoice_week: int | None = None,
    **cells: str,
) -> Cells:
    billed = week if invoice_week is None else invoice_week
    category, _, detail = why.partition("/")
    return {
        "Account Number": "00A1",
        "Invoice Number": f"INV{billed:03}",
        "Invoice Date": str(BEGIN + timedelta(days=7 * billed + 6)),
        "Transaction Date": str(day),
        "Shipment Date": str(day) if number else "",
        "Tracking Number": number,
        "Lead Shipment Number": number,
        "Charge Classification Code": code,
        "Charge Description": label,
        "Charge Category Code": category,
        "Charge Category Detail Code": detail,
        "Incentive Amount": "0.00",
        "Net Amount": f"{net:.2f}",
        "Transaction Currency Code": "USD",
    } | {name.replace("_", " "): cell for name, cell in cells.items()}


class _Parcel:
    """One parcel, with the rows of its charges. kind: the error that is planted; "" for none."""

    def __init__(self, year: Year, number: int, kind: str) -> None:
        self.year, self.random, self.kind = year, year._random, kind
        self.number = f"1Z{number:08}"
        self.week = number * 52 // year.parcels
        self.day = BEGIN + timedelta(days=7 * self.week + self.random.randrange(5))
        self.service = self.random.choice(tuple(SERVICES))
        self.zone = self.random.randrange(2, 9)
        self.ounces = self.random.randrange(8, 25 * 16)
        self.weight = (Decimal(self.ounces) / 16).quantize(Decimal("0.1"))
        self.size = self.random.choice(SIZES)
        self.is_volume = kind == "volume" or (not kind and self.random.random() < 0.15)
        self.billed = self.weight.to_integral_value(ROUND_CEILING)
        self.kind_of_weight = "01"
        if self.is_volume:
            length, width, height = self.size
            volume = (Decimal(length * width * height) / DIVISOR).to_integral_value(ROUND_CEILING)
            if volume > self.billed or kind == "volume":
                self.billed, self.kind_of_weight = max(volume, self.billed), "02"

    def write(self) -> None:
        year, kind = self.year, self.kind
        if kind != "unknown":
            year.warehouse[self.number] = Package(self.weight, self.size)
        right = self.billed
        if kind in ("heavier", "volume"):
            self.billed += self.random.randrange(3, 9)
        if kind == "minimum":
            self.billed, self.kind_of_weight = Decimal(40), "03"
            right = self.weight.to_integral_value(ROUND_CEILING)
        if kind == "measured":
            # the shipper entered what was billed; the warehouse weighed less
            self.kind_of_weight = "01"
            self.billed = right = self.weight.to_integral_value(ROUND_CEILING) + 4
            year.warehouse[self.number] = Package(self.weight, (4, 4, 4))
        self._freight(right)
        getattr(self, f"_{kind}" if kind else "_normal")()

    # What is normal

    def _freight(self, right: Decimal) -> None:
        entered = right if self.kind == "measured" else self.weight
        self.base = price(self.service, self.zone, self.billed, self.day)
        self.right_base = price(self.service, self.zone, right, self.day)
        extra = Decimal("2.10") if self.kind == "dearer" else Decimal(0)
        size = "x".join(f"{side}.0" for side in self.size) if self.kind_of_weight == "02" else ""
        self.cells = {
            "Entered_Weight": str(entered),
            "Entered_Weight_Unit_of_Measure": "LB",
            "Billed_Weight": str(self.billed),
            "Billed_Weight_Unit_of_Measure": "LB",
            "Billed_Weight_Type": self.kind_of_weight,
            "Zone": f"{self.zone:03}",
            "Package_Dimensions": size,
            "Package_Dimension_Unit_Of_Measure": "IN" if size else "",
        }
        self._add(self.service, self.base + extra, "FRT", "SHP/WWS", **self.cells)
        fuel = ((self.base + extra) * percentage(self.week)).quantize(CENT, ROUND_HALF_UP)
        self.fuel = fuel
        if self.kind == "fuel":
            fuel += Decimal("3.00")
        if self.service == "Ground Residential" and self.kind != "fuel":
            self._add("Residential Surcharge", Decimal("3.05"), "ACC", "SHP/WWS")
            fuel += (Decimal("3.05") * percentage(self.week)).quantize(CENT, ROUND_HALF_UP)
        self._add("Fuel Surcharge", fuel, "FSC", "SHP/WWS")

    def _normal(self) -> None:
        chance = self.random.random()
        later = {"invoice_week": min(self.week + 1, 51)}
        if chance < 0.02:
            self._corrected(later)
        elif chance < 0.024:
            self._add("Address Correction Ground", Decimal("22.00"), "FRT", "ADJ/ADC", **later)
        elif chance < 0.028:
            self._add("Ground Undeliverable Return", self.base, "FRT", "RTN/RTS", **later)
            self._add("Fuel Surcharge", self.fuel, "FSC", "RTN/RTS", **later)
        elif chance < 0.033:
            self._add(f"{self.service} Adjustment", -self.base, "FRT", "ADJ/ADJ", **later)
            self._add("Fuel Surcharge Adjustment", -self.fuel, "FSC", "ADJ/ADJ", **later)
        elif chance < 0.037:
            self._add("Residential Adjustment Ground", Decimal("5.90"), "FRT", "ADJ/RADJ", **later)
        elif chance < 0.045:
            self._add("Delivery Area Surcharge", Decimal("4.20"), "ACC", "SHP/WWS", **later)
            self._add("Fuel Surcharge", Decimal("0.71"), "FSC", "SHP/WWS", **later)
        elif chance < 0.05:
            self._add("Additional Handling", Decimal("25.00"), "ACC", "SHP/WWS")

    def _corrected(self, later: dict[str, int]) -> None:
        """Measured again, and the warehouse measured the same: right, and avoidable."""
        size = (24, 20, 18)
        self.year.warehouse[self.number] = Package(self.weight, size)
        heavy = max((Decimal(24 * 20 * 18) / DIVISOR).to_integral_value(ROUND_CEILING), self.billed)
        difference = price(self.service, self.zone, heavy, self.day) - self.base
        cells = self.cells | {
            "Billed_Weight": str(heavy),
            "Billed_Weight_Type": "08",
            "Package_Dimensions": "24.0x20.0x18.0",
            "Package_Dimension_Unit_Of_Measure": "IN",
        }
        self._add(
            f"Shipping Charge Correction {self.service}", difference, "FRT", "ADJ/SCC", **cells, **later
        )

    # What is wrong

    def _duplicate(self) -> None:
        self._add("Delivery Area Surcharge", Decimal("4.20"), "ACC", "SHP/WWS")
        self._add("Delivery Area Surcharge", Decimal("4.20"), "ACC", "SHP/WWS")
        self._plant("duplicate_charge", Decimal("4.20"))

    def _duplicate_later(self) -> None:
        self._add(
            self.service, self.base, "FRT", "SHP/WWS", invoice_week=min(self.week + 2, 51), **self.cells
        )
        self._plant("duplicate_charge", self.base)

    def _heavier(self) -> None:
        self._plant("overbilled_weight", None)

    def _volume(self) -> None:
        self._plant("overbilled_weight", None)

    def _minimum(self) -> None:
        self._add("Additional Handling", Decimal("25.00"), "ACC", "SHP/WWS")
        self._add(
            "Additional Handling", Decimal("-25.00"), "ACC", "ADJ/SCC", invoice_week=min(self.week + 1, 51)
        )
        self._plant("overbilled_weight", None)

    def _fuel(self) -> None:
        self._plant("fuel_percentage", Decimal("3.00"))

    def _dearer(self) -> None:
        self._plant("price_deviation", Decimal("2.10"))

    def _measured(self) -> None:
        right = self.weight.to_integral_value(ROUND_CEILING)
        self.right_base = price(self.service, self.zone, right, self.day)
        self._plant("billed_over_measured", None)

    def _contradicted(self) -> None:
        self.year.warehouse[self.number] = Package(self.weight, (5, 5, 5))
        cells = self.cells | {
            "Billed_Weight": str(self.billed + 20),
            "Billed_Weight_Type": "08",
            "Package_Dimensions": "30.0x20.0x18.0",
            "Package_Dimension_Unit_Of_Measure": "IN",
        }
        self._add(
            f"Shipping Charge Correction {self.service}",
            Decimal("9.40"),
            "FRT",
            "ADJ/SCC",
            **cells,
            invoice_week=min(self.week + 1, 51),
        )
        self._plant("charge_correction", Decimal("9.40"))

    def _unknown(self) -> None:
        self._plant("charged_not_shipped", sum((row for row in self._nets()), Decimal(0)))

    def _nets(self) -> Iterator[Decimal]:
        for row in reversed(self.year.rows):
            if row["Tracking Number"] != self.number:
                return
            yield Decimal(row["Net Amount"])

    def _plant(self, rule: str, amount: Decimal | None) -> None:
        """Note an error. amount: None is the billed weight's price less that of the right weight."""
        difference = self.base - self.right_base if amount is None else amount
        self.year.planted.append(Planted(rule, self.number, difference))

    def _add(self, label: str, net: Decimal, code: str, why: str, **cells: object) -> None:
        invoice_week = cells.pop("invoice_week", None)
        texts = {name: str(cell) for name, cell in cells.items()}
        self.year.rows.append(
            _row(
                label,
                net,
                code,
                why,
                day=self.day,
                number=self.number,
                week=self.week,
                invoice_week=invoice_week if isinstance(invoice_week, int) else None,
                **texts,
            )
        )
