"""Products: a template with its one variant, made and changed in one transaction."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.tryton.write.calls import (
    GOODS,
    NOT_FOUND,
    Asking,
    ask,
    change,
    has_field,
    invalid,
    made_since,
    make,
    number,
    refused,
    the,
)
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

_SIDES = ("length", "width", "height")

_SIZES = tuple(f"measurements.{name}" for name in (*_SIDES, "unit", "weight", "weight_unit"))


# Tryton's names of its own units: symbols and names are translated, and factors are not exact everywhere.
UNITS = {"cm": "uom_centimeter", "in": "uom_inch", "kg": "uom_kilogram", "lb": "uom_pound", "oz": "uom_ounce"}


def create_product(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    body = command.body
    values = yield from _sizes(body)
    unit = yield _unit("uom_unit")
    variant: dict[str, Any] = {}
    if "gtin" in body:
        variant["identifiers"] = [["create", [{"type": "ean", "code": body["gtin"]}]]]
    values |= {
        "name": body["name"],
        "code": body["sku"],
        "type": "goods",
        "default_uom": unit,
        "products": [["create", [variant]]],
    }
    result = yield make("product.template", values)
    rows = yield ask("product.product", [["template", "=", result[0]]], "code")
    return str(the(rows, refused("Tryton made a product without a variant"))["id"])


def find_product(command: Command) -> Search:
    """By code and name: another user may have taken the code just before."""
    groups = [["code", "=", command.body["sku"]], ["template.name", "=", command.body["name"]], GOODS]
    rows = yield ask("product.product", [*groups, *made_since(command)], "code", limit=None)
    return str(rows[-1]["id"]) if rows else None


CREATE_PRODUCT = Operation(
    Accepts(required=("sku", "name"), optional=("gtin", *_SIZES)), create_product, find=find_product
)


def update_product(command: Command) -> Steps:
    body, record = command.body, number(command.record_id)
    names = ("template", "template.code", "template.products", "suffix_code")
    rows = yield ask(
        "product.product", [["id", "=", record], GOODS], *names, "identifiers.type", active_test=False
    )
    now = the(rows, refused(f"Tryton has no product {command.record_id} any more", NOT_FOUND))
    values = yield from _sizes(body)
    variant: dict[str, Any] = {}
    if "name" in body:
        values["name"] = body["name"]
    if "sku" in body:
        for holder, code in _codes(body["sku"], now):
            (values if holder == "template" else variant).update(code)
    if "gtin" in body:
        variant["identifiers"] = _gtin(body["gtin"], now["identifiers."])
    if variant:
        values["products"] = [["write", [record], variant]]
    if values:
        yield change("product.template", now["template"], values)
    return str(command.record_id)


UPDATE_PRODUCT = Operation(Accepts(optional=("sku", "name", "gtin", *_SIZES)), update_product)


def _codes(sku: str, now: Any) -> list[tuple[str, dict[str, Any]]]:
    """The way to set a variant's SKU, the template's code and its own suffix, one after the other."""
    prefix = now["template."]["code"] or ""
    if len(now["template."]["products"]) == 1 and not now["suffix_code"]:
        return [("template", {"code": sku})]
    if sku.startswith(prefix):
        return [("variant", {"suffix_code": sku.removeprefix(prefix)})]
    raise invalid("sku", f"all variants of this product begin with {prefix!r} in Tryton")


def _gtin(code: str, identifiers: Any) -> list[Any]:
    old = [identifier["id"] for identifier in identifiers if identifier["type"] == "ean"]
    if old:
        return [["write", old[:1], {"code": code}]]
    return [["create", [{"type": "ean", "code": code}]]]


def _sizes(body: Mapping[str, Any]) -> Asking:
    """The measurements as a template has them."""
    measurements = body.get("measurements", {})
    values: dict[str, Any] = {}
    sides = [side for side in _SIDES if side in measurements]
    if sides or "weight" in measurements:
        yield from has_field("product.template", "length", "measurements", "product_measurements")
    if sides:
        if "unit" not in measurements:
            raise invalid("measurements.unit", "is required with a length, width or height")
        unit = yield _unit(UNITS[measurements["unit"]])
        for side in sides:
            values |= {side: measurements[side], f"{side}_uom": unit}
    if "weight" in measurements:
        if "weight_unit" not in measurements:
            raise invalid("measurements.weight_unit", "is required with a weight")
        unit = yield _unit(UNITS[measurements["weight_unit"]])
        values |= {"weight": measurements["weight"], "weight_uom": unit}
    return values


def _unit(name: str) -> Call:
    return Call("rpc", "model.ir.model.data.get_id", ["product", name], asks=True)
