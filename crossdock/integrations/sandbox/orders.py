"""What callers do with the orders of a simulated warehouse: create, change, cancel, send, attach a file."""

import hashlib
from decimal import Decimal
from typing import Any

from crossdock.integrations.contract import Raw
from crossdock.integrations.sandbox import catalogue, despatch, forms, promises, stock
from crossdock.integrations.sandbox.despatch import CENT, ORDERS, PRODUCTS
from crossdock.integrations.sandbox.forms import (
    Amounts,
    DespatchForm,
    FileForm,
    Named,
    Nothing,
    OrderForm,
    OrderLine,
    SentLine,
    Street,
    filled,
    named,
    refused,
)
from crossdock.integrations.sandbox.world import Records, moment

CHANNELS, METHODS, CLIENTS = "wms_order_channels", "wms_shipping_methods", "wms_warehouse_customers"
SITES = "wms_warehouses"
FIRST_ORDER = 100
"""Orders are numbered on from those that a world begins with."""
STATES = {"NEW", "RELEASED", "IN_WAVE", "PICKED", "PACKED", "SHORT", "ADDRESS_HOLD", "CREDIT_HOLD"}
"""Those that a caller can put an order in. The others follow from what is sent, or not there."""
WITH_LINES_OPEN = {"NEW", "RELEASED", "SHORT", "ADDRESS_HOLD", "CREDIT_HOLD", promises.WAITING}


def create(records: Records, _uid: str, body: Any) -> Raw:
    """A new order: stock is promised to it, or it waits for that."""
    form = filled(OrderForm, body)
    if form.lines is None or form.deliver_to is None or form.number is None:
        raise refused("an order needs a number, deliver_to and lines")
    if form.state is not None:
        raise refused("a new order has no state of the caller's")
    uid = f"order_id_{FIRST_ORDER + records.number('order')}"
    lines = [_line(records, one) for one in form.lines]
    client = form.client or records.get(PRODUCTS, lines[0]["product"])["client"]
    order: Raw = {
        "uid": uid,
        "client": named(records, CLIENTS, "merchant", client)["uid"],
        "placed": moment(records.now),
        "shop_ref": _free_reference(records, form.shop_ref or uid, uid),
        "state": "NEW",
        "channel": None,
        "kind": "CONSUMER",
        "partner": None,
        "via": catalogue.via(0),
        "level": catalogue.METHODS[0].level,
        "freight": {"terms": "PREPAID", "account": None},
        "money": {},
        "labels": [],
        "ship_by": None,
        "flags": [],
        "duties": None,
        "lines": lines,
        "stages": {},
        "despatches": [],
        "wave": None,
        "link": f"https://warehouse.example.com/orders/{uid}",
    }
    _apply(records, order, form)
    order["money"] = _totals(form.money or Amounts(), {}, order["lines"])
    order["site"] = _site(records, order, form.site)
    promises.promise_or_wait(records, order)
    if form.site is not None:
        _look_at_home(records, order)
    return records.put(ORDERS, order)


def change(records: Records, uid: str, body: Any) -> Raw:
    """Changes what is given. Raises VendorRefused for an order that is sent or cancelled."""
    form, order = filled(OrderForm, body), records.get(ORDERS, uid)
    if order["state"] in (despatch.SENT, "CANCELLED"):
        word = "fulfilled already" if order["state"] == despatch.SENT else "cancelled"
        raise refused(f"order {uid} is {word}")
    if form.client is not None:
        order["client"] = named(records, CLIENTS, "merchant", form.client)["uid"]
    if form.shop_ref is not None:
        order["shop_ref"] = _free_reference(records, form.shop_ref, uid)
    if form.site is not None:
        order["site"] = named(records, SITES, "warehouse", form.site)["uid"]
    _apply(records, order, form)
    if form.lines is not None:
        _change_lines(records, order, form.lines)
    if form.money is not None or form.lines is not None:
        stays = {"currency", "tax", "shipping"} if form.lines is not None else set(order["money"])
        known = {name: order["money"][name] for name in stays}
        order["money"] = _totals(form.money or Amounts(), known, order["lines"])
    if form.state is not None:
        _change_state(order, form.state)
    return records.put(ORDERS, order)


