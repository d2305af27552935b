"""Pure: a record or a text, and whom to erase → the same without that person.

    what is searched for ─▶ who it is in each state of a record ─▶ every value of theirs ─▶ masked states

A person is an object with personal fields (`resources/personal`), whatever it is called and wherever it
stands. Where one is met, all of its personal fields are masked, and what they said is masked in all texts of
the same record too: notes, custom fields, tags.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from crossdock.changes.masking.identity import Term, plain, same_phone, strong_term, words
from crossdock.resources.catalogue import all_resources
from crossdock.resources.personal import Personal, personal_fields

Json = Any

Clause = tuple[Term, ...]
"""Terms that a person must meet all of: one, or a name and a street."""

OWN_ID = "id"
_NO_DIGIT = re.compile(r"\D")
_WHERE = (None, Personal.STREET, Personal.POSTCODE)
_NO_PHONE = ("_id", "_date", "_number", "sku", "gtin", "upc")
"""Ends of names of fields whose digits are no phone number."""


def fields_of_people() -> Mapping[str, Personal]:
    """The personal fields of all records."""
    return personal_fields(tuple(resource.record for resource in all_resources()))


@dataclass(frozen=True)
class Search:
    """A person or shop to look for. Several clauses are several ways to recognise the same one."""

    clauses: tuple[Clause, ...] = ()
    references: frozenset[str] = frozenset()
    """Ids of orders or customers: whoever stands in a record with one of them as a value is meant."""
    everyone: bool = False
    """Everybody in the record is meant: a shop is erased."""
    linked: tuple[Term, ...] = ()
    """What the person goes by besides: masked where an e-mail address or a phone number of theirs stands."""

    def with_terms(self, terms: Iterable[Term]) -> "Search":
        """The search, also for these by themselves."""
        fresh = tuple((term,) for term in terms if (term,) not in self.clauses)
        return replace(self, clauses=self.clauses + fresh)

    @cached_property
    def probes(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """For each clause what a text must hold: texts, and digits."""
        return tuple(
            (
                tuple(term.probe for term in clause if term.kind != "phone"),
                tuple(term.probe for term in clause if term.kind == "phone"),
            )
            for clause in self.clauses
        )

    def may_be_in(self, text: str) -> bool:
        """Check quickly whether something may be in it; also when it stands apart."""
        if self.everyone:
            return True
        low = plain(text)
        if any(reference.casefold() in low for reference in self.references):
            return True
        has_numbers = any(numbers for _, numbers in self.probes)
        digits = _NO_DIGIT.sub("", low) if has_numbers else ""
        return any(
            all(probe in low for probe in texts) and all(number in digits for number in numbers)
            for texts, numbers in self.probes
        )

    def replaced(self, text: str) -> str:
        """The text without what is searched for. Of a clause all terms must be in it."""
        if not self.clauses or not self.may_be_in(text):
            return text
        linked = self.linked if self.is_anchored(text) else ()
        for clause in (*self.clauses, *((term,) for term in linked)):
            if all(term.pattern.search(text) for term in clause):
                for term in clause:
                    text = term.pattern.sub(term.erased, text)
        return text

    def is_anchored(self, text: str) -> bool:
        """Check whether a text holds an e-mail address or a phone number that is searched for."""
        return any(
            clause[0].pattern.search(text)
            for clause in self.clauses
            if len(clause) == 1 and clause[0].kind in ("email", "phone")
        )

    def is_in(self, text: str) -> bool:
        """Check whether what is searched for is in a text."""
        return self.replaced(text) != text

    def means(self, person: Mapping[str, Json]) -> bool:
        """Check whether an object with personal fields is who is searched for."""
        return self.everyone or any(all(_meets(person, term) for term in clause) for clause in self.clauses)

    def refers_to(self, fields: Json) -> bool:
        """Check whether a record has one of the references among its values."""
        return bool(self.references) and any(
            str(value) in self.references
            for value in leaves(fields)
            if isinstance(value, str | int) and not isinstance(value, bool)
        )


def _meets(person: Mapping[str, Json], term: Term) -> bool:
    by_kind = personal_values(person)
    if term.kind == "email":
        return any(term.pattern.search(value) for value in by_kind.get(Personal.EMAIL, ()))
    if term.kind == "phone":
        return any(same_phone(value, term.value) for value in by_kind.get(Personal.PHONE, ()))
    if term.kind == "name":
        return words(" ".join(by_kind.get(Personal.NAME, ()))) == words(term.value)
    return bool(term.pattern.search(", ".join(by_kind.get(Personal.STREET, ()))))


def _is_person(fields: Mapping[str, Json]) -> bool:
    """Check whether an object can say who somebody is: an address of a warehouse has no name to say."""
    kinds = fields_of_people()
    return any(kinds.get(name) not in _WHERE for name in fields) and bool(personal_values(fields))


def personal_values(person: Mapping[str, Json]) -> dict[Personal, list[str]]:
    """The values that an object says of a person, but for erased ones."""
    kinds: dict[Personal, list[str]] = {}
    for name, kind in fields_of_people().items():
        value = person.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value and value != kind.erased:
            kinds.setdefault(kind, []).append(value)
    return kinds


def people(value: Json) -> Iterator[dict[str, Json]]:
    """Every object with personal fields that say something."""
    if isinstance(value, dict):
        if _is_person(value):
            yield value
        for inner in value.values():
            yield from people(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from people(inner)


def leaves(value: Json) -> Iterator[Json]:
    """Every value that holds no other."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    else:
        yield value


