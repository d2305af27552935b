"""Webhooks about webhooks: the operator's own endpoints are told when others fail, change or recover.

They are messages like any other, of an application that no caller can name; nothing is told about them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from crossdock.store.alerts import signals
from crossdock.store.alerts.signals import AlertSignal
from crossdock.store.database.engine import Transaction
from crossdock.store.database.ids import new_id
from crossdock.store.webhooks import apps, deliveries, messages
from crossdock.store.webhooks.deliveries import NewMessage
from crossdock.store.webhooks.endpoints import Endpoint, is_internal, operational
from crossdock.store.webhooks.messages import Message
from crossdock.wire import stamp

ENDPOINT_TYPES = (
    "endpoint.created", "endpoint.updated", "endpoint.deleted", "endpoint.enabled", "endpoint.disabled",
)  # fmt: skip
TYPES = (
    *ENDPOINT_TYPES, "message.attempt.failing", "message.attempt.exhausted", "message.attempt.recovered",
    "background_task.finished",
)  # fmt: skip

KEPT_MS = 90 * 86_400_000


@dataclass(frozen=True)
class OperationalSubject:
    """The endpoint that something is told of."""

    organization_id: str
    application_id: str
    id: str
    uid: str | None
    host: str = ""
    """Of its URL, without user and path."""

    @classmethod
    def of(cls, endpoint: Endpoint) -> "OperationalSubject":
        host = urlsplit(endpoint.hidden.url).netloc.rpartition("@")[2]
        return cls(endpoint.organization_id, endpoint.application_id, endpoint.id, endpoint.uid, host)

    @property
    def is_operational(self) -> bool:
        return is_internal(self.application_id)


async def emit_operational(
    transaction: Transaction, organization_id: str, event_type: str, data: Mapping[str, Any], now_ms: int
) -> None:
    """Tell the organization's operational endpoints, if it has any, in this transaction."""
    application = operational(organization_id)
    if not await deliveries.subscriptions(transaction, application):
        return
    body = msgspec.json.encode({"type": event_type, "data": data})
    message = Message(
        id=new_id("msg", now_ms), application_id=application, type=event_type, at_ms=now_ms, body=body,
        expires_ms=now_ms + KEPT_MS,
    )  # fmt: skip
    await messages.add(transaction, message)
    await deliveries.fan_out(transaction, application, [NewMessage(message.id, event_type)], now_ms)


async def tell_endpoint(
    transaction: Transaction, about: OperationalSubject, event_type: str, now_ms: int, **extra_fields: Any
) -> None:
    """Tell that an endpoint was created, updated, deleted, enabled or disabled."""
    if not about.is_operational:
        if event_type in signals.ENDINGS:
            await signal(transaction, about, event_type, now_ms)
        names = await _names(transaction, about)
        await emit_operational(
            transaction, about.organization_id, event_type, {**names, **extra_fields}, now_ms
        )


async def signal(transaction: Transaction, about: OperationalSubject, signal_type: str, now_ms: int) -> None:
    """Leave word for alerts, in this transaction; nothing is left about endpoints of our own."""
    if not about.is_operational:
        new_signal = AlertSignal(
            about.organization_id, signal_type, about.application_id, about.id, now_ms, about.host
        )
        await signals.add(transaction, new_signal)


async def _names(transaction: Transaction, about: OperationalSubject) -> dict[str, Any]:
    is_own = about.application_id == about.organization_id
    uid = about.application_id if is_own else await apps.uid_of(transaction, about.application_id)
    return {
        "appId": about.application_id,
        "appUid": uid,
        "endpointId": about.id,
        "endpointUid": about.uid,
    }


@dataclass(frozen=True)
class TriedAttempt:
    """The attempt that something is told of."""

    id: str
    code: int
    at_ms: int


async def tell_attempt(
    transaction: Transaction, about: OperationalSubject, event_type: str, message: Message, last: TriedAttempt
) -> None:
    """Tell that a message is failing somewhere, has used up its attempts, or recovered."""
    if about.is_operational:
        return
    names = await _names(transaction, about)
    del names["endpointUid"]
    data = {
        **names,
        "msgId": message.id,
        "msgEventId": message.event_id,
        "lastAttempt": {"id": last.id, "responseStatusCode": last.code, "timestamp": stamp(last.at_ms)},
    }
    await emit_operational(transaction, about.organization_id, event_type, data, last.at_ms)
