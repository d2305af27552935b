"""What is asked for each resource: a model, its fields, and whose changes are changes of it.

Dotted names reach into related records, so that a page is one call. Fields of modules that a server does not
have, and of models that the user may not read, are left out before asking: see `model.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from crossdock.integrations.tryton.rpc import Domain


def _id(record: int) -> Iterator[str]:
    yield str(record)


@dataclass(frozen=True)
class ModelQuery:
    """The source of a resource."""

    model: str
    fields: tuple[str, ...]
    required: tuple[str, ...] = ()
    """Paths that a record can't do without: a user who may not read one of the models that they lead through
    gets no records at all, in place of records without it."""
    consulted: tuple[str, ...] = ()
    """Models that are asked besides, where they can be read."""
    domain: Domain = field(default_factory=list)
    """Which records of the model are meant at all."""
    polled: tuple[str, ...] = ()
    """Paths to related records whose change is a change of this one: its own stamp need not move."""
    polled_while_open: tuple[str, ...] = ()
    """The same, but only until the shipment is done: the address it went to is not corrected afterwards."""
    of_company: bool = False
    """Whether its records belong to a company: only those of the user's are read."""
    with_archived: bool = False
    """Whether archived records are read too. A clause on `active` would not do: Tryton adds its own to the
    clauses below it. Source: _search_domain_active in trytond/model/modelstorage.py."""
    whole_at_first: bool = True
    """Whether a first sync reads everything; else what changed in its look-back."""
    parts: tuple[str, ...] = ()
    """Models of lines and the like: one that is deleted leaves no stamp, so what is open is read again."""
    owners: tuple[str, ...] = ()
    """Models that take records along when they are deleted, of which the log does not tell."""
    ids: Callable[[int], Iterator[str]] = _id
    """What the records that come of one of the model's are called here."""


def drop_id(record: int) -> Iterator[str]:
    """Name the order of a drop shipment: its number may be that of a customer shipment, too."""
    yield f"{DROP}{record}"


def entry_ids(move: int) -> Iterator[str]:
    """Name all ledger entries that a move may have."""
    for direction in ("out", "in"):
        yield f"{move}-{direction}"
        yield f"{move}-{direction}-cancelled"


