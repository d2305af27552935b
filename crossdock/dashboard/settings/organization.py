"""The page about what holds for all connections of an organization."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.responses import Response

from crossdock.config import RANGES
from crossdock.connections.organizations import OrganizationChange, change_organization
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.settings.view import settings_view, whole_number
from crossdock.errors import Invalid, NotFound
from crossdock.resources import switches
from crossdock.resources.catalogue import TYPES
from crossdock.store.connections import access
from crossdock.store.connections.access import Organization
from crossdock.wire import stamp

PATH = "/settings"


class FunctionSwitch(msgspec.Struct):
    """A function, and whether it is on."""

    name: str
    is_on: bool


class TypeSwitches(msgspec.Struct):
    """The functions of a type. is_own: chosen here, not by the operator's settings."""

    type: str
    is_own: bool
    functions: list[FunctionSwitch]


class OrganizationPage(msgspec.Struct, kw_only=True):
    """An organization, and what holds for its connections. lookback_days null: as the operator says."""

    organization_id: str
    name: str
    created_at: str
    lookback_days: int | None
    operator_lookback_days: int
    derived_ledger: bool
    sync_events: bool
    on_demand_holds: str
    wants_second_factor: bool
    switches: list[TypeSwitches]


async def shown(visit: DashboardContext) -> Response:
    organization = await _organization(visit)
    settings = visit.door.settings
    page = OrganizationPage(
        organization_id=organization.id,
        name=organization.name,
        created_at=stamp(organization.created_ms),
        lookback_days=organization.lookback_days,
        operator_lookback_days=settings.lookback_days,
        derived_ledger=organization.derived_ledger,
        sync_events=organization.sync_events,
        on_demand_holds=organization.on_demand_holds,
        wants_second_factor=organization.wants_second_factor,
        switches=[_switches(organization, kind, settings.off) for kind in TYPES],
    )
    return settings_view(visit, "organization.html", page, path=PATH, title="Settings")


async def _organization(visit: DashboardContext) -> Organization:
    organization = await access.organization(visit.door.database, visit.organization_id)
    if organization is None:
        raise NotFound("the organization is gone")
    return organization


def _switches(organization: Organization, kind: str, off_by_settings: frozenset[str]) -> TypeSwitches:
    off = organization.off(kind, off_by_settings)
    functions = [FunctionSwitch(name, name not in off) for name in sorted(switches.switchable(kind))]
    return TypeSwitches(kind, kind in organization.disabled_functions, functions)


async def changed(visit: DashboardContext) -> Response:
    done = await ACTS[visit.text("do")](visit)
    return visit.onward(PATH, done=done)


async def _defaults_changed(visit: DashboardContext) -> str:
    change = OrganizationChange(
        lookback_days=_lookback(visit),
        derived_ledger=bool(visit.text("derived_ledger")),
        sync_events=bool(visit.text("sync_events")),
        on_demand_holds="function" if visit.text("on_demand_holds") == "function" else "connection",
    )
    await _change(visit, change)
    return "saved"


def _lookback(visit: DashboardContext) -> int | None:
    """The days that first syncs are to read back. Raises Invalid."""
    days = whole_number("lookback_days", visit.text("lookback_days"))
    least, most = RANGES["lookback_days"]
    if days is not None and not least <= days <= most:
        raise Invalid({"form": {"lookback_days": [f"is {days}; wanted is {least} to {most}"]}})
    return days


async def _functions_changed(visit: DashboardContext) -> str:
    kind = visit.text("type")
    names = sorted(switches.switchable(kind))
    off = [name for name in names if not visit.text(f"on.{name}")]
    await _change(visit, OrganizationChange(disabled=",".join(f"{kind}:{name}" for name in ["", *off])))
    return "saved"


async def _change(visit: DashboardContext, change: OrganizationChange) -> None:
    door = visit.door
    await change_organization(door.database, visit.organization_id, change, door.clock, door.settings.off)


async def _reset(visit: DashboardContext) -> str:
    await _change(visit, OrganizationChange(reset=True))
    return "saved"


async def _second_factor_wanted(visit: DashboardContext) -> str:
    wanted = visit.text("wanted") == "yes"
    await visit.account.send("PATCH", "/organization", {"wants_second_factor": wanted})
    return "saved"


ACTS: dict[str, Callable[[DashboardContext], Awaitable[str]]] = {
    "defaults": _defaults_changed, "functions": _functions_changed, "second_factor": _second_factor_wanted,
    "reset": _reset,
}  # fmt: skip
"""By what a form's button says; what is done then, as notices name it."""
