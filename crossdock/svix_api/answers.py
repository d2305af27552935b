"""What the webhook administration shows. Names of both generations of clients stand beside each other."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from crossdock.store.connections.access import withheld
from crossdock.store.webhooks.apps import App
from crossdock.store.webhooks.attempts import Attempt
from crossdock.store.webhooks.deliveries import CANCELED, SUCCESS, DeliveryState
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import EXPIRED, Message
from crossdock.store.webhooks.tasks import Task
from crossdock.webhooks.event_types import Known
from crossdock.webhooks.request import without_user

Shown = dict[str, Any]

STATUSES = ("success", "pending", "fail", "sending", "canceled")
_EXPIRED = msgspec.Raw(EXPIRED)
_NOTHING = msgspec.Raw(b"{}")
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
EARLIEST_MS = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
LATEST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND


def time(moment_ms: int) -> str:
    """To the millisecond. What lies outside the years 1 to 9999 is shown as their beginning or end."""
    moment = _EPOCH + max(EARLIEST_MS, min(moment_ms, LATEST_MS)) * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else time(moment_ms)


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def application(app: App) -> Shown:
    return {
        "id": app.id,
        "name": app.name,
        "uid": app.uid,
        "throttleRate": app.rate,
        "rateLimit": app.rate,
        "metadata": dict(app.metadata),
        "createdAt": time(app.created_ms),
        "updatedAt": time(app.updated_ms),
    }


def endpoint(current_endpoint: Endpoint, *, is_whole: bool) -> Shown:
    """is_whole: whether its URL is shown with the user and password in it."""
    url = current_endpoint.hidden.url
    shown = {
        "id": current_endpoint.id,
        "url": url if is_whole else without_user(url),
        "description": current_endpoint.description,
        "throttleRate": current_endpoint.rate,
        "rateLimit": current_endpoint.rate,
        "uid": current_endpoint.uid,
        "disabled": current_endpoint.disabled,
        "eventTypes": _list(current_endpoint.types),
        "filterTypes": _list(current_endpoint.types),
        "channels": _list(current_endpoint.channels),
        "version": 1,
        "metadata": dict(current_endpoint.metadata),
        "createdAt": time(current_endpoint.created_ms),
        "updatedAt": time(current_endpoint.updated_ms),
    }
    if current_endpoint.connections is not None:
        shown["connectionIds"] = list(current_endpoint.connections)
    if current_endpoint.customers is not None:
        shown["customerIds"] = list(current_endpoint.customers)
    if current_endpoint.is_operational:
        del shown["channels"], shown["version"]
    return shown


def message(current_message: Message, *, with_content: bool) -> Shown:
    return {
        "id": current_message.id,
        "eventId": current_message.event_id,
        "eventType": current_message.type,
        "payload": _payload(current_message.body, with_content=with_content),
        "channels": _list(current_message.channels),
        "tags": _list(current_message.tags),
        "timestamp": time(current_message.at_ms),
        "deliverAt": _time(current_message.deliver_ms),
    }


def _payload(body: bytes, *, with_content: bool) -> Any:
    if body == EXPIRED:
        return _EXPIRED
    if not with_content:
        return _NOTHING
    body = withheld(body)
    # Only what was given as a text, to be sent byte for byte, may be no object.
    return msgspec.Raw(body) if _is_object(body) else {"rawPayload": text(body)}


def _is_object(body: bytes) -> bool:
    if not body.startswith(b"{"):
        return False
    try:
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def text(body: bytes) -> str:
    """As it is, or as base64 where it is no text."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(body).decode()


def status(state: int, *, expanded: bool) -> Shown:
    """expanded: whether the client knows that there is "canceled"."""
    if state == CANCELED and not expanded:
        state = SUCCESS
    return {"status": state, "statusText": STATUSES[state]}


def stand(delivery_state: DeliveryState, *, expanded: bool) -> Shown:
    """The state of a message at an endpoint, and its next attempt."""
    return {**status(delivery_state.state, expanded=expanded), "nextAttempt": _time(delivery_state.next_ms)}


def attempt(current_attempt: Attempt, endpoint_id: str, *, with_content: bool, expanded: bool) -> Shown:
    return {
        "id": current_attempt.id,
        "msgId": current_attempt.message_id,
        "endpointId": endpoint_id,
        "url": current_attempt.exchange.url,
        "response": text(withheld(current_attempt.response)) if with_content else "",
        "responseStatusCode": current_attempt.code,
        "responseDurationMs": current_attempt.duration_ms,
        **status(current_attempt.status, expanded=expanded),
        "triggerType": int(current_attempt.manual),
        "timestamp": time(current_attempt.at_ms),
    }


def task_begun(current_task: Task) -> Shown:
    return {
        "id": current_task.id,
        "status": current_task.status,
        "task": current_task.kind,
        "updatedAt": time(current_task.updated_ms),
    }


def task(current_task: Task) -> Shown:
    data: Mapping[str, Any] = {"messagesSent": current_task.sent} if current_task.status != "running" else {}
    return {**task_begun(current_task), "data": data}


def event_type(current_event_type: Known, *, with_content: bool) -> Shown:
    flags = _list(current_event_type.feature_flags)
    return {
        "name": current_event_type.name,
        "description": current_event_type.description,
        "archived": current_event_type.archived,
        "deprecated": current_event_type.deprecated,
        "schemas": current_event_type.schemas if with_content else None,
        "groupName": current_event_type.group_name,
        "featureFlags": flags,
        "featureFlag": flags[0] if flags else None,
        "createdAt": time(current_event_type.created_ms),
        "updatedAt": time(current_event_type.updated_ms),
    }
