"""Signing in: one suite that every scheme passes, and what is particular to some."""

import asyncio
import base64
import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from yarl import URL

from crossdock.errors import InvalidCredentials, VendorNonsense, VendorRefused, VendorUnavailable
from crossdock.kit.auth.base import Auth, VendorRequest
from crossdock.kit.auth.declared import declared_auth
from crossdock.kit.auth.fixed import api_key, api_key_in_query, basic, bearer
from crossdock.kit.auth.login import session
from crossdock.kit.auth.oauth import OAuthApp, client_credentials, refresh_token
from crossdock.kit.auth.oauth1 import OAuth1Keys, oauth1
from crossdock.kit.auth.renewed import AccessToken, RenewedAuth
from crossdock.kit.auth.signature import hmac_digest, signature
from crossdock.kit.contract import Context
from crossdock.kit.http import Http, Patience, new_session
from crossdock.kit.limits import LocalSlots, RateLimits
from crossdock.kit.manifest import manifest_of
from crossdock.kit.session import TOKENS, LocalSession
from crossdock.net.addresses import AddressPolicy
from tests.fakes.vendor import PASSWORD, TOKEN, USER, FakeVendor, answer, expired, failing, usual

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def _no_wait(_: float) -> None:
    pass


@pytest.fixture
async def fake():
    async with FakeVendor() as running:
        running.collections["orders"] = [{"id": "1", "updated_at": "2026-01-01T00:00:00Z"}]
        yield running


@pytest.fixture
async def http():
    """Unsigned, never waits."""
    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as opened:
        yield Http(
            session=opened,
            account="acct",
            slots=LocalSlots(),
            sleep=_no_wait,
            patience=Patience(first_wait_seconds=0),
            limits=RateLimits(concurrent_requests=3),
        )


def _login(http: Http, fake: FakeVendor) -> RenewedAuth:
    async def login() -> str:
        body = {"user": USER, "password": PASSWORD}
        response = await http.send("POST", f"{fake.url}/login", json=body, repeatable=True)
        return response.json()["token"]

    return session(login, form="Bearer {}")


def _app(fake: FakeVendor, **fields) -> OAuthApp:
    return OAuthApp(f"{fake.url}/token", "our id", "our/secret", clock=lambda: NOW, **fields)


def _granted(token: str, **extra_fields) -> object:
    return answer(body={"access_token": token, "token_type": "Bearer", **extra_fields})


SCHEMES = {
    "header": lambda http, fake: api_key("key-1"),
    "query": lambda http, fake: api_key_in_query("key-1"),
    "basic": lambda http, fake: basic("ann", "key-1"),
    "bearer": lambda http, fake: bearer("key-1"),
    "session": lambda http, fake: session(_constant("key-1")),
    "oauth": lambda http, fake: RenewedAuth(obtain=client_credentials(http, _app(fake))),
    "oauth refresh": lambda http, fake: RenewedAuth(
        obtain=refresh_token(http, _app(fake)),
        session=_holding(AccessToken("old", NOW - timedelta(days=1), "again-1")),
    ),
    "signature": lambda http, fake: signature(_with_digest, "key-1"),
    "oauth 1.0a": lambda http, fake: oauth1(OAuth1Keys("app", "app-secret", "token", "key-1")),
}


def _holding(token: AccessToken) -> LocalSession:
    return LocalSession({TOKENS: token.stored()})


def _with_digest(request: VendorRequest) -> VendorRequest:
    return request.with_headers({"X-Signature": hmac_digest("key-1", request.url.path.encode())})


async def _signed(auth: Auth, **fields) -> VendorRequest:
    await auth.ready()
    return auth.sign(VendorRequest("GET", URL("https://api.example.com/orders?page=2"), **fields))


def _constant(value: str):
    async def login() -> str:
        return value

    return login


@pytest.fixture(params=SCHEMES)
def auth(request, http, fake):
    fake.script("/token", [_granted("key-1", refresh_token="again-2")] * 2)
    return SCHEMES[request.param](http, fake)


async def test_every_scheme_adds_its_signature_and_keeps_all_else(auth):
    request = await _signed(auth, headers={"X-Mine": "1"}, body=b"{}")
    added = (set(request.headers.items()) | set(request.url.query.items())) - {("X-Mine", "1"), ("page", "2")}
    assert len(added) == 1
    assert (request.headers["X-Mine"], request.url.query["page"], request.body) == ("1", "2", b"{}")


async def test_every_scheme_names_the_secrets_that_it_signs_with(auth):
    await _signed(auth)
    assert "key-1" in auth.secrets


async def test_no_scheme_shows_its_secrets_when_printed(auth):
    request = await _signed(auth)
    assert not any(secret in repr(auth) for secret in auth.secrets)
    assert request.token == "" or request.token not in repr(request.token and auth)


