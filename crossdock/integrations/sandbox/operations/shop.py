"""What callers do in a simulated shop: tell it that an order was sent, refund one, set what it can sell."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.integrations.sandbox.generate.cart import ORDERS, PLACES, PRODUCTS
from crossdock.integrations.sandbox.operations import forms
from crossdock.integrations.sandbox.operations.forms import (
    DeliveryForm,
    DeliveryLine,
    LevelForm,
    LevelsForm,
    RefundForm,
    RefundLine,
    filled,
    named,
    refused,
)
from crossdock.integrations.sandbox.world import catalogue
from crossdock.integrations.sandbox.world.despatch import CENT
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw


def deliver(records: WorldRecords, gid: str, body: Any) -> Raw:
    """Note that these lines of an order were sent, or all that is left of it."""
    form, order = filled(DeliveryForm, body), records.get(ORDERS, gid)
    if order["state"] == "VOIDED":
        raise refused(f"order {gid} is cancelled")
    remaining_unsent = _unsent(order)
    units = remaining_unsent if form.lines is None else _units(order, remaining_unsent, form.lines)
    if not any(units.values()):
        raise refused(f"all of order {gid} was sent already")
    number = len(order["deliveries"])
    lines = [line for line in order["lines"] if units.get(line["gid"])]
    order["deliveries"].append(
        {
            "gid": f"{gid}_delivery_{number}",
            "created_at": moment(records.now),
            "modified_at": moment(records.now),
            "state": "SENT",
            "origin": order["groups"][0]["origin"],
            "rate": _rate(form),
            "track": form.track,
            "track_url": form.track_url,
            "rows": [
                _row(f"{gid}_delivery_{number}_{n}", line, units[line["gid"]]) for n, line in enumerate(lines)
            ],
            "groups": [group["gid"] for group in order["groups"]],
        }
    )
    _note_progress(records, order)
    return records.put(ORDERS, order)


def _note_progress(records: WorldRecords, order: Raw) -> None:
    """Set the state of an order and of its groups by what was sent of it."""
    is_all = not any(_unsent(order).values())
    order["state"] = "COMPLETE" if is_all else "PARTIAL"
    if is_all:
        order["groups"] = [
            group | {"state": "SENT", "modified_at": moment(records.now)} for group in order["groups"]
        ]


def refund(records: WorldRecords, gid: str, body: Any) -> Raw:
    """Pay back an amount, or what lines of the order cost; never more than was paid, to the cent."""
    form, order = filled(RefundForm, body), records.get(ORDERS, gid)
    remaining_amount = _left_to_refund(order)
    lines = [_refunded_line(order, line) for line in form.lines or ()]
    _check_lines(order, lines)
    of_lines = sum((Decimal(line["amount"]) for line in lines), Decimal("0.00"))
    money = forms.money(form.amount, "amount")
    amount = of_lines if money is None else money
    if amount < of_lines:
        raise refused(f"the lines come to {of_lines}, the amount is {amount}")
    if not amount:
        raise refused("a refund needs an amount above 0, or lines that come to one")
    if amount > remaining_amount:
        raise refused(f"order {gid}: {remaining_amount} is left to refund, not {amount}")
    entry = {
        "gid": f"{gid}_refund_{len(order.get('refunds', []))}",
        "created_at": moment(records.now),
        "amount": str(amount),
        "why": form.why,
        "lines": lines,
    }
    order["refunds"] = [*order.get("refunds", []), entry]
    order["payment"] = "REFUNDED" if amount == remaining_amount else "PARTIALLY_REFUNDED"
    return records.put(ORDERS, order)


def set_level(records: WorldRecords, gid: str, body: Any) -> Raw:
    """Change how many of a variant can be sold: in one place, or over all of them."""
    form, product = filled(LevelForm, body), records.get(PRODUCTS, gid)
    _check_is_variant(records, product)
    if form.place is not None:
        levels = _at(records, product, form.place, form.how, form.units)
    else:
        levels = _over_all(product, form.how, form.units)
    product["levels"] = levels
    return records.put(PRODUCTS, product)


def set_levels(records: WorldRecords, _gid: str, body: Any) -> list[Raw]:
    """Set many variants, all or none of them; return each once."""
    form = filled(LevelsForm, body)
    fields: dict[str, set[str | None]] = {}
    for level_line in form.levels:
        setdefaults = fields.setdefault(level_line.product, set())
        if setdefaults & {level_line.place, None} or (setdefaults and level_line.place is None):
            raise refused(f"product {level_line.product!r} is there twice")
        setdefaults.add(level_line.place)
    changed: dict[str, Raw] = {}
    for level_line in form.levels:
        named(records, PRODUCTS, "product", level_line.product)
        body = {"how": "SET", "units": level_line.units, "place": level_line.place}
        changed[level_line.product] = set_level(records, level_line.product, body)
    return list(changed.values())


def _unsent(order: Raw) -> dict[str, int]:
    """Units by line that are in no delivery. A delivery's rows are told by their variant."""
    sent: dict[str, int] = {}
    for row in (row for delivery in order["deliveries"] for row in delivery["rows"]):
        sent[row["variant"]] = sent.get(row["variant"], 0) + row["units"]
    remaining_unsent = {}
    for line in order["lines"]:
        unit = min(line["units"], sent.get(line["variant"], 0))
        sent[line["variant"]] = sent.get(line["variant"], 0) - unit
        remaining_unsent[line["gid"]] = line["units"] - unit
    return remaining_unsent


