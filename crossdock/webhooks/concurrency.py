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
class EndpointLane:
    """The number of deliveries under way to one endpoint, and how many there may be."""

    endpoint: int
    width: int = FIRST
    under_way: int = 0
    widest: int = WIDEST

    @property
    def is_quick(self) -> bool:
        """Check whether the endpoint has shown to be quick."""
        return self.width >= NARROW

    def limit(self, widest: int) -> None:
        """Never wider than this from now on."""
        self.widest = widest
        self.width = min(self.width, widest)

    @property
    def has_room(self) -> bool:
        """Check whether half of the lane is free: to claim one by one costs more than sending."""
        return self.under_way * 2 <= self.width

    def note(self, seconds: float, *, answered: bool) -> None:
        """An attempt ended. answered: with whatever status."""
        self.under_way -= 1
        if seconds > SLOW_SECONDS:
            self.width = max(NARROWEST, self.width // 2)
        elif answered and seconds < QUICK_SECONDS:
            self.width = min(self.widest, self.width * 2)


class EndpointConcurrency:
    """All lanes of a sender. most: attempts under way at a time."""

    def __init__(self, limit: int) -> None:
        self._most = limit
        self._lanes: dict[int, EndpointLane] = {}
        self._first = 0

    def lane(self, endpoint: int) -> EndpointLane:
        return self._lanes.setdefault(endpoint, EndpointLane(endpoint))

    @property
    def under_way(self) -> int:
        return sum(lane.under_way for lane in self._lanes.values())

    def plan(self, endpoints: list[int], at_most: int) -> list[tuple[EndpointLane, int]]:
        """Plan how many more may go to which of these endpoints; another one is first each time."""
        if not endpoints:
            return []
        self._first = (self._first + 1) % len(endpoints)
        in_turn = endpoints[self._first :] + endpoints[: self._first]
        room = self._most - self.under_way
        common = self._most // 2 - sum(min(lane.under_way, NARROW) for lane in self._lanes.values())
        beyond = (self._most + 1) // 2 - sum(max(0, lane.under_way - NARROW) for lane in self._lanes.values())
        planned: list[tuple[EndpointLane, int]] = []
        for lane in map(self.lane, in_turn):
            width = min(lane.width - lane.under_way, room)
            first = max(0, min(width, NARROW - lane.under_way, common))
            extra_number = max(0, min(width - first, beyond)) if lane.is_quick else 0
            if first + extra_number > 0 and lane.has_room and len(planned) < at_most:
                planned.append((lane, first + extra_number))
                room -= first + extra_number
                common -= first
                beyond -= extra_number
        return planned
