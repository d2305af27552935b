"""Settings of a connection: whose it is, how often it syncs and how far back, what is told and kept.

customer_id  webhooks_disabled                 columns
lookback_days                                  a column: of first syncs that have not begun
sync_frequency                                 its schedules
quantities  keep_raw                           have all records read again
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any

from crossdock.connections.additions import set_keep_raw
from crossdock.connections.capabilities import integration_of
from crossdock.errors import Invalid, NotFound
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import SYSTEM, Actor, AuditEntry

SHORTEST_SECONDS, LONGEST_SECONDS = 60, 7 * 86_400
"""Between two syncs of a function."""
MOST_LOOKBACK_DAYS = 1096


@dataclass(frozen=True)
class ConnectionChange:
    """The settings that are to be different; those that are left out (...) stay as they are."""

    customer_id: str | EllipsisType | None = ...
    webhooks_disabled: bool | EllipsisType = ...
    lookback_days: int | EllipsisType | None = ...
    """None: as the organization has it."""
    sync_frequency: Mapping[str, int | None] | EllipsisType | None = field(default=...)
    """Seconds by function, None for its default; None: the default of all."""
    quantities: str | EllipsisType = ...
    keep_raw: bool | EllipsisType = ...

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings that are to be different, by name."""
        return {name: value for name, value in vars(self).items() if value is not ...}


@dataclass(frozen=True)
class SyncPace:
    """The seconds between two syncs of a function, and those where nobody set them."""

    function: str
    seconds: int
    default_seconds: int


async def change_settings(
    database: Database,
    connection: ConnectionRow,
    change: ConnectionChange,
    now_ms: int,
    *,
    actor: Actor = SYSTEM,
) -> None:
    """Set what is to be different. Raises Invalid, naming all that does not fit, and changes nothing then."""
    chosen = change.chosen
    paces = {pace.function: pace for pace in await _sync_paces(database, connection)}
    frequencies = _frequencies(chosen.pop("sync_frequency", {}), paces)
    _check_lookback(chosen.get("lookback_days"))
    quantities, keep_raw = chosen.pop("quantities", None), chosen.pop("keep_raw", None)
    entry = AuditEntry(
        connection.organization_id, actor, "connection.changed", connection.uid, detail=change.chosen
    )

    async def work(transaction: Transaction) -> None:
        if not await connections.lock(transaction, connection.id):
            raise NotFound("the connection was deleted", record_id=connection.uid)
        if chosen:
            await connections.change(transaction, connection.id, chosen)
        await schedules.set_every(transaction, connection.id, frequencies, now_ms)
        if quantities is not None:
            await set_quantities(transaction, connection.id, quantities, now_ms)
        if keep_raw is not None:
            await set_keep_raw(transaction, connection, keep_raw, now_ms)
        if change.chosen:
            await audit_log.note(transaction, entry, now_ms)

    await database.transact(work)


async def set_quantities(transaction: Transaction, connection_id: int, choice: str, now_ms: int) -> bool:
    """Set how quantities that are no whole numbers are sent: "rounded", as in the contract, or "exact".

    All records are read again for it. False when it was so already.
    """
    if await connections.quantities(transaction, connection_id) == choice:
        return False
    await connections.change(transaction, connection_id, {"quantities": choice})
    await schedules.read_again(transaction, connection_id, now_ms)
    return True


async def available_paces(
    database: Database, connection: ConnectionRow, off: frozenset[str]
) -> list[SyncPace]:
    """The pace of each function that has a schedule and is not switched off."""
    paces = await _sync_paces(database, connection)
    return [pace for pace in paces if not connection.is_off(pace.function, off)]


async def _sync_paces(database: Database, connection: ConnectionRow) -> list[SyncPace]:
    """The pace of each function that has a schedule."""
    resources = integration_of(connection).resources
    plans = (await schedules.of_connections(database, [connection.id]))[connection.id]
    defaults = {
        function: int(resource.every.total_seconds())
        for function, resource in resources.items()
        if resource.every
    }
    return [
        SyncPace(plan.function, plan.every_seconds, defaults.get(plan.function, plan.every_seconds))
        for plan in plans
    ]


def _frequencies(chosen: Mapping[str, int | None] | None, paces: Mapping[str, SyncPace]) -> dict[str, int]:
    """Seconds by function, of those that are to change. Raises Invalid."""
    if chosen is None:
        return {pace.function: pace.default_seconds for pace in paces.values()}
    faults = {
        f"sync_frequency.{function}": [fault]
        for function, seconds in chosen.items()
        if (fault := _frequency_fault(function, seconds, paces))
    }
    if faults:
        raise Invalid({"json": faults})
    return {
        function: paces[function].default_seconds if seconds is None else seconds
        for function, seconds in chosen.items()
    }


def _frequency_fault(function: str, seconds: int | None, paces: Mapping[str, SyncPace]) -> str | None:
    if function not in paces:
        return f"this connection does not sync {function!r}; it syncs: {', '.join(paces)}"
    if seconds is not None and not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        wanted, default = f"{SHORTEST_SECONDS} to {LONGEST_SECONDS}", paces[function].default_seconds
        return f"{function} is {seconds}; wanted are {wanted} seconds, or null for the default of {default}"
    return None


def _check_lookback(days: int | None) -> None:
    """Raise Invalid for a span that no first sync has."""
    if days is not None and not 0 <= days <= MOST_LOOKBACK_DAYS:
        wanted = f"0 to {MOST_LOOKBACK_DAYS} days, or null for the organization's"
        raise Invalid({"json": {"lookback_days": [f"lookback_days is {days}; wanted are {wanted}"]}})
