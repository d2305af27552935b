"""What callers do in a simulated shop: tell it that an order was sent, refund one, set what it can sell."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.integrations.contract import Raw
from crossdock.integrations.sandbox import catalogue, forms
from crossdock.integrations.sandbox.despatch import CENT
from crossdock.integrations.sandbox.forms import (
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
from crossdock.integrations.sandbox.generate_cart import ORDERS, PLACES, PRODUCTS
from crossdock.integrations.sandbox.world import Records, moment


def deliver(records: Records, gid: str, body: Any) -> Raw:
    """Notes that these lines of an order were sent, or all that is left of it."""
    form, order = filled(DeliveryForm, body), records.get(ORDERS, gid)
    if order["state"] == "VOIDED":
        raise refused(f"order {gid} is cancelled")
    left = _unsent(order)
    units = left if form.lines is None else _units(order, left, form.lines)
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
    is_all = not any(_unsent(order).values())
    order["state"] = "COMPLETE" if is_all else "PARTIAL"
    if is_all:
        order["groups"] = [
            group | {"state": "SENT", "modified_at": moment(records.now)} for group in order["groups"]
        ]
    return records.put(ORDERS, order)


def refund(records: Records, gid: str, body: Any) -> Raw:
    """Pays back an amount, or what lines of the order cost; never more than was paid, to the cent."""
    form, order = filled(RefundForm, body), records.get(ORDERS, gid)
    left = _left_to_refund(order)
    lines = [_refunded_line(order, one) for one in form.lines or ()]
    _check_lines(order, lines)
    of_lines = sum((Decimal(one["amount"]) for one in lines), Decimal("0.00"))
    given = forms.money(form.amount, "amount")
    amount = of_lines if given is None else given
    if amount < of_lines:
        raise refused(f"the lines come to {of_lines}, the amount is {amount}")
    if not amount:
        raise refused("a refund needs an amount above 0, or lines that come to one")
    if amount > left:
        raise refused(f"order {gid}: {left} is left to refund, not {amount}")
    entry = {
        "gid": f"{gid}_refund_{len(order.get('refunds', []))}",
        "created_at": moment(records.now),
        "amount": str(amount),
        "why": form.why,
        "lines": lines,
    }
    order["refunds"] = [*order.get("refunds", []), entry]
    order["payment"] = "REFUNDED" if amount == left else "PARTIALLY_REFUNDED"
    return records.put(ORDERS, order)


def set_level(records: Records, gid: str, body: Any) -> Raw:
    """Changes how many of a variant can be sold: in one place, or over all of them."""
    form, product = filled(LevelForm, body), records.get(PRODUCTS, gid)
    _check_is_variant(records, product)
    if form.place is not None:
        levels = _at(records, product, form.place, form.how, form.units)
    else:
        levels = _over_all(product, form.how, form.units)
    product["levels"] = levels
    return records.put(PRODUCTS, product)


def set_levels(records: Records, _gid: str, body: Any) -> list[Raw]:
    """Sets many variants, all or none of them; returns each once."""
    form = filled(LevelsForm, body)
    seen: dict[str, set[str | None]] = {}
    for one in form.levels:
        places = seen.setdefault(one.product, set())
        if places & {one.place, None} or (places and one.place is None):
            raise refused(f"product {one.product!r} is there twice")
        places.add(one.place)
    changed: dict[str, Raw] = {}
    for one in form.levels:
        named(records, PRODUCTS, "product", one.product)
        body = {"how": "SET", "units": one.units, "place": one.place}
        changed[one.product] = set_level(records, one.product, body)
    return list(changed.values())


def _unsent(order: Raw) -> dict[str, int]:
    """Units by line that are in no delivery. A delivery's rows are told by their variant."""
    sent: dict[str, int] = {}
    for row in (row for one in order["deliveries"] for row in one["rows"]):
        sent[row["variant"]] = sent.get(row["variant"], 0) + row["units"]
    left = {}
    for line in order["lines"]:
        gone = min(line["units"], sent.get(line["variant"], 0))
        sent[line["variant"]] = sent.get(line["variant"], 0) - gone
        left[line["gid"]] = line["units"] - gone
    return left


