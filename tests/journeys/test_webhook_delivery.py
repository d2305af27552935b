"""Every change reaches whoever subscribed, signed, in the form that the libraries verify."""

from crossdock.store import events
from tests.journeys.conftest import World, order
from tests.journeys.hooks import SECRET, Hooks, hooks, signed_by

__all__ = ["hooks"]


async def test_a_change_arrives_at_an_endpoint_with_the_id_and_body_of_the_feed(world: World, hooks: Hooks):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    endpoint = await hooks.endpoint(types=("order.updated",))
    world.change("orders", "o-001", state="SHIPPED")
    await world.next_sync()

    [arrived] = hooks.receiver.got()
    rows = await events.of_connection(world.services.database, connection.id)
    [told] = [row for _, row in rows if row.type == "order.updated"]
    assert arrived.id == told.id
    assert arrived.body == told.body
    assert signed_by(SECRET, arrived.headers, arrived.body, world.clock() / 1000)
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code, attempt.manual) == (0, 204, False)
