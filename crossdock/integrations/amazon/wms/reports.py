"""Amazon's report of returned goods, a table with tabs → records. Pure."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable

from crossdock.errors import VendorNonsense
from crossdock.kit.contract import RECORD_ID, Raw

MOST_BYTES = 256 * 2**20
LICENSE_PLATE = "license-plate-number"
NAMES = ("order-id", "sku", "return-date")
"""What a row is known by that has no license plate, as goods without one have."""


def rows_of(content: bytes, compression: str | None) -> list[Raw]:
    """The rows of a document. Raises VendorNonsense where it is none."""
    lines = _text(content, compression).splitlines()
    rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if rows and not {"sku", "quantity"} <= rows[0].keys():
        raise VendorNonsense("the report of returns has no columns sku and quantity")
    return [row | {RECORD_ID: record_id} for row, record_id in zip(rows, _ids(rows), strict=True)]


def _text(content: bytes, compression: str | None) -> str:
    if compression == "GZIP":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
                content = packed.read(MOST_BYTES)
        except (OSError, EOFError, zlib.error):
            raise VendorNonsense("the report of returns is not packed as Amazon says") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _ids(rows: Iterable[Raw]) -> list[str]:
    """The ids of rows: each unit's plate; else order, SKU and time, and how many such rows came before."""
    ids: list[str] = []
    counts: dict[str, int] = {}
    for row in rows:
        name = str(row.get(LICENSE_PLATE) or "").strip()
        name = name or "-".join(str(row.get(part) or "").strip() for part in NAMES)
        counts[name] = counts.get(name, 0) + 1
        ids.append(name if counts[name] == 1 else f"{name}-{counts[name]}")
    return ids
