"""Names that nobody resolves: a domain that hangs takes a few threads, and waits alone."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from crossdock.net import dns
from crossdock.net.dns import DnsLookups, SystemResolver


class Machine:
    """A machine whose name servers do not answer for `hangs.example`, until they are let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked: list[str] = []

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        if host.endswith("hangs.example"):
            self.go_on.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "nobody says")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port))]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    new_machine = Machine()
    monkeypatch.setattr(socket, "getaddrinfo", new_machine.getaddrinfo)
    yield new_machine
    new_machine.go_on.set()


async def address(resolver: SystemResolver, host: str) -> str:
    [resolve_result] = await asyncio.wait_for(resolver.resolve(host, 443), 5)
    return resolve_result["host"]


async def test_a_domain_that_hangs_holds_up_no_other(machine: Machine):
    resolver = SystemResolver(DnsLookups("test"))
    hanging = [asyncio.create_task(resolver.resolve(f"{n}.hangs.example")) for n in range(200)]
    await asyncio.sleep(0)
    assert await address(resolver, "good.example.com") == "192.0.2.1"
    assert len(machine.asked) <= dns.OF_A_DOMAIN + 1
    machine.go_on.set()
    ends = await asyncio.gather(*hanging, return_exceptions=True)
    assert all(isinstance(end, socket.gaierror) for end in ends)
    assert len(machine.asked) == 201, "each had its turn"


async def test_many_names_of_a_domain_that_answers_are_all_resolved(machine: Machine):
    resolver = SystemResolver(DnsLookups("test"))
    addresses = await asyncio.gather(*(address(resolver, f"shop-{n}.example.com") for n in range(200)))
    assert addresses == ["192.0.2.1"] * 200


async def test_who_no_longer_waits_is_not_looked_up(machine: Machine):
    resolver = SystemResolver(DnsLookups("test"))
    hanging = [asyncio.create_task(resolver.resolve(f"{n}.hangs.example")) for n in range(20)]
    await asyncio.sleep(0)
    for task in hanging:
        task.cancel()
    await asyncio.wait(hanging)
    machine.go_on.set()
    with pytest.raises(socket.gaierror):
        await resolver.resolve("last.hangs.example")
    assert len(machine.asked) == dns.OF_A_DOMAIN + 1


async def test_a_name_that_took_long_for_nothing_is_refused_for_a_while(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dns, "LONG_SECONDS", -1.0)
    machine.go_on.set()
    resolver = SystemResolver(DnsLookups("test"))
    with pytest.raises(socket.gaierror):
        await resolver.resolve("a.hangs.example")
    with pytest.raises(OSError, match="not resolved in time"):
        await resolver.resolve("a.hangs.example")
    assert await address(resolver, "slow.example.com") == await address(resolver, "slow.example.com")
    monkeypatch.setattr(dns, "REFUSED_SECONDS", -1.0)
    with pytest.raises(socket.gaierror):
        await resolver.resolve("b.hangs.example")
    with pytest.raises(socket.gaierror):
        await resolver.resolve("b.hangs.example")
    assert machine.asked.count("a.hangs.example") == 1


async def test_receivers_that_hang_take_no_thread_from_vendors(machine: Machine):
    receivers = SystemResolver(dns.DELIVERIES)
    hanging = [
        asyncio.create_task(receivers.resolve(f"www.{n}-hangs.example")) for n in range(2 * dns.AT_ONCE)
    ]
    await asyncio.sleep(0)
    assert await address(SystemResolver(), "vendor.example.com") == "192.0.2.1"
    machine.go_on.set()
    await asyncio.gather(*hanging, return_exceptions=True)
