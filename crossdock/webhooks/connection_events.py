"""What the events about connections tell: the members of their `data`, and an example of each."""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from crossdock.resources.common import Money, Timestamp
from crossdock.resources.event_types import AUDIT_COMPLETED, SYNC_COMPLETED
from crossdock.wire import encoder

MOMENT = "2026-01-02T09:00:00Z"
CONNECTION = "07b344db-0304-4866-9ae1-ac8af5292a28"


class EventData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All its members are always there."""


class ConnectionCreated(EventData, kw_only=True):
    created_date: Timestamp
    access_token: str


class ConnectionDeleted(EventData, kw_only=True):
    deleted_date: Timestamp


class HistoricalSyncEvent(EventData, kw_only=True):
    oldest_data_date: Timestamp
    newest_data_date: Timestamp
    resource: str


class ForceSyncEvent(EventData, kw_only=True):
    function_name: str
    resource: str
    functions_synced: list[str]


class OnDemandSyncEvent(EventData, kw_only=True):
    id: str
    sync_job_id: str
    connection_id: str
    function_name: str
    requested_start_time: Timestamp
    requested_end_time: Timestamp
    status: Literal["completed", "stuck"]
    created_at: Timestamp


class ScheduleStuckEvent(EventData, kw_only=True):
    function_name: str
    last_crawl_start: Timestamp
    latest_data: Timestamp | None


class AffectedFunction(EventData, kw_only=True):
    endpoint: str
    preventing_sync: bool


class ConnectionErrorEvent(EventData, kw_only=True):
    failed_url: str
    affected_endpoints: list[AffectedFunction]
    integration_name: str
    error_message: str
    created_date: Timestamp
    updated_date: Timestamp
    last_seen: Timestamp


class SyncCounts(EventData, kw_only=True):
    """The records of a sync, by what came of them."""

    added: int
    changed: int
    deleted: int
    unchanged: int
    set_aside: int


class SyncCompletedEvent(EventData, kw_only=True):
    sync_run_id: str
    function_name: str
    resource: str
    cause: Literal["schedule", "force", "first", "on_demand", "inbound", "file"]
    historical: bool
    started_at: Timestamp
    completed_at: Timestamp
    begin: Timestamp | None = msgspec.field(name="from")
    end: Timestamp | None = msgspec.field(name="to")
    counts: SyncCounts
    event_id: str | None


class NewFindings(EventData, kw_only=True):
    """What an audit of carrier charges found first, added up by rule, direction and currency."""

    rule: str
    direction: Literal["recoverable", "credited", "avoidable", "to_look_at"]
    currency: str | None
    findings: int
    amount: Money


class AuditCompletedEvent(EventData, kw_only=True):
    audited_at: Timestamp
    new_findings: list[NewFindings]


class InstallFailedEvent(EventData, kw_only=True):
    error_message: str
    customer_id: str | None


_PROBLEM = ConnectionErrorEvent(
    failed_url="https://wms.example/orders",
    affected_endpoints=[AffectedFunction(endpoint="GET /wms/orders", preventing_sync=True)],
    integration_name="sandbox", error_message="the credentials were refused", created_date=MOMENT,
    updated_date=MOMENT, last_seen=MOMENT,
)  # fmt: skip
_COMPLETED = OnDemandSyncEvent(
    id="job_1", sync_job_id="job_1", connection_id=CONNECTION, function_name="get_orders",
    requested_start_time="2025-12-01T00:00:00Z", requested_end_time="2026-01-01T00:00:00Z",
    status="completed", created_at=MOMENT,
)  # fmt: skip
EXAMPLES: dict[str, EventData] = {
    "connection.created": msgspec.convert(
        {"created_date": MOMENT, "access_token": "ct_example"}, ConnectionCreated
    ),
    "connection.deleted": ConnectionDeleted(deleted_date=MOMENT),
    "connection.historical-sync-completed": HistoricalSyncEvent(
        oldest_data_date="2025-12-01T00:00:00Z", newest_data_date=MOMENT, resource="orders"
    ),
    "connection.force-sync-completed": ForceSyncEvent(
        function_name="get_orders", resource="orders", functions_synced=["get_orders"]
    ),
    "connection.sync-job-completed": _COMPLETED,
    "connection.sync-job-stuck": msgspec.structs.replace(_COMPLETED, status="stuck"),
    "connection.schedule-stuck": ScheduleStuckEvent(
        function_name="get_orders", last_crawl_start=MOMENT, latest_data="2026-01-02T08:00:00Z"
    ),
    "connection-error.created": _PROBLEM,
    "connection-error.updated": _PROBLEM,
    "connection-error.deleted": _PROBLEM,
    SYNC_COMPLETED: SyncCompletedEvent(
        sync_run_id="job_0EEwPUVqab7WGm58iuM9v24gB4x",
        function_name="get_orders",
        resource="orders",
        cause="schedule",
        historical=False,
        started_at="2026-01-02T08:59:51Z",
        completed_at=MOMENT,
        begin="2026-01-02T08:03:10Z",
        end="2026-01-02T08:58:12Z",
        counts=SyncCounts(added=12, changed=310, deleted=0, unchanged=3678, set_aside=0),
        event_id="msg_0EEwPUVqauTkmhpTOUQJTjV8SmE",
    ),
    AUDIT_COMPLETED: AuditCompletedEvent(
        audited_at=MOMENT,
        new_findings=[
            NewFindings(
                rule="duplicate_charge",
                direction="recoverable",
                currency="USD",
                findings=3,
                amount=Decimal("13.05"),
            )
        ],
    ),
    "install.failed": InstallFailedEvent(
        error_message="the credentials were refused", customer_id="customer-42"
    ),
}


def example(name: str) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(encoder.encode(EXAMPLES[name]))
    return fields
