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
from crossdock.app import check_schema, now_ms
from crossdock.config import Settings
from crossdock.errors import SettingsError, Unavailable
from crossdock.files.storage import open_storage
from crossdock.store import gauges, health
from crossdock.store.databases import connect
from crossdock.store.engine import Database
from crossdock.store.gauges import Gauges
from crossdock.store.ids import Clock
from crossdock.store.secrets import Vault, master_keys
from crossdock.store.sqlite import sqlite_path
from crossdock.terminal.output import print_json, say
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
    """What was looked at, what was found, and what to do about it."""

    name: str
    status: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""


def ok(name: str, found: str) -> Check:
    return Check(name, "ok", found)


async def run(settings: Settings | SettingsError, *, as_json: bool) -> None:
    """Examines and prints. Ends the command with exit code 1 when something fails."""
    checks = (
        [Check("settings", "fail", str(settings), "`crossdock settings` says what each wants")]
        if isinstance(settings, SettingsError)
        else [one async for one in examine(settings, os.environ)]
    )
    worst = next((one for one in ("fail", "warn") if any(each.status == one for each in checks)), "ok")
    if as_json:
        print_json({"status": worst, "checks": checks})
    else:
        _show(checks)
    if worst == "fail":
        raise typer.Exit(1)


def _show(checks: list[Check]) -> None:
    colours = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    for one in checks:
        say(f"[{colours[one.status]}]{one.status:4}[/] {one.name:12} {escape(one.found)}")
        if one.advice:
            say(f"     {'':12} → {escape(one.advice)}")


async def examine(
    settings: Settings, environment: Mapping[str, str], clock: Clock = now_ms
) -> AsyncIterator[Check]:
    """Every check, one after the other."""
    for one in (*_settings(settings, environment), *_folder(settings), *_watched(settings)):
        yield one
    async for one in _files(settings):
        yield one
    if missing := _missing(settings):
        yield Check("database", "fail", f"there is none at {missing}", "`crossdock migrate` makes one")
        return
    try:
        async with _opened(settings) as database:
            async for one in _database(database, settings, clock):
                yield one
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
        found = f"the server listens on {settings.host}, and tells clients that it is at {settings.url}"
        yield Check("settings", "warn", found, "set CROSSDOCK_BASE_URL to where clients reach it")
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
        found = f"CROSSDOCK_WATCHED_ROOT is {settings.watched_root}, which is no folder of this machine"
        yield Check("files", "warn", found, "make it where workers run; no watched folder is read until then")


def _folder(settings: Settings) -> Iterator[Check]:
    """The data folder: its disk, and who may read what is secret in it."""
    folder = settings.folder
    if not folder.exists():
        yield Check(
            "data folder", "warn", f"{folder} does not exist yet", "it is made when something is to be kept"
        )
        return
    free = shutil.disk_usage(folder).free
    found = f"{free / GIGABYTE:.1f} GB free at {folder}"
    status: Literal["ok", "warn", "fail"] = "ok"
    if free < LITTLE_BYTES:
        status = "fail" if free < LEAST_BYTES else "warn"
    yield Check("data folder", status, found, "" if status == "ok" else "free or add disk space")
    if not os.access(folder, os.W_OK):
        yield Check("data folder", "fail", f"{folder} can't be written", "give it to the user that runs this")
    for name in ("secret.key", "dev.json"):
        if sys.platform != "win32" and _is_readable_by_others(folder / name):
            yield Check(
                name, "fail", f"others on this machine can read {folder / name}",
                f"chmod 600 {folder / name}; if others had access, change what is in it",
            )  # fmt: skip


def _is_readable_by_others(file: Path) -> bool:
    return file.exists() and bool(file.stat().st_mode & 0o077)


# The database


def _missing(settings: Settings) -> Path | None:
    """Where the embedded database is not: looking at it must not make it."""
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
    found = f"{database.dialect} {version} answers"
    if not is_supported:
        oldest = ".".join(map(str, database.oldest))
        yield Check("database", "fail", found, f"Crossdock wants {database.dialect} {oldest} or newer")
        return
    try:
        await check_schema(database)
    except SettingsError as problem:
        yield ok("database", found)
        yield Check("schema", "fail", str(problem), "back up, then run `crossdock migrate`")
        return
    await health.write(database)
    yield ok("database", f"{found} and can be written")
    yield ok("schema", "of this version")
    yield await _keys(database, settings)
    yield await _clock(database, clock)
    async for one in _work(database, settings, clock()):
        yield one
    yield await _data(database, settings, clock())


