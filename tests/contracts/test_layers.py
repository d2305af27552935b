"""What keeps the code readable: who may import whom, and how long files and functions may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
PACKAGES = ("crossdock", "bench", "tests", "tools")
FILES = sorted(file for name in PACKAGES for file in (ROOT / name).rglob("*.py") if file.stat().st_size)
WRITTEN = [file for file in FILES if "versions" not in file.parts]
"""All but migrations: those are tables, and stay as they were."""
OURS = [file for file in FILES if file.is_relative_to(ROOT / "crossdock")]

LONGEST_FILE = 500
LONGEST_FUNCTION = 60
SHORT_FUNCTION = 30


def _name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """Each function and its lines, decorators and docstring not counted."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield node.name, (node.end_lineno or 0) - body[0].lineno + 1


def test_a_file_imports_only_from_layers_above_its_own(capsys: pytest.CaptureFixture[str]):
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize("file", WRITTEN, ids=_name)
def test_no_file_and_no_function_is_too_long(file: Path):
    assert len(file.read_text().splitlines()) < LONGEST_FILE
    assert [function for function in functions(file) if function[1] >= LONGEST_FUNCTION] == []


def test_nine_functions_in_ten_are_short():
    lines = [length for file in OURS for _, length in functions(file)]
    assert sum(length < SHORT_FUNCTION for length in lines) >= 0.9 * len(lines)


def test_packages_are_opened_by_no_code():
    assert [_name(our) for our in OURS if our.name == "__init__.py"] == []


@pytest.mark.parametrize("file", OURS, ids=_name)
def test_every_file_begins_by_saying_what_it_is_for(file: Path):
    assert ast.get_docstring(ast.parse(file.read_text()))


@pytest.mark.parametrize("file", OURS, ids=_name)
def test_no_name_says_nothing(file: Path):
    words = set(file.stem.split("_"))
    assert words.isdisjoint({"utils", "util", "helpers", "helper", "misc", "manager", "base2"})


def test_a_vendor_is_named_in_its_own_folder_only():
    """Code that knows a vendor by name would be a central list. The sandbox is ours: the API moves it."""
    vendors = [
        file.name
        for file in (ROOT / "crossdock" / "integrations").iterdir()
        if (file / "manifest.toml").exists()
    ]
    assert "tryton" in vendors
    elsewhere = [our for our in OURS if not our.is_relative_to(ROOT / "crossdock" / "integrations")]
    texts = [(vendor, _name(file)) for vendor in vendors for file in elsewhere if mentioned(vendor, file)]
    assert texts == []


def mentioned(vendor: str, file: Path) -> bool:
    """Whether code, not prose, names a vendor."""
    tree = ast.parse(file.read_text())
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return vendor in texts or any(vendor in name.split(".") for name in imported)


ROOMS_WITHOUT_CIRCLES = ("crossdock.kit.", "crossdock.invoices.", "crossdock.integrations.", "crossdock.net.")


def test_no_modules_import_each_other_in_a_circle():
    """Imports for types only are imports, too."""
    modules = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in OURS}
    imports = {name: set(imported_modules(file)) & modules.keys() for name, file in modules.items()}
    circles = {
        name
        for name in modules
        if name.startswith(ROOMS_WITHOUT_CIRCLES) and name in reachable(name, imports)
    }
    assert circles == set()


def imported_modules(file: Path) -> Iterator[str]:
    """What a file may import by name: of `from a import b` both a and a.b."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reachable(start: str, imports: dict[str, set[str]]) -> set[str]:
    """All modules that the import of one leads to."""
    reached: set[str] = set()
    queue = [start]
    while queue:
        following = imports[queue.pop()] - reached
        reached |= following
        queue += following
    return reached
