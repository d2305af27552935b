"""Signing in: one suite that every scheme passes, and what is particular to some."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from crossdock.errors import InvalidCredentials, VendorNonsense, VendorRefused, VendorUnavailable
from crossdock.integrations.addresses import AddressPolicy
from crossdock.integrations.auth import (
    OAuthApp,
    Renewed,
    Token,
    api_key,
    api_key_in_query,
    basic,
    bearer,
    client_credentials,
    refresh_token,
    session,
)
from crossdock.integrations.http import Http, LocalSlots, Patience, new_session
from crossdock.integrations.registry import Limits
from tests.fakes.vendor import PASSWORD, TOKEN, USER, FakeVendor, answer, expired, failing

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
            limits=Limits(concurrent_requests=3),
        )


def _login(http: Http, fake: FakeVendor) -> Renewed:
    async def login() -> str:
        body = {"user": USER, "password": PASSWORD}
        found = await http.send("POST", f"{fake.url}/login", json=body, repeatable=True)
        return found.json()["token"]

    return session(login, form="Bearer {}")


def _app(fake: FakeVendor, **given) -> OAuthApp:
    return OAuthApp(f"{fake.url}/token", "our id", "our/secret", clock=lambda: NOW, **given)


def _granted(token: str, **more) -> object:
    return answer(body={"access_token": token, "token_type": "Bearer", **more})


SCHEMES = {
    "header": lambda http, fake: api_key("key-1"),
    "query": lambda http, fake: api_key_in_query("key-1"),
    "basic": lambda http, fake: basic("ann", "key-1"),
    "bearer": lambda http, fake: bearer("key-1"),
    "session": lambda http, fake: session(_constant("key-1")),
    "oauth": lambda http, fake: Renewed(obtain=client_credentials(http, _app(fake))),
    "oauth refresh": lambda http, fake: Renewed(
        obtain=refresh_token(http, _app(fake)), token=Token("old", NOW - timedelta(days=1), "again-1")
    ),
}


def _constant(value: str):
    async def login() -> str:
        return value

    return login


@pytest.fixture(params=SCHEMES)
def auth(request, http, fake):
    fake.script("/token", [_granted("key-1", refresh_token="again-2")] * 2)
    return SCHEMES[request.param](http, fake)


async def test_every_scheme_adds_its_signature_and_keeps_the_rest(auth):
    headers, params = {"X-Mine": "1"}, {"page": "2"}
    await auth.apply(headers, params)
    signature = (set(headers.items()) | set(params.items())) - {("X-Mine", "1"), ("page", "2")}
    encoded = base64.b64encode(b"ann:key-1").decode()
    assert len(signature) == 1
    assert any(known in value for _, value in signature for known in ("key-1", encoded))
    assert (headers["X-Mine"], params["page"]) == ("1", "2")


async def test_every_scheme_names_the_secrets_that_it_signs_with(auth):
    headers: dict[str, str] = {}
    params: dict[str, str] = {}
    await auth.apply(headers, params)
    signed = " ".join([*headers.values(), *params.values()])
    assert any(secret in signed for secret in auth.secrets)
    assert "key-1" in auth.secrets


async def test_no_scheme_shows_its_secrets_when_printed(auth):
    await auth.apply({}, {})
    assert not any(secret in repr(auth) for secret in auth.secrets)


async def test_every_scheme_raises_invalid_credentials_when_the_vendor_never_takes_it(auth, http, fake):
    fake.script("/orders", [expired()] * 3)
    with pytest.raises(InvalidCredentials, match="401: token expired"):
        await http.signed(auth).send("GET", f"{fake.url}/orders")
    assert len(fake.requests) - len([one for one in fake.requests if one.path == "/token"]) <= 2


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
    assert [one.path for one in fake.requests] == ["/login", "/orders", "/orders", "/orders"]


async def test_a_session_that_expired_logs_in_again_and_repeats_the_call_once(http, fake):
    signed = http.signed(_login(http, fake))
    await signed.send("GET", f"{fake.url}/orders")
    fake.expire_sessions()
    assert (await signed.send("GET", f"{fake.url}/orders")).status == 200
    assert [(one.path, one.status) for one in fake.requests[2:]] == [
        ("/orders", 401), ("/login", 200), ("/orders", 200),
    ]  # fmt: skip


async def test_calls_that_find_the_session_expired_together_log_in_once(http, fake):
    signed = http.signed(_login(http, fake))
    await signed.send("GET", f"{fake.url}/orders")
    fake.expire_sessions()
    await asyncio.gather(*(signed.send("GET", f"{fake.url}/orders") for _ in range(9)))
    assert [one.path for one in fake.requests].count("/login") == 2


async def test_a_login_works_when_the_vendor_allows_one_call_at_a_time(fake):
    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as opened:
        limits = Limits(concurrent_requests=1)
        http = Http(session=opened, account="acct", slots=LocalSlots(), limits=limits)
        signed = http.signed(_login(http, fake))
        await asyncio.wait_for(signed.send("GET", f"{fake.url}/orders"), 5)


async def test_a_login_that_is_refused_is_invalid_credentials_and_the_call_is_not_made(http, fake):
    fake.script("/login", [expired()])
    with pytest.raises(InvalidCredentials):
        await http.signed(_login(http, fake)).send("GET", f"{fake.url}/orders")
    assert [one.path for one in fake.requests] == ["/login"]


async def test_a_write_that_met_an_expired_session_is_sent_again_since_it_was_not_done(http, fake):
    signed = http.signed(_login(http, fake))
    fake.script("/orders", [expired(), answer(201, {"id": "9"})])
    found = await signed.send("POST", f"{fake.url}/orders", json={"number": "9"})
    assert found.status == 201
    assert [json.loads(one.body) for one in fake.requests if one.path == "/orders"] == [{"number": "9"}] * 2


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
            "header",
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
    auth = Renewed(obtain=client_credentials(http, _app(fake)), clock=lambda: now[0])
    used = []
    for minutes in (0, 58, 59):
        now[0] = NOW + timedelta(minutes=minutes)
        used.append(await auth.apply({}, {}))
    assert used == ["t1", "t1", "t2"]


async def test_a_new_token_is_kept_before_it_is_used_with_the_refresh_token_that_came_along(http, fake):
    kept = []

    async def keep(token: Token) -> None:
        kept.append((token.value, token.refresh, [one.path for one in fake.requests]))

    fake.tokens = {"t2"}
    fake.script("/token", [_granted("t2", refresh_token="r2")])
    auth = Renewed(obtain=refresh_token(http, _app(fake)), token=Token("t1", refresh="r1"), keep=keep)
    await http.signed(auth).send("GET", f"{fake.url}/orders")
    assert kept == [("t2", "r2", ["/orders", "/token"])]
    assert parse_qs(fake.requests[1].body.decode())["refresh_token"] == ["r1"]


async def test_a_refresh_token_that_the_vendor_does_not_replace_stays(http, fake):
    fake.script("/token", [_granted("t2")])
    token = await refresh_token(http, _app(fake))(Token("t1", refresh="r1"))
    assert (token.value, token.refresh) == ("t2", "r1")


async def test_a_refresh_token_is_not_tried_twice(http, fake):
    """A vendor that rotates takes each once; a repeat can end the whole grant."""
    fake.script("/token", [failing(), _granted("t2")])
    with pytest.raises(VendorUnavailable):
        await refresh_token(http, _app(fake))(Token("t1", refresh="r1"))
    assert len(fake.requests) == 1


@pytest.mark.parametrize(("status", "error"), [(400, "invalid_grant"), (400, "invalid_client"), (401, "no")])
async def test_a_grant_that_is_not_accepted_is_invalid_credentials_without_secrets(http, fake, status, error):
    fake.script("/token", [answer(status, {"error": error, "error_description": "r1 or our/secret is bad"})])
    with pytest.raises(InvalidCredentials, match=r"\*\*\* or \*\*\* is bad"):
        await refresh_token(http, _app(fake))(Token("t1", refresh="r1"))


async def test_a_connection_without_refresh_token_must_be_made_again(http, fake):
    with pytest.raises(InvalidCredentials, match="connect again"):
        await refresh_token(http, _app(fake))(Token("t1"))


@pytest.mark.parametrize(
    "body", [{}, [], {"access_token": ""}, {"access_token": 7}, {"access_token": "t", "expires_in": "soon"}]
)
async def test_a_token_answer_without_a_token_is_nonsense(http, fake, body):
    fake.script("/token", [answer(body=body)])
    with pytest.raises(VendorNonsense):
        await client_credentials(http, _app(fake))(None)


async def test_the_fake_vendor_takes_its_own_token(http, fake):
    assert (await http.signed(bearer(TOKEN)).send("GET", f"{fake.url}/account")).json()["id"] == "acct-1"
