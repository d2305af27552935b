"""What happened in a world before its epoch, lived through in the order of time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from crossdock.integrations.sandbox.world.records import WorldRecords

Act = Callable[[WorldRecords], None]


class Timeline:
    """Acts to come; each is done at its moment."""

    def __init__(self) -> None:
        self._acts: list[tuple[datetime, Act]] = []

    def at(self, when: datetime, act: Act) -> None:
        self._acts.append((when, act))

    def run(self, records: WorldRecords) -> None:
        """Do all acts, the earliest first; those of one moment in the order they were given."""
        for when, act in sorted(self._acts, key=lambda act: act[0]):
            records.now = when
            act(records)


def hours(least: float, limit: float, rng: Random) -> timedelta:
    """A time span between two numbers of hours, in whole seconds."""
    return timedelta(seconds=rng.randint(int(least * 3600), int(limit * 3600)))
