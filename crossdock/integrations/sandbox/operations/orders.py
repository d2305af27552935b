"""What callers do with the orders of a simulated warehouse: create, change, cancel, send, attach a file."""

import hashlib
from decimal import Decimal
from typing import Any

from crossdock.integrations.sandbox.operations import forms, promises
from crossdock.integrations.sandbox.operations.forms import (
    AmountsForm,
    DespatchForm,
    EmptyForm,
    FileForm,
    NamedForm,
    OrderForm,
    OrderLine,
    SentLine,
    StreetForm,
    filled,
    named,
    refused,
)
from crossdock.integrations.sandbox.world import catalogue, despatch, stock
from crossdock.integrations.sandbox.world.despatch import CENT, ORDERS, PRODUCTS
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

CHANNELS, METHODS, CLIENTS = "wms_order_channels", "wms_shipping_methods", "wms_warehouse_customers"
SITES = "wms_warehouses"
FIRST_ORDER = 100
"""Orders are numbered on from those that a world begins with."""
STATES = {"NEW", "RELEASED", "IN_WAVE", "PICKED", "PACKED", "SHORT", "ADDRESS_HOLD", "CREDIT_HOLD"}
"""Those that a caller can put an order in. The others follow from what is sent, or not there."""
WITH_LINES_OPEN = {"NEW", "RELEASED", "SHORT", "ADDRESS_HOLD", "CREDIT_HOLD", promises.WAITING}


def create(records: WorldRecords, _uid: str, body: Any) -> Raw:
    """A new order: stock is promised to it, or it waits for that."""
    form = filled(OrderForm, body)
    if form.lines is None or form.deliver_to is None or form.number is None:
        raise refused("an order needs a number, deliver_to and lines")
    if form.state is not None:
        raise refused("a new order has no state of the caller's")
    uid = f"order_id_{FIRST_ORDER + records.number('order')}"
    lines = [_line(records, line) for line in form.lines]
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
    order["money"] = _totals(form.money or AmountsForm(), {}, order["lines"])
    order["site"] = _site(records, order, form.site)
    promises.promise_or_wait(records, order)
    if form.site is not None:
        _look_at_home(records, order)
    return records.put(ORDERS, order)


