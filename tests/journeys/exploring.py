"""What tests of the data explorer share: an organization with sandboxes, and people of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from crossdock.store.people.users import Role
from tests.journeys.account import Desk, opened_desk
from tests.journeys.server import Organization, Server, until
from tests.journeys.test_dashboard import Office

CONNECTION = "(SELECT id FROM connections WHERE uid = ?)"


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[Desk]:
    """A desk at the time of the worker beside it: history is kept for so long before now."""
    with opened_desk(server) as opened:
        opened.clock.now_ms = server.services.clock()
        yield opened


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    organization = desk.server.organization("wms", "cart", "carrier")
    desk.server.do(desk.server.services.jobs.find_audits())
    until(lambda: organization.get("/carrier/audit/findings").json()["audited_at"] is not None)
    return organization


@pytest.fixture(scope="module")
def other_house(desk: Desk) -> Organization:
    return desk.server.organization("wms")


@pytest.fixture(scope="module")
def owner(desk: Desk, house: Organization) -> Office:
    return office(desk, house, "owner")


@pytest.fixture(scope="module")
def viewer(desk: Desk, house: Organization) -> Office:
    return office(desk, house, "viewer")


def office(desk: Desk, house: Organization, role: Role) -> Office:
    return Office(desk.member(house.id, role))


def at(house: Organization, kind: str, rest: str = "") -> str:
    return f"/explorer/{house.uids[kind]}{rest}"


def an_order(house: Organization, **query: str) -> Any:
    return house.list("/wms/orders", limit="1", **query)[0]


def order_fields(house: Organization, number: str) -> dict[str, str]:
    product = next(one for one in house.list("/wms/products", limit="100") if not one["is_kit"])
    return {
        "body.order_number": number, "body.ship_to_address.address1": "1 Main St",
        "body.ship_to_address.city": "Springfield", "body.ship_to_address.state": "IL",
        "body.ship_to_address.postal_code": "62701", "body.ship_to_address.country": "US",
        "body.line_items.0.product_id": product["id"], "body.line_items.0.quantity": "2",
        "body.line_items.0.unit_price": "10.990001", "body.line_items.2.quantity": "",
        "body.total_price": "",
    }  # fmt: skip
