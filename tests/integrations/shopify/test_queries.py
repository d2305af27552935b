"""Every query and mutation is one that Shopify's schema knows, also those that no case shows."""

import graphql
import pytest

from crossdock.integrations.shopify.api import PARTS, ShopApi
from crossdock.integrations.shopify.client import QUERIES
from crossdock.kit.graphql import GraphQL
from tests.conftest import needs_shared
from tests.contracts.vendor_specs import load_schema

API = ShopApi(GraphQL.__new__(GraphQL), QUERIES)
FRAGMENTS = {part for parts in PARTS.values() for part in parts}


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - FRAGMENTS))
def test_the_schema_knows_it_and_nothing_of_it_is_deprecated(name: str):
    schema = load_schema(needs_shared("vendor-specs", "shopify", "admin-2026-07.nodesc.graphql"))
    document = graphql.parse(API.text(name))
    assert graphql.validate(schema, document) == []
    rules = [graphql.validation.NoDeprecatedCustomRule]
    assert [fault.message for fault in graphql.validate(schema, document, rules)] == []


WITH_KEY = ("refundCreate", "inventorySetQuantities", "inventoryAdjustQuantities")


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - FRAGMENTS))
def test_what_shopify_wants_a_key_for_has_one(name: str):
    """Since 2026-04, by the changelog "Making idempotency mandatory"."""
    wants = any(f"{word}(" in QUERIES[name] for word in WITH_KEY)
    assert ("@idempotent(key: $key)" in QUERIES[name]) == wants


def test_an_export_has_what_single_variants_have():
    """So that a variant reads the same, whichever way it came."""
    assert fields(API.text("variant")) == fields(QUERIES["all_variants"])


def fields(text: str) -> set[str]:
    """The fields of a query, without what its lists are made of."""
    collected: set[str] = set()

    class Fields(graphql.Visitor):
        def enter_field(self, node: graphql.FieldNode, *_: object) -> None:
            collected.add(node.name.value)

    graphql.visit(graphql.parse(text), Fields())
    lists = {"nodes", "pageInfo", "hasNextPage", "endCursor", "edges", "node"}
    return collected - lists - {"productVariant", "productVariants"}
