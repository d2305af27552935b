"""What a channel wants to hear of, when, and how often."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from crossdock.alerts import kinds
from crossdock.alerts.kinds import URGENT, kind_of
from crossdock.alerts.quiet_hours import QuietHours, zone_fault
from crossdock.store.alerts.problems import AlertProblem

MOST_NAMES = 1000
"""Of connections, or of customers, that a channel is narrowed to."""

Names = Annotated[list[str], Meta(min_length=1, max_length=MOST_NAMES)]
Minutes = Annotated[int, Meta(ge=0, le=10_080)]


class AlertRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules of a channel."""

    kinds: Annotated[Names | None, Meta(description="Only problems of these kinds. Null: all.")] = None
    connection_ids: Annotated[Names | None, Meta(description="Only of these connections. Null: all.")] = None
    customer_ids: Annotated[Names | None, Meta(description="Only of these customers. Null: all.")] = None
    after_minutes: Annotated[
        Minutes,
        Meta(description="A problem is told once it has stood for so long; never if it is over before."),
    ] = 0
    at_least: Annotated[
        int,
        Meta(
            ge=1, le=1_000_000, description="How many records, files or messages a problem has to be about."
        ),
    ] = 1
    every_minutes: Annotated[int, Meta(ge=0, le=1440, description="At most one message in so much time.")] = 5
    quiet_hours: Annotated[
        QuietHours | None, Meta(description="What comes then is told in one message at their end.")
    ] = None
    urgent: Annotated[
        list[str],
        Meta(max_length=MOST_NAMES, description="Kinds that don't wait for the end of quiet hours."),
    ] = msgspec.field(default_factory=lambda: list(URGENT))
    resolved: Annotated[bool, Meta(description="Whether it is told that a problem is over.")] = True

    def takes(self, problem: AlertProblem) -> bool:
        """Check whether a problem is one that the channel wants to hear of."""
        return (
            (self.kinds is None or problem.kind in self.kinds)
            and (self.connection_ids is None or problem.subject.connection in self.connection_ids)
            and (self.customer_ids is None or problem.subject.customer in self.customer_ids)
        )

    def has_enough(self, problem: AlertProblem) -> bool:
        """Check whether there is as much of a problem as the channel wants to hear of."""
        return not kind_of(problem.kind).has_count or problem.count >= self.at_least


def read(stored: bytes) -> AlertRules:
    return msgspec.json.decode(stored, type=AlertRules)


def rule_faults(rules: AlertRules, *, is_operators: bool) -> dict[str, list[str]]:
    """The faults that types don't show: names of kinds and of the time zone, and hours that are none."""
    faults: dict[str, list[str]] = {}
    for name, names in (("kinds", rules.kinds or []), ("urgent", rules.urgent)):
        if unknown := kinds.unknown(names, is_operators=is_operators):
            faults[name] = [_no_kind(unknown[0], kinds.offered(is_operators=is_operators))]
    hours = rules.quiet_hours
    if hours is not None and (fault := zone_fault(hours.time_zone)):
        faults["quiet_hours.time_zone"] = [fault]
    if hours is not None and hours.start == hours.end:
        faults["quiet_hours.end"] = [
            f"is {hours.end!r} like the start: a channel that is never to speak is disabled"
        ]
    return faults


def _no_kind(name: str, choices: Sequence[str]) -> str:
    return f"is {name[:60]!r}; wanted are some of {', '.join(choices)}"
