"""The operations about the life of a connection that the contract does not have."""

from crossdock.api import life_schemas, schemas
from crossdock.api.operation import Access, ApiOperation
from crossdock.web.operation import Parameter

CONNECTION_ID = Parameter("connection_id", "path")

LIFE = (
    ApiOperation(
        "GET", "/connections/{connection_id}/settings", "connections.settings.get_item",
        "getConnectionSettings", "Read what is set for a connection", "Connections",
        life_schemas.ConnectionSettings, access=Access.KEY_MAYBE_TOKEN, parameters=(CONNECTION_ID,),
        errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "PATCH", "/connections/{connection_id}/settings", "connections.settings.changed",
        "setConnectionSettings", "Set what is to be different for a connection", "Connections",
        life_schemas.ConnectionSettings, access=Access.KEY_MAYBE_TOKEN, parameters=(CONNECTION_ID,),
        body=schemas.UpdateConnectionRequest,
        example={"sync_frequency": {"get_orders": 600, "get_products": None}, "lookback_days": 90},
        errors=(400, 401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/connections/{connection_id}/token", "connections.tokens.viewed", "getAccessToken",
        "Look at a connection's access token, with a full key; each look is in the audit log", "Connections",
        life_schemas.ShownAccessToken, access=Access.KEY_MAYBE_TOKEN, parameters=(CONNECTION_ID,),
        errors=(401, 403, 404, 422, 429), needs_full_key=True,
    ),
    ApiOperation(
        "GET", "/connections/{connection_id}/tokens", "connections.tokens.get_list", "listAccessTokens",
        "List the access tokens of a connection that work now, without the tokens themselves",
        "Connections", life_schemas.AccessTokenList, access=Access.KEY_MAYBE_TOKEN,
        parameters=(CONNECTION_ID,), errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "POST", "/connections/{connection_id}/token/rotate", "connections.tokens.rotated",
        "rotateAccessToken", "Give a connection another access token; the one before works for a time yet",
        "Connections", life_schemas.RotatedAccessToken, access=Access.KEY_MAYBE_TOKEN,
        parameters=(CONNECTION_ID,), body=life_schemas.RotateTokenRequest, body_required=False,
        example={"grace_seconds": 86400}, errors=(400, 401, 403, 404, 422, 429),
    ),
)  # fmt: skip
