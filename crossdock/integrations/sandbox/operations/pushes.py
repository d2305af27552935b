"""Notices of what changed in a world behind our back: by calls of its API that were not writes of ours.

subscribe ─▶ address and secret are kept in the connection's session
a call changes records ─▶ {"changed": [["get_orders", "id"], …]}, signed ─▶ handed over within the process
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from crossdock.kit.contract import Context, Json
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, hmac_text, require_hmac

SIGNATURE = "X-Sandbox-Signature"
PUSH = "push"


class _Notice(msgspec.Struct):
    changed: list[tuple[str, str]]


async def subscribe(client: Any, url: str, secret: str) -> Subscription:
    async with client.session.change() as values:
        values[PUSH] = {"url": url, "secret": secret}
    return Subscription(PUSH)


async def unsubscribe(client: Any, subscription: Json) -> None:
    async with client.session.change() as values:
        values.pop(subscription, None)


async def is_subscribed(client: Any, subscription: Json) -> bool:
    return subscription in await client.session.get()


def verify(request: InboundRequest, secret: str) -> None:
    require_hmac(request, secret, SIGNATURE)


def changed(body: Json, headers: Mapping[str, str]) -> Reads:  # noqa: ARG001
    return msgspec.convert(body, _Notice).changed


def notice(reads: Iterable[tuple[str, str]], secret: str) -> tuple[bytes, dict[str, str]]:
    """The body and headers of a notice about these records."""
    body = msgspec.json.encode(_Notice(sorted(set(reads))))
    return body, {"Content-Type": "application/json", SIGNATURE: hmac_text(secret, body)}


async def push(context: Context, reads: Iterable[tuple[str, str]]) -> None:
    """Tell whoever subscribed that these records changed."""
    told, subscription = list(reads), (await context.session.get()).get(PUSH)
    if told and subscription and context.push is not None:
        body, headers = notice(told, subscription["secret"])
        await context.push(subscription["url"], body, headers)
