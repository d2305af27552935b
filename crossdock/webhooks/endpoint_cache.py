"""What a sender knows of endpoints: read when they change, and the limits of applications now and then."""

import time
from collections.abc import Sequence

from crossdock.store.database.engine import Database
from crossdock.store.database.secrets import Vault
from crossdock.store.webhooks import apps, endpoints
from crossdock.store.webhooks.deliveries import DueDelivery
from crossdock.store.webhooks.endpoints import Endpoint

RATES_SECONDS = 5.0
"""How long a changed limit of an application may go unnoticed."""


class EndpointCache:
    """Endpoints by their numbers, with their limits."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._endpoints: dict[int, Endpoint] = {}
        self._revisions: dict[int, int] = {}
        self._unreadable: set[int] = set()
        self._rates: dict[str, int] = {}
        self._rated: set[str] = set()
        self._rates_at = 0.0

    def get(self, number: int) -> Endpoint:
        """An endpoint that was read. Raises KeyError for any that was not."""
        return self._endpoints[number]

    def is_readable(self, number: int) -> bool:
        """Check whether the endpoint was read, and still can be."""
        return number in self._endpoints and number not in self._unreadable

    def rate(self, number: int) -> int | None:
        """Messages a second that an endpoint takes; None: it has no limit."""
        endpoint = self._endpoints[number]
        return endpoint.rate or self._rates.get(endpoint.application_id)

    async def refresh(self, dues: Sequence[DueDelivery]) -> dict[int, Endpoint]:
        """Read those of these endpoints that have changed since, and return them."""
        stale = {due.endpoint: due.revision for due in dues if self._is_stale(due)}
        fresh: dict[int, Endpoint] = {}
        if stale:
            fresh = await endpoints.by_numbers(self._database, self._vault, list(stale))
            self._revisions |= stale
            self._endpoints |= fresh
            self._unreadable = (self._unreadable - stale.keys()) | (stale.keys() - fresh.keys())
        await self._refresh_rates(
            {self._endpoints[due.endpoint].application_id for due in dues if due.endpoint in self._endpoints}
        )
        return fresh

    def _is_stale(self, due: DueDelivery) -> bool:
        return self._revisions.get(due.endpoint, 0) < due.revision

    async def _refresh_rates(self, applications: set[str]) -> None:
        """Read the limits of these applications: of those that are new at once, of all every few seconds."""
        if time.monotonic() > self._rates_at + RATES_SECONDS:
            self._rates_at, self._rates, self._rated = time.monotonic(), {}, set()
        if missing := applications - self._rated:
            self._rates |= await apps.rates(self._database, sorted(missing))
            self._rated |= missing
