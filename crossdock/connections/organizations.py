"""Organizations: who owns keys and connections, and what holds for all their connections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from crossdock.changes.derived_ledger.opening import open_ledger
from crossdock.connections.function_switches import follow_switches, parse_lists
from crossdock.errors import Invalid, NotFound
from crossdock.store.connections import access, connections
from crossdock.store.connections.access import Organization, OrganizationChoices
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock

NO_ORGANIZATION = "There is no organization yet: crossdock organizations create NAME makes one."


@dataclass(frozen=True)
class OrganizationChange:
    """The settings that are to be different. None: stays as it is."""

    lookback_days: int | None = None
    disabled: str | None = None
    """Functions separated by commas, as `function_switches.parse_lists` reads them."""
    derived_ledger: bool | None = None
    reset: bool = False
    """Whether all is to be as the operator's settings say."""
    on_demand_holds: str | None = None
    sync_events: bool | None = None


def choose(organizations: Sequence[Organization], reference: str | None) -> Organization:
    """The organization with this id or name; None: the only one. Raises NotFound, or Invalid with all."""
    if reference is None and len(organizations) == 1:
        return organizations[0]
    if reference is None:
        known_text = ", ".join(f"{organization.id} ({organization.name})" for organization in organizations)
        raise Invalid({"options": {"organization": [f"say which with --organization: {known_text}"]}})
    matches = _matches(organizations, reference)
    if len(matches) > 1:
        ids = ", ".join(organization.id for organization in matches)
        raise Invalid({"options": {"organization": [f"{reference!r} are several: {ids}"]}})
    if not matches:
        raise NotFound(f"there is no organization {reference!r}", record_id=reference)
    return matches[0]


async def get_organization(database: Database, reference: str | None) -> Organization:
    """The organization with this id or name; None: the only one. Raises NotFound and Invalid."""
    organizations = await access.organizations(database)
    if not organizations:
        raise NotFound(NO_ORGANIZATION)
    return choose(organizations, reference)


def _matches(organizations: Sequence[Organization], reference: str) -> list[Organization]:
    """The organizations with this id, else with this name."""
    name = reference.casefold()
    return [organization for organization in organizations if organization.id == reference] or [
        organization for organization in organizations if organization.name.casefold() == name
    ]


async def change_organization(
    database: Database,
    reference: str | None,
    change: OrganizationChange,
    clock: Clock,
    off: frozenset[str] = frozenset(),
) -> Organization:
    """Change what an organization has differently from the settings; the organization as it is then.

    off: what the operator's settings switch off. Raises Invalid and NotFound.
    """
    lists = {} if change.disabled is None else parse_lists(change.disabled)
    before = await get_organization(database, reference)
    after = _changed(before, change, lists)
    chosen = OrganizationChoices(
        after.lookback_days,
        after.disabled_functions,
        after.derived_ledger,
        after.on_demand_holds,
        after.sync_events,
    )
    await access.change_organization(database, before.id, chosen, clock())
    if after.disabled_functions != before.disabled_functions:
        await _follow_switches(database, before, off, clock)
    if change.derived_ledger:
        await _open_ledgers(database, before.id, clock)
    return await access.organization(database, before.id) or before


def _changed(
    before: Organization, change: OrganizationChange, lists: Mapping[str, frozenset[str]]
) -> Organization:
    if change.reset:
        return replace(
            before,
            lookback_days=None,
            disabled_functions={},
            derived_ledger=False,
            on_demand_holds="connection",
            sync_events=False,
        )
    return replace(
        before,
        lookback_days=before.lookback_days if change.lookback_days is None else change.lookback_days,
        disabled_functions={**before.disabled_functions, **lists},
        derived_ledger=before.derived_ledger if change.derived_ledger is None else change.derived_ledger,
        on_demand_holds=change.on_demand_holds or before.on_demand_holds,
        sync_events=before.sync_events if change.sync_events is None else change.sync_events,
    )


async def _follow_switches(
    database: Database, before: Organization, off: frozenset[str], clock: Clock
) -> None:
    """Have every connection sync at once what is on again, and tell of nothing that is off."""
    last = 0
    while page := await connections.page(database, before.id, last):
        for connection in page:
            unchanged = replace(
                connection, organization_disabled=before.disabled_functions.get(connection.type)
            )
            await database.transact(
                partial(follow_switches, before=unchanged, after=connection, off=off, now_ms=clock())
            )
        last = page[-1].id


async def _open_ledgers(database: Database, organization_id: str, clock: Clock) -> None:
    """Open the ledger of every connection that is to have a derived one."""
    after = 0
    while page := await connections.page(database, organization_id, after):
        for connection in page:
            await open_ledger(database, connection, clock)
        after = page[-1].id


async def owner_of_key(database: Database, reference: str | None, name: str, now_ms: int) -> str:
    """The organization that a key is made for. The first one is made with it, under the same name.

    Raises Invalid and NotFound, as `choose` does.
    """
    organizations = await access.organizations(database)
    if not organizations and reference is None:
        return await access.create_organization(database, name, now_ms)
    return choose(organizations, reference).id
