"""The log of attempts, where messages stand at endpoints, and trying one again."""

from collections.abc import Sequence

from starlette.responses import Response

from crossdock.errors import BadRequest, NotFound
from crossdock.store.connections.access import withheld
from crossdock.store.database.engine import Transaction
from crossdock.store.people import audit_log
from crossdock.store.webhooks import attempts, deliveries, endpoints, messages
from crossdock.store.webhooks.attempts import Attempt
from crossdock.store.webhooks.deliveries import CANCELED, SUCCESS, DeliveryState
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import EXPIRED
from crossdock.store.webhooks.search_filter import AttemptFilter
from crossdock.svix_api import answers
from crossdock.svix_api.context import AdminContext
from crossdock.svix_api.messages import found_message, tags_of
from crossdock.svix_api.paging import PageTurn, page, turn, window
from crossdock.web.responses import no_content, reply
from crossdock.webhooks.request import WITHHELD

NONE = (-1,)
"""States that nothing is in."""
STATUSES, CLASSES = (0, 1, 2, 3, 4), (0, 100, 200, 300, 400, 500)


def _search(visit: AdminContext, prefix: str) -> tuple[AttemptFilter, PageTurn]:
    """The filter and the page that a query asks for."""
    time_window = window(visit, prefix)
    page_turn = turn(visit, descending=not time_window.oldest_first)
    above, below = page_turn.bounds(time_window.above, time_window.below)
    status = visit.number("status", STATUSES)
    states: tuple[int, ...] | None = None if status is None else (status,)
    if not _expanded(visit):  # as they are shown
        states = NONE if status == CANCELED else (SUCCESS, CANCELED) if status == SUCCESS else states
    attempt_filter = AttemptFilter(
        above=above, below=below, states=states, code_class=visit.number("status_code_class", CLASSES),
        types=visit.event_types(), channel=visit.text("channel"), tags=tags_of(visit),
    )  # fmt: skip
    return attempt_filter, page_turn


def _expanded(visit: AdminContext) -> bool:
    return visit.flag("expanded_statuses", otherwise=False)


async def by_endpoint(visit: AdminContext) -> Response:
    endpoint = await visit.endpoint()
    attempt_filter, page_turn = _search(visit, "atmpt")
    return await _attempts(visit, page_turn, attempt_filter.at(endpoint.number))


async def by_message(visit: AdminContext) -> Response:
    message = await found_message(visit)
    attempt_filter, page_turn = _search(visit, "atmpt")
    attempt_filter = attempt_filter.of(message.id)
    reference = visit.text("endpoint_id")
    if reference:
        endpoint = await visit.endpoint_called(message.application_id, reference)
        attempt_filter = attempt_filter.at(endpoint.number)
    return await _attempts(visit, page_turn, attempt_filter)


async def _attempts(visit: AdminContext, page_turn: PageTurn, attempt_filter: AttemptFilter) -> Response:
    door, organization = visit.door, visit.who.organization_id
    with_content = visit.flag("with_content", otherwise=True)
    with_msg = visit.flag("with_msg", otherwise=False)

    async def fetch(limit: int) -> list[Attempt]:
        condition = attempt_filter.of_attempts(door.database)
        return await attempts.page(
            door.database, door.vault, organization, condition, limit, descending=page_turn.descending
        )

    async def shown(found_attempts: list[Attempt]) -> list[answers.Shown]:
        ids = await endpoints.ids_of(door.database, sorted({attempt.endpoint for attempt in found_attempts}))
        rows = [
            answers.attempt(
                attempt, ids[attempt.endpoint], with_content=with_content, expanded=_expanded(visit)
            )
            for attempt in found_attempts
        ]
        if with_msg and found_attempts:
            known_messages = await messages.by_ids(
                door.database, door.vault, [attempt.message_id for attempt in found_attempts]
            )
            for row in rows:
                message = known_messages.get(row["msgId"])
                row["msg"] = None if message is None else answers.message(message, with_content=False)
        return rows

    return await page(page_turn, fetch, lambda attempt: attempt.id, shown)


async def messages_of(visit: AdminContext) -> Response:
    """Messages at an endpoint, each with where it stands."""
    endpoint, door = await visit.endpoint(), visit.door
    attempt_filter, page_turn = _search(visit, "msg")
    with_content = visit.flag("with_content", otherwise=True)

    async def fetch(limit: int) -> list[DeliveryState]:
        condition = attempt_filter.at(endpoint.number).of_deliveries(door.database)
        return await deliveries.page(door.database, condition, limit, descending=page_turn.descending)

    async def shown(delivery_states: list[DeliveryState]) -> list[answers.Shown]:
        ids = [delivery_state.message_id for delivery_state in delivery_states]
        known_messages = await messages.by_ids(door.database, door.vault, ids) if ids else {}
        return [
            {
                **answers.message(known_messages[delivery_state.message_id], with_content=with_content),
                **answers.stand(delivery_state, expanded=_expanded(visit)),
            }
            for delivery_state in delivery_states
            if delivery_state.message_id in known_messages
        ]

    return await page(page_turn, fetch, lambda delivery_state: delivery_state.message_id, shown)


