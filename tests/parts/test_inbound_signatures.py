"""Notices are taken from nobody but the vendor."""

import base64

import pytest
from standardwebhooks import Webhook

from crossdock.kit.inbound import (
    BadSignature,
    InboundRequest,
    hmac_text,
    require_equal,
    require_hmac,
    require_standard_webhook,
)

BODY = '{"id": 1, "name": "Köln"}'.encode()


def test_the_raw_body_is_what_is_signed_and_headers_have_any_case():
    signed = InboundRequest.of(BODY, {"x-acme-hmac": hmac_text("secret", BODY)})
    require_hmac(signed, "secret", "X-Acme-Hmac")
    require_hmac(
        InboundRequest.of(BODY, {"H": "sha256=" + hmac_text("s", BODY, encoding="hex")}), "s", "h",
        encoding="hex", prefix="sha256=",
    )  # fmt: skip
    require_hmac(
        InboundRequest.of(BODY, {"H": hmac_text("s", BODY, digest="sha512")}), "s", "H", digest="sha512"
    )


@pytest.mark.parametrize(
    ("body", "secret", "header"),
    [
        (BODY + b" ", "secret", None),
        (BODY, "another", None),
        (BODY, "secret", ""),
        (BODY, "secret", "\udcff"),
        (BODY, "secret", "x" * 10_000),
    ],
)
def test_anything_else_is_refused(body: bytes, secret: str, header: str | None):
    sent = hmac_text("secret", BODY) if header is None else header
    with pytest.raises(BadSignature):
        require_hmac(InboundRequest.of(body, {"H": sent}), secret, "H")


def test_a_header_that_is_missing_is_refused():
    with pytest.raises(BadSignature):
        require_equal(None, "token")
    with pytest.raises(BadSignature):
        require_hmac(InboundRequest.of(BODY, {}), "secret", "H")


def test_standard_webhooks_are_taken_as_their_own_library_signs_them():
    from datetime import UTC, datetime

    secret = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
    now = 1_770_000_000
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(now, UTC), BODY.decode())
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(now), "Webhook-Signature": f"v1,x {signature}"}
    request = InboundRequest.of(BODY, headers)
    require_standard_webhook(request, secret, now + 299)
    for seconds in (-301, 301):
        with pytest.raises(BadSignature, match="too old"):
            require_standard_webhook(request, secret, now + seconds)
    with pytest.raises(BadSignature):
        require_standard_webhook(InboundRequest.of(BODY + b"x", headers), secret, now)
    with pytest.raises(BadSignature):
        require_standard_webhook(InboundRequest.of(BODY, headers | {"Webhook-Id": "msg_2"}), secret, now)
    with pytest.raises(BadSignature):
        require_standard_webhook(InboundRequest.of(BODY, {}), secret, now)
