"""Who gets in: keys, tokens, and what belongs to somebody else."""

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from crossdock.api.operation import Access, ApiOperation
from crossdock.api.operations import all_operations
from crossdock.resources.catalogue import all_resources
from crossdock.store.connections import access, connections
from crossdock.store.records import records
from tests.journeys.server import Organization, Server

OPERATIONS = [operation for operation in all_operations() if operation.needs_key]
WITH_TOKEN = [operation for operation in OPERATIONS if operation.access is Access.KEY_AND_TOKEN]
WRITES = [operation for operation in OPERATIONS if operation.writes]
SINGLES = [operation for operation in all_operations() if operation.resource and operation.path.endswith("}")]

FILLED = {
    "integration_type": "wms", "integration_name": "sandbox", "function_name": "get_orders",
    "connection_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
}  # fmt: skip


def _name(api_operation: ApiOperation) -> str:
    return f"{api_operation.method} {api_operation.path}"


def path_of(operation: ApiOperation) -> str:
    """The path, with something in every place."""
    return re.sub(r"{(\w+)}", lambda match: FILLED.get(match[1], "some-id"), operation.path)


def kind_of(operation: ApiOperation) -> str:
    """Whose token belongs to the operation."""
    return operation.resource.type if operation.resource and operation.resource.type != "freight" else "wms"


def sent(house: Organization, operation: ApiOperation, key: str | None, token: str | None) -> httpx.Response:
    headers = {"x-trackstar-api-key": key, "x-trackstar-access-token": token}
    values = {name: value for name, value in headers.items() if value is not None}
    url, body = house.url + path_of(operation), operation.example
    return house.http.request(operation.method, url, headers=values, json=body)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """The status and the message, of an error in the documented form."""
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    body = answer.json()
    assert (body.keys(), body["origin"]) == ({"error", "origin"}, "trackstar")
    return answer.status_code, body["error"]


@pytest.fixture(scope="session")
def stranger(server: Server) -> Organization:
    """Another organization that has all three connections, and no record in them."""
    organization = server.organization("wms", "cart", "carrier")
    server.do(_emptied(server, organization))
    return organization


async def _emptied(server: Server, organization: Organization) -> None:
    database = server.services.database
    for uid in organization.uids.values():
        connection = await connections.by_uid(database, uid)
        assert connection is not None
        async with database.transaction() as transaction:
            for resource in all_resources():
                await records.purge(transaction, resource.key, connection.id, 1_000_000)


# Keys and tokens


@pytest.fixture(scope="module")
def revoked(server: Server, house: Organization) -> str:
    """A key of the house that worked once."""
    text, key = server.key(house.id)
    assert server.do(access.revoke_key(server.services.database, text, server.services.clock()))
    return key


@pytest.fixture(scope="module")
def reader(server: Server, house: Organization) -> Organization:
    """The house, with a key that may only read."""
    return replace(house, key=server.key(house.id, read_only=True)[1])


@pytest.mark.parametrize("operation", OPERATIONS, ids=_name)
def test_nothing_opens_without_a_key_that_works(house: Organization, revoked: str, operation: ApiOperation):
    token = house.tokens[kind_of(operation)]
    assert refusal(sent(house, operation, None, token)) == (401, "the x-trackstar-api-key header is missing")
    for key in ("ck_guess", house.key[:-1], house.key + "A", f"{house.key} x", revoked, token):
        assert refusal(sent(house, operation, key, token)) == (401, "the API key is not valid")


@pytest.mark.parametrize("operation", WITH_TOKEN, ids=_name)
def test_a_connection_opens_only_with_its_own_token_and_its_owners_key(
    house: Organization, stranger: Organization, operation: ApiOperation
):
    kind = kind_of(operation)
    assert refusal(sent(house, operation, house.key, None)) == (
        401, "the x-trackstar-access-token header is missing",
    )  # fmt: skip
    for key, token in (
        (house.key, "ct_guess"),
        (house.key, house.tokens[kind][:-1]),
        (house.key, stranger.tokens[kind]),
        (stranger.key, house.tokens[kind]),
        (house.key, house.key),
    ):
        assert refusal(sent(house, operation, key, token)) == (401, "the access token is not valid")


@pytest.mark.parametrize("operation", WRITES, ids=_name)
def test_a_read_only_key_changes_nothing(reader: Organization, operation: ApiOperation):
    answer = sent(reader, operation, reader.key, reader.tokens[kind_of(operation)])
    assert refusal(answer) == (403, "this API key is read-only")


def test_a_read_only_key_reads(reader: Organization):
    assert reader.get("/wms/orders", limit="1").status_code == 200
    assert reader.get("/connections").status_code == 200


def test_several_keys_of_an_organization_work_until_each_is_revoked(server: Server, house: Organization):
    text, key = server.key(house.id)
    other_organization = replace(house, key=key)
    assert other_organization.get("/connections").json() == house.get("/connections").json()
    assert server.do(access.revoke_key(server.services.database, text, server.services.clock()))
    assert other_organization.get("/connections").status_code == 401
    assert house.get("/connections").status_code == 200


def test_headers_are_found_whatever_their_case(house: Organization):
    fields = {"X-TrackStar-Api-Key": house.key, "X-TRACKSTAR-ACCESS-TOKEN": house.tokens["wms"]}
    assert house.http.get(f"{house.url}/wms/orders", headers=fields).status_code == 200


