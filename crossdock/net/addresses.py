"""Which addresses we connect to: decided on the address itself, at the moment a socket is made for it.

A name is resolved once, the blocked addresses among the answers are dropped, and the connection goes to
one of the rest. So a name that changes its answer between check and use gains nothing. Every session gets
both of these, and either alone would do:

    CheckedResolver     names: drops what is blocked, tells which range it was
    AddressPolicy.socket   everything, literal addresses too: no socket is made for a blocked address

What does not speak HTTP gets `checked_socket`, which is made of the same two.

Ranges: the contract's webhook notes, section 6. They hold for all that we call: vendors, webhook
endpoints, sign-in hosts, files. The operator may allow networks of their own (CROSSDOCK_ALLOWED_ADDRESSES).
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from crossdock.errors import AddressRefused, SettingsError
from crossdock.net.dns import SystemResolver

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

BLOCKED: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "Azure's host"),  # public by number, yet only reached from inside a machine
        ("169.254.0.0/16", "link-local, cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarks"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved, broadcast"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "IPv4 inside IPv6"),
        ("::ffff:0:0:0/96", "IPv4 inside IPv6"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("100::/64", "discard"),
        ("2001::/23", "protocol assignments, Teredo"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "SRv6"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)

_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
"""The last part of a host that is taken for an address, however many parts it has."""

# All public IPv6 addresses are in here; the rest is not routed, so it could only be something local.
PUBLIC_IPV6 = IPv6Network("2000::/3")


@dataclass(frozen=True)
class AddressPolicy:
    """The ranges above, less the networks that the operator allows."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, networks: str) -> "AddressPolicy":
        """From the setting: "10.1.0.0/16, fd00:1::/32". Raises SettingsError for anything else."""
        items = []
        for text in filter(None, (part.strip() for part in networks.split(","))):
            try:
                items.append(ipaddress.ip_network(text))
            except ValueError as problem:
                raise SettingsError(f"CROSSDOCK_ALLOWED_ADDRESSES: {problem}; wanted 10.1.0.0/16") from None
        return cls(tuple(items))

    def blocked_range(self, address: str) -> str | None:
        """The blocked range that the address is in, with its reason; None: we may connect to it.

        address: an IP address in its usual form; a zone id may follow. Anything else is refused as well.
        """
        try:
            value = _unwrapped(ipaddress.ip_address(address))
        except ValueError:
            return "not an IP address"
        if any(value in network for network in self.allowed):
            return None
        for network, reason in BLOCKED:
            if value in network:
                return f"{network} ({reason})"
        if value.version == 6 and value not in PUBLIC_IPV6:
            return f"outside {PUBLIC_IPV6} (not public)"
        return None

    def require(self, host: str, address: str) -> None:
        """Raise AddressRefused, naming host and range, when the address is blocked."""
        blocked = self.blocked_range(address)
        if blocked:
            raise AddressRefused(_refusal(host, [blocked]))

    def socket(self, address_info: tuple[Any, ...]) -> socket.socket:
        """A socket for this entry of `getaddrinfo`, or AddressRefused: the last gate before connecting."""
        family, kind, protocol, _, address = address_info
        self.require(str(address[0]), str(address[0]))
        return socket.socket(family, kind, protocol)


class CheckedResolver(AbstractResolver):
    """Resolves names to addresses that we may connect to. Raises AddressRefused when none is left."""

    def __init__(self, policy: AddressPolicy, resolver: AbstractResolver) -> None:
        self._policy = policy
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answers = await self._resolver.resolve(host, port, family)
        verdicts = [(answer, self._policy.blocked_range(answer["host"])) for answer in answers]
        free = [answer for answer, blocked in verdicts if blocked is None]
        if not answers:
            raise OSError(None, f"{host} has no address")
        if not free:
            raise AddressRefused(_refusal(host, [blocked for _, blocked in verdicts if blocked]))
        return free

    async def close(self) -> None:
        await self._resolver.close()


def checked_connector(
    policy: AddressPolicy, resolver: AbstractResolver | None = None
) -> aiohttp.TCPConnector:
    """A connector that reaches only what the policy lets through. Made while the event loop runs."""
    return aiohttp.TCPConnector(
        resolver=CheckedResolver(policy, resolver or SystemResolver()),
        socket_factory=policy.socket,
        limit=1000,
    )


async def checked_socket(
    policy: AddressPolicy, host: str, port: int, resolver: AbstractResolver | None = None
) -> socket.socket:
    """A socket that is connected to a host, for protocols other than HTTP.

    Raises AddressRefused when the host has no address that we may connect to, OSError when none answers.
    """
    if _is_literal(host):
        policy.require(host, host)
    else:
        _require_name(host.rstrip("."))
    answers = await CheckedResolver(policy, resolver or SystemResolver()).resolve(host, port)
    loop, failure = asyncio.get_running_loop(), OSError(None, f"{host} does not answer")
    for answer in answers:
        address = (answer["host"], port)
        new_socket = policy.socket((answer["family"], socket.SOCK_STREAM, 0, "", address))
        new_socket.setblocking(False)
        try:
            await loop.sock_connect(new_socket, address)
        except OSError as problem:
            new_socket.close()
            failure = problem
        except BaseException:
            new_socket.close()
            raise
        else:
            return new_socket
    raise failure


def parsed_url(text: str) -> URL:
    """The URL, when it is one that a call can be made to: http or https, its host a name or a plain address.

    Raises AddressRefused for anything else, also for the ways to write an address that only some programs
    understand: 127.1, 0x7f000001, %31%32%37.0.0.1.
    """
    try:
        url = URL(str(URL(text)))  # twice: letters that become a colon or a bracket are found out then
        host = url.raw_host or ""
        _ = url.host  # decoded: a host may be one that can't be
    except ValueError as problem:
        raise AddressRefused(f"not a URL: {problem}") from None
    if url.scheme not in ("http", "https"):
        raise AddressRefused(f"wanted a URL that begins with https:// or http://, got scheme {url.scheme!r}")
    if not host:
        raise AddressRefused(
            "the URL names no host; wanted one that begins with https:// or http:// and a host"
        )
    if not _is_literal(host.rstrip(".")):
        _require_name(host.rstrip("."))
    return url


def check_url(text: str, policy: AddressPolicy) -> None:
    """Raise AddressRefused when a call to this URL would certainly be refused.

    A courtesy when an address is saved, so that its owner hears at once: names are not resolved here.
    The connection itself is what is checked for real.
    """
    host = (parsed_url(text).host or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        policy.require(host, "127.0.0.1")
    elif _is_literal(host):
        policy.require(host, host)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside ::ffff:a.b.c.d; any other as it is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _require_name(host: str) -> None:
    """Raise AddressRefused for what is no name. Resolvers take 0x7f.1 for an address."""
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise AddressRefused(f"{host} is a number; write the address as in 192.0.2.1")
    if not _HOST_NAME.fullmatch(host):
        raise AddressRefused(f"{host[:100]} is not the name of a host")


def _refusal(host: str, ranges: Iterable[str]) -> str:
    listed = ", ".join(dict.fromkeys(ranges))
    return (
        f"{host} is at an address that is not connected to: {listed}; "
        "the operator can allow it with CROSSDOCK_ALLOWED_ADDRESSES"
    )
