"""Every operation of the API in one table: routes and documentation are both made from it.

    resources' declarations ─▶ list and single reads ─┐
    writes' declarations    ─▶ write_operations.py   ─┤
    PLATFORM, below         ─▶ everything else       ─┴─▶ all_operations() ─▶ routes, openapi.json

`handler` is "module.function" below `crossdock.api`. A handler of a read gets its resource from the
operation; `parameters` and `body` say what `query.arguments` and `bodies.read` accept.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

from crossdock.api import schemas
from crossdock.api.carrier_operations import CARRIER
from crossdock.api.operation import PAGE_TOKEN, Access, Operation, Parameter
from crossdock.api.write_operations import write_operations
from crossdock.resources.catalogue import all_resources
from crossdock.resources.event_types import event_types
from crossdock.resources.schema import Resource

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
    choices=event_types(),
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
    Operation(
        "GET", "/connections", "connections.listed", "listConnections",
        "List the connections of the organization", "Connections", schemas.ConnectionList,
        access=Access.KEY, parameters=(PAGE_TOKEN, TOKEN_FILTER),
    ),
    Operation(
        "PATCH", "/connections", "connections.updated", "updateConnection",
        "Change customer_id, or mute events about records", "Connections", schemas.UpdatedConnection,
        body=schemas.UpdateConnectionRequest, body_required=False,
        example={"customer_id": "customer-42", "webhooks_disabled": True},
        errors=(400, 401, 403, 422, 429),
    ),
    Operation(
        "DELETE", "/connections", "connections.deleted", "deleteConnection",
        "Delete the connection that the access token belongs to", "Connections",
        schemas.DeletedConnection, errors=(401, 403, 422, 429),
    ),
    Operation(
        "GET", "/connections/{connection_id}", "connections.one", "getConnection",
        "Read one connection; data is an array of one", "Connections", schemas.ConnectionList,
        access=Access.KEY, parameters=(CONNECTION_ID,), errors=(401, 404, 422, 429),
    ),
    Operation(
        "GET", "/connections/{connection_id}/freshness", "freshness.of_connection",
        "getConnectionFreshness", "How old the data of each function are, and how its last sync went",
        "Connections", schemas.ConnectionFreshness, access=Access.KEY, parameters=(CONNECTION_ID,),
        errors=(401, 404, 422, 429),
    ),
    Operation(
        "POST", "/connections/sync", "syncs.started", "syncConnection",
        "Sync now, without waiting for the schedule", "Sync", schemas.SyncResponse,
        body=schemas.SyncRequest, body_required=False, example={"functions_to_sync": ["get_orders"]},
        errors=(400, 401, 403, 422, 429),
    ),
    Operation(
        "GET", "/connections/on-demand-syncs", "on_demand.listed", "listSyncJobs",
        "List the connection's sync jobs, the newest first", "Sync", schemas.SyncJobList,
        parameters=(PAGE_TOKEN,),
    ),
    Operation(
        "POST", "/connections/on-demand-syncs", "on_demand.created", "createSyncJob",
        "Sync a window of one function, ahead of the schedules", "Sync", schemas.SyncJob,
        body=schemas.CreateSyncJobRequest,
        example={
            "start_time": "2026-01-01T00:00:00Z",
            "end_time": "2026-02-01T00:00:00Z",
            "function_name": "get_orders",
        },
        errors=(400, 401, 403, 422, 429),
    ),
    Operation(
        "GET", "/connections/on-demand-syncs/{sync_job_id}", "on_demand.one", "getSyncJob",
        "Read one sync job", "Sync", schemas.SyncJob, parameters=(SYNC_JOB_ID,),
        errors=(401, 404, 422, 429),
    ),
    Operation(
        "POST", "/connections/on-demand-syncs/{sync_job_id}/cancel", "on_demand.cancelled",
        "cancelSyncJob", "Cancel an open sync job", "Sync", schemas.SyncJob,
        parameters=(SYNC_JOB_ID,), errors=(400, 401, 403, 404, 422, 429),
    ),
    Operation(
        "PATCH", "/schedules/{function_name}/toggle", "syncs.toggled", "toggleSchedule",
        "Pause or resume one schedule", "Schedules", schemas.UpdatedConnection,
        parameters=(FUNCTION_NAME,), body=schemas.ToggleRequest, example={"paused": True},
        errors=(400, 401, 403, 404, 422, 429),
    ),
    Operation(
        "PATCH", "/schedules/toggle-all", "syncs.all_toggled", "toggleAllSchedules",
        "Pause or resume every schedule", "Schedules", schemas.UpdatedConnection,
        body=schemas.ToggleRequest, example={"paused": True}, errors=(400, 401, 403, 422, 429),
    ),
    Operation(
        "GET", "/events", "events.listed", "listEvents",
        "What happened, in order: of the organization, or with an access token of its connection", "Events",
        schemas.EventPage, access=Access.KEY_MAYBE_TOKEN, parameters=(AFTER, LIMIT, EVENT_TYPE),
        errors=(401, 410, 422, 429),
    ),
    Operation(
        "GET", "/events/{event_id}/data", "event_data.asked", "getEventData",
        "Where the whole of an event is that was too large for a webhook", "Events",
        schemas.EventDownload, access=Access.KEY, parameters=(EVENT_ID,), errors=(401, 404, 422),
    ),
    Operation(
        "GET", "/events/{event_id}/download", "event_data.downloaded", "downloadEvent",
        "The whole of an event", "Events", dict[str, Any], access=Access.NONE,
        parameters=(EVENT_ID, EXPIRES, SIGNATURE), errors=(403, 404, 422),
    ),
    Operation(
        "GET", "/integrations/{integration_type}", "integrations.listed", "listIntegrations",
        "What all integrations of a type can do", "Integrations", schemas.IntegrationInfoList,
        access=Access.KEY, parameters=(INTEGRATION_TYPE,), errors=(401, 404, 422, 429),
    ),
    Operation(
        "GET", "/integrations/{integration_type}/{integration_name}", "integrations.one",
        "getIntegration", "What one integration can do; data is an array of one", "Integrations",
        schemas.IntegrationInfoList, access=Access.KEY_MAYBE_TOKEN,
        parameters=(INTEGRATION_TYPE, INTEGRATION_NAME), errors=(401, 404, 422, 429),
    ),
    Operation(
        "GET", "/integrations/{integration_type}/{integration_name}/write-info", "integrations.write_info",
        "getWriteInfo", "What an integration's writes take, as an OpenAPI document", "Integrations",
        schemas.WriteInfo, access=Access.KEY_MAYBE_TOKEN,
        parameters=(INTEGRATION_TYPE, INTEGRATION_NAME), errors=(401, 404, 422, 429),
    ),
    Operation(
        "GET", "/{integration_type}/integrations", "integrations.listed", "listIntegrationsLegacy",
        "Older spelling of /integrations/{integration_type}", "Integrations",
        schemas.IntegrationInfoList, access=Access.KEY, parameters=(INTEGRATION_TYPE,),
        errors=(401, 404, 422, 429), deprecated=True,
    ),
    Operation(
        "GET", "/{integration_type}/integrations/{integration_name}", "integrations.one",
        "getIntegrationLegacy", "Older spelling of /integrations/{integration_type}/{integration_name}",
        "Integrations", schemas.IntegrationInfoList, access=Access.KEY,
        parameters=(INTEGRATION_TYPE, INTEGRATION_NAME), errors=(401, 404, 422, 429), deprecated=True,
    ),
    Operation(
        "POST", "/sandbox/generate-sandbox/{integration_type}", "sandbox.generated", "generateSandbox",
        "Make the organization's sandbox of a type, or reset its data", "Sandbox",
        schemas.SandboxExchange, access=Access.KEY, parameters=(SANDBOX_TYPE,),
        errors=(401, 403, 404, 422, 429),
    ),
    Operation(
        "PUT", "/sandbox/simulate/orders/{order_id}/fulfill", "sandbox.order_fulfilled",
        "simulateFulfill", "Let the sandbox ship an order", "Sandbox", schemas.SimulatedRecord,
        access=Access.KEY, parameters=(ORDER_ID, PARTIAL), errors=(401, 403, 404, 422, 429),
    ),
    Operation(
        "PUT", "/sandbox/simulate/returns/{return_id}/receive", "sandbox.return_received",
        "simulateReceiveReturn", "Let the sandbox receive a return", "Sandbox", schemas.SimulatedRecord,
        access=Access.KEY, parameters=(RETURN_ID,), errors=(401, 403, 404, 422, 429),
    ),
    Operation(
        "POST", "/sandbox/simulate/cart/orders", "sandbox.cart_order_added", "simulateCartOrder",
        "Let somebody order in the sandbox shop", "Sandbox", schemas.SimulatedRecord, access=Access.KEY,
        body=dict[str, Any], body_required=False, example={}, errors=(400, 401, 403, 422, 429),
    ),
    Operation(
        "POST", "/sandbox/simulate/cart/products", "sandbox.cart_product_added", "simulateCartProduct",
        "Add a product to the sandbox shop", "Sandbox", schemas.SimulatedRecord, access=Access.KEY,
        body=dict[str, Any], body_required=False, example={}, errors=(400, 401, 403, 422, 429),
    ),
    Operation(
        "GET", "/openapi.json", "server.openapi", "getOpenApi", "This document", "Spec",
        dict[str, Any], access=Access.NONE, errors=(),
    ),
    Operation(
        "GET", "/postman.json", "server.postman", "getPostman", "This document as a Postman collection",
        "Spec", dict[str, Any], access=Access.NONE, errors=(),
    ),
    Operation(
        "GET", "/metrics", "metrics.shown", "getMetrics",
        "What the process counts, for Prometheus; off unless the operator's settings have a token for it",
        "Server", str, access=Access.OPERATOR, errors=(401, 404),
    ),
    Operation(
        "GET", "/healthz", "server.healthy", "getHealth", "Whether the process runs", "Server",
        schemas.Health, access=Access.NONE, errors=(),
    ),
    Operation(
        "GET", "/readyz", "server.ready", "getReadiness", "Whether the process can answer", "Server",
        schemas.Readiness, access=Access.NONE, errors=(503,),
    ),
)  # fmt: skip


@cache
def all_operations() -> tuple[Operation, ...]:
    """Resources first, then the platform's own; each path's operations lie together."""
    reads = [one for resource in all_resources() for one in _reads(resource)]
    found = [*reads, *write_operations(), *CARRIER, *PLATFORM]
    paths = {path: place for place, path in enumerate(dict.fromkeys(one.path for one in found))}
    return tuple(sorted(found, key=lambda one: paths[one.path]))


@cache
def by_path() -> dict[str, dict[str, Operation]]:
    """Operations by path and method, in the order in which paths must be tried: fixed text before names."""
    found: dict[str, dict[str, Operation]] = {}
    for one in sorted(all_operations(), key=lambda one: ["{" in part for part in one.path.split("/")]):
        found.setdefault(one.path, {})[one.method] = one
    return found


def _reads(resource: Resource) -> Iterable[Operation]:
    """Reading a page, reading one, and what has changed in it."""
    if resource.listed:
        yield Operation(
            "GET",
            resource.path,
            "records.listed",
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
        yield Operation(
            "GET",
            resource.one_path,
            "records.one",
            f"get{resource.record.__name__}",
            f"Read one {_words(resource, resource.singular)}",
            _tag(resource),
            resource.record,
            resource=resource,
            parameters=(*_in_path(resource.one_path), INCLUDE_DELETED, AS_OF),
            errors=READ_ERRORS,
        )
        yield Operation(
            "GET",
            f"{resource.one_path}/history",
            "history.listed",
            f"get{resource.record.__name__}History",
            f"What has changed in one {_words(resource, resource.singular)}, newest first",
            _tag(resource),
            schemas.HistoryPage,
            resource=resource,
            parameters=(*_in_path(resource.one_path), CHANGES_LIMIT, PAGE_TOKEN),
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
    """What the contract puts before names that warehouses have too: "Cart", "Freight"."""
    return resource.type.capitalize() if resource.type in ("cart", "freight") else ""


def _tag(resource: Resource) -> str:
    """The contract's name for the first part of the path below the type: "Inbound Shipments"."""
    return resource.path.split("/")[2].replace("-", " ").title()