async def endpoints_of(visit: AdminContext) -> Response:
    """The endpoints that a message goes to, each with where it stands there."""
    message, door, page_turn = await found_message(visit), visit.door, turn(visit, descending=False)
    above, below = page_turn.bounds(None, None)
    delivery_states = await deliveries.of_message(door.database, message.application_id, message.id)
    stands = {delivery_state.endpoint: delivery_state for delivery_state in delivery_states}
    known_endpoints = await endpoints.by_numbers(door.database, door.vault, list(stands))

    async def fetch(limit: int) -> list[Endpoint]:
        return [
            endpoint
            for endpoint in sorted(
                known_endpoints.values(), key=lambda endpoint: endpoint.id, reverse=page_turn.descending
            )
            if (above is None or endpoint.id > above) and (below is None or endpoint.id < below)
        ][:limit]

    async def shown(part: list[Endpoint]) -> list[answers.Shown]:
        return [
            {
                **answers.endpoint(endpoint, is_whole=visit.who.sees_whole_urls),
                **answers.stand(stands[endpoint.number], expanded=_expanded(visit)),
            }
            for endpoint in part
        ]

    return await page(page_turn, fetch, lambda endpoint: endpoint.id, shown)


async def _attempt(visit: AdminContext) -> Attempt:
    message, attempt_id = await found_message(visit), visit.part("attempt_id")
    attempt = await attempts.get(
        visit.door.database, visit.door.vault, visit.who.organization_id, message.id, attempt_id
    )
    if attempt is None:
        raise NotFound(f"there is no attempt {attempt_id}")
    return attempt


async def get_item(visit: AdminContext) -> Response:
    attempt = await _attempt(visit)
    ids = await endpoints.ids_of(visit.door.database, [attempt.endpoint])
    shown = answers.attempt(attempt, ids[attempt.endpoint], with_content=True, expanded=_expanded(visit))
    return reply(shown)


async def headers(visit: AdminContext) -> Response:
    """The headers that both sides sent; values that are secret were never kept."""
    exchange = (await _attempt(visit)).exchange
    sensitive = sorted(name for name, value in exchange.sent.items() if value == WITHHELD)
    sent = {name: value for name, value in exchange.sent.items() if name not in sensitive}
    received = None if exchange.received is None else [_shown(texts) for texts in exchange.received]
    return reply({"sentHeaders": sent, "responseHeaders": received, "sensitive": sensitive})


def _shown(header: Sequence[str]) -> list[str]:
    """A header of an answer; a receiver may send back what it was told."""
    return [
        withheld(part.encode(errors="surrogateescape")).decode(errors="surrogateescape") for part in header
    ]


async def expunged(visit: AdminContext) -> Response:
    attempt_id = (await _attempt(visit)).id
    await audit_log.note_look(
        visit.door.database,
        visit.who.organization_id,
        "webhook_attempt.content_removed",
        attempt_id,
        visit.now_ms,
    )
    await attempts.expunge(visit.door.database, attempt_id)
    return no_content()


async def resent(visit: AdminContext) -> Response:
    """One try, whatever types and channels the endpoint has; not of a connection that it is not for."""
    message = await found_message(visit)
    endpoint = await visit.endpoint_called(message.application_id, visit.part("endpoint_id"))
    if endpoint.disabled:
        raise BadRequest("the endpoint is disabled: nothing is sent there", code="endpoint_disabled")
    if not message.is_for(endpoint.number):
        raise BadRequest("an example goes to its own endpoint only", code="example_of_another_endpoint")
    if message.body == EXPIRED:
        raise BadRequest("the payload has expired, or was erased", code="missing_payload")

    async def work(transaction: Transaction) -> bool:
        wish = await deliveries.get_subscription(transaction, endpoint.number)
        if wish is not None and message.only_endpoint is None and not wish.is_for(message.channels):
            return False
        await deliveries.put(transaction, endpoint.number, [message.id], visit.now_ms, manual=True)
        await transaction.notify(deliveries.CHANNEL)
        return True

    if not await visit.door.database.transact(work):
        text = "the endpoint is for other connections and customers than this message is about"
        raise BadRequest(text, code="endpoint_filter")
    visit.door.wake()
    return reply({}, 202)
