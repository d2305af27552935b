"""Which records WooCommerce's notices are about, and which of them are believed to be its own."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from crossdock.integrations.woocommerce import inbound
from crossdock.kit.inbound import BadSignature, InboundRequest

VARIATION = {"id": 733, "type": "variation", "parent_id": 799}


@pytest.mark.parametrize(
    ("topic", "body", "reads"),
    [
        ("order.created", {"id": 727, "status": "processing"}, [("get_orders", "727")]),
        ("order.updated", {"id": 727}, [("get_orders", "727")]),
        ("order.restored", {"id": 727}, [("get_orders", "727")]),
        ("product.created", {"id": 799}, [("get_products", "799")]),
        ("product.updated", VARIATION, [("get_products", "733")]),
        ("product.restored", {"id": 799}, [("get_products", "799")]),
        ("coupon.created", {"id": 3}, []),
        ("customer.updated", {"id": 3}, []),
        ("order.updated", {"code": "woocommerce_rest_cannot_view", "message": "Sorry"}, []),
        ("order.updated", [], []),
        ("", {"id": 727}, []),
    ],
)
def test_a_notice_names_what_is_to_be_read_again(topic: str, body: Any, reads: list[tuple[str, str]]):
    headers = {inbound.TOPIC: topic} if topic else {}
    assert inbound.changed(body, headers) == reads
    assert inbound.deleted(body, headers) == []


@pytest.mark.parametrize(("topic", "function"), [("order", "get_orders"), ("product", "get_products")])
def test_a_notice_names_what_is_gone(topic: str, function: str):
    headers = {inbound.TOPIC: f"{topic}.deleted"}
    assert inbound.deleted({"id": 727}, headers) == [(function, "727")]
    assert inbound.changed({"id": 727}, headers) == []


def test_only_what_is_signed_with_our_secret_is_taken():
    content = '{"id":727,"note":"漢字"}'.encode()
    signature = base64.b64encode(hmac.new(b"ours", content, hashlib.sha256).digest()).decode()
    inbound.verify(InboundRequest.of(content, {inbound.SIGNATURE.lower(): signature}), "ours")
    for body, headers in (
        (content, {}),
        (content + b" ", {inbound.SIGNATURE: signature}),
        (b"webhook_id=143", {}),  # how WooCommerce tries each new webhook
    ):
        with pytest.raises(BadSignature):
            inbound.verify(InboundRequest.of(body, headers), "ours")
    with pytest.raises(BadSignature):
        inbound.verify(InboundRequest.of(content, {inbound.SIGNATURE: signature}), "theirs")
