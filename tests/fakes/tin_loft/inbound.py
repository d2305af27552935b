"""Tin Loft's webhooks: `{"orders": [ids]}`, signed with a secret that it chooses."""

from collections.abc import Mapping

from crossdock.kit.contract import Json
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, require_hmac
from tests.fakes.tin_loft.client import QUERIES, Client


async def subscribe(client: Client, url: str, secret: str) -> Subscription:
    subscribed = (await client.graphql.mutate(QUERIES["subscribe"], {"url": url}))["subscribe"]
    return Subscription(subscribed["id"], subscribed["secret"])


async def unsubscribe(client: Client, subscription: Json) -> None:
    await client.graphql.mutate(QUERIES["unsubscribe"], {"id": subscription})


async def is_subscribed(client: Client, subscription: Json) -> bool:
    answer = await client.graphql.query(QUERIES["subscription"], {"id": subscription})
    return answer["subscription"] is not None


def verify(request: InboundRequest, secret: str) -> None:
    require_hmac(request, secret, "X-Tin-Signature", encoding="hex", prefix="sha256=")


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    return [("get_orders", record_id) for record_id in body["orders"]]