def cancel(records: Records, uid: str, body: Any) -> Raw:
    """Gives back what was promised to it. Cancelling twice is cancelling once."""
    filled(Nothing, body)
    order = records.get(ORDERS, uid)
    if order["state"] == "CANCELLED":
        return order
    if order["state"] in (despatch.SENT, despatch.PART_SENT):
        much = "all" if order["state"] == despatch.SENT else "some"
        raise refused(f"order {uid} can't be cancelled: {much} of it was sent")
    promises.let_go(records, order)
    order["state"] = "CANCELLED"
    return records.put(ORDERS, order)


def send(records: Records, uid: str, body: Any) -> Raw:
    """Sends what the body says of an order, or all that is left of it."""
    form, order = filled(DespatchForm, body), records.get(ORDERS, uid)
    promises.check_can_send(records, order)
    site = named(records, SITES, "warehouse", form.site)["uid"]
    via = _way(records, form.via, form.carrier, order["via"])
    told = despatch.Told(forms.when(form.left_at, "left_at"), site, via, _parcels(records, form, via))
    units = despatch.rest_of(order) if form.lines is None else _units_by_line(order, form.lines)
    return despatch.send_as_told(records, order, units, told)


def attach(records: Records, uid: str, body: Any) -> Raw:
    """Keeps what a file is called, how large it is and what it hashes to; or its address."""
    form, order = filled(FileForm, body), records.get(ORDERS, uid)
    if form.content is None and form.url is None:
        raise refused("a file needs content or url")
    if form.content == b"":
        raise refused("the file is empty")
    file: Raw = {
        "uid": f"file_id_{records.number('file')}",
        "name": form.name,
        "type": form.type,
        "url": form.url,
        "bytes": None if form.content is None else len(form.content),
        "sha256": None if form.content is None else hashlib.sha256(form.content).hexdigest(),
    }
    order["files"] = [*order.get("files", []), file]
    return records.put(ORDERS, order)


def _apply(records: Records, order: Raw, form: OrderForm) -> None:
    """The members that are taken as they are given."""
    if form.channel is not None:
        channel = _channel(records, form.channel, order["client"])
        order["channel"] = {"code": channel["uid"], "label": channel["label"]}
        order["kind"] = "WHOLESALE" if channel["trade"] == "WHOLESALE" else "CONSUMER"
    if form.via is not None:
        order["via"] = _way(records, form.via, None, order["via"])
        order["level"] = _level(records, order["via"]["method"]) or order["level"]
    if "number" not in order or form.number is not None:
        order["number"] = form.number
    order["partner"] = form.partner or order["partner"]
    order["level"] = form.level or order["level"]
    carrier = catalogue.CARRIERS.get(order["via"]["carrier"] or "")
    if order["freight"]["terms"] == "PREPAID":
        order["freight"] = {"terms": "PREPAID", "account": carrier.account if carrier else None}
    if form.deliver_to is not None:
        order["deliver_to"] = _street(form.deliver_to, order.get("deliver_to"))
    if form.ship_by is not None:
        order["ship_by"] = forms.when(form.ship_by, "ship_by")
    if form.signature is not None:
        flags = {*order["flags"], "SIGNATURE"} if form.signature else {*order["flags"]} - {"SIGNATURE"}
        order["flags"] = sorted(flags)


def _street(given: Street, known: Raw | None) -> Raw:
    """An address; telephone and mail stay when they are not given."""
    known = known or {"phone": None, "mail": None}
    return {
        "name": given.name,
        "firm": given.firm,
        "street": given.street,
        "town": given.town,
        "region": given.region,
        "zip": given.zip,
        "country": given.country,
        "phone": given.phone or known["phone"],
        "mail": given.mail or known["mail"],
    }


def _free_reference(records: Records, reference: str, uid: str) -> str:
    """Raises VendorRefused when another order bears it."""
    for other in records.named(ORDERS, "shop_ref", reference):
        if other["uid"] != uid:
            message = f"order {other['uid']} has the reference {reference!r} already"
            raise refused(message, forms.CONFLICT)
    return reference


