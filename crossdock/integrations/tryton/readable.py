"""What a server has and its user may read: modules differ from one Tryton to the next, and so do rights."""

from collections.abc import Sequence

from crossdock.errors import MissingPermission, VendorRefused
from crossdock.integrations.tryton.rpc import Rpc


class Readable:
    """Asks for each model once, and keeps the answer for as long as it lives."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._relations: dict[str, dict[str, str | None]] = {}
        """By model: its fields, each with the model that it leads to; empty when it is not readable."""
        self._missing: set[str] = set()

    async def require(self, model: str) -> None:
        """Raises VendorRefused when the server lacks the model, MissingPermission when the user does."""
        await self._learn({model})
        if model in self._missing:
            raise VendorRefused(f"this Tryton has no {model}: the module that brings it is not activated")
        if not self._relations[model]:
            raise MissingPermission(f"the Tryton user may not read {model}: put it in a group that may")

    async def exists(self, model: str) -> bool:
        """Whether the server has the model, readable or not."""
        await self._learn({model})
        return model not in self._missing

    async def has(self, model: str) -> bool:
        await self._learn({model})
        return bool(self._relations[model])

    async def paths(self, model: str, paths: Sequence[str]) -> dict[str, str | None]:
        """Those of the dotted paths that can be read, in their order, each with the model it ends in."""
        ends: dict[str, str | None] = {}
        open_ends = [(path, model, path.split(".")) for path in paths]
        while open_ends:
            await self._learn({at for _, at, _ in open_ends})
            further = []
            for path, at, (name, *rest) in open_ends:
                leads_to = self._relations[at].get(name)
                if not rest and name in self._relations[at]:
                    ends[path] = leads_to
                elif rest and leads_to:
                    further.append((path, leads_to, rest))
            open_ends = further
        # A related model that may not be read has no fields: what only leads to it is of no use either.
        await self._learn({end for end in ends.values() if end})
        return {path: ends[path] for path in paths if path in ends and self._leads_somewhere(ends[path])}

    def _leads_somewhere(self, model: str | None) -> bool:
        return model is None or bool(self._relations[model])

    async def _learn(self, models: set[str]) -> None:
        unknown = sorted(models - self._relations.keys())
        if not unknown:
            return
        found: dict[str, dict[str, str | None]] = {model: {} for model in unknown}
        wanted = [["model", "in", unknown]]
        for row in await self._rpc.rows("ir.model.field", wanted, ["model", "name", "relation"]):
            found[row["model"]][row["name"]] = row["relation"]
        existing = [model for model, fields in found.items() if fields]
        # It fails as a whole for a model that does not exist, hence the order of the two calls.
        allowed = await self._rpc.read("model.ir.model.access.get_access", existing) if existing else {}
        self._missing.update(found.keys() - set(existing))
        for model, fields in found.items():
            self._relations[model] = fields if model in allowed and allowed[model]["read"] else {}
