"""An integration for tests that one signs in to in two ways: with a token, or on a page of the vendor."""

from pathlib import Path

from crossdock.kit import registry
from crossdock.kit.registry import Integration


def ways_integration() -> Integration:
    return registry.integration_in(Path(__file__).parent, __name__, "ways")
