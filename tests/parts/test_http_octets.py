"""Answers of vendors in bytes that are no text: they are answers all the same."""

import msgspec
import pytest

from crossdock.errors import VendorRefused
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.net.addresses import AddressPolicy
from crossdock.writes.passthrough import shown
from tests.fakes.raw_answers import saying


@pytest.fixture
async def http():
    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as session:
        yield Http(session=session, account="acct", slots=LocalSlots())


async def test_p27_a_header_that_is_no_utf_8_is_text_and_a_large_one_is_no_failure(http):
    large = b"x-large: " + b"x" * 60_000
    content = (
        b"HTTP/1.1 200 OK\r\nX-By: caf\xe9\r\nX-Both: \xc3\xa9\r\n" + large + b"\r\nContent-Length: 0\r\n\r\n"
    )
    async with saying(content) as url:
        answered = await http.send("GET", url)
    assert (answered.headers["x-by"], answered.headers["X-Both"]) == ("café", "é")
    assert len(answered.headers["x-large"]) == 60_000


async def test_p27_an_answer_in_no_charset_is_shown_after_a_write_that_was_done(http):
    """Ours around it must not fail where the vendor has done it."""
    lines = [b"HTTP/1.1 201 N\xf6", b"X-By: caf\xe9", b"Content-Type: text/pl\xe4in", b"Content-Length: 2"]
    async with saying(b"\r\n".join([*lines, b"", b"\xff\x00"])) as url:
        answered = await http.pass_on("POST", url, params={}, headers={}, body=b"{}")
    body = msgspec.json.decode(msgspec.json.encode(shown(answered)))
    assert (body["status_code"], body["headers"]["X-By"]) == (201, "café")
    assert body["body"] == {"content_type": "text/pläin", "base64": "/wA="}


async def test_p27_a_refusal_in_strange_bytes_can_be_stored_and_shown(http):
    body = b'{"message": "caf\xe9 \\u0000"}'
    lines = [b"HTTP/1.1 400 N\xf6", b"Location: \xe9", b"Content-Length: %d" % len(body), b"", body]
    async with saying(b"\r\n".join(lines)) as url:
        with pytest.raises(VendorRefused) as caught:
            await http.send("GET", url)
    caught.value.args[0].encode()
    assert "\x00" not in str(caught.value)
