"""The pages about what can be connected."""

from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.web.operation import Parameter

INTEGRATIONS = Area(
    "Integrations", "/integrations", "grid", "connections.view",
    (
        DashboardOperation(
            "GET", "/integrations", "integrations.pages.listed", "dashboard_integrations", "connections.view"
        ),
        DashboardOperation(
            "GET", "/integrations/{integration_type}/{integration_name}", "integrations.pages.shown",
            "dashboard_integration", "connections.view",
            parameters=(Parameter("integration_type", "path"), Parameter("integration_name", "path")),
        ),
    ),
)  # fmt: skip
