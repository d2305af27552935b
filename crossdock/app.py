"""The only wiring: settings → store → registry → worker → HTTP app."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path

import aiohttp
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

from crossdock import metrics
from crossdock.api.door import Door
from crossdock.api.limits import Limiter
from crossdock.api.metrics import of_worker
from crossdock.api.uses import Uses
from crossdock.audit.run import do_audit
from crossdock.audit.run import enqueue_due as enqueue_audits
from crossdock.config import Settings, variable
from crossdock.errors import SettingsError, Unavailable
from crossdock.files.arrive import Arrivals
from crossdock.files.cleaning import clean_files, clean_parts
from crossdock.files.delivered import Delivered
from crossdock.files.links import Links
from crossdock.files.look import Look
from crossdock.files.opening import open_source, way_of
from crossdock.files.storage import Storage, open_storage
from crossdock.integrations.addresses import AddressPolicy
from crossdock.integrations.contract import Client, Context
from crossdock.integrations.deliveries import Source
from crossdock.integrations.http import Http, Patience, new_session
from crossdock.integrations.registry import Integration
from crossdock.jobs.cleaning import clean
from crossdock.jobs.counting import counted
from crossdock.jobs.hold import Handling
from crossdock.jobs.worker import Chore, Companion, Pace, Work, Worker
from crossdock.link.connect import Linker
from crossdock.link.purge import purge
from crossdock.metrics import CountedSlots
from crossdock.resources.catalogue import all_resources, all_writes
from crossdock.store import connections, jobs, schedules
from crossdock.store.connections import Connection
from crossdock.store.databases import connect
from crossdock.store.engine import Database
from crossdock.store.ids import Clock
from crossdock.store.migrate import misfit
from crossdock.store.secrets import Vault
from crossdock.store.slots import StoredSlots
from crossdock.sync.files import enqueue_waiting, enqueue_watched
from crossdock.sync.on_demand import pull_window
from crossdock.sync.pull import Engine
from crossdock.sync.run import sync
from crossdock.sync.schedule import bring_back, enqueue_due
from crossdock.sync.stuck import end_broken, end_stuck
from crossdock.webhooks import clocks, deliver
from crossdock.webhooks.deliver import Means
from crossdock.webhooks.handover import Handover, TakingBack, to_svix
from crossdock.webhooks.sender import Office, Sender
from crossdock.webhooks.transform import Scripts
from crossdock.writes.options import OptionCache
from crossdock.writes.passthrough import PASSTHROUGH
from crossdock.writes.run import Writer


def now_ms() -> int:
    """Milliseconds since 1970, by this machine's clock."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Services:
    """Everything that is running, wired."""

    settings: Settings
    database: Database
    vault: Vault
    session: aiohttp.ClientSession
    storage: Storage
    clock: Clock
    means: Means
    """What webhooks are sent with."""
    places: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    """Bounds the calls at a time of each account, over all its runs in this process."""

    @property
    def linker(self) -> Linker:
        return Linker(self.database, self.vault, self._try_out, self.clock)

    @cached_property
    def writer(self) -> Writer:
        return Writer(
            database=self.database,
            sign_in=self._sign_in_to_write,
            clock=self.clock,
            options=OptionCache(self.clock),
            seconds=float(self.settings.write_seconds),
            settle_seconds=float(self.settings.write_settle_seconds),
        )

    @property
    def engine(self) -> Engine:
        return Engine(
            database=self.database,
            sign_in=self._sign_in,
            clock=self.clock,
            lookback=timedelta(days=self.settings.lookback_days),
            most_record_bytes=self.settings.max_record_bytes,
            slice_ms=self.settings.slice_seconds * 1000,
        )

    def worker(self, *, concurrency: int | None = None, connection_id: int | None = None) -> Worker:
        """A worker for all connections, or for one."""
        work = Work(
            handling=Handling(
                handlers={
                    "sync": counted(self.database, partial(sync, self.engine)),
                    "on_demand": counted(self.database, partial(pull_window, self.engine)),
                    "purge": partial(purge, self.database),
                    "audit": partial(do_audit, self.database, self.clock),
                },
                broken=partial(end_broken, self.database),
                stuck=partial(end_stuck, self.database),
                stuck_seconds=self.settings.stuck_minutes * 60,
            ),
            tick=self._tick,
            next_due=self._next_due,
            chores=[
                Chore("undoing what a wrong clock set", 60, self._bring_back),
                Chore("forgetting what is old", 600, self._clean),
                Chore("looking at watched folders", 30, self._watch),
                Chore("finding charges to audit", 60, self._find_audits),
                Chore("taking away files that nobody names", 3600, self._clean_files),
            ],
            beside=self.outbox() if connection_id is None else [],
        )
        pace = Pace(
            concurrency=concurrency or self.settings.concurrency,
            most_at_once=self.settings.connection_concurrency,
            connection_id=connection_id,
        )
        return Worker(self.database, work, pace, self.clock)

    def outbox(self) -> list[Companion]:
        """What sends webhooks, and hands them to a server that does, or ends that."""
        settings = self.settings
        if not settings.svix_url:
            return [TakingBack(self.database, self.clock), self.sender()]
        handover = Handover(
            self.database, self.vault, self.clock, to_svix(settings.svix_url, settings.svix_token),
            settings.url, settings.webhook_max_bytes,
        )  # fmt: skip
        return [handover, self.sender()]

    def sender(self) -> Sender:
        """What sends webhooks."""
        office = Office(
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            disable_ms=self.settings.webhook_disable_hours * 3_600_000,
            most_under_way=self.settings.webhook_concurrency,
        )
        return Sender(office, self.means)

    async def _tick(self) -> int:
        return await enqueue_due(self.database, self.clock(), self.settings.off)

    async def _next_due(self) -> int | None:
        found = (await jobs.next_ms(self.database), await schedules.next_ms(self.database))
        return min((one for one in found if one is not None), default=None)

    async def _clean(self) -> dict[str, int]:
        return await clean(self.database, self.settings, self.clock())

    async def _bring_back(self) -> int:
        now = self.clock()
        return await bring_back(self.database, now) + await clocks.bring_back(self.database, now)

    @asynccontextmanager
    async def _sign_in(self, connection: Connection, integration: Integration) -> AsyncIterator[Client]:
        given = await connections.credentials(self.database, self.vault, connection)
        if source := self._source(connection, integration, given):
            await self.look.at(connection, source)
        yield self._client(connection, integration, given, Patience())

    @asynccontextmanager
    async def _sign_in_to_write(
        self, connection: Connection, integration: Integration
    ) -> AsyncIterator[Client]:
        # Somebody waits for the answer: better a refusal in seconds than a success in minutes.
        given = await connections.credentials(self.database, self.vault, connection)
        patience = Patience(retries=1, longest_wait_seconds=10)
        yield self._client(connection, integration, given, patience)

    @asynccontextmanager
    async def _try_out(
        self, connection: Connection, integration: Integration, given: Mapping[str, str]
    ) -> AsyncIterator[Client]:
        if source := self._source(connection, integration, given):
            async for _ in source.files():
                break
        # Somebody waits for the answer: a mistyped host should not take a minute.
        yield self._client(connection, integration, given, Patience(retries=1))

    def _client(
        self, connection: Connection, integration: Integration, given: Mapping[str, str], patience: Patience
    ) -> Client:
        return integration.client(self._context(connection, integration, given, patience))

    def _context(
        self, connection: Connection, integration: Integration, given: Mapping[str, str], patience: Patience
    ) -> Context:
        account = f"{integration.type}/{integration.slug}/{connection.uid}"
        limits = integration.manifest.limits
        name = f"{integration.type}/{integration.slug}"
        secret_fields = {one.key for one in integration.manifest.auth.fields if one.secret}
        http = Http(
            session=self.session,
            account=account,
            slots=CountedSlots(StoredSlots(self.database, self.clock), name),
            observe=partial(metrics.vendor_answered, name),
            limits=limits,
            patience=patience,
            places=self.places.setdefault(account, asyncio.Semaphore(limits.concurrent_requests)),
            secrets=frozenset(value for key, value in given.items() if key in secret_fields and value),
        )
        files = Delivered(self.arrivals, connection) if integration.type == "carrier" else None
        return Context(given, http, self.folder(integration.slug), files)

    # Files

    @property
    def arrivals(self) -> Arrivals:
        """Where files come in."""
        links = Links(self.settings.url, self.vault.token_key("links to files"))
        return Arrivals(self.database, self.storage, self.vault, links, self.clock)

    @property
    def look(self) -> Look:
        return Look(self.arrivals, self.settings.folder / "incoming", self.settings.max_file_bytes)

    def _source(
        self, connection: Connection, integration: Integration, given: Mapping[str, str]
    ) -> Source | None:
        """What the files of a connection are taken from, where they are taken from anywhere."""
        ways, policy = integration.manifest.files, AddressPolicy.parse(self.settings.allowed_addresses)
        if ways is None:
            return None
        if way_of(ways, given) == "api":
            return integration.source(self._context(connection, integration, given, Patience()))
        return open_source(ways, given, connection.organization_id, self.settings.watched_root, policy)

    async def _watch(self) -> int:
        """Queues the reading of what came in or lies in a watched folder."""
        off = self.settings.off
        queued = await enqueue_waiting(self.database, self.clock(), off)
        if not self.settings.watched_root:
            return queued
        return queued + await enqueue_watched(self.database, self._has_news, self.clock(), off)

    async def _has_news(self, connection: Connection, integration: Integration) -> bool:
        ways = integration.manifest.files
        if ways is None or "folder" not in ways.ways:
            return False
        given = await connections.credentials(self.database, self.vault, connection)
        source = self._source(connection, integration, given) if way_of(ways, given) == "folder" else None
        return source is not None and await self.look.has_news(connection, source)

    async def _find_audits(self) -> int:
        return await enqueue_audits(self.database, self.clock())

    async def _clean_files(self) -> int:
        await asyncio.to_thread(clean_parts, self.settings.folder / "incoming")
        return await clean_files(self.database, self.storage, now_ms())

    def folder(self, slug: str) -> Path:
        """Where an integration may keep files of its own."""
        return self.settings.folder / "integrations" / slug

    def door(self, wake: Callable[[], None] = lambda: None) -> Door:
        """What the API stands on. wake: tells a worker in this process of new work."""
        limits = self.settings
        return Door(
            settings=self.settings,
            database=self.database,
            vault=self.vault,
            linker=self.linker,
            clock=self.clock,
            limiter=Limiter(limits.reads_per_second, limits.writes_per_second, limits.redis_url),
            uses=Uses(self.database, self.clock),
            writer=self.writer,
            arrivals=self.arrivals,
            scripts=self.means.scripts,
            wake=wake,
        )


