"""What integrations can do, from their manifests and cases."""

from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.connections import available_actions
from crossdock.api.door import Visit
from crossdock.api.replies import reply
from crossdock.errors import NotFound
from crossdock.integrations.coverage import implemented_fields
from crossdock.integrations.registry import Integration, integration, integrations_of


async def listed(visit: Visit) -> Response:
    """All integrations of a type."""
    kind = str(visit.arguments()["integration_type"])
    shown = [_shown(visit, one) for one in integrations_of(kind)]
    return reply(schemas.IntegrationInfoList(data=shown))


async def one(visit: Visit) -> Response:
    """One integration, in the shape of a list; with a token, as its connection may use it."""
    given = visit.arguments()
    found = integration(str(given["integration_type"]), str(given["integration_name"]))
    connection = visit.with_token
    if connection is not None and (connection.type, connection.integration) != (found.type, found.slug):
        raise NotFound(
            f"the access token belongs to a connection of {connection.integration}", record_id=found.slug
        )
    return reply(schemas.IntegrationInfoList(data=[_shown(visit, found)]))


def _shown(visit: Visit, one: Integration) -> schemas.IntegrationInfo:
    connection, off = visit.with_token, visit.door.settings.off
    if connection is None:
        actions = [function for function in one.functions if function not in off]
    else:
        actions = available_actions(visit.door, connection, one)
    return schemas.IntegrationInfo(
        integration_name=one.slug,
        display_name=one.manifest.name,
        install_method="oauth" if one.manifest.auth.scheme == "oauth" else "input",
        description=one.manifest.description,
        logo_url="",
        write_operations=[],
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
