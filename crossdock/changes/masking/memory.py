"""Those who were erased, remembered: what sync and writes ask before they store what a system says."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crossdock.changes.masking.recognizer import Recognizer
from crossdock.changes.plan import Incoming
from crossdock.resources.schema import Resource
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.secrets import Vault
from crossdock.store.erasing import identities

MOST_KEPT = 100
"""Organizations whose identities are held in memory."""


class StaleMemory(Exception):
    """A person was erased since the records were masked: they are to be masked again."""


@dataclass
class ErasedPeople:
    """Masks people in records before they are stored, where an organization has erased any."""

    database: Database
    vault: Vault
    _recognizers: dict[str, Recognizer] = field(default_factory=dict)

    async def recognizer(self, organization_id: str) -> Recognizer | None:
        """The recognizer of an organization's erased people; None: it has erased nobody."""
        revision = await identities.revision(self.database, organization_id)
        if not revision:
            return None
        known = self._recognizers.get(organization_id)
        if known is None or known.revision != revision:
            secret = await identities.digest_secret(self.database, self.vault, organization_id)
            stored = await identities.of_organization(self.database, organization_id)
            known = Recognizer.of(secret, revision, stored)
            if len(self._recognizers) >= MOST_KEPT:
                self._recognizers.clear()
            self._recognizers[organization_id] = known
        return known

    async def check(
        self, transaction: Transaction, organization_id: str, recognizer: Recognizer | None
    ) -> None:
        """Raise StaleMemory when somebody was erased since; to be asked once the records are locked.

        An erasure remembers people first, then waits for whoever has a record locked: so either it sees what
        this transaction stores, or this transaction sees it.
        """
        seen = 0 if recognizer is None else recognizer.revision
        if await identities.revision(transaction, organization_id) != seen:
            raise StaleMemory


def masked_incoming(
    recognizer: Recognizer | None,
    connection: ConnectionRow,
    resource: Resource,
    incoming: Sequence[Incoming],
) -> tuple[list[Incoming], set[str]]:
    """The records without those who were erased, and the ids of the records that named any."""
    if recognizer is None:
        return list(incoming), set()
    masked, ids = [], set[str]()
    for record in incoming:
        fields = recognizer.masked(connection.id, resource.key, record.id, record.fields)
        if fields is not None:
            ids.add(record.id)
        masked.append(record if fields is None else replace(record, fields=fields))
    return masked, ids