async def serve(settings: Settings, app: ASGIApp, started: asyncio.Event | None = None) -> None:
    """Answers HTTP until it is cancelled. Raises SettingsError when the port is taken."""
    check_port(settings, "port")
    server = Server(
        app, address=settings.host, port=settings.port, interface=Interfaces.ASGI, log_enabled=False,
        websockets=False,
    )  # fmt: skip
    running = asyncio.create_task(server.serve())
    try:
        if started is not None:
            listening = asyncio.create_task(_listening(settings.host, settings.port))
            await asyncio.wait({listening, running}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                started.set()
            listening.cancel()
        await asyncio.shield(running)
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def metrics_served(services: Services) -> AsyncIterator[None]:
    """Answers /metrics at a port of its own, where the settings name one: beside a worker."""
    settings = services.settings
    if settings.metrics_port == 0:
        yield
        return
    check_port(settings, "metrics_port")
    app = of_worker(settings, services.database, services.clock)
    serving = asyncio.create_task(serve(replace(settings, port=settings.metrics_port), app))
    try:
        yield
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


def check_port(settings: Settings, name: str) -> None:
    """A clear word before the server tries: its own comes late and from another thread.

    name: of the setting that has the port. Raises SettingsError.
    """
    host, port = settings.host, int(getattr(settings, name))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise SettingsError(
                f"can't listen on {host}:{port} ({problem.strerror}); set {variable(name)} to another port"
            ) from None


async def _listening(host: str, port: int) -> None:
    """Returns once the port answers."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return


@asynccontextmanager
async def open_services(settings: Settings, *, clock: Clock = now_ms) -> AsyncIterator[Services]:
    """Everything on one database, closed at the end of the block.

    Raises SettingsError when the database is not at this version's schema, or the key is not its key.
    """
    _check_functions(settings)
    async with AsyncExitStack() as stack:
        database = await connect(settings.database)
        stack.push_async_callback(database.close)
        await check_schema(database)
        vault = Vault(database, settings.secret_key)
        await vault.check()
        policy = AddressPolicy.parse(settings.allowed_addresses)
        session = await stack.enter_async_context(new_session(policy))
        means = await _means(stack, settings, policy)
        yield Services(settings, database, vault, session, open_storage(settings), clock, means)


async def _means(stack: AsyncExitStack, settings: Settings, policy: AddressPolicy) -> Means:
    return Means(
        session=await stack.enter_async_context(deliver.new_session(policy)),
        scripts=await stack.enter_async_context(Scripts()),
        base_url=settings.url,
        agent=f"crossdock/{version('crossdock')}",
        timeout_seconds=settings.webhook_timeout_seconds,
        most_bytes=settings.webhook_max_bytes,
        https_only=bool(settings.webhook_https_only),
    )


def _check_functions(settings: Settings) -> None:
    """Raises SettingsError for a function that there is none of: mistyped, it would stay on."""
    known = {one.function for one in all_resources()} | {one.action for one in all_writes()} | {PASSTHROUGH}
    if unknown := sorted(settings.off - known):
        raise SettingsError(
            f"{variable('disabled_functions')} names {unknown[0]!r}; there are: {', '.join(sorted(known))}"
        )


async def check_schema(database: Database) -> None:
    """Raises SettingsError when migrations are missing, or are from a newer version."""
    try:
        row = await database.fetch_one("SELECT version_num FROM alembic_version")
    except Unavailable:
        raise
    except Exception as problem:
        raise SettingsError("the database is empty; run `crossdock migrate`") from problem
    if found := misfit(None if row is None else row[0]):
        raise SettingsError(found)
