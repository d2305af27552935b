"""Bodies and answers about a connection, functions that are off, the log of calls, and integration requests.

The contract names the paths of the last two and no more: their shapes are our own.
"""

from typing import Annotated

from msgspec import Meta

from crossdock.api.schemas import Body, Connection, IntegrationType, Reply
from crossdock.resources.common import Timestamp

NEXT = Meta(description="Null on the last page.")
COUNT = Meta(description="How many there are on this page.")


class ConnectionItem(Reply, kw_only=True):
    data: Connection


class DisabledFunctionsRequest(Body, kw_only=True):
    disabled_functions: Annotated[
        list[str] | None,
        Meta(
            description="Functions and actions that are off for this connection; all others are on then. "
            "Null: as the organization has it."
        ),
    ]


class ApiLog(Reply, kw_only=True):
    """A call of the API: never its body, its query or a secret."""

    id: str
    request_id: Annotated[str, Meta(description="The X-Request-Id of the answer.")]
    created_date: Annotated[Timestamp, Meta(description="When it came in.")]
    method: str
    path: Annotated[str, Meta(description="Without the query.")]
    status: int
    duration_ms: Annotated[float, Meta(description="Until the answer was sent.")]
    connection_id: Annotated[str | None, Meta(description="Whose access token was sent.")]
    api_key_id: str | None
    api_key_name: str | None


class ApiLogList(Reply, kw_only=True):
    data: list[ApiLog]
    next_token: Annotated[str | None, NEXT]
    total_count: Annotated[int, COUNT]


class ApiLogFacet(Reply, kw_only=True):
    """How many calls have a value."""

    value: str
    count: int


class ApiLogFacetsData(Reply, kw_only=True):
    """The 50 most frequent values of each, over the newest 100,000 calls."""

    method: list[ApiLogFacet]
    status: list[ApiLogFacet]
    connection_id: list[ApiLogFacet]
    api_key_id: list[ApiLogFacet]


class ApiLogFacets(Reply, kw_only=True):
    data: ApiLogFacetsData


class IntegrationRequestBody(Body, kw_only=True):
    integration_name: Annotated[str, Meta(min_length=1, max_length=200)]
    integration_type: IntegrationType | None = None
    url: Annotated[str, Meta(max_length=2000, description="Where its makers describe it.")] | None = None
    note: Annotated[str, Meta(max_length=4000)] | None = None


class IntegrationRequest(Reply, kw_only=True):
    """An integration that was asked for."""

    id: str
    integration_name: str
    integration_type: str | None
    url: str | None
    note: str | None
    created_date: Timestamp
    updated_date: Timestamp


class IntegrationRequestItem(Reply, kw_only=True):
    data: IntegrationRequest


class IntegrationRequestField(Reply, kw_only=True):
    """A member of the body."""

    name: str
    description: str
    required: bool


class IntegrationRequestFlow(Reply, kw_only=True):
    """How an integration of a type is asked for."""

    integration_type: str
    fields: list[IntegrationRequestField]


class IntegrationRequestFlows(Reply, kw_only=True):
    data: list[IntegrationRequestFlow]
