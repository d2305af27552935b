"""An integration for tests: speaks to `tests.fakes.vendor` over HTTP. `register` makes it known."""

import importlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import msgspec

from crossdock.integrations import registry
from crossdock.integrations.registry import Integration, Manifest

SLUG = "fake"


class FakeIntegration(Integration):
    """Lives below the tests, not below `crossdock.integrations`."""

    def _module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{__name__}.{name}")


def fake_integration() -> Integration:
    folder = Path(__file__).parent
    raw = tomllib.loads((folder / "manifest.toml").read_text())
    return FakeIntegration(SLUG, folder, msgspec.convert(raw, Manifest))


def with_fake() -> Callable[[], dict[tuple[str, str], Integration]]:
    """What to put in the place of `registry.all_integrations`."""
    known = {**registry.all_integrations(), ("wms", SLUG): fake_integration()}
    return lambda: known
