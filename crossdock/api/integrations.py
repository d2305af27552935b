"""What integrations can do, from their manifests and cases."""

from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.connections import available_actions
from crossdock.api.door import Visit
from crossdock.api.replies import reply
from crossdock.errors import NotFound, VendorError
from crossdock.integrations.coverage import implemented_fields
from crossdock.integrations.registry import Integration, integration, integrations_of
from crossdock.resources.writes import Write
from crossdock.writes import info
from crossdock.writes.bodies import Options
from crossdock.writes.info import OptionsByAction


async def listed(visit: Visit) -> Response:
    """All integrations of a type."""
    kind = str(visit.arguments()["integration_type"])
    shown = [_shown(visit, one, _no_account(one)) for one in integrations_of(kind)]
    return reply(schemas.IntegrationInfoList(data=shown))


async def one(visit: Visit) -> Response:
    """One integration, in the shape of a list; with a token, as its connection may use it."""
    found = _asked_for(visit)
    options = await _options(visit, found)
    return reply(schemas.IntegrationInfoList(data=[_shown(visit, found, options)]))


async def write_info(visit: Visit) -> Response:
    """The OpenAPI document of an integration's writes; with a token, as its connection may use them."""
    found = _asked_for(visit)
    options = await _options(visit, found)
    return reply(info.document(found, _writes(visit, found), options))


def _asked_for(visit: Visit) -> Integration:
    given = visit.arguments()
    found = integration(str(given["integration_type"]), str(given["integration_name"]))
    connection = visit.with_token
    if connection is not None and (connection.type, connection.integration) != (found.type, found.slug):
        raise NotFound(
            f"the access token belongs to a connection of {connection.integration}", record_id=found.slug
        )
    return found


def _writes(visit: Visit, one: Integration) -> list[Write]:
    """Its writes that are not switched off."""
    actions = _actions(visit, one)
    return [write for action, write in one.writes.items() if action in actions]


def _actions(visit: Visit, one: Integration) -> list[str]:
    if visit.with_token is None:
        return [function for function in one.functions if function not in visit.door.settings.off]
    return available_actions(visit.door, visit.with_token, one)


def _no_account(one: Integration) -> OptionsByAction:
    return {action: info.without_account(one.accepts(action)) for action in one.writes}


async def _options(visit: Visit, one: Integration) -> OptionsByAction:
    """The values that only the account knows: with a token those of its connection, asked for live."""
    connection, writer = visit.with_token, visit.door.writer
    if connection is None or not any(one.accepts(action).options for action in one.writes):
        return _no_account(one)
    try:
        async with writer.sign_in(connection, one) as client:
            return {
                action: await writer.options.of(connection.uid, client, one.accepts(action))
                for action in one.writes
            }
    except VendorError:
        return _no_account(one)  # it can't be asked now; what it takes is known all the same


def _shown(visit: Visit, one: Integration, options: OptionsByAction) -> schemas.IntegrationInfo:
    actions = _actions(visit, one)
    return schemas.IntegrationInfo(
        integration_name=one.slug,
        display_name=one.manifest.name,
        install_method="oauth" if one.manifest.auth.scheme == "oauth" else "input",
        description=one.manifest.description,
        logo_url="",
        write_operations=[
            _write_operation(one, write, options[write.action]) for write in _writes(visit, one)
        ],
        list_operations=[
            schemas.ListOperation(
                action=function,
                url=f"GET {resource.path if resource.listed else resource.one_path}",
                implemented_fields=implemented_fields(one, resource),
            )
            for function, resource in one.resources.items()
            if function in actions
        ],
        available_actions=actions,
    )


def _write_operation(one: Integration, write: Write, options: Options) -> schemas.WriteOperation:
    required, optional, own = info.fields(one, write, options)
    return schemas.WriteOperation(
        action=write.action,
        url=f"{write.method} {write.path}",
        required_base_schema_fields=required,
        optional_base_schema_fields=optional,
        integration_specific_fields=schemas.IntegrationSpecificFields(
            properties=own["properties"], required_fields=own["required_fields"]
        ),
    )
