"""What a server has and its user may read: modules differ from one Tryton to the next, and so do rights."""

import hashlib
from collections.abc import Iterable, Sequence

from crossdock.errors import MissingPermission, VendorRefused
from crossdock.integrations.tryton.rpc import Rpc
from crossdock.integrations.tryton.walks.sources import ModelQuery
from crossdock.kit.contract import Json

LOG = "ir.model.log"


class ReadableModels:
    """Asks for each model once, and keeps the answer for as long as it lives."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._fields: dict[str, dict[str, str | None]] = {}
        """By model: its fields, each with the model that it leads to; empty when the server lacks it."""
        self._allowed: set[str] = set()
        """The models that the user may read."""

    async def require(self, model: str) -> None:
        """Raise VendorRefused when the server lacks the model, MissingPermission when the user does."""
        if not await self.exists(model):
            raise VendorRefused(f"this Tryton has no {model}: the module that brings it is not activated")
        if model not in self._allowed:
            raise MissingPermission(f"the Tryton user may not read {model}: put it in a group that may")

    async def require_source(self, source: ModelQuery) -> None:
        """Raise as `require` does, for the model of a source and what its records can't do without."""
        await self.require(source.model)
        for model in sorted(await self._models(source.model, source.required)):
            await self.require(model)

    async def exists(self, model: str) -> bool:
        """Check whether the server has the model, readable or not."""
        await self._learn({model})
        return bool(self._fields[model])

    async def has(self, model: str) -> bool:
        return await self.exists(model) and model in self._allowed

    async def paths(self, model: str, paths: Sequence[str]) -> dict[str, str | None]:
        """The dotted paths, of these, that can be read, in their order, each with the model it ends in."""
        methods = await self._ways(model, paths)
        return {path: methods[path][-1] for path in paths if path in methods and self._may_go(methods[path])}

    async def rights(self, sources: Iterable[ModelQuery]) -> Json:
        """The rights to read sources: the readable models, and a hash of all paths that can be read."""
        models, paths = {LOG}, []
        for source in sources:
            all_paths = (*source.fields, *source.polled, *source.polled_while_open)
            models |= {source.model, *source.consulted} | await self._models(source.model, all_paths)
            paths += [f"{source.model}.{path}" for path in await self.paths(source.model, all_paths)]
        readable = [model for model in sorted(models) if await self.has(model)]
        paths += readable
        return {
            "models": readable,
            "paths": hashlib.blake2b("\n".join(paths).encode(), digest_size=8).hexdigest(),
        }

    async def lost(self, models: Iterable[str]) -> list[str]:
        """The models, of these, that the server has, and the user may not read."""
        return [model for model in models if await self.exists(model) and model not in self._allowed]

    def _may_go(self, methods: Sequence[str | None]) -> bool:
        return all(model is None or model in self._allowed for model in methods)

    async def _models(self, model: str, paths: Sequence[str]) -> set[str]:
        """All models that the paths lead through, readable or not."""
        methods = await self._ways(model, paths)
        return {step for methods in methods.values() for step in methods if step is not None}

    async def _ways(self, model: str, paths: Sequence[str]) -> dict[str, list[str | None]]:
        """By path that the server knows: the models that it leads through, last the one it ends in."""
        methods: dict[str, list[str | None]] = {}
        open_ends: list[tuple[str, list[str | None], list[str]]] = [
            (path, [model], path.split(".")) for path in paths
        ]
        while open_ends:
            await self._learn({method[-1] for _, method, _ in open_ends if method[-1]})
            further = []
            for path, method, (name, *names) in open_ends:
                fields = self._fields[method[-1] or ""]
                if name not in fields:
                    continue
                if not names:
                    methods[path] = [*method, fields[name]]
                elif fields[name]:
                    further.append((path, [*method, fields[name]], names))
            open_ends = further
        await self._learn({methods[-1] for methods in methods.values() if methods[-1]})
        return methods

    async def _learn(self, models: set[str]) -> None:
        unknown = sorted(models - self._fields.keys())
        if not unknown:
            return
        learnt: dict[str, dict[str, str | None]] = {model: {} for model in unknown}
        for row in await self._rpc.rows(
            "ir.model.field", [["model", "in", unknown]], ["model", "name", "relation"]
        ):
            learnt[row["model"]][row["name"]] = row["relation"]
        existing = [model for model, fields in learnt.items() if fields]
        # It fails as a whole for a model that does not exist, hence the order of the two calls.
        access = await self._rpc.read("model.ir.model.access.get_access", existing) if existing else {}
        self._fields.update(learnt)
        self._allowed.update(model for model in existing if model in access and access[model]["read"])
