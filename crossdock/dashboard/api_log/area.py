"""The pages about calls of the API."""

from crossdock.dashboard.operation import Area, DashboardOperation

API_LOG = Area(
    "API log", "/api-log", "pulse", "records.view",
    (DashboardOperation("GET", "/api-log", "api_log.pages.listed", "dashboard_api_log", "records.view"),),
)  # fmt: skip
