"""What integrations can do, from their manifests and cases."""

from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.context import RequestContext
from crossdock.connections.capabilities import available_actions, unconnected_actions
from crossdock.connections.link.branding import integration_logo_url
from crossdock.errors import NotFound, VendorError
from crossdock.kit.coverage import implemented_fields
from crossdock.kit.registry import Integration, get_integration, integrations_of
from crossdock.resources.writes import Write
from crossdock.store.connections import access
from crossdock.store.connections.access import Organization
from crossdock.web.responses import reply
from crossdock.writes import info
from crossdock.writes.bodies import Options
from crossdock.writes.info import OptionsByAction


async def get_list(visit: RequestContext) -> Response:
    """All integrations of a type."""
    kind = str(visit.arguments()["integration_type"])
    organization = await _organization(visit)
    shown = [
        _shown(visit, integration, _actions(visit, organization, integration), _no_account(integration))
        for integration in integrations_of(kind)
    ]
    return reply(schemas.IntegrationInfoList(data=shown))


async def get_item(visit: RequestContext) -> Response:
    """One integration, in the shape of a list; with a token, as its connection may use it."""
    integration = _asked_for(visit)
    options = await _options(visit, integration)
    actions = _actions(visit, await _organization(visit), integration)
    return reply(schemas.IntegrationInfoList(data=[_shown(visit, integration, actions, options)]))


async def write_info(visit: RequestContext) -> Response:
    """The OpenAPI document of an integration's writes; with a token, as its connection may use them."""
    integration = _asked_for(visit)
    options = await _options(visit, integration)
    actions = _actions(visit, await _organization(visit), integration)
    return reply(info.document(integration, _writes(integration, actions), options))


def _asked_for(visit: RequestContext) -> Integration:
    arguments = visit.arguments()
    integration = get_integration(str(arguments["integration_type"]), str(arguments["integration_name"]))
    connection = visit.with_token
    if connection is not None and (connection.type, connection.integration) != (
        integration.type,
        integration.slug,
    ):
        raise NotFound(
            f"the access token belongs to a connection of {connection.integration}",
            record_id=integration.slug,
        )
    return integration


def _writes(integration: Integration, actions: list[str]) -> list[Write]:
    """The integration's writes that are not switched off."""
    return [write for action, write in integration.writes.items() if action in actions]


async def _organization(visit: RequestContext) -> Organization | None:
    return await access.organization(visit.door.database, visit.caller.organization_id)


def _actions(visit: RequestContext, organization: Organization | None, integration: Integration) -> list[str]:
    """The actions that are not off: for the connection, or for the organization where there is no token."""
    off = visit.door.settings.off
    if visit.with_token is None:
        return unconnected_actions(integration, organization, off)
    return available_actions(visit.with_token, integration, off)


def _no_account(integration: Integration) -> OptionsByAction:
    return {action: info.without_account(integration.accepts(action)) for action in integration.writes}


async def _options(visit: RequestContext, integration: Integration) -> OptionsByAction:
    """The values that only the account knows: with a token those of its connection, asked for live."""
    connection, writer = visit.with_token, visit.door.writer
    if connection is None or not any(integration.accepts(action).options for action in integration.writes):
        return _no_account(integration)
    try:
        async with writer.sign_in(connection, integration) as client:
            return {
                action: await writer.options.of(connection.uid, client, integration.accepts(action))
                for action in integration.writes
            }
    except VendorError:
        return _no_account(integration)  # it can't be asked now; what it takes is known all the same


def _shown(
    visit: RequestContext, integration: Integration, actions: list[str], options: OptionsByAction
) -> schemas.IntegrationInfo:
    return schemas.IntegrationInfo(
        integration_name=integration.slug,
        display_name=integration.manifest.name,
        install_method="oauth" if integration.manifest.auth.asks_for_consent else "input",
        description=integration.manifest.description,
        logo_url=integration_logo_url(integration, visit.door.settings) or "",
        write_operations=[
            _write_operation(integration, write, options[write.action])
            for write in _writes(integration, actions)
        ],
        list_operations=[
            schemas.ListOperation(
                action=function,
                url=f"GET {resource.read_path}",
                implemented_fields=implemented_fields(integration, resource),
            )
            for function, resource in integration.resources.items()
            if function in actions
        ],
        available_actions=actions,
        evidence=integration.manifest.evidence,
        evidence_note=integration.manifest.evidence_note or None,
        inbound_functions=[]
        if integration.manifest.inbound is None
        else integration.manifest.inbound.functions,
    )


def _write_operation(integration: Integration, write: Write, options: Options) -> schemas.WriteOperation:
    required, optional, own_fields = info.fields(integration, write, options)
    return schemas.WriteOperation(
        action=write.action,
        url=f"{write.method} {write.path}",
        required_base_schema_fields=required,
        optional_base_schema_fields=optional,
        integration_specific_fields=schemas.IntegrationSpecificFields(
            properties=own_fields["properties"], required_fields=own_fields["required_fields"]
        ),
    )
