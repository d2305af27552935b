"""Measures how readable the package is, and holds it to limits.

`python -m tools.structure` prints the table; with `--check` it ends with 1 when a limit is broken.

- *Functions* are those of `crossdock/` without migrations, methods and nested ones too. Their lines run from
  `def` to the last line, docstring included, decorators not. Complexity is radon's.
- *Import cycles* are those of imports outside functions, imports for types included.
- *Bindings* are all assigned names and parameters: targets of assignments, loops, `with`, `except`,
  `import … as`, patterns and comprehensions, members of classes and attributes set on `self`; not `self` and
  `cls`, not the names of functions.
- *Vendors* are the folders below `crossdock/integrations/` that hold a manifest. A vendor's name counts as a
  word, whatever its case, in any module outside that folder: in code, texts, comments and docstrings.
- *Tests* are the modules below `tests/` and the files in folders called `cases`.
"""

import argparse
import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from statistics import median
from typing import TypeAlias

from radon.visitors import Class, ComplexityVisitor, Function

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "crossdock"
LONGEST_LIST = 12
"""So many of what breaks a limit are printed."""

# fmt: off
PRONOUN_LIKE = frozenset({
    "one", "ones", "each", "other", "others", "another", "same", "rest", "also", "more", "most", "some",
    "own", "whole", "who", "whose", "what", "way", "ways", "place", "places", "behind", "found", "wanted",
    "given", "made", "told", "asked", "said", "known", "heard", "meant", "sought", "seen", "taken", "kept",
    "left", "gone", "put", "got", "ready",
})
# fmt: on
"""Names that stand in for a noun: 11.8 % of all bindings when the limit was set."""

SHARED_CLASS_NAMES = frozenset({"Client"})
"""What the contract of integrations calls a class in each vendor's folder."""

VENDOR_MENTIONS: Mapping[tuple[str, str], str] = {
    ("sandbox", "*/sandbox.py"): "the routes of the sandbox, which the API's contract names",
    ("sandbox", "*/operations.py"): "their row in the table of routes",
    ("sandbox", "*/*schemas.py"): "their bodies, and `sandbox` as the source of a file or cause of a change",
    ("sandbox", "*/*carrier*.py"): "`sandbox` as the source of a file",
    ("sandbox", "*/event_types.py"): "the contract's example of an event names the sandbox",
    ("sandbox", "*/connection_events.py"): "the contract's example of an event names the sandbox",
    ("sandbox", "*/cli*.py"): "`crossdock dev` starts with a sandbox; its help says so",
    ("sandbox", "*/dev.py"): "`crossdock dev` starts with a sandbox",
    ("sandbox", "*/config.py"): "the help of the setting for the folder that the sandbox lies in",
    ("sandbox", "*/link/options.py"): "the button's option of that name, which the contract has",
    ("sandbox", "*/dashboard/explorer/*.py"): "the switch between the sandbox's data and those of production",
    ("sandbox", "*/dashboard/notices.py"): "what is said of a sandbox that was made",
    ("sandbox", "*/dashboard/inside.py"): "who may call the routes of the sandbox",
    ("sandbox", "*/dashboard/reference/*.py"): "operations are tried with the sandbox only",
    ("sandbox", "*/logos.py"): "a value of the header `Content-Security-Policy`",
    ("deconetwork", "*/deco_api/*.py"): "that vendor's own API, which is served here too",
    ("sandbox", "*/files.py"): "a value of the header `Content-Security-Policy`",
    (
        "*",
        "*/integrations/sandbox/*catalogue.py",
    ): "the sandbox's shop sends parcels with carriers of the real world",
    (
        "shopify",
        "*/integrations/sandbox/*orders.py",
    ): "ids of its orders, as the contract shows them",
    (
        "shopify",
        "*/integrations/sandbox/*simulate.py",
    ): "ids of its orders, as the contract shows them",
    (
        "ups",
        "*/integrations/sandbox/*invoices.py",
    ): "the sandbox's invoices have the columns of a real carrier",
    ("usps", "*/integrations/dhl_ecom/*"): "a charge that this carrier's invoices name",
}
"""Vendor and files that may name it, with the reason."""