def change(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Change what is given. Raises VendorRefused for an order that is sent or cancelled."""
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
        _change_totals(order, form)
    if form.state is not None:
        _change_state(order, form.state)
    return records.put(ORDERS, order)


def _change_totals(order: Raw, form: OrderForm) -> None:
    """With new lines what is worked out from them is worked out anew."""
    stays = {"currency", "tax", "shipping"} if form.lines is not None else set(order["money"])
    amounts = {name: order["money"][name] for name in stays}
    order["money"] = _totals(form.money or AmountsForm(), amounts, order["lines"])


def cancel(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Cancel an order and give back what was promised to it. Cancelling twice is cancelling once."""
    filled(EmptyForm, body)
    order = records.get(ORDERS, uid)
    if order["state"] == "CANCELLED":
        return order
    if order["state"] in (despatch.SENT, despatch.PART_SENT):
        much = "all" if order["state"] == despatch.SENT else "some"
        raise refused(f"order {uid} can't be cancelled: {much} of it was sent")
    promises.release(records, order)
    order["state"] = "CANCELLED"
    return records.put(ORDERS, order)


def send(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Send what the body says of an order, or all that is left of it."""
    form, order = filled(DespatchForm, body), records.get(ORDERS, uid)
    promises.check_can_send(records, order)
    site = named(records, SITES, "warehouse", form.site or order["site"])["uid"]
    via = _shipping_method(records, form.via, form.carrier, order["via"])
    left_at = forms.when(form.left_at, "left_at") if form.left_at else moment(records.now)
    despatch_notice = despatch.DespatchNotice(left_at, site, via, _parcels(records, form, via))
    units = despatch.rest_of(order) if form.lines is None else _units_by_line(order, form.lines)
    return despatch.send_as_told(records, order, units, despatch_notice)


def attach(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Keep what a file is called, how large it is and what it hashes to; or its address."""
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


def _apply(records: WorldRecords, order: Raw, form: OrderForm) -> None:
    """The members that are taken as they are given."""
    if form.channel is not None:
        channel = _channel(records, form.channel, order["client"])
        order["channel"] = {"code": channel["uid"], "label": channel["label"]}
        order["kind"] = "WHOLESALE" if channel["trade"] == "WHOLESALE" else "CONSUMER"
    if "number" not in order or form.number is not None:
        order["number"] = form.number
    order["partner"] = form.partner or order["partner"]
    _apply_shipping(records, order, form)
    if form.deliver_to is not None:
        order["deliver_to"] = _street(form.deliver_to, order.get("deliver_to"))
    if form.ship_by is not None:
        order["ship_by"] = forms.when(form.ship_by, "ship_by")
    if form.signature is not None:
        flags = {*order["flags"], "SIGNATURE"} if form.signature else {*order["flags"]} - {"SIGNATURE"}
        order["flags"] = sorted(flags)


def _apply_shipping(records: WorldRecords, order: Raw, form: OrderForm) -> None:
    """Set how an order is sent, how fast, and who pays for that."""
    if form.via is not None:
        order["via"] = _shipping_method(records, form.via, None, order["via"])
        order["level"] = _level(records, order["via"]["method"]) or order["level"]
    order["level"] = form.level or order["level"]
    carrier = catalogue.CARRIERS.get(order["via"]["carrier"] or "")
    if order["freight"]["terms"] == "PREPAID":
        order["freight"] = {"terms": "PREPAID", "account": carrier.account if carrier else None}


def _street(street_form: StreetForm, known_raw: Raw | None) -> Raw:
    """An address; telephone and mail stay when they are not given."""
    known_raw = known_raw or {"phone": None, "mail": None}
    return {
        "name": street_form.name,
        "firm": street_form.firm,
        "street": street_form.street,
        "town": street_form.town,
        "region": street_form.region,
        "zip": street_form.zip,
        "country": street_form.country,
        "phone": street_form.phone or known_raw["phone"],
        "mail": street_form.mail or known_raw["mail"],
    }


def _free_reference(records: WorldRecords, reference: str, uid: str) -> str:
    """Check that a reference is free. Raises VendorRefused when another order bears it."""
    for other_entry in records.named(ORDERS, "shop_ref", reference):
        if other_entry["uid"] != uid:
            message = f"order {other_entry['uid']} has the reference {reference!r} already"
            raise refused(message, forms.CONFLICT)
    return reference


def _line(records: WorldRecords, order_line: OrderLine) -> Raw:
    product = _product(records, order_line)
    price = forms.price(order_line.price, "price")
    if price is None:
        price = Decimal(product["price"] or "0.00")
    rebate = forms.price(order_line.rebate, "rebate") or Decimal("0.00")
    if rebate > price * order_line.units:
        raise refused(
            f"{product['sku']}: a rebate of {rebate} is more than the line of {price * order_line.units}"
        )
    return {
        "product": product["uid"],
        "sku": product["sku"],
        "parts": [{"item": part["item"], "units": part["units"]} for part in product["parts"]],
        "ordered": order_line.units,
        "shipped": 0,
        "price": str(price),
        "rebate": str(rebate),
        "picked": False,
    }


def _product(records: WorldRecords, order_line: OrderLine) -> Raw:
    if order_line.product is not None:
        product = named(records, PRODUCTS, "product", order_line.product)
        if order_line.sku not in (None, product["sku"]):
            raise refused(
                f"product {order_line.product} has the SKU {product['sku']!r}, not {order_line.sku!r}"
            )
        return product
    if order_line.sku is None:
        raise refused("a line needs product or sku")
    found_records = records.named(PRODUCTS, "sku", order_line.sku)
    if not found_records:
        raise refused(f"there is no product with the SKU {order_line.sku!r}")
    return found_records[0]


def _totals(amounts_form: AmountsForm, known_amounts: dict[str, str], lines: list[Raw]) -> dict[str, str]:
    """The totals: as given, else as known, else what the lines come to."""
    goods = sum((Decimal(line["price"]) * line["ordered"] for line in lines), Decimal(0)).quantize(CENT)
    rebates = sum((Decimal(line["rebate"]) for line in lines), Decimal(0)).quantize(CENT)
    tax = _first(forms.money(amounts_form.tax, "tax"), known_amounts.get("tax", "0.00"))
    shipping = _first(forms.money(amounts_form.shipping, "shipping"), known_amounts.get("shipping", "0.00"))
    rebate = _first(forms.money(amounts_form.rebate, "rebate"), known_amounts.get("rebate", str(rebates)))
    total = goods - Decimal(rebate) + Decimal(tax) + Decimal(shipping)
    return {
        "currency": amounts_form.currency or known_amounts.get("currency", "USD"),
        "goods": str(goods),
        "rebate": rebate,
        "tax": tax,
        "shipping": shipping,
        "total": _first(forms.money(amounts_form.total, "total"), known_amounts.get("total", str(total))),
    }


def _first(money: Decimal | None, otherwise: str) -> str:
    return otherwise if money is None else str(money)


def _site(records: WorldRecords, order: Raw, site: str | None) -> str:
    """The warehouse that is given, else the first that has everything, else the first."""
    if site is not None:
        return str(named(records, SITES, "warehouse", site)["uid"])
    sites = [str(record["uid"]) for record in records.all(SITES)]
    return next((site for site in sites if _is_all_at(records, order, site)), sites[0])


def _look_at_home(records: WorldRecords, order: Raw) -> None:
    """An order that is bound to a warehouse is short when only the other one has what it needs."""
    if order["state"] == "NEW" and not _is_all_at(records, order, order["site"]):
        order["state"] = "SHORT"


def _is_all_at(records: WorldRecords, order: Raw, site: str) -> bool:
    def units_at(item: str) -> int:
        bins = stock.held(records.get(stock.ITEMS, item))
        return sum(
            held_stock.units for held_stock in bins if held_stock.site == site and not held_stock.is_blocked
        )

    return all(units_at(item) >= n for item, n in promises.needed_units(records, order).items())


def _channel(records: WorldRecords, named_form: NamedForm, client: str) -> Raw:
    """The merchant's channel; one by a name that is not there yet is made."""
    if named_form.uid is not None:
        return forms.agreed(named_form, named(records, CHANNELS, "channel", named_form.uid), "label")
    own_records = [record for record in records.all(CHANNELS) if record["client"] == client]
    record = next(
        (record for record in own_records if named_form.label in (record["label"], record["uid"])), None
    )
    if record is not None:
        return record
    number = len(records.all(CHANNELS))
    fields = {"uid": f"channel_id_{number}", "label": named_form.label, "client": client, "trade": "SHOP"}
    return records.put(CHANNELS, {"created": moment(records.now), **fields})


def _shipping_method(
    records: WorldRecords, method: NamedForm | None, carrier: NamedForm | None, usual: Raw
) -> Raw:
    """The way to send it: by a method that is there, by a name that only the caller knows, or as usual."""
    path = dict(usual)
    if method is not None:
        path = _method(records, method)
    if carrier is None:
        return path
    known_sandbox_carriers = [
        sandbox_carrier
        for sandbox_carrier in catalogue.CARRIERS.values()
        if carrier.uid == sandbox_carrier.key or carrier.label == sandbox_carrier.name
    ]
    if known_sandbox_carriers:
        mine = {
            "carrier": known_sandbox_carriers[0].key,
            "carrier_label": known_sandbox_carriers[0].name,
            "scac": known_sandbox_carriers[0].scac,
        }
    elif carrier.uid is not None:
        raise refused(f"there is no carrier {carrier.uid!r}; there are: {', '.join(catalogue.CARRIERS)}")
    else:
        mine = {"carrier": None, "carrier_label": carrier.label, "scac": None}
    # A method of another carrier's is none of this one.
    if method is None and mine["carrier"] != path["carrier"]:
        path |= {"method": None, "label": None}
    return path | mine


def _method(records: WorldRecords, named_form: NamedForm) -> Raw:
    if named_form.uid is not None:
        return dict(named(records, METHODS, "shipping method", named_form.uid)["via"])
    for record in records.all(METHODS):
        if named_form.label in (record["via"]["label"], record["uid"]):
            return dict(record["via"])
    return {"method": None, "label": named_form.label, "carrier": None, "carrier_label": None, "scac": None}


def _level(records: WorldRecords, method: str | None) -> str | None:
    return str(records.get(METHODS, method)["level"]) if method else None


def _change_lines(records: WorldRecords, order: Raw, order_lines: list[OrderLine]) -> None:
    """Other lines, and what is promised to them."""
    if order["state"] not in WITH_LINES_OPEN:
        raise refused(f"order {order['uid']} is {order['state']}: its lines can't be changed any more")
    was = order["state"]
    promises.release(records, order)
    order["lines"] = [_line(records, order_line) for order_line in order_lines]
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


def _units_by_line(order: Raw, sent_lines: list[SentLine]) -> list[int]:
    """So many units of each line, the first of a SKU first. Raises VendorRefused for more than is left."""
    remaining_numbers = despatch.rest_of(order)
    units = [0] * len(remaining_numbers)
    for sent_line in sent_lines:
        number = sent_line.units
        for n, line in enumerate(order["lines"]):
            if line["sku"] == sent_line.sku:
                count = min(number, remaining_numbers[n] - units[n])
                units[n] += count
                number -= count
        if number:
            raise refused(
                f"order {order['uid']} has {sent_line.units - number} of {sent_line.sku} left, "
                f"not {sent_line.units}"
            )
    return units


def _parcels(records: WorldRecords, form: DespatchForm, via: Raw) -> list[Raw]:
    """The parcels that are given, else one. Cost and measurements are those of the first."""
    if form.track is None and not form.parcels:
        raise refused("a despatch needs track or parcels")
    parcels = form.parcels or [forms.ParcelForm(track=str(form.track))]
    cost = forms.money(form.cost, "cost")
    nothing: Raw = {"size": None, "mass": None}
    return [
        {
            "uid": parcel_form.uid or f"package_id_{records.number('parcel')}",
            "box": None,
            "track": parcel_form.track,
            "track_url": form.track_url if parcel_form.track == form.track or len(parcels) == 1 else None,
            "via": via,
            "cost": str(cost) if cost is not None and n == 0 else None,
            **(forms.measured(form.size, form.mass) if n == 0 else nothing),
            "contents": [],
        }
        for n, parcel_form in enumerate(parcels)
    ]
