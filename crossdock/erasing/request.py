"""Asking for an erasure: what is searched for is checked, remembered as digests, and left to a job.

subject ─▶ faults told at once ─▶ in one transaction: row, job, identities, audit log
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import msgspec

from crossdock.changes.masking.identity import Kind, Term
from crossdock.changes.masking.mask import Clause, Search
from crossdock.changes.masking.recognizer import identities_of
from crossdock.errors import Invalid, NotFound
from crossdock.jobs.queue import enqueue
from crossdock.kit.erasure import ErasureMode, ErasureSubject
from crossdock.store.connections import connections
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock, new_id
from crossdock.store.database.secrets import Vault
from crossdock.store.erasing import erasures, identities
from crossdock.store.erasing.erasures import ErasureRow, Source
from crossdock.store.erasing.identities import ErasedIdentity, digest
from crossdock.store.people.audit_log import Actor, AuditEntry, note

MOST_REFERENCES = 10_000


class SavedSearch(msgspec.Struct, frozen=True):
    """The search of a job, as it is kept, encrypted, until it is done."""

    clauses: list[list[tuple[str, str]]]
    """Each a list of (kind, value)."""
    references: list[str]
    everyone: bool
    connection_id: int | None
    """The connection's own number; None: all of the organization."""
    linked: list[tuple[str, str]] = []
    """(kind, value) of what the person was found to go by besides."""

    @property
    def search(self) -> Search:
        """The search in words that texts are held against."""
        clauses = tuple(tuple(_term(*pair) for pair in clause) for clause in self.clauses)
        linked = tuple(_term(*pair) for pair in self.linked)
        return Search(clauses, frozenset(self.references), self.everyone, linked)

    def with_learned(self, clauses: Iterable[Clause], linked: Iterable[Term]) -> "SavedSearch":
        """The search with these ways to recognise the person besides; itself where none is new."""
        ways = [[(str(term.kind), term.value) for term in clause] for clause in clauses]
        terms = [(str(term.kind), term.value) for term in linked]
        known = {tuple(clause) for clause in self.clauses}
        fresh_ways = [way for way in ways if tuple(way) not in known]
        fresh_terms = [term for term in terms if term not in self.linked]
        if not fresh_ways and not fresh_terms:
            return self
        return msgspec.structs.replace(
            self, clauses=self.clauses + fresh_ways, linked=self.linked + fresh_terms
        )


def _term(kind: str, value: str) -> Term:
    return Term(cast(Kind, kind), value)


@dataclass(frozen=True)
class Requester:
    """The organization and the person who ask for an erasure, and by which way."""

    organization_id: str
    actor: Actor
    source: Source


@dataclass(frozen=True)
class ErasureDesk:
    """Takes requests to erase."""

    database: Database
    vault: Vault
    clock: Clock

    async def request(
        self, requester: Requester, subject: ErasureSubject, mode: ErasureMode = "erase"
    ) -> ErasureRow:
        """Queue an erasure. Raises Invalid, and NotFound for a connection of nobody or of others."""
        check_subject(subject)
        connection_id = await self._connection(requester.organization_id, subject.connection_id)
        saved = SavedSearch(
            list(_clauses(subject)), list(subject.reference_ids), subject.everyone, connection_id
        )
        secret = await identities.digest_secret(self.database, self.vault, requester.organization_id)
        now = self.clock()
        erasure = ErasureRow(
            id=new_id("era", now), organization_id=requester.organization_id, mode=mode, state="running",
            source=requester.source, actor=_shown(requester.actor), kinds=_kinds(subject),
            digests=_digests(secret, subject), progress={}, counts={}, examples=[], created_ms=now,
            updated_ms=now, ended_ms=None,
        )  # fmt: skip
        encoded = msgspec.json.encode(saved)
        sealed = await erasures.seal(self.vault, requester.organization_id, erasure.id, encoded)

        async def work(transaction: Transaction) -> None:
            await erasures.add(transaction, erasure, sealed)
            if mode == "erase":
                known = known_identities(secret, saved, now)
                await identities.add(transaction, erasure.organization_id, erasure.id, known)
            await enqueue(
                transaction, kind="erase", connection_id=0, cause="erasure", now_ms=now, function=erasure.id
            )
            action = "erasure.requested" if mode == "erase" else "erasure.shown"
            detail = {"kinds": erasure.kinds, "connection_id": subject.connection_id}
            entry = AuditEntry(erasure.organization_id, requester.actor, action, erasure.id, detail)
            await note(transaction, entry, now)

        await self.database.transact(work)
        return erasure

    async def _connection(self, organization_id: str, uid: str | None) -> int | None:
        if uid is None:
            return None
        connection = await connections.by_uid(self.database, uid)
        if connection is None or connection.organization_id != organization_id:
            raise NotFound(f"there is no connection {uid!r}")
        return connection.id


