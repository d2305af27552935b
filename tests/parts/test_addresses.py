"""Outgoing calls reach only addresses that we may connect to, however the address is written."""

import asyncio.selector_events
import socket

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from crossdock.errors import AddressRefused, SettingsError, VendorNonsense, VendorUnavailable
from crossdock.kit.http import Http, Patience, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.net.addresses import AddressPolicy, check_url
from tests.fakes import vendor
from tests.fakes.hostile_urls import HOSTILE
from tests.fakes.vendor import FakeVendor

STRICT = AddressPolicy()

PUBLIC = [
    "8.8.8.8",
    "11.0.0.1",
    "100.63.255.255",
    "128.0.0.1",
    "172.32.0.1",
    "192.167.1.1",
    "223.255.255.255",
]
PUBLIC_6 = ["2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2001:200::1", "::ffff:8.8.8.8"]


class Names(AbstractResolver):
    """A resolver whose answers the test writes; forms of numbers it reads as the system's resolver does."""

    def __init__(self, **names: list[list[str]]) -> None:
        self.names = {name.replace("_", "."): list(turns) for name, turns in names.items()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host.rstrip(".").endswith("localhost"):
            answers = ["127.0.0.1", "::1"]
        elif host in self.names:
            turns = self.names[host]
            answers = turns.pop(0) if len(turns) > 1 else turns[0]
        else:
            answers = [socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))]
        return [
            ResolveResult(
                hostname=host,
                host=answer,
                port=port,
                family=socket.AF_INET6 if ":" in answer else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for answer in answers
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
def reached(monkeypatch):
    """The addresses that a connection was begun to. None is completed."""
    texts: list[str] = []

    async def connect(_, sock, address):
        texts.append(address[0])
        raise ConnectionRefusedError("not in this test")

    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", connect)
    return texts


async def _get(url: str, policy: AddressPolicy = STRICT, resolver: AbstractResolver | None = None) -> None:
    """A call as integrations make it."""
    async with new_session(policy, resolver=resolver or Names()) as session:
        http = Http(session=session, account="a", slots=LocalSlots(), patience=Patience(retries=0))
        await http.send("GET", url)


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused_already_when_it_is_saved(url):
    with pytest.raises(AddressRefused):
        check_url(url, STRICT)


@pytest.mark.parametrize("address", PUBLIC + PUBLIC_6)
def test_a_public_address_may_be_connected_to(address):
    assert STRICT.blocked_range(address) is None


@pytest.mark.parametrize(
    "url", ["https://api.example.com/v1", "http://8.8.8.8:8080/", "https://face.example"]
)
def test_an_ordinary_url_is_saved(url):
    check_url(url, STRICT)


async def test_a_public_address_is_connected_to(reached):
    """The check that the tests above could fail."""
    with pytest.raises(VendorUnavailable, match="connection failed"):
        await _get("http://8.8.8.8/")
    assert reached == ["8.8.8.8"]


async def test_the_error_names_host_and_range(reached):
    resolver = Names(metadata_example=[["169.254.169.254"]])
    with pytest.raises(AddressRefused, match=r"metadata\.example .*169\.254\.0\.0/16 \(link-local"):
        await _get("http://metadata.example/", resolver=resolver)
    assert reached == []


async def test_of_a_names_addresses_only_the_free_ones_are_connected_to(reached):
    resolver = Names(mixed_example=[["127.0.0.1", "10.0.0.8", "8.8.4.4", "::1"]])
    with pytest.raises(VendorUnavailable, match="connection failed"):
        await _get("http://mixed.example/", resolver=resolver)
    assert reached == ["8.8.4.4"]


async def test_a_name_that_changes_its_answer_gains_nothing(reached):
    resolver = Names(rebind_example=[["8.8.8.8"], ["127.0.0.1"], ["169.254.169.254"]])
    async with new_session(STRICT, resolver=resolver) as session:
        for _ in range(3):
            with pytest.raises((AddressRefused, aiohttp.ClientConnectorError)):
                await session.get("http://rebind.example/")
            assert isinstance(session.connector, aiohttp.TCPConnector)
            session.connector.clear_dns_cache()
    assert reached == ["8.8.8.8"]


async def test_even_a_resolver_that_is_not_checked_reaches_no_blocked_address(reached):
    async with new_session(STRICT) as session:
        assert isinstance(session.connector, aiohttp.TCPConnector)
        session.connector._resolver = Names(inside_example=[["10.0.0.1"]])
        with pytest.raises(AddressRefused):
            await session.get("http://inside.example/")
    assert reached == []


async def test_a_redirect_to_the_metadata_address_is_not_followed():
    async with FakeVendor() as fake:
        fake.script("/", [vendor.redirected("http://169.254.169.254/latest")] * 2)
        policy = AddressPolicy.parse("127.0.0.0/8")
        with pytest.raises(VendorNonsense, match=r"redirects to http://169\.254\.169\.254/latest"):
            await _get(fake.url + "/", policy)
        async with new_session(policy) as session:
            with pytest.raises(AddressRefused):
                await session.get(fake.url + "/", allow_redirects=True)


async def test_proxy_variables_of_the_environment_are_not_read(reached, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://8.8.4.4:3128")
    with pytest.raises(VendorUnavailable, match="connection failed"):
        await _get("http://8.8.8.8/")
    assert reached == ["8.8.8.8"]


async def test_a_network_that_the_operator_allows_is_reached():
    async with FakeVendor() as fake:
        fake.script("/", [vendor.answer(body={"ok": True})])
        await _get(fake.url + "/", AddressPolicy.parse("10.0.0.0/8, 127.0.0.0/8"))
        assert [request.status for request in fake.requests] == [200]


@pytest.mark.parametrize(
    ("address", "blocked"),
    [
        ("10.1.2.3", False),
        ("::ffff:10.1.2.3", False),
        ("10.2.0.1", True),
        ("127.0.0.1", True),
        ("fd00::1", False),
    ],
)
def test_an_allowed_network_opens_itself_and_nothing_else(address, blocked):
    policy = AddressPolicy.parse("10.1.0.0/16,fd00::/8,")
    assert bool(policy.blocked_range(address)) is blocked


@pytest.mark.parametrize("networks", ["10.1.2.3/8", "ten", "10.0.0.0/40"])
def test_a_network_that_is_none_names_the_setting(networks):
    with pytest.raises(SettingsError, match="CROSSDOCK_ALLOWED_ADDRESSES"):
        AddressPolicy.parse(networks)
