"""Pure: a channel's rules and what it was not told yet → what it is told now, and when to look again.

    not its business ─▶ skipped          over, and it knows ─▶ told as over, if it wants that
    begun ─ enough? long enough? ─ quiet hours? ─ the last message long ago? ─▶ told, in one message

What begins together is told together: a message waits a few seconds for what comes right after.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crossdock.alerts.kinds import kind_of
from crossdock.alerts.quiet_hours import quiet_until
from crossdock.alerts.rules import AlertRules
from crossdock.store.alerts.problems import OPEN, AlertCandidate, AlertProblem
from crossdock.store.database.ids import CLOCKS_APART_MS

GATHER_MS = 10_000
MINUTE_MS = 60_000


@dataclass
class AlertPlan:
    """The problems to tell now, and those to note without a word.

    due_ms: when to look again; None: when something happens.
    """

    opened: list[AlertProblem] = field(default_factory=list)
    resolved: list[AlertProblem] = field(default_factory=list)
    skipped: list[AlertProblem] = field(default_factory=list)
    known: list[AlertProblem] = field(default_factory=list)
    """It was told that they are there, and they are."""
    closed: list[AlertProblem] = field(default_factory=list)
    """They are over, and the channel does not want to hear of it."""
    due_ms: int | None = None

    def wait_until(self, moment_ms: int) -> None:
        self.due_ms = moment_ms if self.due_ms is None else min(self.due_ms, moment_ms)

    @property
    def has_message(self) -> bool:
        return bool(self.opened or self.resolved)


def plan_channel(
    rules: AlertRules, candidates: Sequence[AlertCandidate], sent_ms: int | None, now_ms: int
) -> AlertPlan:
    """The plan of a channel. sent_ms: when its last message was made."""
    plan, ready = AlertPlan(), []
    for candidate in candidates:
        moment_ms = _ready_ms(rules, candidate, plan)
        if moment_ms is None:
            continue
        if moment_ms > now_ms:
            plan.wait_until(moment_ms)
        else:
            ready.append((moment_ms, candidate.problem))
    ready = _out_of_quiet(rules, ready, plan, now_ms)
    if ready:
        release_ms = _release_ms(rules, min(moment_ms for moment_ms, _ in ready), sent_ms, now_ms)
        if release_ms > now_ms:
            plan.wait_until(release_ms)
        else:
            plan.opened = [problem for _, problem in ready if problem.is_open]
            plan.resolved = [problem for _, problem in ready if not problem.is_open]
    return plan


def _ready_ms(rules: AlertRules, candidate: AlertCandidate, plan: AlertPlan) -> int | None:
    """The moment when a problem may be told; None: not as it is now."""
    problem = candidate.problem
    if not rules.takes(problem):
        plan.skipped.append(problem)
    elif problem.resolved_ms is not None:
        if rules.resolved:
            return problem.resolved_ms
        plan.closed.append(problem)
    elif candidate.told == OPEN and not kind_of(problem.kind).is_passing:
        plan.known.append(problem)
    elif rules.has_enough(problem):
        if kind_of(problem.kind).is_passing:
            return problem.last_ms
        return problem.first_ms + rules.after_minutes * MINUTE_MS
    return None


def _out_of_quiet(
    rules: AlertRules, ready: list[tuple[int, AlertProblem]], plan: AlertPlan, now_ms: int
) -> list[tuple[int, AlertProblem]]:
    """The problems that may be told in spite of the hour; the rest waits for the end of quiet hours."""
    end_ms = None if rules.quiet_hours is None else quiet_until(rules.quiet_hours, now_ms)
    if end_ms is None:
        return ready
    urgent = [(moment, problem) for moment, problem in ready if _is_urgent(rules, problem)]
    if len(urgent) < len(ready):
        plan.wait_until(end_ms)
    return urgent


def _is_urgent(rules: AlertRules, problem: AlertProblem) -> bool:
    return problem.is_open and problem.kind in rules.urgent


def _release_ms(rules: AlertRules, first_ms: int, sent_ms: int | None, now_ms: int) -> int:
    """The moment when the next message may go."""
    # A moment that is too far ahead was noted by a clock that was wrong.
    gathered_ms = first_ms + GATHER_MS if first_ms <= now_ms + CLOCKS_APART_MS else now_ms
    if sent_ms is None or sent_ms > now_ms + CLOCKS_APART_MS:
        return gathered_ms
    return max(gathered_ms, sent_ms + rules.every_minutes * MINUTE_MS)
