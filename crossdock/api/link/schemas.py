"""Bodies and answers of connecting by end users: tokens, magic links, branding."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from crossdock.api.schemas import DEPRECATED, INFERRED, Body, IntegrationType, Reply
from crossdock.resources.common import Timestamp

EndpointId = Annotated[str, Meta(min_length=1, max_length=256)]
TOLD = Meta(
    description="Extension: ids of webhook endpoints that are to be for what is connected, too.",
    max_length=100,
)


class LinkTokenRequest(Body, kw_only=True):
    connection_id: Annotated[
        str | UnsetType | None, Meta(description="The connection to repair, in place of a new one.")
    ] = UNSET
    customer_id: Annotated[
        str | UnsetType | None, INFERRED, Meta(description="Your own key for the customer.")
    ] = UNSET
    webhook_endpoint_ids: Annotated[list[EndpointId], TOLD] = field(default_factory=list)


class LinkTokenResponse(Reply, kw_only=True):
    link_token: Annotated[str, Meta(description="What the button connects with, for a while.")]


class ExchangeRequest(Body, kw_only=True):
    auth_code: Annotated[str, Meta(description="What onSuccess was given. It works once.")]
    customer_id: Annotated[str | UnsetType | None, Meta(description="Your own key for the customer.")] = UNSET


class ExchangeResponse(Reply, kw_only=True):
    access_token: Annotated[str, Meta(description="The permanent secret of this connection.")]
    connection_id: str
    integration_name: Annotated[str, Meta(description="The slug of the integration.")]
    customer_id: str | None
    available_actions: Annotated[list[str], Meta(description="What it can do and may do.")]
    available_endpoints: Annotated[list[str], DEPRECATED, Meta(description="Use available_actions.")]


ALLOW = Meta(description="Slugs that can be picked. Not with the block list or the endpoints.")
BLOCK = Meta(description="Slugs that can't be picked. Not with the allow list.")
ENDPOINTS = Meta(description="Only integrations with all of these functions. Not with the allow list.")
MOST = Meta(description="Extension: how many connections it makes at most, up to 1,000,000. 0: any number.")


class CreateMagicLinkRequest(Body, kw_only=True):
    connection_id: Annotated[
        str | UnsetType | None, Meta(description="The connection to repair, in place of a new one.")
    ] = UNSET
    integration_allow_list: Annotated[list[str], ALLOW] = field(default_factory=list)
    integration_block_list: Annotated[list[str], BLOCK] = field(default_factory=list)
    integrations_with_endpoints: Annotated[list[str], ENDPOINTS] = field(default_factory=list)
    integration_type: Annotated[IntegrationType, Meta(description="By default wms.")] = "wms"
    link_duration: Annotated[int, Meta(description="Days until it expires, 1 to 365; by default 7.")] = 7
    customer_id: Annotated[str | UnsetType | None, Meta(description="Your own key for the customer.")] = UNSET
    disabled_functions: Annotated[
        list[str], INFERRED, Meta(description="Functions that are off for what is connected, besides.")
    ] = field(default_factory=list)
    enabled_functions: Annotated[
        list[str], INFERRED, Meta(description="Functions that are on, though off for the organization.")
    ] = field(default_factory=list)
    max_connections: Annotated[int | UnsetType | None, MOST] = UNSET
    webhook_endpoint_ids: Annotated[list[EndpointId], TOLD] = field(default_factory=list)


class MagicLinkItem(Reply, kw_only=True):
    """A link that an end user is sent to connect a system."""

    id: str
    expires_at: Timestamp
    integration_type: IntegrationType
    integration_allow_list: Annotated[list[str], ALLOW]
    integration_block_list: Annotated[list[str], BLOCK]
    integrations_with_endpoints: Annotated[list[str], ENDPOINTS]
    customer_id: str | None
    url: Annotated[
        str | UnsetType,
        INFERRED,
        Meta(
            description="What you send. A read-only key does not see it.",
            extra_json_schema={"format": "uri"},
        ),
    ] = UNSET
    connection_id: Annotated[str | None, INFERRED] = None
    disabled_functions: Annotated[list[str], INFERRED]
    enabled_functions: Annotated[list[str], INFERRED]
    webhook_endpoint_ids: Annotated[
        list[str] | UnsetType, Meta(description="Extension: there where it was set.")
    ] = UNSET


class MagicLinkEnvelope(Reply, kw_only=True):
    magic_link: MagicLinkItem


class MagicLinkListEnvelope(Reply, kw_only=True):
    magic_links: list[MagicLinkItem]


class DeletedMagicLink(Reply, kw_only=True):
    id: str
    object: Literal["magic_link"] = "magic_link"
    deleted: bool = True


class BrandingBody(Body, kw_only=True):
    """What is left out is as if nothing had been set."""

    name: Annotated[str | None, Meta(description="What end users are told that they connect with.")] = None
    color: Annotated[
        str | None, Meta(description="Of buttons: #rrggbb, with a contrast of 3:1 or more to white.")
    ] = None
    terms_url: str | None = None
    privacy_url: str | None = None
    allowed_origins: Annotated[
        list[str], Meta(description="Origins of pages that may hold the form. Empty: any.")
    ] = field(default_factory=list)


class BrandingReply(Reply, kw_only=True):
    """How the form of the organization looks."""

    name: str | None
    color: str | None
    logo_url: str | None
    terms_url: str | None
    privacy_url: str | None
    allowed_origins: list[str]


class BrandingItem(Reply, kw_only=True):
    data: BrandingReply
