"""The pages about connections."""

from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.web.operation import Parameter

_CONNECTION = (Parameter("connection_id", "path"),)

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
            acts=("sync", "pause", "resume", "mute", "unmute"),
        ),
    ),
)  # fmt: skip
