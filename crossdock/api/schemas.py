"""The bodies of everything that is not a record: connections, schedules, integrations, errors.

`Body` is what callers send, `Reply` what they get; both are closed and their members are sent in the
order they are declared, as in the contract. A member marked `INFERRED` is always sent, but only
implied by the published pages: the document does not promise it.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from crossdock.resources.catalogue import all_resources
from crossdock.resources.common import Moment, Timestamp

INFERRED = Meta(extra_json_schema={"x-inferred": True})
DEPRECATED = Meta(extra_json_schema={"deprecated": True})

IntegrationType = Literal["wms", "freight", "cart", "carrier"]

FUNCTIONS = tuple(dict.fromkeys(resource.function for resource in all_resources() if resource.every))
"""What has a schedule, so what can be synced and paused."""

if TYPE_CHECKING:
    FunctionName = str
else:
    FunctionName = Literal[FUNCTIONS]


class Body(Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of what a caller sends."""


class Reply(Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of what a caller gets. All its members are always there, but those that may be UNSET."""


# Connections


class SyncSchedule(Reply, kw_only=True):
    """How one function of a connection is kept up to date."""

    function_name: str
    latest_sync: Annotated[Timestamp | None, DEPRECATED, Meta(description="Use last_crawl_end.")]
    last_crawl_start: Annotated[Timestamp | None, Meta(description="When the last sync began.")]
    last_crawl_end: Annotated[Timestamp | None, Meta(description="When the last sync ended.")]
    latest_data: Annotated[Timestamp | None, INFERRED, Meta(description="The newest change that is held.")]
    sync_frequency: Annotated[int, Meta(description="Seconds between two syncs.")]
    in_progress: Annotated[bool, DEPRECATED, Meta(description="Use sync_status.")]
    sync_status: Literal["enabled", "disabled", "sync_in_progress", "first_sync_in_progress", "error"] | None


class AffectedEndpoint(Reply, kw_only=True):
    endpoint: Annotated[str, Meta(description="Method and path, GET /wms/returns.")]
    preventing_sync: Annotated[bool, Meta(description="Whether nothing of it can be synced.")]


class SetAside(Reply, kw_only=True):
    """A record, or a part of one, that could not be taken in."""

    id: str
    reason: str


class ConnectionError(Reply, kw_only=True):
    """Why a connection, or one resource of it, does not sync; or what of it was set aside."""

    error_message: str
    affected_endpoints: list[AffectedEndpoint]
    first_seen: Timestamp
    last_seen: Timestamp
    error_type: Annotated[
        Literal[
            "invalid_credentials", "missing_permission", "login_throttled", "system_throttled",
            "system_unavailable", "address_refused", "unexpected_answer", "request_refused", "no_progress",
            "internal_error", "records_set_aside", "file_refused",
        ],
        INFERRED,
        Meta(description="The first two are the contract's; the others are extensions."),
    ]  # fmt: skip
    resource: Annotated[str | None, INFERRED, Meta(description="Null when it is about all resources.")]
    message: Annotated[str, INFERRED, Meta(description="The same as error_message.")]
    count: Annotated[int | UnsetType, Meta(description="How many records were set aside.")] = UNSET
    examples: Annotated[
        list[SetAside] | UnsetType, Meta(description="Some of those that were set aside.")
    ] = UNSET


class Connection(Reply, kw_only=True):
    """One customer's system."""

    connection_id: Annotated[str, Meta(description="Stays the same when the system is connected again.")]
    integration_name: Annotated[str, Meta(description="The slug of the integration.")]
    integration_display_name: Annotated[str, INFERRED]
    customer_id: Annotated[str | None, Meta(description="Your own key for the customer.")]
    created_at: Timestamp
    last_used: Annotated[Timestamp | None, Meta(description="When its access token was last used.")]
    times_used: Annotated[int | None, Meta(description="How many calls were made with its access token.")]
    latest_sync: Annotated[Timestamp | None, DEPRECATED, Meta(description="Use sync_schedules.")]
    sync_schedules: list[SyncSchedule]
    historical_sync_completed: Annotated[
        dict[str, bool], INFERRED, Meta(description="Per function, whether its first sync is done.")
    ]
    errors: list[ConnectionError]
    available_actions: Annotated[list[str], Meta(description="What it can do and may do.")]
    available_endpoints: Annotated[list[str], DEPRECATED, Meta(description="Use available_actions.")]
    integration_type: IntegrationType
    webhooks_disabled: Annotated[bool | None, Meta(description="Whether events about its records are muted.")]
    me: Annotated[
        dict[str, Any] | None, INFERRED, Meta(description="The account, as the connected system names it.")
    ]


class ConnectionList(Reply, kw_only=True):
    data: list[Connection]
    next_token: Annotated[str | None, Meta(description="Null on the last page.")]
    total_count: Annotated[int, Meta(description="How many there are on this page.")]


Quantities = Literal["rounded", "exact"]


class UpdateConnectionRequest(Body, kw_only=True):
    customer_id: Annotated[str | UnsetType | None, Meta(description="Your own key for the customer.")] = UNSET
    webhooks_disabled: Annotated[bool | UnsetType, Meta(description="Mute events about its records.")] = UNSET
    quantities: Annotated[
        Quantities | UnsetType,
        Meta(
            description="Extension. rounded: quantities are whole numbers, as the contract has them. "
            "exact: they may have a fraction, such as 1.5; everything is read again then."
        ),
    ] = UNSET
    keep_raw: Annotated[
        bool | UnsetType,
        Meta(
            description="Extension. Keep each record as the connected system sent it, too; it is read at "
            "`/raw` below the record. Everything is read again then."
        ),
    ] = UNSET
    sync_frequency: Annotated[
        dict[str, int | None] | UnsetType | None,
        Meta(
            description="Extension. Seconds between two syncs, by function: 60 to 604800, or null for the "
            "default. Null: the default of all; functions that are left out stay as they are."
        ),
    ] = UNSET
    lookback_days: Annotated[
        int | UnsetType | None,
        Meta(
            description="Extension. How many days first syncs read back that have not begun: 0 to 1096. "
            "Null: as the organization has it."
        ),
    ] = UNSET


class UpdatedConnection(Reply, kw_only=True):
    id: Annotated[str, Meta(description="The connection.")]
    object: Literal["connection"] = "connection"
    updated: bool = True


class DeletedConnection(Reply, kw_only=True):
    id: Annotated[str, Meta(description="The connection.")]
    object: Literal["connection"] = "connection"
    deleted: bool = True


class SyncRequest(Body, kw_only=True):
    functions_to_sync: Annotated[
        list[FunctionName] | UnsetType, Meta(description="Leave it out to sync everything.")
    ] = UNSET


class SyncResponse(Reply, kw_only=True):
    id: Annotated[str, Meta(description="The connection.")]
    syncing: bool
    functions_to_sync: Annotated[list[str], Meta(description="Empty when everything is synced.")]


class ToggleRequest(Body, kw_only=True):
    paused: Annotated[bool, Meta(description="True pauses, false resumes.")]


# On-demand syncs


WINDOWED = (
    "get_products",
    "get_orders",
    "get_inbound_shipments",
    "get_returns",
    "get_bills",
    "get_inventory_ledger",
    "get_invoice_line_items",
)
"""What the contract has sync jobs for."""

if TYPE_CHECKING:
    OnDemandFunction = str
else:
    OnDemandFunction = Literal[WINDOWED]


class CreateSyncJobRequest(Body, kw_only=True):
    start_time: Annotated[Moment, Meta(description="Where the window begins.")]
    end_time: Annotated[Moment, Meta(description="Where it ends; at most five minutes ahead, taken as now.")]
    function_name: OnDemandFunction


class AskedSyncJob(CreateSyncJobRequest, kw_only=True):
    """The same as it is read: any other function is answered as one that is not enabled."""

    function_name: str


class SyncJob(Reply, kw_only=True):
    """A window of one function that was asked for."""

    id: str
    sync_job_id: Annotated[str, INFERRED, Meta(description="The same as id.")]
    connection_id: str
    function_name: str
    requested_start_time: Timestamp
    requested_end_time: Timestamp
    status: Annotated[
        Literal["open", "completed", "cancelled", "stuck"], Meta(description="Open: it waits or runs.")
    ]
    created_at: Timestamp


class SyncJobList(Reply, kw_only=True):
    data: list[SyncJob]
    next_token: Annotated[str | None, Meta(description="Null on the last page.")]
    total_count: Annotated[int, Meta(description="How many there are on this page.")]


# Integrations


class IntegrationSpecificFields(Reply, kw_only=True):
    properties: Annotated[dict[str, Any], Meta(description="Fragments of JSON Schema, by field.")]
    type: Literal["object"] = "object"
    required_fields: list[str] | UnsetType = UNSET


class WriteOperation(Reply, kw_only=True):
    action: str
    url: Annotated[str, Meta(description="Method and path, POST /wms/orders.")]
    required_base_schema_fields: Annotated[list[str], Meta(description="Dotted paths.")]
    optional_base_schema_fields: Annotated[list[str], Meta(description="Dotted paths.")]
    integration_specific_fields: IntegrationSpecificFields


class ListOperation(Reply, kw_only=True):
    action: str
    url: Annotated[str, Meta(description="Method and path, GET /wms/orders.")]
    implemented_fields: Annotated[
        dict[str, Any],
        Meta(
            description="Shaped like a record, with true or false for each field. Lists hold one item; "
            'objects with free keys have the key "key".'
        ),
    ]


class IntegrationInfo(Reply, kw_only=True):
    """What an integration can do."""

    integration_name: Annotated[str, Meta(description="Its slug.")]
    display_name: str
    install_method: Literal["input", "oauth"]
    description: str
    logo_url: str
    write_operations: list[WriteOperation]
    list_operations: list[ListOperation]
    available_actions: list[str]
    evidence: Annotated[
        Literal["documented", "recorded", "live"],
        Meta(
            description="How it is known to work (an extension). documented: from the vendor's description; "
            "recorded: from answers of the vendor's system; live: run against it."
        ),
    ]
    evidence_note: Annotated[
        str | None, Meta(description="What it was run against, and when (an extension).")
    ]
    inbound_functions: Annotated[
        list[str], Meta(description="Reads whose changes the system sends by webhook (an extension).")
    ]


class IntegrationInfoList(Reply, kw_only=True):
    data: list[IntegrationInfo]


class WriteInfo(Reply, kw_only=True):
    """What the writes of an integration take: an OpenAPI document of its own."""

    openapi: Literal["3.1.0"]
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]


