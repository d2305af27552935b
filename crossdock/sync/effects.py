"""Pure: a page, and what came of its records → what else is stored with it, in the same transaction."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from crossdock.changes.masking.recognizer import Recognizer
from crossdock.changes.plan import CommitOutcome
from crossdock.kit.contract import Page
from crossdock.kit.misfits import merged
from crossdock.store.connections.runs import RunProgress
from crossdock.store.records.quarantine import QuarantinedRecord
from crossdock.sync.page import ReadRecords, SortedRecords, refuse, refuse_part, twins_of
from crossdock.wire import encoder

MASKED_REASON = "does not fit; what it says was erased with a person"


@dataclass(frozen=True)
class PageEffects:
    """The effects of a page: what is stored with it besides its records."""

    progress: RunProgress
    """Where the run stands after it, and what it adds to the run."""
    quarantined: list[QuarantinedRecord]
    """Records that did not fit, wholly or in part."""
    released: frozenset[str]
    """Keys in quarantine of records that fit now, or that the vendor has deleted."""
    twins: frozenset[str]
    """Keys in quarantine of records that stood twice in an earlier page, and stand once in this one."""
    ids: frozenset[str]
    """The records of the page that have an id."""
    seen: frozenset[str]
    """What a snapshot has met: these, and those set aside. What does not fit is still there."""
    file: str | None
    """The file that the records were read from."""
    raw: Mapping[str, bytes]
    """The records that were read, as they came."""
    gone: Sequence[str]
    """The records that it turned into tombstones."""

    def still_waiting(self, waiting: AbstractSet[str]) -> set[str]:
        """The keys in quarantine after this page.

        One that is set aside now may come again, fitting, before the walk ends.
        """
        return {*waiting} - self.released - self.twins | {record.key for record in self.quarantined}


def effects_of(
    page: Page,
    by_key: SortedRecords,
    read: ReadRecords,
    outcome: CommitOutcome,
    waiting: AbstractSet[str],
) -> PageEffects:
    """The effects of a page. waiting: the keys in quarantine before it."""
    quarantined = _quarantined(by_key, read, outcome)
    keys = {record.key for record in quarantined}
    by_id = {record.id: record for record in by_key.fine}
    ids = frozenset(by_id)
    met = ids.union(page.deleted)
    return PageEffects(
        progress=RunProgress(
            cursor=_json(page.cursor),
            mark=_json(page.mark),
            received=len(page.records),
            created=len(outcome.created),
            updated=len(outcome.updated),
            unchanged=read.unchanged + outcome.unchanged,
            quarantined=len(quarantined),
            oldest_data=outcome.oldest,
            newest_data=outcome.newest,
            wait_seconds=page.whole_wait,
            last_event=outcome.last_event,
        ),
        quarantined=quarantined,
        released=frozenset((waiting & met) - keys),
        twins=frozenset(twins_of(met - keys, waiting - keys - met)),
        ids=ids,
        seen=ids | by_key.ids_refused,
        file=page.file,
        raw={record.id: by_id[record.id].encoded for record in read.incoming},
        gone=outcome.gone,
    )


def without_people(effects: PageEffects, masked: AbstractSet[str], recognizer: Recognizer) -> PageEffects:
    """The effects without what they say of those who were erased. masked: ids of records that named any."""
    quarantined = [
        replace(record, raw=b"", reason=MASKED_REASON)
        if record.key in masked
        or recognizer.names_somebody(f"{record.reason} {record.raw.decode('utf-8', 'replace')}")
        else record
        for record in effects.quarantined
    ]
    raw = {record_id: encoded for record_id, encoded in effects.raw.items() if record_id not in masked}
    return replace(effects, quarantined=quarantined, raw=raw)


def _quarantined(by_key: SortedRecords, read: ReadRecords, outcome: CommitOutcome) -> list[QuarantinedRecord]:
    """The records that did not fit, wholly or in part, when they were identified, read or stored."""
    by_id = {record.id: record for record in by_key.fine}
    not_stored = [refuse(by_id[record_id], reason) for record_id, reason in outcome.refused.items()]
    partly_stored = sorted((read.misfits.keys() | outcome.misfits.keys()) - outcome.refused.keys())
    partial = [
        refuse_part(
            by_id[record_id],
            merged(read.misfits.get(record_id, ()), outcome.misfits.get(record_id, ())),
        )
        for record_id in partly_stored
    ]
    return [*by_key.refused, *read.refused, *not_stored, *partial]


def _json(value: Any) -> str | None:
    return None if value is None else encoder.encode(value).decode()
