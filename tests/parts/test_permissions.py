"""What credentials may do, function by function: bounded in time, a few at a time, and never an error."""

import asyncio
import time
from collections.abc import AsyncIterator

from crossdock.connections.permissions import check_permissions
from crossdock.errors import MissingPermission, VendorUnavailable
from crossdock.kit.contract import Account, Page, Permission, Walk
from tests.fakes.fake_wms import fake_integration

FUNCTIONS = ("get_orders", "get_warehouses", "get_order_packs", "create_order")


class Client:
    """Orders can be read, warehouses may not, packs fail."""

    def __init__(self) -> None:
        self.walks: list[Walk] = []
        self.busy = self.busiest = self.closed = 0

    async def check(self) -> Account:
        return Account("Fake")

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        self.walks.append(walk)
        try:
            yield Page([{"id": "1"}], cursor=2)
            raise AssertionError("one page is enough")
        finally:
            self.closed += 1

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        raise MissingPermission("needs the right Stock")
        yield Page([])

    async def order_packs(self, walk: Walk) -> AsyncIterator[Page]:
        raise VendorUnavailable("is down")
        yield Page([])


class ProbingClient(Client):
    """Says itself what may be done, slowly."""

    async def probe(self, function: str) -> Permission:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(60 if function == "get_orders" else 0.02)
        self.busy -= 1
        return Permission("denied", "by the probe")


async def test_a_read_is_allowed_when_its_first_page_comes_and_denied_when_the_vendor_says_so():
    client = Client()
    permissions = await check_permissions(client, fake_integration(), FUNCTIONS)
    assert permissions == {
        "get_orders": Permission("allowed"),
        "get_warehouses": Permission("denied", "needs the right Stock"),
        "get_order_packs": Permission("unknown", "is down"),
        "create_order": Permission("unknown", "it shows when it is used"),
    }
    assert [walk.at_most for walk in client.walks] == [1]
    assert client.closed == 1


async def test_a_client_that_can_tell_is_asked_a_few_functions_at_a_time_and_not_for_long():
    client = ProbingClient()
    began = time.monotonic()
    permissions = await check_permissions(client, fake_integration(), FUNCTIONS, each_seconds=0.3)
    assert time.monotonic() - began < 20
    assert permissions.pop("get_orders") == Permission("unknown", "no answer within 0.3 s")
    assert set(permissions.values()) == {Permission("denied", "by the probe")}
    assert client.busiest == 3


async def test_what_there_is_no_time_for_is_unknown():
    permissions = await check_permissions(
        ProbingClient(), fake_integration(), FUNCTIONS, all_seconds=0.01, each_seconds=5
    )
    assert list(permissions) == list(FUNCTIONS)
    assert {permission.state for permission in permissions.values()} == {"unknown"}
    assert await check_permissions(Client(), fake_integration(), ()) == {}