# Writes


class PassthroughRequest(Body, kw_only=True):
    """A call of the connected system's own API."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Annotated[str, Meta(description="Below the connected system's base URL; begins with /.")]
    data: Annotated[Any, Meta(description="A body for POST, PUT and PATCH.")] = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    params: Annotated[dict[str, Any] | UnsetType, Meta(description="Query parameters.")] = UNSET


class PassthroughResponse(Reply, kw_only=True):
    """What the connected system answered."""

    status_code: int
    headers: dict[str, Any]
    body: Annotated[
        Any, Meta(description="JSON as it is, text as a text, else {content_type, base64}; null: nothing.")
    ]


class OrderFileResponse(Reply, kw_only=True):
    """The file is attached."""

    data: Literal["success"]
    id: Annotated[str, Meta(description="The order.")]
    unused_fields: list[str]


class WouldBeSent(Reply, kw_only=True):
    """A request to the connected system. Headers that sign it are left out."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any


DRY_RUN_TYPE = "application/vnd.crossdock.dry-run+json"
"""The content type of a dry run: what is answered otherwise stays as it is documented."""


class DryRun(Reply, kw_only=True):
    """What a write would send. None of it was sent."""

    dry_run: Annotated[bool, Meta(description="Always true.")]
    requests: list[WouldBeSent]
    is_complete: Annotated[bool, Meta(description="False: what follows depends on answers.")]
    unused_fields: list[str]


