"""The pages about calls of the API."""

from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.web.operation import Parameter

API_LOG = Area(
    "API log", "/api-log", "pulse", "records.view",
    (
        DashboardOperation("GET", "/api-log", "api_log.pages.listed", "dashboard_api_log", "records.view"),
        DashboardOperation(
            "GET", "/api-log/{call_id}", "api_log.pages.shown", "dashboard_api_call", "records.view",
            parameters=(Parameter("call_id", "path"),),
        ),
    ),
)  # fmt: skip
