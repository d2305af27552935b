"""`crossdock doctor`: looks at everything that can be wrong, and says what to do. It changes nothing.

settings ─ data folder ─ database ─┬─ schema ─ key ─ clock ─ queue ─ runs ─ data ─ connections
                                   └ what follows can't be looked at when it does not answer
"""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import typer
from rich.markup import escape

from crossdock import config
from crossdock.cli.output import print_json, say
from crossdock.config import Settings
from crossdock.connections.link.oauth_apps import OAuthApps
from crossdock.errors import SettingsError, Unavailable
from crossdock.files.storage import open_storage
from crossdock.kit.registry import all_integrations
from crossdock.private import is_readable_by_others
from crossdock.services.clock import now_ms
from crossdock.services.open import check_schema
from crossdock.store.carriers import files
from crossdock.store.connections import schedules
from crossdock.store.database import gauges, health
from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.database.gauges import StoreGauges
from crossdock.store.database.ids import Clock
from crossdock.store.database.rotation import key_use
from crossdock.store.database.secrets import Vault, master_keys
from crossdock.store.database.sqlite import sqlite_path
from crossdock.webhooks.transform_pool import missing as scripts_missing

GIGABYTE = 2**30
LEAST_BYTES = GIGABYTE // 10
LITTLE_BYTES = GIGABYTE
LOCAL = ("127.0.0.1", "::1", "localhost")
LONG_WAIT_SECONDS = 300
STILL_SECONDS = 900
SKEW_SECONDS = 2.0
LARGE_SKEW_SECONDS = 30.0
INTERVALS = 3

NO_WORKER = "start `crossdock work`; if one runs, look into its log"
ADVICE = {
    "the database is read-only": "point CROSSDOCK_DATABASE_URL at the primary, or make the file writable",
    "the database is full": "free or add disk space; nothing was lost, work goes on by itself",
    "the database is damaged": "stop everything, keep a copy of the file, and restore the last backup",
    "the database is busy": "another process holds it: look for a migration, or a query that does not end",
}
UNREACHED = "check CROSSDOCK_DATABASE_URL, and that the database runs and lets this machine in"


@dataclass(frozen=True)
class Check:
    """One finding: what was looked at, what was found, and what to do about it."""

    name: str
    status: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""


def ok(name: str, text: str) -> Check:
    return Check(name, "ok", text)


async def run(settings: Settings | SettingsError, *, as_json: bool) -> None:
    """Examine and print. Ends the command with exit code 1 when something fails."""
    checks = (
        [Check("settings", "fail", str(settings), "`crossdock settings` says what each wants")]
        if isinstance(settings, SettingsError)
        else [check async for check in examine(settings, os.environ)]
    )
    worst = next((text for text in ("fail", "warn") if any(check.status == text for check in checks)), "ok")
    if as_json:
        print_json({"status": worst, "checks": checks})
    else:
        _show(checks)
    if worst == "fail":
        raise typer.Exit(1)


def _show(checks: list[Check]) -> None:
    colours = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    for check in checks:
        say(f"[{colours[check.status]}]{check.status:4}[/] {check.name:12} {escape(check.found)}")
        if check.advice:
            say(f"     {'':12} → {escape(check.advice)}")


async def examine(
    settings: Settings, environment: Mapping[str, str], clock: Clock = now_ms
) -> AsyncIterator[Check]:
    """Every check, one after the other."""
    for check in (*_settings(settings, environment), *_folder(settings), *_watched(settings)):
        yield check
    async for check in _files(settings):
        yield check
    if missing := _missing(settings):
        yield Check("database", "fail", f"there is none at {missing}", "`crossdock migrate` makes one")
        return
    try:
        async with _opened(settings) as database:
            async for check in _database(database, settings, clock):
                yield check
    except Unavailable as problem:
        advice = ADVICE.get(str(problem), UNREACHED)
        yield Check("database", "fail", f"{problem}: {problem.detail}", advice)
    except SettingsError as problem:
        yield Check("database", "fail", str(problem), UNREACHED)


