"""A world with a receiver of webhooks, on a clock that waits.

hooks = await Hooks.of(world)
endpoint = await hooks.endpoint()                       gets every event at receiver.url + "/hook"
await hooks.send()                                      a message of the admin API, and its delivery
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from crossdock.store.database.ids import new_id
from crossdock.store.webhooks import attempts, deliveries, endpoints, messages
from crossdock.store.webhooks.attempts import Attempt, AttemptCondition
from crossdock.store.webhooks.deliveries import DeliveryState, NewMessage
from crossdock.store.webhooks.endpoints import Endpoint, EndpointSecret, HiddenHeaders
from crossdock.store.webhooks.messages import Message
from crossdock.webhooks import sign
from tests.fakes.hook_receiver import Receiver
from tests.journeys.conftest import World

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MINUTE, HOUR = 60, 3600


@dataclass
class Hooks:
    """Who listens, and what arrives."""

    world: World
    receiver: Receiver

    @property
    def services(self) -> Any:
        return self.world.services

    async def endpoint(
        self,
        path: str = "/hook",
        *,
        url: str | None = None,
        application: str | None = None,
        **extra_fields: Any,
    ) -> Endpoint:
        """A new endpoint of the world's organization."""
        now = self.world.clock()
        hidden = {
            name: extra_fields.pop(name) for name in ("headers", "code", "variables") if name in extra_fields
        }
        secrets = [EndpointSecret(secret) for secret in extra_fields.pop("secrets", [SECRET])]
        endpoint = Endpoint(
            number=0,
            id=new_id("ep", now),
            organization_id=self.world.organization,
            application_id=application or self.world.organization,
            created_ms=now,
            updated_ms=now,
            hidden=HiddenHeaders(url=url or f"{self.receiver.url}{path}", secrets=secrets, **hidden),
            **extra_fields,
        )
        await self.services.vault.prepare(endpoint.organization_id)
        async with self.services.database.transaction() as transaction:
            return await endpoints.add(transaction, self.services.vault, endpoint)

    async def change(self, endpoint: Endpoint, **changes: Any) -> Endpoint:
        reload = await self.reload(endpoint)
        changed = replace(reload, **changes)
        async with self.services.database.transaction() as transaction:
            await endpoints.change(transaction, self.services.vault, changed)
        return changed

    async def reload(self, endpoint: Endpoint) -> Endpoint:
        mapping = await endpoints.by_numbers(self.services.database, self.services.vault, [endpoint.number])
        return mapping[endpoint.number]

    async def put(self, payload: Any = None, kind: str = "order.updated", **extra_fields: Any) -> Message:
        """A message, not sent yet."""
        now = self.world.clock()
        message = Message(
            id=new_id("msg", now), application_id=self.world.organization, type=kind, at_ms=now,
            body=msgspec.json.encode({"n": 1} if payload is None else payload),
            expires_ms=now + 90 * 86_400_000, **extra_fields,
        )  # fmt: skip
        async with self.services.database.transaction() as transaction:
            await messages.add(transaction, message)
            new_messages = [NewMessage(message.id, kind, message.channels)]
            await deliveries.fan_out(transaction, message.application_id, new_messages, now)
        return message

    async def send(self, payload: Any = None, kind: str = "order.updated", **extra_fields: Any) -> Message:
        """A message, and the first attempts to deliver it."""
        message = await self.put(payload, kind, **extra_fields)
        await self.deliver()
        return message

    async def deliver(self, seconds: float = 0) -> None:
        """Lets time pass, then sends what is due."""
        self.world.clock.pass_seconds(seconds)
        await self.services.webhooks.sender().drain()

    async def attempts(self, endpoint: Endpoint, message: Message | None = None) -> list[Attempt]:
        """What was tried, in order."""
        sql, values = "a.endpoint = ?", list[Any]([endpoint.number])
        if message is not None:
            sql, values = f"{sql} AND a.message_id = ?", [*values, message.id]
        return await attempts.page(
            self.services.database, self.services.vault, endpoint.organization_id,
            AttemptCondition(sql, values), 1000, descending=False,
        )  # fmt: skip

    async def stand(self, endpoint: Endpoint, message: Message) -> DeliveryState | None:
        delivery_states = await deliveries.at_endpoint(self.services.database, endpoint.number, [message.id])
        return delivery_states.get(message.id)


@pytest.fixture
async def hooks(world: World) -> AsyncIterator[Hooks]:
    async with Receiver() as receiver:
        yield Hooks(world, receiver)


def signed_by(secret: str, headers: Any, body: bytes, now: float) -> bool:
    return sign.verify(
        secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body, headers["webhook-signature"],
        now=now,
    )  # fmt: skip


def with_timeout(hooks: Hooks, seconds: float) -> None:
    means = hooks.services.delivery
    object.__setattr__(means, "timeout_seconds", seconds)
