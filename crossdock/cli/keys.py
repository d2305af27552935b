"""`crossdock keys`: the API keys that backends sign in with; changing the keys that encrypt."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from crossdock.cli.output import print_json, print_table, say
from crossdock.cli.running import AsJson, OrganizationReference, run
from crossdock.config import Settings

if TYPE_CHECKING:
    from crossdock.services.wiring import Services

app = typer.Typer(no_args_is_help=True, help="API keys: what your backend signs in with.")


@app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for: it is listed under this name.")],
    read_only: Annotated[bool, typer.Option("--read-only", help="The key may only read.")] = False,
    days: Annotated[int | None, typer.Option(help="How long it works, in days. Left out: for ever.")] = None,
    connection: Annotated[
        list[str] | None,
        typer.Option(help="The id of a connection that it reaches, and no other; several times for several."),
    ] = None,
    organization: OrganizationReference = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown this once. The first key also makes the organization."""
    wanted = WantedKey(name, read_only, days, frozenset(connection or ()))
    run(lambda settings: _create(settings, wanted, organization, as_json=as_json), as_json=as_json)


@dataclass(frozen=True)
class WantedKey:
    """The key that the options ask for."""

    name: str
    read_only: bool
    days: int | None
    connection_uids: frozenset[str]


async def _create(settings: Settings, wanted: WantedKey, organization: str | None, *, as_json: bool) -> None:
    from crossdock.connections.organizations import owner_of_key
    from crossdock.people.api_keys import expiry_ms, issue_key
    from crossdock.services.open import open_services
    from crossdock.store.connections.access import NewKey
    from crossdock.wire import stamp

    async with open_services(settings) as services:
        now = services.clock()
        expires_ms = expiry_ms(wanted.days, now)
        owner = await owner_of_key(services.database, organization, wanted.name, now)
        new_key = NewKey(wanted.name, wanted.read_only, expires_ms, wanted.connection_uids)
        key = await issue_key(services.database, owner, new_key, now)
    if as_json:
        print_json(
            {
                "id": key.id,
                "organization_id": key.organization_id,
                "api_key": key.key,
                "read_only": wanted.read_only,
                "expires_at": None if expires_ms is None else stamp(expires_ms),
                "connection_ids": sorted(wanted.connection_uids),
            }
        )
        return
    say(f"Key [bold]{key.id}[/] of {key.organization_id}. Keep it now, it is not shown again:")
    say(key.key)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List API keys; the keys themselves are not kept, only their last letters."""
    run(lambda settings: _list(settings, as_json=as_json), as_json=as_json)


async def _list(settings: Settings, *, as_json: bool) -> None:
    from crossdock.services.open import open_services
    from crossdock.store.connections import access
    from crossdock.wire import stamp

    async with open_services(settings) as services:
        keys = await access.keys(services.database)
    rows = [
        {
            "id": key.id,
            "name": key.name,
            "kind": key.kind,
            "ends_with": key.hint,
            "connections": ", ".join(sorted(key.connection_uids)),
            "created_at": stamp(key.created_ms),
            "last_used_at": None if key.last_used_ms is None else stamp(key.last_used_ms),
            "expires_at": None if key.expires_ms is None else stamp(key.expires_ms),
            "revoked_at": None if key.revoked_ms is None else stamp(key.revoked_ms),
            "organization_id": key.organization_id,
        }
        for key in keys
    ]
    if as_json:
        print_json(rows)
        return
    if len({row["organization_id"] for row in rows}) == 1:
        rows = [{**row, "organization_id": None} for row in rows]
    print_table("API keys", rows, "There are no keys yet: crossdock keys create NAME")


@app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The id of the key, as `keys list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """End a key: from now on it opens nothing."""
    run(lambda settings: _revoke(settings, key_id, as_json=as_json), as_json=as_json)


async def _revoke(settings: Settings, key_id: str, *, as_json: bool) -> None:
    from crossdock.people.api_keys import revoke_key
    from crossdock.services.open import open_services

    async with open_services(settings) as services:
        await revoke_key(services.database, None, key_id, services.clock())
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        say(f"Key {key_id} is revoked.")


# Keys that encrypt


@app.command("rotate-secrets")
def rotate_secrets(
    data_keys: Annotated[
        bool,
        typer.Option("--data-keys", help="Also make new data keys, and encrypt every secret anew with them."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Wrap all data keys with the first key of CROSSDOCK_SECRET_KEY, while servers and workers run.

    All of them must know that key before. Begun again, it goes on with what is left.
    """
    run(
        lambda settings: _rotate(settings, data_keys=data_keys, dry_run=dry_run, as_json=as_json),
        as_json=as_json,
    )


