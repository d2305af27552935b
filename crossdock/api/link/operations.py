"""The operations of connecting by end users."""

from crossdock.api.link import schemas
from crossdock.api.operation import Access, ApiOperation
from crossdock.web.operation import Parameter

MAGIC_LINK_ID = Parameter("magic_link_id", "path")

LINK = (
    ApiOperation(
        "POST", "/link/token", "link.tokens.minted", "createLinkToken", "Make a link token for the button",
        "Link", schemas.LinkTokenResponse, access=Access.KEY, body=schemas.LinkTokenRequest,
        body_required=False, example={"customer_id": "customer-42"},
        errors=(400, 401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "POST", "/link/exchange", "link.tokens.exchanged", "exchangeAuthCode",
        "Exchange an auth code for the access token of its connection", "Link", schemas.ExchangeResponse,
        access=Access.KEY, body=schemas.ExchangeRequest,
        example={"auth_code": "ac_…", "customer_id": "customer-42"}, errors=(400, 401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/magic-links", "link.magic_links.get_list", "listMagicLinks", "List magic links",
        "Magic links", schemas.MagicLinkListEnvelope, access=Access.KEY, errors=(401, 422, 429),
    ),
    ApiOperation(
        "POST", "/magic-links", "link.magic_links.created", "createMagicLink",
        "Make a link that an end user connects a system with", "Magic links", schemas.MagicLinkEnvelope,
        access=Access.KEY, body=schemas.CreateMagicLinkRequest, body_required=False,
        example={"integration_type": "wms", "link_duration": 7, "customer_id": "customer-42"},
        errors=(400, 401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/magic-links/{magic_link_id}", "link.magic_links.get_item", "getMagicLink",
        "Read a magic link", "Magic links", schemas.MagicLinkEnvelope, access=Access.KEY,
        parameters=(MAGIC_LINK_ID,), errors=(401, 404, 422, 429),
    ),
    ApiOperation(
        "DELETE", "/magic-links/{magic_link_id}", "link.magic_links.deleted", "deleteMagicLink",
        "Delete a magic link", "Magic links", schemas.DeletedMagicLink, access=Access.KEY,
        parameters=(MAGIC_LINK_ID,), errors=(401, 403, 404, 422, 429),
    ),
    ApiOperation(
        "GET", "/branding", "link.branding.get_item", "getBranding", "Read how the form looks", "Branding",
        schemas.BrandingItem, access=Access.KEY, errors=(401, 422, 429),
    ),
    ApiOperation(
        "PUT", "/branding", "link.branding.changed", "setBranding",
        "Set how the form looks, in place of how it did; the logo stays", "Branding", schemas.BrandingItem,
        access=Access.KEY, body=schemas.BrandingBody,
        example={"name": "Acme", "color": "#1d4ed8", "terms_url": "https://acme.example/terms"},
        errors=(400, 401, 403, 422, 429),
    ),
    ApiOperation(
        "PUT", "/branding/logo", "link.branding.logo_changed", "setBrandingLogo",
        "Set the logo: the body is a PNG or a plain SVG of at most 256 kB", "Branding", schemas.BrandingItem,
        access=Access.KEY, takes_file=True, errors=(401, 403, 413, 422, 429),
    ),
    ApiOperation(
        "DELETE", "/branding/logo", "link.branding.logo_removed", "deleteBrandingLogo", "Remove the logo",
        "Branding", schemas.BrandingItem, access=Access.KEY, errors=(401, 403, 422, 429),
    ),
)  # fmt: skip
