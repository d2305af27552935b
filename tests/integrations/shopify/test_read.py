"""What Shopify's words and numbers become."""

import json
from typing import Any

import graphql
import pytest

from crossdock.integrations.shopify import read
from crossdock.kit.registry import get_integration
from tests.conftest import needs_shared
from tests.contracts.vendor_specs import load_schema


def words(enum: str) -> set[str]:
    """All values of an enumeration of the schema."""
    schema = load_schema(needs_shared("vendor-specs", "shopify", "admin-2026-07.nodesc.graphql"))
    kind = schema.type_map[enum]
    assert isinstance(kind, graphql.GraphQLEnumType)
    return set(kind.values)


@pytest.mark.parametrize(
    ("enum", "table"),
    [
        ("OrderDisplayFulfillmentStatus", read.ORDER_STATUS),
        ("FulfillmentDisplayStatus", read.SHIPMENT_STATUS),
        ("FulfillmentStatus", read.DECIDED | read.UNDECIDED),
        ("ProductStatus", read.PRODUCT_STATUS),
        ("WeightUnit", read.WEIGHTS),
    ],
)
def test_every_word_of_the_schema_has_its_place_and_no_other_has(enum: str, table: dict[str, Any]):
    assert table.keys() == words(enum)


@pytest.mark.parametrize(
    ("status", "shown", "ours"),
    [
        ("SUCCESS", "DELIVERED", "delivered"),
        ("SUCCESS", None, "shipped"),
        ("CANCELLED", "DELIVERED", "cancelled"),
        ("SUCCESS", "IN_ORBIT", "other"),
        ("VANISHED", "DELIVERED", "other"),
    ],
)
def test_a_fulfilment_is_judged_by_both_of_its_words(status: str, shown: str | None, ours: str):
    assert read.shipment_status(status, shown) == ours


def case(name: str, number: int) -> dict[str, Any]:
    file = get_integration("cart", "shopify").folder / "cases" / f"{name}.json"
    raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))[number]["raw"]
    return raw


def test_what_an_app_may_not_see_is_left_out_and_what_there_is_none_of_is_empty():
    raw = case("orders", 0)
    assert read.order(raw | {"shippingAddress": None, "email": None})["ship_to_address"] == {
        "email_address": None
    }
    del raw["shippingAddress"]
    assert "ship_to_address" not in read.order(raw)


def test_a_product_and_a_variant_of_the_same_number_are_two_records():
    parent, variant = case("products", 0), case("products", 1)
    parent["legacyResourceId"] = variant["legacyResourceId"]
    assert read.product(parent)["id"] != read.product(variant)["id"]
