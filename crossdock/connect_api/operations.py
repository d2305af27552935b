"""The routes of the form's API, of signing in on a vendor's page, and of logos."""

from dataclasses import dataclass

from crossdock.web.operation import HttpOperation, Parameter

FLOW_ID = Parameter("flow_id")


@dataclass(frozen=True)
class LinkOperation(HttpOperation):
    """A route. shows_token: whether a link token must be shown."""

    shows_token: bool = True


API = (
    LinkOperation(
        "POST", "/magic-links/session", "form.magic_session", "openMagicLink", shows_token=False
    ),
    LinkOperation("POST", "/open", "form.opened", "openLinkForm"),
    LinkOperation(
        "GET", "/integrations/{type}/{name}", "form.integration", "getLinkIntegration",
        parameters=(Parameter("type", "path"), Parameter("name", "path")),
    ),
    LinkOperation("POST", "/connect", "flows.connected", "connectLink"),
    LinkOperation("GET", "/permissions", "flows.permissions", "getLinkPermissions", parameters=(FLOW_ID,)),
    LinkOperation("GET", "/flow", "flows.shown", "getLinkFlow", parameters=(FLOW_ID,)),
    LinkOperation("POST", "/oauth/begin", "oauth.begun", "beginLinkConsent"),
)  # fmt: skip

CONSENT = (
    LinkOperation(
        "GET", "/start/{state}", "oauth.departed", "startLinkConsent",
        parameters=(Parameter("state", "path"),), shows_token=False,
    ),
    LinkOperation("GET", "/callback", "oauth.returned", "endLinkConsent", shows_token=False),
    LinkOperation("GET", "/done", "oauth.told", "showLinkConsent", shows_token=False),
)  # fmt: skip

LOGOS = (
    LinkOperation(
        "GET", "/organizations/{name}", "logos.of_organization", "getOrganizationLogo",
        parameters=(Parameter("name", "path"),), shows_token=False,
    ),
    LinkOperation(
        "GET", "/integrations/{type}/{name}", "logos.of_integration", "getIntegrationLogo",
        parameters=(Parameter("type", "path"), Parameter("name", "path")), shows_token=False,
    ),
)  # fmt: skip
