"""Connecting a customer's system: the credentials are tried first, then stored, then everything syncs."""

import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from crossdock.changes.events import connection_event
from crossdock.connections import problems
from crossdock.connections.credentials import fill, replace_values, with_app
from crossdock.connections.schedules import schedule_all
from crossdock.errors import InvalidCredentials, NotFound, VendorError
from crossdock.jobs.queue import enqueue
from crossdock.kit.contract import Client
from crossdock.kit.registry import Integration, get_integration
from crossdock.kit.session import TOKENS, ConnectionSession, LocalSession
from crossdock.store.connections import connections, schedules, sessions, sign_ins
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.sessions import StoredSession
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.store.people.audit_log import SYSTEM, Actor, AuditEntry, note
from crossdock.store.records import events
from crossdock.store.records.events import EventRow
from crossdock.wire import encoder, stamp

Try = Callable[
    [ConnectionRow, Integration, Mapping[str, str], ConnectionSession], AbstractAsyncContextManager[Client]
]
"""A client for credentials that are not stored yet, for the connection to be."""


async def _nothing_else(_transaction: Transaction, _connection: ConnectionRow) -> None: ...


async def _no_app(_integration: Integration) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class ConnectCircumstances:
    """The circumstances of connecting: by whom, and what is on and off from the first moment."""

    actor: Actor = SYSTEM
    disabled_functions: frozenset[str] = frozenset()
    """Functions that are off for the new connection, besides those of its organization."""
    enabled_functions: frozenset[str] = frozenset()
    """Functions that are on for it whatever its organization says."""
    work: Callable[[Transaction, ConnectionRow], Awaitable[None]] = _nothing_else
    """What is stored in the same transaction; what it raises undoes all."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What the audit log says besides."""


BY_ITSELF = ConnectCircumstances()


@dataclass(frozen=True)
class Connector:
    """The parts that connecting needs."""

    database: Database
    vault: Vault
    try_out: Try
    clock: Clock
    app: Callable[[Integration], Awaitable[Mapping[str, str]]] = _no_app
    """The sign-in fields that the operator fills in for all: those of its OAuth app. They are not stored with
    connections."""

    async def connect(
        self,
        organization_id: str,
        integration: Integration,
        values: Mapping[str, str],
        customer_id: str | None = None,
        session_values: Mapping[str, Any] | None = None,
        circumstances: ConnectCircumstances = BY_ITSELF,
    ) -> tuple[ConnectionRow, str]:
        """A new connection and its access token.

        session_values: what its session begins with, the tokens of a consent (`connections.oauth`).

        Raises Invalid naming each field that is missing or unknown, and the VendorError that the system
        answers with when it does not accept the credentials; all that is stored then is the event that tells.
        """
        now = self.clock()
        connection = replace(
            new_connection(organization_id, integration, customer_id, now),
            disabled_functions=circumstances.disabled_functions,
            enabled_functions=circumstances.enabled_functions,
        )
        app = await self.app(integration)
        filled = fill(integration, with_app(integration, values, app), placeholders(connection, now))
        try:
            me, session = await self._account(connection, integration, filled, session_values or {})
        except VendorError as failure:
            await self.emit_failed(connection, failure)
            raise
        connection = replace(connection, me=me)
        sealed = await connections.seal(self.vault, connection, _without(filled, app))
        sealed_session = await sessions.seal(self.vault, connection, session)
        event = await self._created_event(connection, sealed.token, now)

        async def work(transaction: Transaction) -> ConnectionRow:
            stored = await connections.create(transaction, connection, sealed)
            await sessions.put(transaction, stored.id, sealed_session)
            await schedule_all(transaction, stored, integration, now)
            if integration.manifest.inbound is not None:
                await enqueue(
                    transaction, kind="subscribe", connection_id=stored.id, cause="schedule", now_ms=now
                )
            await events.add(transaction, [replace(event, connection_id=stored.id)])
            await note(transaction, _entry("connection.created", stored, circumstances), now)
            await circumstances.work(transaction, stored)
            return stored

        stored = await self.database.transact(work)
        return stored, sealed.token

    async def reconnect(
        self,
        connection: ConnectionRow,
        values: Mapping[str, str],
        session_values: Mapping[str, Any] | None = None,
        circumstances: ConnectCircumstances = BY_ITSELF,
    ) -> None:
        """Take new sign-in fields for a connection; those that are not given stay. Tried at once.

        Id, access token, records and the facts of its session stay; tokens are forgotten, and all that failed
        is due now. session_values: as in `connect`. Raises as `connect` does; nothing is stored then.
        """
        integration = get_integration(connection.type, connection.integration)
        now = self.clock()
        stored = await connections.credentials(self.database, self.vault, connection)
        app = await self.app(integration)
        replaced = with_app(integration, replace_values(integration, stored, values), app)
        filled = fill(integration, replaced, placeholders(connection, now))
        begin = await self._facts(connection) | dict(session_values or {})
        me, session = await self._account(connection, integration, filled, begin)
        sealed = await connections.seal_credentials(self.vault, connection, _without(filled, app))
        sealed_session = await sessions.seal(self.vault, connection, session)

        async def work(transaction: Transaction) -> None:
            if not await connections.lock(transaction, connection.id):
                raise NotFound("the connection was deleted", record_id=connection.uid)
            await connections.change(transaction, connection.id, {"credentials": sealed, "me": me})
            await sign_ins.forget(transaction, connection.id)
            await sessions.put(transaction, connection.id, sealed_session)
            await schedules.due_again(transaction, connection.id, now)
            await schedule_all(transaction, connection, integration, now)
            await problems.clear_at_reconnect(transaction, connection, now)
            await note(transaction, _entry("connection.reinstalled", connection, circumstances), now)
            await circumstances.work(transaction, connection)

        await self.database.transact(work)

    async def _account(
        self,
        connection: ConnectionRow,
        integration: Integration,
        filled: Mapping[str, str],
        session_values: Mapping[str, Any],
    ) -> tuple[str, dict[str, Any]]:
        """Sign in. The account, as the system names it, as JSON; and what the session is to keep."""
        session = LocalSession(session_values)
        async with self.try_out(connection, integration, filled, session) as client:
            account = await client.check()
        me = encoder.encode({"name": account.name, **account.identifiers}).decode()
        return me, session.values | account.facts

    async def _facts(self, connection: ConnectionRow) -> dict[str, Any]:
        """The values that a session keeps when the credentials are replaced: all but tokens."""
        session = StoredSession(self.database, self.vault, connection, self.clock)
        return {name: value for name, value in (await session.get()).items() if name != TOKENS}

    async def emit_failed(self, connection: ConnectionRow, failure: VendorError) -> None:
        """Tell the organization, under the id that the connection would have had."""
        data = {"error_message": str(failure), "customer_id": connection.customer_id}
        event = connection_event(connection, "install.failed", data, self.clock())
        async with self.database.transaction() as transaction:
            await events.add(transaction, [event])

    async def _created_event(self, connection: ConnectionRow, token: str, now: int) -> EventRow:
        """The event that tells the access token: its body is encrypted like one."""
        data = {"created_date": stamp(now), "access_token": token}
        event = connection_event(connection, "connection.created", data, now)
        body = await self.vault.seal(connection.organization_id, f"event {event.id}", event.body)
        return replace(event, body=body, sealed=True)


