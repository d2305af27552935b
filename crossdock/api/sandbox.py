"""The sandbox: making one, resetting it, and letting things happen in it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from crossdock.api import bodies, replies, schemas
from crossdock.api.connections import available_actions, available_endpoints
from crossdock.api.door import Door, Visit
from crossdock.api.replies import reply
from crossdock.changes.commit import Incoming, Outcome, Target, commit
from crossdock.changes.document import stamp
from crossdock.errors import NotFound, VendorNonsense
from crossdock.integrations.contract import Raw
from crossdock.integrations.registry import integration
from crossdock.integrations.sandbox import simulate
from crossdock.integrations.sandbox.generate import open_world
from crossdock.integrations.sandbox.world import World
from crossdock.link.connect import restart
from crossdock.resources.schema import Resource
from crossdock.store import connections, records
from crossdock.store.connections import Connection
from crossdock.store.engine import Transaction

SANDBOX = "sandbox"


async def generated(visit: Visit) -> Response:
    """The organization's sandbox of a type: made when there is none, filled anew when there is."""
    door, kind = visit.door, str(visit.arguments()["integration_type"])
    found = await _sandbox(door, visit.caller.organization_id, kind)
    behind = integration(kind, SANDBOX)
    if found is None:
        found, token = await door.linker.connect(visit.caller.organization_id, behind, {})
    else:
        token = await connections.token(door.database, door.vault, found)
        await _reset(door, found)
    door.wake()
    return reply(
        schemas.SandboxExchange(
            access_token=token,
            connection_id=found.uid,
            customer_id=found.customer_id,
            available_actions=available_actions(door, found, behind),
            available_endpoints=available_endpoints(door, found, behind),
        )
    )


async def _sandbox(door: Door, organization_id: str, kind: str) -> Connection | None:
    """The organization's own sandbox of a type: the oldest."""
    for one in await connections.page(door.database, organization_id):
        if (one.type, one.integration) == (kind, SANDBOX):
            return one
    return None


async def _reset(door: Door, connection: Connection) -> None:
    """A new world under the same connection; everything syncs as if for the first time."""
    given = await connections.credentials(door.database, door.vault, connection)
    given["epoch"] = stamp(door.clock())
    now = datetime.fromtimestamp(door.clock() / 1000, UTC).replace(microsecond=0)
    await run_in_threadpool(simulate.reset, door.folder(SANDBOX), given["world"], int(given["seed"]), now)
    await restart(door.database, door.vault, connection, given, door.clock())


async def order_fulfilled(visit: Visit) -> Response:
    given = visit.arguments()
    order_id, partial = str(given["order_id"]), bool(given["partial"])
    return await _simulated(
        visit, "wms", "get_orders", lambda world, now: simulate.fulfill_order(world, order_id, partial, now)
    )


async def return_received(visit: Visit) -> Response:
    return_id = str(visit.arguments()["return_id"])
    return await _simulated(
        visit, "wms", "get_returns", lambda world, now: simulate.receive_return(world, return_id, now)
    )


async def cart_order_added(visit: Visit) -> Response:
    body = await _body(visit)
    return await _simulated(
        visit, "cart", "get_orders", lambda world, now: simulate.create_cart_order(world, body, now)
    )


async def cart_product_added(visit: Visit) -> Response:
    body = await _body(visit)
    return await _simulated(
        visit, "cart", "get_products", lambda world, now: simulate.create_cart_product(world, body, now)
    )


async def _body(visit: Visit) -> dict[str, Any]:
    visit.arguments()
    given: dict[str, Any] = bodies.read(await visit.request.body(), dict[str, Any], required=False)
    return given


Happening = Callable[[World, datetime], Raw]


async def _simulated(visit: Visit, kind: str, function: str, happen: Happening) -> Response:
    """Lets it happen, stores the record that came of it, and shows that."""
    door = visit.door
    connection = await _sandbox(door, visit.caller.organization_id, kind)
    if connection is None:
        path = f"/sandbox/generate-sandbox/{kind}"
        raise NotFound(f"there is no {kind} sandbox yet; POST {path} makes one")
    given = await connections.credentials(door.database, door.vault, connection)
    moment = datetime.fromtimestamp(door.clock() / 1000, UTC)
    raw = await run_in_threadpool(_happened, door.folder(SANDBOX), given, happen, moment)
    resource = integration(kind, SANDBOX).resources[function]
    return await _stored(door, connection, resource, raw)


def _happened(folder: Path, given: Mapping[str, str], happen: Happening, moment: datetime) -> Raw:
    epoch = datetime.fromisoformat(given["epoch"])
    return happen(open_world(folder, given["world"], int(given["seed"]), epoch), moment)


async def _stored(door: Door, connection: Connection, resource: Resource, raw: Raw) -> Response:
    """Through the same door as a sync: read, compared, stored, told."""
    fields = integration(connection.type, SANDBOX).reader(resource)(raw)
    record_id = str(fields["id"])
    incoming = Incoming(record_id, fields, None)

    async def also(_transaction: Transaction, outcome: Outcome) -> None:
        if outcome.refused:
            raise VendorNonsense(outcome.refused[record_id])

    target = Target(connection, resource, cause=SANDBOX)
    await commit(door.database, target, [incoming], door.clock(), also)
    document = await records.one(door.database, resource, connection.id, record_id)
    if document is None:
        raise NotFound(f"the record {record_id!r} was removed meanwhile", record_id=record_id)
    return replies.one(document)
