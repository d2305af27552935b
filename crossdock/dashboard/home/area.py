"""The home page."""

from crossdock.dashboard.operation import Area, DashboardOperation

HOME = Area(
    "Home", "", "home", "connections.view",
    (DashboardOperation("GET", "", "home.pages.shown", "dashboard_home", "connections.view"),),
)  # fmt: skip
