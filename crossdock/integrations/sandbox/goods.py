"""What callers do with the goods of a simulated warehouse: products, kits, and the stock of an item."""

from typing import Any

from crossdock.integrations.contract import Raw
from crossdock.integrations.sandbox import catalogue, forms, stock
from crossdock.integrations.sandbox.despatch import PRODUCTS
from crossdock.integrations.sandbox.forms import CountForm, PartForm, ProductForm, filled, named, refused
from crossdock.integrations.sandbox.world import Records, moment

FIRST_PRODUCT = len(catalogue.GOODS) + len(catalogue.KITS)
FIRST_ITEM = len(catalogue.GOODS)
"""Both are numbered on from those that a world begins with."""
PLACES, SITES = "wms_warehouse_locations", "wms_warehouses"


def create_product(records: Records, _uid: str, body: Any) -> Raw:
    """A new product, and the item that it is: nothing is held of it yet, and each warehouse has a place."""
    form = filled(ProductForm, body)
    if form.parts is not None:
        raise refused("a product has no parts; a kit has")
    product = _product(records, form, is_kit=False)
    number = FIRST_ITEM + records.number("item")
    item = {
        "uid": catalogue.item_uid(number),
        "created": moment(records.now),
        "client": product["client"],
        "title": product["title"],
        "sku": product["sku"],
        "cost": None,
        "live": True,
        "lotted": False,
        "bins": [],
        "homes": {catalogue.site_uid(n): catalogue.reserve(n, number) for n in range(len(catalogue.SITES))},
        "allocated": 0,
        "on_the_way": 0,
        "swaps": [],
        **forms.measured(form.size, form.mass),
        "turnover": "C",
        "link": f"https://warehouse.example.com/items/{catalogue.item_uid(number)}",
    }
    if records.named(stock.ITEMS, "sku", item["sku"]):
        raise refused(f"there is an item with the SKU {item['sku']!r} already", forms.CONFLICT)
    records.put(stock.ITEMS, item)
    product["parts"] = [{"item": item["uid"], "sku": item["sku"], "units": 1}]
    return records.put(PRODUCTS, product)


def create_kit(records: Records, _uid: str, body: Any) -> Raw:
    """A new product that is put together of items there are."""
    form = filled(ProductForm, body)
    if form.parts is None:
        raise refused("a kit needs parts")
    product = _product(records, form, is_kit=True)
    product["parts"] = _parts(records, form.parts)
    return records.put(PRODUCTS, product | _measured_kit(form))


def change_product(records: Records, uid: str, body: Any) -> Raw:
    """Changes what is given; a product that is no kit shares name, SKU and measurements with its item."""
    form, product = filled(ProductForm, body), records.get(PRODUCTS, uid)
    if form.parts is not None and not product["kit"]:
        raise refused(f"product {uid} is no kit: it has no parts")
    if form.sku is not None:
        _check_free(records, form.sku, uid)
    product["sku"] = form.sku or product["sku"]
    product["title"] = form.title or product["title"]
    product["barcode"] = form.barcode or product["barcode"]
    if form.price is not None:
        product["price"] = str(forms.price(form.price, "price"))
    if product["kit"]:
        product |= _measured_kit(form)
        if form.parts is not None:
            product["parts"] = _parts(records, form.parts)
    else:
        product["parts"][0]["sku"] = product["sku"]
        _change_item(records, product, form)
    return records.put(PRODUCTS, product)


def change_kit(records: Records, uid: str, body: Any) -> Raw:
    """The same, of a kit. Orders keep the parts that it had when they were placed."""
    if not records.get(PRODUCTS, uid)["kit"]:
        raise refused(f"product {uid} is no kit")
    return change_product(records, uid, body)


def count(records: Records, uid: str, body: Any) -> Raw:
    """Adds units to the stock of an item, or takes some away that are promised to nobody."""
    form, item = filled(CountForm, body), records.get(stock.ITEMS, uid)
    site = named(records, SITES, "warehouse", form.site)
    cause = stock.Cause("COUNT", form.why or "Counted")
    if form.units == 0:
        raise refused("units must not be 0")
    if form.units > 0:
        place = place_of(records, form.bin or home_of(records, uid, site["uid"]), site["uid"])
        lot = next((one.lot for one in stock.held(item) if one.bin == place["uid"] and one.lot), None)
        what = held_in(place, form.units, lot or stock.lot_of(records, item))
        stock.put_in(records, uid, what, cause)
    else:
        _take(records, item, form, cause)
    return records.get(stock.ITEMS, uid)


def held_in(place: Raw, units: int, lot: str | None, expires: str | None = None) -> stock.Held:
    """Units in a place. What lies in quarantine can't ship."""
    return stock.Held(place["uid"], place["site"], units, lot, expires, place["kind"] == "QUARANTINE")