# Settings and the machine


def _settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Check]:
    unknown = config.unknown(environment)
    if unknown:
        yield Check(
            "settings", "warn", f"{', '.join(unknown)}: no such setting", "`crossdock settings` lists them"
        )
    elif settings.host not in LOCAL and not settings.base_url:
        text = f"the server listens on {settings.host}, and tells clients that it is at {settings.url}"
        yield Check("settings", "warn", text, "set CROSSDOCK_BASE_URL to where clients reach it")
    else:
        yield ok("settings", "as they should be")
    if settings.redis_url and find_spec("redis") is None:
        yield Check(
            "redis", "fail", "CROSSDOCK_REDIS_URL is set, but redis is not installed",
            "pip install 'crossdock[redis]'",
        )  # fmt: skip
    if reason := scripts_missing():
        yield Check("scripts", "warn", reason, "pip install quickjs-ng; where that can't be, do without them")
    try:
        master_keys(settings.secret_key)
    except SettingsError as problem:
        advice = "put the key back that the database was made with" if settings.secret_key else ""
        yield Check("secret key", "fail", str(problem), advice)


async def _files(settings: Settings) -> AsyncIterator[Check]:
    """The storage of files, where it is none of this machine's."""
    if "://" not in settings.files:
        return
    try:
        async for _ in open_storage(settings).all():
            break
    except SettingsError as problem:
        yield Check("files", "fail", str(problem), "give CROSSDOCK_FILES_URL as s3://bucket/prefix")
    except Unavailable as problem:
        advice = "check CROSSDOCK_FILES_URL, _ENDPOINT, _REGION and the keys, and that the bucket is there"
        yield Check("files", "fail", f"{problem}: {problem.detail[:300]}", advice)
    else:
        yield ok("files", f"{settings.files} answers")


def _watched(settings: Settings) -> Iterator[Check]:
    if settings.watched_root and not Path(settings.watched_root).is_dir():
        text = f"CROSSDOCK_WATCHED_ROOT is {settings.watched_root}, which is no folder of this machine"
        yield Check("files", "warn", text, "make it where workers run; no watched folder is read until then")


def _folder(settings: Settings) -> Iterator[Check]:
    """The data folder: its disk, and who may read what is secret in it."""
    folder = settings.folder
    if not folder.exists():
        yield Check(
            "data folder", "warn", f"{folder} does not exist yet", "it is made when something is to be kept"
        )
        return
    free = shutil.disk_usage(folder).free
    text = f"{free / GIGABYTE:.1f} GB free at {folder}"
    status: Literal["ok", "warn", "fail"] = "ok"
    if free < LITTLE_BYTES:
        status = "fail" if free < LEAST_BYTES else "warn"
    yield Check("data folder", status, text, "" if status == "ok" else "free or add disk space")
    if not os.access(folder, os.W_OK):
        yield Check("data folder", "fail", f"{folder} can't be written", "give it to the user that runs this")
    yield from _readable_files(settings)


def _readable_files(settings: Settings) -> Iterator[Check]:
    """Files with secrets or data that others on this machine can read."""
    folder = settings.folder
    for name in ("secret.key", "dev.json"):
        if sys.platform != "win32" and is_readable_by_others(folder / name):
            yield Check(
                name, "fail", f"others on this machine can read {folder / name}",
                f"chmod 600 {folder / name}; if others had access, change what is in it",
            )  # fmt: skip
    if settings.database.startswith("sqlite:///") and is_readable_by_others(sqlite_path(settings.database)):
        file = sqlite_path(settings.database)
        yield Check(
            "database file", "warn", f"others on this machine can read {file}",
            "start the server or a worker: it takes that right from them",
        )  # fmt: skip


# The database


def _missing(settings: Settings) -> Path | None:
    """The path of the embedded database if its file is missing: looking at it must not make it."""
    if not settings.database.startswith("sqlite:///"):
        return None
    file = sqlite_path(settings.database)
    return None if file.exists() else file


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    database = await connect(settings.database)
    try:
        yield database
    finally:
        await database.close()


