"""Bodies and answers about a connection's settings and access tokens: extensions."""

from typing import Annotated

from msgspec import Meta

from crossdock.api.schemas import Body, Quantities, Reply
from crossdock.connections.tokens import GRACE_SECONDS, LONGEST_GRACE_SECONDS
from crossdock.resources.common import Timestamp


class SyncFrequency(Reply, kw_only=True):
    """The pace of a function."""

    seconds: Annotated[int, Meta(description="Between two syncs.")]
    default_seconds: Annotated[int, Meta(description="Where nobody sets it.")]


class ConnectionSettings(Reply, kw_only=True):
    """The settings of a connection."""

    connection_id: str
    customer_id: str | None
    webhooks_disabled: bool
    lookback_days: Annotated[
        int | None, Meta(description="How far back its first syncs read. Null: as the organization has it.")
    ]
    sync_frequency: Annotated[dict[str, SyncFrequency], Meta(description="By function.")]
    quantities: Quantities
    keep_raw: bool


class RotateTokenRequest(Body, kw_only=True):
    grace_seconds: Annotated[
        int,
        Meta(
            ge=0, le=LONGEST_GRACE_SECONDS,
            description="How long the token before works on. 0: all tokens before end at once.",
        ),
    ] = GRACE_SECONDS  # fmt: skip


class ShownAccessToken(Reply, kw_only=True):
    connection_id: str
    access_token: str


class RotatedAccessToken(Reply, kw_only=True):
    connection_id: str
    access_token: Annotated[str, Meta(description="The connection's token from now on.")]
    previous_token_expires_at: Annotated[
        Timestamp | None, Meta(description="Until when the one before works. Null: it does not any more.")
    ]


class AccessTokenInfo(Reply, kw_only=True):
    """An access token, as far as it may be told of."""

    created_at: Timestamp
    last_used: Timestamp | None
    expires_at: Annotated[Timestamp | None, Meta(description="Null: it is the connection's token now.")]


class AccessTokenList(Reply, kw_only=True):
    """The tokens that work now, the latest first."""

    data: list[AccessTokenInfo]
    total_count: Annotated[int, Meta(description="How many there are.")]
