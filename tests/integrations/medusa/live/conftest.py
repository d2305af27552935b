"""A real Medusa for the live tests, started once for a test run, with our subscriber in it."""

import base64
import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from crossdock.integrations.medusa.client import Client
from crossdock.kit.contract import Context
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.kit.registry import get_integration
from crossdock.kit.session import LocalSession
from crossdock.net.addresses import AddressPolicy
from tests.conftest import SHARED, needs_shared, skip_or_fail
from tests.integrations import live_shops
from tests.integrations.live_shops import MEDUSA, ShopDidNotStart, running_shop

LOCAL = AddressPolicy.parse("127.0.0.0/8")
Json = Any


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Install what is missing while the tests before these run: it takes minutes."""
    here, peer = Path(__file__).parent, SHARED / "peers" / "medusa"
    if not config.option.collectonly and peer.exists() and any(here in item.path.parents for item in items):
        live_shops.begin_to_install(peer)


@dataclass(frozen=True)
class Medusa:
    """A running shop, as its staff sees it."""

    url: str
    api_key: str

    def call(self, method: str, path: str, body: Json = None, **params: Any) -> Json:
        """The decoded answer. Raises AssertionError with what Medusa says against it."""
        query = f"?{urllib.parse.urlencode(params, doseq=True)}" if params else ""
        data = None if body is None else json.dumps(body).encode()
        pair = base64.b64encode(f"{self.api_key}:".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {pair}"}
        request = urllib.request.Request(f"{self.url}{path}{query}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as problem:
            raise AssertionError(f"{method} {path}: {problem.code} {problem.read()[:500]!r}") from None

    def get(self, path: str, **params: Any) -> Json:
        return self.call("GET", path, **params)

    def post(self, path: str, body: Json = None, **params: Any) -> Json:
        return self.call("POST", path, body or {}, **params)

    def order(self, order_id: str, fields: str) -> Json:
        return self.get(f"/admin/orders/{order_id}", fields=fields)["order"]

    def placed_order(self, sku: str, quantity: int = 2) -> str:
        """The id of a new order, with an address, for a variant that is in stock."""
        [variant] = self.get("/admin/product-variants", sku=sku)["variants"]
        region = self.get("/admin/regions")["regions"][0]["id"]
        channel = self.get("/admin/sales-channels")["sales_channels"][0]["id"]
        option = self.get("/admin/shipping-options")["shipping_options"][0]["id"]
        address = {
            "first_name": "Ada", "last_name": "Buyer", "address_1": "1 Quay", "city": "Kiel",
            "country_code": "us", "postal_code": "24103", "phone": "+49 431 1",
        }  # fmt: skip
        draft = self.post(
            "/admin/draft-orders",
            {
                "email": "buyer@example.com",
                "region_id": region,
                "sales_channel_id": channel,
                "shipping_address": address,
                "items": [{"variant_id": variant["id"], "quantity": quantity}],
                "shipping_methods": [{"shipping_option_id": option, "name": "Standard", "amount": 5}],
            },
        )
        order_id = str(draft["draft_order"]["id"])
        self.post(f"/admin/draft-orders/{order_id}/convert-to-order")
        return order_id

    def pay(self, order_id: str) -> None:
        """Have the order paid for in full."""
        total = self.order(order_id, "id,total")["total"]
        collection = self.post("/admin/payment-collections", {"order_id": order_id, "amount": total})
        path = f"/admin/payment-collections/{collection['payment_collection']['id']}/mark-as-paid"
        self.post(path, {"order_id": order_id})

    def stock(self, sku: str) -> Json:
        """The level of a variant's inventory item, at its only location."""
        [item] = self.get("/admin/inventory-items", sku=sku, fields="*location_levels")["inventory_items"]
        [level] = item["location_levels"]
        return level


@pytest.fixture(scope="session")
def medusa(tmp_path_factory: pytest.TempPathFactory, lasting_postgres_server: str) -> Iterator[Medusa]:
    """A seeded shop for all tests of a run: what one changes, the next one finds."""
    peer, folder = needs_shared("peers", "medusa"), tmp_path_factory.mktemp("medusa")
    try:
        ready = live_shops.installed_shop(MEDUSA, peer, lasting_postgres_server)
    except ShopDidNotStart as failure:
        skip_or_fail(f"there is no Medusa to test against: {failure}")
        raise
    project = _project(folder)
    with running_shop(MEDUSA, peer, lasting_postgres_server, folder, project) as shop:
        yield Medusa(shop.url, ready["secret_api_key"])


def _project(folder: Path) -> Path:
    """A project on the installed packages, with our subscriber."""
    project, installed = folder / "project", live_shops.cache_folder() / MEDUSA.name
    (project / "src" / "subscribers").mkdir(parents=True)
    for name in ("package.json", "medusa-config.js"):
        shutil.copy(installed / name, project / name)
    (project / "node_modules").symlink_to(installed / "node_modules")
    subscriber = get_integration("cart", "medusa").folder / "subscriber.js"
    shutil.copy(subscriber, project / "src" / "subscribers" / "crossdock.js")
    return project


@pytest.fixture
async def client(medusa: Medusa, tmp_path: Path) -> AsyncIterator[Client]:
    manifest = get_integration("cart", "medusa").manifest
    async with new_session(LOCAL) as session:
        http = Http(session=session, account="medusa", slots=LocalSlots(), limits=manifest.limits)
        credentials = {"url": medusa.url, "api_key": medusa.api_key}
        context = Context(credentials, http, tmp_path, session=LocalSession({}), manifest=manifest)
        account = await Client(context).check()
        yield Client(replace(context, session=LocalSession(account.facts)))