class WriteError(Struct, kw_only=True):
    """What went wrong with a write. origin: who it comes from, this server or the connected system."""

    error: Annotated[str, Meta(description="For people, in the connected system's words where it has any.")]
    origin: Literal["trackstar", "integration"]
    outcome: Annotated[
        Literal["uncertain", "partial", "done"] | UnsetType,
        Meta(
            description="It may have been done, some of it was, or it was and could not be read back. Send "
            "it again with the same Idempotency-Key: nothing is done twice."
        ),
    ] = UNSET
    id: Annotated[str | UnsetType, Meta(description="The record that it made, where that is known.")] = UNSET


# Sandbox


class SandboxExchange(Reply, kw_only=True):
    """A sandbox connection and the token to use it with."""

    access_token: Annotated[str, Meta(description="The permanent secret of this connection.")]
    connection_id: str
    integration_name: Literal["sandbox"] = "sandbox"
    customer_id: str | None
    available_actions: list[str]
    available_endpoints: Annotated[list[str], DEPRECATED, Meta(description="Use available_actions.")]


class SimulatedFields(Struct, kw_only=True):
    id: str


class SimulatedRecord(Struct, kw_only=True):
    """The whole record after what was simulated, in the shape of its resource."""

    data: SimulatedFields


# The server itself


class Health(Reply, kw_only=True):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Readiness(Reply, kw_only=True):
    """The process can answer: its database does."""

    status: Literal["ready"] = "ready"


# Errors

Origin = Annotated[
    Literal["trackstar", "integration"],
    Meta(description="Who it comes from: this server, or the connected system."),
]


class Error(Struct, kw_only=True):
    """What went wrong."""

    error: Annotated[str, Meta(description="For people.")]
    origin: Origin


class NotFoundError(Struct, kw_only=True):
    """Nothing by that id belongs to this caller."""

    error: Annotated[str, Meta(description="For people.")]
    origin: Origin
    id: Annotated[str | UnsetType, Meta(description="What was not found.")] = UNSET


class ValidationError(Struct, kw_only=True):
    """The request does not fit; all that is wrong with it at once."""

    error: Annotated[str, Meta(description="The first of the messages.")]
    origin: Origin
    detail: Annotated[
        dict[str, dict[str, list[str]]] | UnsetType,
        Meta(description="Messages by place (query, path, json) and field."),
    ] = UNSET
