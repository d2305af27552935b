"""Which records BigCommerce's notices are about, for each form that its description shows."""

from typing import Any

import pytest

from crossdock.integrations.bigcommerce import inbound
from crossdock.kit.inbound import BadSignature, InboundRequest

STOCK = {"product_id": 206, "method": "absolute", "value": 5, "variant_id": 509}


@pytest.mark.parametrize(
    ("scope", "data", "reads"),
    [
        ("store/order/updated", {"type": "order", "id": 250}, [("get_orders", "250")]),
        (
            "store/order/refund/created",
            {"type": "order", "id": 250, "refund": {"refund_id": 3}},
            [("get_orders", "250")],
        ),
        ("store/shipment/created", {"type": "shipment", "id": 12, "orderId": 251}, [("get_orders", "251")]),
        ("store/product/updated", {"type": "product", "id": 205}, [("get_products", "product-205")]),
        (
            "store/product/inventory/updated",
            {
                "type": "product",
                "id": 206,
                "inventory": {"product_id": 206, "method": "absolute", "value": 5},
            },
            [("get_products", "product-206")],
        ),
        (
            "store/sku/updated",
            {"type": "sku", "id": 461, "sku": {"product_id": 206, "variant_id": 509}},
            [("get_products", "product-206"), ("get_products", "509")],
        ),
        (
            "store/sku/inventory/order/updated",
            {"type": "sku", "id": 461, "inventory": STOCK},
            [("get_products", "product-206"), ("get_products", "509")],
        ),
        (
            "store/channel/*/inventory/product/stock_changed",
            {"variant_id": 509, "product_id": 206, "location_id": 2},
            [("get_products", "product-206"), ("get_products", "509")],
        ),
        ("store/inventory/location/updated", {"location_id": 2}, [("get_warehouses", "2")]),
        ("store/customer/created", {"type": "customer", "id": 32}, []),
        ("store/order/updated", {}, []),
    ],
)
def test_a_notice_names_what_is_to_be_read_again(scope: str, data: Any, reads: list[tuple[str, str]]):
    body = {"producer": "stores/abc123", "store_id": "1025646", "scope": scope, "data": data}
    assert inbound.changed(body, {}) == reads
    assert inbound.deleted(body, {}) == []


@pytest.mark.parametrize(
    ("scope", "data", "reads"),
    [
        ("store/order/archived", {"type": "order", "id": 250}, [("get_orders", "250")]),
        ("store/product/deleted", {"type": "product", "id": 205}, [("get_products", "product-205")]),
        (
            "store/sku/deleted",
            {"type": "sku", "id": 461, "sku": {"product_id": 206, "variant_id": 509}},
            [("get_products", "product-206"), ("get_products", "509")],
        ),
    ],
)
def test_a_notice_names_what_is_gone(scope: str, data: Any, reads: list[tuple[str, str]]):
    body = {"scope": scope, "data": data}
    assert inbound.deleted(body, {}) == reads
    assert inbound.changed(body, {}) == []


def test_only_what_bears_our_secret_is_taken():
    inbound.verify(InboundRequest.of(b"{}", {inbound.HEADER.lower(): "ours"}), "ours")
    for headers in ({}, {inbound.HEADER: "theirs"}):
        with pytest.raises(BadSignature):
            inbound.verify(InboundRequest.of(b"{}", headers), "ours")
