"""Having vendors send us webhooks: subscribing once a connection is there, and looking after it.

    connected ─▶ subscribe ─▶ looked after every day ─┬─ the vendor has it ─▶ …
                    ▲                                 └─ it has none any more ─┐
                    └──────────────────────────────────────────────────────────┘
    disconnected ─▶ unsubscribe

Only where `CROSSDOCK_BASE_URL` says an address that vendors can reach. Syncs go on by the clock in any case:
what a vendor fails to tell, they find.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import structlog

from crossdock.errors import CrossdockError, NotFound, VendorError, VendorThrottled
from crossdock.jobs.backoff import seconds_to_wait
from crossdock.jobs.queue import Lease, enqueue
from crossdock.kit import registry
from crossdock.kit.registry import Integration, get_integration
from crossdock.store.connections import connections, inbound
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.inbound import SubscriptionRow
from crossdock.store.database.engine import Database
from crossdock.store.database.secrets import Vault
from crossdock.sync.pull import SyncEngine
from crossdock.wire import decoder, encoder

HOUR_MS = 3_600_000
MOST_ATTEMPTS = 6
AGAIN_MS = 6 * HOUR_MS
"""After a vendor would not have us subscribe."""
LEAVE_SECONDS = 10.0
AT_ONCE = 200

log = structlog.get_logger()


@dataclass(frozen=True)
class SubscriptionKeeper:
    """Subscribes connections at their vendors."""

    engine: SyncEngine
    vault: Vault
    base_url: str
    """Where vendors reach us; empty: nowhere."""

    @property
    def database(self) -> Database:
        return self.engine.database

    async def enqueue_due(self) -> int:
        """Queue what is to be subscribed or looked after, and return how many connections."""
        queued, now = 0, self.engine.clock()
        for (kind, slug), integration in registry.all_integrations().items():
            if not self._is_reached_by(integration):
                continue
            for connection_id in await inbound.due(self.database, kind, slug, now, AT_ONCE):
                queued += await self._enqueue(connection_id, now)
        return queued

    def _is_reached_by(self, integration: Integration) -> bool:
        """Check whether the notices of a system can reach us: over the network, or within this process."""
        rule = integration.manifest.inbound
        return rule is not None and (rule.in_process or is_public(self.base_url))

    async def _enqueue(self, connection_id: int, now_ms: int) -> bool:
        async with self.database.transaction() as transaction:
            added = await enqueue(
                transaction, kind="subscribe", connection_id=connection_id, cause="schedule", now_ms=now_ms
            )
        return added is not None

    async def subscribe(self, lease: Lease, _: asyncio.Event) -> None:
        """Do one job: afterwards the vendor sends us notices, or it is tried again later."""
        connection = await connections.by_id(self.database, lease.job.connection_id)
        if connection is None or not self._is_reached_by(
            get_integration(connection.type, connection.integration)
        ):
            async with self.database.transaction() as transaction:
                await lease.finish(transaction)
            return
        try:
            await self._subscribe(lease, connection)
        except VendorError as problem:
            await self._put_off(lease, connection, problem)

    async def _subscribe(self, lease: Lease, connection: ConnectionRow) -> None:
        integration = get_integration(connection.type, connection.integration)
        rule = integration.manifest.inbound
        now = self.engine.clock()
        await inbound.create(self.database, self.vault, connection, now + AGAIN_MS)
        row = await inbound.get(self.database, connection.id)
        changes: dict[str, Any] = {}
        if row is not None and rule is not None:
            gate = self.engine.gates.of(connection, urgent=False)
            try:
                async with self.engine.sign_in(connection, integration, gate) as client:
                    if not await _has(integration.inbound, client, row):
                        changes = await self._subscribed(integration.inbound, client, connection, row)
            finally:
                await gate.release()
            changes["check_ms"] = now + int(rule.check_every_hours * HOUR_MS)
        async with self.database.transaction() as transaction:
            await lease.finish(transaction)
            await inbound.change(transaction, connection.id, **changes or {"check_ms": now + AGAIN_MS})

    async def _subscribed(
        self, module: Any, client: Any, connection: ConnectionRow, row: SubscriptionRow
    ) -> dict[str, Any]:
        """Subscribe, and return what to store of it."""
        url = f"{self.base_url.rstrip('/')}/inbound/{await inbound.open_path(self.vault, connection, row)}"
        secret = await inbound.open_secret(self.vault, connection, row)
        await _end_leftover(module, client, url)
        subscription = await module.subscribe(client, url, secret)
        changes: dict[str, Any] = {"subscription": encoder.encode(subscription.id).decode()}
        if subscription.secret is not None:
            changes["secret"] = await inbound.seal_secret(self.vault, connection, subscription.secret)
        log.info("subscribed", connection=connection.uid, integration=connection.integration)
        return changes

    async def _put_off(self, lease: Lease, connection: ConnectionRow, problem: VendorError) -> None:
        """Again soon if that can help, else at the next look."""
        async with self.database.transaction() as transaction:
            if problem.retryable and lease.job.attempts < MOST_ATTEMPTS:
                wait = seconds_to_wait(lease.job.attempts, self.engine.chance)
                if isinstance(problem, VendorThrottled):
                    wait = max(wait, problem.retry_after)
                await lease.requeue(transaction, wait, str(problem))
                return
            await lease.fail(transaction, str(problem))
            await inbound.change(transaction, connection.id, check_ms=self.engine.clock() + AGAIN_MS)
        log.warning("not subscribed", connection=connection.uid, error=str(problem))

    async def leave(self, connection: ConnectionRow) -> None:
        """End the subscription of a connection that is about to be deleted, if the vendor answers soon."""
        row = await inbound.get(self.database, connection.id)
        if row is None or row.subscription is None:
            return
        integration = get_integration(connection.type, connection.integration)
        gate = self.engine.gates.of(connection, urgent=False)
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                async with self.engine.sign_in(connection, integration, gate) as client:
                    await integration.inbound.unsubscribe(client, decoder.decode(row.subscription))
        except NotFound:
            pass
        except (CrossdockError, TimeoutError) as problem:
            log.warning("not unsubscribed", connection=connection.uid, error=str(problem) or "no answer")
        finally:
            await gate.release()


async def _end_leftover(module: Any, client: Any, url: str) -> None:
    """End the subscription to an address that was made by whoever died before noting it.

    Not taken over: what its vendor signs with was in an answer that nobody kept.
    """
    find_subscription = getattr(module, "find_subscription", None)
    if find_subscription is None:
        return
    leftover = await find_subscription(client, url)
    if leftover is not None:
        with suppress(NotFound):
            await module.unsubscribe(client, leftover)


async def _has(module: Any, client: Any, row: SubscriptionRow) -> bool:
    """Check whether the vendor still has the subscription, as far as it can be asked."""
    if row.subscription is None:
        return False
    is_subscribed = getattr(module, "is_subscribed", None)
    return is_subscribed is None or bool(await is_subscribed(client, decoder.decode(row.subscription)))


def is_public(url: str) -> bool:
    """Check whether others than this machine may reach an address."""
    host = urlsplit(url).hostname or ""
    if host in ("", "localhost") or host.endswith(".localhost"):
        return False
    try:
        return not (ip_address(host).is_loopback or ip_address(host).is_unspecified)
    except ValueError:
        return True
