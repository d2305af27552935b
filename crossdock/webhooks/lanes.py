"""Pure: how much of what is due goes out at a time, so that no endpoint stands in another's way.

Each endpoint has a lane. Its width doubles while answers come quickly and halves with each that takes
long, so one that hangs holds on to a few sockets and no more. Lanes that are narrow, because they are new
or slow, share half of all that may be under way; the other half is for those that have shown they are
quick.
"""

from dataclasses import dataclass

FIRST, NARROWEST, WIDEST = 8, 1, 256
NARROW = 16
"""Below this a lane is not known to be quick."""
QUICK_SECONDS, SLOW_SECONDS = 1.0, 3.0


@dataclass
class Lane:
    """What is under way to one endpoint."""

    endpoint: int
    width: int = FIRST
    under_way: int = 0

    @property
    def is_narrow(self) -> bool:
        return self.width < NARROW

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
            self.width = min(WIDEST, self.width * 2)


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
        narrow = self._most // 2 - sum(one.under_way for one in self._lanes.values() if one.is_narrow)
        planned: list[tuple[Lane, int]] = []
        for lane in map(self.lane, in_turn):
            free = min(lane.width - lane.under_way, room, narrow if lane.is_narrow else room)
            if free > 0 and lane.has_room and len(planned) < at_most:
                planned.append((lane, free))
                room -= free
                narrow -= free if lane.is_narrow else 0
        return planned
