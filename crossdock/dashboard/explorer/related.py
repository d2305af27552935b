"""What a record is related to: the records that it names, those of the same goods, and what carriers charged.

    record ─ ids in it ─▶ the records of the same connection that they name
           ─ its sku ───▶ products and stock of that sku
           ─ its id ────▶ lists that can be filtered by it
    order ── packs, and by its tracking numbers what each carrier of the organization charged

Everything is asked through the API, for a connection of the organization: what is another's is not there.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlencode

import msgspec

from crossdock.connections.capabilities import check_read
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.explorer.columns import label
from crossdock.dashboard.explorer.shelf import shelf_connection
from crossdock.dashboard.formats import money
from crossdock.dashboard.inside import FilledPath
from crossdock.errors import Forbidden, NotFound, NotOffered
from crossdock.resources.catalogue import all_resources
from crossdock.resources.schema import EQUALS, Resource
from crossdock.store.connections import health
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.health import ConnectionSearch

MOST_OF_EACH = 50
MOST_CARRIERS = 5
SKU = "sku"
DETAILS = ("status", SKU, "onhand", "sellable")
ALIASES: Mapping[str, str] = {
    "inventory_item_id": "inventory", "parent_product_id": "products", "channel_id": "order_channels",
    "supplier_id": "inbound_shipment_suppliers",
}  # fmt: skip
"""Members that name a record by another word than its resource's own: the resource's name."""
NAMED_BY_TYPE = (("object_id", "object_type"), ("associated_object_id", "associated_object_type"))
"""Members that hold an id beside one that says of what."""


class RelatedLine(msgspec.Struct, kw_only=True):
    """A related record. record_id: "" for what has no page; details: what is known of it, by name."""

    connection_id: str
    resource: str
    record_id: str
    label: str
    has_page: bool
    below: str = ""
    details: dict[str, Any] = {}


class RelatedList(msgspec.Struct, kw_only=True):
    """A list that is filtered by this record."""

    resource: str
    field: str
    value: str


class RelatedGroup(msgspec.Struct, kw_only=True):
    """Related records of a kind. totals: what was charged, of each currency its own text.

    costs_path: of the carrier's page that shows the same, below the dashboard.
    """

    title: str
    lines: list[RelatedLine]
    lists: list[RelatedList] = []
    is_more: bool = False
    totals: list[str] = []
    costs_path: str = ""


async def related(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, record_id: str, record: dict[str, Any]
) -> list[RelatedGroup]:
    """All that a record is related to, in groups; none of them empty."""
    groups = [
        await _packs(visit, row, resource, record_id),
        *await _costs(visit, row, resource, record_id, record),
        *[
            await _named(visit, row, other, ids)
            for other, ids in _ids(row, resource, record_id, record).items()
        ],
        *[await _same_goods(visit, row, other, record) for other in _with_sku(row, resource)],
        _filtered(visit, row, resource, record_id),
    ]
    return [group for group in groups if group is not None and (group.lines or group.lists)]


# Records that are named


def _ids(
    row: ConnectionRow, resource: Resource, record_id: str, record: dict[str, Any]
) -> dict[Resource, list[str]]:
    """The ids of the records that this one names, by resource; not its own."""
    by_member, by_singular = _names(row.type)
    ids: dict[Resource, dict[str, None]] = {}
    for holder in _objects(record):
        named = [(by_member.get(member), value) for member, value in holder.items()]
        named += [
            (by_singular.get(str(holder.get(kind))), holder.get(member)) for member, kind in NAMED_BY_TYPE
        ]
        for other, value in named:
            if other is not None and isinstance(value, str) and value:
                ids.setdefault(other, {})[value] = None
    ids.get(resource, {}).pop(record_id, None)
    return {other: list(values) for other, values in ids.items() if values}


@cache
def _names(kind: str) -> tuple[dict[str, Resource], dict[str, Resource]]:
    """The resources of a type by the members that hold their ids, and by what one of them is called."""
    resources = [resource for resource in all_resources() if resource.type == kind]
    named = [resource for resource in resources if resource.has_id and resource.parent is None]
    by_name = {resource.name: resource for resource in resources}
    aliases = {member: by_name[name] for member, name in ALIASES.items() if name in by_name}
    by_member = {resource.id_name: resource for resource in named} | aliases
    return by_member, {resource.singular: resource for resource in named}


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """All objects in a value, the outermost first."""
    waiting = [value]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, Mapping):
            yield current
            waiting += current.values()
        elif isinstance(current, list):
            waiting += current


async def _named(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, ids: list[str]
) -> RelatedGroup | None:
    """The named records that are there, in the order in which they are named."""
    wanted = ids[:MOST_OF_EACH]
    records = await _listed(visit, row, resource, {"ids": [_csv(identifier) for identifier in wanted]})
    lines = [_line(row, resource, record) for record in records]
    lines.sort(key=lambda line: wanted.index(line.record_id))
    return RelatedGroup(title=resource.name, lines=lines, is_more=len(ids) > MOST_OF_EACH)


def _with_sku(row: ConnectionRow, resource: Resource) -> list[Resource]:
    """The other resources of the connection that can be found by a sku."""
    return [
        other
        for other in all_resources()
        if other.type == row.type and other is not resource and SKU in other.filters
        and EQUALS in other.filters[SKU].operators
    ]  # fmt: skip


async def _same_goods(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, record: dict[str, Any]
) -> RelatedGroup | None:
    sku = record.get(SKU)
    if not isinstance(sku, str) or not sku.strip():
        return None
    records = await _listed(visit, row, resource, {SKU: sku, "limit": MOST_OF_EACH})
    lines = [_line(row, resource, other) for other in records]
    return RelatedGroup(title=f"{resource.name} of the same sku", lines=lines)


async def _listed(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, query: dict[str, Any]
) -> list[dict[str, Any]]:
    """Records of a list; none where the connection does not have it."""
    if not resource.listed or not _is_offered(visit, row, resource):
        return []
    answer = await visit.inside.get(resource.path, query, connection_id=row.uid)
    data: list[dict[str, Any]] = answer["data"]
    return data


def _is_offered(visit: DashboardContext, row: ConnectionRow, resource: Resource) -> bool:
    try:
        check_read(row, resource, visit.door.settings.off)
    except (NotOffered, Forbidden, NotFound):
        return False
    return True


def _csv(identifier: str) -> str:
    """An id as a value of a list parameter: one with a comma stands in quotes."""
    return '"' + identifier.replace('"', '""') + '"' if "," in identifier else identifier


def _line(row: ConnectionRow, resource: Resource, record: dict[str, Any]) -> RelatedLine:
    name = label(resource, record)
    details = {detail: record[detail] for detail in DETAILS if record.get(detail) not in (None, name)}
    return RelatedLine(
        connection_id=row.uid, resource=resource.name, record_id=record["id"], label=name,
        has_page=resource.one_path is not None, details=details,
    )  # fmt: skip


# Lists


def _filtered(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, record_id: str
) -> RelatedGroup | None:
    """The lists that can be filtered by this record, and those below it."""
    lists = [
        RelatedList(resource=other.name, field=resource.id_name, value=record_id)
        for other in all_resources()
        if other.type == row.type and other.listed and _is_offered(visit, row, other)
        and resource.id_name in other.filters
    ]  # fmt: skip
    lists += [
        RelatedList(resource=other.name, field="below", value=record_id)
        for other in all_resources()
        if other.type == row.type and other.parent == resource.id_name and _is_offered(visit, row, other)
    ]
    return RelatedGroup(title="lists of it", lines=[], lists=lists)


# Orders


async def _packs(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, record_id: str
) -> RelatedGroup | None:
    """The records that are kept under the same id beside this one: the packs of an order."""
    lines = []
    for other in all_resources():
        if other.type == row.type and other.of == resource.function and _is_offered(visit, row, other):
            path = FilledPath(str(other.one_path), {other.id_name: record_id})
            try:
                record = (await visit.inside.get(path, connection_id=row.uid))["data"]
            except NotFound:
                continue
            counts = {name: len(value) for name, value in record.items() if isinstance(value, list) and value}
            lines.append(
                RelatedLine(
                    connection_id=row.uid, resource=other.name, record_id=record_id,
                    label=other.name.replace("_", " "), has_page=True, details=counts,
                )
            )  # fmt: skip
    return RelatedGroup(title="packs", lines=lines)


async def _costs(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, record_id: str, record: dict[str, Any]
) -> list[RelatedGroup]:
    """The charges of the carriers of the organization for an order, and the orders that one was for."""
    if resource.singular == "order":
        search = ConnectionSearch(
            visit.organization_id, integration_type="carrier", customers=(row.customer_id,)
        )
        same = await health.fitting(visit.door.database, search, 0, MOST_CARRIERS)
        query = {"order_id": record_id, "limit": MOST_OF_EACH}
    elif row.type == "carrier" and isinstance(record.get("tracking_number"), str):
        same, query = [row], {"tracking_number": record["tracking_number"], "limit": MOST_OF_EACH}
    else:
        return []
    return [group for carrier in same for group in await _charged(visit, carrier, query, row)]


async def _charged(
    visit: DashboardContext, carrier: ConnectionRow, query: dict[str, Any], row: ConnectionRow
) -> list[RelatedGroup]:
    """The parcels that a carrier charged for, and the orders in them."""
    try:
        costs = (await visit.inside.get("/carrier/shipment-costs", query, connection_id=carrier.uid))["data"]
    except (NotOffered, Forbidden):
        return []
    parcels: list[RelatedLine] = []
    orders: dict[tuple[str, str], dict[str, Any]] = {}
    for cost in costs:
        parcels += _parcel(carrier, cost)
        for order in cost["orders"]:
            orders[order["connection_id"], order["order_id"]] = order
    narrowed = {name: value for name, value in query.items() if name != "limit"}
    groups = [
        RelatedGroup(
            title=f"charges of {shelf_connection(carrier).system}", lines=parcels, totals=_totals(costs),
            costs_path=f"/carrier/{carrier.uid}/costs?{urlencode(narrowed)}",
        )
    ]  # fmt: skip
    if row.type == "carrier":
        lines = [_order_line(order) for order in orders.values()]
        groups.append(RelatedGroup(title="orders", lines=lines))
    return groups


def _totals(costs: list[dict[str, Any]]) -> list[str]:
    """The sums of parcels by currency; none where more parcels than these may have been charged."""
    if len(costs) >= MOST_OF_EACH:
        return []
    sums: dict[str, Decimal] = {}
    for cost in costs:
        currency = cost["currency"] or ""
        sums[currency] = sums.get(currency, Decimal(0)) + Decimal(cost["net_cost"])
    return [f"{money(amount, currency)} {currency}".strip() for currency, amount in sorted(sums.items())]


def _parcel(carrier: ConnectionRow, cost: dict[str, Any]) -> Iterator[RelatedLine]:
    """A parcel with its sum, then each charge."""
    currency = cost["currency"] or ""
    yield RelatedLine(
        connection_id=carrier.uid, resource="invoice_line_items", record_id="", has_page=False,
        label=cost["tracking_number"], details={"net": cost["net_cost"], "currency": currency},
    )  # fmt: skip
    for charge in cost["charges"]:
        yield RelatedLine(
            connection_id=carrier.uid, resource="invoice_line_items", has_page=True,
            record_id=charge["invoice_line_item_id"],
            label=charge["charge_description"] or charge["charge_category"],
            details={"net": charge["net_cost"], "currency": currency},
        )  # fmt: skip


def _order_line(order: dict[str, Any]) -> RelatedLine:
    return RelatedLine(
        connection_id=order["connection_id"], resource="orders", record_id=order["order_id"], has_page=True,
        label=order.get("order_number") or order["order_id"],
    )  # fmt: skip
