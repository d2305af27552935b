"""What the tests of Tryton's writes share: writing, looking into Tryton, and reading back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from crossdock.errors import VendorUnavailable
from crossdock.integrations.contract import Call, Command, Raw, Walk
from crossdock.integrations.registry import integration
from crossdock.integrations.tryton.client import Client
from crossdock.writes.steps import carried_out
from tests.live.tryton_server import Tryton

TRYTON = integration("wms", "tryton")
MAIN, EAST, A_01 = 5, 12, 13
ORDER, INBOUND, RETURN = "stock.shipment.out", "stock.shipment.in", "stock.shipment.out.return"
NewClient = Callable[..., Client]

ADDRESS = {
    "full_name": "Customer Ada", "address1": "1 Main St", "address2": "Flat 2", "city": "Springfield",
    "postal_code": "62701", "country": "US",
}  # fmt: skip


class Unlucky(Client):
    """Loses the answer of the call that is named, after Tryton has done it."""

    loses: str = ""

    async def call(self, call: Call) -> Any:
        answer = await super().call(call)
        if self.loses and call.path.endswith(self.loses):
            self.loses = ""
            raise VendorUnavailable("the connection failed")
        return answer


class Busy(Client):
    """Something else happens before each step of a stock count."""

    meanwhile: Callable[[], None]

    async def call(self, call: Call) -> Any:
        if call.path.endswith(("line.search_read", "line.write", "confirm")):
            self.meanwhile()
        return await super().call(call)


def command(action: str, body: dict[str, Any], record_id: str | None = None, **more: Any) -> Command:
    return Command(action, body, record_id, **{"begun": datetime.now(UTC)} | more)


async def write(client: Client, action: str, body: dict[str, Any], record_id: str | None = None) -> str:
    found = await carried_out(client, TRYTON.steps(command(action, body, record_id)))
    assert isinstance(found, str)
    return found


async def searched(client: Client, asked: Command) -> str | None:
    search = TRYTON.search(asked)
    assert search is not None
    found: str | None = await carried_out(client, search)
    return found


def order(reference: str, **more: Any) -> dict[str, Any]:
    lines = [
        {"sku": "SKU-003", "quantity": 2, "unit_price": Decimal("10.99")},
        {"product_id": "4", "quantity": 1},
    ]
    given = {"reference_id": reference, "ship_to_address": ADDRESS, "line_items": lines}
    return given | {"warehouse_id": str(MAIN), "shipping_method_id": "1"} | more


def inbound(number: str, **more: Any) -> dict[str, Any]:
    lines = [{"sku": "SKU-003", "expected_quantity": 40}, {"sku": "SKU-004", "expected_quantity": 5}]
    given = {"purchase_order_number": number, "warehouse_id": str(MAIN), "line_items": lines}
    return given | {"supplier_object": {"supplier_name": "Supplier 1"}} | more


MADE: dict[str, str] = {}
"""Documents that tests only look at, or are refused to change."""


async def waiting(client: Client) -> str:
    """An order that nobody has begun to send."""
    if ORDER not in MADE:
        MADE[ORDER] = await write(client, "create_order", order("W-waiting"))
    return MADE[ORDER]


async def expected(client: Client) -> str:
    """An inbound shipment that has not come."""
    if INBOUND not in MADE:
        MADE[INBOUND] = await write(client, "create_inbound_shipment", inbound("PO-expected"))
    return MADE[INBOUND]


async def sent(client: Client) -> str:
    """An order that was sent."""
    if "sent" not in MADE:
        MADE["sent"] = await write(client, "create_order", order("W-sent"))
        await write(client, "create_order_shipment", {}, MADE["sent"])
    return MADE["sent"]


def one(server: Tryton, model: str, record_id: str, *fields: str) -> dict[str, Any]:
    [found] = server.find(model, [["id", "=", int(record_id)]], *fields)
    return found


def moves(server: Tryton, record_id: str, model: str, side: str) -> list[tuple[str, float]]:
    domain = [["shipment", "=", f"{model},{record_id}"], [f"{side}.type", "in", ["customer", "supplier"]]]
    rows = server.find("stock.move", domain, "product.code", "quantity")
    return sorted((row["product."]["code"], row["quantity"]) for row in rows)


def onhand(server: Tryton, product: int, location: int = MAIN) -> float:
    where: dict[str, Any] = {"locations": [location], "with_childs": True}
    [row] = server.call("model.product.product.read", [product], ["quantity"], **where)
    return float(row["quantity"])


async def walked(client: Client, name: str, record_id: str) -> Raw:
    """The record as the next sync reads it, with what changed since a moment ago."""
    now = datetime.now(UTC)
    walk = Walk(mark={"at": now.replace(tzinfo=None).isoformat()}, end=now + timedelta(hours=1))
    pages = [page async for page in getattr(client, name)(walk)]
    [found] = [raw for page in pages for raw in page.records if str(raw["id"]) == record_id]
    return dict(found)


async def read_back(client: Client, name: str, record_id: str) -> dict[str, Any]:
    """The record as our API shows it; the next sync reads the very same one."""
    [resource] = [one for one in TRYTON.resources.values() if one.name == name]
    raw = await getattr(client, resource.singular)(record_id)
    assert raw == await walked(client, name, record_id)
    return dict(TRYTON.reader(resource)(raw))
