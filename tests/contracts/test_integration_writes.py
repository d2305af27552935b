"""What writes call, in which order and with what, held to `cases/writes.json` of every integration."""

from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest

from crossdock.errors import CrossdockError
from crossdock.kit.contract import Call, Command, Json, Upload, Wait
from crossdock.kit.registry import Integration
from crossdock.writes.steps import dry_run
from tests.contracts.case_files import (
    StepCall,
    WriteCase,
    calls_of,
    check_error,
    decoded,
    duplicates,
    writes_of,
)
from tests.contracts.conftest import EXISTING
from tests.contracts.replay import spelt


def existing_cases() -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}: {case.name}")
        for name, integration in EXISTING.items()
        for case in writes_of(integration.folder)
    ]


@pytest.mark.parametrize(("name", "case"), existing_cases())
def test_a_write_makes_the_calls_that_its_cases_say(name: str, case: WriteCase):
    integration = EXISTING[name]
    steps = integration.search(command(case)) if case.is_search else integration.steps(command(case))
    assert steps is not None, "whether it was done can't be asked"
    failure, result = None, None
    try:
        result = played(steps, case)
    except CrossdockError as problem:
        failure = problem
    if case.error:
        assert failure, "it did not fail"
        check_error(failure, case.error, case.name)
    elif failure:
        raise failure
    assert (result if result is None or isinstance(result, str) else list(result)) == case.result


def test_a_dry_run_of_each_write_shows_what_does_not_depend_on_answers(integration: Integration):
    """Or it is refused as the write would be; it ends in no fault of ours."""
    for case in writes_of(integration.folder):
        if case.is_search:
            continue
        with suppress(CrossdockError):
            shown_calls = dry_run(integration.steps(command(case))).calls
            assert [call.path for call in shown_calls[:1]] == [call.path for call in case.calls[:1]], (
                case.name
            )


def command(case: WriteCase) -> Command:
    upload = case.upload and Upload(case.upload.name, case.upload.content.encode(), case.upload.content_type)
    return Command(
        case.action,
        decoded(case.body),
        case.record_id,
        decoded(case.stored),
        upload or None,
        case.begun,
        case.found,
    )


def played(steps: Generator[Call | Wait, Json, Any], case: WriteCase) -> Any:
    """What the steps return when their calls are answered as the case says."""
    answer: Json = None
    for number, expected in enumerate(case.calls, 1):
        try:
            call = steps.send(answer)
        except StopIteration:
            pytest.fail(f"it ends before call {number}")
        assert shown(call) == planned(expected), f"call {number}"
        answer = decoded(expected.answer)
    try:
        further = steps.send(answer)
    except StopIteration as end:
        return end.value
    return pytest.fail(f"one call too many: {shown(further)}")


def shown(call: Call | Wait) -> str:
    """A call, whole, or a pause, as a text that can be compared."""
    if isinstance(call, Wait):
        return spelt(call.seconds)
    return spelt([call.method, call.path, call.body, call.params, call.asks])


def planned(call: StepCall) -> str:
    if call.wait_seconds is not None:
        return spelt(call.wait_seconds)
    return spelt([call.method, call.path, decoded(call.body), decoded(call.params), call.asks])


# What the cases have to show


def test_the_names_of_writes_are_told_apart(integration: Integration):
    assert duplicates([case.name for case in writes_of(integration.folder)]) == {}


def test_every_write_is_shown_to_its_end(integration: Integration):
    cases = writes_of(integration.folder)
    done = {case.action for case in cases if case.result is not None and not case.is_search}
    assert done == integration.writes.keys()


def test_every_search_for_a_lost_answer_is_shown_with_and_without_success(integration: Integration):
    cases = writes_of(integration.folder)
    for action in integration.writes:
        searches = [case for case in cases if case.action == action and case.is_search]
        is_possible = integration.operation(action).find is not None
        outcomes = {case.result is not None for case in searches}
        assert outcomes == ({True, False} if is_possible else set()), action


def test_what_was_found_again_is_shown_to_be_done_no_second_time(integration: Integration):
    cases = writes_of(integration.folder)
    for action in integration.writes:
        if integration.operation(action).find:
            again = [case for case in cases if case.action == action and case.found and not case.is_search]
            assert again, f"{action}: what is left to do of a write that was found"
            assert all(case.result == case.found for case in again), action


def test_a_refused_write_is_shown(integration: Integration):
    """By the steps themselves, or by the vendor when a call is made."""
    calls = calls_of(integration.folder)
    refusals = [case for case in writes_of(integration.folder) if case.error]
    refused_calls = [case for case in (calls.cases if calls else ()) if case.call and case.error]
    assert not integration.writes or (refusals or refused_calls)


def test_searching_only_asks(integration: Integration):
    for case in writes_of(integration.folder):
        assert not case.is_search or all(call.asks for call in case.calls), case.name
