"""The commands about organizations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crossdock.app import Services, open_services
from crossdock.changes.document import stamp
from crossdock.changes.opening import open_ledger
from crossdock.config import Settings
from crossdock.errors import Invalid, NotFound
from crossdock.resources.catalogue import all_resources
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store import access, connections
from crossdock.store.access import Organization
from crossdock.terminal.output import print_json, print_table, say

NONE_YET = "There is no organization yet: crossdock keys create NAME makes one."


@dataclass(frozen=True)
class Change:
    """What is to be different. None: stays as it is."""

    lookback_days: int | None
    disabled: str | None
    derived_ledger: bool | None
    reset: bool

    def disabled_functions(self) -> frozenset[str]:
        """The functions named. Raises Invalid for one that no resource has."""
        named = {one.strip() for one in (self.disabled or "").split(",") if one.strip()}
        known = {one.function for one in all_resources() if one.every}
        if unknown := sorted(named - known):
            message = f"there is no function {unknown[0]!r}; there are: {', '.join(sorted(known))}"
            raise Invalid({"options": {"disabled": [message]}})
        return frozenset(named)


async def listed(settings: Settings, *, as_json: bool) -> None:
    async with open_services(settings) as services:
        rows = [_row(one, settings) for one in await access.organizations(services.database)]
    if as_json:
        print_json(rows)
    else:
        print_table("Organizations", rows, NONE_YET)


def _row(one: Organization, settings: Settings) -> dict[str, Any]:
    """An organization with what holds for it."""
    off = settings.off if one.disabled_functions is None else one.disabled_functions
    return {
        "id": one.id,
        "name": one.name,
        "lookback_days": settings.lookback_days if one.lookback_days is None else one.lookback_days,
        "disabled_functions": ", ".join(sorted(off)),
        "derived_ledger": one.derived_ledger,
        "created_at": stamp(one.created_ms),
    }


async def change(
    settings: Settings, wanted: Change, *, pick: Callable[[list[Organization]], str], as_json: bool
) -> None:
    off = None if wanted.disabled is None else wanted.disabled_functions()
    async with open_services(settings) as services:
        known = await access.organizations(services.database)
        if not known:
            raise NotFound(NONE_YET)
        chosen = pick(known)
        before = next(one for one in known if one.id == chosen)
        days = before.lookback_days if wanted.lookback_days is None else wanted.lookback_days
        derives = before.derived_ledger if wanted.derived_ledger is None else wanted.derived_ledger
        await access.change_organization(
            services.database,
            chosen,
            lookback_days=None if wanted.reset else days,
            disabled_functions=None if wanted.reset else (before.disabled_functions if off is None else off),
            derived_ledger=derives and not wanted.reset,
        )
        if wanted.derived_ledger:
            await _open_ledgers(services, chosen)
        after = await access.organization(services.database, chosen)
    row = _row(before if after is None else after, settings)
    if as_json:
        print_json(row)
        return
    print_table("Organization", [row], NONE_YET)
    if wanted.derived_ledger and INVENTORY_LEDGER.function in row["disabled_functions"]:
        say(f"{INVENTORY_LEDGER.function} is off: the ledger is kept, and can be read once it is on.")


async def _open_ledgers(services: Services, organization_id: str) -> None:
    """Opens the ledger of every connection that is to have a derived one."""
    after = 0
    while page := await connections.page(services.database, organization_id, after):
        for one in page:
            await open_ledger(services.database, one, services.clock)
        after = page[-1].id
