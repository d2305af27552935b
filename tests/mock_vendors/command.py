"""The command line, its vendors at mocks: python -m tests.mock_vendors.command connect shopify …

MOCKED_HOSTS has `OrderMock.hosts()` of each, by "type/slug": for those whose address nobody fills in.
"""

import json
import os

from crossdock.cli.main import main
from crossdock.kit import registry
from tests.mock_vendors.orders import moved_to

VARIABLE = "MOCKED_HOSTS"

if __name__ == "__main__":
    systems = dict(registry.all_integrations())
    for name, hosts in json.loads(os.environ[VARIABLE]).items():
        kind, _, slug = name.partition("/")
        systems[kind, slug] = moved_to(systems[kind, slug], hosts)
    registry.all_integrations = lambda: systems  # type: ignore[assignment]
    main()
