"""What a party is to the warehouse: Tryton has parties only, and its documents say what they are."""

from collections.abc import Sequence

from crossdock.integrations.tryton.rpc import Rpc
from crossdock.integrations.tryton.walks.readable import ReadableModels
from crossdock.kit.contract import Raw

DOCUMENTS_AT_ONCE = 1000


class PartyRoles:
    """Sorts out the parties that some kind of document names.

    documents: (model, field): the field holds the party.
    """

    def __init__(self, rpc: Rpc, readable: ReadableModels, documents: Sequence[tuple[str, str]]) -> None:
        self._rpc = rpc
        self._readable = readable
        self._documents = documents

    async def those_with(self, parties: list[Raw]) -> list[Raw]:
        """The parties, of these, that at least one such document names.

        Raises MissingPermission when the user may not read one of the kinds: to leave it out would say
        that the parties it names are gone.
        """
        unnamed = {party["id"] for party in parties}
        for model, field in self._documents:
            if await self._readable.exists(model):
                await self._readable.require(model)
                unnamed = await self._without_named(unnamed, model, field)
        return [party for party in parties if party["id"] not in unnamed]

    async def _without_named(self, unnamed: set[int], model: str, field: str) -> set[int]:
        """Tryton cannot list distinct values: ask for documents of those still unnamed until none is left."""
        while unnamed:
            fields = [[field, "in", sorted(unnamed)]]
            rows = await self._rpc.rows(model, fields, [field], limit=DOCUMENTS_AT_ONCE)
            unnamed = unnamed - {row[field] for row in rows}
            if len(rows) < DOCUMENTS_AT_ONCE:
                break
        return unnamed
