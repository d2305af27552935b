"""Which integrations there are, found by walking the folders. There is no central list.

integrations/<name>/manifest.toml            one vertical, named in the manifest
integrations/<name>/<type>/manifest.toml     one system that is several verticals
"""

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from crossdock.errors import ImproperIntegration, NotFound
from crossdock.kit.contract import Accepts, Client, Command, Fields, Made, Operation, Raw, Search, Steps
from crossdock.kit.manifest import Manifest, load_manifest
from crossdock.kit.mapping import mapping_files
from crossdock.resources.catalogue import TYPES, by_action, by_function
from crossdock.resources.schema import Resource
from crossdock.resources.writes import Write

ROOT = Path(__file__).parents[1]
PACKAGE = f"{__name__.partition('.')[0]}.integrations"
FOLDER = ROOT / "integrations"
"""Found by its path: what integrations are built with imports none of them."""


@dataclass(frozen=True)
class Integration:
    """One integration of one vertical."""

    slug: str
    folder: Path
    manifest: Manifest
    package: str
    """The dotted name of its folder."""

    @property
    def type(self) -> str:
        return self.manifest.type

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The resources that it reads, by function, in the manifest's order."""
        known_resources = by_function(self.type)
        return {function: known_resources[function] for function in self.manifest.functions.read}

    @cached_property
    def writes(self) -> dict[str, Write]:
        """The writes that it does, by action, in the manifest's order; raw calls are none of these."""
        known_writes = by_action(self.type)
        return {
            action: known_writes[action] for action in self.manifest.functions.write if action in known_writes
        }

    @property
    def functions(self) -> list[str]:
        """All it can do, reads first."""
        return [*self.manifest.functions.read, *self.manifest.functions.write]

    def client(self, *args: Any) -> Client:
        """A client, given its `Context`."""
        client: Client = self.module("client").Client(*args)
        return client

    def reader(self, resource: Resource) -> Callable[[Raw], Fields]:
        """The function below `read` that maps one raw record of this resource.

        Raises ImproperIntegration when there is none, or several.
        """
        reader: Callable[[Raw], Fields] = _named(resource.reader, self._readers, f"{self.package}.read")
        return reader

    def operation(self, action: str) -> Operation:
        """The write of that action. Raises ImproperIntegration when there is none, or several."""
        operation: Operation = _named(action.upper(), self._writers, f"{self.package}.write")
        return operation

    @property
    def actions(self) -> set[str]:
        """All that there are operations for, whatever the manifest says."""
        return {
            name.lower()
            for module in self._writers
            for name, value in vars(module).items()
            if isinstance(value, Operation)
        }

    def accepts(self, action: str) -> Accepts:
        """The body that it accepts for a write."""
        return self.operation(action).accepts

    def steps(self, command: Command) -> Steps:
        """The steps of a write, call by call."""
        return self.operation(command.action).steps(command)

    def search(self, command: Command) -> Search | None:
        """The search that asks whether a write was done; None where that can't be asked."""
        find = self.operation(command.action).find
        return None if find is None else find(command)

    def also(self, action: str, fields: Fields) -> Made:
        """The records that a write has made besides its own record, given that."""
        extra_function = self.operation(action).also
        return () if extra_function is None else extra_function(fields)

    @property
    def inbound(self) -> Any:
        """The module `inbound`, see `kit.inbound.Inbound`; of those whose manifest has `[inbound]`."""
        return self.module("inbound")

    def read_version(self, resource: Resource) -> bytes:
        """A hash of all that makes the mapping: part of the raw hash, so new code reads old records again."""
        return _read_version(self._mapping_files, resource)

    def has(self, name: str) -> bool:
        """Check whether its folder has a module or a package of that name."""
        return (self.folder / f"{name}.py").exists() or (self.folder / name / "__init__.py").exists()

    def module(self, name: str) -> ModuleType:
        """A module of its folder, or of its engine where the folder has none of that name."""
        engine = self._engine
        package = engine if engine and not self.has(name) else self.package
        return importlib.import_module(f"{package}.{name}")

    @cached_property
    def _readers(self) -> list[ModuleType]:
        return self._modules("read")

    @cached_property
    def _writers(self) -> list[ModuleType]:
        return self._modules("write") if self.has("write") else []

    def _modules(self, name: str) -> list[ModuleType]:
        """A module or, where that is a package, it and those in it."""
        module = self.module(name)
        parts = pkgutil.iter_modules(getattr(module, "__path__", ()))
        return [module, *(self.module(f"{name}.{part.name}") for part in parts)]

    @property
    def _engine(self) -> str | None:
        return self.manifest.files.engine if self.manifest.files else None

    @cached_property
    def _mapping_files(self) -> tuple[Path, ...]:
        packages = {self.package: self.folder, PACKAGE: FOLDER}
        home = self.folder
        if self._engine:
            packages[self._engine] = engine = ROOT.parent.joinpath(*self._engine.split("."))
            home = self.folder if self.has("read") else engine
        package = sorted((home / "read").rglob("*.py"))
        return mapping_files(package or [home / "read.py"], packages)


def _named(name: str, modules: list[ModuleType], home: str) -> Any:
    """The value that modules call so: the same in all that have it. home: what to call these in messages."""
    definitions = {module.__name__: vars(module)[name] for module in modules if name in vars(module)}
    if not definitions:
        raise ImproperIntegration(f"there is no {name} in {home} or below it")
    if len({id(value) for value in definitions.values()}) > 1:
        raise ImproperIntegration(f"{name} is defined more than once: in {' and '.join(definitions)}")
    return next(iter(definitions.values()))


@cache
def _read_version(files: tuple[Path, ...], resource: Resource) -> bytes:
    """A hash of all code that a mapping is made of, and of what a record is."""
    digest = hashlib.blake2b(digest_size=8)
    for file in files:
        digest.update(file.read_bytes())
    digest.update(resource.shape)
    return digest.digest()


@cache
def all_integrations() -> dict[tuple[str, str], Integration]:
    """All integrations by (type, slug)."""
    return {(integration.type, integration.slug): integration for integration in _walk()}


def _walk() -> Iterator[Integration]:
    for folder in sorted(FOLDER.iterdir()):
        if folder.name.startswith(("_", ".")) or not folder.is_dir():
            continue
        for package in (folder.name, *(f"{folder.name}.{kind}" for kind in TYPES)):
            path = FOLDER.joinpath(*package.split("."))
            if (path / "manifest.toml").exists():
                yield integration_in(path, f"{PACKAGE}.{package}", slug_of(folder.name))


def slug_of(name: str) -> str:
    """The id of the integration of that name: `blue_box`, the folder's name, is `blue-box`."""
    return name.replace("_", "-")


def integration_in(folder: Path, package: str, slug: str) -> Integration:
    """The integration of a folder with a manifest, that is the package of this dotted name."""
    return Integration(slug, folder, load_manifest(folder / "manifest.toml"), package)


def integrations_of(kind: str) -> list[Integration]:
    return [integration for integration in all_integrations().values() if integration.type == kind]


def find_integration(kind: str, slug: str) -> Integration | None:
    """The integration of that id, or of that folder; None where this process has none such."""
    return all_integrations().get((kind, slug_of(slug)))


def get_integration(kind: str, slug: str) -> Integration:
    """The integration of that id, or of that folder. Raises NotFound, naming what there is."""
    integration = find_integration(kind, slug)
    if integration is None:
        known_text = ", ".join(integration.slug for integration in integrations_of(kind)) or "none"
        raise NotFound(f"no {kind} integration is called {slug!r}; there are: {known_text}", record_id=slug)
    return integration