@dataclass(frozen=True)
class Bound:
    """What a measurement may be at most, or at least."""

    meaning: str
    limit: float
    unit: str = ""
    at_least: bool = False

    def holds(self, value: float, limit: float) -> bool:
        """Whether a value keeps to a limit."""
        return value >= limit if self.at_least else value <= limit


LIMITS: Mapping[str, Bound] = {
    "function_length": Bound("function length, 90th percentile", 20, " lines"),
    "complex_functions": Bound("functions over complexity 10", 1, " %"),
    "worst_complexity": Bound("worst complexity", 14),
    "import_cycle": Bound("largest import cycle, imports for types included", 1, " modules"),
    "pronouns": Bound("pronoun-like names among bindings", 2, " %"),
    "docstrings": Bound("docstrings that begin with a pronoun", 1, " %"),
    "class_names": Bound("class names used more than once", 0),
    "vendor_names": Bound("modules that name a vendor outside its folder", 0),
    "tests": Bound("tests and their cases among all lines", 50, " %", at_least=True),
}

NOT_YET: Mapping[str, float] = {}
"""Limits that do not hold yet, with what is reached: that may not get worse."""


@dataclass(frozen=True)
class Measurement:
    """A value, and what makes it so: the worst first."""

    value: float
    culprits: Sequence[str] = ()


@dataclass(frozen=True)
class ParsedModule:
    """A module of the package: its file, dotted name, text and syntax tree."""

    path: str
    name: str
    text: str
    tree: ast.Module = field(repr=False)

    @property
    def is_migration(self) -> bool:
        return "/versions/" in self.path


FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def measure(root: Path = ROOT) -> dict[str, Measurement]:
    """Measure a checkout: a measurement for each of `LIMITS`."""
    modules = read_modules(root)
    written = [module for module in modules if not module.is_migration]
    complexity = complexities(written)
    return {
        "function_length": function_length(written),
        "complex_functions": complex_functions(complexity),
        "worst_complexity": Measurement(max(complexity.values(), default=0), _ranked(complexity)),
        "import_cycle": import_cycle(modules),
        "pronouns": pronouns(modules),
        "docstrings": docstrings(written),
        "class_names": class_names(modules),
        "vendor_names": vendor_names(root, modules),
        "tests": test_share(root, modules),
    }


def read_modules(root: Path) -> list[ParsedModule]:
    """All modules of the package, in the order of their paths."""
    modules = []
    for file in sorted((root / PACKAGE).rglob("*.py")):
        path = file.relative_to(root)
        parts = path.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = file.read_text(encoding="utf-8")
        modules.append(ParsedModule(path.as_posix(), name, text, ast.parse(text)))
    return modules


def _ranked(values: Mapping[str, float], above: float = 0) -> list[str]:
    ranking = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return [f"{value:g} {name}" for name, value in ranking if value > above]


def _percent(part: float, total: float) -> float:
    return round(100 * part / total, 2) if total else 0.0


# Functions


