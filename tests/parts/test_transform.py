"""Transformations: what a script is given, what may come back, and what its writer is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError

import pytest
from standardwebhooks import Webhook

from crossdock.webhooks import sign, transform, transform_pool
from crossdock.webhooks.transform import (
    Outcome,
    SimulatedTransform,
    TransformCall,
    TransformCancelled,
    TransformedMessage,
    TransformFailed,
    TransformScripts,
    script_fault,
    simulate,
)
from tests.conftest import skip_or_fail

CALL = TransformCall(
    url="https://receiver.example/hooks?a=1",
    payload='{"event_type":"order.created","data":{"id":"o-1","name":"Zoë ☃ 🚀","total":12.50}}'.encode(),
    event_type="order.created",
    channels=("north",),
    tags=("connection/c-1", "resource/o-1"),
    variables={"team": "ops"},
)
SAME = "function handler(webhook) { return webhook; }"


@pytest.fixture
async def scripts() -> AsyncIterator[TransformScripts]:
    if reason := transform.missing():
        skip_or_fail(reason)
    async with TransformScripts() as opened:
        yield opened


async def done(scripts: TransformScripts, statements: str, call: TransformCall = CALL) -> Outcome:
    """What these statements of a handler make of the webhook `w`."""
    return await scripts.run(f"function handler(w) {{ {statements} }}", call, owner="ep_1")


async def sent(scripts: TransformScripts, statements: str, call: TransformCall = CALL) -> TransformedMessage:
    outcome = await done(scripts, statements, call)
    assert isinstance(outcome, TransformedMessage), outcome
    return outcome


async def error(scripts: TransformScripts, statements: str) -> str:
    outcome = await done(scripts, statements)
    assert isinstance(outcome, TransformFailed), outcome
    return outcome.error


# What it is given, and may give back


async def test_a_script_is_given_all_that_a_webhook_consists_of(scripts: TransformScripts):
    document = json.loads((await sent(scripts, "return {...w, payload: JSON.stringify(w)}")).body)
    assert document == {
        "method": "POST",
        "url": CALL.url,
        "payload": json.loads(CALL.payload),
        "eventType": "order.created",
        "channels": ["north"],
        "tags": ["connection/c-1", "resource/o-1"],
        "variables": {"team": "ops"},
        "env": {"team": "ops"},
        "transformationsParams": {},
    }


async def test_a_script_that_changes_nothing_sends_the_same_but_for_how_numbers_are_written(
    scripts: TransformScripts,
):
    outcome = await sent(scripts, "return w")
    assert outcome == TransformedMessage("POST", CALL.url, CALL.payload.replace(b"12.50", b"12.5"), {})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_script_chooses_the_method(scripts: TransformScripts, method: str):
    assert (await sent(scripts, f"w.method = '{method}'; return w")).method == method


async def test_a_script_chooses_the_url(scripts: TransformScripts):
    assert (
        await sent(scripts, "w.url += '&team=' + w.variables.team; return w")
    ).url == CALL.url + "&team=ops"


async def test_the_url_may_be_as_long_as_that_of_an_endpoint(scripts: TransformScripts):
    url = CALL.url.ljust(65_536, "x")
    assert (await sent(scripts, "return w", replace(CALL, url=url))).url == url


async def test_a_payload_that_is_a_text_is_sent_as_it_is(scripts: TransformScripts):
    body = (await sent(scripts, r"w.payload = 'id=o-1\r\nname=Zoë ☃ 🚀'; return w")).body
    assert body == "id=o-1\r\nname=Zoë ☃ 🚀".encode()


@pytest.mark.parametrize(
    ("payload", "body"),
    [('{b: 1, a: [1, "x"]}', b'{"b":1,"a":[1,"x"]}'), ("[{a: null}]", b'[{"a":null}]'), ("{}", b"{}")],
)
async def test_any_other_payload_is_compact_json(scripts: TransformScripts, payload: str, body: bytes):
    assert (await sent(scripts, f"return {{payload: {payload}}}")).body == body


async def test_what_a_result_leaves_out_stays_as_it_was(scripts: TransformScripts):
    assert await sent(scripts, "return {payload: 'x'}") == TransformedMessage("POST", CALL.url, b"x", {})


async def test_a_script_adds_headers(scripts: TransformScripts):
    outcome = await sent(scripts, "w.headers = {Authorization: 'Bearer ' + w.variables.team}; return w")
    assert outcome.headers == {"Authorization": "Bearer ops"}


async def test_a_script_calls_a_webhook_off(scripts: TransformScripts):
    assert await done(scripts, "return {cancel: w.payload.data.total < 100}") == TransformCancelled()


@pytest.mark.parametrize("no", ["false", "null", "undefined"])
async def test_a_webhook_that_is_not_called_off_is_sent(scripts: TransformScripts, no: str):
    assert isinstance(await done(scripts, f"w.cancel = {no}; return w"), TransformedMessage)


@pytest.mark.parametrize(
    "script",
    ["const handler = (webhook) => webhook;", "var handler = function (webhook) { return webhook }", SAME],
)
async def test_a_handler_is_declared_in_any_way(scripts: TransformScripts, script: str):
    assert isinstance(await scripts.run(script, CALL, owner="ep_1"), TransformedMessage)


async def test_a_script_knows_the_time_and_no_place(scripts: TransformScripts):
    body = (
        await sent(scripts, "return {payload: {now: Date.now(), zone: new Date().getTimezoneOffset()}}")
    ).body
    assert json.loads(body)["zone"] == 0
    assert json.loads(body)["now"] > 1_700_000_000_000


async def test_nothing_outlives_a_run(scripts: TransformScripts):
    first = await done(scripts, "globalThis.seen = 1; Object.prototype.seen = 1; JSON.parse = null; return w")
    assert isinstance(first, TransformedMessage)
    assert (await sent(scripts, "return {payload: typeof seen + {}.seen}")).body == b"undefinedundefined"


async def test_p07_what_a_script_makes_is_what_is_signed(scripts: TransformScripts):
    body = (await sent(scripts, "w.payload.data.note = 'Zoë ☃'; return w")).body
    secret, now = sign.new_secret(), 2_000_000_000
    signature = sign.headers("msg_1", now, body, [secret])["webhook-signature"]
    assert sign.verify(secret, "msg_1", now, body, signature, now=now)
    assert Webhook(secret).sign("msg_1", datetime.fromtimestamp(now, UTC), body.decode()) == signature


# What is refused

SCHEME = "url is '{}': wanted a URL that begins with https:// or http://, got scheme '{}'"


@pytest.mark.parametrize(
    ("statements", "text"),
    [
        ("throw new Error('no stock')", "Error: no stock (at handler (line 1:33))"),
        ("throw 'no stock'", "no stock"),
        ("throw null", "null"),
        ("nonsense.a", "ReferenceError: nonsense is not defined (at handler (line 1:23))"),
        ("", "handler returned undefined; it has to return the webhook"),
        ("return 'text'", "handler returned string; it has to return the webhook"),
        ("return null", "handler returned null; it has to return the webhook"),
        ("return [w]", "handler returned a list; it has to return the webhook"),
        ("return Promise.resolve(w)", "handler returned a Promise; a transformation can't be async"),
        ("return {then() {}}", "handler returned a Promise; a transformation can't be async"),
        ("return {}", "payload is undefined; it has to be an object or a text"),
        ("w.payload = 7; return w", "payload is number; it has to be an object or a text"),
        ("w.payload = null; return w", "payload is null; it has to be an object or a text"),
        ("w.payload = () => 1; return w", "payload is function; it has to be an object or a text"),
        (r"w.payload = 'a\ud800'; return w", "payload holds half a character (a lone surrogate)"),
        ("w.method = 'GET'; return w", "method is 'GET'; it has to be one of POST, PUT, PATCH"),
        ("w.method = 1; return w", "method is number; it has to be a text"),
        ("w.url = null; return w", "url is null; it has to be a text"),
        ("w.url = 'file:///etc/passwd'; return w", SCHEME.format("file:///etc/passwd", "file")),
        ("w.url = '/relative'; return w", SCHEME.format("/relative", "")),
        ("w.url = 'http://[::1'; return w", "url is 'http://[::1': not a URL: Invalid IPv6 URL"),
        (
            "w.url = 'http://127.1'; return w",
            "url is 'http://127.1': 127.1 is a number; write the address as in 192.0.2.1",
        ),
        ("w.url += 'x'.repeat(65_536); return w", "url has 65,570 characters; at most 65,536 are taken"),
        ("w.url = 'ftp://ann:pw@host/'; return w", SCHEME.format("ftp://host/", "ftp")),
        ("w.url = 'ann:pw@host/'; return w", SCHEME.format("host/", "")),
        (
            "w.url = 'http://ann:p/w@host/a'; return w",
            "url is 'http://host/a': its user or password has characters that have to be percent-encoded",
        ),
        ("w.url = 'http://a@b:pw@[::1'; return w", "url is 'http://[::1': not a URL: Invalid IPv6 URL"),
        ("w.headers = ['a']; return w", "headers is a list; it has to be an object"),
        ("w.headers = {'X-A': 1}; return w", "the header X-A is number, not a text"),
        ("w.cancel = 'yes'; return w", "cancel is string; it has to be true or false"),
        (
            "w.payload = '☃'.repeat(400_000); return w",
            "the result has 1,200,000 bytes; at most 1,048,576 are sent",
        ),
    ],
)
async def test_what_is_no_webhook_is_told_to_whoever_wrote_the_script(
    scripts: TransformScripts, statements: str, text: str
):
    assert await error(scripts, statements) == text


@pytest.mark.parametrize(
    "payload",
    ["{a: 1n}", "(() => { const a = {}; a.a = a; return a })()", "{toJSON() { throw new Error('mine') }}"],
)
async def test_a_payload_that_is_no_json_is_an_error(scripts: TransformScripts, payload: str):
    assert isinstance(await done(scripts, f"w.payload = {payload}; return w"), TransformFailed)


@pytest.mark.parametrize("name", ["webhook-id", "Svix-Signature", "content-type", "Host", "X-Amz-Date", "te"])
async def test_a_script_sets_no_header_that_an_endpoint_may_not_set(scripts: TransformScripts, name: str):
    assert "can't be set" in await error(scripts, f"w.headers = {{'{name}': 'x'}}; return w")


async def test_a_script_slips_no_header_in_behind_a_line_break(scripts: TransformScripts):
    assert "line break" in await error(scripts, r"w.headers = {'X-A': 'a\r\nHost: b'}; return w")


async def test_an_error_says_where_in_the_script_it_came_from(scripts: TransformScripts):
    script = "function price(order) {\n  return order.lines.length;\n}\nfunction handler(w) {\n  price(w);\n}"
    outcome = await scripts.run(script, CALL, owner="ep_1")
    assert isinstance(outcome, TransformFailed)
    assert outcome.error.startswith(
        "TypeError: cannot read property 'length' of undefined (at price (line 2:"
    )
    assert "at handler (line 5:" in outcome.error


async def test_a_script_that_can_not_be_read_says_where(scripts: TransformScripts):
    outcome = await scripts.run("function handler(w) {\n  retrun w;\n}", CALL, owner="ep_1")
    assert isinstance(outcome, TransformFailed)
    assert outcome.error.startswith("SyntaxError: ")
    assert "line 2:" in outcome.error


async def test_a_script_without_a_handler_is_told_so(scripts: TransformScripts):
    outcome = await scripts.run("const handle = 1; // something else", CALL, owner="ep_1")
    assert outcome == TransformFailed("the script declares no function `handler`")


@pytest.mark.parametrize(("length", "fits"), [(9, False), (10, True), (51_200, True), (51_201, False)])
async def test_a_script_has_10_to_51200_characters(scripts: TransformScripts, length: int, fits: bool):
    script = SAME.ljust(length)[:length] if length >= len(SAME) else "handler=w=>w"[:length]
    assert (script_fault(script) is None) is fits
    assert isinstance(await scripts.run(script, CALL, owner="ep_1"), TransformFailed) is (
        length <= 10 or not fits
    )


# The editor's test run


async def test_the_editor_shows_what_would_be_sent(scripts: TransformScripts):
    script = "function handler(w) { w.method = 'PUT'; w.payload = {team: w.variables.team}; return w; }"
    shown = await simulate(scripts, script, CALL, owner="ep_1")
    assert shown == SimulatedTransform(CALL.url, '{"team":"ops"}', "PUT", cancel=False)


async def test_the_editor_shows_what_would_have_been_sent_without_a_cancel(scripts: TransformScripts):
    shown = await simulate(scripts, "function handler(w) { return {cancel: true}; }", CALL, owner="ep_1")
    assert shown == SimulatedTransform(CALL.url, CALL.payload.decode(), "POST", cancel=True)


async def test_the_editor_shows_the_error(scripts: TransformScripts):
    assert await simulate(
        scripts, "function handler(w) { throw 'no' }", CALL, owner="ep_1"
    ) == TransformFailed("no")


# Where it can't run


async def test_without_the_engine_scripts_are_off_and_say_so(monkeypatch: pytest.MonkeyPatch):
    def not_there(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(transform_pool, "distribution", not_there)
    transform_pool.missing.cache_clear()
    try:
        async with TransformScripts() as scripts:
            outcome = await scripts.run(SAME, CALL, owner="ep_1")
    finally:
        transform_pool.missing.cache_clear()
    text = "transformations are off: the Python package quickjs-ng is not installed on the server"
    assert outcome == TransformFailed(text)


# Where the engine runs


async def test_scripts_work_in_a_thread_that_has_its_own_loop(scripts: TransformScripts):
    """As a server that is not the main thread runs them."""

    async def elsewhere() -> Outcome:
        async with TransformScripts() as opened:
            return await opened.run(SAME, CALL, owner="ep_1")

    outcome = await asyncio.to_thread(asyncio.run, elsewhere())
    assert isinstance(outcome, TransformedMessage)
