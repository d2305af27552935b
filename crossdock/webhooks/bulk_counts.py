"""How much bulk work would send, told before it is begun.

What is found by an index is counted whole. What an endpoint never got is looked for as the work itself does
it, message by message, up to `MOST_LOOKED_AT`.
"""

from dataclasses import dataclass

from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import first_id
from crossdock.store.database.secrets import Vault
from crossdock.store.webhooks import deliveries, messages, overview, tasks
from crossdock.store.webhooks.deliveries import EndpointSubscription, NewMessage
from crossdock.store.webhooks.messages import EXPIRED, MessageSearch
from crossdock.store.webhooks.search_filter import AttemptFilter
from crossdock.webhooks.tasks import AT_ONCE, MOST_RECOVERED, RECOVER, REPLAY, BulkTaskRequest

MOST_LOOKED_AT = 20_000
TRIED = (0, 2, 3, 4)
"""States of messages that were tried at an endpoint."""


@dataclass(frozen=True)
class BulkCount:
    """The number of messages that bulk work would send. is_more: there are others, which were not counted."""

    messages: int
    is_more: bool = False


async def count(
    database: Database, vault: Vault, endpoint: int, kind: str, request: BulkTaskRequest
) -> BulkCount:
    """What a task of this kind would send to an endpoint, if it were begun now."""
    if kind == RECOVER:
        failed = await overview.count_failed(database, endpoint, request.since_ms, request.until_ms)
        return BulkCount(min(failed, MOST_RECOVERED), failed > MOST_RECOVERED)
    if kind == REPLAY:
        return await _missing(database, vault, endpoint, request)
    condition = AttemptFilter(
        above=first_id("msg", request.since_ms), below=first_id("msg", request.until_ms),
        states=TRIED if request.status is None else (request.status,), types=tuple(request.types or ()),
        channel=request.channel, tags=(request.tag,) if request.tag else (), endpoint=endpoint,
    ).of_deliveries(database)  # fmt: skip
    return BulkCount(await overview.count_deliveries(database, condition))


async def _missing(database: Database, vault: Vault, endpoint: int, request: BulkTaskRequest) -> BulkCount:
    async with database.transaction() as transaction:
        subscription = await deliveries.get_subscription(transaction, endpoint)
    if subscription is None:
        return BulkCount(0)
    number, looked_at = 0, 0
    above, below = messages.id_at(request.since_ms), messages.id_at(request.until_ms)
    while looked_at < MOST_LOOKED_AT:
        search = MessageSearch(subscription.application_id, above=above, below=below)
        found = await messages.search(database, vault, search, AT_ONCE, descending=False, with_body=False)
        ids = [
            message.id
            for message in found
            if message.body != EXPIRED and message.is_for(endpoint) and _takes(subscription, message)
        ]
        number += len(await _never_tried(database, endpoint, ids))
        looked_at += len(found)
        if len(found) < AT_ONCE:
            return BulkCount(number)
        above = found[-1].id
    return BulkCount(number, is_more=True)


def _takes(subscription: EndpointSubscription, message: messages.Message) -> bool:
    return subscription.takes(NewMessage(message.id, message.type, message.channels))


async def _never_tried(database: Database, endpoint: int, ids: list[str]) -> list[str]:
    async def work(transaction: Transaction) -> list[str]:
        return await tasks.never_tried(transaction, endpoint, ids)

    return await database.transact(work) if ids else []
