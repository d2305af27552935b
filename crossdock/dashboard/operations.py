"""Every page of the dashboard: its areas in the order of the navigation, and what belongs to none."""

from crossdock.dashboard.api_log.area import API_LOG
from crossdock.dashboard.carrier.area import CARRIER
from crossdock.dashboard.connections.area import CONNECTIONS
from crossdock.dashboard.explorer.area import EXPLORER
from crossdock.dashboard.home.area import HOME
from crossdock.dashboard.integrations.area import INTEGRATIONS
from crossdock.dashboard.operation import DashboardOperation
from crossdock.dashboard.reference.area import REFERENCE
from crossdock.dashboard.settings.area import SETTINGS
from crossdock.dashboard.webhooks.area import WEBHOOKS

PREFIX = "/dashboard"

AREAS = (
    HOME, CONNECTIONS, EXPLORER, WEBHOOKS, CARRIER, API_LOG, INTEGRATIONS, REFERENCE, SETTINGS,
)  # fmt: skip

BASE = (
    DashboardOperation("POST", "/theme", "base.handlers.theme_chosen", "dashboard_theme", "connections.view"),
    DashboardOperation("GET", "/palette", "palette.pages.found", "dashboard_palette", "connections.view"),
)

OPERATIONS = (*BASE, *(operation for area in AREAS for operation in area.operations))
