"""The script of the button over HTTP: for anybody's page, kept for a while, the same at both addresses."""

import gzip

import httpx
import pytest

from tests.journeys.server import Server

PATHS = ("/main.js", "/link/main.js")


@pytest.fixture(params=PATHS)
def script(request: pytest.FixtureRequest, server: Server) -> str:
    return f"{server.url}{request.param}"


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers={"accept-encoding": "identity"} | headers)


def test_it_is_a_script_for_pages_of_any_origin(script: str):
    answer = get(script)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in (
        "content-type", "cache-control", "access-control-allow-origin", "cross-origin-resource-policy",
        "x-content-type-options",
    )} == {
        "content-type": "text/javascript; charset=utf-8", "cache-control": "public, max-age=300",
        "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
    }  # fmt: skip
    assert "set-cookie" not in answer.headers


def test_who_has_it_already_is_told_so(script: str):
    tag = get(script).headers["etag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = get(script, **{"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert get(script, **{"if-none-match": '"other"'}).status_code == 200


def test_it_is_packed_for_who_can_unpack_it(script: str):
    with httpx.stream("GET", script, headers={"accept-encoding": "br, gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(packed) < 10_000
    plain = get(script, **{"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed) == plain.content
    assert answer.headers["etag"] != plain.headers["etag"]
    assert answer.headers["vary"] == plain.headers["vary"] == "accept-encoding"


def test_each_address_says_what_comes_before_it(server: Server):
    for path in PATHS:
        assert f'const SELF = "{path}";' in get(f"{server.url}{path}").text


def test_it_is_read_and_never_written(script: str):
    head = httpx.head(script, headers={"accept-encoding": "identity"})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", get(script).headers["etag"])
    assert httpx.post(script).status_code == 405
