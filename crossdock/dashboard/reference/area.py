"""The pages about the API itself."""

from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.web.operation import Parameter

_OPERATION = (Parameter("operation_id", "path"),)

REFERENCE = Area(
    "API reference", "/reference", "book", "records.view",
    (
        DashboardOperation(
            "GET", "/reference", "reference.pages.listed", "dashboard_reference", "records.view"
        ),
        DashboardOperation(
            "GET", "/reference/{operation_id}", "reference.pages.shown", "dashboard_reference_operation",
            "records.view", parameters=_OPERATION,
        ),
        DashboardOperation(
            "POST", "/reference/{operation_id}", "reference.acts.tried", "dashboard_reference_trial",
            "records.view", parameters=_OPERATION,
        ),
    ),
)  # fmt: skip