def _units(order: Raw, left: dict[str, int], given: list[DeliveryLine]) -> dict[str, int]:
    units: dict[str, int] = {}
    for one in given:
        if one.line not in left:
            raise refused(f"order {order['gid']} has no line {one.line!r}")
        units[one.line] = units.get(one.line, 0) + one.units
        if units[one.line] > left[one.line]:
            raise refused(f"line {one.line} has {left[one.line]} left to send, not {units[one.line]}")
    return units


def _row(gid: str, line: Raw, units: int) -> Raw:
    names = ("variant", "sku", "parent", "parent_sku")
    return {"gid": gid, **{name: line[name] for name in names}, "units": units}


def _rate(form: DeliveryForm) -> Raw:
    """A method that the shop knows, or only what the caller calls it."""
    for n in range(len(catalogue.METHODS)):
        way = catalogue.via(n)
        if (way["label"], way["carrier_label"]) == (form.method, form.carrier):
            return dict(way)
    carrier = next((one.key for one in catalogue.CARRIERS.values() if one.name == form.carrier), None)
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
    paid_back = sum((Decimal(one["amount"]) for one in order.get("refunds", [])), Decimal(0))
    return Decimal(order["money"]["total"]) - paid_back


def _refunded_line(order: Raw, given: RefundLine) -> Raw:
    """What is paid back for some units of a line, or an amount for it."""
    line = next((one for one in order["lines"] if one["gid"] == given.line), None)
    if line is None:
        raise refused(f"order {order['gid']} has no line {given.line!r}")
    amount = forms.money(given.amount, "amount")
    units = given.units or 0
    if amount is None and not units:
        raise refused(f"line {given.line} needs units or an amount")
    before = sum(row["units"] for row in _refunds_of(order, given.line))
    if units > line["units"] - before:
        raise refused(f"line {given.line} has {line['units'] - before} left to refund, not {units}")
    if amount is None:
        amount = _share(line, before + units) - _share(line, before)
    return {"line": given.line, "units": units, "amount": str(amount)}


def _check_lines(order: Raw, lines: list[Raw]) -> None:
    """Raises VendorRefused for a line that is there twice, or gets back more than it cost."""
    for one in lines:
        if [other["line"] for other in lines].count(one["line"]) > 1:
            raise refused(f"line {one['line']} is there twice")
        line = next(each for each in order["lines"] if each["gid"] == one["line"])
        before = sum((Decimal(row["amount"]) for row in _refunds_of(order, one["line"])), Decimal(0))
        left = _share(line, line["units"]) - before
        if Decimal(one["amount"]) > left:
            raise refused(f"line {one['line']}: {left} is left to refund, not {one['amount']}")


def _refunds_of(order: Raw, line: str) -> list[Raw]:
    return [row for one in order.get("refunds", []) for row in one["lines"] if row["line"] == line]


def _share(line: Raw, units: int) -> Decimal:
    """What so many units of a line cost with their tax, to the cent: the shares add up to the line."""
    units_price, whole = Decimal(line["price"]), int(line["units"])
    worth = units_price * whole - Decimal(line["rebate"]) + Decimal(line["tax"])
    return (worth * units / whole).quantize(CENT, ROUND_HALF_UP)


def _check_is_variant(records: Records, product: Raw) -> None:
    gid = product["gid"]
    has_variants = any(one["parent"] == gid != one["gid"] for one in records.all(PRODUCTS))
    if has_variants or product["price"] is None:
        raise refused(f"{gid} is a parent product: its variants have stock, it has none")


def _at(records: Records, product: Raw, place: str, how: str, units: int) -> dict[str, int]:
    named(records, PLACES, "place", place)
    held = product["levels"].get(place, 0)
    level = {"ADD": held + units, "REMOVE": held - units, "SET": units}[how]
    if level < 0:
        raise refused(f"{product['gid']}: {place} has {held}, not {units}")
    return {**product["levels"], place: level}


def _over_all(product: Raw, how: str, units: int) -> dict[str, int]:
    """What is added goes to the first place, what is taken comes from the first that have it."""
    levels: dict[str, int] = dict(product["levels"])
    total = sum(levels.values())
    wanted = {"ADD": total + units, "REMOVE": total - units, "SET": units}[how]
    if wanted < 0:
        raise refused(f"{product['gid']}: there are {total}, not {units}")
    if wanted >= total:
        levels[next(iter(levels))] += wanted - total
        return levels
    missing = total - wanted
    for place, held in levels.items():
        taken = min(held, missing)
        levels[place], missing = held - taken, missing - taken
    return levels