async def test_every_scheme_raises_invalid_credentials_when_the_vendor_never_takes_it(auth, http, fake):
    fake.script("/orders", [expired()] * 3)
    with pytest.raises(InvalidCredentials, match="401: token expired"):
        await http.signed(auth).send("GET", f"{fake.url}/orders")
    assert len(fake.requests) - len([request for request in fake.requests if request.path == "/token"]) <= 2


@pytest.mark.parametrize("pasted", ["key-1\n", "key\r\nX-Evil: 1", "kéy", "key\x00"])
@pytest.mark.parametrize("scheme", [api_key, bearer])
def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(scheme, pasted):
    with pytest.raises(InvalidCredentials) as caught:
        scheme(pasted)
    assert "key\r" not in str(caught.value)
    assert pasted not in str(caught.value)


def test_a_password_may_hold_any_character():
    signature = basic("ann", "pä:ss\n").headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(signature).decode() == "ann:pä:ss\n"


# Sessions


async def test_a_session_logs_in_when_it_is_first_needed_and_then_no_more(http, fake):
    signed = http.signed(_login(http, fake))
    for _ in range(3):
        await signed.send("GET", f"{fake.url}/orders")
    assert [request.path for request in fake.requests] == ["/login", "/orders", "/orders", "/orders"]


async def test_a_session_that_expired_logs_in_again_and_repeats_the_call_once(http, fake):
    signed = http.signed(_login(http, fake))
    await signed.send("GET", f"{fake.url}/orders")
    fake.expire_sessions()
    assert (await signed.send("GET", f"{fake.url}/orders")).status == 200
    assert [(request.path, request.status) for request in fake.requests[2:]] == [
        ("/orders", 401), ("/login", 200), ("/orders", 200),
    ]  # fmt: skip


async def test_calls_that_find_the_session_expired_together_log_in_once(http, fake):
    signed = http.signed(_login(http, fake))
    await signed.send("GET", f"{fake.url}/orders")
    fake.expire_sessions()
    await asyncio.gather(*(signed.send("GET", f"{fake.url}/orders") for _ in range(9)))
    assert [request.path for request in fake.requests].count("/login") == 2


async def test_a_login_works_when_the_vendor_allows_one_call_at_a_time(fake):
    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as opened:
        limits = RateLimits(concurrent_requests=1)
        http = Http(session=opened, account="acct", slots=LocalSlots(), limits=limits)
        signed = http.signed(_login(http, fake))
        await asyncio.wait_for(signed.send("GET", f"{fake.url}/orders"), 5)


async def test_a_login_that_is_refused_is_invalid_credentials_and_the_call_is_not_made(http, fake):
    fake.script("/login", [expired()])
    with pytest.raises(InvalidCredentials):
        await http.signed(_login(http, fake)).send("GET", f"{fake.url}/orders")
    assert [request.path for request in fake.requests] == ["/login"]


async def test_a_write_that_met_an_expired_session_is_sent_again_since_it_was_not_done(http, fake):
    signed = http.signed(_login(http, fake))
    fake.script("/orders", [expired(), answer(201, {"id": "9"})])
    value = await signed.send("POST", f"{fake.url}/orders", json={"number": "9"})
    assert value.status == 201
    assert [json.loads(request.body) for request in fake.requests if request.path == "/orders"] == [
        {"number": "9"}
    ] * 2


async def test_p20_the_token_before_the_last_renewal_is_not_shown_either(http, fake):
    signed = http.signed(_login(http, fake))
    await signed.send("GET", f"{fake.url}/orders")
    fake.script("/orders", [expired(), answer(400, {"message": "session-1 is gone, session-2 is too new"})])
    with pytest.raises(VendorRefused, match=r"\*\*\* is gone, \*\*\* is too new"):
        await signed.send("GET", f"{fake.url}/orders")


# OAuth


@pytest.mark.parametrize(
    ("named_in", "header", "form"),
    [
        (
            "basic",
            "Basic " + base64.b64encode(b"our+id:our%2Fsecret").decode(),
            {"grant_type": ["client_credentials"], "scope": ["read"]},
        ),
        (
            "body",
            None,
            {
                "grant_type": ["client_credentials"],
                "scope": ["read"],
                "client_id": ["our id"],
                "client_secret": ["our/secret"],
            },
        ),
    ],
)
async def test_a_token_is_bought_with_id_and_secret_where_the_vendor_wants_them(
    http, fake, named_in, header, form
):
    fake.script("/token", [_granted("t1", expires_in=3600)])
    token = await client_credentials(http, _app(fake, named_in=named_in), "read")(None)
    assert (token.value, token.expires_at) == ("t1", NOW + timedelta(hours=1))
    assert fake.requests[0].headers.get("Authorization") == header
    assert parse_qs(fake.requests[0].body.decode()) == form


async def test_a_token_is_renewed_a_minute_before_it_expires(http, fake):
    now = [NOW]
    fake.script("/token", [_granted("t1", expires_in=3600), _granted("t2", expires_in=3600)])
    auth = RenewedAuth(obtain=client_credentials(http, _app(fake)), clock=lambda: now[0])
    used = []
    for minutes in (0, 58, 59):
        now[0] = NOW + timedelta(minutes=minutes)
        used.append((await _signed(auth)).token)
    assert used == ["t1", "t1", "t2"]


