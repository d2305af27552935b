"""A hundred and more hostile URLs, against a listener that waits for them: nobody ever comes.

What would be connected to is led to the listener, whatever its port; other addresses are only noted. With
everything allowed the same URLs do arrive: the listener works.
"""

import asyncio
import asyncio.selector_events
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from crossdock.errors import AddressRefused, VendorError
from crossdock.kit.http import Http, Patience, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.net.addresses import AddressPolicy, parsed_url
from crossdock.webhooks import transform
from crossdock.webhooks.transform import TransformCall, TransformedMessage, TransformFailed, TransformScripts
from tests.conftest import skip_or_fail
from tests.fakes.hostile_urls import BLOCKED_LITERALS, DISGUISED, HOSTILE, HOSTILE_NAMES, INSIDE

STRICT, OPEN = AddressPolicy(), AddressPolicy.parse("0.0.0.0/0, ::/0")
ALL = HOSTILE + HOSTILE_NAMES
REFUSED = (AddressRefused, aiohttp.ClientError)


@dataclass
class Trap:
    """Where forbidden connections would arrive."""

    port: int
    begun: list[str] = field(default_factory=list)
    """The addresses that a connection was begun to."""
    arrived: int = 0
    """Connections that the listener has seen."""


@dataclass
class CountingResolver(AbstractResolver):
    """Resolves as a system does, with names of our own. turns: answers that change with each question."""

    names: dict[str, list[str]] = field(default_factory=lambda: dict(INSIDE))
    turns: dict[str, list[str]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked[host] += 1
        return [
            ResolveResult(hostname=host, host=answer, port=port, family=_family(answer), proto=0, flags=0)
            for answer in self._answers(host.rstrip(".").lower())
        ]

    def _answers(self, host: str) -> Iterable[str]:
        if host in self.turns:
            return [self.turns[host].pop(0)]
        if host in self.names:
            return self.names[host]
        if host.endswith("localhost"):
            return ["127.0.0.1", "::1"]
        return [socket.inet_ntoa(socket.inet_aton(host))]

    async def close(self) -> None:
        pass


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@pytest.fixture
async def trap(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Trap]:
    found_trap = Trap(0)

    async def welcome(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found_trap.arrived += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(welcome, "127.0.0.1", 0)
    found_trap.port = server.sockets[0].getsockname()[1]
    connect = asyncio.selector_events.BaseSelectorEventLoop.sock_connect

    async def led(loop, sock, address):
        found_trap.begun.append(address[0])
        if sock.family != socket.AF_INET or not address[0].startswith(("127.", "0.")):
            raise ConnectionRefusedError("not in this test")
        await connect(loop, sock, ("127.0.0.1", found_trap.port))

    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", led)
    async with server:
        yield found_trap


async def deliver(url: str, policy: AddressPolicy = STRICT, resolver: CountingResolver | None = None) -> None:
    """One attempt to send a webhook. Raises whatever keeps it from being sent."""
    async with (
        new_session(policy, resolver=resolver or CountingResolver()) as session,
        session.post(parsed_url(url), data=b"{}", allow_redirects=False) as answer,
    ):
        await answer.read()


def test_there_are_a_hundred_forms_and_none_twice():
    assert len(ALL) == len(set(ALL)) >= 150


@pytest.mark.parametrize("url", ALL)
async def test_p10_a_webhook_to_a_hostile_url_connects_to_nothing(url: str, trap: Trap):
    resolver = CountingResolver()
    with pytest.raises(REFUSED):
        await deliver(url, resolver=resolver)
    assert (trap.begun, trap.arrived) == ([], 0)
    assert resolver.asked.total() <= 1


async def careless(url: str, policy: AddressPolicy) -> None:
    """The same by somebody who does not look at the URL first."""
    async with new_session(policy, resolver=CountingResolver()) as session:
        with suppress(*REFUSED, OSError, ValueError, AssertionError):
            await session.post(url, data=b"{}")


async def test_p10_the_session_alone_connects_to_nothing_whatever_the_url(trap: Trap):
    for url in ALL:
        await careless(url, STRICT)
    assert (trap.begun, trap.arrived) == ([], 0)


async def test_p10_with_everything_allowed_the_same_urls_arrive(trap: Trap):
    """The check that the tests above could fail."""
    for url in ALL:
        await careless(url, OPEN)
    assert trap.arrived >= 40
    assert len(trap.begun) >= 100
    assert {"127.0.0.1", "169.254.169.254", "10.0.0.8", "::1", "fe80::1", "64:ff9b::7f00:1"} <= set(
        trap.begun
    )


async def test_p10_the_name_is_asked_for_once_and_its_answer_is_what_is_connected_to(trap: Trap):
    resolver = CountingResolver(turns={"rebind.example": ["127.0.0.2", "127.0.0.1"]})
    await deliver("http://rebind.example/", AddressPolicy.parse("127.0.0.2/32"), resolver)
    assert trap.begun == ["127.0.0.2"]
    assert resolver.asked == {"rebind.example": 1}


async def test_p10_a_name_that_turns_to_the_inside_is_refused_from_then_on(trap: Trap):
    resolver = CountingResolver(turns={"rebind.example": ["127.0.0.2", "127.0.0.1", "169.254.169.254"]})
    async with new_session(AddressPolicy.parse("127.0.0.2/32"), resolver=resolver) as session:
        async with session.post("http://rebind.example/") as answer:
            assert answer.status == 200
        for _ in range(2):
            assert isinstance(session.connector, aiohttp.TCPConnector)
            session.connector.clear_dns_cache()
            with pytest.raises(AddressRefused):
                await session.post("http://rebind.example/")
    assert trap.begun == ["127.0.0.2"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/meta-data/", "http://127.0.0.1/", "http://2130706433/", "//[::1]/"],
)
async def test_p10_a_redirect_inside_is_an_answer_and_not_followed(
    status: int, target: str, trap: Trap, monkeypatch: pytest.MonkeyPatch
):
    async def redirect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} Moved\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(redirect, "127.0.0.1", 0) as receiver:
        trap.port = receiver.sockets[0].getsockname()[1]
        policy = AddressPolicy.parse("127.0.0.2/32")
        async with new_session(policy, resolver=CountingResolver()) as session:
            async with session.post("http://127.0.0.2/", data=b"{}", allow_redirects=False) as answer:
                assert answer.status == status
            with pytest.raises(REFUSED):
                await session.post("http://127.0.0.2/", data=b"{}", allow_redirects=True)
    assert set(trap.begun) == {"127.0.0.2"}


async def test_p10_a_url_that_a_script_sets_connects_to_nothing(trap: Trap):
    if reason := transform.missing():
        skip_or_fail(reason)
    sent = 0
    async with TransformScripts() as scripts:
        for url in ALL:
            call = TransformCall("https://a.example/", b"{}", "order.created", variables={"url": url})
            script = "function handler(w) { w.url = w.variables.url; return w; }"
            outcome = await scripts.run(script, call, owner="ep_1")
            if isinstance(outcome, TransformFailed):
                continue
            assert isinstance(outcome, TransformedMessage)
            sent += 1
            with pytest.raises(REFUSED):
                await deliver(outcome.url)
    assert (trap.begun, trap.arrived) == ([], 0)
    assert sent >= 80


@pytest.mark.parametrize("base", ALL)
async def test_p11_a_vendors_base_url_that_is_hostile_connects_to_nothing(base: str, trap: Trap):
    resolver = CountingResolver()
    async with new_session(STRICT, resolver=resolver) as session:
        http = Http(session=session, account="a", slots=LocalSlots(), patience=Patience(retries=0))
        with pytest.raises(AddressRefused):
            await http.send("GET", base.rstrip("/") + "/v1/orders", params={"limit": 1})
    assert (trap.begun, trap.arrived) == ([], 0)
    assert resolver.asked.total() <= 1


async def test_p11_with_everything_allowed_a_vendor_at_the_same_urls_is_reached(trap: Trap):
    for base in BLOCKED_LITERALS + DISGUISED:
        async with new_session(OPEN, resolver=CountingResolver()) as session:
            http = Http(session=session, account="a", slots=LocalSlots(), patience=Patience(retries=0))
            with suppress(VendorError):
                await http.send("GET", base)
    assert trap.arrived >= 20


async def test_p11_a_vendors_next_page_can_not_lead_inside(trap: Trap):
    """A link that a vendor sends is checked like one that is configured."""
    async with new_session(AddressPolicy.parse("127.0.0.2/32"), resolver=CountingResolver()) as session:
        http = Http(session=session, account="a", slots=LocalSlots(), patience=Patience(retries=0))
        await http.send("GET", "http://127.0.0.2/page")
        for link in ("http://127.0.0.1/", "//169.254.169.254/", "http://loopback.example/"):
            with pytest.raises(AddressRefused):
                await http.send("GET", str(URL("http://127.0.0.2/page").join(URL(link))))
    assert trap.begun == ["127.0.0.2"]
