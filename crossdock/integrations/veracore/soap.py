"""Envelopes of SOAP 1.1: what is sent, escaped, and what an answer holds. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from crossdock.errors import VendorNonsense, VendorRefused

NAMESPACE = "http://sma-promail/"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
HEADER = "<soap:Header/>"
"""The place of the header that signs a call."""
LISTS = {
    "GetShippingActivityResult": "ShippingActivity",
    "GetProductAvailabilitiesResult": "ProductAvailabilities",
    "Warehouses": "WarehouseLevels",
    "OfferInfo": "OfferType",
    "BillOfMaterials": "BOMProductType",
    "ShippingOrders": "PickPackType",
    "PickPackProducts": "PickPackProductType",
    "Packages": "PackagesType",
}
"""Elements that are lists, and what their elements are called."""
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold, escaped or not."""


def envelope(operation: str, arguments: Mapping[str, Any]) -> str:
    """The call of an operation, not signed yet."""
    body = "".join(element(name, value) for name, value in arguments.items())
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{ENVELOPE}">{HEADER}<soap:Body>'
        f'<{operation} xmlns="{NAMESPACE}">{body}</{operation}>'
        "</soap:Body></soap:Envelope>"
    )


def signed(envelope_text: str, user: str, password: str) -> str:
    """A call with the header that says whose it is."""
    who = element("Username", user) + element("Password", password)
    header = f'<AuthenticationHeader xmlns="{NAMESPACE}">{who}</AuthenticationHeader>'
    return envelope_text.replace(HEADER, f"<soap:Header>{header}</soap:Header>", 1)


def element(name: str, value: Any) -> str:
    """An element with what it holds: a text, members by name, or several elements of one name."""
    if isinstance(value, Mapping):
        inner = "".join(element(key, part) for key, part in value.items())
    elif isinstance(value, list):
        return "".join(element(name, part) for part in value)
    else:
        # XML Schema has no decimals with an exponent.
        inner = _escaped(f"{value:f}" if isinstance(value, Decimal) else str(value))
    return f"<{name}>{inner}</{name}>"


def _escaped(text: str) -> str:
    if NO_XML.search(text):
        raise VendorRefused(f"XML can't hold all letters of {text[:50]!r}")
    # A carriage return would be read as the end of a line.
    return escape(text, {"\r": "&#13;"})


def fault(root: Element) -> str | None:
    """The words of a fault; None where the answer is none."""
    element = root.find(f"{{{ENVELOPE}}}Body/{{{ENVELOPE}}}Fault")
    if element is None:
        return None
    words = (element.findtext("faultstring") or "a fault without words").strip()
    # ASP.NET tells where in its code it was: that is of no use here.
    first = words.split("\n", 1)[0].strip()
    return re.sub(r"^(?:System\.[\w.]+: |Server was unable to process request\. ---> )+", "", first)


def result(root: Element, operation: str) -> Any:
    """The answer of an operation: texts, members by name, and lists."""
    name = f"{operation}Result"
    path = f"{{{ENVELOPE}}}Body/{{{NAMESPACE}}}{operation}Response/{{{NAMESPACE}}}{name}"
    element = root.find(path)
    if element is None:
        raise VendorNonsense(f"wanted {name} in the answer")
    return _value(element)


def _value(held: Element) -> Any:
    name = _name(held)
    if held.get(NIL) in ("true", "1"):
        return None
    if name in LISTS:
        return [_value(entry) for entry in held if _name(entry) == LISTS[name]]
    if len(held):
        return {_name(entry): _value(entry) for entry in held}
    return held.text or ""


def _name(held: Element) -> str:
    return held.tag.rpartition("}")[2]