def functions(module: ParsedModule) -> Iterator[FunctionNode]:
    """Each function of a module, nested ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, FunctionNode):
            yield node


def function_lines(modules: Sequence[ParsedModule]) -> dict[str, int]:
    """The lines of each function, by where it stands."""
    return {
        f"{module.path}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module in modules
        for node in functions(module)
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share of all values do not pass; 0 when there is none."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0


def function_length(modules: Sequence[ParsedModule]) -> Measurement:
    """The length that nine functions in ten do not pass."""
    lines = function_lines(modules)
    return Measurement(percentile(list(lines.values()), 0.9), _ranked(lines))


def complexities(modules: Sequence[ParsedModule]) -> dict[str, int]:
    """The complexity of each function, by where it stands."""
    return {
        f"{module.path}:{block.lineno} {block.name}": block.complexity
        for module in modules
        for block in _function_blocks(ComplexityVisitor.from_ast(module.tree).blocks)
    }


def _function_blocks(blocks: Sequence[Class | Function]) -> Iterator[Function]:
    for block in blocks:
        if isinstance(block, Class):
            yield from _function_blocks([*block.methods, *block.inner_classes])
        else:
            yield block
            yield from _function_blocks(block.closures)


def complex_functions(complexity: Mapping[str, int]) -> Measurement:
    """The share of functions that are too complex."""
    culprits = _ranked(complexity, above=10)
    return Measurement(_percent(len(culprits), len(complexity)), culprits)


# Imports


def import_cycle(modules: Sequence[ParsedModule]) -> Measurement:
    """The number of modules in the largest circle of imports: 1 where there is none."""
    names = {module.name for module in modules}
    graph = {module.name: set(_imported(module, names)) for module in modules}
    reachable = {name: _reachable(graph, name) for name in graph}
    largest = max(
        (
            {target for target in targets if name in reachable[target]} | {name}
            for name, targets in reachable.items()
        ),
        key=len,
        default=set(),
    )
    return Measurement(len(largest), sorted(largest) if len(largest) > 1 else [])


def _imported(module: ParsedModule, names: set[str]) -> Iterator[str]:
    for node in _outside_functions(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield from [name for name in (submodule, node.module) if name in names][:1]


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FunctionNode):
            yield from _outside_functions(child)


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for target in graph[waiting.pop()] - reached:
            reached.add(target)
            waiting.append(target)
    return reached


# Names


def bindings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each name that is bound, with its line."""
    for node in ast.walk(tree):
        name = _bound_name(node)
        if name and name not in ("self", "cls"):
            yield name, getattr(node, "lineno", 0)


def _bound_name(node: ast.AST) -> str | None:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            return name
        case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
            return name
        case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
            return name
        case ast.alias(asname=name) | ast.MatchMapping(rest=name):
            return name
    return None


def pronouns(modules: Sequence[ParsedModule]) -> Measurement:
    """The share of bindings whose name stands in for a noun."""
    total = 0
    culprits: dict[str, int] = defaultdict(int)
    for module in modules:
        for name, _ in bindings(module.tree):
            total += 1
            if name.strip("_") in PRONOUN_LIKE:
                culprits[f"{module.path} {name}"] += 1
    return Measurement(_percent(sum(culprits.values()), total), _ranked(culprits))


def class_names(modules: Sequence[ParsedModule]) -> Measurement:
    """The number of names that more than one class of the package has."""
    positions: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                positions[node.name].append(f"{module.path}:{node.lineno}")
    repeated = {
        name: files for name, files in positions.items() if len(files) > 1 and name not in SHARED_CLASS_NAMES
    }
    return Measurement(
        len(repeated), [f"{name}: {', '.join(files)}" for name, files in sorted(repeated.items())]
    )


# Vendors


def vendors(root: Path) -> list[str]:
    """The names of the vendors' folders."""
    folders = (root / PACKAGE / "integrations").glob("[!_]*/")
    return sorted(folder.name for folder in folders if any(folder.rglob("manifest.toml")))


def vendor_names(root: Path, modules: Sequence[ParsedModule]) -> Measurement:
    """The number of modules that name a vendor outside its folder, one for each vendor."""
    culprits = []
    for vendor in vendors(root):
        for module in modules:
            if module.path.startswith(f"{PACKAGE}/integrations/{vendor}/") or _may_name(module.path, vendor):
                continue
            lines = [
                str(number) for number, line in enumerate(module.text.splitlines(), 1) if names(vendor, line)
            ]
            if lines:
                culprits.append(f"{module.path}:{','.join(lines)} {vendor}")
    return Measurement(len(culprits), culprits)


def names(vendor: str, line: str) -> bool:
    """Whether a vendor's name stands in a line as a word; the end of a compound ("look-ups") is none."""
    pattern = rf"(?<![a-z0-9-]){vendor.replace('_', '[ _-]?')}(?![a-z0-9])"
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", line)
    return any(re.search(pattern, text.lower()) for text in (line, split))


def _may_name(path: str, vendor: str) -> bool:
    return any(fnmatch(vendor, slug) and fnmatch(path, files) for slug, files in VENDOR_MENTIONS)


