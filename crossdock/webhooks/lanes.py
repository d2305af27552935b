"""Pure: how much of what is due goes out at a time, so that no endpoint stands in another's way.

Each endpoint has a lane. Its width doubles while answers come quickly and halves with each that takes
long, so one that hangs soon holds on to one socket. The first few under way of every lane share half of all
that may be; what a wide lane has beyond them, as it has shown to be quick, comes out of the other half. So
quick ones that begin to hang, with all their width, leave room for everybody else.
"""

from dataclasses import dataclass

FIRST, NARROWEST, WIDEST = 8, 1, 256
NARROW = 16
"""So many of each lane come out of the half that is for everybody."""
WITH_SCRIPT = 16
"""The widest where each message goes through a script first: one runs at a time, and a message waits for it
neither until its lease ends nor until its receiver takes it for old."""
QUICK_SECONDS, SLOW_SECONDS = 1.0, 3.0


@dataclass
class Lane:
    """What is under way to one endpoint."""

    endpoint: int
    width: int = FIRST
    under_way: int = 0
    widest: int = WIDEST

    @property
    def is_quick(self) -> bool:
        """Whether it has shown to be."""
        return self.width >= NARROW

    def limit(self, widest: int) -> None:
        """Never wider than this from now on."""
        self.widest = widest
        self.width = min(self.width, widest)

    @property
    def has_room(self) -> bool:
        """Whether half of it is free: to claim one by one costs more than sending."""
        return self.under_way * 2 <= self.width

    def note(self, seconds: float, *, answered: bool) -> None:
        """An attempt ended. answered: with whatever status."""
        self.under_way -= 1
        if seconds > SLOW_SECONDS:
            self.width = max(NARROWEST, self.width // 2)
        elif answered and seconds < QUICK_SECONDS:
            self.width = min(self.widest, self.width * 2)


class Lanes:
    """All lanes of a sender. most: attempts under way at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lanes: dict[int, Lane] = {}
        self._first = 0

    def lane(self, endpoint: int) -> Lane:
        return self._lanes.setdefault(endpoint, Lane(endpoint))

    @property
    def under_way(self) -> int:
        return sum(one.under_way for one in self._lanes.values())

    def plan(self, endpoints: list[int], at_most: int) -> list[tuple[Lane, int]]:
        """How many more may go to which of these endpoints; another one is first each time."""
        if not endpoints:
            return []
        self._first = (self._first + 1) % len(endpoints)
        in_turn = endpoints[self._first :] + endpoints[: self._first]
        room = self._most - self.under_way
        common = self._most // 2 - sum(min(one.under_way, NARROW) for one in self._lanes.values())
        beyond = (self._most + 1) // 2 - sum(max(0, one.under_way - NARROW) for one in self._lanes.values())
        planned: list[tuple[Lane, int]] = []
        for lane in map(self.lane, in_turn):
            wanted = min(lane.width - lane.under_way, room)
            first = max(0, min(wanted, NARROW - lane.under_way, common))
            more = max(0, min(wanted - first, beyond)) if lane.is_quick else 0
            if first + more > 0 and lane.has_room and len(planned) < at_most:
                planned.append((lane, first + more))
                room -= first + more
                common -= first
                beyond -= more
        return planned
