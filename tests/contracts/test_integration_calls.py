"""What clients call and make of the answers, held to `cases/calls.json` of every integration.

The exchanges are replayed below the HTTP client. Integrations whose client is the engine's for files make no
calls: their cases are the files themselves, see test_invoices.py.
"""

from pathlib import Path
from typing import Any

import pytest

from crossdock.errors import CrossdockError
from crossdock.kit.contract import Call, Context, PassthroughCall, Walk
from crossdock.kit.misfits import read_leniently
from crossdock.kit.registry import Integration
from crossdock.kit.session import LocalSession
from tests.conftest import SHARED
from tests.contracts import vendor_specs
from tests.contracts.case_files import (
    NOTHING,
    CallCase,
    CallsFile,
    Exchange,
    VendorCall,
    calls_of,
    check_error,
    decoded,
    duplicates,
)
from tests.contracts.conftest import EXISTING, SCAFFOLDED, integration_named
from tests.contracts.replay import replayed_http, spelt

WHAT_GOES_WRONG = {"InvalidCredentials", "MissingPermission", "VendorUnavailable", "VendorNonsense"}
"""What every client that makes calls is shown once, besides a limit that was reached."""


def has_own_client(integration: Integration) -> bool:
    return (integration.folder / "client.py").exists()


def existing_cases() -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}: {case.name}")
        for name, integration in EXISTING.items()
        if (calls := calls_of(integration.folder))
        for case in calls.cases
    ]


@pytest.mark.parametrize(("name", "case"), existing_cases())
async def test_a_client_calls_its_vendor_as_its_cases_say(name: str, case: CallCase, tmp_path: Path):
    integration = EXISTING[name]
    calls = calls_of(integration.folder)
    assert calls
    await replay(integration, calls, case, tmp_path)


@pytest.mark.parametrize("name", SCAFFOLDED)
async def test_a_new_integration_calls_its_vendor_as_its_cases_say(name: str, tmp_path: Path):
    integration = integration_named(name, tmp_path)
    calls = calls_of(integration.folder)
    assert calls
    for case in calls.cases:
        await replay(integration, calls, case, tmp_path)


async def replay(integration: Integration, calls: CallsFile, case: CallCase, folder: Path) -> None:
    """Runs one case from its call to what comes out."""
    exchanges = calls.exchanges_of(case)
    http, session, clock = replayed_http(integration.manifest, exchanges)
    session_values = calls.session if case.session is None else case.session
    local_session = LocalSession(session_values)
    context = Context(
        calls.credentials | case.credentials,
        http,
        folder,
        slug=integration.slug,
        session=local_session,
        manifest=integration.manifest,
    )
    client: Any = integration.client(context)
    failure: CrossdockError | None = None
    try:
        if case.walk:
            await _check_walk(integration, client, case)
        else:
            result = await _called(integration, client, case)
            assert result == (None if case.result == NOTHING else decoded(case.result))
            if case.call and exchanges:
                _check_shown(client, case.call, exchanges[-1])
    except CrossdockError as problem:
        failure = problem
    session.check_end()
    assert clock.waits == case.waits
    assert local_session.values == (session_values if case.kept is None else case.kept)
    if case.error:
        assert failure, "it did not fail"
        check_error(failure, case.error, case.name)
    elif failure:
        raise failure


async def _check_walk(integration: Integration, client: Any, case: CallCase) -> None:
    assert case.walk
    resource = integration.resources[case.walk.function]
    spec = case.walk
    walk = Walk(spec.start, spec.end, spec.mark, spec.cursor, spec.open_ids)
    read, expected = integration.reader(resource), iter(case.pages)
    async for page in getattr(client, resource.name)(walk):
        plan = next(expected, None)
        assert plan, f"one page too many: {page}"
        ids = [read_leniently(read, raw)[0]["id"] for raw in page.records]
        assert all(page.key in raw for raw in page.records)
        assert plan.ids is None or ids == plan.ids
        assert plan.count is None or len(ids) == plan.count
        assert plan.ids is not None or plan.count is not None, "a page says which records, or how many"
        assert spelt(page.cursor) == spelt(plan.cursor)
        assert spelt(page.mark) == spelt(plan.mark)
        assert list(page.deleted) == plan.deleted
        assert page.wait_seconds == plan.wait_seconds
    assert not list(expected), "pages are missing"


def _check_shown(client: Any, spec: VendorCall, sent: Exchange) -> None:
    """What a dry run shows of a call is what goes out."""
    shown = client.shown(Call(spec.method, spec.path, spec.body, spec.params, spec.asks))
    assert (shown.method, shown.url.partition("?")[0]) == (sent.request.method, sent.request.url)
    if sent.request.body != NOTHING:
        assert spelt(shown.body) == spelt(decoded(sent.request.body))


