"""Steps that several writes have in common: our names of things → ShipBob's ids. Pure."""

from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from crossdock.errors import VendorRefused
from crossdock.integrations.shipbob.lists import PAGE_SIZE, Linked, date_of, merged
from crossdock.kit.contract import Call, Command, Json

T = TypeVar("T")
Lookup = Generator[Call, Json, T]
"""Calls that only ask, and what they are for."""

INCHES = {"in": Decimal(1), "cm": 1 / Decimal("2.54")}
OUNCES = {"oz": Decimal(1), "lb": Decimal(16), "kg": 1 / Decimal("0.028349523125")}
"""By definition: an inch has 2.54 cm, a pound 0.45359237 kg and 16 ounces."""
PLACES = Decimal("0.0001")
EARLIER = timedelta(minutes=5)
"""How far ShipBob's clock may be behind."""


def number(text: Any, name: str) -> int:
    """An id of ShipBob's, which are numbers."""
    if not str(text).isdigit():
        raise VendorRefused(f"{name} is {text!r}, and ids of ShipBob are numbers")
    return int(text)


def entry(answer: Json, name: str, value: Any) -> Any:
    """The entry whose member has this value, None where there is none; in a dry run what stands for any."""
    if not isinstance(answer, list):
        return answer[0]
    wanted = str(value).casefold()
    return next((each for each in answer if str(each.get(name)).casefold() == wanted), None)


def made(command: Command, answer: Json, name: str, value: Any, date: str) -> Any:
    """The entry that a command may have made: of this value, and as new as the command; else None."""
    entries = answer
    if isinstance(answer, list) and command.begun is not None:
        earliest = command.begun - EARLIER
        entries = [each for each in answer if (date_of(each.get(date)) or earliest) >= earliest]
    return entry(entries, name, value)


def searched_for(command: Command, value: str, listed: str, since: str) -> dict[str, Any]:
    """The filters that find a value. One with a comma can't be asked for: lists of values have commas.

    listed: the filter by values; since: that by when a record was made.
    """
    if "," not in value:
        return {listed: value}
    return {since: (command.begun - EARLIER).isoformat()} if command.begun else {}


def inventory_ids(skus: Iterable[str]) -> Lookup[dict[str, Any]]:
    """The inventory items of SKUs. ShipBob's search also finds what merely holds the text."""
    ids: dict[str, Any] = {}
    for sku in dict.fromkeys(skus):
        by_sku = partial(entry, name="sku", value=sku)
        item = yield from _searched("/inventory", {"SearchBy": sku}, by_sku)
        if item is None:
            raise VendorRefused(f"ShipBob has no inventory item with the SKU {sku!r}")
        ids[sku] = item["inventory_id"]
    return ids


def variant_by(name: str, value: str) -> Lookup[Any]:
    """The variant of a product by its `id` or `sku`; None where there is none."""
    filters = {"id": "VariantId", "sku": "SKU"}

    def variant(products: Any) -> Any:
        if not isinstance(products, list):
            return products[0]["variants"][0]
        variants = (variant for product in products for variant in product.get("variants") or [])
        return next((each for each in variants if str(each.get(name)) == str(value)), None)

    return (yield from _searched("/product", {filters[name]: value}, variant))


def _searched(path: str, filters: Mapping[str, Any], pick: Callable[[Any], Any]) -> Lookup[Any]:
    """The entry that is picked from a list, page by page; None where it is on none."""
    params: dict[str, Any] = {**filters, "PageSize": PAGE_SIZE}
    while True:
        answer = yield Call("GET", path, params=params, asks=True)
        picked = pick(answer["items"])
        following = None if picked is not None else Linked.split(answer)[1]
        if following is None:
            return picked
        params = merged(params, following)


def sizes(command: Command) -> dict[str, Any]:
    """The measurements of a body in what ShipBob takes: inches and ounces."""
    raw: Mapping[str, Any] = command.body.get("measurements") or {}
    inches = {name: raw[name] for name in ("length", "width", "height") if name in raw}
    measured: dict[str, Any] = {}
    if inches:
        measured["dimension"] = {name: _in(raw, "unit", INCHES) * value for name, value in inches.items()}
        measured["dimension"] = {name: _rounded(value) for name, value in measured["dimension"].items()}
    if "weight" in raw:
        measured["weight"] = _rounded(_in(raw, "weight_unit", OUNCES) * raw["weight"])
    return measured


def _in(raw: Mapping[str, Any], name: str, units: Mapping[str, Decimal]) -> Decimal:
    if raw.get(name) not in units:
        raise VendorRefused(f"say measurements.{name}: ShipBob takes inches and ounces only")
    return units[raw[name]]


def _rounded(value: Decimal) -> Decimal:
    return Decimal(f"{value.quantize(PLACES).normalize():f}")
