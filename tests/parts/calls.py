"""Fixtures for calls of a fake vendor whose waiting takes no time."""

from collections.abc import AsyncIterator

import pytest

from crossdock.kit.auth.fixed import bearer
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.net.addresses import AddressPolicy
from tests.fakes.vendor import TOKEN, FakeVendor


@pytest.fixture
async def fake() -> AsyncIterator[FakeVendor]:
    async with FakeVendor() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    """The seconds that calls waited."""
    return []


@pytest.fixture
async def http(slept: list[float]) -> AsyncIterator[Http]:
    passed = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal passed
        slept.append(seconds)
        passed += seconds

    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as session:
        slots = LocalSlots(lambda: passed)
        unsigned = Http(session=session, account="acct", slots=slots, sleep=sleep, random=lambda: 1.0)
        yield unsigned.signed(bearer(TOKEN))
