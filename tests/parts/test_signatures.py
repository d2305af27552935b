"""Signatures over the whole request, held against published examples and a server that checks them."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from yarl import URL

from crossdock.errors import InvalidCredentials, VendorRefused
from crossdock.kit.auth.base import VendorRequest
from crossdock.kit.auth.fixed import bearer
from crossdock.kit.auth.oauth1 import OAuth1Keys, base_string, oauth1
from crossdock.kit.auth.signature import hmac_digest, signature
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.net.addresses import AddressPolicy

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_the_base_string_is_that_of_rfc_5849():
    """Section 3.4.1.1."""
    url = URL("http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", encoded=True)
    request = VendorRequest("POST", url, FORM, b"c2&a3=2+q")
    protocol = {
        "oauth_consumer_key": "9djdj82h48djs9d2", "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": "137131201", "oauth_nonce": "7d8f3e4a",
    }  # fmt: skip
    assert base_string(request, protocol) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%25"
        "40%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method"
        "%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_the_header_is_that_of_a_published_example():
    """RFC 5849, section 1.2: the photo that is fetched; its published signature has no oauth_version."""
    keys = OAuth1Keys("dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")
    url = URL("http://photos.example.net/photos?file=vacation.jpg&size=original")
    protocol = {
        "oauth_consumer_key": keys.consumer_key, "oauth_token": keys.token,
        "oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": "137131202", "oauth_nonce": "chapoH",
    }  # fmt: skip
    text = base_string(VendorRequest("GET", url), protocol)
    key = f"{keys.consumer_secret}&{keys.token_secret}"
    assert hmac_digest(key, text.encode(), "sha1", "base64") == "MdpQcU8iPSUjWoN/UDMsK2sui9I="


def test_the_realm_is_named_and_not_signed():
    keys = OAuth1Keys("app", "s1", "token", "s2")
    request = VendorRequest("GET", URL("https://api.example.com/x"))
    plain, named = (
        oauth1(keys, realm=realm, nonce=lambda: "n", clock=lambda: 1.0).sign(request).headers["Authorization"]
        for realm in (None, "acct_1")
    )
    assert named == plain.replace("OAuth ", 'OAuth realm="acct_1", ')
    assert 'oauth_signature_method="HMAC-SHA256"' in plain


def test_a_scheme_of_a_vendors_own_sees_path_query_and_body():
    """A published vector: the secret around path, sorted query and body."""
    secret = "e59af819cc"

    def signed(request: VendorRequest) -> VendorRequest:
        request = request.with_params({"app_key": "29a39d", "timestamp": "1623812664"})
        query = "".join(f"{name}{value}" for name, value in sorted(request.url.query.items()))
        message = f"{secret}{request.url.path}{query}".encode() + (request.body or b"") + secret.encode()
        return request.with_params({"sign": hmac_digest(secret, message)})

    url = URL("https://open-api.example.com/authorization/202309/shops")
    request = signature(signed, secret).sign(VendorRequest("GET", url))
    assert request.url.query["sign"] == "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"


SECRET = "body-secret"


async def _check(request: web.Request) -> web.Response:
    """Takes a call that is signed over method, path, query and body, and has a token."""
    message = f"{request.method}{request.path_qs}".encode() + await request.read()
    expected = hmac.new(SECRET.encode(), message, hashlib.sha512).digest()
    if request.headers.get("Authorization") != "Bearer t1":
        return web.json_response({"message": "who are you"}, status=401)
    if request.headers.get("X-Signature") != base64.b64encode(expected).decode():
        return web.json_response({"message": "bad signature"}, status=400)
    return web.json_response({"ok": True})


@pytest.fixture
async def vendor() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", _check)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as session:
        yield Http(session=session, account="acct", slots=LocalSlots())


def _over_everything(secret: str):
    def signed(request: VendorRequest) -> VendorRequest:
        message = f"{request.method}{request.url.raw_path_qs}".encode() + (request.body or b"")
        return request.with_headers({"X-Signature": hmac_digest(secret, message, "sha512", "base64")})

    return signature(signed, secret, token=bearer("t1"))


async def test_a_signature_over_the_request_is_that_of_what_arrives(vendor: str, http: Http):
    signed = http.signed(_over_everything(SECRET))
    answer = await signed.send(
        "POST", f"{vendor}/orders", params={"shop": "ä b"}, json={"name": "ö", "n": 1.5}
    )
    assert answer.json() == {"ok": True}
    assert (await signed.send("GET", f"{vendor}/orders/1%2F2")).json() == {"ok": True}


async def test_p20_neither_the_secret_nor_the_token_of_a_signature_is_shown(vendor: str, http: Http):
    auth = _over_everything("wrong-secret")
    assert set(auth.secrets) >= {"wrong-secret", "t1"}
    with pytest.raises(VendorRefused, match="bad signature") as caught:
        await http.signed(auth).send("POST", f"{vendor}/orders", json={})
    assert "wrong-secret" not in repr((auth, caught.value))


async def test_a_token_within_a_signature_is_refused_as_one(vendor: str, http: Http):
    with pytest.raises(InvalidCredentials):
        await http.signed(signature(lambda request: request, SECRET, token=bearer("old"))).send("GET", vendor)
