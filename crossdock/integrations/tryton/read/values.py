"""What Tryton's records are made of, and what it means: related records, times, amounts, addresses, sizes.

    {"customer": 5, "customer.": {"id": 5, "name": …}}     a related record, below its field's name with a dot
    {"__class__": "Decimal", "decimal": "1.50"}            an exact number; times are wrapped likewise

A field that is missing belongs to a module that the server does not have, or to a model that the user may not
read: nothing is said about it.
"""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import Quantity, counted

# The contract's units by Tryton's factors, which are to the metre and to the kilogram: names get translated.
LENGTH_UNITS = {Decimal("0.01"): "cm", Decimal("0.0254"): "in"}
WEIGHT_UNITS = {Decimal("1"): "kg", Decimal("0.45359237"): "lb", Decimal("0.028349523125"): "oz"}

# "received" and "done" differ in whether the goods were put away, not in whether they are there.
RECEIPT_STATUS = {"draft": "open", "received": "received", "done": "received", "cancelled": "cancelled"}

PRICE_PLACES = 6
"""Of a price that is worked out for another unit. One that needs more is not said."""


def identity(raw: Raw, *parts: Raw) -> Fields:
    """Id and dates. A change of a part is a change of the record: Tryton stamps each for itself."""
    stamps = [updated(part) for part in (raw, *parts) if "create_date" in part]
    return {
        "id": values.text(raw["id"]),
        "created_date": time(raw["create_date"]),
        "updated_date": max(filter(None, stamps), default=None),
    }


def updated(raw: Raw) -> str | None:
    """The time when the record was last changed. One that never was has no write_date."""
    return time(raw["write_date"] or raw["create_date"])


def is_active(variant: Raw) -> bool:
    """Check whether a variant is in use: archiving its template archives it too, and leaves it unmarked."""
    return bool(variant["active"]) and bool(related(variant, "template.")["active"])


def street(address: Raw) -> Fields:
    """An address. Its street is one text of several lines; what is beyond the third stays in the third."""
    lines = [line.strip() for line in (address.get("street") or "").splitlines() if line.strip()]
    first, second, *remaining_items = [*lines, None, None]
    country = values.text(related(address, "country.").get("code"))
    state = values.text(related(address, "subdivision.").get("code"))
    return {
        "address1": first,
        "address2": second,
        "address3": ", ".join(filter(None, remaining_items)) or None,
        "city": values.text(address.get("city")),
        # ISO 3166-2, "US-CA": the country is said already.
        "state": state.removeprefix(f"{country}-") if state else None,
        "postal_code": values.text(address.get("postal_code")),
        "country": country,
    }


def sizes(raw: Raw) -> Fields:
    """Length, width and height in the unit that they share, if the contract knows it, else in cm."""
    sides = {side: values.decimal(raw.get(side)) for side in ("length", "width", "height")}
    factors = {
        side: values.decimal(related(raw, f"{side}_uom.").get("factor"))
        for side, size in sides.items()
        if size is not None
    }
    if not factors or None in factors.values():
        return {}
    common = set(factors.values())
    unit = LENGTH_UNITS.get(common.pop() or Decimal(0), "cm") if len(common) == 1 else "cm"
    to_metres = next(factor for factor, name in LENGTH_UNITS.items() if name == unit)
    return {side: _in_unit(sides[side], factors.get(side), to_metres) for side in sides} | {"unit": unit}


def weight(weight: Any, uom: Raw) -> Fields:
    """A weight in its unit, if the contract knows it, else in kg.

    A package of which Tryton knows no weight weighs 0 there.
    """
    number, factor = values.decimal(weight), values.decimal(uom.get("factor"))
    if not number or factor is None:
        return {}
    unit = WEIGHT_UNITS.get(factor, "kg")
    to_kilograms = next(key for key, name in WEIGHT_UNITS.items() if name == unit)
    return {"weight": _in_unit(number, factor, to_kilograms), "weight_unit": unit}


def _in_unit(number: Decimal | None, factor: Decimal | None, unit: Decimal) -> Decimal | None:
    if number is None or factor is None or factor == unit:
        return number
    return values.decimal(number * factor / unit)


def unit_price(move: Raw) -> Decimal | None:
    """The price of one unit of the item, where it has at most six places: of a dozen at 36.00 it is 3.

    Source: compute_price in trytond/modules/product/uom.py.
    """
    price, product = money(move["unit_price"]), related(move, "product.")
    if price is None or move["unit"] == product["default_uom"]:
        return price
    of_move, of_item = size(related(move, "unit.")), size(related(product, "default_uom."))
    if of_move is None or of_item is None:
        return None
    per_item = Fraction(price) * of_item / of_move
    scaled = per_item * 10**PRICE_PLACES
    return (
        values.decimal(Decimal(scaled.numerator).scaleb(-PRICE_PLACES)) if scaled.denominator == 1 else None
    )


def size(unit: Raw) -> Fraction | None:
    """The size of a unit of measure in its category's base unit; None when that is not known.

    Tryton has two numbers for it, one the inverse of the other; the shorter one is the exact one.
    """
    factor, rate = (values.decimal(unit.get(name)) or Decimal(0) for name in ("factor", "rate"))
    if not factor and not rate:
        return None
    if not rate or (factor and _decimal_places(factor) <= _decimal_places(rate)):
        return Fraction(factor)
    return 1 / Fraction(rate)


def _decimal_places(number: Decimal) -> int:
    return max(0, -int(number.normalize().as_tuple().exponent))


def active(raw: Raw, name: str) -> list[Raw]:
    """The moves that count: those not cancelled, but all of them of a shipment that is cancelled itself."""
    moves = all_related(raw, name)
    return moves if raw["state"] == "cancelled" else [move for move in moves if move["state"] != "cancelled"]


def by_item(moves: list[Raw]) -> dict[str, list[Raw]]:
    raws: dict[str, list[Raw]] = {}
    for move in sorted(moves, key=lambda move: move["id"]):
        raws.setdefault(str(move["product"]), []).append(move)
    return raws


def sku(move: Raw) -> str | None:
    return values.text(related(move, "product.")["code"])


def total(moves: list[Raw]) -> Quantity:
    """The quantity that the moves carry, in the item's own unit."""
    unit = next(filter(None, (_symbol(move) for move in moves)), None)
    return counted([move["internal_quantity"] for move in moves], unit)


def _symbol(move: Raw) -> str | None:
    return values.text(related(related(move, "product."), "default_uom.").get("symbol"))


def related(raw: Raw, name: str) -> Raw:
    """A related record; empty when there is none, or nothing is said about it."""
    fields: Raw = raw.get(name) or {}
    return fields


def all_related(raw: Raw, name: str) -> list[Raw]:
    raws: list[Raw] = raw.get(name) or []
    return raws


def money(value: Any) -> Decimal | None:
    return values.money(plain(value))


def time(value: Any) -> str | None:
    return values.timestamp(plain(value))


def plain(value: Any) -> Any:
    """A wrapped number or time as itself. Times are UTC: trytond sets its own time zone to it.

    A date, which is what Tryton plans and ships by, becomes its midnight.
    """
    if not isinstance(value, dict):
        return value
    try:
        if value["__class__"] == "Decimal":
            return value["decimal"]
        if value["__class__"] in ("date", "datetime"):
            parts = ("year", "month", "day", "hour", "minute", "second")
            return datetime(*(value.get(part, 0) for part in parts))
    except (KeyError, TypeError, ValueError):
        pass
    return values.unfit(value, "a number or a time")
