"""The commands about connections."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.markup import escape

from crossdock.api.connections import available_actions
from crossdock.api.freshness import described
from crossdock.app import Services, open_services
from crossdock.changes.document import stamp
from crossdock.config import Settings
from crossdock.errors import Invalid, InvalidCredentials, NotFound, VendorError
from crossdock.integrations.deliveries import SOURCE, Field
from crossdock.integrations.registry import Integration, all_integrations
from crossdock.jobs.queue import enqueue
from crossdock.store import access, connections, freshness, jobs, quarantine, schedules
from crossdock.store.access import Organization
from crossdock.store.connections import Connection
from crossdock.terminal.output import console, errors, print_json, print_table, say
from crossdock.terminal.progress import Watched, shown_live, table, watch
from crossdock.terminal.progress import as_json as job_as_json

Ask = Callable[[Field], str]


def parsed(fields: list[str]) -> dict[str, str]:
    """KEY=VALUE → a mapping; a value "-" is asked for. Ends the command when one has no "="."""
    found = {}
    for one in fields:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{one!r} is not KEY=VALUE", param_hint="--set")
        found[key] = typer.prompt(key, hide_input=True) if value == "-" else value
    return found


def asked(integration: Integration, given: dict[str, str], ask: Ask) -> dict[str, str]:
    """What was given, and what is still needed: the source of files first, as the rest depends on it."""
    found, fields = dict(given), integration.manifest.auth.fields
    for one in fields:
        if one.key in found or one.way not in (None, found.get(SOURCE)):
            continue
        # Of several secrets that each have a default one is enough: a password, or a key.
        has_secret = any(found.get(each.key) for each in fields if each.secret)
        if one.key == SOURCE or one.default is None or (one.secret and not has_secret):
            found[one.key] = ask(one)
    return {key: value for key, value in found.items() if value}


def prompt(one: Field) -> str:
    """Asks for a field on the terminal."""
    text = one.label if not one.choices else f"{one.label} ({', '.join(one.choices)})"
    answer: str = typer.prompt(
        text, default=one.default, hide_input=one.secret, show_default=bool(one.default)
    )
    return answer


def chosen(name: str, kind: str | None) -> Integration:
    """The integration meant. Raises NotFound or Invalid with what there is."""
    found = [one for (_, slug), one in all_integrations().items() if slug == name]
    if not found:
        known = ", ".join(sorted({slug for _, slug in all_integrations()}))
        raise NotFound(f"no integration is called {name!r}; there are: {known}", record_id=name)
    fitting = [one for one in found if kind in (None, one.type)]
    if len(fitting) != 1:
        kinds = ", ".join(one.type for one in found)
        raise Invalid({"options": {"type": [f"{name} is several: say which with --type: {kinds}"]}})
    return fitting[0]


async def connect(
    settings: Settings,
    name: str,
    given: dict[str, str],
    *,
    customer_id: str | None,
    kind: str | None,
    pick: Callable[[list[Organization]], str],
    as_json: bool,
) -> None:
    integration = chosen(name, kind)
    async with open_services(settings) as services:
        known = await access.organizations(services.database)
        if not known:
            raise NotFound("there is no organization yet; `crossdock keys create NAME` makes one")
        owner = pick(known)
        with errors.status(f"Signing in to {integration.manifest.name} …"), _named(integration):
            made, token = await services.linker.connect(owner, integration, given, customer_id)
        actions = available_actions(services.door(), made, integration)
    if as_json:
        print_json(
            {
                "connection_id": made.uid,
                "access_token": token,
                "integration_name": made.integration,
                "available_actions": actions,
            }
        )
        return
    say(f"Connected as [bold]{made.uid}[/]. Its access token:")
    say(f"  {token}")
    say("A running worker syncs it now. To sync it here and watch:")
    say(f"  crossdock sync {made.uid[:8]}")


@contextmanager
def _named(integration: Integration) -> Iterator[None]:
    """Tells what the system refuses under its name. Its own words about a wrong password help nobody."""
    name = integration.manifest.name
    try:
        yield
    except VendorError as problem:
        told = f"{name}: {problem}"
        if isinstance(problem, InvalidCredentials):
            told = f"Invalid {name} credentials" + ("" if problem.status == 401 else f": {problem}")
        raise VendorError(told, url=problem.url, status=problem.status) from problem


async def listed(settings: Settings, *, as_json: bool) -> None:
    async with open_services(settings) as services:
        rows = [await _row(services, one) for one in await connections.page(services.database, None)]
    if as_json:
        print_json(rows)
        return
    print_table("Connections", map(_line, rows), "Nothing is connected yet: crossdock connect --help")
    for row in rows:
        for message in row["errors"]:
            say(f"[bold red]{row['connection_id'][:8]}:[/] {escape(message)}")


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """A connection as people look at it: what is as it should be need not be said."""
    done, _, total = row["first_sync"].partition(" of ")
    return {
        "connection_id": row["connection_id"],
        "system": f"{row['type']}/{row['integration']}",
        "customer": row["customer_id"],
        "first_sync": None if done == total else row["first_sync"],
        "latest_sync": row["latest_sync"],
        "set_aside": row["set_aside"] or None,
    }


async def _row(services: Services, one: Connection) -> dict[str, Any]:
    plans = (await schedules.of_connections(services.database, [one.id]))[one.id]
    problems = (await connections.problems(services.database, [one.id]))[one.id]
    ends = [plan.last_end_ms for plan in plans if plan.last_end_ms]
    done = sum(plan.first_done_ms is not None for plan in plans)
    now = services.clock()
    aside = await quarantine.of_connection(services.database, one.id)
    return {
        "connection_id": one.uid,
        "integration": one.integration,
        "type": one.type,
        "customer_id": one.customer_id,
        "functions": [plan.function for plan in plans],
        "first_sync": f"{done} of {len(plans)}",
        "latest_sync": stamp(max(ends)) if ends else None,
        "set_aside": len(aside),
        "errors": [problem.message for problem in problems],
        "freshness": [
            described(each, now) for each in await freshness.of_connection(services.database, one.id, now)
        ],
    }


async def found(services: Services, reference: str) -> Connection:
    """The connection with this id, or the only one whose id begins so. Raises NotFound."""
    everybody = await connections.page(services.database, None, limit=1_000_000)
    fitting = [one for one in everybody if one.uid.startswith(reference)]
    if len(fitting) != 1:
        what = "several connections begin with" if fitting else "there is no connection"
        raise NotFound(f"{what} {reference!r}; `crossdock connections` lists them", record_id=reference)
    return fitting[0]


async def sync(settings: Settings, reference: str, functions: list[str], *, as_json: bool) -> None:
    async with open_services(settings) as services:
        connection = await found(services, reference)
        job_ids = await _queued(services, connection, functions)
        # This process works too, in case no worker runs elsewhere; whoever claims a job does it.
        worker = services.worker(connection_id=connection.id)
        working = asyncio.create_task(worker.run())
        try:
            watched = await _watched(services, job_ids, as_json=as_json)
        finally:
            worker.stop()
            await working
    failed = [one.job for one in watched if one.job.state == "failed"]
    if as_json:
        print_json([job_as_json(one) for one in watched])
    elif watched:
        console.print(table(watched))
        for job in failed:
            say(f"[bold red]{job.function}:[/] {escape(job.error or 'failed')}")
    else:
        say("Nothing to sync.")
    if failed:
        raise typer.Exit(1)


async def _watched(services: Services, job_ids: list[str], *, as_json: bool) -> list[Watched]:
    if as_json:
        return await watch(services.database, job_ids, lambda _: None)
    with shown_live() as each:
        return await watch(services.database, job_ids, each)


async def _queued(services: Services, connection: Connection, functions: list[str]) -> list[str]:
    """Queues the functions; the ids of their jobs, those that were open already included."""
    plans = (await schedules.of_connections(services.database, [connection.id]))[connection.id]
    off = services.settings.off
    known = [plan.function for plan in plans if not connection.is_off(plan.function, off)]
    if unknown := [one for one in functions if one not in known]:
        message = f"this connection does not sync {unknown[0]!r}; it syncs: {', '.join(known)}"
        raise Invalid({"options": {"function": [message]}})
    wanted, now = functions or known, services.clock()
    open_before = (await jobs.open_jobs(services.database, [connection.id]))[connection.id]
    found = {job.function: job.id for job in open_before if job.kind == "sync"}
    async with services.database.transaction() as transaction:
        for function in wanted:
            made = await enqueue(
                transaction, kind="sync", connection_id=connection.id, function=function, cause="force",
                now_ms=now,
            )  # fmt: skip
            if made:
                found[function] = made
    return [found[function] for function in wanted if function in found]


async def quarantined(settings: Settings, reference: str, function: str | None, *, as_json: bool) -> None:
    async with open_services(settings) as services:
        connection = await found(services, reference)
        kept = await quarantine.of_connection(services.database, connection.id, function)
    rows = [
        {
            "function": one.function,
            "key": one.key,
            "reason": one.reason,
            "size": one.size,
            "since": stamp(one.first_ms),
            "last_seen": stamp(one.last_ms),
            "raw": one.raw.decode(errors="replace") if as_json else one.raw[:200].decode(errors="replace"),
        }
        for one in kept
    ]
    if as_json:
        print_json(rows)
    else:
        print_table("Set aside", rows, "Every record of the vendor fits.")