async def _rotate(settings: Settings, *, data_keys: bool, dry_run: bool, as_json: bool) -> None:
    from crossdock.services.open import open_services
    from crossdock.store.database import rotation

    async with open_services(settings) as services:
        database, vault = services.database, services.vault
        before = await rotation.key_use(database)
        old = before.count - before.by_master.get(vault.key_id, 0)
        result: dict[str, object] = {
            "operator_key": vault.key_id, "data_keys": before.count, "wrapped_anew": old, "dry_run": dry_run,
        }  # fmt: skip
        _tell(as_json, f"{old} of {before.count} data keys are not under operator's key {vault.key_id}.")
        if not dry_run:
            async for done in rotation.rewrap(database, vault, services.clock()):
                _tell(as_json, f"  {done} of {old} wrapped anew")
        if data_keys:
            result["values"] = await _new_data_keys(services, dry_run=dry_run, as_json=as_json)
    if as_json:
        print_json(result)
    elif dry_run:
        say("Nothing was changed.")
    else:
        say("Done. `crossdock doctor` says which keys are in use, and when an old one may be dropped.")


async def _new_data_keys(services: "Services", *, dry_run: bool, as_json: bool) -> dict[str, dict[str, int]]:
    """Make new data keys and seal everything with them; how many values, by table and column."""
    from crossdock.store.database import rotation

    database, vault = services.database, services.vault
    if dry_run:
        counts = await rotation.sealed_counts(database)
        for place, count in counts.items():
            _tell(as_json, f"  {place}: {count:,} values would be encrypted anew")
        return {place: {"seen": count, "changed": 0, "unreadable": 0} for place, count in counts.items()}
    made = await rotation.add_data_keys(database, vault, services.clock())
    _tell(as_json, f"{made} new data keys." if made else "Going on with the data keys made before.")
    totals = await _reseal(services, as_json=as_json)
    settled = await rotation.seals_settle_ms(database)
    if settled:
        seconds = max(0.0, (settled - services.clock()) / 1000)
        _tell(as_json, f"Waiting {seconds:,.0f} s until every process encrypts with the new keys …")
        await asyncio.sleep(seconds)
        for place, late in (await _reseal(services, as_json=as_json)).items():
            totals[place]["changed"] += late["changed"]
    if unreadable := sum(counts["unreadable"] for counts in totals.values()):
        _tell(as_json, f"{unreadable} values open with no key (the log names them): the old data keys stay.")
        return totals
    removed = await rotation.finish(database, services.clock())
    _tell(as_json, f"{removed} old data keys were removed.")
    return totals


async def _reseal(services: "Services", *, as_json: bool) -> dict[str, dict[str, int]]:
    from crossdock.store.database import rotation

    totals: dict[str, dict[str, int]] = {}
    async for progress in rotation.reseal(services.database, services.vault):
        totals[f"{progress.table}.{progress.column}"] = {
            "seen": progress.seen, "changed": progress.changed, "unreadable": progress.unreadable,
        }  # fmt: skip
    for place, counts in totals.items():
        bad = f", {counts['unreadable']:,} do not open" if counts["unreadable"] else ""
        _tell(as_json, f"  {place}: {counts['changed']:,} of {counts['seen']:,} encrypted anew{bad}")
    return totals


def _tell(as_json: bool, text: str) -> None:
    if not as_json:
        say(text)
