"""Pure: a record that a connected system sends, and the digests of those who were erased → masked again.

The values are known to nobody here: each candidate in the record is hashed and looked up. A record that was
made after somebody was erased is of somebody who came back, and is left alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.changes.masking.identity import (
    FOUND_EMAIL,
    FOUND_PHONE,
    Term,
    email_key,
    phone_keys,
    words,
)
from crossdock.changes.masking.mask import Clause, RecordMask, Search, leaves, people, personal_values
from crossdock.errors import BadVendorValue
from crossdock.resources.personal import Personal
from crossdock.store.erasing.identities import ErasedIdentity, IdentityKind, digest
from crossdock.wire import seconds

MOST_WORDS = 200
"""Of a text that is looked through for names."""


def pair_key(name: str, street: str) -> str:
    """A name with a street as pairs are compared."""
    return f"{' '.join(words(name))}\0{' '.join(words(street))}"


def record_key(connection_id: int, resource_key: str, record_id: str) -> str:
    """A record as records are compared."""
    return f"{connection_id} {resource_key} {record_id}"


@dataclass
class Recognizer:
    """Knows the people whom an organization has erased when it meets them."""

    secret: bytes
    revision: int = 0
    _known: dict[tuple[str, bytes], int] = field(default_factory=dict)
    _name_lengths: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, secret: bytes, revision: int, identities: Iterable[ErasedIdentity]) -> "Recognizer":
        recognizer = cls(secret, revision)
        for identity in identities:
            recognizer._known[(identity.kind, identity.digest)] = identity.at_ms
            if identity.kind == "name":
                recognizer._name_lengths.add(identity.words)
        return recognizer

    def masked(
        self, connection_id: int, resource_key: str, record_id: str, fields: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The record without those who were erased; None where it names none of them."""
        made_ms = _made_ms(fields)
        is_known = self._is_known("connection", str(connection_id), made_ms) or self._is_known(
            "record", record_key(connection_id, resource_key, record_id), None
        )
        clauses = tuple(dict.fromkeys(self._clauses(fields, made_ms)))
        if not is_known and not clauses:
            return None
        mask = RecordMask.of(Search(clauses), [fields], is_known=is_known)
        fresh = None if mask is None else mask.masked(fields)
        return None if fresh is fields else fresh

    def names_somebody(self, text: str) -> bool:
        """Check whether a text names somebody who was erased."""
        return any(True for _ in self._in_text(text, None))

    def _clauses(self, fields: Mapping[str, Any], made_ms: int | None) -> Iterator[Clause]:
        for person in people(fields):
            yield from self._of_person(personal_values(person), made_ms)
        for leaf in leaves(fields):
            if isinstance(leaf, str):
                yield from self._in_text(leaf, made_ms)

    def _of_person(self, kinds: Mapping[Personal, list[str]], made_ms: int | None) -> Iterator[Clause]:
        name = " ".join(kinds.get(Personal.NAME, ()))
        if name and self._is_known("name", " ".join(words(name)), made_ms):
            yield (Term("name", name),)
        for street in kinds.get(Personal.STREET, ()):
            if self._is_known("name_address", pair_key(name, street), made_ms):
                yield (Term("name", name), Term("address", street))

    def _in_text(self, text: str, made_ms: int | None) -> Iterator[Clause]:
        for match in FOUND_EMAIL.finditer(text):
            found = match[0].strip("'").rstrip(".")
            if self._is_known("email", email_key(found), made_ms):
                yield (Term("email", found),)
        for match in FOUND_PHONE.finditer(text):
            if any(self._is_known("phone", key, made_ms) for key in phone_keys(match[0])):
                yield (Term("phone", match[0]),)
        if self._name_lengths:
            yield from self._names(words(text)[:MOST_WORDS], made_ms)

    def _names(self, all_words: tuple[str, ...], made_ms: int | None) -> Iterator[Clause]:
        for length in self._name_lengths:
            for start in range(len(all_words) - length + 1):
                part = all_words[start : start + length]
                for order in (part, (*part[1:], part[0])):  # "Schmidt, Maria"
                    if self._is_known("name", " ".join(order), made_ms):
                        yield (Term("name", " ".join(order)),)

    def _is_known(self, kind: IdentityKind, key: str, made_ms: int | None) -> bool:
        if not key:
            return False
        at_ms = self._known.get((kind, digest(self.secret, kind, key)))
        return at_ms is not None and (made_ms is None or made_ms < at_ms)


def _made_ms(fields: Mapping[str, Any]) -> int | None:
    """The time when the connected system made a record; None where it does not say."""
    created = fields.get("created_date")
    try:
        return seconds(created) * 1000 if isinstance(created, str) else None
    except BadVendorValue:
        return None


def identities_of(secret: bytes, clauses: Iterable[Clause], at_ms: int) -> list[ErasedIdentity]:
    """The identities of people who are known by these."""
    keys: dict[tuple[IdentityKind, str], int] = defaultdict(int)
    for clause in clauses:
        if len(clause) > 1:
            keys["name_address", pair_key(clause[0].value, clause[1].value)] = 0
            continue
        term = clause[0]
        if term.kind == "email":
            keys["email", term.key] = 0
        elif term.kind == "phone":
            keys |= {("phone", key): 0 for key in phone_keys(term.value)}
        elif term.kind == "name":
            keys["name", term.key] = len(words(term.value))
    return [
        ErasedIdentity(kind, digest(secret, kind, key), count, at_ms) for (kind, key), count in keys.items()
    ]
