"""An integration for tests that needs consent, a signature, a host by region, facts, and a limit by cost."""

from pathlib import Path

from crossdock.kit import registry
from crossdock.kit.registry import Integration


def consent_integration() -> Integration:
    return registry.integration_in(Path(__file__).parent, __name__, "consent")
