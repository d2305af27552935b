"""What every integration promises, held for each folder and for what `new-integration` makes.

A new folder is found by itself; nothing is added here for it.
"""

import ast
import copy
import importlib.util
import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from crossdock.errors import BadRequest, Conflict
from crossdock.integrations import auth, paging, registry, scaffold, values
from crossdock.integrations.addresses import AddressPolicy
from crossdock.integrations.contract import Accepts, Command, Context, Walk
from crossdock.integrations.http import Http, LocalSlots, new_session
from crossdock.integrations.registry import Integration, Manifest
from crossdock.resources.catalogue import TYPES, by_action, by_function
from crossdock.resources.schema import Resource
from crossdock.writes import bodies
from tests.fakes.vendor import TOKEN, FakeVendor

NOT_PURE = {
    "aiohttp", "asyncio", "httpx", "os", "pathlib", "random", "requests", "secrets", "socket", "subprocess",
    "time", "urllib", "uuid",
}  # fmt: skip
SECTIONS = ("Set up", "Limits", "What it can't fill")
SECRET_WORDS = {"password", "secret", "token", "key"}


@dataclass(frozen=True)
class Made(Integration):
    """An integration outside the package, as the scaffold leaves it."""

    def _module(self, name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"made_{self.type}_{name}", self.folder / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def _made(kind: str, target: Path) -> Made:
    scaffold.create("blue_box", kind, target)
    raw = tomllib.loads((target / "blue_box" / "manifest.toml").read_text())
    return Made("blue-box", target / "blue_box", msgspec.convert(raw, Manifest))


# With the folder's name in the id, `-k blue_box` runs the suite for one.
EXISTING = {
    f"{kind}/{slug.replace('-', '_')}": one for (kind, slug), one in registry.all_integrations().items()
}


@pytest.fixture(params=[*EXISTING, *(f"scaffold: {kind}" for kind in TYPES)])
def integration(request, tmp_path) -> Integration:
    name = request.param
    return EXISTING[name] if name in EXISTING else _made(name.removeprefix("scaffold: "), tmp_path)


def _cases(integration: Integration, resource: Resource) -> list[dict[str, Any]]:
    """The cases of one resource; numbers with a fraction are exact, as when they come from a vendor."""
    file = integration.folder / "cases" / f"{resource.name}.json"
    assert file.exists(), f"{resource.function} has no cases/{file.name}"
    found = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    assert found, f"cases/{file.name} is empty"
    return found


def _all_cases(integration: Integration) -> Iterator[tuple[str, Resource, dict[str, Any]]]:
    for resource in integration.resources.values():
        for case in _cases(integration, resource):
            yield f"cases/{resource.name}.json, {case['name']!r}", resource, case


def _record(fields: dict[str, Any], resource: Resource) -> dict[str, Any]:
    """The fields that are part of the record: without hidden filters, and the id where it shows none."""
    return {name: value for name, value in fields.items() if name in resource.record.__struct_fields__}


def _missing(fields: dict[str, Any], resource: Resource) -> set[str]:
    required = {one.name for one in msgspec.structs.fields(resource.record) if one.required}
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


def test_a_field_that_sounds_secret_is_secret(integration):
    fields = integration.manifest.auth.fields
    shown = [one.key for one in fields if SECRET_WORDS & set(one.key.split("_")) and not one.secret]
    assert shown == []


def test_sign_in_fields_are_told_apart_and_labelled(integration):
    fields = integration.manifest.auth.fields
    assert len({one.key for one in fields}) == len(fields)
    assert all(one.label and re.fullmatch(r"[a-z][a-z0-9_]*", one.key) for one in fields)
    assert bool(fields) or integration.manifest.auth.scheme == "none"


def test_no_secret_has_a_default(integration):
    assert [one.key for one in integration.manifest.auth.fields if one.secret and one.default] == []


def test_each_limit_is_above_nothing_and_says_where_it_comes_from(integration):
    limits = integration.manifest.limits
    assert limits.requests_per_minute is None or limits.requests_per_minute > 0
    assert limits.concurrent_requests >= 1
    assert limits.timeout_seconds > 0
    lines = (integration.folder / "manifest.toml").read_text(encoding="utf-8").splitlines()
    without = [
        line
        for above, line in pairwise(lines)
        if line.startswith("requests_per_minute") and "#" not in above + line
    ]
    assert without == []


def test_live_evidence_says_what_was_run_against_and_when(integration):
    """A system of a vendor has docs, and changes with time; the sandbox has neither."""
    manifest = integration.manifest
    if manifest.evidence == "live":
        assert manifest.evidence_note
        assert not manifest.docs or re.search(r"\d{4}-\d{2}-\d{2}", manifest.evidence_note)


# The code


def test_the_client_has_a_method_for_each_function_and_no_more(integration):
    client = integration._module("client").Client
    offered = {name for name, _ in inspect.getmembers(client, inspect.isroutine) if not name.startswith("_")}
    assert offered == {"check", *(one.name for one in integration.resources.values()), *_writing(integration)}


def _writing(integration: Integration) -> set[str]:
    """What a client has besides its walks when it writes."""
    found = {one.resource.singular for one in integration.writes.values()}
    if found:
        found |= {"call", "shown"}
    if any(integration.accepts(action).options for action in integration.writes):
        found.add("options")
    return found | ({"passthrough"} & {*integration.manifest.functions.write})


def test_each_method_of_the_client_walks(integration):
    client = integration._module("client").Client
    for resource in integration.resources.values():
        method = getattr(client, resource.name)
        assert list(inspect.signature(method).parameters) == ["self", "walk"], resource.name
        assert not inspect.iscoroutinefunction(method), f"{resource.name} must yield pages, not return them"


def test_there_is_a_reader_for_each_function(integration):
    for resource in integration.resources.values():
        assert callable(integration.reader(resource)), resource.singular


def test_reading_is_pure(integration):
    _check_pure(integration.folder / "read.py")


def _check_pure(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    modules, called = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")
        elif isinstance(node, ast.Call):
            called.add(
                node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            )
    assert {one.partition(".")[0] for one in modules} & NOT_PURE == set()
    assert "crossdock.integrations.http" not in modules
    assert called & {"now", "utcnow", "today", "open", "float"} == set()


def test_the_notes_have_their_sections(integration):
    text = (integration.folder / "notes.md").read_text(encoding="utf-8")
    headings = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    assert [one for one in SECTIONS if one not in headings] == []


# The writes


def test_the_manifest_names_writes_that_the_type_has(integration):
    assert {*integration.manifest.functions.write} <= {*by_action(integration.type), "passthrough"}


def test_each_write_has_its_steps_and_says_which_body_it_accepts(integration):
    for action in integration.writes:
        steps = integration.steps(Command(action, _full(integration, action), "an_id"))
        assert inspect.isgenerator(steps), action
        assert isinstance(integration.accepts(action), Accepts), action
    if integration.writes:
        module = integration._module("write")
        assert {*module.ACCEPTS} == {*integration.writes}
        assert {name for name in vars(module) if name.startswith("find_")} <= {
            f"find_{action}" for action in integration.writes
        }


def _full(integration: Integration, action: str) -> dict[str, Any]:
    """A body with what every integration may need to begin: the write's own example."""
    return dict(integration.writes[action].example or {})


def test_what_a_write_accepts_is_in_its_base_body(integration):
    for action, write in integration.writes.items():
        accepts = integration.accepts(action)
        known = set(bodies.paths_of(bodies.base(write))) if write.body else set()
        whole = known | {path.partition(".")[0] for path in known}
        assert {*accepts.paths} <= whole, action
        assert not {*accepts.extra} & whole, action
        assert {*accepts.required_extra} <= {*accepts.extra}, action
        assert {*accepts.options} <= {*accepts.paths, *accepts.extra}, action
        assert {name for group in accepts.any_of for name in group} <= {*accepts.optional}, action
        assert all({"title", "description"} <= one.keys() for one in accepts.extra.values()), action


def test_the_body_of_a_write_is_a_valid_schema(integration):
    for action, write in integration.writes.items():
        accepts = integration.accepts(action)
        options = {path: ["one"] for path in accepts.options}
        for schema in (bodies.accepted(write, accepts, options), bodies.checked_by(write, accepts, options)):
            Draft202012Validator.check_schema(schema)


def test_writing_is_pure(integration):
    if integration.writes:
        _check_pure(integration.folder / "write.py")


# The cases


def test_all_case_files_belong_to_a_function(integration):
    known = {one.name for one in integration.resources.values()}
    if (integration.folder / "layout.py").exists():
        known.add("files")  # run by test_invoices.py
    assert {file.stem for file in (integration.folder / "cases").iterdir()} == known


def test_the_names_of_cases_are_told_apart(integration):
    names = [label for label, _, _ in _all_cases(integration)]
    assert len(set(names)) == len(names)


def test_each_case_is_read_as_expected(integration):
    for label, resource, case in _all_cases(integration):
        assert integration.reader(resource)(copy.deepcopy(case["raw"])) == case["expected"], label


def test_reading_leaves_the_raw_record_as_it_is(integration):
    for label, resource, case in _all_cases(integration):
        raw = copy.deepcopy(case["raw"])
        integration.reader(resource)(raw)
        assert raw == case["raw"], label


def test_each_case_has_an_id_and_only_fields_that_exist(integration):
    for label, resource, case in _all_cases(integration):
        expected = case["expected"]
        assert isinstance(expected["id"], str), label
        assert expected["id"], label
        known = {"id", *resource.record.__struct_fields__, *resource.hidden}
        assert expected.keys() <= known, label
        assert not {"trackstar_tags", "trackstar_created_date"} & expected.keys(), f"{label}: these are ours"


def test_each_case_fits_the_record(integration):
    """What a partial record leaves out is filled from a complete one, as the store does."""
    for resource in integration.resources.values():
        read = integration.reader(resource)
        found = [
            (case["name"], _record(read(case["raw"]), resource)) for case in _cases(integration, resource)
        ]
        complete = [record for _, record in found if not _missing(record, resource)]
        assert complete, f"no case of {resource.name} has all that a new record needs"
        for name, record in found:
            fits = complete[0] | record
            try:
                msgspec.convert(fits, resource.record)
            except msgspec.ValidationError as problem:
                pytest.fail(f"cases/{resource.name}.json, {name!r}: {problem}")


def test_numbers_are_exact(integration):
    """No float anywhere: amounts are decimals, counts are whole."""
    for label, resource, case in _all_cases(integration):
        assert list(_floats(integration.reader(resource)(case["raw"]))) == [], label


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _floats(one)


# The scaffold


@pytest.mark.parametrize("kind", TYPES)
async def test_a_new_integration_reads_from_a_running_vendor(kind, tmp_path):
    made = _made(kind, tmp_path)
    [resource] = made.resources.values()
    [case, *_] = _cases(made, resource)
    rows = [
        {**case["raw"], "id": number, "updated_at": f"2026-01-{number:02}T00:00:00Z"} for number in (1, 2)
    ]
    async with FakeVendor() as fake, new_session(AddressPolicy.parse("127.0.0.0/8")) as session:
        fake.collections[resource.name] = json.loads(json.dumps(rows, default=float))
        http = Http(session=session, account="a", slots=LocalSlots(lambda: 1e9 * len(fake.requests)))
        client = made.client(Context({"base_url": fake.url + "/", "api_key": TOKEN}, http, tmp_path))
        account = await client.check()
        walk: Any = getattr(client, resource.name)
        first = [page async for page in walk(Walk())]
        again = [page async for page in walk(Walk(mark=first[-1].mark))]
    read = made.reader(resource)
    assert account.identifiers == {"account_id": "acct-1"}
    assert [read(raw)["id"] for page in first for raw in page.records] == ["1", "2"]
    assert [read(raw)["id"] for page in again for raw in page.records] == ["2"]


@pytest.mark.parametrize("kind", TYPES)
def test_a_new_integration_is_found_and_bears_its_name(kind, tmp_path, monkeypatch):
    files = scaffold.create("blue_box", kind, tmp_path)
    monkeypatch.setattr(registry, "HERE", tmp_path)
    [found] = registry._walk()
    assert (found.slug, found.type, found.manifest.name) == ("blue-box", kind, "Blue Box")
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
    (tmp_path / "paging.py").touch()
    for name in ("blue_box", "paging"):
        with pytest.raises(Conflict):
            scaffold.create(name, "wms", tmp_path)


# The guide


GUIDE = Path(__file__).parents[2] / "docs" / "add-an-integration.md"


@pytest.mark.parametrize("module", [auth, paging, values])
def test_the_guide_names_every_sign_in_style_and_value_there_is(module):
    offered = {
        name
        for name, one in vars(module).items()
        if inspect.isfunction(one) and one.__module__ == module.__name__ and not name.startswith("_")
    }
    named = set(
        re.findall(r"\b[a-z_]+\b", " ".join(re.findall(r"`([^`\n]+)`", GUIDE.read_text(encoding="utf-8"))))
    )
    assert offered - named - {"next_link"} == set()
    assert offered & named


def test_the_guide_shows_every_file_of_a_new_integration(tmp_path):
    text = GUIDE.read_text(encoding="utf-8")
    files = {file.name for file in scaffold.create("blue_box", "wms", tmp_path)} - {"__init__.py"}
    assert [name for name in files if name not in text] == []
