"""Every operation of the API in one table: routes and documentation are both made from it.

    resources' declarations ─▶ list and single reads ─┐
    writes' declarations    ─▶ write_operations.py   ─┤
    platform_operations.py  ─▶ logs, requests, …     ─┤
    PLATFORM, below         ─▶ everything else       ─┴─▶ all_operations() ─▶ routes, openapi.json

`handler` is "module.function" below `crossdock.api`. A handler of a read gets its resource from the
operation; `parameters` and `body` say what `query.arguments` and `bodies.read` accept.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

from crossdock.api import addition_schemas, extension_schemas, schemas
from crossdock.api.alert_operations import ALERTS
from crossdock.api.carrier.operations import CARRIER
from crossdock.api.connections.operations import LIFE
from crossdock.api.link.operations import LINK
from crossdock.api.operation import PAGE_TOKEN, Access, ApiOperation
from crossdock.api.platform_operations import EXTRA
from crossdock.api.platform_schemas import ConnectionItem
from crossdock.api.records.write_operations import write_operations
from crossdock.resources.catalogue import all_resources
from crossdock.resources.event_types import ALIASES, event_types
from crossdock.resources.schema import Resource
from crossdock.web.operation import Parameter

CONNECTION_ID = Parameter("connection_id", "path")
FUNCTION_NAME = Parameter("function_name", "path", choices=schemas.FUNCTIONS)
INTEGRATION_TYPE = Parameter("integration_type", "path", choices=get_args(schemas.IntegrationType))
INTEGRATION_NAME = Parameter("integration_name", "path", "The slug of an integration.")
SYNC_JOB_ID = Parameter("sync_job_id", "path")
SANDBOX_TYPE = Parameter("integration_type", "path", choices=("wms", "cart", "carrier"))
ORDER_ID = Parameter("order_id", "path")
RETURN_ID = Parameter("return_id", "path")
TOKEN_FILTER = Parameter(
    "access_token", description="Only the connection with this access token.", deprecated=True
)
EVENT_ID = Parameter("event_id", "path")
EXPIRES = Parameter("expires", description="As the link has it.")
SIGNATURE = Parameter("signature", description="As the link has it.")
AFTER = Parameter(
    "after",
    description="`next` of the page before, or the id of any event. Absent: begin. `latest`: the place of "
    "what comes next.",
)
EVENT_TYPE = Parameter(
    "type",
    description="Only these events. Those that a record is gone are sent to nobody who does not name them.",
    choices=(*event_types(), *ALIASES),
    is_many=True,
)
LIMIT = Parameter(
    "limit", description="How many on a page; more than 1000 is taken as 1000.", is_number=True, default=1000
)
CHANGES_LIMIT = Parameter(
    "limit", description="How many on a page; more than 1000 is taken as 1000.", is_number=True, default=100
)
AS_OF = Parameter(
    "as_of",
    description="As it was at the end of this second, as seen by this server. Lists are then ordered by id.",
    is_time=True,
)
PARTIAL = Parameter("partial", description="Stop at partially_fulfilled.", is_flag=True, default=False)
INCLUDE_DELETED = Parameter(
    "include_deleted",
    description="Also find a record that the connected system no longer has.",
    is_flag=True,
    default=False,
)

READ_ERRORS = (401, 403, 404, 422, 429, 501)

PLATFORM = (
    ApiOperation(
        "GET", "/connections", "connections.connections.get_list", "listConnections",
        "List the connections of the organization", "Connections", schemas.ConnectionList,
        access=Access.KEY, takes_bound_key=True, parameters=(PAGE_TOKEN, TOKEN_FILTER),
    ),
    ApiOperation(
        "PATCH", "/connections", "connections.settings.changed_by_token", "updateConnection",
        "Change customer_id, or mute events about records", "Connections", schemas.UpdatedConnection,
        body=schemas.UpdateConnectionRequest, body_required=False,
        example={"customer_id": "customer-42", "webhooks_disabled": True},
        errors=(400, 401, 403, 422, 429),
    ),
    ApiOperation(
        "DELETE", "/connections", "connections.connections.deleted", "deleteConnection",
        "Delete the connection that the access token belongs to", "Connections",
        schemas.DeletedConnection, errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        "GET", "/connections/{connection_id}", "connections.connections.get_item", "getConnection",
        "Read one connection", "Connections", ConnectionItem,
        access=Access.KEY, parameters=(CONNECTION_ID,), errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/connections/{connection_id}/freshness", "connections.freshness.of_connection",
        "getConnectionFreshness", "How old the data of each function are, and how its last sync went",
        "Connections", extension_schemas.ConnectionFreshness, access=Access.KEY, parameters=(CONNECTION_ID,),
        errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "POST", "/connections/sync", "connections.syncs.started", "syncConnection",
        "Sync now, without waiting for the schedule", "Sync", schemas.SyncResponse,
        body=schemas.SyncRequest, body_required=False, example={"functions_to_sync": ["get_orders"]},
        errors=(400, 401, 403, 422, 429),
    ),
    ApiOperation(
        "POST", "/connections/{connection_id}/sync", "connections.syncs.started_by_id", "syncConnectionById",
        "The same for a connection by its id; the access token may be left out", "Sync", schemas.SyncResponse,
        access=Access.KEY_MAYBE_TOKEN, parameters=(CONNECTION_ID,), body=schemas.SyncRequest,
        body_required=False, example={"functions_to_sync": ["get_orders"]},
        errors=(400, 401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/connections/on-demand-syncs", "connections.on_demand.get_list", "listSyncJobs",
        "List the connection's sync jobs, the newest first", "Sync", schemas.SyncJobList,
        parameters=(PAGE_TOKEN,),
    ),
    ApiOperation(
        "POST", "/connections/on-demand-syncs", "connections.on_demand.created", "createSyncJob",
        "Sync a window of one function, ahead of the schedules", "Sync", schemas.SyncJob,
        body=schemas.CreateSyncJobRequest,
        example={
            "start_time": "2026-01-01T00:00:00Z",
            "end_time": "2026-02-01T00:00:00Z",
            "function_name": "get_orders",
        },
        errors=(400, 401, 403, 422, 429),
    ),
    ApiOperation(
        "GET", "/connections/on-demand-syncs/{sync_job_id}", "connections.on_demand.get_item", "getSyncJob",
        "Read one sync job", "Sync", schemas.SyncJob, parameters=(SYNC_JOB_ID,),
        errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "POST", "/connections/on-demand-syncs/{sync_job_id}/cancel", "connections.on_demand.cancelled",
        "cancelSyncJob", "Cancel an open sync job", "Sync", schemas.SyncJob,
        parameters=(SYNC_JOB_ID,), errors=(400, 401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "PATCH", "/schedules/{function_name}/toggle", "connections.syncs.toggled", "toggleSchedule",
        "Pause or resume one schedule", "Schedules", schemas.UpdatedConnection,
        parameters=(FUNCTION_NAME,), body=schemas.ToggleRequest, example={"paused": True},
        errors=(400, 401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "PATCH", "/schedules/toggle-all", "connections.syncs.all_toggled", "toggleAllSchedules",
        "Pause or resume every schedule", "Schedules", schemas.UpdatedConnection,
        body=schemas.ToggleRequest, example={"paused": True}, errors=(400, 401, 403, 422, 429),
    ),
    ApiOperation(
        "GET", "/events", "events.get_list", "listEvents",
        "What happened, in order: of the organization, or with an access token of its connection", "Events",
        extension_schemas.EventPage, access=Access.KEY_MAYBE_TOKEN, parameters=(AFTER, LIMIT, EVENT_TYPE),
        errors=(401, 410, 422, 429),
    ),
    ApiOperation(
        "GET", "/events/{event_id}/data", "event_data.get_link", "getEventData",
        "Where the whole of an event is that was too large for a webhook", "Events",
        extension_schemas.EventDownload, access=Access.KEY, parameters=(EVENT_ID,),
        errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/events/{event_id}/download", "event_data.downloaded", "downloadEvent",
        "The whole of an event", "Events", dict[str, Any], access=Access.NONE,
        parameters=(EVENT_ID, EXPIRES, SIGNATURE), errors=(403, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/integrations/{integration_type}", "connections.integrations.get_list", "listIntegrations",
        "What all integrations of a type can do", "Integrations", schemas.IntegrationInfoList,
        access=Access.KEY, takes_bound_key=True, parameters=(INTEGRATION_TYPE,), errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/integrations/{integration_type}/{integration_name}", "connections.integrations.get_item",
        "getIntegration", "What one integration can do; data is an array of one", "Integrations",
        schemas.IntegrationInfoList, takes_bound_key=True, access=Access.KEY_MAYBE_TOKEN,
        parameters=(INTEGRATION_TYPE, INTEGRATION_NAME), errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/integrations/{integration_type}/{integration_name}/write-info",
        "connections.integrations.write_info",
        "getWriteInfo", "What an integration's writes take, as an OpenAPI document", "Integrations",
        schemas.WriteInfo, takes_bound_key=True, access=Access.KEY_MAYBE_TOKEN,
        parameters=(INTEGRATION_TYPE, INTEGRATION_NAME), errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/{integration_type}/integrations", "connections.integrations.get_list",
        "listIntegrationsLegacy",
        "Older spelling of /integrations/{integration_type}", "Integrations",
        schemas.IntegrationInfoList, access=Access.KEY, takes_bound_key=True, parameters=(INTEGRATION_TYPE,),
        errors=(401, 404, 422, 429), deprecated=True,
    ),
    ApiOperation(
        "GET", "/{integration_type}/integrations/{integration_name}", "connections.integrations.get_item",
        "getIntegrationLegacy", "Older spelling of /integrations/{integration_type}/{integration_name}",
        "Integrations", schemas.IntegrationInfoList, access=Access.KEY, takes_bound_key=True,
        parameters=(INTEGRATION_TYPE, INTEGRATION_NAME), errors=(401, 404, 422, 429), deprecated=True,
    ),
    ApiOperation(
        "POST", "/sandbox/generate-sandbox/{integration_type}", "sandbox.generated", "generateSandbox",
        "Make the organization's sandbox of a type, or reset its data", "Sandbox",
        schemas.SandboxExchange, access=Access.KEY, parameters=(SANDBOX_TYPE,),
        errors=(401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "PUT", "/sandbox/simulate/orders/{order_id}/fulfill", "sandbox.order_fulfilled",
        "simulateFulfill", "Let the sandbox ship an order", "Sandbox", schemas.SimulatedRecord,
        access=Access.KEY, parameters=(ORDER_ID, PARTIAL), errors=(401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "PUT", "/sandbox/simulate/returns/{return_id}/receive", "sandbox.return_received",
        "simulateReceiveReturn", "Let the sandbox receive a return", "Sandbox", schemas.SimulatedRecord,
        access=Access.KEY, parameters=(RETURN_ID,), errors=(401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "POST", "/sandbox/simulate/cart/orders", "sandbox.cart_order_added", "simulateCartOrder",
        "Let somebody order in the sandbox shop", "Sandbox", schemas.SimulatedRecord, access=Access.KEY,
        body=dict[str, Any], body_required=False, example={}, errors=(400, 401, 403, 422, 429),
    ),
    ApiOperation(
        "POST", "/sandbox/simulate/cart/products", "sandbox.cart_product_added", "simulateCartProduct",
        "Add a product to the sandbox shop", "Sandbox", schemas.SimulatedRecord, access=Access.KEY,
        body=dict[str, Any], body_required=False, example={}, errors=(400, 401, 403, 422, 429),
    ),
    ApiOperation(
        "GET", "/openapi.json", "server.openapi", "getOpenApi", "This document", "Spec",
        dict[str, Any], access=Access.NONE, errors=(429,),
    ),
    ApiOperation(
        "GET", "/postman.json", "server.postman", "getPostman", "This document as a Postman collection",
        "Spec", dict[str, Any], access=Access.NONE, errors=(429,),
    ),
    ApiOperation(
        "GET", "/metrics", "metrics.shown", "getMetrics",
        "What the process counts, for Prometheus; off unless the operator's settings have a token for it",
        "Server", str, access=Access.OPERATOR, errors=(401, 404),
    ),
    ApiOperation(
        "GET", "/healthz", "server.healthy", "getHealth", "Whether the process runs", "Server",
        schemas.Health, access=Access.NONE, errors=(),
    ),
    ApiOperation(
        "GET", "/readyz", "server.ready", "getReadiness", "Whether the process can answer", "Server",
        schemas.Readiness, access=Access.NONE, errors=(429, 503),
    ),
)  # fmt: skip


@cache
def all_operations() -> tuple[ApiOperation, ...]:
    """Resources first, then the platform's own; each path's operations lie together."""
    reads = [api_operation for resource in all_resources() for api_operation in _reads(resource)]
    api_operations = [
        *reads, *write_operations(), *CARRIER, *LINK, *PLATFORM, *LIFE, *EXTRA, *ALERTS,
    ]  # fmt: skip
    paths = {
        path: position
        for position, path in enumerate(dict.fromkeys(api_operation.path for api_operation in api_operations))
    }
    return tuple(sorted(api_operations, key=lambda api_operation: paths[api_operation.path]))


@cache
def by_path() -> dict[str, dict[str, ApiOperation]]:
    """Operations by path and method, in the order in which paths must be tried: fixed text before names."""
    api_operations: dict[str, dict[str, ApiOperation]] = {}
    for operation in sorted(
        all_operations(), key=lambda operation: ["{" in part for part in operation.path.split("/")]
    ):
        api_operations.setdefault(operation.path, {})[operation.method] = operation
    return api_operations


def _reads(resource: Resource) -> Iterable[ApiOperation]:
    """Reading a page, reading one, and what has changed in it."""
    if resource.listed:
        yield ApiOperation(
            "GET",
            resource.path,
            "records.reads.get_list",
            f"list{_plural_id(resource)}",
            f"List {_words(resource, resource.name)}",
            _tag(resource),
            resource.record,
            resource=resource,
            is_list=True,
            parameters=_in_path(resource.path),
            errors=READ_ERRORS if resource.parent else (401, 403, 422, 429, 501),
        )
    if resource.one_path:
        yield ApiOperation(
            "GET",
            resource.one_path,
            "records.reads.get_item",
            f"get{resource.record.__name__}",
            f"Read one {_words(resource, resource.singular)}",
            _tag(resource),
            resource.record,
            resource=resource,
            parameters=(*_in_path(resource.one_path), INCLUDE_DELETED, AS_OF),
            errors=READ_ERRORS,
        )
        yield ApiOperation(
            "GET",
            f"{resource.one_path}/history",
            "records.history.get_list",
            f"get{resource.record.__name__}History",
            f"What has changed in one {_words(resource, resource.singular)}, newest first",
            _tag(resource),
            extension_schemas.HistoryPage,
            resource=resource,
            parameters=(*_in_path(resource.one_path), CHANGES_LIMIT, PAGE_TOKEN),
            errors=READ_ERRORS,
        )
        yield ApiOperation(
            "GET",
            f"{resource.one_path}/raw",
            "additions.raw",
            f"get{resource.record.__name__}Raw",
            f"Read one {_words(resource, resource.singular)} as the connected system sent it",
            _tag(resource),
            addition_schemas.RawRecord,
            resource=resource,
            parameters=_in_path(resource.one_path),
            errors=READ_ERRORS,
        )


def _in_path(path: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, "path") for name in re.findall(r"{(\w+)}", path))


def _words(resource: Resource, name: str) -> str:
    """ "inbound shipments"; with the type where warehouses have such a thing too: "cart orders"."""
    return f"{_prefix(resource).lower()} {name.replace('_', ' ')}".strip()


def _plural_id(resource: Resource) -> str:
    return _prefix(resource) + "".join(word.capitalize() for word in resource.name.split("_"))


def _prefix(resource: Resource) -> str:
    """The word that the contract puts before names that warehouses have too: "Cart", "Freight"."""
    return resource.type.capitalize() if resource.type in ("cart", "freight") else ""


def _tag(resource: Resource) -> str:
    """The contract's name for the first part of the path below the type: "Inbound Shipments"."""
    return resource.path.split("/")[2].replace("-", " ").title()
