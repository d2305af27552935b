"""Walking a list: every record once, whatever changes meanwhile; and tokens that open nothing else."""

import base64
from datetime import UTC, datetime

import pytest

from crossdock.integrations.sandbox.world.records import World
from crossdock.store.connections import connections
from tests.journeys.server import Json, Organization, Server, until

SINCE = "2001-09-09T01:46:40Z"


def walked(house: Organization, path: str, **query: str) -> list[list[Json]]:
    """The pages, to the last."""
    pages, token = [], ""
    while True:
        body = house.get(path, **query, **({"page_token": token} if token else {})).json()
        assert body["total_count"] == len(body["data"])
        pages.append(body["data"])
        token = body["next_token"]
        if token is None:
            return pages


def ids(pages: list[list[Json]]) -> list[str]:
    return [entry["id"] for page in pages for entry in page]


@pytest.mark.parametrize("path", ["/wms/orders", "/wms/inventory/ledger", "/cart/products"])
@pytest.mark.parametrize(
    "query", [{}, {"created_date[gte]": SINCE}, {"updated_date[lt]": "2999-01-01T00:00:00Z"}]
)
def test_pages_give_every_record_once_in_the_order_of_the_whole(house: Organization, path: str, query):
    whole_ids = [character["id"] for character in house.list(path, **query)]
    pages = walked(house, path, limit="7", **query)
    assert ids(pages) == whole_ids
    assert {len(page) for page in pages[:-1]} == {7}


def test_pages_of_a_filtered_list_have_only_what_fits(house: Organization):
    pages = walked(house, "/wms/orders", limit="4", **{"status[nin]": "open,fulfilled"})
    statuses = [entry["status"] for page in pages for entry in page]
    assert len(pages) > 2
    assert not {"open", "fulfilled"} & set(statuses)
    assert ids(pages) == [
        character["id"] for character in house.list("/wms/orders", **{"status[nin]": "open,fulfilled"})
    ]


def test_ids_come_on_one_page_whatever_else_is_asked(house: Organization):
    wanted_ids = [character["id"] for character in house.list("/wms/orders", limit="9")]
    pages = walked(house, "/wms/orders", limit="4", **{"ids[in]": ",".join(wanted_ids)})
    assert [len(page) for page in pages] == [9]
    assert ids(pages) == wanted_ids


def test_the_last_page_is_known_to_be_the_last_even_when_it_is_full(house: Organization):
    body = house.get("/wms/orders", limit="100").json()
    assert (len(body["data"]), body["next_token"]) == (100, None)


def test_a_limit_above_a_thousand_is_a_thousand(house: Organization):
    many = house.get("/wms/orders", limit="99999999999999999999999").json()
    assert many == house.get("/wms/orders", limit="1000").json()


def test_no_record_is_missed_or_doubled_while_others_change(server: Server):
    house = server.organization("wms")
    before = [character["id"] for character in house.list("/wms/orders")]
    pages, token = [], ""
    while token is not None:
        body = house.get("/wms/orders", limit="30", **({"page_token": token} if token else {})).json()
        pages.append(body["data"])
        token = body["next_token"]
        for order in [record for record in body["data"] if record["status"] == "open"][:3]:
            assert (
                house.ask("PUT", f"/sandbox/simulate/orders/{order['id']}/fulfill", None).status_code == 200
            )
    assert ids(pages) == before


def test_a_token_opens_only_the_list_it_is_of(server: Server, house: Organization):
    token = house.get("/wms/orders", limit="5").json()["next_token"]
    of_dates = house.get("/wms/orders", limit="5", **{"created_date[gte]": SINCE}).json()["next_token"]
    other_organization = server.organization("wms")
    for answer in (
        house.get("/wms/products", page_token=token),
        house.get("/wms/orders", page_token=token, **{"created_date[gte]": SINCE}),
        house.get("/wms/orders", page_token=of_dates),
        house.get("/connections", page_token=token),
        other_organization.get("/wms/orders", page_token=token),
    ):
        assert (answer.status_code, list(answer.json()["detail"]["query"])) == (422, ["page_token"])