def _below(path: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{path}.{name}" for name in names)


STAMPS = ("create_date", "write_date")
CLOSED_STATES = ["done", "cancelled"]
DROP = "drop-"
KIT_LINE = "sale.line.component"

ADDRESS = (
    "party_name",
    "street",
    "city",
    "postal_code",
    "subdivision.code",
    "country.code",
)

MOVE = (
    *STAMPS,
    "state",
    "origin",
    "internal_quantity",
    "unit",
    *(f"unit.{name}" for name in ("factor", "rate")),
    "unit_price",
    "product",
    "product.code",
    "product.default_uom",
    *(f"product.default_uom.{name}" for name in ("symbol", "factor", "rate")),
)

_SALE = ("sale.number", "sale.reference")

CARRIER = ("party.name", "carrier_product.name", "carrier_product.code")

SIZES = tuple(name for side in ("length", "width", "height") for name in (side, f"{side}_uom.factor"))

ORDERS = ModelQuery(
    model="stock.shipment.out",
    fields=(
        *STAMPS,
        "number",
        "reference",
        "state",
        "planned_date",
        "effective_date",
        "shipping_reference",
        "cost",
        "company.currency.code",
        "warehouse",
        "customer",
        *_below("customer", "name", "email", "phone"),
        *_below("delivery_address", *ADDRESS),
        *_below("warehouse.address", *ADDRESS),
        *_below("carrier", *CARRIER),
        *_below(
            "outgoing_moves",
            *MOVE,
            "currency.code",
            "lot.number",
            "lot.expiration_date",
            *_SALE,
        ),
        *_below(
            "packages",
            *STAMPS,
            "number",
            "moves",
            "shipping_reference",
            "shipping_tracking_url",
            "total_weight",
            "weight_uom.factor",
            *SIZES,
        ),
    ),
    required=("outgoing_moves.product.default_uom", "customer", "delivery_address", "warehouse"),
    consulted=(KIT_LINE,),
    polled=("moves", "packages"),
    polled_while_open=(
        "delivery_address",
        "customer",
        "customer.contact_mechanisms",
        "moves.sale",
    ),
    of_company=True,
    whole_at_first=False,
    parts=("stock.move", "stock.package"),
)

DROP_SHIPMENTS = ModelQuery(
    model="stock.shipment.drop",
    fields=(
        *STAMPS,
        "number",
        "reference",
        "state",
        "planned_date",
        "effective_date",
        "company.currency.code",
        "supplier",
        "supplier.name",
        *_below("contact_address", *ADDRESS),
        "customer",
        *_below("customer", "name", "email", "phone"),
        *_below("delivery_address", *ADDRESS),
        *_below("customer_moves", *MOVE, "currency.code", "from_location", *_SALE),
    ),
    required=("customer_moves.product.default_uom", "customer", "delivery_address", "supplier"),
    consulted=(KIT_LINE,),
    polled=("moves",),
    polled_while_open=("delivery_address", "customer", "customer.contact_mechanisms", "customer_moves.sale"),
    of_company=True,
    whole_at_first=False,
    parts=("stock.move",),
    ids=drop_id,
)
"""What a supplier sends straight to a customer. Module sale_supply_drop_shipment."""

INBOUND_SHIPMENTS = ModelQuery(
    model="stock.shipment.in",
    fields=(
        *STAMPS,
        "number",
        "reference",
        "state",
        "planned_date",
        "effective_date",
        "warehouse",
        "supplier",
        "supplier.name",
        *_below("contact_address", *ADDRESS),
        *_below("incoming_moves", *MOVE, "effective_date", "purchase.number", "purchase.reference"),
    ),
    required=("incoming_moves.product.default_uom", "supplier", "warehouse"),
    polled=("moves",),
    polled_while_open=("supplier", "contact_address", "moves.purchase"),
    of_company=True,
    whole_at_first=False,
    parts=("stock.move",),
)

RETURNS = ModelQuery(
    model="stock.shipment.out.return",
    fields=(
        *STAMPS,
        "number",
        "reference",
        "state",
        "planned_date",
        "effective_date",
        "warehouse",
        "origins",
        "customer",
        *_below("incoming_moves", *MOVE, "effective_date"),
        *_below("inventory_moves", *STAMPS, "state", "internal_quantity", "product"),
    ),
    required=("incoming_moves.product.default_uom", "inventory_moves", "customer", "warehouse"),
    polled=("moves",),
    of_company=True,
    whole_at_first=False,
    parts=("stock.move",),
)

_SUPPLIER = ("active", "party.name", "code", "prices.unit_price", "product")

_COMPONENT = (
    "quantity",
    "fixed",
    "parent_product",
    *(f"unit.{name}" for name in ("factor", "rate")),
    "product",
    "product.code",
    *(f"product.default_uom.{name}" for name in ("symbol", "factor", "rate")),
)

PRODUCTS = ModelQuery(
    model="product.product",
    fields=(
        *STAMPS,
        *_below("template", *STAMPS, "active"),
        "name",
        "code",
        "active",
        "type",
        "list_price_used",
        *_below("identifiers", "type", "code"),
        *_below("product_suppliers", *_SUPPLIER),
        *_below("template.product_suppliers", *_SUPPLIER),
        *_below("components", *_COMPONENT),
        *_below("template.components", *_COMPONENT),
    ),
    required=("template",),
    domain=[["template.type", "in", ["goods", "assets", "kit"]]],
    with_archived=True,
    owners=("product.template",),
    polled=(
        "template",
        "components",
        "template.components",
        "identifiers",
        "list_prices",
        "template.list_prices",
        "product_suppliers",
        "template.product_suppliers",
        "product_suppliers.prices",
        "template.product_suppliers.prices",
    ),
)

INVENTORY = ModelQuery(
    model="product.product",
    fields=(
        *STAMPS,
        *_below("template", *STAMPS, "active"),
        "name",
        "code",
        "active",
        "cost_price",
        "default_uom.symbol",
        "weight",
        "weight_uom.factor",
        *SIZES,
    ),
    required=("template", "default_uom"),
    consulted=("stock.move", "stock.location", "stock.lot"),
    domain=[["template.type", "in", ["goods", "assets"]]],
    with_archived=True,
    owners=("product.template",),
    polled=("template", "cost_prices"),
)

LEDGER = ModelQuery(
    model="stock.move",
    fields=(
        *STAMPS,
        "state",
        "effective_date",
        "internal_quantity",
        "shipment",
        "origin",
        "product",
        "product.code",
        "product.default_uom.symbol",
        "from_location.type",
        "to_location.type",
        "lot.number",
    ),
    required=("product.default_uom", "from_location", "to_location"),
    # A move that was done and then cancelled keeps its effective date; one that never was done has none.
    domain=[["OR", ["state", "=", "done"], [["state", "=", "cancelled"], ["effective_date", "!=", None]]]],
    of_company=True,
    whole_at_first=False,
    ids=entry_ids,
)

WAREHOUSES = ModelQuery(
    model="stock.location",
    fields=(*STAMPS, "name", "code", *_below("address", *ADDRESS)),
    domain=[["type", "=", "warehouse"]],
)

WAREHOUSE_LOCATIONS = ModelQuery(
    model="stock.location",
    fields=(*STAMPS, "name", "code", "type", "warehouse", "parent"),
    domain=[["type", "in", ["storage", "view"]], ["parent", "!=", None]],
)

SHIPPING_METHODS = ModelQuery(
    model="carrier",
    fields=(*STAMPS, *CARRIER),
    required=("party", "carrier_product"),
)

PARTIES = ModelQuery(
    model="party.party",
    fields=(*STAMPS, "name", "code", "email", "phone"),
)

BUYERS = (
    ("stock.shipment.out", "customer"),
    ("stock.shipment.out.return", "customer"),
    ("stock.shipment.drop", "customer"),
)
"""The documents that make a party a warehouse customer, and their field that names it. Sales are not among
them: users of the group Stock may not read sales, and a right must not decide who is a customer."""

SUPPLIERS = (
    ("stock.shipment.in", "supplier"),
    ("stock.shipment.in.return", "supplier"),
    ("purchase.purchase", "party"),
    ("purchase.product_supplier", "party"),
    ("stock.shipment.drop", "supplier"),
)
"""The documents that make a party a supplier."""
