"""API keys: what they are for, how long they work, which connections they reach, when they were used."""

import pytest

from crossdock.api.operation import Access, ApiOperation
from crossdock.api.operations import all_operations
from crossdock.store.connections import access
from crossdock.store.connections.access import NewKey
from tests.journeys.server import Organization, Server

DAY_MS = 86_400_000
REFUSED = (401, 403, 404)
ORGANIZATION_WIDE = [
    operation
    for operation in all_operations()
    if operation.access in (Access.KEY, Access.KEY_MAYBE_TOKEN) and not operation.admits_bound
]


def key_of(server: Server, organization: str, key: NewKey) -> str:
    async def add() -> str:
        async with server.services.database.transaction() as transaction:
            return (await access.add_key(transaction, organization, key, server.services.clock()))[1]

    return server.do(add())


@pytest.fixture(scope="module")
def pair(server: Server) -> tuple[Organization, Organization]:
    """One organization seen with a key that is bound to its warehouse, and with a key of the whole."""
    whole = server.organization("wms", "cart")
    uids = frozenset({whole.uids["wms"]})
    key = key_of(server, whole.id, NewKey("warehouse", connection_uids=uids))
    bound = Organization(whole.url, whole.http, whole.id, key, whole.tokens, whole.uids)
    return bound, whole


def test_a_key_stops_working_when_its_time_is_over(server: Server):
    organization = server.organization()
    now = server.services.clock()
    organization.key = key_of(server, organization.id, NewKey("short", expires_ms=now + DAY_MS))
    assert organization.get("/connections").status_code == 200
    organization.key = key_of(server, organization.id, NewKey("over", expires_ms=now - 1))
    answer = organization.get("/connections")
    assert (answer.status_code, answer.json()["error"]) == (401, "the API key is not valid")


def test_a_key_that_is_over_opens_no_token_either(server: Server, house: Organization):
    key = key_of(server, house.id, NewKey("over", expires_ms=server.services.clock() - 1))
    answer = house.http.get(
        f"{house.url}/wms/orders",
        headers={"x-trackstar-api-key": key, "x-trackstar-access-token": house.tokens["wms"]},
    )
    assert answer.status_code == 401


def test_the_last_use_of_a_key_is_noted_in_the_background(server: Server):
    organization = server.organization()
    assert organization.get("/connections").status_code == 200
    server.do(server.door.uses.write())
    (key,) = server.do(access.keys(server.services.database, organization.id))
    assert key.last_used_ms is not None


def test_a_bound_key_works_with_its_connection(pair: tuple[Organization, Organization]):
    bound, _ = pair
    assert bound.get("/wms/orders", limit="1").status_code == 200
    assert bound.get(f"/connections/{bound.uids['wms']}").status_code == 200
    assert bound.get(f"/connections/{bound.uids['wms']}/freshness").status_code == 200
    assert bound.get("/events", "wms", limit="1").status_code == 200


def test_a_bound_key_sees_only_its_connections(pair: tuple[Organization, Organization]):
    bound, whole = pair
    assert [row["connection_id"] for row in bound.get("/connections").json()["data"]] == [whole.uids["wms"]]
    assert len(whole.get("/connections").json()["data"]) == 2


def test_to_a_bound_key_another_connection_looks_like_none(pair: tuple[Organization, Organization]):
    bound, _ = pair
    absent = bound.get("/cart/orders", "cart")
    assert (absent.status_code, absent.json()["error"]) == (401, "the access token is not valid")
    foreign, none = (bound.get(f"/connections/{uid}") for uid in (bound.uids["cart"], "none"))
    assert (foreign.status_code, none.status_code) == (404, 404)
    assert foreign.text.replace(bound.uids["cart"], "none") == none.text


@pytest.mark.parametrize("operation", ORGANIZATION_WIDE, ids=lambda operation: operation.id)
def test_a_bound_key_is_refused_where_the_whole_organization_is_meant(
    operation: ApiOperation, pair: tuple[Organization, Organization]
):
    bound, _ = pair
    path = operation.path
    for parameter in operation.parameters:
        if parameter.where == "path":
            path = path.replace(f"{{{parameter.name}}}", parameter.choices[0] if parameter.choices else "x")
    answer = bound.ask(operation.method, path, None)
    assert answer.status_code == 403, answer.text
    assert "bound to connections" in answer.json()["error"]


def test_a_bound_key_manages_no_webhooks(pair: tuple[Organization, Organization]):
    bound, _ = pair
    answer = bound.http.get(f"{bound.url}/api/v1/app", headers={"authorization": f"Bearer {bound.key}"})
    assert answer.status_code == 403
