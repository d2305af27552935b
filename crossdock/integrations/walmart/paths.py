"""Names as parts of a path. Walmart wants all special characters of a SKU encoded, spaces as %20."""

UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""What RFC 3986 leaves as it is."""


def segment(name: str) -> str:
    """The name as a whole segment of a path."""
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in name.encode())
