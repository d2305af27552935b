"""Switching functions off, for a connection or an organization. What can't be off is refused with reasons."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from crossdock.connections.capabilities import DERIVED, integration_of
from crossdock.connections.problems import clear_switched_off
from crossdock.errors import Invalid, NotFound
from crossdock.resources import switches
from crossdock.resources.catalogue import TYPES
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import SYSTEM, Actor, AuditEntry

MOST_FAULTS = 100


async def set_disabled(
    database: Database,
    connection: ConnectionRow,
    functions: Collection[str] | None,
    off: frozenset[str],
    now_ms: int,
    *,
    actor: Actor = SYSTEM,
) -> None:
    """Set a connection's own list: [] switches everything on, None leaves it to the organization again.

    off: what the operator's settings switch off. What is on again syncs at once, from where it stopped.
    Raises Invalid.
    """
    if functions is not None:
        check_disabled(connection, frozenset(functions))
    disabled_functions = frozenset(functions or ())
    enabled_functions = frozenset() if functions is None else frozenset({switches.EVERYTHING})
    columns = {
        "disabled_functions": ",".join(sorted(disabled_functions)),
        "enabled_functions": ",".join(enabled_functions),
    }
    detail = {"disabled_functions": None if functions is None else sorted(disabled_functions)}
    entry = AuditEntry(
        connection.organization_id, actor, "connection.functions_changed", connection.uid, detail=detail
    )

    async def work(transaction: Transaction) -> None:
        await connections.lock(transaction, connection.id)
        before = await connections.by_id(transaction, connection.id)
        if before is None:
            raise NotFound("the connection was deleted", record_id=connection.uid)
        after = replace(before, disabled_functions=disabled_functions, enabled_functions=enabled_functions)
        await connections.change(transaction, connection.id, columns)
        await follow_switches(transaction, before, after, off, now_ms)
        await audit_log.note(transaction, entry, now_ms)

    await database.transact(work)


async def follow_switches(
    transaction: Transaction,
    before: ConnectionRow,
    after: ConnectionRow,
    off: frozenset[str],
    now_ms: int,
) -> None:
    """Have what is on again sync now, and nothing be told to be wrong with what is off."""
    known = switches.switchable(after.type)
    was_off = {function for function in known if before.is_off(function, off)}
    is_off = {function for function in known if after.is_off(function, off)}
    await schedules.due_now(transaction, after.id, was_off - is_off, now_ms)
    await clear_switched_off(transaction, after, is_off - was_off, now_ms)


def check_disabled(connection: ConnectionRow, functions: frozenset[str]) -> None:
    """Raise Invalid for what is no function, and for what another function needs that stays on."""
    known_texts = switches.switchable(connection.type)
    faults = [no_function(name, known_texts) for name in sorted(functions - known_texts)[:MOST_FAULTS]]
    offered = [*integration_of(connection).functions, *(DERIVED if connection.derived_ledger else {})]
    faults += switches.conflicts(functions, connection.type, offered)
    if faults:
        raise Invalid({"json": {"disabled_functions": faults}})


def _names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",") if name.strip()}


def parse_lists(text: str) -> dict[str, frozenset[str]]:
    """An organization's lists by type, from names that are separated by commas.

    `get_orders` is of every type that has it, `cart:get_orders` of one; `cart:` is an empty list. Where
    every name has its type, only the lists of those types are there. Raises Invalid for what can't be off.
    """
    names = _names(text)
    types = {name.partition(":")[0] for name in names} if _have_types(names) else set(TYPES)
    unknown = [
        *switches.unknown(name for name in names if not name.endswith(":")),
        *sorted(types - set(TYPES)),
    ]
    if unknown:
        raise Invalid({"options": {"disabled": [no_function(unknown[0], all_functions())]}})
    lists = {kind: switches.named(names, kind) & switches.switchable(kind) for kind in sorted(types)}
    if conflicts := [message for kind, off in lists.items() for message in switches.conflicts(off, kind)]:
        raise Invalid({"options": {"disabled": conflicts}})
    return lists


def _have_types(names: Iterable[str]) -> bool:
    return any(names) and all(":" in name for name in names)


def setting_fault(setting: str, off: frozenset[str]) -> str | None:
    """The fault in the list of the operator's settings: mistyped, a function would stay on."""
    if unknown := switches.unknown(off):
        return f"{setting} names {unknown[0]!r}; there are: {', '.join(sorted(all_functions()))}"
    for kind in TYPES:
        if conflicts := switches.conflicts(switches.named(off, kind), kind):
            return f"{setting}: {conflicts[0]}"
    return None


def all_functions() -> frozenset[str]:
    """The functions of all types that can be switched off."""
    return frozenset[str]().union(*(switches.switchable(kind) for kind in TYPES))


def no_function(name: str, known_texts: Iterable[str]) -> str:
    """The message about a name that no function has."""
    return f"there is no function {name!r}; there are: {', '.join(sorted(known_texts))}"
