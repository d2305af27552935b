"""What the webhook administration shows. Names of both generations of clients stand beside each other."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from crossdock.store.webhooks.apps import App
from crossdock.store.webhooks.attempts import Attempt
from crossdock.store.webhooks.deliveries import CANCELED, SUCCESS, Stand
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import EXPIRED, Message
from crossdock.store.webhooks.tasks import Task
from crossdock.webhooks.event_types import Known

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


def application(one: App) -> Shown:
    return {
        "id": one.id,
        "name": one.name,
        "uid": one.uid,
        "throttleRate": one.rate,
        "rateLimit": one.rate,
        "metadata": dict(one.metadata),
        "createdAt": time(one.created_ms),
        "updatedAt": time(one.updated_ms),
    }


def endpoint(one: Endpoint) -> Shown:
    shown = {
        "id": one.id,
        "url": one.hidden.url,
        "description": one.description,
        "throttleRate": one.rate,
        "rateLimit": one.rate,
        "uid": one.uid,
        "disabled": one.disabled,
        "eventTypes": _list(one.types),
        "filterTypes": _list(one.types),
        "channels": _list(one.channels),
        "version": 1,
        "metadata": dict(one.metadata),
        "createdAt": time(one.created_ms),
        "updatedAt": time(one.updated_ms),
    }
    if one.is_operational:
        del shown["channels"], shown["version"]
    return shown


def message(one: Message, *, with_content: bool) -> Shown:
    return {
        "id": one.id,
        "eventId": one.event_id,
        "eventType": one.type,
        "payload": _payload(one.body, with_content=with_content),
        "channels": _list(one.channels),
        "tags": _list(one.tags),
        "timestamp": time(one.at_ms),
        "deliverAt": _time(one.deliver_ms),
    }


def _payload(body: bytes, *, with_content: bool) -> Any:
    if body == EXPIRED:
        return _EXPIRED
    if not with_content:
        return _NOTHING
    # Only what was given as a text, to be sent byte for byte, may be no object.
    return msgspec.Raw(body) if _is_object(body) else {"rawPayload": text(body)}


def _is_object(body: bytes) -> bool:
    if not body.startswith(b"{"):
        return False
    try:
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
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


def stand(one: Stand, *, expanded: bool) -> Shown:
    """Where a message stands at an endpoint."""
    return {**status(one.state, expanded=expanded), "nextAttempt": _time(one.next_ms)}


def attempt(one: Attempt, endpoint_id: str, *, with_content: bool, expanded: bool) -> Shown:
    return {
        "id": one.id,
        "msgId": one.message_id,
        "endpointId": endpoint_id,
        "url": one.exchange.url,
        "response": text(one.response) if with_content else "",
        "responseStatusCode": one.code,
        "responseDurationMs": one.duration_ms,
        **status(one.status, expanded=expanded),
        "triggerType": int(one.manual),
        "timestamp": time(one.at_ms),
    }


def task_begun(one: Task) -> Shown:
    return {"id": one.id, "status": one.status, "task": one.kind, "updatedAt": time(one.updated_ms)}


def task(one: Task) -> Shown:
    data: Mapping[str, Any] = {"messagesSent": one.sent} if one.status != "running" else {}
    return {**task_begun(one), "data": data}


def event_type(one: Known, *, with_content: bool) -> Shown:
    flags = _list(one.feature_flags)
    return {
        "name": one.name,
        "description": one.description,
        "archived": one.archived,
        "deprecated": one.deprecated,
        "schemas": one.schemas if with_content else None,
        "groupName": one.group_name,
        "featureFlags": flags,
        "featureFlag": flags[0] if flags else None,
        "createdAt": time(one.created_ms),
        "updatedAt": time(one.updated_ms),
    }
