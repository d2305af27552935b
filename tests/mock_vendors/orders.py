"""What the shared suite asks of a mock whose integration reads orders: `tests/journeys/test_every_vendor.py`.

The suite finds the class `Mock` in `tests/integrations/<vendor>/mock.py` or `…/<vendor>/<type>/mock.py`.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from crossdock.kit import registry
from crossdock.kit.registry import Integration
from tests.conftest import needs_shared
from tests.contracts.case_files import calls_of
from tests.contracts.vendor_specs import Description, load
from tests.mock_vendors.vendor import MockVendor

HERE = Path(__file__).parents[1] / "integrations"


@dataclass(frozen=True)
class SampleWrite:
    """A write that the integration offers, as a caller sends it."""

    method: str
    path: str
    """With `{id}` where the id of an order of the mock's stands."""
    body: Mapping[str, Any]
    vendor_path: str
    """How the path of the vendor's call ends that makes the change."""
    count: str
    """The attribute of the mock that counts the changes made."""
    settles: bool = True
    """Whether the integration can find out what became of it; else it stays uncertain."""


@dataclass(frozen=True)
class SampleOrder:
    """An order to be held by the mock."""

    number: int
    lines: int = 2
    text: str | None = None
    """In every field of the vendor's that holds free text, when given."""
    status: str | None = None
    """The vendor's word for its state, when given; it may be one that nobody knows."""
    members: Mapping[str, Any] = field(default_factory=dict)


class OrderMock(MockVendor):
    """A vendor that holds orders. Everything is seen by the next sync of `get_orders`."""

    integration: ClassVar[tuple[str, str]]
    """Type and slug: ("cart", "shopify")."""
    orders_path: ClassVar[str]
    """How the path of a list of orders ends."""
    permission: ClassVar[str] = "get_orders"
    """The function that `revoke` takes the right for."""
    more_than_a_page: ClassVar[int] = 55
    """So many orders that a list of them has several pages."""
    write: ClassVar[SampleWrite | None] = None
    tells_deleted: ClassVar[bool] = False
    """Whether the vendor says that an order is gone."""
    dates_changes: ClassVar[bool] = True
    """Whether the vendor has a date of an order's last change. Where not, `change_order` writes "changed"."""

    def description(self) -> Description | None:
        """What `described_by` in `cases/calls.json` names, unless a mock says otherwise; None: nothing."""
        return _described(self.known_integration().folder)

    def credentials(self) -> dict[str, str]:
        """The sign-in fields to connect with."""
        raise NotImplementedError

    def known_integration(self) -> Integration:
        """The integration that speaks to this vendor."""
        return registry.get_integration(*self.integration)

    def session(self) -> dict[str, Any]:
        """What a consent would have left in the session of the connection."""
        return {}

    def hosts(self) -> dict[str, dict[str, str]]:
        """`[hosts]` of the manifest, by choice, with this mock's address: {"": {"api": self.url}}."""
        return {"": {"api": self.url}}

    def add_order(self, order: SampleOrder) -> str:
        """Hold an order, changed now. Its id, as our records have it."""
        raise NotImplementedError

    def change_order(self, record_id: str) -> None:
        """Change an order now, by the vendor's clock, so that our record differs."""
        raise NotImplementedError

    def remove_order(self, record_id: str) -> None:
        """Have an order gone."""
        raise NotImplementedError

    def spoil_order(self, record_id: str) -> None:
        """Leave out of an order, or change the type of, what the vendor promises and no record is without."""
        raise NotImplementedError

    def expire(self) -> None:
        """From now on no credentials are good, and no token is given any more."""
        raise NotImplementedError

    def renew(self) -> None:
        """The credentials are good again."""
        raise NotImplementedError

    def revoke(self, function: str) -> None:
        """The credentials may no longer do what a function needs."""
        raise NotImplementedError


def moved_to(integration: Integration, hosts: Mapping[str, Mapping[str, str]]) -> Integration:
    """The integration, its vendor at other hosts, as `OrderMock.hosts` names them."""
    table = integration.manifest.hosts
    common = {**table.common, **hosts.get("", {})}
    by_choice = {
        choice: {**names, **hosts.get(choice, hosts.get("", {}))} for choice, names in table.by_choice.items()
    }
    moved = msgspec.structs.replace(table, common=common, by_choice=by_choice)
    return replace(integration, manifest=msgspec.structs.replace(integration.manifest, hosts=moved))


@cache
def _described(folder: Path) -> Description | None:
    calls = calls_of(folder)
    if calls is None or not calls.described_by:
        return None
    files = [needs_shared("vendor-specs", path) for path in calls.described_by]
    return load(files, calls.described_wrongly)


@cache
def all_mocks() -> dict[str, type[OrderMock]]:
    """The mocks of all integrations and of a made-up one, by "type/slug"."""
    from tests.fakes.hay_barn_mock import HayBarnMock

    mocks: dict[str, type[OrderMock]] = {"/".join(HayBarnMock.integration): HayBarnMock}
    for file in sorted(HERE.rglob("mock.py")):
        name = ".".join(("tests", "integrations", *file.relative_to(HERE).with_suffix("").parts))
        mock: type[OrderMock] = importlib.import_module(name).Mock
        mocks["/".join(mock.integration)] = mock
    return mocks
