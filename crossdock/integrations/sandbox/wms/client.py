"""Reads a simulated warehouse, and writes to it."""

from collections.abc import AsyncIterator

from crossdock.integrations.sandbox.operations.service import SandboxService
from crossdock.kit.contract import Account, Context, Page, Raw, Walk


class Client(SandboxService):
    """One method per function; what the manifest calls a snapshot comes whole every time."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, "wms")

    async def check(self) -> Account:
        return await self._account("Sandbox warehouse")

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("orders", walk)

    def order_packs(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("order_packs", walk)

    def order_channels(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("order_channels", walk)

    def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("inventory", walk)

    def inventory_ledger(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("inventory_ledger", walk)

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("products", walk)

    def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("inbound_shipments", walk)

    def inbound_shipment_suppliers(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("inbound_shipment_suppliers", walk)

    def returns(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("returns", walk)

    def bills(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("bills", walk)

    def shipping_methods(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("shipping_methods", walk)

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("warehouses", walk)

    def warehouse_locations(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("warehouse_locations", walk)

    def warehouse_customers(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("warehouse_customers", walk)

    def labor_activities(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("labor_activities", walk)

    async def order(self, record_id: str) -> Raw:
        return await self._one("orders", record_id)

    async def product(self, record_id: str) -> Raw:
        return await self._one("products", record_id)

    async def inventory_item(self, record_id: str) -> Raw:
        return await self._one("inventory", record_id)

    async def order_channel(self, record_id: str) -> Raw:
        return await self._one("order-channels", record_id)

    async def supplier(self, record_id: str) -> Raw:
        return await self._one("inbound-shipment-suppliers", record_id)

    async def inbound_shipment(self, record_id: str) -> Raw:
        return await self._one("inbound-shipments", record_id)

    async def return_order(self, record_id: str) -> Raw:
        return await self._one("returns", record_id)
