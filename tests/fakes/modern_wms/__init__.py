"""An integration for tests that needs what newer vendors need: see `tests.fakes.modern_vendor`."""

from collections.abc import Callable
from pathlib import Path

from crossdock.kit import registry
from crossdock.kit.registry import Integration
from tests.fakes.fake_wms import with_fake

SLUG = "modern"


def with_modern() -> Callable[[], dict[tuple[str, str], Integration]]:
    """What to put in the place of `registry.all_integrations`: the other made-up vendor is there, too."""
    modern = registry.integration_in(Path(__file__).parent, __name__, SLUG)
    known_integrations = {**with_fake()(), ("wms", SLUG): modern}
    return lambda: known_integrations
