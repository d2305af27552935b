"""The ids of sizes. NuORDER names a size by its product and a word, such as "M", "32/34" or "20x20 Set 4"."""

import re

_UNSAFE = re.compile(r"[^A-Za-z0-9._~-]")
_ESCAPED = re.compile(r"((?:%[0-9A-F]{2})+)")


def size_id(product_id: str, size: str) -> str:
    """The id of a size, escaped to stand in a path: "541aa3f054f4a1d81aa878dd-32%2F34"."""
    return f"{product_id}-{_UNSAFE.sub(_escape, size)}"


def parts_of(record_id: str) -> tuple[str, str | None]:
    """The product, and the word of the size; None for the product itself. Ids of products have no "-"."""
    product_id, dash, size = record_id.partition("-")
    return product_id, _ESCAPED.sub(_unescape, size) if dash else None


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def _unescape(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode(errors="replace")
