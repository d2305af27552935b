"""What callers do with the goods of a simulated warehouse: products, kits, and the stock of an item."""

from typing import Any

from crossdock.integrations.sandbox.operations import forms
from crossdock.integrations.sandbox.operations.forms import (
    CountForm,
    PartForm,
    ProductForm,
    filled,
    named,
    refused,
)
from crossdock.integrations.sandbox.world import catalogue, stock
from crossdock.integrations.sandbox.world.despatch import PRODUCTS
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

FIRST_PRODUCT = len(catalogue.GOODS) + len(catalogue.KITS)
FIRST_ITEM = len(catalogue.GOODS)
"""Both are numbered on from those that a world begins with."""
PLACES, SITES = "wms_warehouse_locations", "wms_warehouses"


def create_product(records: WorldRecords, _uid: str, body: Any) -> Raw:
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


def create_kit(records: WorldRecords, _uid: str, body: Any) -> Raw:
    """A new product that is put together of items there are."""
    form = filled(ProductForm, body)
    if form.parts is None:
        raise refused("a kit needs parts")
    product = _product(records, form, is_kit=True)
    product["parts"] = _parts(records, form.parts)
    return records.put(PRODUCTS, product | _measured_kit(form))


def change_product(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Change what is given; a product that is no kit shares name, SKU and measurements with its item."""
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


def change_kit(records: WorldRecords, uid: str, body: Any) -> Raw:
    """The same, of a kit. Orders keep the parts that it had when they were placed."""
    if not records.get(PRODUCTS, uid)["kit"]:
        raise refused(f"product {uid} is no kit")
    return change_product(records, uid, body)


def count(records: WorldRecords, uid: str, body: Any) -> Raw:
    """Add units to the stock of an item, or take some away that are promised to nobody."""
    form, item = filled(CountForm, body), records.get(stock.ITEMS, uid)
    site = named(records, SITES, "warehouse", form.site)
    cause = stock.StockCause("COUNT", form.why or "Counted")
    if form.units == 0:
        raise refused("units must not be 0")
    if form.units > 0:
        position = place_of(records, form.bin or home_of(records, uid, site["uid"]), site["uid"])
        lot = next(
            (
                held_stock.lot
                for held_stock in stock.held(item)
                if held_stock.bin == position["uid"] and held_stock.lot
            ),
            None,
        )
        held_stock = held_in(position, form.units, lot or stock.lot_of(records, item))
        stock.put_in(records, uid, held_stock, cause)
    else:
        _take(records, item, form, cause)
    return records.get(stock.ITEMS, uid)


def held_in(raw: Raw, units: int, lot: str | None, expires: str | None = None) -> stock.HeldStock:
    """Units in a place. What lies in quarantine can't ship."""
    return stock.HeldStock(raw["uid"], raw["site"], units, lot, expires, raw["kind"] == "QUARANTINE")


def place_of(records: WorldRecords, bin_uid: str, site: str) -> Raw:
    """The place with an id. Raises VendorRefused for one that is not there, or in another warehouse."""
    position = named(records, PLACES, "location", bin_uid)
    if position["site"] != site:
        raise refused(f"location {bin_uid} is in {position['site']}, not in {site}")
    return position


def home_of(records: WorldRecords, item_uid: str, site: str) -> str:
    """The place where an item belongs in a warehouse. Raises VendorRefused when it has none there."""
    item = records.get(stock.ITEMS, item_uid)
    if site not in item["homes"]:
        raise refused(f"{item['sku']} has no place in {site}")
    return str(item["homes"][site])


def item_by_sku(records: WorldRecords, sku: str) -> Raw:
    """The item with a SKU. Raises VendorRefused when no item bears it; a kit's is none of an item."""
    found_records = records.named(stock.ITEMS, "sku", sku)
    if found_records:
        return found_records[0]
    if records.named(PRODUCTS, "sku", sku):
        raise refused(f"{sku!r} is a kit: name the items it is put together of")
    raise refused(f"there is no item with the SKU {sku!r}")


def _product(records: WorldRecords, form: ProductForm, *, is_kit: bool) -> Raw:
    """The fields that products and kits have in common; the parts are still to be said."""
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


def _check_free(records: WorldRecords, sku: str, uid: str) -> None:
    for other_entry in records.named(PRODUCTS, "sku", sku):
        if other_entry["uid"] != uid:
            raise refused(f"product {other_entry['uid']} has the SKU {sku!r} already", forms.CONFLICT)


def _parts(records: WorldRecords, part_forms: list[PartForm]) -> list[dict[str, Any]]:
    fields: dict[str, dict[str, Any]] = {}
    for part_form in part_forms:
        item = (
            named(records, stock.ITEMS, "item", part_form.item)
            if part_form.item
            else item_by_sku(records, part_form.sku or "")
        )
        if part_form.sku not in (None, item["sku"]):
            raise refused(f"item {item['uid']} has the SKU {item['sku']!r}, not {part_form.sku!r}")
        part = fields.setdefault(item["uid"], {"item": item["uid"], "sku": item["sku"], "units": 0})
        part["units"] += part_form.units
    return list(fields.values())


def _measured_kit(form: ProductForm) -> dict[str, Any]:
    return {name: item for name, item in forms.measured(form.size, form.mass).items() if item}


def _change_item(records: WorldRecords, product: Raw, form: ProductForm) -> None:
    item = records.get(stock.ITEMS, product["parts"][0]["item"])
    was = item["sku"]
    item |= {"sku": product["sku"], "title": product["title"], **_measured_kit(form)}
    records.put(stock.ITEMS, item)
    if item["sku"] != was:
        _rename(records, item["uid"], was, item["sku"])


def _rename(records: WorldRecords, item_uid: str, was: str, sku: str) -> None:
    """Tell those who name an item by its SKU: the kits it is part of, and the items it may stand in for."""
    for product in records.all(PRODUCTS):
        named_here = [part for part in product["parts"] if part["item"] == item_uid and product["kit"]]
        for part in named_here:
            part["sku"] = sku
        if named_here:
            records.put(PRODUCTS, product)
    for item in records.all(stock.ITEMS):
        if was in item["swaps"]:
            item["swaps"] = [sku if swap == was else swap for swap in item["swaps"]]
            records.put(stock.ITEMS, item)


def _bins_to_take_from(records: WorldRecords, item: Raw, form: CountForm) -> list[stock.HeldStock]:
    if form.bin is not None:
        position = place_of(records, form.bin, form.site)
        return [held for held in stock.held(item) if held.bin == position["uid"]]
    return [held for held in stock.held(item) if held.site == form.site and not held.is_blocked]


def _take(records: WorldRecords, item: Raw, form: CountForm, cause: stock.StockCause) -> None:
    """From the place that is given, or wherever units can ship from; never what is promised to orders."""
    bins = _bins_to_take_from(records, item, form)
    missing, held_stock_items = -form.units, []
    for held_stock in bins:
        held_stock_items.append(held_stock.of(min(missing, held_stock.units)))
        missing -= held_stock_items[-1].units
    where = form.bin or form.site
    if missing:
        raise refused(f"{item['sku']}: {where} holds {-form.units - missing}, not {-form.units}")
    leaving = sum(held_stock.units for held_stock in held_stock_items if not held_stock.is_blocked)
    if leaving > stock.free(item):
        raise refused(
            f"{item['sku']}: {leaving} would leave and {max(0, stock.free(item))} are free; "
            f"{item['allocated']} are promised to orders"
        )
    for held_stock in held_stock_items:
        if held_stock.units:
            stock.take_out(records, item["uid"], held_stock, cause)