def new_connection(
    organization_id: str, integration: Integration, customer_id: str | None, now_ms: int
) -> ConnectionRow:
    """A connection that is not stored yet."""
    return ConnectionRow(
        id=0,
        uid=str(uuid.uuid4()),
        organization_id=organization_id,
        type=integration.type,
        integration=integration.slug,
        customer_id=customer_id,
        me=None,
        disabled_functions=frozenset(),
        webhooks_disabled=False,
        times_used=0,
        last_used_ms=None,
        created_ms=now_ms,
    )


def placeholders(connection: ConnectionRow, now_ms: int) -> dict[str, str]:
    """The values that defaults of sign-in fields may be made of."""
    return {"connection": connection.uid.replace("-", ""), "now": stamp(now_ms)}


def _without(filled: Mapping[str, str], app: Mapping[str, str]) -> dict[str, str]:
    """The fields that are the connection's own."""
    return {key: value for key, value in filled.items() if key not in app}


def _entry(action: str, connection: ConnectionRow, circumstances: ConnectCircumstances) -> AuditEntry:
    detail = {
        "integration_name": connection.integration,
        "integration_type": connection.type,
        "customer_id": connection.customer_id,
    }
    return AuditEntry(
        connection.organization_id, circumstances.actor, action, connection.uid,
        detail | dict(circumstances.detail),
    )  # fmt: skip


@contextmanager
def naming_system(integration: Integration) -> Iterator[None]:
    """Raise what the system refuses under its name. Its own words about a wrong password help nobody."""
    name = integration.manifest.name
    try:
        yield
    except VendorError as problem:
        message = f"{name}: {problem}"
        if isinstance(problem, InvalidCredentials):
            message = f"Invalid {name} credentials" + ("" if problem.status == 401 else f": {problem}")
        raise VendorError(message, url=problem.url, status=problem.status) from problem
