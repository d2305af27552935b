"""An integration for tests whose users consent by OAuth 1.0a, in three legs."""

from pathlib import Path

from crossdock.kit import registry
from crossdock.kit.registry import Integration


def oauth1_integration() -> Integration:
    return registry.integration_in(Path(__file__).parent, __name__, "three-legs")
