"""The signature of a request, held to TikTok's own example; and what its codes mean."""

import pytest

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorRefused,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.integrations.tiktok_shop.errors import refusal
from crossdock.integrations.tiktok_shop.signing import signature_of
from crossdock.kit.responses import Response
from crossdock.wire import encode

SECRET, SHOPS = "e59af819cc", "/authorization/202309/shops"
PARAMS = [("app_key", "29a39d"), ("timestamp", "1623812664")]
SIGN = "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"


def test_the_example_of_the_guide_is_signed_as_there():
    assert signature_of(SECRET, SHOPS, PARAMS, None) == SIGN


def test_order_sign_and_token_do_not_count_and_the_body_does():
    more = [*reversed(PARAMS), ("sign", "old"), ("access_token", "t")]
    assert signature_of(SECRET, SHOPS, more, None) == SIGN
    assert signature_of(SECRET, SHOPS, PARAMS, b"{}") != SIGN


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (200, 0, None),
        (401, 105002, InvalidCredentials),
        (200, 105002, InvalidCredentials),
        (200, 106001, InvalidCredentials),
        (200, 101000, InvalidCredentials),
        (403, 105005, MissingPermission),
        (200, 36009002, VendorThrottled),
        (200, 36009003, VendorUnavailable),
        (200, 36009007, VendorUnavailable),
        (200, 36009004, VendorRefused),
        (200, 12052251, VendorRefused),
        (400, 36009004, None),
        (404, 36009009, None),
    ],
)
def test_a_code_counts_before_the_status(status: int, code: int, kind: type[VendorError] | None):
    answer = Response(status, {}, encode({"code": code, "message": "words", "data": {}}), "https://x.example")
    error = refusal(answer)
    assert (None if error is None else type(error)) == kind


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"code": "0"}', b"{}"])
def test_what_has_no_code_is_judged_by_its_status(body: bytes):
    assert refusal(Response(502, {}, body, "https://x.example")) is None