async def _called(integration: Integration, client: Any, case: CallCase) -> Any:
    """What the call of a case returns, as JSON has it."""
    if case.check:
        account = await client.check()
        return {"name": account.name, "identifiers": account.identifiers}
    if case.record:
        resource = integration.resources[case.record.function]
        raw = await getattr(client, resource.reader)(case.record.id)
        assert read_leniently(integration.reader(resource), raw)[0]["id"] == case.record.id
        return raw
    if case.call:
        part = case.call
        return await client.call(Call(part.method, part.path, part.body, part.params, part.asks))
    if case.options:
        return await client.options(case.options)
    assert case.passthrough, "the case makes no call"
    request = case.passthrough
    answer = await client.passthrough(
        PassthroughCall(request.method, request.path, request.params, request.headers, request.data)
    )
    return {"status": answer.status, "body": answer.json()}


# What the cases have to show


def test_a_client_of_its_own_has_cases_and_no_other_has(integration: Integration):
    assert (calls_of(integration.folder) is not None) == has_own_client(integration)


def test_the_names_of_calls_are_told_apart_and_each_makes_one_call(integration: Integration):
    calls = calls_of(integration.folder)
    assert duplicates([case.name for case in calls.cases] if calls else []) == {}
    for case in calls.cases if calls else ():
        kinds = (case.check, case.walk, case.record, case.call, case.options, case.passthrough)
        assert sum(kind is not None for kind in kinds) == 1, case.name
        assert case.walk or not case.pages, case.name
        assert not (calls and calls.is_local and case.exchanges), f"{case.name}: a local client calls nobody"


def test_every_exchange_with_a_name_is_part_of_a_case(integration: Integration):
    calls = calls_of(integration.folder)
    if calls:
        assert {part for case in calls.cases for part in case.exchanges if isinstance(part, str)} == {
            *calls.exchanges
        }


def test_all_that_a_client_can_do_is_shown_at_its_best(integration: Integration):
    calls = calls_of(integration.folder)
    if calls is None:
        return
    good = [case for case in calls.cases if case.error is None]
    assert any(case.check for case in good), "check"
    if not integration.manifest.files:  # what comes in files is walked in test_invoices.py
        assert {case.walk.function for case in good if case.walk} == integration.resources.keys()
    assert {write.resource.function for write in integration.writes.values()} <= {
        case.record.function for case in good if case.record
    }
    names = {name for action in integration.writes for name in integration.accepts(action).options.values()}
    assert names == {case.options for case in good if case.options}
    assert not integration.writes or any(case.call for case in good), "call"
    assert any(case.passthrough for case in good) == (
        "passthrough" in integration.manifest.functions.write
    ), "passthrough"


def test_walks_are_shown_page_by_page_from_a_mark_and_from_a_cursor(integration: Integration):
    calls = calls_of(integration.folder)
    if calls is None:
        return
    walks = [case for case in calls.cases if case.walk and case.error is None]
    if integration.manifest.files:
        return
    assert any(len(case.pages) > 1 for case in walks), "a walk of several pages"
    assert any(case.walk.cursor is not None for case in walks if case.walk), "one that goes on at a cursor"
    functions = integration.manifest.functions
    marked = {case.walk.function for case in walks if case.walk and case.walk.mark is not None}
    leaving = {
        case.walk.function for case in walks if case.walk and case.pages and case.pages[-1].mark is not None
    }
    assert leaving - set(functions.snapshot) - marked == set(), "walks from the mark that the last one left"


def test_what_goes_wrong_is_shown_too(integration: Integration):
    calls = calls_of(integration.folder)
    if calls is None:
        return
    kinds = {case.error.kind for case in calls.cases if case.error}
    if calls.is_local:
        assert "InvalidCredentials" in kinds
        return
    assert WHAT_GOES_WRONG - kinds == set()
    statuses = {exchange.answer.status for case in calls.cases for exchange in calls.exchanges_of(case)}
    assert {401, 404, 429} <= statuses
    assert any(500 <= status <= 599 for status in statuses)
    assert any(case.waits for case in calls.cases), "a limit that is waited for"
    failures = {exchange.answer.failure for case in calls.cases for exchange in calls.exchanges_of(case)}
    assert not integration.writes or failures & {"timeout", "broken"}, "an answer that was lost"


def test_exchanges_keep_to_what_the_vendor_describes(integration: Integration):
    """Where the vendor publishes a description. What that gets wrong is named in the file of cases."""
    calls = calls_of(integration.folder)
    if calls is None or not calls.described_by:
        return
    folder = SHARED / "vendor-specs"
    if not folder.exists():
        pytest.skip("the vendors' descriptions are not here: shared/vendor-specs")
    files = [folder / path for path in calls.described_by]
    description = vendor_specs.load(files, calls.described_wrongly)
    for case in calls.cases:
        for exchange in calls.exchanges_of(case):
            assert description.faults(exchange) == [], case.name
