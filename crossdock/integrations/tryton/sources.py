"""What is asked for each resource: a model, its fields, and whose changes are changes of it.

Dotted names reach into related records, so that a page is one call. Fields of modules that a server does not
have, and of models that the user may not read, are left out before asking: see `model.py`.
"""

from dataclasses import dataclass, field

from crossdock.integrations.tryton.rpc import Domain


@dataclass(frozen=True)
class Source:
    """Where a resource comes from."""

    model: str
    fields: tuple[str, ...]
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


def _below(path: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{path}.{name}" for name in names)


STAMPS = ("create_date", "write_date")
CLOSED_STATES = ["done", "cancelled"]

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
    "unit_price",
    "product",
    "product.code",
    "product.default_uom",
)

CARRIER = ("party.name", "carrier_product.name", "carrier_product.code")

SIZES = tuple(name for side in ("length", "width", "height") for name in (side, f"{side}_uom.factor"))

ORDERS = Source(
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
            "sale.number",
            "sale.reference",
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
    polled=("moves", "packages"),
    polled_while_open=(
        "delivery_address",
        "customer",
        "customer.contact_mechanisms",
        "moves.sale",
    ),
    of_company=True,
    whole_at_first=False,
)

INBOUND_SHIPMENTS = Source(
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
    polled=("moves",),
    polled_while_open=("supplier", "contact_address", "moves.purchase"),
    of_company=True,
    whole_at_first=False,
)

RETURNS = Source(
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
    polled=("moves",),
    of_company=True,
    whole_at_first=False,
)

_SUPPLIER = ("active", "party.name", "code", "prices.unit_price", "product")

PRODUCTS = Source(
    model="product.product",
    fields=(
        *STAMPS,
        *_below("template", *STAMPS, "active"),
        "name",
        "code",
        "active",
        "list_price_used",
        *_below("identifiers", "type", "code"),
        *_below("product_suppliers", *_SUPPLIER),
        *_below("template.product_suppliers", *_SUPPLIER),
    ),
    domain=[["template.type", "in", ["goods", "assets"]]],
    with_archived=True,
    polled=(
        "template",
        "identifiers",
        "list_prices",
        "template.list_prices",
        "product_suppliers",
        "template.product_suppliers",
        "product_suppliers.prices",
        "template.product_suppliers.prices",
    ),
)

INVENTORY = Source(
    model="product.product",
    fields=(
        *STAMPS,
        *_below("template", *STAMPS, "active"),
        "name",
        "code",
        "active",
        "cost_price",
        "weight",
        "weight_uom.factor",
        *SIZES,
    ),
    domain=[["template.type", "in", ["goods", "assets"]]],
    with_archived=True,
    polled=("template", "cost_prices"),
)

LEDGER = Source(
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
        "from_location.type",
        "to_location.type",
        "lot.number",
    ),
    # A move that was done and then cancelled keeps its effective date; one that never was done has none.
    domain=[["OR", ["state", "=", "done"], [["state", "=", "cancelled"], ["effective_date", "!=", None]]]],
    of_company=True,
    whole_at_first=False,
)

WAREHOUSES = Source(
    model="stock.location",
    fields=(*STAMPS, "name", "code", *_below("address", *ADDRESS)),
    domain=[["type", "=", "warehouse"]],
)

WAREHOUSE_LOCATIONS = Source(
    model="stock.location",
    fields=(*STAMPS, "name", "code", "type", "warehouse", "parent"),
    domain=[["type", "in", ["storage", "view"]], ["parent", "!=", None]],
)

SHIPPING_METHODS = Source(
    model="carrier",
    fields=(*STAMPS, *CARRIER),
)

PARTIES = Source(
    model="party.party",
    fields=(*STAMPS, "name", "code", "email", "phone"),
)

BUYERS = (
    ("stock.shipment.out", "customer"),
    ("stock.shipment.out.return", "customer"),
)
"""The documents that make a party a warehouse customer, and their field that names it. Sales are not among
them: users of the group Stock may not read sales, and a right must not decide who is a customer."""

SUPPLIERS = (
    ("stock.shipment.in", "supplier"),
    ("stock.shipment.in.return", "supplier"),
    ("purchase.purchase", "party"),
    ("purchase.product_supplier", "party"),
)
"""The documents that make a party a supplier."""
