"""The only wiring: what is open (`open.py`) → clients, jobs, webhooks, and what the API needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import aiohttp

from crossdock import config
from crossdock.changes.masking.memory import ErasedPeople
from crossdock.config import Settings
from crossdock.connections.connect import Connector
from crossdock.connections.link.oauth_apps import OAuthApps
from crossdock.connections.link.permission_checks import PermissionChecks
from crossdock.connections.link.service import LinkServices
from crossdock.erasing.job import ErasureEngine
from crossdock.erasing.request import ErasureDesk
from crossdock.files.intake import FileIntake
from crossdock.files.links import FileLinks
from crossdock.files.polling import SourcePoller
from crossdock.files.storage import Storage
from crossdock.jobs.worker import Worker
from crossdock.people.identity import IdentityServices
from crossdock.people.sessions import SessionLifetimes
from crossdock.services.alerts import AlertServices
from crossdock.services.clients import ClientFactory
from crossdock.services.jobs import BackgroundJobs
from crossdock.services.known_names import log_names
from crossdock.services.webhooks import WebhookServices
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.sync.gate import SignInGates
from crossdock.sync.notices import NoticeIntake
from crossdock.sync.pull import SyncEngine
from crossdock.sync.subscriptions import SubscriptionKeeper
from crossdock.web.address_limiter import AddressLimiter
from crossdock.web.call_log import CallLog
from crossdock.web.dependencies import Dependencies
from crossdock.web.rate_limits import Limiter
from crossdock.web.usage import UsageCounter
from crossdock.webhooks.deliver import DeliverySettings
from crossdock.writes.options import OptionCache
from crossdock.writes.run import WriteRunner


@dataclass(frozen=True)
class Services:
    """The running services, wired."""

    settings: Settings
    database: Database
    vault: Vault
    session: aiohttp.ClientSession
    storage: Storage
    clock: Clock
    delivery: DeliverySettings
    """What webhooks are sent with."""

    @cached_property
    def gates(self) -> SignInGates:
        return SignInGates(self.database, self.clock)

    @cached_property
    def intake(self) -> FileIntake:
        """The part that takes files in."""
        links = FileLinks(self.settings.url, self.vault.token_key("links to files"))
        return FileIntake(self.database, self.storage, links, self.clock)

    @cached_property
    def poller(self) -> SourcePoller:
        """The part that looks for files where they are taken from."""
        return SourcePoller(self.intake, self.settings.folder / "incoming", self.settings.max_file_bytes)

    @cached_property
    def clients(self) -> ClientFactory:
        return ClientFactory(
            settings=self.settings,
            database=self.database,
            vault=self.vault,
            session=self.session,
            clock=self.clock,
            gates=self.gates,
            intake=self.intake,
            poller=self.poller,
            apps=self.oauth_apps,
            notices=self.notices,
        )

    @cached_property
    def notices(self) -> NoticeIntake:
        """The part that takes in what connected systems tell of by themselves."""
        return NoticeIntake(self.database, self.vault, self.clock, self.settings.off)

    @cached_property
    def connector(self) -> Connector:
        return Connector(self.database, self.vault, self.clients.try_out, self.clock, self.oauth_apps.fields)

    @cached_property
    def oauth_apps(self) -> OAuthApps:
        """The operator's registrations with vendors."""
        return OAuthApps(self.database, self.vault, config.oauth_apps())

    @cached_property
    def link(self) -> LinkServices:
        """The parts that end users connect with."""
        return LinkServices(
            settings=self.settings,
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            connector=self.connector,
            apps=self.oauth_apps,
            sign_in=self.clients.sign_in_to_write,
            consent_context=self.clients.consent_context,
            checks=PermissionChecks(),
        )

    @cached_property
    def writer(self) -> WriteRunner:
        return WriteRunner(
            database=self.database,
            sign_in=self.clients.sign_in_to_write,
            clock=self.clock,
            options=OptionCache(self.clock),
            seconds=float(self.settings.write_seconds),
            settle_seconds=float(self.settings.write_settle_seconds),
            erased=self.erased,
        )

    @cached_property
    def engine(self) -> SyncEngine:
        return SyncEngine(
            database=self.database,
            sign_in=self.clients.sign_in,
            clock=self.clock,
            lookback=timedelta(days=self.settings.lookback_days),
            most_record_bytes=self.settings.max_record_bytes,
            gates=self.gates,
            slice_ms=self.settings.slice_seconds * 1000,
            vault=self.vault,
            off=self.settings.off,
            erased=self.erased,
        )

    @cached_property
    def erased(self) -> ErasedPeople:
        """The memory of those who were erased."""
        return ErasedPeople(self.database, self.vault)

    @cached_property
    def erasures(self) -> ErasureDesk:
        """The part that takes requests to erase people."""
        return ErasureDesk(self.database, self.vault, self.clock)

    @cached_property
    def subscriptions(self) -> SubscriptionKeeper:
        """The part that has vendors send us webhooks."""
        return SubscriptionKeeper(self.engine, self.vault, self.settings.base_url)

    @cached_property
    def identity(self) -> IdentityServices:
        """The part that knows people."""
        settings = self.settings
        return IdentityServices(
            self.database,
            self.vault,
            self.clock,
            self.session,
            settings.url,
            SessionLifetimes(settings.session_idle_minutes * 60_000, settings.session_hours * 3_600_000),
            settings.invitation_hours * 3_600_000,
        )

    @cached_property
    def jobs(self) -> BackgroundJobs:
        return BackgroundJobs(
            self.settings,
            self.database,
            self.clock,
            self.storage,
            self.engine,
            self.clients,
            self.subscriptions,
            ErasureEngine(self.database, self.vault, self.storage, self.clock),
        )

    @cached_property
    def webhooks(self) -> WebhookServices:
        return WebhookServices(self.settings, self.database, self.vault, self.clock, self.delivery)

    @cached_property
    def alerts(self) -> AlertServices:
        return AlertServices(self.settings, self.database, self.vault, self.clock, self.delivery)

    def worker(self, *, concurrency: int | None = None, connection_id: int | None = None) -> Worker:
        """A worker for all connections, which sends webhooks too, or for one connection, which does not."""
        companions = [*self.alerts.companions(), *self.webhooks.companions()] if connection_id is None else []
        return self.jobs.worker(companions, concurrency=concurrency, connection_id=connection_id)

    def dependencies(self, wake: Callable[[], None] = lambda: None) -> Dependencies:
        """The parts that the API stands on. wake: tells a worker in this process of new work."""
        settings = self.settings
        return Dependencies(
            settings=settings,
            database=self.database,
            vault=self.vault,
            linker=self.connector,
            link=self.link,
            clock=self.clock,
            limiter=Limiter(settings.reads_per_second, settings.writes_per_second, settings.redis_url),
            strangers=AddressLimiter(settings.strangers_per_second, settings.proxies),
            uses=UsageCounter(self.database, self.clock),
            call_log=CallLog(
                self.database,
                self.clock,
                is_on=settings.api_log_days > 0,
                details=settings.api_log_details,
                names=log_names,
            ),
            writer=self.writer,
            arrivals=self.intake,
            scripts=self.delivery.scripts,
            subscriptions=self.subscriptions,
            identity=self.identity,
            alerts=self.alerts.trial,
            wake=wake,
        )
