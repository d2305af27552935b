"""A raw page → what is to be committed, what is unchanged, and what does not fit."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import Decimal

from crossdock.changes.document import storable
from crossdock.changes.plan import Incoming
from crossdock.errors import BadVendorValue
from crossdock.kit.contract import Fields, Misfit, Page, Raw
from crossdock.kit.misfits import UNREADABLE, read_leniently
from crossdock.store.records.quarantine import NAMELESS, Kind, QuarantinedRecord
from crossdock.wire import encoder, hashed

KEPT_BYTES = 65_536
"""How much of a record that does not fit is kept for people to look at."""
LONGEST_ID = 512  # bytes
LONGEST_REASON = 500
_ID = "id"
SAME_ID = "the page holds another record with this id"
MOST_MISFITS = 3
"""Of one record that are named."""


@dataclass(frozen=True)
class IdentifiedRecord:
    """A raw record with its id and the hash of all it says."""

    id: str
    raw: Raw
    encoded: bytes
    raw_hash: bytes


@dataclass
class SortedRecords:
    """A page, record by record."""

    fine: list[IdentifiedRecord] = field(default_factory=list)
    refused: list[QuarantinedRecord] = field(default_factory=list)
    ids_refused: set[str] = field(default_factory=set)
    """The ids of records set aside; "" stands for one whose id nobody knows."""


def sort_out(
    page: Page, read_version: bytes, most_bytes: int, ids: Sequence[str] | None = None
) -> SortedRecords:
    """Find each record's id and hash; set aside what has none, is too large, or stands twice.

    Two records with one id that say the same are one. When they differ nobody knows which is true:
    both are set aside. ids: of the records, where they are known otherwise than by the page's key.
    """
    result = SortedRecords()
    identified_records: dict[str, IdentifiedRecord] = {}
    torn: set[str] = set()
    for position, raw in enumerate(page.records):
        key, named = (page.key, raw) if ids is None else (_ID, {_ID: ids[position]})
        try:
            identified_record = _identified(raw, named, key, read_version, most_bytes)
        except _RecordMisfit as misfit:
            result.refused.append(misfit.refused)
            result.ids_refused.add(misfit.record_id)
            continue
        other_identified_record = identified_records.setdefault(identified_record.id, identified_record)
        if other_identified_record.raw_hash != identified_record.raw_hash:
            torn.add(identified_record.id)
            result.refused.append(refuse(identified_record, SAME_ID))
    result.ids_refused |= torn
    for record_id in torn:
        result.refused.append(refuse(identified_records.pop(record_id), SAME_ID))
    result.fine = list(identified_records.values())
    result.refused = _one_a_key(result.refused)
    return result


class _RecordMisfit(Exception):
    """A record without a usable id, or too large."""

    def __init__(self, refused: QuarantinedRecord, record_id: str = "") -> None:
        super().__init__(refused.reason)
        self.refused = refused
        self.record_id = record_id


def _identified(raw: object, named: Raw, key: str, read_version: bytes, most_bytes: int) -> IdentifiedRecord:
    """named: what holds the id under the key, usually the record itself."""
    try:
        encoded = _encoded(raw)
    except RecursionError:
        raise _RecordMisfit(_refused(f"{NAMELESS}end", "is nested too deeply", b"")) from None
    raw_hash = hashed(read_version, encoded)
    try:
        if not isinstance(raw, dict):
            raise BadVendorValue(f"is not an object but {type(raw).__name__}")
        record_id = _id(named, key)
    except BadVendorValue as problem:
        raise _RecordMisfit(_refused(f"{NAMELESS}id: {raw_hash.hex()}", str(problem), encoded)) from None
    if len(encoded) > most_bytes:
        reason = f"has {len(encoded):,} bytes; CROSSDOCK_MAX_RECORD_BYTES allows {most_bytes:,}"
        raise _RecordMisfit(_refused(record_id, reason, encoded), record_id)
    return IdentifiedRecord(record_id, raw, encoded, raw_hash)


def _id(raw: Raw, key: str) -> str:
    """The id of a record. Raises BadVendorValue when nothing identifies it."""
    value = raw.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise BadVendorValue(f"its {key!r} is {value!r:.80}, no id")
    record_id = str(value)
    try:
        size = len(storable(f"its {key!r}", record_id).encode())
    except UnicodeEncodeError:
        raise BadVendorValue(f"its {key!r} is not Unicode") from None
    if size > LONGEST_ID:
        raise BadVendorValue(f"its {key!r} is longer than {LONGEST_ID} bytes")
    return record_id


def _encoded(raw: object) -> bytes:
    """The record as JSON. What JSON has no words for (text that is not UTF-8) is shown, not stored."""
    try:
        return encoder.encode(raw)
    except (ValueError, TypeError):
        return repr(raw).encode("utf-8", "backslashreplace")


def _refused(key: str, reason: str, encoded: bytes, kind: Kind = "whole") -> QuarantinedRecord:
    # A reason may quote the vendor: what no database can hold as text is shown escaped.
    plain = reason[:LONGEST_REASON].encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    return QuarantinedRecord(key, plain, encoded[:KEPT_BYTES], len(encoded), kind)


def refuse(identified_record: IdentifiedRecord, reason: str) -> QuarantinedRecord:
    """A record set aside."""
    return _refused(identified_record.id, reason, identified_record.encoded)


def refuse_part(identified_record: IdentifiedRecord, misfits: Sequence[Misfit]) -> QuarantinedRecord:
    """The parts of a stored record that could not be taken as they are, set aside."""
    reason = "; ".join(
        f"{misfit.field} is {_said_by(misfit.value)}, wanted {misfit.wanted:.120}; "
        f"stored is {_shown(misfit.stored)}"
        for misfit in misfits[:MOST_MISFITS]
    )
    unlisted = len(misfits) - MOST_MISFITS
    return _refused(
        identified_record.id,
        reason + (f"; and {unlisted} more" if unlisted > 0 else ""),
        identified_record.encoded,
        "partial",
    )


def _said_by(value: object) -> str:
    # Numbers as they were sent, not as Python has them.
    return (
        "nothing" if value is None else f"{value!s:.80}" if isinstance(value, Decimal) else f"{value!r:.80}"
    )


def _shown(stored: object) -> str:
    return "nothing" if stored is None else f"{stored!s:.80}"


def _one_a_key(refused: list[QuarantinedRecord]) -> list[QuarantinedRecord]:
    """Quarantine holds one entry a key: further ones of a page get a number."""
    count: Counter[str] = Counter()
    result = []
    for quarantined_record in refused:
        count[quarantined_record.key] += 1
        number = count[quarantined_record.key]
        key = quarantined_record.key if number == 1 else f"{quarantined_record.key} ({number})"
        result.append(replace(quarantined_record, key=key))
    return result


def twins_of(keys: AbstractSet[str], waiting: AbstractSet[str]) -> set[str]:
    """Of the keys that wait, those that `_one_a_key` may have made of these: "o-1 (2)" of "o-1"."""
    numbered = {key: key.rpartition(" (") for key in waiting if key.endswith(")")}
    return {key for key, (base, _, number) in numbered.items() if base in keys and number[:-1].isdigit()}


@dataclass
class ReadRecords:
    """The outcome of `read` for the records of a page."""

    incoming: list[Incoming] = field(default_factory=list)
    refused: list[QuarantinedRecord] = field(default_factory=list)
    """Those that it could not map."""
    misfits: dict[str, list[Misfit]] = field(default_factory=dict)
    """Of those to commit, by id: what of them did not fit."""
    unchanged: int = 0


def read_changed(
    fine: list[IdentifiedRecord],
    known_fields: Mapping[str, bytes | None],
    read: Callable[[Raw], Fields],
    *,
    exact: bool = False,
) -> ReadRecords:
    """Map the records whose raw hash is not the stored one. What does not fit is left out, and told.

    exact: whether numbers that `read` had to round are sent as they are.
    """
    result = ReadRecords()
    for identified_record in fine:
        if known_fields.get(identified_record.id) == identified_record.raw_hash:
            result.unchanged += 1
            continue
        try:
            fields, misfits = read_leniently(read, identified_record.raw, exact=exact)
            stated_id = fields["id"]
        except UNREADABLE as problem:
            result.refused.append(refuse(identified_record, _reason_of(problem)))
            continue
        if stated_id != identified_record.id:
            result.refused.append(refuse(identified_record, f"is read as {stated_id!r}, not as its own id"))
            continue
        result.incoming.append(Incoming(identified_record.id, fields, identified_record.raw_hash))
        if misfits:
            result.misfits[identified_record.id] = misfits
    return result


def _reason_of(problem: Exception) -> str:
    if isinstance(problem, BadVendorValue):
        return str(problem)
    if isinstance(problem, KeyError):
        return f"lacks {problem}"
    return f"can't be read: {type(problem).__name__}: {problem}"
