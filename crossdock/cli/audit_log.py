"""`crossdock audit-log`: who did what, when, from where."""

import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.output import print_json, print_table, say
from crossdock.cli.running import AsJson, run
from crossdock.config import Settings
from crossdock.errors import Invalid

if TYPE_CHECKING:
    from crossdock.store.people.audit_log import AuditFilter

app = typer.Typer(no_args_is_help=True, help="The audit log: who did what, when, from where.")

Organization = Annotated[str | None, typer.Option("--organization", help="Only this one's entries.")]
Action = Annotated[str | None, typer.Option(help="An action, or its noun: connection.deleted, connection.")]
Actor = Annotated[str | None, typer.Option(help="The id, name or kind of who acted.")]
Subject = Annotated[str | None, typer.Option(help="The id of what it was done to.")]
Since = Annotated[str | None, typer.Option(help="Only entries at or after it: 2026-01-31.")]
Until = Annotated[str | None, typer.Option(help="Only entries at or before it.")]


@app.command("list")
def list_entries(
    organization: Organization = None,
    action: Action = None,
    actor: Actor = None,
    subject: Subject = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(help="How many, the newest.", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List entries, the newest first."""
    texts = {"action": action, "actor": actor, "subject": subject}
    run(
        lambda settings: _list(settings, organization, texts, (since, None), limit, as_json=as_json),
        as_json=as_json,
    )


async def _list(
    settings: Settings, organization: str | None, texts: dict[str, str | None],
    times: tuple[str | None, str | None], limit: int, *, as_json: bool,
) -> None:  # fmt: skip
    from crossdock.people.audit_export import shown
    from crossdock.services.open import open_services
    from crossdock.store.people import audit_log

    async with open_services(settings) as services:
        wanted = await _filter(services.database, organization, texts, times)
        rows = [shown(row) for row in await audit_log.page(services.database, wanted, None, limit)]
    if as_json:
        print_json(rows)
        return
    names = ("actor_kind", "actor_name", "action", "subject", "address")
    cells = [{"when": row["at"]} | {name: row[name] for name in names} for row in rows]
    print_table("Audit log", cells, "There are no such entries.")


@app.command("export")
def export_entries(
    organization: Organization = None,
    action: Action = None,
    actor: Actor = None,
    subject: Subject = None,
    since: Since = None,
    until: Until = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="CSV for spreadsheets, not a line of JSON each.")
    ] = False,
) -> None:
    """Write all entries to standard output, the oldest first: NDJSON, or CSV."""
    texts = {"action": action, "actor": actor, "subject": subject}
    run(lambda settings: _export(settings, organization, texts, (since, until), is_csv=csv))


async def _export(
    settings: Settings, organization: str | None, texts: dict[str, str | None],
    times: tuple[str | None, str | None], *, is_csv: bool,
) -> None:  # fmt: skip
    from crossdock.people.audit_export import as_csv, as_ndjson
    from crossdock.services.open import open_services
    from crossdock.store.people import audit_log

    async with open_services(settings) as services:
        wanted = await _filter(services.database, organization, texts, times)
        rows = audit_log.everything(services.database, wanted)
        pieces: AsyncIterator[bytes] = as_csv(rows) if is_csv else as_ndjson(rows)
        async for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()


@app.command("prune")
def prune_entries(
    before: Annotated[str, typer.Option(help="Remove entries from before this day: 2025-01-01.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove old entries for good, of all organizations: the one way there is; it is told in each log."""
    if not yes:
        typer.confirm(f"Remove all entries from before {before}? They can't be had back", abort=True)
    run(lambda settings: _prune(settings, before, as_json=as_json), as_json=as_json)


async def _prune(settings: Settings, before: str, *, as_json: bool) -> None:
    from crossdock.services.open import open_services
    from crossdock.store.people import audit_log

    before_ms = _moment_ms("before", before) or 0
    async with open_services(settings) as services:
        if before_ms > services.clock():
            raise Invalid({"options": {"before": [f"{before} is in the future"]}})
        removed = await audit_log.prune(services.database, before_ms, services.clock())
    if as_json:
        print_json({"removed": removed})
    else:
        say(f"{removed} entries were removed.")


async def _filter(
    database: Any, organization: str | None, texts: dict[str, str | None],
    times: tuple[str | None, str | None],
) -> "AuditFilter":  # fmt: skip
    from crossdock.connections.organizations import choose
    from crossdock.store.connections import access
    from crossdock.store.people.audit_log import AuditFilter

    organization_id = None
    if organization is not None:
        organization_id = choose(await access.organizations(database), organization).id
    since, until = (_moment_ms(name, text) for name, text in zip(("since", "until"), times, strict=True))
    return AuditFilter(organization_id, since_ms=since, until_ms=until and until + 999, **texts)


def _moment_ms(name: str, text: str | None) -> int | None:
    """A date in milliseconds since 1970. Raises Invalid."""
    from crossdock.resources import dates

    if text is None:
        return None
    try:
        return dates.seconds(text) * 1000
    except ValueError as problem:
        raise Invalid({"options": {name: [str(problem)]}}) from None
