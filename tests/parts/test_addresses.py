"""Outgoing calls reach only addresses that we may connect to, however the address is written."""

import asyncio.selector_events
import socket

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from crossdock.errors import AddressRefused, SettingsError, VendorNonsense, VendorUnavailable
from crossdock.integrations.addresses import AddressPolicy, check_url
from crossdock.integrations.http import Http, LocalSlots, Patience, new_session
from tests.fakes import vendor
from tests.fakes.vendor import FakeVendor

STRICT = AddressPolicy()

BLOCKED_LITERALS = [
    "http://127.0.0.1/",
    "https://127.0.0.1:8443/",
    "http://127.255.255.254/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data",
    "http://168.63.129.16/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.0.0.1/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://192.168.0.1/",
    "http://192.168.255.255/",
    "http://198.18.0.1/",
    "http://198.19.255.255/",
    "http://198.51.100.7/",
    "http://203.0.113.9/",
    "http://224.0.0.1/",
    "http://239.255.255.250/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::1]:8080/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
    "http://[::FFFF:10.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[100::1]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:db8::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[3fff::1]/",
    "http://[4000::1]/",
    "http://[5f00::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1%25lo]/",
    "http://[febf::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://user:password@127.0.0.1/",
    "http://example.com@127.0.0.1/",
    "http://example.com:80@169.254.169.254:80/",
    "http://example.com%2f@127.0.0.1/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1?@example.com/",
    "http://１２７.0.0.1/",
    "http://①②⑦.0.0.1/",
    "http://127。0。0。1/",
    "http://localhost/",
    "http://LOCALHOST:80/",
    "http://localhost./",
    "http://db.localhost/",
    "http://127.0.0.1./",
]
DISGUISED = [
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0X7F000001/",
    "http://0x7f.0.0.1/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://0177.0.0.01/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://00000000127.0.0.1/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0xA9.0xFE.0xA9.0xFE/",
    "http://0251.0376.0251.0376/",
    "http://0x7f.0.0.01./",
]
NOT_CALLABLE = [
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "unix:///var/run/docker.sock",
    "http:///no-host",
    "http:127.0.0.1",
    "//127.0.0.1/",
    "javascript:alert(1)",
    "http://example.com\\@127.0.0.1/",
    "http://127.0.0.1:99999/",
    "",
]
HOSTILE = BLOCKED_LITERALS + DISGUISED + NOT_CALLABLE
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
                host=one,
                port=port,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for one in answers
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
def reached(monkeypatch):
    """The addresses that a connection was begun to. None is completed."""
    found: list[str] = []

    async def connect(_, sock, address):
        found.append(address[0])
        raise ConnectionRefusedError("not in this test")

    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", connect)
    return found


async def _get(url: str, policy: AddressPolicy = STRICT, resolver: AbstractResolver | None = None) -> None:
    """A call as integrations make it."""
    async with new_session(policy, resolver=resolver or Names()) as session:
        http = Http(session=session, account="a", slots=LocalSlots(), patience=Patience(retries=0))
        await http.send("GET", url)


@pytest.mark.parametrize("url", HOSTILE)
async def test_p10_a_hostile_url_is_refused_and_nothing_is_connected_to(url, reached):
    with pytest.raises(AddressRefused):
        await _get(url)
    assert reached == []


@pytest.mark.parametrize("url", BLOCKED_LITERALS + DISGUISED)
async def test_p11_a_session_alone_connects_to_no_hostile_url(url, reached):
    async with new_session(STRICT, resolver=Names()) as session:
        with pytest.raises((AddressRefused, aiohttp.ClientError)):
            await session.get(url)
    assert reached == []


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
        assert [one.status for one in fake.requests] == [200]


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
