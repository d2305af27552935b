"""What a channel is told, and when: rules and problems in, a plan out."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from crossdock.alerts.planning import GATHER_MS, MINUTE_MS, AlertPlan, plan_channel
from crossdock.alerts.quiet_hours import QuietHours
from crossdock.alerts.rules import AlertRules
from crossdock.store.alerts.problems import OPEN, AlertCandidate, AlertProblem, AlertSubject

T0 = 1_770_000_000_000  # 2026-02-02 02:40 UTC
LATER = T0 + GATHER_MS


def problem(number: int = 1, kind: str = "system_unavailable", **fields: Any) -> AlertProblem:
    members: dict[str, Any] = {
        "id": f"prb_{number}", "organization_id": "org", "key": f"k{number}", "kind": kind,
        "connection_id": number, "message": "down", "first_ms": T0, "last_ms": T0,
        "subject": AlertSubject(connection=f"c{number}", customer="acme"),
    }  # fmt: skip
    return AlertProblem(**members | fields)


def plan(
    rules: AlertRules,
    *problems: AlertProblem,
    now: int = LATER,
    told: str | None = None,
    sent: int | None = None,
) -> AlertPlan:
    return plan_channel(rules, [AlertCandidate(problem, told) for problem in problems], sent, now)


def test_what_begins_together_is_told_together_a_few_seconds_later():
    early = plan(AlertRules(), problem(), now=T0 + 1)
    assert (early.opened, early.due_ms) == ([], T0 + GATHER_MS)
    many = [problem(number, first_ms=T0 + number) for number in range(1000)]
    assert plan(AlertRules(), *many).opened == many


def test_a_problem_is_told_once_it_has_stood_long_enough():
    rules = AlertRules(after_minutes=10)
    early = plan(rules, problem(), now=T0 + 5 * MINUTE_MS)
    assert (early.has_message, early.due_ms) == (False, T0 + 10 * MINUTE_MS)
    assert plan(rules, problem(), now=T0 + 10 * MINUTE_MS + GATHER_MS).opened == [problem()]


def test_a_problem_with_a_number_is_told_once_it_is_large_enough():
    rules = AlertRules(at_least=10)
    few = plan(rules, problem(kind="records_set_aside", count=9))
    assert (few.has_message, few.skipped, few.due_ms) == (False, [], None)
    assert plan(rules, problem(kind="records_set_aside", count=10)).has_message


def test_kinds_without_a_number_do_not_wait_for_one():
    assert plan(AlertRules(at_least=10), problem(kind="invalid_credentials")).has_message


def test_at_most_one_message_goes_in_the_time_that_the_channel_says():
    rules = AlertRules(every_minutes=30)
    early = plan(rules, problem(), sent=T0 - 10 * MINUTE_MS)
    assert (early.has_message, early.due_ms) == (False, T0 + 20 * MINUTE_MS)
    assert plan(rules, problem(), sent=T0 - 10 * MINUTE_MS, now=T0 + 20 * MINUTE_MS).has_message


def test_a_last_message_from_a_clock_that_was_wrong_keeps_nobody_waiting():
    assert plan(AlertRules(), problem(), sent=T0 + 86_400_000).has_message


def test_what_a_channel_does_not_want_to_hear_is_passed_over():
    for rules in (
        AlertRules(kinds=["invalid_credentials"]),
        AlertRules(connection_ids=["other"]),
        AlertRules(customer_ids=["other"]),
    ):
        result = plan(rules, problem())
        assert (result.skipped, result.has_message) == ([problem()], False)


def test_what_is_over_is_told_to_who_knew_of_it():
    over = problem(resolved_ms=T0)
    assert plan(AlertRules(), over, told=OPEN).resolved == [over]


def test_what_is_over_is_noted_without_a_word_for_who_does_not_want_it():
    result = plan(AlertRules(resolved=False), problem(resolved_ms=T0), told=OPEN)
    assert (result.has_message, len(result.closed)) == (False, 1)


def test_what_is_back_before_anybody_heard_that_it_was_over_is_not_told_again():
    result = plan(AlertRules(), problem(revision=2), told=OPEN)
    assert (result.has_message, result.known) == (False, [problem(revision=2)])


def test_what_happens_again_is_told_again():
    assert plan(AlertRules(), problem(kind="install_failed", revision=2), told=OPEN).has_message


# Quiet hours

NIGHT = QuietHours(start="22:00", end="07:00", time_zone="UTC")
MORNING = int(datetime(2026, 2, 2, 7, tzinfo=UTC).timestamp() * 1000)


def test_in_quiet_hours_nothing_is_told_and_at_their_end_all_of_it():
    rules = AlertRules(quiet_hours=NIGHT)
    night = plan(rules, problem(1), problem(2))
    assert (night.has_message, night.due_ms) == (False, MORNING)
    assert len(plan(rules, problem(1), problem(2), now=MORNING).opened) == 2


def test_urgent_kinds_break_through_and_the_others_wait():
    rules = AlertRules(quiet_hours=NIGHT)
    urgent = problem(3, kind="invalid_credentials")
    result = plan(rules, problem(1), urgent)
    assert (result.opened, result.due_ms) == ([urgent], MORNING)


def test_that_something_urgent_is_over_can_wait_for_the_morning():
    over = problem(kind="invalid_credentials", resolved_ms=T0)
    result = plan(AlertRules(quiet_hours=NIGHT), over, told=OPEN)
    assert (result.has_message, result.due_ms) == (False, MORNING)


def test_a_channel_may_say_that_nothing_is_urgent():
    rules = AlertRules(quiet_hours=NIGHT, urgent=[])
    assert not plan(rules, problem(kind="invalid_credentials")).has_message


def test_a_threshold_that_ends_in_the_night_waits_for_the_morning_too():
    rules = AlertRules(quiet_hours=NIGHT, after_minutes=30)
    assert plan(rules, problem(), now=T0 + 31 * MINUTE_MS).due_ms == MORNING
    assert plan(rules, replace(problem(), first_ms=MORNING - 1000), now=MORNING).due_ms == MORNING + 1_799_000
