"""The sandbox: making one, resetting it, and letting things happen in it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.context import RequestContext
from crossdock.api.records.responses import single_record
from crossdock.changes.commit import Changes, commit
from crossdock.changes.plan import Incoming, Target
from crossdock.connections.capabilities import available_actions, available_endpoints
from crossdock.connections.connect import ConnectCircumstances
from crossdock.connections.lookup import oldest_of
from crossdock.connections.reset import reset_connection
from crossdock.errors import NotFound, VendorNonsense
from crossdock.integrations.sandbox.generate.worlds import open_world
from crossdock.integrations.sandbox.operations import simulate
from crossdock.integrations.sandbox.world.records import World
from crossdock.kit.contract import Raw
from crossdock.kit.registry import get_integration
from crossdock.resources.schema import Resource
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import acting
from crossdock.store.records import records
from crossdock.web.dependencies import Dependencies
from crossdock.web.responses import reply
from crossdock.wire import stamp

SANDBOX = "sandbox"


async def generated(visit: RequestContext) -> Response:
    """The organization's sandbox of a type: made when there is none, filled anew when there is."""
    door, kind = visit.door, str(visit.arguments()["integration_type"])
    off = door.settings.off
    connection = await _sandbox(door, visit.caller.organization_id, kind)
    integration = get_integration(kind, SANDBOX)
    if connection is None:
        connection, token = await door.linker.connect(
            visit.caller.organization_id, integration, {}, circumstances=ConnectCircumstances(acting())
        )
    else:
        organization_id, now = visit.caller.organization_id, door.clock()
        await audit_log.note_look(door.database, organization_id, "access_token.viewed", connection.uid, now)
        token = await connections.token(door.database, door.vault, connection)
        await _reset(door, connection)
    door.wake()
    return reply(
        schemas.SandboxExchange(
            access_token=token,
            connection_id=connection.uid,
            customer_id=connection.customer_id,
            available_actions=available_actions(connection, integration, off),
            available_endpoints=available_endpoints(connection, integration, off),
        )
    )


async def _sandbox(door: Dependencies, organization_id: str, kind: str) -> ConnectionRow | None:
    """The organization's own sandbox of a type: the oldest."""
    return await oldest_of(door.database, organization_id, kind, SANDBOX)


async def _reset(door: Dependencies, connection: ConnectionRow) -> None:
    """A new world under the same connection; everything syncs as if for the first time."""
    credentials = await connections.credentials(door.database, door.vault, connection)
    credentials["epoch"] = stamp(door.clock())
    now = datetime.fromtimestamp(door.clock() / 1000, UTC).replace(microsecond=0)
    await run_in_threadpool(
        simulate.reset, door.folder(SANDBOX), credentials["world"], int(credentials["seed"]), now
    )
    await reset_connection(door.database, door.vault, connection, credentials, door.clock())


async def order_fulfilled(visit: RequestContext) -> Response:
    arguments = visit.arguments()
    order_id, partial = str(arguments["order_id"]), bool(arguments["partial"])
    return await _simulated(
        visit, "wms", "get_orders", lambda world, now: simulate.fulfill_order(world, order_id, partial, now)
    )


async def return_received(visit: RequestContext) -> Response:
    return_id = str(visit.arguments()["return_id"])
    return await _simulated(
        visit, "wms", "get_returns", lambda world, now: simulate.receive_return(world, return_id, now)
    )


async def cart_order_added(visit: RequestContext) -> Response:
    body = await _body(visit)
    return await _simulated(
        visit, "cart", "get_orders", lambda world, now: simulate.create_cart_order(world, body, now)
    )


async def cart_product_added(visit: RequestContext) -> Response:
    body = await _body(visit)
    return await _simulated(
        visit, "cart", "get_products", lambda world, now: simulate.create_cart_product(world, body, now)
    )


async def _body(visit: RequestContext) -> dict[str, Any]:
    visit.arguments()
    body: dict[str, Any] = await visit.body(dict[str, Any], required=False)
    return body


Happening = Callable[[World, datetime], Raw]


async def _simulated(visit: RequestContext, kind: str, function: str, happen: Happening) -> Response:
    """Let it happen, store the record that came of it, and show that."""
    door = visit.door
    connection = await _sandbox(door, visit.caller.organization_id, kind)
    if connection is None:
        path = f"/sandbox/generate-sandbox/{kind}"
        raise NotFound(f"there is no {kind} sandbox yet; POST {path} makes one")
    credentials = await connections.credentials(door.database, door.vault, connection)
    moment = datetime.fromtimestamp(door.clock() / 1000, UTC)
    raw = await run_in_threadpool(_happened, door.folder(SANDBOX), credentials, happen, moment)
    resource = get_integration(kind, SANDBOX).resources[function]
    return await _stored(door, connection, resource, raw)


def _happened(folder: Path, fields: Mapping[str, str], happen: Happening, moment: datetime) -> Raw:
    epoch = datetime.fromisoformat(fields["epoch"])
    return happen(open_world(folder, fields["world"], int(fields["seed"]), epoch), moment)


async def _stored(door: Dependencies, connection: ConnectionRow, resource: Resource, raw: Raw) -> Response:
    """Through the same door as a sync: read, compared, stored, told."""
    fields = get_integration(connection.type, SANDBOX).reader(resource)(raw)
    record_id = str(fields["id"])
    incoming = Incoming(record_id, fields, None)

    target = Target(connection, resource, cause=SANDBOX)
    outcome = await commit(door.database, target, Changes([incoming]), door.clock())
    if outcome.refused:
        raise VendorNonsense(outcome.refused[record_id])
    document = await records.get_document(door.database, resource, connection.id, record_id)
    if document is None:
        raise NotFound(f"the record {record_id!r} was removed meanwhile", record_id=record_id)
    return single_record(document)