# Docstrings

INTERROGATIVES = frozenset({
    "everybody", "everything", "he", "how", "it", "its", "nobody", "none", "nothing", "others", "somebody",
    "something", "that", "there", "these", "they", "this", "those", "we", "what", "whatever", "when", "where",
    "whether", "which", "who", "whoever", "whom", "whose", "why", "you",
})  # fmt: skip
"""No head of a phrase: a docstring begins with an imperative, or a noun phrase with its noun."""


def docstrings(modules: Sequence[ParsedModule]) -> Measurement:
    """The share of functions' and classes' docstrings whose first word is a pronoun.

    Those that are shown to users as descriptions of a schema are left out.
    """
    count, culprits = 0, []
    for module in modules:
        if fnmatch(module.path, "*schemas.py") or "/resources/" in module.path:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, FunctionNode | ast.ClassDef) and (text := ast.get_docstring(node)):
                count += 1
                if text.split()[0].strip(",.:;`").lower() in INTERROGATIVES:
                    culprits.append(f"{module.path}:{node.lineno} {node.name}")
    return Measurement(_percent(len(culprits), count), culprits)


# Tests


def test_share(root: Path, modules: Sequence[ParsedModule]) -> Measurement:
    """The share of lines that are tests and their cases."""
    source = sum(len(module.text.splitlines()) for module in modules)
    files = [
        *(root / "tests").rglob("*.py"),
        *(root / PACKAGE).rglob("cases/*.*"),
        *(root / "tests").rglob("cases/*.*"),
    ]
    tests = sum(file.read_bytes().count(b"\n") for file in files if file.is_file())
    return Measurement(_percent(tests, tests + source))


# The table


def broken(measurements: Mapping[str, Measurement]) -> list[str]:
    """The names of the limits that are broken."""
    return [
        name
        for name, bound in LIMITS.items()
        if not bound.holds(measurements[name].value, NOT_YET.get(name, bound.limit))
    ]


def sizes(modules: Sequence[ParsedModule]) -> Iterator[str]:
    """How large the package, its modules and its functions are."""
    lines = [len(module.text.splitlines()) for module in modules]
    lengths = list(function_lines([module for module in modules if not module.is_migration]).values())
    yield f"{'modules / lines':<52} {len(lines)} / {sum(lines)}"
    for subject, values in (("module", lines), ("function", lengths)):
        spread = f"{median(values):g} / {percentile(values, 0.9):g} / {max(values)}"
        yield f"{f'lines of a {subject}, median / 90th percentile / max':<52} {spread}"


def table(measurements: Mapping[str, Measurement]) -> Iterator[str]:
    """Each measurement beside its limit."""
    for name, bound in LIMITS.items():
        value = measurements[name].value
        limit = f"{'>=' if bound.at_least else '<='} {bound.limit:g}{bound.unit}"
        remark = ""
        if name in NOT_YET:
            holds = bound.holds(value, bound.limit)
            remark = "holds now: take it out of NOT_YET" if holds else f"not yet; was {NOT_YET[name]:g}"
        yield f"{bound.meaning:<52} {f'{value:g}{bound.unit}':>10}  {limit:<12} {remark}".rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; with --check, 1 if a limit is broken."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.structure", description="How readable the package is."
    )
    parser.add_argument("--check", action="store_true", help="end with 1 when a limit is broken")
    parser.add_argument("--list", choices=LIMITS, help="print all that stands behind a measurement")
    options = parser.parse_args(arguments)
    measurements = measure()
    if options.list:
        print("\n".join(measurements[options.list].culprits))
        return 0
    print("\n".join([*sizes(read_modules(ROOT)), *table(measurements)]))
    failures = broken(measurements)
    for name in failures:
        print(f"\nbroken: {LIMITS[name].meaning} (--list {name} shows all):", file=sys.stderr)
        print("\n".join(f"  {line}" for line in measurements[name].culprits[:LONGEST_LIST]), file=sys.stderr)
    return int(options.check and bool(failures))


if __name__ == "__main__":
    sys.exit(main())
