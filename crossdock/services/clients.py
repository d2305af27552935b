"""Clients of connected systems: signed in with what is stored, bounded by what vendors allow an account."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
import structlog

from crossdock import metrics
from crossdock.config import Settings
from crossdock.connections.link.oauth_apps import OAuthApps
from crossdock.errors import TooManyRequests, Unavailable, VendorError
from crossdock.files.connection_files import ConnectionFiles
from crossdock.files.intake import FileIntake
from crossdock.files.polling import SourcePoller
from crossdock.files.removing import take_away
from crossdock.files.source_factory import open_source, way_of
from crossdock.invoices.carriers import source_of
from crossdock.kit.contract import Client, Context
from crossdock.kit.file_sources import FileSource
from crossdock.kit.gate import OpenSignInGate, SignInGate
from crossdock.kit.http import Http, Patience
from crossdock.kit.inbound import BadSignature, InboundRequest
from crossdock.kit.limits import CountedSlots
from crossdock.kit.registry import Integration
from crossdock.kit.session import ConnectionSession, LocalSession
from crossdock.net.addresses import AddressPolicy
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.sessions import StoredSession
from crossdock.store.connections.slots import StoredSlots, account_of
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.sync.gate import ConnectionGate, SignInGates, refusal_in
from crossdock.sync.notices import NoticeIntake

log = structlog.get_logger()


@dataclass(frozen=True)
class ClientFactory:
    """The factory of clients for connections, and of the sources that their files are taken from."""

    settings: Settings
    database: Database
    vault: Vault
    session: aiohttp.ClientSession
    clock: Clock
    gates: SignInGates
    intake: FileIntake
    poller: SourcePoller
    apps: OAuthApps
    notices: NoticeIntake
    concurrency: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    """Bounds the calls at a time of each account and limit, over all its runs in this process."""

    @asynccontextmanager
    async def sign_in(
        self, connection: ConnectionRow, integration: Integration, gate: ConnectionGate
    ) -> AsyncIterator[Client]:
        """A client to sync with, after new files of the connection were taken in."""
        credentials = await self._credentials(connection, integration)
        if integration.type == "carrier":
            await take_away(self.intake, connection)
        if source := self.source(connection, integration, credentials):
            async with gate.noting():
                await self.poller.at(connection, source)
        yield integration.client(self._context(connection, integration, credentials, Patience(), gate))

    @asynccontextmanager
    async def sign_in_to_write(
        self, connection: ConnectionRow, integration: Integration
    ) -> AsyncIterator[Client]:
        """A client for somebody who waits: better a refusal in seconds than a success in minutes."""
        credentials = await self._credentials(connection, integration)
        patience = Patience(retries=1, longest_wait_seconds=10)
        gate = self.gates.of(connection, urgent=True)
        try:
            yield integration.client(self._context(connection, integration, credentials, patience, gate))
        except VendorError as failure:
            if refusal := refusal_in(failure):
                await gate.refused(refusal)
            raise
        finally:
            await gate.release()

    @asynccontextmanager
    async def try_out(
        self,
        connection: ConnectionRow,
        integration: Integration,
        credentials: Mapping[str, str],
        session: ConnectionSession,
    ) -> AsyncIterator[Client]:
        """A client for credentials that are not stored yet. Their source of files is looked at, too."""
        if source := self.source(connection, integration, credentials, session):
            async for _ in source.files():
                break
        # Somebody waits for the answer: a mistyped host should not take a minute.
        patience, gate = Patience(retries=1), OpenSignInGate()
        yield integration.client(self._context(connection, integration, credentials, patience, gate, session))

    def consent_context(
        self, connection: ConnectionRow, integration: Integration, credentials: Mapping[str, str]
    ) -> Context:
        """A context for the sign-in on a page of the vendor, of a connection that is not stored yet."""
        patience, gate = Patience(retries=1), OpenSignInGate()
        return self._context(connection, integration, credentials, patience, gate, LocalSession())

    async def _credentials(self, connection: ConnectionRow, integration: Integration) -> dict[str, str]:
        """The sign-in fields of a connection; what it has none of, the operator may have for all."""
        stored = await connections.credentials(self.database, self.vault, connection)
        return {**await self.apps.fields(integration), **stored}

    def _context(
        self,
        connection: ConnectionRow,
        integration: Integration,
        credentials: Mapping[str, str],
        patience: Patience,
        gate: SignInGate,
        session: ConnectionSession | None = None,
    ) -> Context:
        """The context that a client is made with. session: of credentials that are not stored yet."""
        system = f"{integration.type}/{integration.slug}"
        account = account_of(integration.type, integration.slug, connection.uid)
        limits = integration.manifest.limits
        secret_keys = {field.key for field in integration.manifest.auth.fields if field.secret}
        http = Http(
            session=self.session,
            account=account,
            slots=CountedSlots(StoredSlots(self.database, self.clock), system),
            observe=partial(metrics.vendor_answered, system),
            limits=limits,
            patience=patience,
            gate=gate,
            semaphores=self.concurrency,
            secrets=frozenset(value for key, value in credentials.items() if key in secret_keys and value),
        )
        files = ConnectionFiles(self.intake, connection) if integration.type == "carrier" else None
        return Context(
            credentials,
            http,
            self.folder(integration.slug),
            files,
            integration.slug,
            session or StoredSession(self.database, self.vault, connection, self.clock),
            integration.manifest,
            self._push,
        )

    async def _push(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Take in a notice of a system that lives in this process, as if it had come over the network.

        A notice that is lost costs nobody anything but time: the next sync finds what it was about.
        """
        try:
            await self.notices.take(url.rpartition("/")[2], InboundRequest.of(body, headers))
        except (BadSignature, TooManyRequests, Unavailable) as problem:
            log.warning("a notice was not taken in", error=str(problem))

    def folder(self, slug: str) -> Path:
        """The folder where an integration may keep files of its own."""
        return self.settings.folder / "integrations" / slug

    # Files

    def source(
        self,
        connection: ConnectionRow,
        integration: Integration,
        credentials: Mapping[str, str],
        session: ConnectionSession | None = None,
    ) -> FileSource | None:
        """The source that the files of a connection are taken from; None where they are only sent to us.

        session: of credentials that are not stored yet.
        """
        files = integration.manifest.files
        if files is None:
            return None
        if way_of(files, credentials) == "api":
            patience, gate = Patience(), OpenSignInGate()
            context = self._context(connection, integration, credentials, patience, gate, session)
            return source_of(integration, context)
        policy = AddressPolicy.parse(self.settings.allowed_addresses)
        root = self.settings.watched_root
        return open_source(files, credentials, connection.organization_id, root, policy)

    async def has_news(self, connection: ConnectionRow, integration: Integration) -> bool:
        """Check whether the watched folder of a connection, if it has one, holds what did not come in yet."""
        files = integration.manifest.files
        if files is None or "folder" not in files.ways:
            return False
        credentials = await connections.credentials(self.database, self.vault, connection)
        if way_of(files, credentials) != "folder":
            return False
        source = self.source(connection, integration, credentials)
        return source is not None and await self.poller.has_news(connection, source)