def place_of(records: Records, bin_uid: str, site: str) -> Raw:
    """Raises VendorRefused for a place that is not there, or in another warehouse."""
    place = named(records, PLACES, "location", bin_uid)
    if place["site"] != site:
        raise refused(f"location {bin_uid} is in {place['site']}, not in {site}")
    return place


def home_of(records: Records, item_uid: str, site: str) -> str:
    """Where an item belongs in a warehouse. Raises VendorRefused when it has no place there."""
    item = records.get(stock.ITEMS, item_uid)
    if site not in item["homes"]:
        raise refused(f"{item['sku']} has no place in {site}")
    return str(item["homes"][site])


def item_by_sku(records: Records, sku: str) -> Raw:
    """Raises VendorRefused when no item bears the SKU; a kit's is none of an item."""
    found = records.named(stock.ITEMS, "sku", sku)
    if found:
        return found[0]
    if records.named(PRODUCTS, "sku", sku):
        raise refused(f"{sku!r} is a kit: name the items it is put together of")
    raise refused(f"there is no item with the SKU {sku!r}")


def _product(records: Records, form: ProductForm, *, is_kit: bool) -> Raw:
    """What products and kits have in common; its parts are still to be said."""
    if form.sku is None or form.title is None:
        raise refused("a product needs sku and title")
    _check_free(records, form.sku, "")
    uid = catalogue.product_uid(FIRST_PRODUCT + records.number("product"))
    price = forms.price(form.price, "price")
    return {
        "uid": uid,
        "created": moment(records.now),
        "client": catalogue.client_uid(0),
        "title": form.title,
        "sku": form.sku,
        "barcode": form.barcode,
        "price": str(price) if price is not None else None,
        "live": True,
        "link": f"https://warehouse.example.com/products/{uid}",
        "pick_note": None,
        "kit": is_kit,
        "origin": None,
        "hs_code": None,
        "vendors": [],
    }


def _check_free(records: Records, sku: str, uid: str) -> None:
    for other in records.named(PRODUCTS, "sku", sku):
        if other["uid"] != uid:
            raise refused(f"product {other['uid']} has the SKU {sku!r} already", forms.CONFLICT)


def _parts(records: Records, given: list[PartForm]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in given:
        item = (
            named(records, stock.ITEMS, "item", one.item) if one.item else item_by_sku(records, one.sku or "")
        )
        if one.sku not in (None, item["sku"]):
            raise refused(f"item {item['uid']} has the SKU {item['sku']!r}, not {one.sku!r}")
        part = found.setdefault(item["uid"], {"item": item["uid"], "sku": item["sku"], "units": 0})
        part["units"] += one.units
    return list(found.values())


def _measured_kit(form: ProductForm) -> dict[str, Any]:
    return {name: one for name, one in forms.measured(form.size, form.mass).items() if one}


def _change_item(records: Records, product: Raw, form: ProductForm) -> None:
    item = records.get(stock.ITEMS, product["parts"][0]["item"])
    was = item["sku"]
    item |= {"sku": product["sku"], "title": product["title"], **_measured_kit(form)}
    records.put(stock.ITEMS, item)
    if item["sku"] != was:
        _rename(records, item["uid"], was, item["sku"])


def _rename(records: Records, item_uid: str, was: str, sku: str) -> None:
    """Tells those who name an item by its SKU: the kits it is part of, and the items it may stand in for."""
    for product in records.all(PRODUCTS):
        named_here = [part for part in product["parts"] if part["item"] == item_uid and product["kit"]]
        for part in named_here:
            part["sku"] = sku
        if named_here:
            records.put(PRODUCTS, product)
    for item in records.all(stock.ITEMS):
        if was in item["swaps"]:
            item["swaps"] = [sku if one == was else one for one in item["swaps"]]
            records.put(stock.ITEMS, item)


def _take(records: Records, item: Raw, form: CountForm, cause: stock.Cause) -> None:
    """From the place that is given, or wherever units can ship from; never what is promised to orders."""
    if form.bin is not None:
        place = place_of(records, form.bin, form.site)
        bins = [one for one in stock.held(item) if one.bin == place["uid"]]
    else:
        bins = [one for one in stock.held(item) if one.site == form.site and not one.is_blocked]
    missing, taken = -form.units, []
    for one in bins:
        taken.append(one.of(min(missing, one.units)))
        missing -= taken[-1].units
    where = form.bin or form.site
    if missing:
        raise refused(f"{item['sku']}: {where} holds {-form.units - missing}, not {-form.units}")
    leaving = sum(one.units for one in taken if not one.is_blocked)
    if leaving > stock.free(item):
        raise refused(
            f"{item['sku']}: {leaving} would leave and {max(0, stock.free(item))} are free; "
            f"{item['allocated']} are promised to orders"
        )
    for one in taken:
        if one.units:
            stock.take_out(records, item["uid"], one, cause)
