"""What the events about connections tell: the members of their `data`, and an example of each."""

from typing import Any, Literal

import msgspec

from crossdock.resources.common import Timestamp

MOMENT = "2026-01-02T09:00:00Z"
CONNECTION = "07b344db-0304-4866-9ae1-ac8af5292a28"


class Data(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All its members are always there."""


class Created(Data, kw_only=True):
    created_date: Timestamp
    access_token: str


class Deleted(Data, kw_only=True):
    deleted_date: Timestamp


class HistoricalSync(Data, kw_only=True):
    oldest_data_date: Timestamp
    newest_data_date: Timestamp
    resource: str


class ForceSync(Data, kw_only=True):
    functions_synced: list[str]


class SyncJob(Data, kw_only=True):
    id: str
    sync_job_id: str
    connection_id: str
    function_name: str
    requested_start_time: Timestamp
    requested_end_time: Timestamp
    status: Literal["completed", "stuck"]
    created_at: Timestamp


class ScheduleStuck(Data, kw_only=True):
    function_name: str
    last_crawl_start: Timestamp


class AffectedEndpoint(Data, kw_only=True):
    endpoint: str
    preventing_sync: bool


class Problem(Data, kw_only=True):
    failed_url: str
    affected_endpoints: list[AffectedEndpoint]
    integration_name: str
    error_message: str
    created_date: Timestamp
    updated_date: Timestamp
    last_seen: Timestamp


class InstallFailed(Data, kw_only=True):
    error_message: str
    customer_id: str | None


_PROBLEM = Problem(
    failed_url="https://wms.example/orders",
    affected_endpoints=[AffectedEndpoint(endpoint="GET /wms/orders", preventing_sync=True)],
    integration_name="sandbox", error_message="the credentials were refused", created_date=MOMENT,
    updated_date=MOMENT, last_seen=MOMENT,
)  # fmt: skip
_COMPLETED = SyncJob(
    id="job_1", sync_job_id="job_1", connection_id=CONNECTION, function_name="get_orders",
    requested_start_time="2025-12-01T00:00:00Z", requested_end_time="2026-01-01T00:00:00Z",
    status="completed", created_at=MOMENT,
)  # fmt: skip
EXAMPLES: dict[str, Data] = {
    "connection.created": msgspec.convert({"created_date": MOMENT, "access_token": "ct_example"}, Created),
    "connection.deleted": Deleted(deleted_date=MOMENT),
    "connection.historical-sync-completed": HistoricalSync(
        oldest_data_date="2025-12-01T00:00:00Z", newest_data_date=MOMENT, resource="orders"
    ),
    "connection.force-sync-completed": ForceSync(functions_synced=["get_orders"]),
    "connection.sync-job-completed": _COMPLETED,
    "connection.sync-job-stuck": msgspec.structs.replace(_COMPLETED, status="stuck"),
    "connection.schedule-stuck": ScheduleStuck(function_name="get_orders", last_crawl_start=MOMENT),
    "connection-error.created": _PROBLEM,
    "connection-error.updated": _PROBLEM,
    "connection-error.deleted": _PROBLEM,
    "install.failed": InstallFailed(error_message="the credentials were refused", customer_id="customer-42"),
}


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(EXAMPLES[name])
    return found
