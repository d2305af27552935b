"""`crossdock erase` and `crossdock erasures`: people and shops are masked everywhere, and the proof of it."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.output import console, print_json, print_table, say
from crossdock.cli.running import AsJson, OrganizationReference, run
from crossdock.config import Settings
from crossdock.errors import NotFound

if TYPE_CHECKING:
    from crossdock.kit.erasure import ErasureMode, ErasureSubject
    from crossdock.services.wiring import Services
    from crossdock.store.erasing.erasures import ErasureRow

app = typer.Typer()

EVERY_SECONDS = 0.5


@app.command()
def erase(  # noqa: PLR0913, PLR0917  each is an option
    email: Annotated[str | None, typer.Option(help="An e-mail address, regardless of case.")] = None,
    phone: Annotated[str | None, typer.Option(help="A phone number in any format.")] = None,
    name: Annotated[str | None, typer.Option(help="A name, word by word.")] = None,
    address: Annotated[str | None, typer.Option(help="Street and number, to narrow down the name.")] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(help="The id of an order or customer: everybody in its records. May be repeated."),
    ] = None,
    connection: Annotated[str | None, typer.Option(help="Only in this connection.")] = None,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="Everybody in the connection: a shop.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Only tell what is held, and where.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    organization: OrganizationReference = None,
    as_json: AsJson = False,
) -> None:
    """Mask a person or a shop in records, history, events, messages and files. It can't be undone.

    What would be masked is shown first. A proof without the values stays: `crossdock erasures`.
    """
    from crossdock.kit.erasure import ErasureSubject

    subject = ErasureSubject(
        email=email, phone=phone, name=name, address=address, reference_ids=reference or [],
        everyone=everyone, connection_id=connection,
    )  # fmt: skip

    async def work(settings: Settings) -> None:
        await _erase(settings, organization, subject, is_show=show, is_sure=yes, as_json=as_json)

    run(work, as_json=as_json)


async def _erase(
    settings: Settings,
    organization: str | None,
    subject: "ErasureSubject",
    *,
    is_show: bool,
    is_sure: bool,
    as_json: bool,
) -> None:
    from crossdock.connections.organizations import choose
    from crossdock.services.open import open_services
    from crossdock.store.connections import access

    async with open_services(settings) as services:
        organization_id = choose(await access.organizations(services.database), organization).id
        if is_show or not is_sure:
            shown = await _done(services, organization_id, subject, "show", as_json=as_json)
            if is_show or as_json or not shown.counts:
                _print(shown, as_json=as_json)
                return
            _print(shown, as_json=False)
            if not typer.confirm("Mask all this for good?"):
                say("Nothing was changed.")
                return
        _print(await _done(services, organization_id, subject, "erase", as_json=as_json), as_json=as_json)


async def _done(
    services: "Services",
    organization_id: str,
    subject: "ErasureSubject",
    mode: "ErasureMode",
    *,
    as_json: bool,
) -> "ErasureRow":
    """Ask for an erasure, and do here what is due of it; the rest is left to a worker."""
    from crossdock.erasing.request import Requester
    from crossdock.store.erasing import erasures
    from crossdock.store.people.audit_log import COMMAND_LINE

    requester = Requester(organization_id, COMMAND_LINE, "command_line")
    erasure = await services.erasures.request(requester, subject, mode)
    working = asyncio.create_task(services.worker(connection_id=0).drain())
    while True:
        done, _ = await asyncio.wait({working}, timeout=EVERY_SECONDS)
        row = await erasures.get(services.database, erasure.id)
        if row is None:
            raise NotFound(f"there is no erasure {erasure.id!r}", record_id=erasure.id)
        if done:
            await working
            if row.state != "running":
                return row
            # A worker has it: what it does is watched.
            working = asyncio.create_task(asyncio.sleep(EVERY_SECONDS))
        if not as_json and console.is_terminal:
            task = " ".join(map(str, row.progress.get("task") or ("begins",)))
            say(f"  {task}: {sum(row.counts.values())}")


def _print(erasure: "ErasureRow", *, as_json: bool) -> None:
    from crossdock.erasing.proof import described

    if as_json:
        print_json(described(erasure))
        return
    verb = "would be masked" if erasure.mode == "show" else "were masked"
    rows = [{"place": place, "count": count} for place, count in sorted(erasure.counts.items())]
    print_table(f"What {verb}", rows, "Nothing of them is held.")
    for example in erasure.examples[:20]:
        fields = ", ".join(f"{path} {value}" for path, value in example["fields"].items())
        say(f"  {example['place']} {example['id']}  [dim]{fields}[/]")
    if erasure.state == "settling":
        say(f"[bold]{erasure.id}[/]: a worker looks once more in three minutes, when nothing older runs.")
    elif erasure.mode == "erase":
        say(f"[bold]{erasure.id}[/] is done. The proof: crossdock erasures {erasure.id} --csv")


@app.command()
def erasures(
    erasure_id: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the proof as CSV.")] = False,
    organization: OrganizationReference = None,
    as_json: AsJson = False,
) -> None:
    """List erasures, or print the proof of one. None holds the values."""
    run(
        lambda settings: _list(settings, organization, erasure_id, as_csv=as_csv, as_json=as_json),
        as_json=as_json,
    )


async def _list(
    settings: Settings, organization: str | None, erasure_id: str | None, *, as_csv: bool, as_json: bool
) -> None:
    from crossdock.connections.organizations import choose
    from crossdock.erasing import proof
    from crossdock.services.open import open_services
    from crossdock.store.connections import access
    from crossdock.store.erasing import erasures as stored

    async with open_services(settings) as services:
        organization_id = choose(await access.organizations(services.database), organization).id
        if erasure_id is None:
            rows = await stored.page(services.database, organization_id, None, 1000)
        else:
            row = await stored.get(services.database, erasure_id, organization_id)
            if row is None:
                raise NotFound(f"there is no erasure {erasure_id!r}", record_id=erasure_id)
            rows = [row]
    if as_csv:
        print("".join(map(proof.as_csv, rows)), end="")  # noqa: T201  it is a file for programs
    elif as_json:
        print_json([proof.described(row) for row in rows])
    else:
        print_table("Erasures", [_row(row) for row in rows], "Nobody was erased.")


def _row(erasure: "ErasureRow") -> dict[str, Any]:
    from crossdock.wire import stamp

    return {
        "id": erasure.id,
        "mode": erasure.mode,
        "state": erasure.state,
        "kinds": ", ".join(erasure.kinds),
        "count": sum(erasure.counts.values()),
        "by": erasure.actor,
        "created": stamp(erasure.created_ms),
    }
