"""What a step of an erasure came upon: counts by place, some examples without values, who else is meant."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from crossdock.changes.masking.identity import Term
from crossdock.changes.masking.mask import Clause

MOST_EXAMPLES = 500
"""Of a show: enough to look at, and to see where the rest is."""
SHOWN_LETTERS = 1


@dataclass
class Findings:
    """Counts and examples, to be stored with the step that made them."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)
    learned: dict[Clause, None] = field(default_factory=dict)
    """Names with streets of the person, by which other records of theirs are recognised."""
    linked: dict[Term, None] = field(default_factory=dict)
    """What the person goes by besides."""
    records: list[tuple[int, str, str]] = field(default_factory=list)
    """(connection, resource, id) of records that are erased as a whole."""

    def add(self, place: str, count: int = 1) -> None:
        if count:
            self.counts[place] += count

    def show(
        self, place: str, connection: str | None, item_id: str, fields: Iterable[tuple[str, Any]]
    ) -> None:
        """Keep an example. fields: (path, value), of which only the first letter is shown."""
        shown = {path: hint(value) for path, value in fields}
        entry = {"place": place, "connection_id": connection, "id": item_id, "fields": shown}
        self.examples.append(entry)


def hint(value: Any) -> str:
    """A value as whoever knows it can tell, and nobody else."""
    text = value if isinstance(value, str) else "" if value is None else "…"
    return f"{text[:SHOWN_LETTERS]}…" if text else "…"
