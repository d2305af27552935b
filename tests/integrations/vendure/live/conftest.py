"""A real Vendure for the live tests, started once for a test run."""

import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from crossdock.integrations.vendure.client import Client
from crossdock.kit.contract import Context
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.kit.registry import get_integration
from crossdock.net.addresses import AddressPolicy
from tests.conftest import SHARED, needs_shared, skip_or_fail
from tests.integrations import live_shops
from tests.integrations.live_shops import VENDURE, ShopDidNotStart, running_shop

LOCAL = AddressPolicy.parse("127.0.0.0/8")
REFUSED = "... on ErrorResult { errorCode message }"
ADDRESS = {
    "fullName": "Ada Buyer", "streetLine1": "1 Quay", "city": "Kiel", "postalCode": "24103",
    "countryCode": "DE", "phoneNumber": "+49 431 1",
}  # fmt: skip
Json = Any


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Install what is missing while the tests before these run: it takes minutes."""
    here, peer = Path(__file__).parent, SHARED / "peers" / "vendure"
    if not config.option.collectonly and peer.exists() and any(here in item.path.parents for item in items):
        live_shops.begin_to_install(peer)


@dataclass(frozen=True)
class Vendure:
    """A running shop: `admin` as its staff sees it, `Basket` as its customers do."""

    url: str
    api_key: str

    def admin(self, query: str, **variables: Any) -> Json:
        """The only value of the data. Raises AssertionError with what Vendure says against it."""
        data, _ = _sent(f"{self.url}/admin-api", query, variables, {"vendure-api-key": self.api_key})
        return _only_value(data)

    def order(self, order_id: str, members: str) -> Json:
        return self.admin(f"query ($id: ID!) {{ order(id: $id) {{ {members} }} }}", id=order_id)

    def variant(self, variant_id: str, members: str) -> Json:
        return self.admin(f"query ($id: ID!) {{ productVariant(id: $id) {{ {members} }} }}", id=variant_id)

    def key_with(self, *permissions: str) -> str:
        """A new key whose role has these permissions."""
        code = "-".join(permissions).lower()
        role = self.admin(
            "mutation ($input: CreateRoleInput!) { createRole(input: $input) { id } }",
            input={"code": code, "description": code, "permissions": list(permissions)},
        )
        names = [{"languageCode": "en", "name": code}]
        made = self.admin(
            "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey } }",
            input={"roleIds": [role["id"]], "translations": names},
        )
        return str(made["apiKey"])

    def placed_order(self, variant_id: str, quantity: int = 2) -> str:
        """The id of a new order that a customer placed and paid for; the payment is settled."""
        basket = Basket(self.url)
        order_id = basket.fill(variant_id, quantity)
        basket.pay()
        self.settle(order_id)
        return order_id

    def settle(self, order_id: str) -> None:
        """Take the money that the customer's bank has promised."""
        [payment] = self.order(order_id, "payments { id }")["payments"]
        mutation = f"mutation ($id: ID!) {{ settlePayment(id: $id) {{ __typename {REFUSED} }} }}"
        self.admin(mutation, id=payment["id"])


class Basket:
    """A customer with a session of their own in the shop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._token: str | None = None

    def fill(self, variant_id: str, quantity: int) -> str:
        """Fill the basket and say where it goes. The id of the order that it will be."""
        added = self._call(
            "mutation ($id: ID!, $count: Int!) { addItemToOrder(productVariantId: $id, quantity: $count)"
            f" {{ __typename ... on Order {{ id }} {REFUSED} }} }}",
            id=variant_id, count=quantity,
        )  # fmt: skip
        self._call(
            "mutation ($input: CreateCustomerInput!) { setCustomerForOrder(input: $input)"
            f" {{ __typename {REFUSED} }} }}",
            input={"firstName": "Ada", "lastName": "Buyer", "emailAddress": "ada@example.com"},
        )
        self._call(
            "mutation ($input: CreateAddressInput!) { setOrderShippingAddress(input: $input)"
            f" {{ __typename {REFUSED} }} }}",
            input=ADDRESS,
        )
        self._call(
            "mutation ($ids: [ID!]!) { setOrderShippingMethod(shippingMethodId: $ids)"
            f" {{ __typename {REFUSED} }} }}",
            ids=[self._call("{ eligibleShippingMethods { id } }")[0]["id"]],
        )
        return str(added["id"])

    def pay(self) -> None:
        """Place the order."""
        self._call(
            f'mutation {{ transitionOrderToState(state: "ArrangingPayment") {{ __typename {REFUSED} }} }}'
        )
        method = self._call("{ eligiblePaymentMethods { code } }")[0]["code"]
        self._call(
            "mutation ($input: PaymentInput!) { addPaymentToOrder(input: $input)"
            f" {{ __typename {REFUSED} }} }}",
            input={"method": method, "metadata": {}},
        )

    def _call(self, query: str, **variables: Any) -> Json:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        data, token = _sent(f"{self._url}/shop-api", query, variables, headers)
        self._token = token or self._token
        return _only_value(data)


def _sent(url: str, query: str, variables: Json, headers: dict[str, str]) -> tuple[Json, str | None]:
    """The data, and the token of the session where one begins."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            content, token = json.loads(answer.read()), answer.headers.get("vendure-auth-token")
    except urllib.error.HTTPError as problem:
        raise AssertionError(f"{problem.code} {problem.read()[:500]!r}") from None
    assert "errors" not in content, content["errors"]
    return content["data"], token


def _only_value(data: Json) -> Json:
    [value] = data.values()
    assert not (isinstance(value, dict) and "errorCode" in value), value
    return value


@pytest.fixture(scope="session")
def vendure(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> Iterator[Vendure]:
    """A seeded shop for all tests of a run: what one changes, the next one finds."""
    peer, folder = needs_shared("peers", "vendure"), tmp_path_factory.mktemp("vendure")
    try:
        ready = live_shops.installed_shop(VENDURE, peer, postgres_server)
    except ShopDidNotStart as failure:
        skip_or_fail(f"there is no Vendure to test against: {failure}")
        raise
    with running_shop(VENDURE, peer, postgres_server, folder) as shop:
        yield Vendure(shop.url, ready["vendure-api-key"])


@pytest.fixture
async def context(vendure: Vendure, tmp_path: Path) -> AsyncIterator[Context]:
    manifest = get_integration("cart", "vendure").manifest
    async with new_session(LOCAL) as session:
        http = Http(session=session, account="vendure", slots=LocalSlots(), limits=manifest.limits)
        credentials = {"url": vendure.url, "api_key": vendure.api_key, "channel": ""}
        yield Context(credentials, http, tmp_path, manifest=manifest)


@pytest.fixture
def client(context: Context) -> Client:
    return Client(context)


def client_with(context: Context, api_key: str) -> Client:
    """The same shop, with another key."""
    return Client(replace(context, credentials={**context.credentials, "api_key": api_key}))
