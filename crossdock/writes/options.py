"""Values that only an account knows, such as its warehouses: asked for live, kept for some minutes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from crossdock.integrations.contract import Accepts
from crossdock.store.ids import Clock

KEPT_MS = 300_000
MOST_KEPT = 10_000


class Knows(Protocol):
    async def options(self, name: str) -> list[str]: ...


@dataclass
class OptionCache:
    """Of all connections, in this process."""

    clock: Clock
    _kept: dict[tuple[str, str], tuple[int, list[str]]] = field(default_factory=dict)

    async def of(
        self, connection: str, client: Knows, accepts: Accepts, *, fresh: bool = False
    ) -> dict[str, list[str]]:
        """The values by the path of the member. fresh: asked for anew."""
        found: dict[str, list[str]] = {}
        for path, name in accepts.options.items():
            found[path] = await self._one(connection, client, name, fresh=fresh)
        return found

    def known(self, connection: str, accepts: Accepts) -> Mapping[str, list[str]]:
        """Those that are kept, whatever their age."""
        kept = {path: self._kept.get((connection, name)) for path, name in accepts.options.items()}
        return {path: found[1] for path, found in kept.items() if found}

    async def _one(self, connection: str, client: Knows, name: str, *, fresh: bool) -> list[str]:
        kept = self._kept.get((connection, name))
        if kept is not None and not fresh and self.clock() - kept[0] < KEPT_MS:
            return kept[1]
        values = await client.options(name)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[connection, name] = (self.clock(), values)
        return values
