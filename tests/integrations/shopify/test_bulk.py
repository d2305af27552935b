"""The file of a bulk operation, in whatever parts it comes."""

import json
from typing import Any

import pytest

from crossdock.errors import VendorNonsense
from crossdock.integrations.shopify.bulk import records_of
from crossdock.kit.contract import RECORD_ID

LOCATIONS = ("7002", "7001")


def variant(number: int) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/ProductVariant/{number}", "legacyResourceId": str(number),
        "product": {"id": f"gid://shopify/Product/{number // 2}", "legacyResourceId": str(number // 2)},
        "inventoryItem": {"id": f"gid://shopify/InventoryItem/{number + 100}"},
    }  # fmt: skip


def level(number: int, location: str, parent: str = "ProductVariant") -> dict[str, Any]:
    offset = 0 if parent == "ProductVariant" else 100
    return {
        "location": {"legacyResourceId": location},
        "__parentId": f"gid://shopify/{parent}/{number + offset}",
    }


def file(parent: str = "ProductVariant") -> bytes:
    lines = [
        line
        for number in range(2, 6)
        for line in (variant(number), *(level(number, location, parent) for location in LOCATIONS))
    ]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def in_parts(content: bytes, size: int) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    at = 0
    while True:
        part = content[at : at + size]
        is_end = at + len(part) >= len(content)
        part_records, used = records_of(part, is_end=is_end)
        records += part_records
        at += used
        if is_end:
            return records
        assert used, "it gets on"


@pytest.mark.parametrize("parent", ["ProductVariant", "InventoryItem"])
def test_levels_are_put_to_their_variant_in_the_order_of_locations(parent: str):
    records = [record for record in in_parts(file(parent), 10**6) if "inventoryItem" in record]
    assert len(records) == 4
    for record in records:
        levels = record["inventoryItem"]["inventoryLevels"]
        assert [entry["location"]["legacyResourceId"] for entry in levels] == ["7001", "7002"]


def test_each_product_stands_before_its_variants():
    ids = [record[RECORD_ID] for record in in_parts(file(), 10**6)]
    assert ids == ["product-1", "2", "3", "product-2", "4", "5"]


def test_a_file_in_parts_of_any_size_has_the_same_variants():
    content = file()
    whole = {record[RECORD_ID]: record for record in in_parts(content, len(content))}
    for size in range(600, len(content), 37):
        assert {record[RECORD_ID]: record for record in in_parts(content, size)} == whole


def test_a_level_of_nobody_is_nonsense():
    with pytest.raises(VendorNonsense, match="which is not before it"):
        records_of(json.dumps(level(9, "7001")).encode(), is_end=True)
