"""Erasing in everything that is no record: what was set aside, messages, answers, logs."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.changes.diff import restored
from crossdock.changes.masking.mask import RecordMask, Search
from crossdock.changes.masking.record import masked_event
from crossdock.erasing.findings import Findings
from crossdock.erasing.records import masked_bytes
from crossdock.errors import SettingsError
from crossdock.store.database.engine import Transaction
from crossdock.store.database.sealed_columns import SealedColumn
from crossdock.store.database.secrets import Vault
from crossdock.store.erasing import rows
from crossdock.store.erasing.rows import PlaceRow, PlaceScope
from crossdock.wire import decoder

AT_ONCE = 200
ERASED_REASON = "does not fit; what it says was erased with a person"
LARGEST_RAW = 64 * 2**20


@dataclass(frozen=True)
class RowEraser:
    """Erases in one table, in the rows of an organization or of one of its connections."""

    search: Search
    vault: Vault
    scope: PlaceScope
    erases: bool
    """False: it only tells what it would do."""

    async def step(
        self, transaction: Transaction, after: Sequence[Any] | None, findings: Findings
    ) -> tuple[Any, ...] | None:
        """Go through the next rows; the key to go on behind, or None at the end."""
        page = await rows.page(transaction, self.scope, after, AT_ONCE)
        for row in page:
            changes = await self._changes(row)
            if changes is not None:
                await self._change(transaction, row, changes, findings)
        return page[-1].key if len(page) == AT_ONCE else None

    async def _changes(self, row: PlaceRow) -> dict[str, Any] | None:
        """The new values of the row's columns; None: nothing is to change. Empty: the row goes."""
        table = self.scope.place.table
        if table == "raw_records":
            return {} if await self._is_in_raw(row) else None
        if table == "quarantine":
            return self._set_aside(row)
        changes = {}
        for name, value in row.values.items():
            sealed = next((column for column in self.scope.place.sealed if column.column == name), None)
            fresh = (
                self._masked(table, value)
                if sealed is None
                else await self._masked_sealed(sealed, row, value)
            )
            if fresh != value:
                changes[name] = fresh
        return changes or None

    async def _is_in_raw(self, row: PlaceRow) -> bool:
        if self.search.everyone:
            return True
        packed = await self._opened(self.scope.place.sealed[0], row, row.values["raw"])
        if packed is None:
            return False
        raw = zlib.decompressobj().decompress(packed, LARGEST_RAW)
        return bool(masked_value(self.search, raw) != raw)

    def _set_aside(self, row: PlaceRow) -> dict[str, Any] | None:
        """A record set aside is kept as its beginning, which need not be JSON: it goes as a whole."""
        said = f"{row.values['reason']} {bytes(row.values['raw']).decode('utf-8', 'replace')}"
        is_meant = self.search.everyone or self.search.is_in(said) or self._refers(said)
        blank = {"raw": b"", "reason": ERASED_REASON}
        is_blank = not row.values["raw"] and row.values["reason"] == ERASED_REASON
        return blank if is_meant and not is_blank else None

    def _refers(self, said: str) -> bool:
        return any(f'"{reference}"' in said for reference in self.search.references)

    def _masked(self, table: str, value: Any) -> Any:
        if value is None:
            return None
        if table == "events" and not isinstance(value, str):
            return _masked_event(self.search, bytes(value))
        return masked_value(self.search, value)

    async def _masked_sealed(self, column: SealedColumn, row: PlaceRow, value: Any) -> Any:
        if value is None or self.search.everyone:
            return value
        secret = await self._opened(column, row, value)
        if secret is None:
            return value
        fresh = masked_value(self.search, secret)
        if fresh == secret:
            return value
        context = self._context(column, row)
        return await self.vault.seal(self.scope.organization_id, context, fresh)

    async def _opened(self, column: SealedColumn, row: PlaceRow, value: Any) -> bytes | None:
        try:
            return await self.vault.open(self.scope.organization_id, self._context(column, row), bytes(value))
        except SettingsError:
            return None  # nobody can read it any more

    def _context(self, column: SealedColumn, row: PlaceRow) -> str:
        names = dict(zip(self.scope.place.key, row.key, strict=True)) | {"uid": row.uid}
        return column.bound_to({name: names[name] for name in column.names})

    async def _change(
        self, transaction: Transaction, row: PlaceRow, changes: dict[str, Any], findings: Findings
    ) -> None:
        place = self.scope.place
        findings.add(place.table)
        if not self.erases:
            shown = self.search.replaced(" ".join(map(str, row.key)))
            findings.show(place.table, row.uid, shown, [(name, "") for name in changes or row.values])
            return
        if not changes:
            await rows.delete(transaction, place, row)
            return
        await rows.put(transaction, place, row, changes)
        if place.table == "quarantine":
            connection_id, function = row.key[0], row.key[1]
            await rows.forget_examples(transaction, connection_id, function)


def masked_value(search: Search, value: Any) -> Any:
    """A text or bytes of any kind without who is searched for; the same where nothing was said."""
    if isinstance(value, str):
        fresh = masked_value(search, value.encode("utf-8", "surrogatepass"))
        return fresh.decode("utf-8", "surrogatepass")
    body = bytes(value)
    text = body.decode("utf-8", "replace")
    if not body or not search.may_be_in(text):
        return body
    try:
        parsed = decoder.decode(body) if body[:1] in (b"{", b"[") else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        parsed = None
    mask = RecordMask.of(search, [parsed if parsed is not None else text])
    return body if mask is None else masked_bytes(body, mask)


def _masked_event(search: Search, body: bytes) -> bytes:
    """An event, where its record is not there any more, or that is about a connection."""
    if not search.may_be_in(body.decode("utf-8", "replace")):
        return body
    try:
        envelope = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body
    states = [envelope.get("data")]
    try:
        states.append(restored(envelope["data"], envelope["previous_attributes"]))
    except (LookupError, TypeError, ValueError, AttributeError):
        states.append(envelope.get("previous_attributes"))
    mask = RecordMask.of(search, states)
    return body if mask is None else masked_event(body, mask)
