"""`crossdock files`: the invoice files of a connection; reading one again, and taking one away."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.output import print_json, print_table, say
from crossdock.cli.running import AsJson, Reference, run
from crossdock.config import Settings

if TYPE_CHECKING:
    from crossdock.services.wiring import Services
    from crossdock.store.carriers.files import FileRow

MOST_LISTED = 1000

app = typer.Typer(no_args_is_help=True, help="Invoice files of carriers: list, read again, remove.")

FileIds = Annotated[list[str], typer.Argument(help="Ids of files, as `files list` shows them.")]


@app.command("list")
def list_files(
    connection: Reference,
    refused: Annotated[bool, typer.Option("--refused", help="Only those that could not be read.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the invoice files of a carrier's connection, and what became of each."""
    run(
        lambda settings: _listed(settings, connection, only_refused=refused, as_json=as_json), as_json=as_json
    )


@app.command("read")
def read_again(file: FileIds, as_json: AsJson = False) -> None:
    """Have files read again: after an update that can read them, say."""
    run(
        lambda settings: _act_on_each(settings, file, _read_again, "is read again", as_json=as_json),
        as_json=as_json,
    )


@app.command("remove")
def remove(file: FileIds, as_json: AsJson = False) -> None:
    """Take files away for good, with the line items that no other file holds."""
    name = "is removed, with what no other file says"
    run(lambda settings: _act_on_each(settings, file, _remove, name, as_json=as_json), as_json=as_json)


async def _listed(settings: Settings, reference: str, *, only_refused: bool, as_json: bool) -> None:
    """Print the files of a connection, the oldest first."""
    from crossdock.connections.lookup import get_by_prefix
    from crossdock.services.open import open_services
    from crossdock.store.carriers import files

    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        file_filter = files.FileFilter(connection.id, state="refused" if only_refused else None)
        received = await files.page(services.database, file_filter, MOST_LISTED)
    rows = [_row(file) for file in received]
    if as_json:
        print_json(rows)
    else:
        print_table("Files", rows, "No file came in." if not only_refused else "No file is refused.")


def _row(file: "FileRow") -> dict[str, Any]:
    from crossdock.store.carriers import files
    from crossdock.wire import stamp

    return {
        "id": file.id,
        "name": file.name,
        "came": stamp(file.received_ms),
        "state": files.shown(file.state),
        "error": file.error,
    }


Act = Callable[["Services", "FileRow"], Awaitable["FileRow"]]


async def _read_again(services: "Services", file: "FileRow") -> "FileRow":
    from crossdock.sync import files as syncs

    return await syncs.read_again(services.database, file.id, file.connection_id, services.clock())


async def _remove(services: "Services", file: "FileRow") -> "FileRow":
    from crossdock.sync import files as syncs

    return await syncs.remove(services.database, file.id, file.connection_id, services.clock())


async def _act_on_each(
    settings: Settings, file_ids: list[str], act: Act, name: str, *, as_json: bool
) -> None:
    """Do the act to each file. Raises NotFound or Conflict at the first that it can't be done to."""
    from crossdock.files.lookup import get_file
    from crossdock.services.open import open_services

    done = []
    async with open_services(settings) as services:
        for file_id in file_ids:
            done.append(await act(services, await get_file(services.database, file_id)))
    if as_json:
        print_json([{"id": file.id, "name": file.name} for file in done])
        return
    for file in done:
        say(f"{file.id} ({file.name}) {name}.")
