"""The command line with the fake integration: python -m tests.fakes.command work --concurrency 2"""

from crossdock.cli.main import main
from crossdock.kit import registry
from tests.fakes.fake_wms import with_fake

if __name__ == "__main__":
    registry.all_integrations = with_fake()  # type: ignore[assignment]
    main()
