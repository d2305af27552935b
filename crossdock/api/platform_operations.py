"""The operations about functions that are off, the log of API calls, and integration requests."""

from typing import Any

from crossdock.api import erasing_schemas
from crossdock.api import platform_schemas as schemas
from crossdock.api.addition_schemas import DeclaredCustomFields
from crossdock.api.operation import PAGE_TOKEN, Access, ApiOperation
from crossdock.api.schemas import UpdatedConnection
from crossdock.web.operation import Parameter

SINCE = Parameter("created_date[gte]", description="Only calls at or after it.", is_time=True)
UNTIL = Parameter("created_date[lte]", description="Only calls at or before it.", is_time=True)
STATUS = Parameter("status", description="Only calls answered with it: 404, or 4xx for a hundred of them.")
METHOD = Parameter("method", choices=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
PATH_PREFIX = Parameter("path_prefix", description="Only paths that begin so.")
CONNECTION = Parameter("connection_id", description="Only calls with this connection's access token.")
ERRORS_ONLY = Parameter("errors_only", description="Only statuses from 400.", is_flag=True, default=False)
LIMIT = Parameter(
    "limit", description="How many on a page; more than 1000 is taken as 1000.", is_number=True, default=100
)
CALLS = (SINCE, UNTIL, STATUS, METHOD, PATH_PREFIX, CONNECTION, ERRORS_ONLY)

CONNECTION_ID = Parameter("connection_id", "path")
INBOUND_PATH = Parameter(
    "inbound_path", "path", description="The connection's own; only its vendor knows it."
)

ERASURE_ID = Parameter("erasure_id", "path")

EXTRA = (
    ApiOperation(
        "GET", "/connections/{connection_id}/custom-fields", "additions.custom_fields", "getCustomFields",
        "Read which custom fields a connection declares", "Connections", DeclaredCustomFields,
        access=Access.KEY_MAYBE_TOKEN, parameters=(CONNECTION_ID,), errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "PUT", "/connections/{connection_id}/custom-fields", "additions.custom_fields_set", "setCustomFields",
        "Declare custom fields of a connection's account, in place of those before", "Connections",
        DeclaredCustomFields, access=Access.KEY_MAYBE_TOKEN, parameters=(CONNECTION_ID,),
        body=DeclaredCustomFields,
        example={
            "custom_fields": {
                "orders": {"note": {"path": "$.metafields[key=note].value", "type": "string"}},
            },
        },
        errors=(401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "POST", "/inbound/{inbound_path}", "inbound.received", "receiveVendorWebhook",
        "Take in a webhook of a connected system, which signs it: what it is about is read again", "Sync",
        dict[str, Any], access=Access.SIGNED, parameters=(INBOUND_PATH,), errors=(401, 413, 429),
    ),
    ApiOperation(
        "PATCH", "/schedules/disabled-functions", "connections.switches.changed", "setDisabledFunctions",
        "Say which functions are off for the connection, in place of the organization's list", "Schedules",
        UpdatedConnection, body=schemas.DisabledFunctionsRequest,
        example={"disabled_functions": ["get_returns", "create_return"]}, errors=(400, 401, 403, 422, 429),
    ),
    ApiOperation(
        "GET", "/main.js", "link_script.served", "getLinkScript",
        "The script of the button that end users connect their systems with", "Link", str,
        media_type="text/javascript", access=Access.NONE, errors=(429,),
    ),
    ApiOperation(
        "GET", "/link/main.js", "link_script.served", "getLinkScriptBelowLink",
        "The same script at another address", "Link", str, media_type="text/javascript", access=Access.NONE,
        errors=(429,),
    ),
    ApiOperation(
        "POST", "/erasures", "erasing.created", "createErasure",
        "Erase a person or a shop everywhere, or tell what is held", "Erasing", erasing_schemas.ErasureItem,
        access=Access.KEY, body=erasing_schemas.ErasureBody, example=erasing_schemas.EXAMPLE,
        errors=(400, 401, 403, 404, 422),
    ),
    ApiOperation(
        "GET", "/erasures", "erasing.get_list", "listErasures",
        "List erasures, the newest first", "Erasing", erasing_schemas.ErasureList,
        access=Access.KEY, parameters=(LIMIT, PAGE_TOKEN), errors=(401, 422),
    ),
    ApiOperation(
        "GET", "/erasures/{erasure_id}", "erasing.get_one", "getErasure",
        "How far an erasure is, and what it has changed", "Erasing", erasing_schemas.ErasureItem,
        access=Access.KEY, parameters=(ERASURE_ID,), errors=(401, 404, 422),
    ),
    ApiOperation(
        "GET", "/erasures/{erasure_id}/proof", "erasing.proof", "getErasureProof",
        "The proof of an erasure as CSV", "Erasing", str,
        access=Access.KEY, parameters=(ERASURE_ID,), errors=(401, 404, 422),
    ),
    ApiOperation(
        "GET", "/api-logs", "api_logs.get_list", "listApiLogs",
        "List the calls of the API that the organization made, the newest first", "API logs",
        schemas.ApiLogList, access=Access.KEY, parameters=(*CALLS, LIMIT, PAGE_TOKEN), errors=(401, 422),
    ),
    ApiOperation(
        "GET", "/api-logs/facets", "api_logs.facets", "getApiLogFacets",
        "How many calls there are of each method, status, connection and key", "API logs",
        schemas.ApiLogFacets, access=Access.KEY, parameters=CALLS, errors=(401, 422),
    ),
    ApiOperation(
        "POST", "/integration-requests", "connections.integration_requests.created",
        "createIntegrationRequest",
        "Ask for an integration that there is none of yet", "Integrations", schemas.IntegrationRequestItem,
        access=Access.KEY, body=schemas.IntegrationRequestBody,
        example={
            "integration_name": "Acme WMS", "integration_type": "wms", "url": "https://developer.acme.example",
        },
        errors=(400, 401, 403, 409, 422),
    ),
    ApiOperation(
        "GET", "/integration-requests/flows", "connections.integration_requests.flows",
        "listIntegrationRequestFlows",
        "What can be asked for, and what is asked about it", "Integrations",
        schemas.IntegrationRequestFlows, access=Access.KEY, errors=(401, 422),
    ),
)  # fmt: skip
