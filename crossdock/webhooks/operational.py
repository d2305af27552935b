"""Webhooks about webhooks: the operator's own endpoints are told when others fail, change or recover.

They are messages like any other, of an application that no caller can name; nothing is told about them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.changes.document import stamp
from crossdock.store.engine import Transaction
from crossdock.store.ids import new_id
from crossdock.store.webhooks import apps, deliveries, messages
from crossdock.store.webhooks.deliveries import New
from crossdock.store.webhooks.endpoints import Endpoint, operational
from crossdock.store.webhooks.messages import Message

ENDPOINT_TYPES = (
    "endpoint.created", "endpoint.updated", "endpoint.deleted", "endpoint.enabled", "endpoint.disabled",
)  # fmt: skip
TYPES = (
    *ENDPOINT_TYPES, "message.attempt.failing", "message.attempt.exhausted", "message.attempt.recovered",
    "background_task.finished",
)  # fmt: skip

KEPT_MS = 90 * 86_400_000


@dataclass(frozen=True)
class About:
    """The endpoint that something is told of."""

    organization_id: str
    application_id: str
    id: str
    uid: str | None

    @classmethod
    def of(cls, endpoint: Endpoint) -> "About":
        return cls(endpoint.organization_id, endpoint.application_id, endpoint.id, endpoint.uid)

    @property
    def is_operational(self) -> bool:
        return self.application_id == operational(self.organization_id)


async def tell(
    transaction: Transaction, organization_id: str, event_type: str, data: Mapping[str, Any], now_ms: int
) -> None:
    """Tells the organization's operational endpoints, if it has any, in this transaction."""
    application = operational(organization_id)
    if not await deliveries.wishes(transaction, application):
        return
    body = msgspec.json.encode({"type": event_type, "data": data})
    message = Message(
        id=new_id("msg", now_ms), application_id=application, type=event_type, at_ms=now_ms, body=body,
        expires_ms=now_ms + KEPT_MS,
    )  # fmt: skip
    await messages.add(transaction, message)
    await deliveries.fan_out(transaction, application, [New(message.id, event_type)], now_ms)


async def tell_endpoint(
    transaction: Transaction, about: About, event_type: str, now_ms: int, **more: Any
) -> None:
    """Tells that an endpoint was created, updated, deleted, enabled or disabled."""
    if not about.is_operational:
        names = await _names(transaction, about)
        await tell(transaction, about.organization_id, event_type, {**names, **more}, now_ms)


async def _names(transaction: Transaction, about: About) -> dict[str, Any]:
    is_own = about.application_id == about.organization_id
    uid = about.application_id if is_own else await apps.uid_of(transaction, about.application_id)
    return {
        "appId": about.application_id,
        "appUid": uid,
        "endpointId": about.id,
        "endpointUid": about.uid,
    }


@dataclass(frozen=True)
class Tried:
    """The attempt that something is told of."""

    id: str
    code: int
    at_ms: int


async def tell_attempt(
    transaction: Transaction, about: About, event_type: str, message: Message, last: Tried
) -> None:
    """Tells that a message is failing somewhere, has used up its attempts, or recovered."""
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
    await tell(transaction, about.organization_id, event_type, data, last.at_ms)