def test_a_token_that_was_changed_opens_nothing(house: Organization):
    token = house.get("/wms/orders", limit="5").json()["next_token"]
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for position in range(len(raw)):
        raw[position] ^= 1
        changed = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        raw[position] ^= 1
        assert house.get("/wms/orders", page_token=changed).status_code == 422, position
    for changed in (token[:-1], token + "A", token + "=", " " + token, token.upper(), "", "null"):
        assert house.get("/wms/orders", page_token=changed).status_code == 422, changed


def test_a_token_tells_nothing_but_where_the_next_page_begins(house: Organization):
    body = house.get("/wms/orders", limit="5").json()
    again = house.get("/wms/orders", limit="3", page_token=body["next_token"]).json()
    assert again["data"][0]["id"] > body["data"][-1]["id"]
    assert house.tokens["wms"] not in body["next_token"]


def test_connections_come_in_pages_too(server: Server):
    """Pages hold a thousand; that many connections exist nowhere in a test, so the list is one page."""
    house = server.organization("wms", "cart")
    body = house.get("/connections").json()
    assert [record["integration_type"] for record in body["data"]] == ["wms", "cart"]
    assert (body["next_token"], body["total_count"]) == (None, 2)


def test_a_single_read_wraps_the_record_in_data(house: Organization):
    [order] = house.list("/wms/orders", limit="1")
    assert house.get(f"/wms/orders/{order['id']}").json() == {"data": order}


@pytest.mark.parametrize("record_id", ["no-such", "%20", "a%2Fb", "ordre-%C3%A9", "0", "x" * 600])
def test_a_record_that_is_not_there_is_not_found_by_its_id(house: Organization, record_id: str):
    answer = house.get(f"/wms/orders/{record_id}")
    assert answer.status_code == 404
    assert answer.json()["origin"] == "trackstar"


def test_not_found_names_the_id_and_the_kind(house: Organization):
    assert house.get("/wms/inbound-shipments/7").json() == {
        "error": "there is no inbound shipment '7'",
        "origin": "trackstar",
        "id": "7",
    }


# What is gone


@pytest.fixture(scope="module")
def bereft(server: Server) -> tuple[Organization, Json]:
    """A shop that one product was deleted from since the last sync; and that product as it was."""
    house = server.organization("cart")
    product = next(
        character
        for character in house.list("/cart/products")
        if character["parent_product_id"] != character["id"]
    )
    server.do(_deleted(server, house, product["id"]))
    # A record that changed in the second in which a sync begins is left to the next one.
    until(lambda: server.synced(house, "cart", "get_products")["gone"] == 1)
    return house, product


async def _deleted(server: Server, house: Organization, gid: str) -> None:
    """Deletes a product in the simulated shop itself, as its owner would."""
    services = server.services
    connection = await connections.by_uid(services.database, house.uids["cart"])
    assert connection is not None
    credentials = await connections.credentials(services.database, services.vault, connection)
    world = World(services.clients.folder("sandbox"), credentials["world"])
    with world.change(datetime.now(UTC)) as records:
        records.delete("cart_products", gid)


def test_what_the_connected_system_no_longer_has_is_on_no_list(bereft: tuple[Organization, Json]):
    house, product = bereft
    assert product["id"] not in [character["id"] for character in house.list("/cart/products")]
    assert house.list("/cart/products", ids=product["id"]) == []


def test_it_can_still_be_read_by_its_id_when_asked_for(bereft: tuple[Organization, Json]):
    house, product = bereft
    path = f"/cart/products/{product['id']}"
    assert house.get(path).status_code == house.get(path, include_deleted="false").status_code == 404
    body = house.one(path, include_deleted="true")
    assert {**body, "trackstar_updated_date": ""} == {**product, "trackstar_updated_date": ""}


def test_that_it_is_gone_was_told(server: Server, bereft: tuple[Organization, Json]):
    house, product = bereft
    [event] = [event for event in server.events(house, "cart") if event["event_type"].startswith("cart-")]
    assert (event["event_type"], event["data"]["id"]) == ("cart-product.deleted", product["id"])


def test_include_deleted_is_true_or_false(house: Organization):
    answer = house.get("/cart/products/x", include_deleted="yes")
    assert (answer.status_code, list(answer.json()["detail"]["query"])) == (422, ["include_deleted"])