@dataclass
class Person:
    """The person who was recognised, by the values that they go by."""

    terms: dict[Term, None] = field(default_factory=dict)
    pairs: dict[Clause, None] = field(default_factory=dict)
    """Names with a street each: by these they are recognised in other records."""
    is_there: bool = False

    def learn(self, person: Mapping[str, Json]) -> None:
        """Take up the values of an object that is this person."""
        self.is_there = True
        kinds = personal_values(person)
        for kind, values in kinds.items():
            whole = [" ".join(values)] if kind is Personal.NAME else values
            self.terms |= {term: None for value in whole if (term := strong_term(kind, value))}
        name, street = " ".join(kinds.get(Personal.NAME, ())), (kinds.get(Personal.STREET) or [""])[0]
        if len(words(name)) > 1 and words(street):
            self.pairs[(Term("name", name), Term("address", street))] = None


@dataclass(frozen=True)
class RecordMask:
    """The masking of one record in all its states and copies."""

    search: Search
    is_whole: bool
    """Whether everybody in the record is meant."""
    person: Person

    @classmethod
    def of(cls, search: Search, states: Sequence[Json], *, is_known: bool = False) -> "RecordMask | None":
        """The mask of a record with these states; None: who is searched for is in none of them.

        is_known: everybody in it is meant, as the record itself was erased.
        """
        is_whole = is_known or search.everyone or any(map(search.refers_to, states))
        person = _recognised(search, states, is_whole=is_whole)
        texts = [leaf for leaf in leaves([*states]) if isinstance(leaf, str)]
        if any(map(search.is_anchored, texts)):
            person.terms |= dict.fromkeys(search.linked)
        is_there = is_whole or person.is_there or any(map(search.is_in, texts))
        return cls(search, is_whole, person) if is_there else None

    @cached_property
    def _wider(self) -> Search:
        return _wider(self.search, self.person)

    def masked(self, value: Json) -> Json:
        """A state or copy of the record without the person. What is the same is the same object."""
        return self._masked(value, "", is_top=True)

    def _masked(self, value: Json, name: str, *, is_top: bool = False) -> Json:
        if isinstance(value, dict):
            return self._masked_object(value, is_top=is_top)
        if isinstance(value, list):
            fresh = [self._masked(inner, name) for inner in value]
            return fresh if any(a is not b for a, b in zip(fresh, value, strict=True)) else value
        if isinstance(value, str):
            return self._text(value, name)
        return value

    def _masked_object(self, fields: dict[str, Json], *, is_top: bool) -> dict[str, Json]:
        is_meant = _is_person(fields) and (self.is_whole or self._wider.means(fields))
        kinds = fields_of_people() if is_meant else {}
        fresh = {
            name: value
            if is_top and name == OWN_ID
            else kinds[name].erased
            if name in kinds and value not in (None, "")
            else self._masked(value, name)
            for name, value in fields.items()
        }
        return fields if fresh == fields else fresh

    def _text(self, text: str, name: str = "") -> str:
        is_number = text.isdigit() and name.endswith(_NO_PHONE)
        return text if is_number else self._wider.replaced(text)

    def text(self, text: str) -> str:
        """A text that belongs to the record without the person."""
        return self._text(text)


def _recognised(search: Search, states: Sequence[Json], *, is_whole: bool) -> Person:
    """The person among those in these states who is meant."""
    person, candidates = Person(), [candidate for state in states for candidate in people(state)]
    # Twice: one state may tell the street that another is recognised by.
    for _ in range(2):
        wider = _wider(search, person)
        for candidate in candidates:
            if is_whole or wider.means(candidate):
                person.learn(candidate)
    return person


def _wider(search: Search, person: Person) -> Search:
    """The search, with what the person goes by in this record."""
    pairs = tuple(pair for pair in person.pairs if pair not in search.clauses)
    return replace(search, clauses=search.clauses + pairs).with_terms(person.terms)