# Tenants


def test_p19_another_tenants_records_are_not_there(house: Organization, stranger: Organization):
    for operation in SINGLES:
        for path, record_id in paths(house, operation):
            for query in ({}, {"include_deleted": "true"}):
                theirs = stranger.get(path, **query)
                nobodys = stranger.get(path.replace(record_id, "nobodys"), **query)
                assert theirs.status_code == nobodys.status_code == 404
                assert theirs.text == nobodys.text.replace("nobodys", record_id)


def paths(house: Organization, operation: ApiOperation) -> Iterator[tuple[str, str]]:
    """(path, id) of records that the house has."""
    if operation.path.startswith("/freight"):
        return
    listed = operation.path.rpartition("/{")[0]
    parents = house.list("/wms/warehouses") if "{" in listed else [{"id": ""}]
    for parent in parents:
        for record in house.list(listed.format_map({"warehouse_id": parent["id"]}), limit="2"):
            names = dict.fromkeys(re.findall(r"{(\w+)}", operation.path), record["id"])
            yield (
                operation.path.format_map(names | ({"warehouse_id": parent["id"]} if parent["id"] else {})),
                record["id"],
            )


def test_p19_another_tenants_records_are_on_no_list(house: Organization, stranger: Organization):
    for resource in all_resources():
        if resource.listed and resource.parent is None and resource.type != "freight":
            ids = ",".join(character["id"] for character in house.list(resource.path, limit="20"))
            assert stranger.list(resource.path) == stranger.list(resource.path, ids=ids) == []


def test_p19_another_tenants_connections_are_not_there(house: Organization, stranger: Organization):
    for kind, uid in house.uids.items():
        assert uid not in stranger.get("/connections").text
        answer = stranger.get(f"/connections/{uid}")
        nobodys = stranger.get(f"/connections/{FILLED['connection_id']}")
        assert answer.status_code == nobodys.status_code == 404
        assert answer.text == nobodys.text.replace(FILLED["connection_id"], uid)
        assert stranger.get("/connections", access_token=house.tokens[kind]).json()["data"] == []


def test_p19_another_tenants_sandbox_cannot_be_moved(server: Server, house: Organization):
    newcomer = server.organization()
    order = house.list("/wms/orders", status="open")[0]
    moved = newcomer.ask("PUT", f"/sandbox/simulate/orders/{order['id']}/fulfill")
    assert (moved.status_code, "there is no wms sandbox yet" in moved.json()["error"]) == (404, True)
    assert house.one(f"/wms/orders/{order['id']}") == order


def test_p19_a_token_of_another_connection_of_ours_reads_its_own_records_only(house: Organization):
    order = house.list("/wms/orders")[0]
    assert house.get("/cart/orders", "wms").status_code == 501
    assert house.get(f"/cart/orders/{order['id']}").status_code == 404


# What every answer has


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/wms/orders", 200),
        ("HEAD", "/wms/orders", 200),
        ("GET", "/nowhere", 404),
        ("HEAD", "/nowhere", 404),
        ("GET", "/wms/orders/", 404),
        ("GET", "//wms/orders", 404),
        ("GET", "/wms/orders/%FF", 404),
        ("GET", "/wms/orders/%00", 422),
        ("GET", "/wms/orders?limit=%FF", 422),
        ("POST", "/wms/warehouses", 405),
        ("OPTIONS", "/wms/orders", 405),
        ("DELETE", "/wms/orders/1", 405),
        ("TRACE", "/wms/orders", 405),
    ],
)
def test_every_answer_has_a_request_id_of_its_own(house: Organization, method: str, path: str, status: int):
    first, second = (house.ask(method, path, "wms") for _ in range(2))
    assert (first.status_code, second.status_code) == (status, status)
    assert re.fullmatch("[0-9a-f]{32}", first.headers["x-request-id"])
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    if status >= 400 and method != "HEAD":
        assert first.json()["origin"] == "trackstar"


def test_a_wrong_method_is_told_which_are_offered(house: Organization):
    answer = house.ask("POST", "/wms/warehouses")
    assert sorted(answer.headers["allow"].split(", ")) == ["GET", "HEAD"]


def test_head_tells_what_get_would_say_without_a_body(house: Organization):
    head, wms_orders = house.ask("HEAD", "/wms/orders"), house.get("/wms/orders")
    assert head.content == b""
    assert head.headers["content-type"] == wms_orders.headers["content-type"] == "application/json"
    assert int(head.headers["content-length"]) == len(wms_orders.content)


def test_a_body_without_end_is_refused(house: Organization):
    def drops() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 262_144

    for content in (b'"' + b"x" * 16_777_216 + b'"', drops()):
        answer = house.ask("POST", "/sandbox/simulate/cart/orders", content=content)
        assert refusal(answer)[0] == 413


@pytest.mark.parametrize(
    "operation",
    [
        operation
        for operation in all_operations()
        if operation.access is Access.NONE and "{" not in operation.path
    ],
    ids=_name,
)
def test_what_describes_the_server_itself_needs_no_key(house: Organization, operation: ApiOperation):
    assert house.http.get(house.url + operation.path).status_code == 200
