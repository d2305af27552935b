"""The log of attempts, where messages stand at endpoints, and trying one again."""

from crossdock.api.webhooks import answers
from crossdock.api.webhooks.messages import found_message, tags_of
from crossdock.api.webhooks.paging import Turn, page, turn, window
from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.errors import BadRequest, NotFound
from crossdock.store.webhooks import attempts, deliveries, endpoints, messages
from crossdock.store.webhooks.attempts import Attempt
from crossdock.store.webhooks.deliveries import CANCELED, SUCCESS, Stand
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import EXPIRED
from crossdock.store.webhooks.sought import Sought
from crossdock.webhooks.request import WITHHELD

NONE = (-1,)
"""States that nothing is in."""
STATUSES, CLASSES = (0, 1, 2, 3, 4), (0, 100, 200, 300, 400, 500)


def _sought(visit: Visit, prefix: str) -> tuple[Sought, Turn]:
    """What a query looks for."""
    seen = window(visit, prefix)
    asked = turn(visit, descending=not seen.oldest_first)
    above, below = asked.bounds(seen.above, seen.below)
    status = visit.number("status", STATUSES)
    states: tuple[int, ...] | None = None if status is None else (status,)
    if not _expanded(visit):  # as they are shown
        states = NONE if status == CANCELED else (SUCCESS, CANCELED) if status == SUCCESS else states
    sought = Sought(
        above=above, below=below, states=states, code_class=visit.number("status_code_class", CLASSES),
        types=visit.many("event_types"), channel=visit.text("channel"), tags=tags_of(visit),
    )  # fmt: skip
    return sought, asked


def _expanded(visit: Visit) -> bool:
    return visit.flag("expanded_statuses", otherwise=False)


async def by_endpoint(visit: Visit) -> Answer:
    endpoint = await visit.endpoint()
    sought, asked = _sought(visit, "atmpt")
    return await _attempts(visit, asked, sought.at(endpoint.number))


async def by_message(visit: Visit) -> Answer:
    message = await found_message(visit)
    sought, asked = _sought(visit, "atmpt")
    sought = sought.of(message.id)
    reference = visit.text("endpoint_id")
    if reference:
        endpoint = await visit.endpoint_called(message.application_id, reference)
        sought = sought.at(endpoint.number)
    return await _attempts(visit, asked, sought)


async def _attempts(visit: Visit, asked: Turn, sought: Sought) -> Answer:
    door, organization = visit.door, visit.who.organization_id
    with_content = visit.flag("with_content", otherwise=True)
    with_msg = visit.flag("with_msg", otherwise=False)

    async def fetch(limit: int) -> list[Attempt]:
        condition = sought.of_attempts(door.database)
        return await attempts.page(
            door.database, door.vault, organization, condition, limit, descending=asked.descending
        )

    async def shown(found: list[Attempt]) -> list[answers.Shown]:
        ids = await endpoints.ids_of(door.database, sorted({one.endpoint for one in found}))
        rows = [
            answers.attempt(one, ids[one.endpoint], with_content=with_content, expanded=_expanded(visit))
            for one in found
        ]
        if with_msg and found:
            known = await messages.by_ids(door.database, door.vault, [one.message_id for one in found])
            for row in rows:
                message = known.get(row["msgId"])
                row["msg"] = None if message is None else answers.message(message, with_content=False)
        return rows

    return await page(asked, fetch, lambda one: one.id, shown)


async def messages_of(visit: Visit) -> Answer:
    """Messages at an endpoint, each with where it stands."""
    endpoint, door = await visit.endpoint(), visit.door
    sought, asked = _sought(visit, "msg")
    with_content = visit.flag("with_content", otherwise=True)

    async def fetch(limit: int) -> list[Stand]:
        condition = sought.at(endpoint.number).of_deliveries(door.database)
        return await deliveries.page(door.database, condition, limit, descending=asked.descending)

    async def shown(found: list[Stand]) -> list[answers.Shown]:
        ids = [one.message_id for one in found]
        known = await messages.by_ids(door.database, door.vault, ids) if ids else {}
        return [
            {
                **answers.message(known[one.message_id], with_content=with_content),
                **answers.stand(one, expanded=_expanded(visit)),
            }
            for one in found
            if one.message_id in known
        ]

    return await page(asked, fetch, lambda one: one.message_id, shown)


async def endpoints_of(visit: Visit) -> Answer:
    """The endpoints that a message goes to, each with where it stands there."""
    message, door, asked = await found_message(visit), visit.door, turn(visit, descending=False)
    above, below = asked.bounds(None, None)
    found = await deliveries.of_message(door.database, message.application_id, message.id)
    stands = {one.endpoint: one for one in found}
    known = await endpoints.by_numbers(door.database, door.vault, list(stands))

    async def fetch(limit: int) -> list[Endpoint]:
        return [
            one
            for one in sorted(known.values(), key=lambda one: one.id, reverse=asked.descending)
            if (above is None or one.id > above) and (below is None or one.id < below)
        ][:limit]

    async def shown(part: list[Endpoint]) -> list[answers.Shown]:
        return [
            {**answers.endpoint(one), **answers.stand(stands[one.number], expanded=_expanded(visit))}
            for one in part
        ]

    return await page(asked, fetch, lambda one: one.id, shown)


async def _found(visit: Visit) -> Attempt:
    message, attempt_id = await found_message(visit), visit.part("attempt_id")
    found = await attempts.get(
        visit.door.database, visit.door.vault, visit.who.organization_id, message.id, attempt_id
    )
    if found is None:
        raise NotFound(f"there is no attempt {attempt_id}")
    return found


async def one(visit: Visit) -> Answer:
    found = await _found(visit)
    ids = await endpoints.ids_of(visit.door.database, [found.endpoint])
    shown = answers.attempt(found, ids[found.endpoint], with_content=True, expanded=_expanded(visit))
    return Answer(200, shown)


async def headers(visit: Visit) -> Answer:
    """What both sides sent; values that are secret were never kept."""
    exchange = (await _found(visit)).exchange
    sensitive = sorted(name for name, value in exchange.sent.items() if value == WITHHELD)
    sent = {name: value for name, value in exchange.sent.items() if name not in sensitive}
    received = None if exchange.received is None else [list(one) for one in exchange.received]
    return Answer(200, {"sentHeaders": sent, "responseHeaders": received, "sensitive": sensitive})


async def expunged(visit: Visit) -> Answer:
    await attempts.expunge(visit.door.database, (await _found(visit)).id)
    return Answer(204)


async def resent(visit: Visit) -> Answer:
    """One try, whatever the endpoint's filters say."""
    message = await found_message(visit)
    endpoint = await visit.endpoint_called(message.application_id, visit.part("endpoint_id"))
    if endpoint.disabled:
        raise BadRequest("the endpoint is disabled: nothing is sent there", code="endpoint_disabled")
    if not message.is_for(endpoint.number):
        raise BadRequest("an example goes to its own endpoint only", code="example_of_another_endpoint")
    if message.body == EXPIRED:
        raise BadRequest("the payload has expired, or was erased", code="missing_payload")
    async with visit.door.database.transaction() as transaction:
        await deliveries.put(transaction, endpoint.number, [message.id], visit.now_ms, manual=True)
        await transaction.notify(deliveries.CHANNEL)
    visit.door.wake()
    return Answer(202, {})
