"""The pages about records."""

from crossdock.dashboard.explorer.importing import MOST_BYTES
from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.web.operation import Parameter

_CONNECTION = Parameter("connection_id", "path")
_RESOURCE = Parameter("resource", "path")
_RECORD = Parameter("record_id", "path", may_have_slashes=True)
_ACTION = Parameter("action", "path")
_WRITING = ("send", "rehearse", "more")

EXPLORER = Area(
    "Data explorer", "/explorer", "table", "records.view",
    (
        DashboardOperation(
            "GET", "/explorer", "explorer.choosing.chosen", "dashboard_explorer", "records.view"
        ),
        DashboardOperation(
            "POST", "/explorer", "explorer.choosing.sandbox_made", "dashboard_explorer_form",
            "connections.manage", acts=("make",),
        ),
        DashboardOperation(
            "GET", "/explorer/{connection_id}", "explorer.choosing.shown", "dashboard_explored_connection",
            "records.view", parameters=(_CONNECTION,),
        ),
        DashboardOperation(
            "POST", "/explorer/{connection_id}", "explorer.choosing.reset",
            "dashboard_explored_connection_form", "connections.manage", parameters=(_CONNECTION,),
            acts=("reset",),
        ),
        DashboardOperation(
            "GET", "/explorer/{connection_id}/list/{resource}", "explorer.lists.listed", "dashboard_records",
            "records.view", parameters=(_CONNECTION, _RESOURCE),
        ),
        DashboardOperation(
            "GET", "/explorer/{connection_id}/record/{resource}/{record_id}", "explorer.record.shown",
            "dashboard_record", "records.view", parameters=(_CONNECTION, _RESOURCE, _RECORD),
        ),
        DashboardOperation(
            "POST", "/explorer/{connection_id}/record/{resource}/{record_id}", "explorer.record.tagged",
            "dashboard_record_form", "records.write", parameters=(_CONNECTION, _RESOURCE, _RECORD),
            acts=("tag",),
        ),
        DashboardOperation(
            "GET", "/explorer/{connection_id}/write/{action}", "explorer.write_pages.asked",
            "dashboard_write", "records.write", parameters=(_CONNECTION, _ACTION),
        ),
        DashboardOperation(
            "POST", "/explorer/{connection_id}/write/{action}", "explorer.write_pages.sent",
            "dashboard_write_form", "records.write", parameters=(_CONNECTION, _ACTION), acts=_WRITING,
            largest_form=MOST_BYTES,
        ),
        DashboardOperation(
            "GET", "/explorer/{connection_id}/write/{action}/{record_id}", "explorer.write_pages.asked",
            "dashboard_record_write", "records.write", parameters=(_CONNECTION, _ACTION, _RECORD),
        ),
        DashboardOperation(
            "POST", "/explorer/{connection_id}/write/{action}/{record_id}", "explorer.write_pages.sent",
            "dashboard_record_write_form", "records.write", parameters=(_CONNECTION, _ACTION, _RECORD),
            acts=_WRITING, largest_form=MOST_BYTES,
        ),
        DashboardOperation(
            "GET", "/explorer/{connection_id}/import/{action}", "explorer.importing.asked",
            "dashboard_import", "records.write", parameters=(_CONNECTION, _ACTION),
        ),
        DashboardOperation(
            "POST", "/explorer/{connection_id}/import/{action}", "explorer.importing.sent",
            "dashboard_import_form", "records.write", parameters=(_CONNECTION, _ACTION),
            acts=("send", "rehearse"), largest_form=MOST_BYTES,
        ),
        DashboardOperation(
            "GET", "/explorer/{connection_id}/template/{action}", "explorer.importing.template",
            "dashboard_import_template", "records.write", parameters=(_CONNECTION, _ACTION),
        ),
    ),
)  # fmt: skip
