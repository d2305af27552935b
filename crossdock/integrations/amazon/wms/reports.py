"""Amazon's report of returned goods, a table with tabs → records. Pure."""

import gzip
import io
import re
import zlib
from collections.abc import Iterable

from crossdock.errors import VendorNonsense
from crossdock.kit.contract import RECORD_ID, Raw

MOST_BYTES = 256 * 2**20
LICENSE_PLATE = "license-plate-number"
ORDER = "order-id"
"""With the plate: a unit that is sold again may come back again."""
NAMES = (ORDER, "sku", "return-date")
"""What a row is known by that has no license plate, as goods without one have."""


def rows_of(content: bytes, compression: str | None) -> list[Raw]:
    """The rows of a document. Raises VendorNonsense where it is none."""
    # Comments may hold much that Python takes for the end of a line: only that of files is one.
    header, *lines = re.split("\r?\n", _text(content, compression))
    names = header.split("\t")
    if lines and not {"sku", "quantity"} <= set(names):
        raise VendorNonsense("the report of returns has no columns sku and quantity")
    blank: Raw = dict.fromkeys(names)
    rows = [blank | dict(zip(names, line.split("\t"), strict=False)) for line in lines if line.strip()]
    return [row | {RECORD_ID: record_id} for row, record_id in zip(rows, _ids(rows), strict=True)]


def _text(content: bytes, compression: str | None) -> str:
    if compression == "GZIP":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
                content = packed.read(MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise VendorNonsense("the report of returns is not packed as Amazon says") from None
        if len(content) > MOST_BYTES:
            raise VendorNonsense(f"the report of returns has more than {MOST_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _ids(rows: Iterable[Raw]) -> list[str]:
    """The ids of rows: each unit's plate and order; else order, SKU and time, and how many came before."""
    ids: list[str] = []
    counts: dict[str, int] = {}
    for row in rows:
        plate = _cell(row, LICENSE_PLATE)
        parts = filter(None, (plate, _cell(row, ORDER))) if plate else (_cell(row, name) for name in NAMES)
        name = "-".join(parts)
        counts[name] = counts.get(name, 0) + 1
        ids.append(name if counts[name] == 1 else f"{name}-{counts[name]}")
    return ids


def _cell(row: Raw, name: str) -> str:
    return str(row.get(name) or "").strip()
