"""Receivers that misbehave: each attempt is recorded as what it was, and binds nothing."""

import asyncio

import pytest

from tests.fakes.hook_receiver import dripping, dropped, endless, silent
from tests.journeys.hooks import Hooks, hooks, with_timeout

__all__ = ["hooks"]

FAIL, SUCCESS = 2, 0


async def test_a_receiver_that_says_nothing_is_given_up_in_time(hooks: Hooks):
    with_timeout(hooks, 0.3)
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", silent())
    message = await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code) == (FAIL, 0)
    assert b"within 0.3 s" in attempt.response
    assert 250 <= attempt.duration_ms <= 3000
    stand = await hooks.stand(endpoint, message)
    assert stand is not None
    assert stand.next_ms is not None
    assert stand.next_ms - hooks.world.clock() >= 60_000


async def test_where_only_https_is_allowed_nothing_else_is_called(hooks: Hooks):
    object.__setattr__(hooks.services.delivery, "https_only", True)
    endpoint = await hooks.endpoint()
    await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code) == (FAIL, 0)
    assert hooks.receiver.requests == []


async def test_a_receiver_that_drips_is_given_up_in_time(hooks: Hooks):
    with_timeout(hooks, 0.3)
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", dripping())
    await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code) == (FAIL, 200)
    assert b"no complete answer within 0.3 s" in attempt.response
    assert attempt.duration_ms <= 3000


async def test_of_an_answer_of_a_gigabyte_only_the_beginning_is_read(hooks: Hooks):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", endless())
    await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code, attempt.response) == (SUCCESS, 200, b"y" * 20_000)
    await asyncio.sleep(0.1)
    assert hooks.receiver.bytes_sent < 2**25


async def test_a_connection_that_breaks_at_once_is_tried_once_more_within_the_attempt(hooks: Hooks):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", dropped(), times=1)  # type: ignore[arg-type]
    await hooks.send()
    assert len(hooks.receiver.got()) == 2
    assert [attempt.status for attempt in await hooks.attempts(endpoint)] == [SUCCESS]
    hooks.receiver.answer("/hook", dropped(), times=2)  # type: ignore[arg-type]
    again = await hooks.send()
    assert len(hooks.receiver.got()) == 4
    [last] = await hooks.attempts(endpoint, again)
    assert (last.status, last.code) == (FAIL, 0)
    assert last.response


async def raw(answer: bytes) -> tuple[asyncio.Server, int]:
    """A server that says this to whatever it hears, and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "scheme"),
    [
        (b"\x15\x03\x01\x00\x02\x02\x28", "https"),  # a handshake that fails
        (b"SSH-2.0-OpenSSH_9.6\r\n", "http"),
        (b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 200_000 + b"\r\n\r\n", "http"),
        (b"", "https"),
    ],
    ids=["tls alert", "not http", "endless header", "tls nothing"],
)
async def test_an_answer_that_is_none_is_a_failure_without_a_code(hooks: Hooks, answer: bytes, scheme: str):
    server, port = await raw(answer)
    async with server:
        endpoint = await hooks.endpoint(url=f"{scheme}://127.0.0.1:{port}/")
        await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code) == (FAIL, 0)
    assert attempt.response


@pytest.mark.parametrize("body", [b"", b"half"])
async def test_an_answer_that_breaks_off_is_a_failure_with_the_code_that_came(hooks: Hooks, body: bytes):
    server, port = await raw(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n" + body)
    async with server:
        endpoint = await hooks.endpoint(url=f"http://127.0.0.1:{port}/")
        await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code) == (FAIL, 202)
    assert attempt.response


async def test_an_answer_with_a_large_header_is_an_answer(hooks: Hooks):
    server, port = await raw(
        b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 60_000 + b"\r\nContent-Length: 0\r\n\r\n"
    )
    async with server:
        endpoint = await hooks.endpoint(url=f"http://127.0.0.1:{port}/")
        await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code) == (SUCCESS, 200)


async def test_an_answer_with_a_header_beyond_all_measure_is_told_as_that(hooks: Hooks):
    server, port = await raw(b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 200_000 + b"\r\n\r\n")
    async with server:
        endpoint = await hooks.endpoint(url=f"http://127.0.0.1:{port}/")
        await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code) == (FAIL, 0)
    assert b"131072 bytes" in attempt.response


async def test_a_refused_connection_is_a_failure_without_a_code(hooks: Hooks):
    server, port = await raw(b"")
    server.close()
    await server.wait_closed()
    endpoint = await hooks.endpoint(url=f"http://127.0.0.1:{port}/")
    await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code) == (FAIL, 0)


async def test_what_an_endpoint_is_called_with_leaves_no_password_in_the_log(hooks: Hooks):
    url = hooks.receiver.url.replace("http://", "http://ann:s3cret@")
    endpoint = await hooks.endpoint(url=f"{url}/hook", headers={"x-mine": "1"})
    await hooks.send()
    [arrived] = hooks.receiver.got()
    assert arrived.headers["authorization"].startswith("Basic ")
    assert arrived.headers["x-mine"] == "1"
    [attempt] = await hooks.attempts(endpoint)
    assert attempt.exchange.sent["authorization"] == "***"
    assert attempt.exchange.url == f"{hooks.receiver.url}/hook"
    rows = await hooks.services.database.fetch("SELECT * FROM webhook_endpoints")
    assert "s3cret" not in str([tuple(row) for row in rows])
