"""Every page of the dashboard: its areas in the order of the navigation, and what belongs to none."""

from crossdock.dashboard.api_log.area import API_LOG
from crossdock.dashboard.connections.area import CONNECTIONS
from crossdock.dashboard.explorer.area import EXPLORER
from crossdock.dashboard.home.area import HOME
from crossdock.dashboard.operation import DashboardOperation
from crossdock.dashboard.settings.area import SETTINGS

PREFIX = "/dashboard"

AREAS = (HOME, CONNECTIONS, EXPLORER, API_LOG, SETTINGS)

BASE = (
    DashboardOperation("POST", "/theme", "base.handlers.theme_chosen", "dashboard_theme", "connections.view"),
)

OPERATIONS = (*BASE, *(operation for area in AREAS for operation in area.operations))
