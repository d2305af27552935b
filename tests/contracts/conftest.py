"""What the contract suites run over: each integration, two made-up ones, and what the scaffold makes."""

import importlib.util
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from crossdock.kit import registry, scaffold
from crossdock.kit.manifest import Manifest
from crossdock.kit.registry import Integration
from crossdock.resources.catalogue import TYPES
from tests.fakes.invented import FOLDERS, invented

# With the folder's name in the id, `-k blue_box` runs the suite for one.
EXISTING = {
    f"{integration.type}/{integration.slug.replace('-', '_')}": integration
    for integration in (*registry.all_integrations().values(), *map(invented, FOLDERS))
}
SCAFFOLDED = tuple(f"scaffold: {kind}" for kind in TYPES)


@dataclass(frozen=True)
class ScaffoldedIntegration(Integration):
    """An integration outside the package, as the scaffold leaves it."""

    def module(self, name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"made_{self.type}_{name}", self.folder / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def scaffolded(kind: str, target: Path) -> ScaffoldedIntegration:
    """A new integration of this type in a folder below `target`."""
    scaffold.create("blue_box", kind, target)
    raw = tomllib.loads((target / "blue_box" / "manifest.toml").read_text())
    manifest = msgspec.convert(raw, Manifest)
    return ScaffoldedIntegration("blue-box", target / "blue_box", manifest, "blue_box")


def integration_named(name: str, target: Path) -> Integration:
    """The integration that a test's id names; target: where the scaffold may write."""
    return EXISTING[name] if name in EXISTING else scaffolded(name.removeprefix("scaffold: "), target)


@pytest.fixture(params=[*EXISTING, *SCAFFOLDED])
def integration(request: pytest.FixtureRequest, tmp_path: Path) -> Integration:
    """Every integration in turn."""
    return integration_named(request.param, tmp_path)
