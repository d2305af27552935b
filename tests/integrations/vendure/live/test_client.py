"""What a running Vendure has and says, and what our client makes of it."""

from collections.abc import Iterator
from typing import Any

import graphql
import pytest

from crossdock.errors import InvalidCredentials, MissingPermission, NotFound
from crossdock.integrations.vendure import client as vendure_client
from crossdock.integrations.vendure import read
from crossdock.integrations.vendure.client import Client
from crossdock.kit.contract import Context, Walk
from tests.integrations.vendure.live.conftest import Vendure, client_with
from tests.integrations.vendure.mock import Mock
from tests.mock_vendors.graphql_vendor import load_schema


@pytest.fixture
def real(vendure: Vendure) -> graphql.GraphQLSchema:
    """The schema that the shop tells of itself."""
    introspected: Any = vendure.admin(graphql.get_introspection_query(input_value_deprecation=True))
    return graphql.build_client_schema({"__schema": introspected})


def test_the_shop_takes_all_that_we_ask(real: graphql.GraphQLSchema):
    for name, text in vendure_client.DOCUMENTS.items():
        assert graphql.validate(real, graphql.parse(text)) == [], name


def test_what_the_mock_is_made_of_is_a_part_of_the_shops_schema(real: graphql.GraphQLSchema):
    assert list(_differences(load_schema(Mock().schema_file()), real)) == []


def _differences(ours: graphql.GraphQLSchema, real: graphql.GraphQLSchema) -> Iterator[str]:
    """What our schema has that the shop's has not, or has otherwise."""
    for name, own in ours.type_map.items():
        theirs = real.type_map.get(name)
        if name.startswith("__"):
            continue
        if type(theirs) is not type(own):
            yield name
            continue
        for member, text in _members(own).items():
            if _members(theirs).get(member) != text:
                yield f"{name}.{member}: {text}, there {_members(theirs).get(member)}"


def _members(kind: Any) -> dict[str, str]:
    """The parts of a type, each with what it is; of a field also its arguments."""
    if isinstance(kind, graphql.GraphQLEnumType):
        return dict.fromkeys(kind.values, "")
    if isinstance(kind, graphql.GraphQLUnionType):
        return dict.fromkeys((member.name for member in kind.types), "")
    fields: dict[str, Any] = getattr(kind, "fields", {})
    texts = {name: str(field.type) for name, field in fields.items()}
    for name, field in fields.items():
        for argument, value in getattr(field, "args", {}).items():
            texts[f"{name}({argument})"] = str(value.type)
    return texts


def test_every_state_of_the_shops_process_is_in_our_table(vendure: Vendure):
    settings = vendure.admin("{ globalSettings { serverConfig { orderProcess { name } } } }")
    states = {state["name"] for state in settings["serverConfig"]["orderProcess"]}
    assert states == read.ORDER_STATUS.keys()


async def test_walks_show_each_record_as_it_is_read_alone(client: Client, vendure: Vendure):
    date = vendure.variant("7", "updatedAt")
    order_id = vendure.placed_order("7")
    assert vendure.variant("7", "updatedAt") == date, "an allocation moves it not: so products are read whole"
    orders = {raw["id"]: raw async for page in client.orders(Walk()) for raw in page.records}
    assert await client.order(order_id) == orders[order_id]
    records = {raw["id"]: raw async for page in client.products(Walk()) for raw in page.records}
    assert len([name for name in records if name.startswith("product-")]) > 50
    for name in ("product-1", "1"):
        assert await client.product(name) == records[name]


async def test_what_there_is_not_is_said_to_be_missing(client: Client):
    for missing in (client.order("9999"), client.product("9999"), client.product("product-9999")):
        with pytest.raises(NotFound):
            await missing


async def test_an_open_order_that_is_gone_is_named(client: Client):
    walk = Walk(mark="2026-01-01T00:00:00.000Z", open_ids=("3", "9999"))
    pages = [page async for page in client.orders(walk)]
    assert pages[0].deleted == ("9999",)
    assert "3" in {raw["id"] for page in pages for raw in page.records}


async def test_a_key_that_is_none_is_told_from_one_that_lacks_a_permission(
    context: Context, vendure: Vendure
):
    with pytest.raises(InvalidCredentials):
        await client_with(context, "nope:nope").check()
    reader = client_with(context, vendure.key_with("ReadCatalog", "ReadApiKey"))
    assert (await reader.check()).identifiers["channel_code"] == "__default_channel__"
    assert (await reader.probe("get_products")).state == "allowed"
    assert (await reader.probe("adjust_inventory")).state == "denied"
    with pytest.raises(MissingPermission):
        await reader.probe("get_orders")
