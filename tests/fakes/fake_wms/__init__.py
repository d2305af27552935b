"""An integration for tests: speaks to `tests.fakes.vendor` over HTTP. `register` makes it known."""

from collections.abc import Callable
from pathlib import Path

from crossdock.kit import registry
from crossdock.kit.registry import Integration

SLUG = "fake"


def fake_integration() -> Integration:
    """The fake vendor's: it lives below the tests, not below `crossdock.integrations`."""
    return registry.integration_in(Path(__file__).parent, __name__, SLUG)


def with_fake() -> Callable[[], dict[tuple[str, str], Integration]]:
    """What to put in the place of `registry.all_integrations`."""
    known_integrations = {**registry.all_integrations(), ("wms", SLUG): fake_integration()}
    return lambda: known_integrations
