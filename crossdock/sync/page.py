"""A raw page → what is to be committed, what is unchanged, and what does not fit."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crossdock.changes.commit import Incoming
from crossdock.changes.document import encoder, hashed, storable
from crossdock.errors import BadVendorValue
from crossdock.integrations.contract import Fields, Page, Raw
from crossdock.store.quarantine import Refused

KEPT_BYTES = 65_536
"""How much of a record that does not fit is kept for people to look at."""
LONGEST_ID = 512  # bytes
LONGEST_REASON = 500

# What mapping code raises on a record that is not what its vendor promises.
_MISFITS = (BadVendorValue, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


@dataclass(frozen=True)
class Identified:
    """A raw record with its id and the hash of all it says."""

    id: str
    raw: Raw
    encoded: bytes
    raw_hash: bytes


@dataclass
class Sorted:
    """A page, record by record."""

    fine: list[Identified] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ids_refused: set[str] = field(default_factory=set)
    """The ids of records set aside; "" stands for one whose id nobody knows."""


def sort_out(page: Page, read_version: bytes, most_bytes: int) -> Sorted:
    """Finds each record's id and hash; sets aside what has none, is too large, or stands twice.

    Two records with one id that say the same are one. When they differ nobody knows which is true:
    both are set aside.
    """
    result = Sorted()
    found: dict[str, Identified] = {}
    torn: set[str] = set()
    for raw in page.records:
        try:
            one = _identified(raw, page.key, read_version, most_bytes)
        except _Misfit as misfit:
            result.refused.append(misfit.refused)
            result.ids_refused.add(misfit.record_id)
            continue
        other = found.setdefault(one.id, one)
        if other.raw_hash != one.raw_hash:
            torn.add(one.id)
            result.refused.append(refuse(one, "the page holds another record with this id"))
    result.ids_refused |= torn
    for record_id in torn:
        result.refused.append(refuse(found.pop(record_id), "the page holds another record with this id"))
    result.fine = list(found.values())
    result.refused = _one_a_key(result.refused)
    return result


class _Misfit(Exception):
    """A record without a usable id, or too large."""

    def __init__(self, refused: Refused, record_id: str = "") -> None:
        super().__init__(refused.reason)
        self.refused = refused
        self.record_id = record_id


def _identified(raw: object, key: str, read_version: bytes, most_bytes: int) -> Identified:
    try:
        encoded = _encoded(raw)
    except RecursionError:
        raise _Misfit(_refused("without end", "is nested too deeply", b"")) from None
    raw_hash = hashed(read_version, encoded)
    try:
        if not isinstance(raw, dict):
            raise BadVendorValue(f"is not an object but {type(raw).__name__}")
        record_id = _id(raw, key)
    except BadVendorValue as problem:
        raise _Misfit(_refused(f"without id: {raw_hash.hex()}", str(problem), encoded)) from None
    if len(encoded) > most_bytes:
        reason = f"has {len(encoded):,} bytes; CROSSDOCK_MAX_RECORD_BYTES allows {most_bytes:,}"
        raise _Misfit(_refused(record_id, reason, encoded), record_id)
    return Identified(record_id, raw, encoded, raw_hash)


def _id(raw: Raw, key: str) -> str:
    """What identifies a record. Raises BadVendorValue when nothing does."""
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


def _refused(key: str, reason: str, encoded: bytes) -> Refused:
    # A reason may quote the vendor: what no database can hold as text is shown escaped.
    plain = reason[:LONGEST_REASON].encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    return Refused(key, plain, encoded[:KEPT_BYTES], len(encoded))


def refuse(one: Identified, reason: str) -> Refused:
    """A record set aside."""
    return _refused(one.id, reason, one.encoded)


def _one_a_key(refused: list[Refused]) -> list[Refused]:
    """Quarantine holds one entry a key: further ones of a page get a number."""
    count: Counter[str] = Counter()
    result = []
    for one in refused:
        count[one.key] += 1
        number = count[one.key]
        key = one.key if number == 1 else f"{one.key} ({number})"
        result.append(Refused(key, one.reason, one.raw, one.size))
    return result


def read_changed(
    fine: list[Identified], known: Mapping[str, bytes | None], read: Callable[[Raw], Fields]
) -> tuple[list[Incoming], list[Refused], int]:
    """Maps the records whose raw hash is not the stored one.

    What to commit, what `read` could not map, and how many are unchanged.
    """
    incoming, refused, unchanged = [], list[Refused](), 0
    for one in fine:
        if known.get(one.id) == one.raw_hash:
            unchanged += 1
            continue
        try:
            fields = read(one.raw)
            said = fields["id"]
        except _MISFITS as problem:
            refused.append(refuse(one, _said(problem)))
            continue
        if said != one.id:
            refused.append(refuse(one, f"is read as {said!r}, not as its own id"))
            continue
        incoming.append(Incoming(one.id, fields, one.raw_hash))
    return incoming, refused, unchanged


def _said(problem: Exception) -> str:
    if isinstance(problem, BadVendorValue):
        return str(problem)
    if isinstance(problem, KeyError):
        return f"lacks {problem}"
    return f"can't be read: {type(problem).__name__}: {problem}"