async def _database(database: Database, settings: Settings, clock: Clock) -> AsyncIterator[Check]:
    version, is_supported = await health.server(database)
    text = f"{database.dialect} {version} answers"
    if not is_supported:
        oldest = ".".join(map(str, database.oldest))
        yield Check("database", "fail", text, f"Crossdock wants {database.dialect} {oldest} or newer")
        return
    try:
        await check_schema(database)
    except SettingsError as problem:
        yield ok("database", text)
        yield Check("schema", "fail", str(problem), "back up, then run `crossdock migrate`")
        return
    await health.write(database)
    yield ok("database", f"{text} and can be written")
    yield ok("schema", "of this version")
    yield await _keys(database, settings)
    yield await _oauth_apps(database, settings)
    yield await _clock(database, clock)
    async for check in _work(database, settings, clock()):
        yield check
    yield await _data(database, settings, clock())
    if paces := await _paces(database):
        yield paces


async def _keys(database: Database, settings: Settings) -> Check:
    vault = Vault(database, settings.secret_key)
    try:
        await vault.check()
    except SettingsError as problem:
        return Check("secret key", "fail", str(problem), "without that key, stored credentials can't be read")
    use = await key_use(database)
    shown = ", ".join(f"{count} under {key_id}" for key_id, count in sorted(use.by_master.items()))
    text = f"opens all {use.count} data keys" + (f": {shown}" if shown else "")
    if use.by_master.keys() - {vault.key_id}:
        advice = "run `crossdock keys rotate-secrets` before you drop the old key"
        return Check("secret key", "warn", f"{text}; {vault.key_id} is the first in the settings", advice)
    if use.in_progress:
        text += f"; {use.in_progress} are being replaced"
        return Check("secret key", "warn", text, "run `crossdock keys rotate-secrets --data-keys` to its end")
    if len(vault.key_ids) > 1:
        unused = ", ".join(vault.key_ids[1:])
        text += (
            f"; no data key needs {unused}: drop it a day after rotating, when links and page tokens ended"
        )
    return ok("secret key", text)


async def _oauth_apps(database: Database, settings: Settings) -> Check:
    """The vendors that users sign in at on a page of their own, which wants an app of the operator's."""
    try:
        apps = OAuthApps(database, Vault(database, settings.secret_key), config.oauth_apps())
    except SettingsError as problem:
        return Check("OAuth apps", "fail", str(problem), "set both, or neither")
    present, missing = await apps.listed(), await apps.missing()
    text = f"there are {len(present)}"
    if missing:
        text += f"; without one nobody can sign in to {', '.join(missing)} (`crossdock oauth-apps set`)"
    return ok("OAuth apps", text)


async def _clock(database: Database, clock: Clock) -> Check:
    before = clock()
    skew = await health.skew(database, before, clock())
    apart = abs(skew.apart)
    advice = "have all machines set their clocks from the same source (NTP)"
    if apart > SKEW_SECONDS:
        text = f"the database's clock is {apart:,.1f} s {'ahead of' if skew.apart > 0 else 'behind'} ours"
        return Check("clock", "fail" if apart > LARGE_SKEW_SECONDS else "warn", text, advice)
    if skew.ahead > LARGE_SKEW_SECONDS:
        text = f"something stored is dated {skew.ahead:,.0f} s ahead: a clock is wrong, or was"
        return Check("clock", "warn", text, advice)
    return ok("clock", "agrees with the database's")


# The work


async def _work(database: Database, settings: Settings, now: int) -> AsyncIterator[Check]:
    stand = await gauges.read(database, now, ",".join(sorted(settings.off)))
    yield _queue(stand)
    yield await _runs(database, settings, now)
    for current_check in _handover(stand, settings, now):
        yield current_check
    if stand.problems:
        many = ", ".join(f"{count} with {kind.replace('_', ' ')}" for kind, count in stand.problems.items())
        yield Check("connections", "warn", f"of {stand.connections}: {many}", "`crossdock connections`")
    else:
        yield ok("connections", f"{stand.connections}, none with a problem")
    if check := await _refused(database):
        yield check


