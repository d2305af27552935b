"""Which integrations there are, found by walking the folders. There is no central list.

integrations/<name>/manifest.toml            one vertical, named in the manifest
integrations/<name>/<type>/manifest.toml     one system that is several verticals
"""

import hashlib
import importlib
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from crossdock.errors import NotFound
from crossdock.integrations.contract import Accepts, Client, Command, Fields, Raw, Search, Steps
from crossdock.integrations.deliveries import Field, FilesIn, Source, fields_of
from crossdock.resources.catalogue import TYPES, by_action, by_function
from crossdock.resources.schema import Resource
from crossdock.resources.writes import Write

if TYPE_CHECKING:
    from crossdock.integrations.invoices.charges import Charges
    from crossdock.integrations.invoices.contract import Layout

HERE = Path(__file__).parent


class Auth(msgspec.Struct, forbid_unknown_fields=True):
    scheme: Literal["none", "api_key", "basic", "bearer", "session", "oauth"]
    fields: list[Field] = []


class Limits(msgspec.Struct, forbid_unknown_fields=True):
    """What the vendor allows one account. Each with its source in the manifest, as a comment."""

    requests_per_minute: float | None = None
    concurrent_requests: int = 2
    timeout_seconds: float = 30.0


class Functions(msgspec.Struct, forbid_unknown_fields=True):
    read: list[str] = []
    write: list[str] = []
    snapshot: list[str] = []
    """Reads that always return everything the vendor has: only these can show that a record is gone."""
    on_demand: list[str] = []
    """Reads that can be asked for a window of time, `Walk.start` to `Walk.end`, also one long past."""


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """`manifest.toml`, checked."""

    name: str
    type: Literal["wms", "cart", "carrier", "freight"]
    description: str
    evidence: Literal["documented", "recorded", "live"]
    functions: Functions
    docs: str = ""
    evidence_note: str = ""
    """For `live`: the version it was run against and the date."""
    auth: Auth = msgspec.field(default_factory=lambda: Auth("none"))
    limits: Limits = msgspec.field(default_factory=Limits)
    files: FilesIn | None = None
    """Set where the system's API is files: their ways to us, whose fields join those of `auth`."""

    def __post_init__(self) -> None:
        if self.files is not None:
            self.auth.fields = [*self.auth.fields, *fields_of(self.files)]


@dataclass(frozen=True)
class Integration:
    """One integration of one vertical."""

    slug: str
    folder: Path
    manifest: Manifest

    @property
    def type(self) -> str:
        return self.manifest.type

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """What it reads, by function, in the manifest's order."""
        known = by_function(self.type)
        return {function: known[function] for function in self.manifest.functions.read}

    @cached_property
    def writes(self) -> dict[str, Write]:
        """What it writes, by action, in the manifest's order; raw calls are none of these."""
        known = by_action(self.type)
        return {action: known[action] for action in self.manifest.functions.write if action in known}

    @property
    def functions(self) -> list[str]:
        """All it can do, reads first."""
        return [*self.manifest.functions.read, *self.manifest.functions.write]

    def client(self, *args: Any) -> Client:
        """A client, given its `Context`."""
        made: Client = self._module("client").Client(*args)
        return made

    def source(self, context: Any) -> Source:
        """Where its files are fetched from, for those that fetch them themselves."""
        made: Source = self._module("client").Source(context)
        return made

    def reader(self, resource: Resource) -> Callable[[Raw], Fields]:
        """The function of `read` that maps one raw record of this resource."""
        found: Callable[[Raw], Fields] = getattr(self._module("read"), resource.singular)
        return found

    def accepts(self, action: str) -> Accepts:
        """The body that it accepts for a write."""
        found: Accepts = self._module("write").ACCEPTS[action]
        return found

    def steps(self, command: Command) -> Steps:
        """What a write does, call by call."""
        found: Steps = getattr(self._module("write"), command.action)(command)
        return found

    def search(self, command: Command) -> Search | None:
        """How to ask whether a write was done; None where that can't be asked."""
        find: Callable[[Command], Search] | None = getattr(
            self._module("write"), f"find_{command.action}", None
        )
        return None if find is None else find(command)

    @property
    def delivers(self) -> str | None:
        """Whose files it reads: its own, if it has layouts; None: those of any carrier."""
        return self.slug if (self.folder / "layout.py").exists() else None

    @cached_property
    def layouts(self) -> "tuple[Layout, ...]":
        """The forms of its invoices, of a carrier that delivers files: `LAYOUTS` of its layout.py."""
        found: tuple[Layout, ...] = self._module("layout").LAYOUTS
        return found

    @cached_property
    def charges(self) -> "Charges":
        """What a carrier charges for: `CHARGES` of its charges.py; where it has none all is `other`."""
        if not (self.folder / "charges.py").exists():
            from crossdock.integrations.invoices.charges import Charges

            return Charges()
        found: Charges = self._module("charges").CHARGES
        return found

    def read_version(self, resource: Resource) -> bytes:
        """Changes whenever the mapping may: part of the raw hash, so new code reads old records again."""
        return _read_version(self.folder, resource)

    def _module(self, name: str) -> ModuleType:
        below = ".".join(self.folder.relative_to(HERE).parts)
        return importlib.import_module(f"crossdock.integrations.{below}.{name}")


@cache
def _read_version(folder: Path, resource: Resource) -> bytes:
    """A hash of all code that an integration maps with, and of what a record is."""
    digest = hashlib.blake2b(digest_size=8)
    for file in [HERE / "values.py", HERE / "invoices" / "fields.py", *sorted(folder.glob("*.py"))]:
        digest.update(file.read_bytes())
    digest.update(resource.shape)
    return digest.digest()


@cache
def all_integrations() -> dict[tuple[str, str], Integration]:
    """All integrations by (type, slug)."""
    return {(one.type, one.slug): one for one in _walk()}


def _walk() -> Iterator[Integration]:
    for folder in sorted(HERE.iterdir()):
        if folder.name.startswith(("_", ".")) or not folder.is_dir():
            continue
        for place in (folder, *(folder / kind for kind in TYPES)):
            file = place / "manifest.toml"
            if file.exists():
                raw = tomllib.loads(file.read_text())
                yield Integration(folder.name.replace("_", "-"), place, msgspec.convert(raw, Manifest))


def integrations_of(kind: str) -> list[Integration]:
    return [one for one in all_integrations().values() if one.type == kind]


def integration(kind: str, slug: str) -> Integration:
    """Raises NotFound, naming what there is."""
    found = all_integrations().get((kind, slug))
    if found is None:
        known = ", ".join(one.slug for one in integrations_of(kind)) or "none"
        raise NotFound(f"no {kind} integration is called {slug!r}; there are: {known}", record_id=slug)
    return found
