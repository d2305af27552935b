"""What the tests of Tryton's writes share: writing, looking into Tryton, and reading back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from crossdock.errors import VendorUnavailable
from crossdock.integrations.tryton.client import Client
from crossdock.kit.contract import Call, Command, Raw, Walk
from crossdock.kit.registry import get_integration
from crossdock.writes.steps import execute
from tests.integrations.tryton.live.server import Tryton

TRYTON = get_integration("wms", "tryton")
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


def command(action: str, body: dict[str, Any], record_id: str | None = None, **extra_fields: Any) -> Command:
    return Command(action, body, record_id, **{"begun": datetime.now(UTC)} | extra_fields)


async def write(client: Client, action: str, body: dict[str, Any], record_id: str | None = None) -> str:
    rows = await execute(client, TRYTON.steps(command(action, body, record_id)))
    assert isinstance(rows, str)
    return rows


async def searched(client: Client, requested_command: Command) -> str | None:
    search = TRYTON.search(requested_command)
    assert search is not None
    rows: str | None = await execute(client, search)
    return rows


def order(reference: str, **extra_fields: Any) -> dict[str, Any]:
    lines = [
        {"sku": "SKU-003", "quantity": 2, "unit_price": Decimal("10.99")},
        {"product_id": "4", "quantity": 1},
    ]
    fields = {"reference_id": reference, "ship_to_address": ADDRESS, "line_items": lines}
    return fields | {"warehouse_id": str(MAIN), "shipping_method_id": "1"} | extra_fields


def inbound(number: str, **extra_fields: Any) -> dict[str, Any]:
    lines = [{"sku": "SKU-003", "expected_quantity": 40}, {"sku": "SKU-004", "expected_quantity": 5}]
    fields = {"purchase_order_number": number, "warehouse_id": str(MAIN), "line_items": lines}
    return fields | {"supplier_object": {"supplier_name": "Supplier 1"}} | extra_fields


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
    [mapping] = server.find(model, [["id", "=", int(record_id)]], *fields)
    return mapping


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
    [value] = [raw for page in pages for raw in page.records if str(raw["id"]) == record_id]
    return dict(value)


async def read_back(client: Client, name: str, record_id: str) -> dict[str, Any]:
    """The record as our API shows it; the next sync reads the very same one."""
    [resource] = [resource for resource in TRYTON.resources.values() if resource.name == name]
    raw = await getattr(client, resource.reader)(record_id)
    assert raw == await walked(client, name, record_id)
    return dict(TRYTON.reader(resource)(raw))