async def _refused(database: Database) -> Check | None:
    """Invoice files that could not be read."""
    count, connections = await files.refused(database)
    if not count:
        return None
    text = f"{count} of {connections} connection{'s' * (connections > 1)} could not be read"
    advice = (
        "`crossdock files list CONNECTION --refused` says why; have them corrected, `crossdock files read` "
        "them after an update, or `crossdock files remove` what is no invoice"
    )
    return Check("files", "warn", text, advice)


async def _runs(database: Database, settings: Settings, now: int) -> Check:
    still = await health.standing_still(database, now - STILL_SECONDS * 1000)
    if not still:
        return ok("runs", "all that run get on")
    job, function, since = still[0]
    text = (
        f"{len(still)} stand still; {function} ({job}) stored nothing for {(now - since) // 60_000} minutes"
    )
    advice = f"look for {job} in the log; it is ended after {settings.stuck_minutes} minutes"
    return Check("runs", "warn", text, advice)


def _queue(stand: StoreGauges) -> Check:
    """Check whether somebody works, and keeps up."""
    queued = sum(count for (_, state), count in stand.jobs.items() if state == "queued")
    running = sum(count for (_, state), count in stand.jobs.items() if state == "running")
    text = f"{queued} wait, {running} run"
    waits = max(stand.waiting_seconds, stand.overdue_seconds)
    if waits > LONG_WAIT_SECONDS and running > stand.expired_leases:
        advice = "more `crossdock work`, or a higher CROSSDOCK_CONCURRENCY"
        return Check("queue", "warn", f"{text}; the first waits for {waits:,.0f} s", advice)
    if waits > LONG_WAIT_SECONDS:
        return Check("queue", "fail", f"nobody takes work: it waits for {waits:,.0f} s", NO_WORKER)
    if stand.expired_leases:
        return Check("queue", "warn", f"{text}; {stand.expired_leases} of them by nobody", NO_WORKER)
    return ok("queue", text)


def _handover(stand: StoreGauges, settings: Settings, now: int) -> Iterator[Check]:
    """Check whether the other server, where there is one, takes what it is given."""
    state = stand.handover
    if state is None:
        if settings.svix_url:
            yield Check(
                "hand-over", "warn", "CROSSDOCK_SVIX_URL is set, but nothing is handed over", NO_WORKER
            )
        return
    value = 0 if state.oldest_ms is None else max(0, now - state.oldest_ms) / 1000
    if state.failing:
        text = f"fails for {state.failing} organizations, {value:,.0f} s behind; last: {state.problem}"
        yield Check("hand-over", "warn", text, "check CROSSDOCK_SVIX_URL, _TOKEN and that server")
    elif value > LONG_WAIT_SECONDS:
        yield Check("hand-over", "warn", f"{value:,.0f} s behind", NO_WORKER)
    else:
        yield ok("hand-over", "the other server takes what happens")


async def _data(database: Database, settings: Settings, now: int) -> Check:
    late = await health.late_connections(database, now, ",".join(sorted(settings.off)), INTERVALS)
    if not late:
        return ok("data", "as fresh as their intervals say")
    text = ", ".join(f"{function} of {count}" for function, count in late.items())
    advice = "GET /connections/{connection_id}/freshness says how their last runs went"
    return Check("data", "warn", f"older than {INTERVALS} intervals: {text}", advice)


async def _paces(database: Database) -> Check | None:
    """Look at functions that sync at a pace that somebody set."""
    defaults = {
        f"{kind}/{slug}": {
            function: int(resource.every.total_seconds())
            for function, resource in integration.resources.items()
            if resource.every
        }
        for (kind, slug), integration in all_integrations().items()
    }
    functions, connections = await schedules.count_own_paces(database, defaults)
    if not functions:
        return None
    plural = "s" * (connections > 1)
    text = f"that of {functions} functions was set, of {connections} connection{plural}"
    if functions == 1:
        text = "that of a function was set, of 1 connection"
    return ok("pace", text)
