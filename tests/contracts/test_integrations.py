"""What every integration promises, held for each folder and for what `new-integration` makes.

A new folder is found by itself; nothing is added here for it.
"""

import ast
import copy
import inspect
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from crossdock.changes import dates
from crossdock.errors import BadRequest, Conflict
from crossdock.kit import registry, scaffold
from crossdock.kit.contract import Accepts, Command, Context, Walk
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.kit.misfits import read_leniently
from crossdock.kit.registry import Integration
from crossdock.net.addresses import AddressPolicy
from crossdock.resources.catalogue import TYPES, by_action, by_function
from crossdock.resources.schema import Resource
from crossdock.writes import bodies
from tests.contracts.case_files import calls_of
from tests.contracts.conftest import scaffolded
from tests.fakes.vendor import TOKEN, FakeVendor
from tools import systems

ROOT = Path(__file__).parents[2]
NOT_PURE = {
    "aiohttp", "asyncio", "httpx", "os", "pathlib", "random", "requests", "secrets", "shutil", "socket",
    "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
IMPURE = {"client", "inbound"}
"""The modules, or packages, that may call the vendor."""
SECTIONS = ("Set up", "Limits", "What it can't fill")
SECRET_WORDS = {"password", "secret", "token", "key"}


def _cases(integration: Integration, resource: Resource) -> list[dict[str, Any]]:
    """The cases of one resource; numbers with a fraction are exact, as when they come from a vendor."""
    file = integration.folder / "cases" / f"{resource.name}.json"
    assert file.exists(), f"{resource.function} has no cases/{file.name}"
    document = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    assert document, f"cases/{file.name} is empty"
    return document


def _all_cases(integration: Integration) -> Iterator[tuple[str, Resource, dict[str, Any]]]:
    for resource in integration.resources.values():
        for case in _cases(integration, resource):
            yield f"cases/{resource.name}.json, {case['name']!r}", resource, case


def _record(fields: dict[str, Any], resource: Resource) -> dict[str, Any]:
    """The fields that are part of the record: without hidden filters, and the id where it shows none."""
    return {name: value for name, value in fields.items() if name in resource.record.__struct_fields__}


def _missing(fields: dict[str, Any], resource: Resource) -> set[str]:
    required = {field.name for field in msgspec.structs.fields(resource.record) if field.required}
    return required - fields.keys()


# The manifest


def test_the_folder_is_named_as_an_id(integration):
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", integration.slug)


def test_the_manifest_names_functions_that_the_type_has(integration):
    functions = integration.manifest.functions
    assert functions.read, "an integration without a read function is of no use"
    assert set(functions.read) <= by_function(integration.type).keys()
    assert len(set(integration.functions)) == len(integration.functions)


def test_a_snapshot_is_one_of_the_functions_that_are_read(integration):
    assert set(integration.manifest.functions.snapshot) <= set(integration.manifest.functions.read)


def test_what_is_read_again_is_found_by_columns_and_values_that_there_are(integration):
    for function, plan in integration.manifest.reread.items():
        resource = integration.resources[function]
        assert plan.where, "all records are none of those that are open"
        assert plan.every_hours > 0
        assert 0 < plan.at_most <= 1000
        for name, choices in plan.where.items():
            assert choices
            assert set(choices) <= set(resource.columns[name].choices or choices), name


def test_a_field_that_sounds_secret_is_secret(integration):
    fields = integration.manifest.auth.fields
    shown = [field.key for field in fields if SECRET_WORDS & set(field.key.split("_")) and not field.secret]
    assert shown == []


def test_sign_in_fields_are_told_apart_and_labelled(integration):
    fields = integration.manifest.auth.fields
    assert len({field.key for field in fields}) == len(fields)
    assert all(field.label and re.fullmatch(r"[a-z][a-z0-9_]*", field.key) for field in fields)
    assert bool(fields) or integration.manifest.auth.scheme in ("none", "oauth_code")


def test_no_secret_has_a_default(integration):
    assert [field.key for field in integration.manifest.auth.fields if field.secret and field.default] == []


def test_each_limit_is_above_nothing_and_says_where_it_comes_from(integration):
    assert integration.manifest.limits.timeout_seconds > 0
    lines = (integration.folder / "manifest.toml").read_text(encoding="utf-8").splitlines()
    without = [
        line
        for above, line in pairwise(lines)
        if re.match(r"(requests|cost)_per_minute|capacity|restore_per", line) and "#" not in above + line
    ]
    assert without == []


def test_the_page_of_systems_shows_every_integration_with_its_functions_and_evidence():
    page = systems.page()
    assert page == (ROOT / "docs" / "systems.md").read_text(encoding="utf-8"), "make docs"
    for integration in registry.all_integrations().values():
        assert f"`{integration.slug}`" in page
        for function in integration.functions:
            assert f"`{function}`" in page
    assert page.count(" | live (") == sum(
        integration.manifest.evidence == "live" for integration in registry.all_integrations().values()
    )


def test_live_evidence_says_what_was_run_against_and_when(integration):
    """A system of a vendor has docs, and changes with time; the sandbox has neither."""
    manifest = integration.manifest
    if manifest.evidence == "live":
        assert manifest.evidence_note
        assert not manifest.docs or re.search(r"\d{4}-\d{2}-\d{2}", manifest.evidence_note)


# The code


def test_the_client_has_a_method_for_each_function_and_no_more(integration):
    client = integration.module("client").Client
    needed = {"check", *(resource.name for resource in integration.resources.values())}
    needed |= _writing(integration)
    offered = {name for name, _ in inspect.getmembers(client, inspect.isroutine) if not name.startswith("_")}
    assert needed - offered == set()
    # What a base of the kit brings along is no promise of the integration's.
    bases = [base for base in client.__mro__ if base.__module__.startswith("crossdock.kit.")]
    inherited = {name for name in offered if any(name in vars(base) for base in bases)}
    assert offered - inherited - needed - _read_back(integration) - {"probe"} == set()


def _read_back(integration: Integration) -> set[str]:
    """What a client may have to read one record: after a write, or when the vendor tells of a change."""
    return {resource.reader for resource in integration.resources.values()}


def _writing(integration: Integration) -> set[str]:
    """What a client has besides its walks when it writes."""
    readers = {write.resource.reader for write in integration.writes.values()}
    if readers:
        readers |= {"call", "shown"}
    if any(integration.accepts(action).options for action in integration.writes):
        readers.add("options")
    return readers | ({"passthrough"} & {*integration.manifest.functions.write})


def test_each_method_of_the_client_walks(integration):
    client = integration.module("client").Client
    for resource in integration.resources.values():
        method = getattr(client, resource.name)
        assert list(inspect.signature(method).parameters) == ["self", "walk"], resource.name
        assert not inspect.iscoroutinefunction(method), f"{resource.name} must yield pages, not return them"


def test_there_is_a_reader_for_each_function(integration):
    for resource in integration.resources.values():
        assert callable(integration.reader(resource)), resource.reader


def test_all_but_client_and_inbound_is_pure(integration):
    """Nothing else of a folder opens, waits, calls or asks for the time: neither do modules it leans on."""
    for file in _pure_modules(integration):
        _check_pure(file)


def test_reading_and_writing_know_no_http_and_reading_no_float(integration):
    readers, writers = _modules(integration, "read"), _modules(integration, "write")
    assert readers
    for file in (*readers, *writers):
        assert "crossdock.kit.http" not in _imports(file), file.name
    for file in readers:
        assert "float" not in _check_pure(file), file.name


def _pure_modules(integration: Integration) -> set[Path]:
    """The modules of its folder but client and inbound, and those of vendors that the pure ones import."""
    folder, root = integration.folder, registry.FOLDER
    own_files = {
        file
        for file in folder.rglob("*.py")
        if file.relative_to(folder).parts[0].partition(".")[0] not in IMPURE
    }
    pure, queue = own_files, [*_modules(integration, "read"), *_modules(integration, "write")]
    while queue:
        file = queue.pop()
        pure = pure | {file}
        modules = (name for name in _imports(file) if name.startswith(f"{registry.PACKAGE}."))
        files = (root.joinpath(*name.split(".")[2:]).with_suffix(".py") for name in modules)
        queue += [module for module in files if module.exists() and module not in pure]
    return pure


def _modules(integration: Integration, name: str) -> list[Path]:
    """The file of a module, or those of a package; none where there is neither."""
    if name == "write" and not integration.has(name):
        return []
    home = Path(str(integration.module(name).__file__))
    return [home] if home.stem == name else sorted(home.parent.rglob("*.py"))


def _imports(file: Path) -> set[str]:
    """The modules that a file imports, by name: of `from a import b` both a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _check_pure(file: Path) -> set[str]:
    """All that a file calls, by name. Some vendors are told amounts as floats; none is read as one."""
    calls = [
        node.func
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    called = {call.id for call in calls if isinstance(call, ast.Name)}
    assert "open" not in called, file
    called |= {call.attr for call in calls if isinstance(call, ast.Attribute)}
    assert {name.partition(".")[0] for name in _imports(file)} & NOT_PURE == set(), file
    assert called & {"now", "utcnow", "today"} == set(), file
    return called


def test_the_notes_have_their_sections(integration):
    text = (integration.folder / "notes.md").read_text(encoding="utf-8")
    headings = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    assert [section for section in SECTIONS if section not in headings] == []


# The writes


def test_the_manifest_names_writes_that_the_type_has(integration):
    assert {*integration.manifest.functions.write} <= {*by_action(integration.type), "passthrough"}


def test_each_write_has_its_steps_and_says_which_body_it_accepts(integration):
    for action in integration.writes:
        steps = integration.steps(Command(action, _full(integration, action), "an_id"))
        assert inspect.isgenerator(steps), action
        assert isinstance(integration.accepts(action), Accepts), action
    assert integration.actions == integration.writes.keys()


def _full(integration: Integration, action: str) -> dict[str, Any]:
    """A body with what every integration may need to begin: the write's own example."""
    return dict(integration.writes[action].example or {})


def test_what_a_write_accepts_is_in_its_base_body(integration):
    for action, write in integration.writes.items():
        accepts = integration.accepts(action)
        known_paths = set(bodies.paths_of(bodies.base(write))) if write.body else set()
        whole_paths = known_paths | {path.partition(".")[0] for path in known_paths}
        assert {*accepts.paths} <= whole_paths, action
        assert not {*accepts.extra} & whole_paths, action
        assert {*accepts.required_extra} <= {*accepts.extra}, action
        assert {*accepts.options} <= {*accepts.paths, *accepts.extra}, action
        assert {name for group in accepts.any_of for name in group} <= {*accepts.optional}, action
        assert all({"title", "description"} <= item.keys() for item in accepts.extra.values()), action


def test_the_body_of_a_write_is_a_valid_schema(integration):
    for action, write in integration.writes.items():
        accepts = integration.accepts(action)
        options = {path: ["one"] for path in accepts.options}
        for is_closed in (True, False):
            schema = bodies.accepted(write, accepts, options, is_closed=is_closed)
            Draft202012Validator.check_schema(schema)


# The cases


def test_all_case_files_belong_to_a_function(integration):
    known_names = {resource.name for resource in integration.resources.values()}
    if calls_of(integration.folder):
        known_names.add("calls")  # run by test_integration_calls.py
    if integration.writes:
        known_names.add("writes")  # run by test_integration_writes.py
    if (integration.folder / "layout.py").exists():
        known_names.add("files")  # run by test_invoices.py
    assert {file.stem for file in (integration.folder / "cases").iterdir()} == known_names


def test_the_names_of_cases_are_told_apart(integration):
    names = [label for label, _, _ in _all_cases(integration)]
    assert len(set(names)) == len(names)


def test_each_case_is_read_as_expected(integration):
    for label, resource, case in _all_cases(integration):
        fields, misfits = read_leniently(integration.reader(resource), copy.deepcopy(case["raw"]))
        assert fields == case["expected"], label
        assert [misfit.field for misfit in misfits] == case.get("misfits", []), label


def test_reading_leaves_the_raw_record_as_it_is(integration):
    for label, resource, case in _all_cases(integration):
        raw = copy.deepcopy(case["raw"])
        read_leniently(integration.reader(resource), raw)
        assert raw == case["raw"], label


def test_each_case_has_an_id_and_only_fields_that_exist(integration):
    for label, resource, case in _all_cases(integration):
        expected = case["expected"]
        assert isinstance(expected["id"], str), label
        assert expected["id"], label
        known_texts = {"id", *resource.record.__struct_fields__, *resource.hidden}
        assert expected.keys() <= known_texts, label
        assert not {"trackstar_tags", "trackstar_created_date"} & expected.keys(), f"{label}: these are ours"


def test_each_case_fits_the_record(integration):
    """What a partial record leaves out is filled from a complete one, dates by us, as the store does."""
    for resource in integration.resources.values():
        read = integration.reader(resource)
        pairs = [
            (case["name"], _record(_fitting(read_leniently(read, case["raw"])[0], case), resource))
            for case in _cases(integration, resource)
        ]
        complete = [record for _, record in pairs if not _missing(record, resource)]
        assert complete, f"no case of {resource.name} has all that a new record needs"
        for name, record in pairs:
            fits = dict(dates.dated(complete[0] | record, "2026-01-31T09:00:00Z"))
            try:
                msgspec.convert(fits, resource.record)
            except msgspec.ValidationError as problem:
                pytest.fail(f"cases/{resource.name}.json, {name!r}: {problem}")


def _fitting(fields: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """Without what did not fit and is now None: the store finds the nearest value that fits."""
    misfits = case.get("misfits", [])
    return {name: value for name, value in fields.items() if value is not None or name not in misfits}


def test_numbers_are_exact(integration):
    """No float anywhere: amounts are decimals, counts are whole."""
    for label, resource, case in _all_cases(integration):
        fields, _ = read_leniently(integration.reader(resource), case["raw"])
        assert list(_floats(fields)) == [], label


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _floats(item)


# The scaffold


@pytest.mark.parametrize("kind", TYPES)
async def test_a_new_integration_reads_from_a_running_vendor(kind, tmp_path):
    scaffolded_integration = scaffolded(kind, tmp_path)
    [resource] = scaffolded_integration.resources.values()
    [case, *_] = _cases(scaffolded_integration, resource)
    rows = [
        {**case["raw"], "id": number, "updated_at": f"2026-01-{number:02}T00:00:00Z"} for number in (1, 2)
    ]
    async with FakeVendor() as fake, new_session(AddressPolicy.parse("127.0.0.0/8")) as session:
        fake.collections[resource.name] = json.loads(json.dumps(rows, default=float))
        http = Http(session=session, account="a", slots=LocalSlots(lambda: 1e9 * len(fake.requests)))
        client = scaffolded_integration.client(
            Context({"base_url": fake.url + "/", "api_key": TOKEN}, http, tmp_path)
        )
        account = await client.check()
        walk: Any = getattr(client, resource.name)
        first = [page async for page in walk(Walk())]
        again = [page async for page in walk(Walk(mark=first[-1].mark))]
    read = scaffolded_integration.reader(resource)
    assert account.identifiers == {"account_id": "acct-1"}
    assert [read(raw)["id"] for page in first for raw in page.records] == ["1", "2"]
    assert [read(raw)["id"] for page in again for raw in page.records] == ["2"]


@pytest.mark.parametrize("kind", TYPES)
def test_a_new_integration_is_found_and_bears_its_name(kind, tmp_path, monkeypatch):
    files = scaffold.create("blue_box", kind, tmp_path)
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    [integration] = registry._walk()
    assert (integration.slug, integration.type, integration.manifest.name) == ("blue-box", kind, "Blue Box")
    assert {"manifest.toml", "client.py", "read.py", "notes.md"} <= {file.name for file in files}
    assert not any("Acme" in file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize(
    "name", ["", "Blue", "blue-box", "1box", "../box", "blue box", "class", "böx", "_box"]
)
def test_a_name_that_can_not_be_a_folder_of_code_is_refused(name, tmp_path):
    with pytest.raises(BadRequest):
        scaffold.create(name, "wms", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_type_is_refused(tmp_path):
    with pytest.raises(BadRequest, match="wanted one of wms, cart, carrier, freight"):
        scaffold.create("blue_box", "erp", tmp_path)


def test_what_exists_is_not_overwritten(tmp_path):
    scaffold.create("blue_box", "wms", tmp_path)
    with pytest.raises(Conflict):
        scaffold.create("blue_box", "wms", tmp_path)
