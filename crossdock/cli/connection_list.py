"""What is connected, how it syncs, and which of its records did not fit, as the terminal shows it."""

from typing import Any

from rich.markup import escape

from crossdock.cli.output import print_json, print_table, say
from crossdock.config import Settings
from crossdock.connections.freshness import all_freshness
from crossdock.connections.lookup import get_by_prefix
from crossdock.connections.overview import ConnectionOverview, latest_sync_ms, overviews
from crossdock.services.open import open_services
from crossdock.store.connections import connections
from crossdock.store.database.engine import Database
from crossdock.store.records import quarantine
from crossdock.wire import stamp


async def show(settings: Settings, *, as_json: bool) -> None:
    """Print every connection, and below them what is wrong."""
    async with open_services(settings) as services:
        database, now = services.database, services.clock()
        page = await connections.page(database, None)
        rows = [await _row(database, item, now) for item in await overviews(database, page, settings.off)]
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


async def _row(database: Database, overview: ConnectionOverview, now_ms: int) -> dict[str, Any]:
    connection, plans = overview.connection, overview.schedules
    latest_ms = latest_sync_ms(plans)
    done = sum(plan.first_done_ms is not None for plan in plans)
    return {
        "connection_id": connection.uid,
        "integration": connection.integration,
        "type": connection.type,
        "customer_id": connection.customer_id,
        "functions": [plan.function for plan in plans],
        "first_sync": f"{done} of {len(plans)}",
        "latest_sync": None if latest_ms is None else stamp(latest_ms),
        "set_aside": len(await quarantine.of_connection(database, connection.id)),
        "errors": [problem.message for problem in overview.problems],
        "freshness": await all_freshness(database, connection, now_ms),
    }


async def show_quarantine(settings: Settings, reference: str, function: str | None, *, as_json: bool) -> None:
    """Print the records of a connection that did not fit."""
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        records = await quarantine.of_connection(services.database, connection.id, function)
    rows = [
        {
            "function": record.function,
            "key": record.key,
            "reason": record.reason,
            "size": record.size,
            "since": stamp(record.first_ms),
            "last_seen": stamp(record.last_ms),
            "raw": (record.raw if as_json else record.raw[:200]).decode(errors="replace"),
        }
        for record in records
    ]
    if as_json:
        print_json(rows)
    else:
        print_table("Set aside", rows, "Every record of the vendor fits.")