def _line(records: Records, given: OrderLine) -> Raw:
    product = _product(records, given)
    price = forms.price(given.price, "price")
    if price is None:
        price = Decimal(product["price"] or "0.00")
    rebate = forms.price(given.rebate, "rebate") or Decimal("0.00")
    if rebate > price * given.units:
        raise refused(
            f"{product['sku']}: a rebate of {rebate} is more than the line of {price * given.units}"
        )
    return {
        "product": product["uid"],
        "sku": product["sku"],
        "parts": [{"item": one["item"], "units": one["units"]} for one in product["parts"]],
        "ordered": given.units,
        "shipped": 0,
        "price": str(price),
        "rebate": str(rebate),
        "picked": False,
    }


def _product(records: Records, given: OrderLine) -> Raw:
    if given.product is not None:
        product = named(records, PRODUCTS, "product", given.product)
        if given.sku not in (None, product["sku"]):
            raise refused(f"product {given.product} has the SKU {product['sku']!r}, not {given.sku!r}")
        return product
    if given.sku is None:
        raise refused("a line needs product or sku")
    found = records.named(PRODUCTS, "sku", given.sku)
    if not found:
        raise refused(f"there is no product with the SKU {given.sku!r}")
    return found[0]


def _totals(given: Amounts, known: dict[str, str], lines: list[Raw]) -> dict[str, str]:
    """The totals: as given, else as known, else what the lines come to."""
    goods = sum((Decimal(one["price"]) * one["ordered"] for one in lines), Decimal(0)).quantize(CENT)
    rebates = sum((Decimal(one["rebate"]) for one in lines), Decimal(0)).quantize(CENT)
    tax = _first(forms.money(given.tax, "tax"), known.get("tax", "0.00"))
    shipping = _first(forms.money(given.shipping, "shipping"), known.get("shipping", "0.00"))
    rebate = _first(forms.money(given.rebate, "rebate"), known.get("rebate", str(rebates)))
    total = goods - Decimal(rebate) + Decimal(tax) + Decimal(shipping)
    return {
        "currency": given.currency or known.get("currency", "USD"),
        "goods": str(goods),
        "rebate": rebate,
        "tax": tax,
        "shipping": shipping,
        "total": _first(forms.money(given.total, "total"), known.get("total", str(total))),
    }


def _first(given: Decimal | None, otherwise: str) -> str:
    return otherwise if given is None else str(given)


def _site(records: Records, order: Raw, given: str | None) -> str:
    """The warehouse that is given, else the first that has everything, else the first."""
    if given is not None:
        return str(named(records, SITES, "warehouse", given)["uid"])
    sites = [str(one["uid"]) for one in records.all(SITES)]
    return next((one for one in sites if _is_all_at(records, order, one)), sites[0])


def _look_at_home(records: Records, order: Raw) -> None:
    """An order that is bound to a warehouse is short when only the other one has what it needs."""
    if order["state"] == "NEW" and not _is_all_at(records, order, order["site"]):
        order["state"] = "SHORT"


def _is_all_at(records: Records, order: Raw, site: str) -> bool:
    def units_at(item: str) -> int:
        bins = stock.held(records.get(stock.ITEMS, item))
        return sum(one.units for one in bins if one.site == site and not one.is_blocked)

    return all(units_at(item) >= n for item, n in promises.wanted(records, order).items())


def _channel(records: Records, given: Named, client: str) -> Raw:
    """The merchant's channel; one by a name that is not there yet is made."""
    if given.uid is not None:
        return named(records, CHANNELS, "channel", given.uid)
    own = [one for one in records.all(CHANNELS) if one["client"] == client]
    found = next((one for one in own if given.label in (one["label"], one["uid"])), None)
    if found is not None:
        return found
    number = len(records.all(CHANNELS))
    made = {"uid": f"channel_id_{number}", "label": given.label, "client": client, "trade": "SHOP"}
    return records.put(CHANNELS, {"created": moment(records.now), **made})


