"""docs/add-an-integration.md tells all there is, and its code is code that runs.

Each block of code is commands, which tests/journeys/test_guide.py carries out; or pieces of a tested file
that its first line names, `# …` between them; or else it is taken as what it is: a part of a manifest, a case
file.
"""

import ast
import inspect
import re
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from crossdock.kit import manifest, paging, scaffold, values
from crossdock.kit.auth import fixed, login, oauth1, signature
from crossdock.kit.fields import Field
from crossdock.kit.limits import CallLimit, RateLimits
from tests.contracts.case_files import CallsFile

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "add-an-integration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", GUIDE, re.DOTALL)
LANGUAGES = {"console", "toml", "python", "json"}
MANIFEST = """
name = "Blue Box"
type = "wms"
description = "A warehouse."
evidence = "documented"
"""
AUTH, FUNCTIONS = '[auth]\nscheme = "none"\n', '[functions]\nread = ["get_orders"]\n'


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def is_excerpt(text: str) -> bool:
    return text.startswith("# tests/")


def fragments(language: str) -> list[str]:
    """The blocks that are pieces of no file."""
    return [text for text in blocks(language) if not is_excerpt(text)]


def test_every_block_is_of_a_kind_that_is_tested():
    assert {name for name, _ in BLOCKS} == LANGUAGES
    assert len(BLOCKS) == GUIDE.count("\n```") / 2


@pytest.mark.parametrize("text", [text for _, text in BLOCKS if is_excerpt(text)])
def test_what_is_shown_of_a_file_stands_there(text: str):
    title, _, shown = text.partition("\n")
    file = (ROOT / title.removeprefix("# ")).read_text(encoding="utf-8")
    assert file.count("\n") > 1
    for piece in re.split(r" *# …\n", shown):
        assert piece.strip("\n") in file, piece


@pytest.mark.parametrize("text", fragments("toml"))
def test_a_part_of_a_manifest_is_taken_as_one(text: str, tmp_path: Path):
    file = tmp_path / "manifest.toml"
    base = MANIFEST + (AUTH if "[auth]" not in text else "") + FUNCTIONS
    file.write_text(base + text, encoding="utf-8")
    assert manifest.load_manifest(file).name == "Blue Box"


@pytest.mark.parametrize("text", fragments("python"))
def test_a_line_of_code_is_code(text: str):
    compile(text, "guide", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("text", blocks("json"))
def test_a_file_of_calls_is_one(text: str):
    assert msgspec.json.decode(text, type=CallsFile).cases


@pytest.mark.parametrize(
    "kind",
    [Field, manifest.AuthManifest, manifest.OAuthManifest, CallLimit, RateLimits],
    ids=lambda kind: kind.__name__,
)
def test_the_guide_names_all_that_a_manifest_can_say(kind: type[msgspec.Struct]):
    internal = {"way", "named"}
    members = {field.name for field in msgspec.structs.fields(kind)} - internal
    assert {name for name in members if not re.search(rf"\b{name}\b", GUIDE)} == set()


@pytest.mark.parametrize("module", [fixed, login, oauth1, signature, paging, values])
def test_the_guide_names_every_sign_in_style_and_value_there_is(module: ModuleType):
    offered = {
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    named = set(re.findall(r"\b[a-z_0-9]+\b", " ".join(re.findall(r"`([^`\n]+)`", GUIDE))))
    assert offered - named - {"next_link"} == set()
    assert offered & named


def test_the_guide_shows_every_file_of_a_new_integration(tmp_path: Path):
    files = {file.name for file in scaffold.create("blue_box", "wms", tmp_path)} - {"__init__.py"}
    assert [name for name in files if name not in GUIDE] == []
