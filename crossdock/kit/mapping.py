"""Which code takes part in mapping a vendor's records: what `read` imports, and what all mappings share."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

KIT = Path(__file__).parent
SHARED = (KIT / "values.py", KIT / "quantities.py")
"""The code of all mappings."""


def mapping_files(start: list[Path], packages: Mapping[str, Path]) -> tuple[Path, ...]:
    """The code that these files and all that they import are made of, in a stable order.

    packages: the folders of those that are followed, by dotted name; what all mappings share is always in.
    """
    files: set[Path] = set()
    queue = list(start)
    while queue:
        file = queue.pop()
        if file not in files:
            files.add(file)
            queue += [path for name in _imports(file) if (path := _path(name, packages))]
    return (*SHARED, *sorted(files))


def _imports(file: Path) -> Iterator[str]:
    """The dotted names of all that a file may import: of `from a import b` both a and a.b."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _path(name: str, packages: Mapping[str, Path]) -> Path | None:
    """The file of a module of one of these packages; None for any other name."""
    for package, folder in packages.items():
        if name.startswith(f"{package}."):
            path = folder.joinpath(*name.removeprefix(f"{package}.").split("."))
            for file in (path.with_suffix(".py"), path / "__init__.py"):
                if file.exists():
                    return file
    return None