async def _keys(database: Database, settings: Settings) -> Check:
    try:
        count, old = await Vault(database, settings.secret_key).count()
    except SettingsError as problem:
        return Check("secret key", "fail", str(problem), "without that key, stored credentials can't be read")
    if old:
        found = f"opens all {count} data keys; {old} are still under an older one"
        return Check("secret key", "warn", found, "restart `serve` or `work` before you drop the old key")
    return ok("secret key", f"opens all {count} data keys")


async def _clock(database: Database, clock: Clock) -> Check:
    before = clock()
    seen = await health.skew(database, before, clock())
    apart = abs(seen.apart)
    advice = "have all machines set their clocks from the same source (NTP)"
    if apart > SKEW_SECONDS:
        found = f"the database's clock is {apart:,.1f} s {'ahead of' if seen.apart > 0 else 'behind'} ours"
        return Check("clock", "fail" if apart > LARGE_SKEW_SECONDS else "warn", found, advice)
    if seen.ahead > LARGE_SKEW_SECONDS:
        found = f"something stored is dated {seen.ahead:,.0f} s ahead: a clock is wrong, or was"
        return Check("clock", "warn", found, advice)
    return ok("clock", "agrees with the database's")


# The work


async def _work(database: Database, settings: Settings, now: int) -> AsyncIterator[Check]:
    stand = await gauges.read(database, now, ",".join(sorted(settings.off)))
    yield _queue(stand)
    yield await _runs(database, settings, now)
    for one in _handover(stand, settings, now):
        yield one
    if stand.problems:
        many = ", ".join(f"{count} with {kind.replace('_', ' ')}" for kind, count in stand.problems.items())
        yield Check("connections", "warn", f"of {stand.connections}: {many}", "`crossdock connections`")
    else:
        yield ok("connections", f"{stand.connections}, none with a problem")


async def _runs(database: Database, settings: Settings, now: int) -> Check:
    still = await health.standing_still(database, now - STILL_SECONDS * 1000)
    if not still:
        return ok("runs", "all that run get on")
    job, function, since = still[0]
    found = (
        f"{len(still)} stand still; {function} ({job}) stored nothing for {(now - since) // 60_000} minutes"
    )
    advice = f"look for {job} in the log; it is ended after {settings.stuck_minutes} minutes"
    return Check("runs", "warn", found, advice)


def _queue(stand: Gauges) -> Check:
    """Whether somebody works, and keeps up."""
    queued = sum(count for (_, state), count in stand.jobs.items() if state == "queued")
    running = sum(count for (_, state), count in stand.jobs.items() if state == "running")
    found = f"{queued} wait, {running} run"
    waits = max(stand.waiting_seconds, stand.overdue_seconds)
    if waits > LONG_WAIT_SECONDS and running > stand.expired_leases:
        advice = "more `crossdock work`, or a higher CROSSDOCK_CONCURRENCY"
        return Check("queue", "warn", f"{found}; the first waits for {waits:,.0f} s", advice)
    if waits > LONG_WAIT_SECONDS:
        return Check("queue", "fail", f"nobody takes work: it waits for {waits:,.0f} s", NO_WORKER)
    if stand.expired_leases:
        return Check("queue", "warn", f"{found}; {stand.expired_leases} of them by nobody", NO_WORKER)
    return ok("queue", found)


def _handover(stand: Gauges, settings: Settings, now: int) -> Iterator[Check]:
    """Whether the other server, where there is one, takes what it is given."""
    state = stand.handover
    if state is None:
        if settings.svix_url:
            yield Check(
                "hand-over", "warn", "CROSSDOCK_SVIX_URL is set, but nothing is handed over", NO_WORKER
            )
        return
    behind = 0 if state.oldest_ms is None else max(0, now - state.oldest_ms) / 1000
    if state.failing:
        found = f"fails for {state.failing} organizations, {behind:,.0f} s behind; last: {state.problem}"
        yield Check("hand-over", "warn", found, "check CROSSDOCK_SVIX_URL, _TOKEN and that server")
    elif behind > LONG_WAIT_SECONDS:
        yield Check("hand-over", "warn", f"{behind:,.0f} s behind", NO_WORKER)
    else:
        yield ok("hand-over", "the other server takes what happens")


async def _data(database: Database, settings: Settings, now: int) -> Check:
    late = await health.behind(database, now, ",".join(sorted(settings.off)), INTERVALS)
    if not late:
        return ok("data", "as fresh as their intervals say")
    found = ", ".join(f"{function} of {count}" for function, count in late.items())
    advice = "GET /connections/{connection_id}/freshness says how their last runs went"
    return Check("data", "warn", f"older than {INTERVALS} intervals: {found}", advice)