async def test_a_new_token_is_kept_before_it_is_used_with_the_refresh_token_that_came_along(http, fake):
    local_session = _holding(AccessToken("t1", refresh="r1"))
    at_use: list[str] = []

    async def use(vendor, request):
        at_use.append(local_session.values[TOKENS]["refresh_token"])
        return await usual()(vendor, request)

    fake.tokens = {"t2"}
    fake.script("/orders", [expired(), use])
    fake.script("/token", [_granted("t2", refresh_token="r2")])
    auth = RenewedAuth(obtain=refresh_token(http, _app(fake)), session=local_session)
    await http.signed(auth).send("GET", f"{fake.url}/orders")
    assert at_use == ["r2"]
    assert local_session.values[TOKENS] | {"answer": {}} == AccessToken("t2", None, "r2", "r1").stored()
    assert parse_qs(fake.requests[1].body.decode())["refresh_token"] == ["r1"]


async def test_a_refresh_token_that_the_vendor_does_not_replace_stays(http, fake):
    fake.script("/token", [_granted("t2")])
    token = await refresh_token(http, _app(fake))(AccessToken("t1", refresh="r1"))
    assert (token.value, token.refresh) == ("t2", "r1")


async def test_a_refresh_token_is_not_tried_twice(http, fake):
    """A vendor that rotates takes each once; a repeat can end the whole grant."""
    fake.script("/token", [failing(), _granted("t2")])
    with pytest.raises(VendorUnavailable):
        await refresh_token(http, _app(fake))(AccessToken("t1", refresh="r1"))
    assert len(fake.requests) == 1


@pytest.mark.parametrize(("status", "error"), [(400, "invalid_grant"), (400, "invalid_client"), (401, "no")])
async def test_a_grant_that_is_not_accepted_is_invalid_credentials_without_secrets(http, fake, status, error):
    fake.script("/token", [answer(status, {"error": error, "error_description": "r1 or our/secret is bad"})])
    with pytest.raises(InvalidCredentials, match=r"\*\*\* or \*\*\* is bad"):
        await refresh_token(http, _app(fake))(AccessToken("t1", refresh="r1"))


async def test_a_connection_without_refresh_token_must_be_made_again(http, fake):
    with pytest.raises(InvalidCredentials, match="connect again"):
        await refresh_token(http, _app(fake))(AccessToken("t1"))


@pytest.mark.parametrize(
    "body", [{}, [], {"access_token": ""}, {"access_token": 7}, {"access_token": "t", "expires_in": "soon"}]
)
async def test_a_token_answer_without_a_token_is_nonsense(http, fake, body):
    fake.script("/token", [answer(body=body)])
    with pytest.raises(VendorNonsense):
        await client_credentials(http, _app(fake))(None)


async def test_the_fake_vendor_takes_its_own_token(http, fake):
    assert (await http.signed(bearer(TOKEN)).send("GET", f"{fake.url}/account")).json()["id"] == "acct-1"


# By the manifest


def _declared(scheme: str, extra_text: str = "", **credentials: str) -> Auth:
    text = f"""
        name = "Acme"\ntype = "wms"\ndescription = "x"\nevidence = "documented"\n[functions]
        [auth]\nscheme = "{scheme}"\n{extra_text}
    """
    manifest = manifest_of(tomllib.loads(text), Path())
    return declared_auth(Context(credentials, Http.__new__(Http), Path(), manifest=manifest))


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (_declared("api_key", 'header = "X-Acme"', api_key="k"), ("X-Acme", "k")),
        (_declared("basic", user="ann", password="p"), ("Authorization", "Basic YW5uOnA=")),
        (_declared("bearer", token="t"), ("Authorization", "Bearer t")),
        (_declared("oauth1", consumer_key="c", consumer_secret="s"), ("Authorization", "OAuth oauth_")),
    ],
)
async def test_the_manifest_alone_says_how_calls_are_signed(auth: Auth, header: tuple[str, str]):
    assert (await _signed(auth)).headers[header[0]].startswith(header[1])


async def test_a_token_endpoint_of_the_manifest_is_bought_from(fake):
    oauth = '[auth.oauth]\ntoken_url = "https://auth.acme.example/token"'
    for scheme in ("oauth_client", "oauth_code"):
        extra_oauth = oauth + '\nauthorize_url = "https://acme.example"' if scheme == "oauth_code" else oauth
        assert isinstance(_declared(scheme, extra_oauth, client_id="i", client_secret="s"), RenewedAuth)


@pytest.mark.parametrize("scheme", ["none", "session", "hmac"])
def test_a_scheme_of_the_vendors_own_needs_code(scheme: str):
    with pytest.raises(LookupError):
        _declared(scheme)
