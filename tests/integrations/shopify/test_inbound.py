"""What Shopify tells of, and whom it is believed."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from crossdock.integrations.shopify import inbound
from crossdock.kit.inbound import BadSignature, InboundRequest

SHOP, SECRET = "harbour.myshopify.com", "hush"
KEPT = f"{SHOP} {SECRET}"


def notice(body: Any, *, secret: str = SECRET, shop: str = SHOP) -> InboundRequest:
    content = json.dumps(body).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()
    return InboundRequest.of(content, {"X-Shopify-Hmac-Sha256": signature, "X-Shopify-Shop-Domain": shop})


def test_a_notice_of_this_shop_that_the_app_signed_is_believed():
    inbound.verify(notice({"id": 1}), KEPT)
    inbound.verify(notice({"shop_domain": SHOP, "customer": {}}), KEPT)


@pytest.mark.parametrize(
    "request_",
    [
        notice({"id": 1}, secret="another"),
        notice({"id": 1}, shop="other.myshopify.com"),
        notice({"shop_id": 1, "shop_domain": "other.myshopify.com"}),
        InboundRequest.of(b"{}", {}),
    ],
    ids=["another secret", "another shop", "another shop in a signed body", "no signature"],
)
def test_any_other_is_not(request_: InboundRequest):
    """One app may be in many shops with one secret: erasing one must not erase another."""
    with pytest.raises(BadSignature):
        inbound.verify(request_, KEPT)


READS = {
    "orders/create": ({"id": 1001}, [("get_orders", "1001")]),
    "orders/updated": ({"id": 1001}, [("get_orders", "1001")]),
    "orders/cancelled": ({"id": 1001}, [("get_orders", "1001")]),
    "orders/delete": ({"id": 1001}, []),
    "fulfillments/create": ({"id": 5, "order_id": 1001}, [("get_orders", "1001")]),
    "fulfillments/update": ({"id": 5, "order_id": 1001}, [("get_orders", "1001")]),
    "refunds/create": ({"id": 5, "order_id": 1001}, [("get_orders", "1001")]),
    "products/create": ({"id": 301}, [("get_products", "product-301")]),
    "products/update": (
        {"id": 301, "variants": [{"id": 501}, {"id": 502}]},
        [("get_products", "product-301"), ("get_products", "501"), ("get_products", "502")],
    ),
    "products/delete": ({"id": 301}, []),
    "inventory_levels/connect": (
        {"inventory_item_id": 601, "location_id": 7002, "available": None},
        [("get_products", "item-601")],
    ),
    "inventory_levels/disconnect": (
        {"inventory_item_id": 601, "location_id": 7002},
        [("get_products", "item-601")],
    ),
    "inventory_levels/update": (
        {"inventory_item_id": 601, "location_id": 7001, "available": 3},
        [("get_products", "item-601")],
    ),
    "app/uninstalled": ({"id": 1, "myshopify_domain": SHOP}, [("get_orders", "0")]),
    "themes/publish": ({"id": 1}, []),
}


@pytest.mark.parametrize("topic", READS)
def test_each_topic_names_what_is_to_be_read_again(topic: str):
    body, reads = READS[topic]
    assert inbound.changed(body, {"X-Shopify-Topic": topic}) == reads


def test_every_topic_that_is_subscribed_to_is_understood():
    assert {topic.lower().replace("_", "/") for topics in inbound.TOPICS.values() for topic in topics} <= {
        topic.replace("_", "/") for topic in READS
    }


def test_what_is_deleted_is_told():
    assert inbound.deleted({"id": 1001}, {"X-Shopify-Topic": "orders/delete"}) == [("get_orders", "1001")]
    gone = inbound.deleted({"id": 301}, {"X-Shopify-Topic": "products/delete"})
    assert gone == [("get_products", "product-301")]
    assert inbound.deleted({"id": 301}, {"X-Shopify-Topic": "products/update"}) == []


def test_who_is_to_be_erased_or_shown_is_named():
    customer = {"id": 9, "email": "ada@example.com", "phone": "+49 431 1234567"}
    body = {"shop_domain": SHOP, "customer": customer, "orders_to_redact": [1001]}
    [erasure] = inbound.erasures(body, {"X-Shopify-Topic": "customers/redact"})
    assert (erasure.mode, erasure.subject.email, erasure.subject.reference_ids) == (
        "erase", "ada@example.com", ["1001"],
    )  # fmt: skip
    body = {"shop_domain": SHOP, "customer": customer, "orders_requested": [1001]}
    [shown] = inbound.erasures(body, {"X-Shopify-Topic": "customers/data_request"})
    assert shown.mode == "show"
    [all_of_it] = inbound.erasures({"shop_domain": SHOP}, {"X-Shopify-Topic": "shop/redact"})
    assert all_of_it.subject.everyone
    assert inbound.erasures({"id": 1}, {"X-Shopify-Topic": "orders/create"}) == []
