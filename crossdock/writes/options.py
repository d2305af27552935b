"""Values that only an account knows, such as its warehouses: asked for live, kept for some minutes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from crossdock.kit.contract import Accepts
from crossdock.store.database.ids import Clock

KEPT_MS = 300_000
MOST_KEPT = 10_000


class KnownOptions(Protocol):
    async def options(self, name: str) -> list[str]: ...


@dataclass
class OptionCache:
    """Of all connections, in this process."""

    clock: Clock
    _kept: dict[tuple[str, str], tuple[int, list[str]]] = field(default_factory=dict)

    async def of(
        self, connection: str, client: KnownOptions, accepts: Accepts, *, fresh: bool = False
    ) -> dict[str, list[str]]:
        """The values by the path of the member. fresh: asked for anew."""
        fields: dict[str, list[str]] = {}
        for path, name in accepts.options.items():
            fields[path] = await self._one(connection, client, name, fresh=fresh)
        return fields

    def known(self, connection: str, accepts: Accepts) -> Mapping[str, list[str]]:
        """The values that are kept, whatever their age."""
        kept_fields = {path: self._kept.get((connection, name)) for path, name in accepts.options.items()}
        return {path: pair[1] for path, pair in kept_fields.items() if pair}

    async def _one(self, connection: str, client: KnownOptions, name: str, *, fresh: bool) -> list[str]:
        kept_pair = self._kept.get((connection, name))
        if kept_pair is not None and not fresh and self.clock() - kept_pair[0] < KEPT_MS:
            return kept_pair[1]
        values = await client.options(name)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[connection, name] = (self.clock(), values)
        return values
