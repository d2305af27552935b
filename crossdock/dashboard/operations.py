"""Every page of the dashboard, on one screen: areas in the order of the navigation."""

from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.web.operation import Parameter

PREFIX = "/dashboard"

_CONNECTION = (Parameter("connection_id", "path"),)

HOME = Area(
    "Home", "", "home", "connections.view",
    (DashboardOperation("GET", "", "home.pages.shown", "dashboard_home", "connections.view"),),
)  # fmt: skip

CONNECTIONS = Area(
    "Connections", "/connections", "plug", "connections.view",
    (
        DashboardOperation(
            "GET", "/connections", "connections.pages.listed", "dashboard_connections", "connections.view"
        ),
        DashboardOperation(
            "GET", "/connections/{connection_id}", "connections.pages.shown", "dashboard_connection",
            "connections.view", parameters=_CONNECTION,
        ),
        DashboardOperation(
            "POST", "/connections/{connection_id}", "connections.acts.changed", "dashboard_connection_form",
            "connections.manage", parameters=_CONNECTION,
        ),
    ),
)  # fmt: skip

API_LOG = Area(
    "API log", "/api-log", "pulse", "records.view",
    (DashboardOperation("GET", "/api-log", "api_log.pages.listed", "dashboard_api_log", "records.view"),),
)  # fmt: skip

AREAS = (HOME, CONNECTIONS, API_LOG)

BASE = (
    DashboardOperation("POST", "/theme", "base.handlers.theme_chosen", "dashboard_theme", "connections.view"),
)

OPERATIONS = (*BASE, *(operation for area in AREAS for operation in area.operations))
