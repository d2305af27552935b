"""Opening everything on one database: settings → checks → database, vault, sessions → `Services`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import structlog

from crossdock.config import Settings, variable
from crossdock.connections.function_switches import setting_fault
from crossdock.errors import SettingsError, Unavailable
from crossdock.files.storage import open_storage
from crossdock.kit.http import new_session
from crossdock.net.addresses import AddressPolicy
from crossdock.private import tighten
from crossdock.services.clock import now_ms
from crossdock.services.wiring import Services
from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.database.ids import Clock
from crossdock.store.database.migrate import misfit
from crossdock.store.database.secrets import Vault
from crossdock.store.database.sqlite import sqlite_path
from crossdock.webhooks import deliver
from crossdock.webhooks.deliver import DeliverySettings
from crossdock.webhooks.transform import TransformScripts

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_services(settings: Settings, *, clock: Clock = now_ms) -> AsyncIterator[Services]:
    """The services on one database, closed at the end of the block.

    Raises SettingsError when the database is not at this version's schema, or the key is not its key.
    """
    _check_functions(settings)
    _tighten(settings)
    async with AsyncExitStack() as stack:
        database = await connect(settings.database)
        stack.push_async_callback(database.close)
        await check_schema(database)
        vault = Vault(database, settings.secret_key)
        await vault.check()
        policy = AddressPolicy.parse(settings.allowed_addresses)
        session = await stack.enter_async_context(new_session(policy))
        delivery = await _delivery(stack, settings, policy)
        yield Services(settings, database, vault, session, open_storage(settings), clock, delivery)


def _check_functions(settings: Settings) -> None:
    """Raise SettingsError for a function that there is none of, or that can't be off."""
    if fault := setting_fault(variable("disabled_functions"), settings.off):
        raise SettingsError(fault)


def _tighten(settings: Settings) -> None:
    """Take from others what an earlier version let them read."""
    folder = settings.folder
    private = [folder / "integrations", folder / "incoming"]
    if settings.database.startswith("sqlite:///"):
        file = sqlite_path(settings.database)
        private += [file.with_name(f"{file.name}{end}") for end in ("", "-wal", "-shm")]
    if "://" not in settings.files:
        private.append(Path(settings.files))
    for path in tighten(private):
        log.warning("others could read this; now its owner alone can", path=str(path))


async def check_schema(database: Database) -> None:
    """Raise SettingsError when migrations are missing, or are from a newer version."""
    try:
        row = await database.fetch_one("SELECT version_num FROM alembic_version")
    except Unavailable:
        raise
    except Exception as problem:
        raise SettingsError("the database is empty; run `crossdock migrate`") from problem
    if problem_text := misfit(None if row is None else row[0]):
        raise SettingsError(problem_text)


async def _delivery(stack: AsyncExitStack, settings: Settings, policy: AddressPolicy) -> DeliverySettings:
    return DeliverySettings(
        session=await stack.enter_async_context(deliver.new_session(policy)),
        scripts=await stack.enter_async_context(TransformScripts()),
        base_url=settings.url,
        agent=f"crossdock/{version('crossdock')}",
        timeout_seconds=settings.webhook_timeout_seconds,
        most_bytes=settings.webhook_max_bytes,
        https_only=bool(settings.webhook_https_only),
    )