def _units(
    order: Raw, remaining_unsent: dict[str, int], delivery_lines: list[DeliveryLine]
) -> dict[str, int]:
    units: dict[str, int] = {}
    for delivery_line in delivery_lines:
        if delivery_line.line not in remaining_unsent:
            raise refused(f"order {order['gid']} has no line {delivery_line.line!r}")
        units[delivery_line.line] = units.get(delivery_line.line, 0) + delivery_line.units
        if units[delivery_line.line] > remaining_unsent[delivery_line.line]:
            raise refused(
                f"line {delivery_line.line} has {remaining_unsent[delivery_line.line]} left to send, "
                f"not {units[delivery_line.line]}"
            )
    return units


def _row(gid: str, line: Raw, units: int) -> Raw:
    names = ("variant", "sku", "parent", "parent_sku")
    return {"gid": gid, **{name: line[name] for name in names}, "units": units}


def _rate(form: DeliveryForm) -> Raw:
    """A method that the shop knows, or only what the caller calls it."""
    for n in range(len(catalogue.METHODS)):
        method = catalogue.via(n)
        if (method["label"], method["carrier_label"]) == (form.method, form.carrier):
            return dict(method)
    carrier = next(
        (carrier.key for carrier in catalogue.CARRIERS.values() if carrier.name == form.carrier), None
    )
    return {
        "method": None,
        "label": form.method,
        "carrier": carrier,
        "carrier_label": form.carrier,
        "scac": None,
    }


def _left_to_refund(order: Raw) -> Decimal:
    if order["payment"] == "REFUNDED":
        return Decimal("0.00")
    paid_back = sum(
        (Decimal(current_refund["amount"]) for current_refund in order.get("refunds", [])), Decimal(0)
    )
    return Decimal(order["money"]["total"]) - paid_back


def _refunded_line(order: Raw, refund_line: RefundLine) -> Raw:
    """The refund for some units of a line, or of an amount for it."""
    line = next((line for line in order["lines"] if line["gid"] == refund_line.line), None)
    if line is None:
        raise refused(f"order {order['gid']} has no line {refund_line.line!r}")
    amount = forms.money(refund_line.amount, "amount")
    units = refund_line.units or 0
    if amount is None and not units:
        raise refused(f"line {refund_line.line} needs units or an amount")
    before = sum(row["units"] for row in _refunds_of(order, refund_line.line))
    if units > line["units"] - before:
        raise refused(f"line {refund_line.line} has {line['units'] - before} left to refund, not {units}")
    if amount is None:
        amount = _share(line, before + units) - _share(line, before)
    return {"line": refund_line.line, "units": units, "amount": str(amount)}


def _check_lines(order: Raw, lines: list[Raw]) -> None:
    """Raise VendorRefused for a line that is there twice, or gets back more than it cost."""
    for fields in lines:
        if [other_line["line"] for other_line in lines].count(fields["line"]) > 1:
            raise refused(f"line {fields['line']} is there twice")
        line = next(line for line in order["lines"] if line["gid"] == fields["line"])
        before = sum((Decimal(row["amount"]) for row in _refunds_of(order, fields["line"])), Decimal(0))
        remaining_share = _share(line, line["units"]) - before
        if Decimal(fields["amount"]) > remaining_share:
            raise refused(
                f"line {fields['line']}: {remaining_share} is left to refund, not {fields['amount']}"
            )


def _refunds_of(order: Raw, line: str) -> list[Raw]:
    return [
        row
        for current_refund in order.get("refunds", [])
        for row in current_refund["lines"]
        if row["line"] == line
    ]


def _share(line: Raw, units: int) -> Decimal:
    """The cost of so many units of a line with their tax, to the cent: the shares add up to the line."""
    units_price, whole_number = Decimal(line["price"]), int(line["units"])
    worth = units_price * whole_number - Decimal(line["rebate"]) + Decimal(line["tax"])
    return (worth * units / whole_number).quantize(CENT, ROUND_HALF_UP)


def _check_is_variant(records: WorldRecords, product: Raw) -> None:
    gid = product["gid"]
    has_variants = any(record["parent"] == gid != record["gid"] for record in records.all(PRODUCTS))
    if has_variants or product["price"] is None:
        raise refused(f"{gid} is a parent product: its variants have stock, it has none")


def _at(records: WorldRecords, product: Raw, position: str, how: str, units: int) -> dict[str, int]:
    named(records, PLACES, "place", position)
    held = product["levels"].get(position, 0)
    level = {"ADD": held + units, "REMOVE": held - units, "SET": units}[how]
    if level < 0:
        raise refused(f"{product['gid']}: {position} has {held}, not {units}")
    return {**product["levels"], position: level}


def _over_all(product: Raw, how: str, units: int) -> dict[str, int]:
    """New levels: what is added goes to the first place, what is taken comes from the first that have it."""
    levels: dict[str, int] = dict(product["levels"])
    total = sum(levels.values())
    number = {"ADD": total + units, "REMOVE": total - units, "SET": units}[how]
    if number < 0:
        raise refused(f"{product['gid']}: there are {total}, not {units}")
    if number >= total:
        levels[next(iter(levels))] += number - total
        return levels
    missing = total - number
    for key, held in levels.items():
        count = min(held, missing)
        levels[key], missing = held - count, missing - count
    return levels
