"""What callers send to the webhook administration. Members that are not known are ignored.

Clients of both generations are understood: what 1.x calls `filterTypes` and `rateLimit` is `eventTypes` and
`throttleRate` in 2.x.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from crossdock.webhooks.transform import MOST_URL_CHARACTERS

_ID = r"^[a-zA-Z0-9\-_.]+\Z"
Uid = Annotated[str, Meta(min_length=1, max_length=256, pattern=_ID)]
EventTypeName = Annotated[str, Meta(min_length=1, max_length=256, pattern=_ID)]
Channel = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9\-_.:+]+\Z")]
Tag = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9\-_./\\#]+\Z")]
Rate = Annotated[int, Meta(ge=1, le=65_535)]
Secret = str
"""Checked by `endpoints.checked_secret`, which says what is wrong without showing it."""
Url = Annotated[str, Meta(min_length=1, max_length=MOST_URL_CHARACTERS)]
Code = Annotated[str, Meta(min_length=10, max_length=51_200)]
Types = Annotated[list[EventTypeName], Meta(min_length=1)]
Channels = Annotated[list[Channel], Meta(min_length=1, max_length=10)]
Metadata = dict[str, str]
ConnectionId = Annotated[str, Meta(min_length=1, max_length=64)]
CustomerId = Annotated[str, Meta(min_length=1, max_length=4096)]
MOST_IN_SCOPE = 1000
Moment = Annotated[datetime, Meta(tz=True)]


class AdminBody(Struct, kw_only=True, rename="camel"):
    """The body that a caller sends."""


class ApplicationIn(AdminBody):
    name: Annotated[str, Meta(min_length=1)]
    throttle_rate: Rate | None = None
    rate_limit: Rate | None = None
    uid: Uid | None = None
    metadata: Metadata | None = None


class ApplicationPatch(AdminBody):
    name: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    throttle_rate: Rate | UnsetType | None = UNSET
    rate_limit: Rate | UnsetType | None = UNSET
    uid: Uid | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class EndpointScope(AdminBody):
    """The connections and customers whose events an endpoint gets. Null: all; an empty list: none yet."""

    connection_ids: Annotated[list[ConnectionId], Meta(max_length=MOST_IN_SCOPE)] | UnsetType | None = UNSET
    customer_ids: Annotated[list[CustomerId], Meta(max_length=MOST_IN_SCOPE)] | UnsetType | None = UNSET


class EndpointUpsertIn(EndpointScope, kw_only=True):
    url: Url
    description: str | None = None
    throttle_rate: Rate | None = None
    rate_limit: Rate | None = None
    uid: Uid | None = None
    disabled: bool | None = None
    event_types: Types | None = None
    filter_types: list[EventTypeName] | None = None
    """Empty means all: the form of svix-react always sends it."""
    channels: Channels | None = None
    metadata: Metadata | None = None


class EndpointIn(EndpointUpsertIn, kw_only=True):
    secret: Secret | None = None
    headers: dict[str, str] | None = None


class EndpointPatch(EndpointScope):
    url: Url | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    throttle_rate: Annotated[int, Meta(ge=0, le=65_535)] | UnsetType | None = UNSET
    rate_limit: Annotated[int, Meta(ge=0, le=65_535)] | UnsetType | None = UNSET
    uid: Uid | UnsetType | None = UNSET
    disabled: bool | UnsetType = UNSET
    event_types: list[EventTypeName] | UnsetType | None = UNSET
    filter_types: list[EventTypeName] | UnsetType | None = UNSET
    channels: Annotated[list[Channel], Meta(max_length=10)] | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
    secret: Secret | UnsetType | None = UNSET


class SecretRotateIn(AdminBody):
    key: Secret | None = None
    grace_period_seconds: Annotated[int, Meta(ge=0, le=604_800)] | None = None


class HeadersIn(AdminBody):
    headers: dict[str, str]


class HeadersPatchIn(AdminBody):
    headers: dict[str, str | None] = {}
    delete_headers: list[str] | None = None


class TransformationPatch(AdminBody):
    code: Code | UnsetType | None = UNSET
    enabled: bool | UnsetType | None = UNSET
    variables: dict[str, str] | UnsetType | None = UNSET


class SimulateIn(AdminBody):
    code: Code
    event_type: EventTypeName
    payload: msgspec.Raw
    channels: list[Channel] | None = None
    variables: dict[str, str] | None = None


class ExampleIn(AdminBody):
    event_type: EventTypeName
    example_index: Annotated[int, Meta(ge=0)] | None = None
    payload: dict[str, msgspec.Raw] | None = None


class WindowIn(AdminBody):
    since: Moment
    until: Moment | None = None


class BulkReplayIn(WindowIn):
    event_types: list[EventTypeName] | None = None
    channel: Channel | None = None
    tag: Tag | None = None
    status: Annotated[int, Meta(ge=0, le=4)] | None = None
    status_code_class: Annotated[int, Meta(ge=0, le=500, multiple_of=100)] | None = None


class EventTypeUpsertIn(AdminBody):
    description: str
    archived: bool | None = None
    deprecated: bool | None = None
    schemas: dict[str, Any] | None = None
    group_name: Uid | None = None
    feature_flags: list[str] | None = None
    feature_flag: str | None = None


class EventTypeIn(EventTypeUpsertIn, kw_only=True):
    name: EventTypeName


class EventTypePatch(AdminBody):
    description: str | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    deprecated: bool | UnsetType = UNSET
    schemas: dict[str, Any] | UnsetType | None = UNSET
    group_name: Uid | UnsetType | None = UNSET
    feature_flags: list[str] | UnsetType | None = UNSET
    feature_flag: str | UnsetType | None = UNSET


class MessageIn(AdminBody):
    event_type: EventTypeName
    payload: msgspec.Raw
    event_id: Uid | None = None
    channels: Channels | None = None
    tags: Annotated[list[Tag], Meta(max_length=5)] | None = None
    application: ApplicationIn | None = None
    transformations_params: dict[str, Any] | None = None
    deliver_at: Moment | None = None
    payload_retention_period: Annotated[int, Meta(ge=1, le=90)] | None = None
    payload_retention_hours: Annotated[int, Meta(ge=1, le=2160)] | None = None


class PrecheckIn(AdminBody):
    event_type: EventTypeName
    channels: list[Channel] | None = None


class PortalAccessIn(AdminBody):
    application: ApplicationIn | None = None
    read_only: bool | None = None
    capabilities: list[str] | None = None
    feature_flags: Annotated[list[str], Meta(max_length=25)] | None = None
    expiry: Annotated[int, Meta(ge=3600, le=604_800)] | None = None
    session_id: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9@_-]+\Z")] | None = None


class ExpireAllIn(AdminBody):
    expiry: Annotated[int, Meta(ge=0, le=259_200)] | None = None
    session_ids: Annotated[list[str], Meta(max_length=1000)] | None = None