def _way(records: Records, method: Named | None, carrier: Named | None, usual: Raw) -> Raw:
    """How it is sent: by a method that is there, by a name that only the caller knows, or as usual."""
    way = dict(usual)
    if method is not None:
        way = _method(records, method)
    if carrier is None:
        return way
    known = [
        one for one in catalogue.CARRIERS.values() if carrier.uid == one.key or carrier.label == one.name
    ]
    if known:
        mine = {"carrier": known[0].key, "carrier_label": known[0].name, "scac": known[0].scac}
    elif carrier.uid is not None:
        raise refused(f"there is no carrier {carrier.uid!r}; there are: {', '.join(catalogue.CARRIERS)}")
    else:
        mine = {"carrier": None, "carrier_label": carrier.label, "scac": None}
    # A method of another carrier's is none of this one.
    if method is None and mine["carrier"] != way["carrier"]:
        way |= {"method": None, "label": None}
    return way | mine


def _method(records: Records, given: Named) -> Raw:
    if given.uid is not None:
        return dict(named(records, METHODS, "shipping method", given.uid)["via"])
    for one in records.all(METHODS):
        if given.label in (one["via"]["label"], one["uid"]):
            return dict(one["via"])
    return {"method": None, "label": given.label, "carrier": None, "carrier_label": None, "scac": None}


def _level(records: Records, method: str | None) -> str | None:
    return str(records.get(METHODS, method)["level"]) if method else None


def _change_lines(records: Records, order: Raw, given: list[OrderLine]) -> None:
    """Other lines, and what is promised to them."""
    if order["state"] not in WITH_LINES_OPEN:
        raise refused(f"order {order['uid']} is {order['state']}: its lines can't be changed any more")
    was = order["state"]
    promises.let_go(records, order)
    order["lines"] = [_line(records, one) for one in given]
    order["state"] = "NEW" if was in (promises.WAITING, "SHORT") else was
    promises.promise_or_wait(records, order)
    if was == "SHORT":
        _look_at_home(records, order)


def _change_state(order: Raw, state: str) -> None:
    if state not in STATES:
        raise refused(f"an order can't be put to {state}; it can to: {', '.join(sorted(STATES))}")
    if state == order["state"]:
        return
    if order["state"] in (promises.WAITING, despatch.PART_SENT):
        why = "it waits for stock" if order["state"] == promises.WAITING else "some of it was sent"
        raise refused(f"order {order['uid']} can't be put to {state}: {why}")
    for line in order["lines"]:
        line["picked"] = state in ("PICKED", "PACKED")
    order["state"] = state


def _units_by_line(order: Raw, given: list[SentLine]) -> list[int]:
    """So many units of each line, the first of a SKU first. Raises VendorRefused for more than is left."""
    left = despatch.rest_of(order)
    units = [0] * len(left)
    for one in given:
        wanted = one.units
        for n, line in enumerate(order["lines"]):
            if line["sku"] == one.sku:
                taken = min(wanted, left[n] - units[n])
                units[n] += taken
                wanted -= taken
        if wanted:
            raise refused(f"order {order['uid']} has {one.units - wanted} of {one.sku} left, not {one.units}")
    return units


def _parcels(records: Records, form: DespatchForm, via: Raw) -> list[Raw]:
    """One parcel for each tracking number. Cost and measurements are those of the first."""
    given = list(form.parcels)
    if form.track not in {one.track for one in given}:
        given.insert(0, forms.Parcel(track=form.track))
    cost = forms.money(form.cost, "cost")
    nothing: Raw = {"size": None, "mass": None}
    return [
        {
            "uid": one.uid or f"package_id_{records.number('parcel')}",
            "box": None,
            "track": one.track,
            "track_url": form.track_url if one.track == form.track else None,
            "via": via,
            "cost": str(cost) if cost is not None and n == 0 else None,
            **(forms.measured(form.size, form.mass) if n == 0 else nothing),
            "contents": [],
        }
        for n, one in enumerate(given)
    ]