def check_subject(subject: ErasureSubject) -> None:
    """Raise Invalid for a subject that names nobody, or in a way that nothing can be found by."""
    faults = _term_faults(subject) | _reference_faults(subject)
    if subject.address and not subject.name:
        faults.setdefault("address", []).append("must come with a name, which it narrows down")
    if subject.everyone and not subject.connection_id:
        faults["everyone"] = ["must come with the connection_id of the shop"]
    if subject.is_empty and not faults:
        faults["email"] = ["must say who is meant, or phone, name, reference_ids or everyone"]
    if faults:
        raise Invalid({"json": faults})


def _term_faults(subject: ErasureSubject) -> dict[str, list[str]]:
    faults = {}
    for name, kind in (("email", "email"), ("phone", "phone"), ("name", "name"), ("address", "address")):
        value = getattr(subject, name)
        if value is not None and (fault := Term(kind, value).fault):  # type: ignore[arg-type]
            faults[name] = [fault]
    return faults


def _reference_faults(subject: ErasureSubject) -> dict[str, list[str]]:
    if len(subject.reference_ids) > MOST_REFERENCES:
        return {"reference_ids": [f"must have at most {MOST_REFERENCES:,} entries"]}
    if any(len(reference.strip()) < 2 for reference in subject.reference_ids):
        return {"reference_ids": ["must be texts of at least two characters"]}
    return {}


def _clauses(subject: ErasureSubject) -> Iterator[list[tuple[str, str]]]:
    if subject.email:
        yield [("email", subject.email.strip())]
    if subject.phone:
        yield [("phone", subject.phone.strip())]
    if subject.name:
        street = [("address", subject.address)] if subject.address else []
        yield [("name", subject.name), *street]


def known_identities(secret: bytes, saved: SavedSearch, at_ms: int) -> list[ErasedIdentity]:
    """The identities of whom a search is for. Records that are found by an id are added as they are met."""
    known = [] if saved.everyone else identities_of(secret, saved.search.clauses, at_ms)
    if saved.everyone:
        whole = digest(secret, "connection", str(saved.connection_id))
        known.append(ErasedIdentity("connection", whole, 0, at_ms))
    return known


def _kinds(subject: ErasureSubject) -> list[str]:
    names = ("email", "phone", "name", "address", "reference_ids", "everyone", "connection_id")
    return [name for name in names if getattr(subject, name)]


def _digests(secret: bytes, subject: ErasureSubject) -> list[tuple[str, str]]:
    keys = [
        (kind, Term(kind, value).key)
        for kind in ("email", "phone", "name", "address") if (value := getattr(subject, kind))
    ]  # fmt: skip
    keys += [("reference_id", reference) for reference in subject.reference_ids]
    return [(kind, digest(secret, kind, key).hex()) for kind, key in keys]


def _shown(actor: Actor) -> str:
    return " ".join(filter(None, (actor.kind, actor.name or actor.id)))
