"""Bodies and answers of the form's API."""

from typing import Any, Literal

from msgspec import Struct, field

from crossdock.connections.link.branding import ShownBranding
from crossdock.connections.link.flows import FunctionPermission, LinkResult
from crossdock.connections.link.form import FormField, ShownWhen
from crossdock.store.connections.link_flows import FlowError


class MagicSessionBody(Struct, kw_only=True):
    secret: str
    flow_id: str | None = None
    """Of a flow that is gone on with, back from a page of the vendor."""


class OpenBody(Struct, kw_only=True):
    options: dict[str, Any] = field(default_factory=dict)
    integration_id: str | None = None


class ConnectBody(Struct, kw_only=True):
    type: str
    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    flow_id: str


class ConsentBody(ConnectBody, kw_only=True):
    mode: Literal["popup", "redirect"] = "popup"
    return_url: str | None = None


class MagicSessionReply(Struct, kw_only=True):
    link_token: str
    options: dict[str, Any]


class PickerEntry(Struct, kw_only=True):
    """An integration in the picker."""

    type: str
    name: str
    display_name: str
    description: str
    logo_url: str | None
    install_method: Literal["input", "oauth"]


class ReinstallEntry(Struct, kw_only=True):
    """The connection that is to be repaired."""

    connection_id: str
    integration_name: str
    integration_type: str
    display_name: str


class OpenReply(Struct, kw_only=True):
    organization: ShownBranding
    allowed_origins: tuple[str, ...]
    """Origins of pages that may hold the form; empty: any."""
    integration_type: str
    integrations: list[PickerEntry]
    skips_picker: bool
    reinstall: ReinstallEntry | None
    language_hint: str | None
    warnings: list[str]


class IntegrationReply(Struct, kw_only=True):
    """The form of an integration. not_configured: nobody can sign in, as the operator has no OAuth app.

    consent_when: the choice with which one signs in on a page of the vendor; None: `install_method` says it.
    """

    type: str
    name: str
    display_name: str
    description: str
    logo_url: str | None
    install_method: Literal["input", "oauth"]
    not_configured: bool
    consent_when: ShownWhen | None
    fields: list[FormField]
    docs: str


class PermissionsReply(Struct, kw_only=True):
    permissions: list[FunctionPermission]


class FlowReply(Struct, kw_only=True, omit_defaults=True):
    status: str
    result: LinkResult | None = None
    error: FlowError | None = None


class StartReply(Struct, kw_only=True):
    start_url: str
