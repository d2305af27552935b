"""Connecting a customer's system: the credentials are tried first, then stored, then everything syncs."""

import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from crossdock.changes.document import encoder, stamp
from crossdock.changes.events import connection_event
from crossdock.errors import Invalid, VendorError
from crossdock.integrations.contract import Client
from crossdock.integrations.deliveries import SOURCE
from crossdock.integrations.registry import Integration
from crossdock.jobs.queue import enqueue
from crossdock.resources.catalogue import by_function
from crossdock.store import connections, events, jobs, records, schedules
from crossdock.store.connections import Connection
from crossdock.store.engine import Database, Transaction
from crossdock.store.events import EventRow
from crossdock.store.ids import Clock
from crossdock.store.secrets import Vault

Try = Callable[[Connection, Integration, Mapping[str, str]], AbstractAsyncContextManager[Client]]
"""A client for credentials that are not stored yet, for the connection to be."""


@dataclass(frozen=True)
class Linker:
    """What connecting needs."""

    database: Database
    vault: Vault
    try_out: Try
    clock: Clock

    async def connect(
        self,
        organization_id: str,
        integration: Integration,
        given: Mapping[str, str],
        customer_id: str | None = None,
    ) -> tuple[Connection, str]:
        """A new connection and its access token.

        Raises Invalid naming each field that is missing or unknown, and the VendorError that the system
        answers with when it does not accept the credentials; all that is stored then is the event that tells.
        """
        now = self.clock()
        uid = str(uuid.uuid4())
        filled = fill(integration, given, {"connection": uid.replace("-", ""), "now": stamp(now)})
        connection = Connection(
            id=0, uid=uid, organization_id=organization_id, type=integration.type,
            integration=integration.slug, customer_id=customer_id, me=None,
            disabled_functions=frozenset(), webhooks_disabled=False, times_used=0, last_used_ms=None,
            created_ms=now,
        )  # fmt: skip
        try:
            async with self.try_out(connection, integration, filled) as client:
                account = await client.check()
        except VendorError as failure:
            await self._tell_failed(connection, failure)
            raise
        me = encoder.encode({"name": account.name, **account.identifiers}).decode()
        connection = replace(connection, me=me)
        sealed = await connections.seal(self.vault, connection, filled)
        told = await self._created_event(connection, sealed.token, now)
        async with self.database.transaction() as transaction:
            stored = await connections.create(transaction, connection, sealed)
            await schedule_all(transaction, stored, integration, now)
            await events.add(transaction, [_of(told, stored.id)])
        return stored, sealed.token

    async def _tell_failed(self, connection: Connection, failure: VendorError) -> None:
        """The organization hears of it under the id that the connection would have had."""
        data = {"error_message": str(failure), "customer_id": connection.customer_id}
        async with self.database.transaction() as transaction:
            await events.add(
                transaction, [connection_event(connection, "install.failed", data, self.clock())]
            )

    async def _created_event(self, connection: Connection, token: str, now: int) -> EventRow:
        """It tells the access token, so its body is encrypted like one."""
        data = {"created_date": stamp(now), "access_token": token}
        event = connection_event(connection, "connection.created", data, now)
        body = await self.vault.seal(connection.organization_id, f"event {event.id}", event.body)
        return EventRow(**{**vars(event), "body": body, "sealed": True})

    async def disconnect(self, connection: Connection) -> bool:
        """Deletes a connection; its records follow in the background. False when it was gone already."""
        now = self.clock()
        data = {"deleted_date": stamp(now)}
        async with self.database.transaction() as transaction:
            if not await connections.delete(transaction, connection.id, now):
                return False
            await events.add(transaction, [connection_event(connection, "connection.deleted", data, now)])
            await enqueue(transaction, kind="purge", connection_id=connection.id, cause="delete", now_ms=now)
        return True


def _of(event: EventRow, connection_id: int) -> EventRow:
    return EventRow(**{**vars(event), "connection_id": connection_id})


async def schedule_all(
    transaction: Transaction, connection: Connection, integration: Integration, now_ms: int
) -> None:
    """Every function of the integration syncs from now on, at its own pace."""
    every = {name: int(one.every.total_seconds()) for name, one in integration.resources.items() if one.every}
    await schedules.create(transaction, connection.id, every, now_ms)


async def restart(
    database: Database,
    vault: Vault,
    connection: Connection,
    credentials: Mapping[str, str],
    now_ms: int,
) -> None:
    """Forgets all records of a connection and syncs everything as if for the first time, signed in anew."""
    sealed = await connections.seal_credentials(vault, connection, credentials)
    async with database.transaction() as transaction:
        # A run that is under way loses its lease: nothing it read before is stored after.
        await jobs.abandon(transaction, connection.id, "the connection was reset", now_ms)
        await connections.change(transaction, connection.id, {"credentials": sealed})
        for table in [*(one.key for one in by_function(connection.type).values()), *records.BELONGINGS]:
            await records.purge(transaction, table, connection.id, limit=1_000_000_000)
        await schedules.start_over(transaction, connection.id, now_ms)


def fill(integration: Integration, given: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The sign-in fields with their defaults; a default "{connection}" or "{now}" is filled in.

    Raises Invalid, naming every field that is missing, does not fit, or that the integration does not have.
    """
    fields = {one.key: one for one in integration.manifest.auth.fields}
    faults: dict[str, list[str]] = {}
    way = given.get(SOURCE) or (fields[SOURCE].default if SOURCE in fields else None)
    for name in given:
        if name not in fields:
            wanted = ", ".join(fields) or "none"
            faults[name] = [f"{integration.slug} has no field {name!r}; its fields are: {wanted}"]
        elif SOURCE in fields and fields[name].way not in (None, way):
            faults[name] = [f"{name} is only for {SOURCE}={fields[name].way}, and it is {way}"]
    filled: dict[str, str] = {}
    for key, one in fields.items():
        if SOURCE in fields and one.way not in (None, way):
            continue
        if given.get(key):
            filled[key] = given[key]
        elif one.default is not None:
            filled[key] = one.default.format_map(dict(known))
        else:
            faults[key] = [f"{integration.slug} needs {key} ({one.label})"]
        if one.choices and filled.get(key, one.choices[0]) not in one.choices:
            faults[key] = [f"{key} is {filled[key]!r:.50}; wanted is one of {', '.join(one.choices)}"]
    if faults:
        raise Invalid({"credentials": faults})
    return filled
