"""Bodies and answers about alerts."""

from typing import Annotated, Literal

from msgspec import Meta

from crossdock.alerts.rules import AlertRules
from crossdock.api.platform_schemas import COUNT, NEXT
from crossdock.api.schemas import Body, Reply
from crossdock.resources.common import Timestamp

ChannelType = Literal["email", "slack", "teams", "url"]
ChannelName = Annotated[str, Meta(min_length=1, max_length=100)]
Emails = Annotated[list[str], Meta(max_length=20, description="Addresses; of a channel of the type email.")]
ChannelUrl = Annotated[
    str,
    Meta(max_length=2000, description="Where messages are posted to; of all other types. Never shown again."),
]
RULES = Meta(description="What is told, when, and how often. Sent whole: what is left out is as by default.")


class AlertChannelBody(Body, kw_only=True):
    """A channel to make."""

    name: ChannelName
    type: ChannelType
    emails: Emails | None = None
    url: ChannelUrl = ""
    rules: Annotated[AlertRules, RULES] = AlertRules()
    disabled: bool = False


class AlertChannelPatch(Body, kw_only=True):
    """What is to be different; what is left out, or null, stays."""

    name: ChannelName | None = None
    emails: Emails | None = None
    url: ChannelUrl | None = None
    rules: Annotated[AlertRules | None, RULES] = None
    disabled: bool | None = None


class AlertChannelReply(Reply, kw_only=True):
    """A channel as it can be shown."""

    id: str
    name: str
    type: ChannelType
    emails: list[str]
    url: Annotated[str | None, Meta(description="Without what may be secret in it.")]
    signing_secret: Annotated[
        str | None,
        Meta(description="Of the type url, in the answer that made the channel: what signs its messages."),
    ]
    rules: AlertRules
    disabled: Annotated[
        bool, Meta(description="Switched off, or nothing arrived there for CROSSDOCK_WEBHOOK_DISABLE_HOURS.")
    ]
    created_date: Timestamp
    updated_date: Timestamp


class AlertChannelItem(Reply, kw_only=True):
    data: AlertChannelReply


class AlertChannelList(Reply, kw_only=True):
    data: list[AlertChannelReply]
    next_token: Annotated[str | None, Meta(description="Always null: all are on one page.")]
    total_count: Annotated[int, COUNT]


class AlertReply(Reply, kw_only=True):
    """A message that was made."""

    id: str
    channel_id: Annotated[str, Meta(description="app:… of the customer's own address of an application.")]
    channel_name: str
    channel_type: ChannelType
    created_date: Timestamp
    type: Literal["alert.opened", "alert.resolved", "alert.digest", "alert.test"]
    title: str
    text: Annotated[str, Meta(description="What it says, as plain text.")]
    opened: Annotated[int, Meta(description="How many problems it tells of.")]
    resolved: Annotated[int, Meta(description="How many that are over.")]
    status: Literal["pending", "sent", "failed", "canceled"]
    attempts: int
    next_attempt: Timestamp | None
    error: Annotated[str | None, Meta(description="What came of the last attempt, where it failed.")]


class AlertItem(Reply, kw_only=True):
    data: AlertReply


class AlertList(Reply, kw_only=True):
    data: list[AlertReply]
    next_token: Annotated[str | None, NEXT]
    total_count: Annotated[int, COUNT]
