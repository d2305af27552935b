"""What every world has in common: its goods, merchants, buildings, carriers and people, as tables."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class SandboxMerchant:
    """A merchant of the warehouse."""

    name: str
    email: str
    prefix: str


CLIENTS = (
    SandboxMerchant("Juniper Lane Tea", "ops@juniperlane.example.com", "JLT"),
    SandboxMerchant("Harbour Trail Outdoor", "logistics@harbourtrail.example.com", "HTO"),
    SandboxMerchant("Plainfield Skin", "supply@plainfieldskin.example.com", "PFS"),
)


@dataclass(frozen=True)
class Goods:
    """One thing that is held and sold by itself."""

    client: int
    family: str
    variant: str
    code: str
    price: Decimal
    size: tuple[str, str, str]
    pounds: str
    category: str
    hs_code: str
    origin: str
    is_lotted: bool = False
    expires: bool = False
    is_far_only: bool = False
    """Held in the second warehouse only, so that the first can run out of it."""


GOODS = (
    Goods(0, "Assam Breakfast Tea", "100 g", "ASM-100", Decimal("9.50"), ("5.5", "3.2", "3.2"), "0.31",
          "Tea", "090240", "IN", is_lotted=True, expires=True),
    Goods(0, "Assam Breakfast Tea", "250 g", "ASM-250", Decimal("19.00"), ("7.5", "4.0", "4.0"), "0.68",
          "Tea", "090240", "IN", is_lotted=True, expires=True),
    Goods(0, "Sencha Green Tea", "100 g", "SEN-100", Decimal("12.25"), ("5.5", "3.2", "3.2"), "0.31",
          "Tea", "090210", "JP", is_lotted=True, expires=True),
    Goods(0, "Sencha Green Tea", "250 g", "SEN-250", Decimal("26.40"), ("7.5", "4.0", "4.0"), "0.68",
          "Tea", "090210", "JP", is_lotted=True, expires=True, is_far_only=True),
    Goods(0, "Glass Teapot", "1 l", "POT-1L", Decimal("34.90"), ("8.0", "6.5", "6.0"), "1.85",
          "Tableware", "701349", "CZ"),
    Goods(1, "Enamel Mug", "Forest", "MUG-FOR", Decimal("13.75"), ("4.5", "3.6", "3.4"), "0.44",
          "Camp kitchen", "732394", "PL"),
    Goods(1, "Enamel Mug", "Navy", "MUG-NAV", Decimal("13.75"), ("4.5", "3.6", "3.4"), "0.44",
          "Camp kitchen", "732394", "PL"),
    Goods(1, "Trail Towel", "M", "TWL-M", Decimal("17.20"), ("8.0", "4.0", "2.0"), "0.52",
          "Textiles", "630260", "PT"),
    Goods(1, "Trail Towel", "L", "TWL-L", Decimal("22.60"), ("9.0", "5.0", "2.5"), "0.79",
          "Textiles", "630260", "PT"),
    Goods(1, "Headlamp", "300 lm", "LMP-300", Decimal("41.00"), ("4.0", "3.0", "2.5"), "0.38",
          "Lighting", "851310", "VN", is_far_only=True),
    Goods(2, "Day Cream", "50 ml", "DAY-050", Decimal("24.30"), ("2.8", "2.8", "2.4"), "0.26",
          "Face", "330499", "FR", is_lotted=True, expires=True),
    Goods(2, "Day Cream", "100 ml", "DAY-100", Decimal("39.80"), ("3.4", "3.4", "3.0"), "0.45",
          "Face", "330499", "FR", is_lotted=True, expires=True),
    Goods(2, "Lip Balm", "Mint", "LIP-MNT", Decimal("5.95"), ("2.8", "0.9", "0.9"), "0.05",
          "Face", "330410", "US", is_lotted=True, expires=True),
    Goods(2, "Lip Balm", "Honey", "LIP-HNY", Decimal("5.95"), ("2.8", "0.9", "0.9"), "0.05",
          "Face", "330410", "US", is_lotted=True, expires=True),
    Goods(2, "Bath Salt", "500 g", "BTH-500", Decimal("15.10"), ("6.5", "3.5", "3.5"), "1.18",
          "Bath", "330730", "IL", is_lotted=True, is_far_only=True),
)  # fmt: skip


@dataclass(frozen=True)
class Kit:
    """Several goods sold as one."""

    client: int
    name: str
    code: str
    price: Decimal
    parts: tuple[tuple[int, int], ...]
    """(number of the goods, units of it)"""


KITS = (
    Kit(0, "Tea Starter Set", "KIT-TEA", Decimal("49.00"), ((0, 1), (2, 1), (4, 1))),
    Kit(1, "Camp Kitchen Set", "KIT-CMP", Decimal("62.50"), ((5, 2), (6, 2), (7, 1))),
)

# Goods that may stand in for others: (number, stand-in).
SWAPS = ((5, 6), (6, 5))


@dataclass(frozen=True)
class Site:
    """A warehouse and where it stands."""

    name: str
    code: str
    street: str
    unit: str
    town: str
    region: str
    zip: str


SITES = (
    Site("Reno West", "RNO1", "1200 Lear Boulevard", "Building 4", "Reno", "NV", "89506"),
    Site("Allentown East", "ABE1", "7550 Industrial Boulevard", "Dock 12", "Allentown", "PA", "18106"),
)

# Places of each warehouse: a pick face for each of the goods, then these.
RESERVES = 6
PLACES_PER_SITE = len(GOODS) + RESERVES + 2


def pick_face(site: int, goods: int) -> str:
    return f"location_id_{site * PLACES_PER_SITE + goods}"


def reserve(site: int, goods: int) -> str:
    return f"location_id_{site * PLACES_PER_SITE + len(GOODS) + goods % RESERVES}"


def quarantine(site: int) -> str:
    return f"location_id_{site * PLACES_PER_SITE + len(GOODS) + RESERVES}"


def dock(site: int) -> str:
    return f"location_id_{site * PLACES_PER_SITE + len(GOODS) + RESERVES + 1}"


@dataclass(frozen=True)
class SandboxCarrier:
    """A carrier that takes parcels away, and the account that its invoices go to."""

    key: str
    name: str
    scac: str | None
    account: str


CARRIERS = {
    sandbox_carrier.key: sandbox_carrier
    for sandbox_carrier in (
        SandboxCarrier("carrier_id_0", "UPS", "UPSN", "0000X4R917"),
        SandboxCarrier("carrier_id_1", "USPS", "USPS", "0938450012"),
        SandboxCarrier("carrier_id_2", "FedEx", "FDEG", "204817735"),
        SandboxCarrier("carrier_id_3", "DHL Express", None, "846201173"),
        SandboxCarrier("carrier_id_4", "Old Dominion", "ODFL", "0771204"),
    )
}


@dataclass(frozen=True)
class Method:
    """A way to send, and what it costs."""

    name: str
    carrier: str
    level: str
    base: Decimal
    per_pound: Decimal


METHODS = (
    Method("Ground", "carrier_id_0", "Standard", Decimal("7.85"), Decimal("0.62")),
    Method("2nd Day Air", "carrier_id_0", "Expedited", Decimal("14.40"), Decimal("1.55")),
    Method("Ground Advantage", "carrier_id_1", "Economy", Decimal("6.10"), Decimal("0.81")),
    Method("Priority Mail", "carrier_id_1", "Standard", Decimal("8.95"), Decimal("1.02")),
    Method("Home Delivery", "carrier_id_2", "Standard", Decimal("8.20"), Decimal("0.66")),
    Method("2Day", "carrier_id_2", "Expedited", Decimal("15.10"), Decimal("1.48")),
    Method("Express Worldwide", "carrier_id_3", "Express", Decimal("28.60"), Decimal("3.75")),
    Method("LTL Freight", "carrier_id_4", "Freight", Decimal("46.00"), Decimal("0.38")),
)
PARCEL_METHODS = (0, 1, 2, 3, 4, 5)
ABROAD, FREIGHT = 6, 7


@dataclass(frozen=True)
class Box:
    """A carton, and how many units go into it."""

    name: str
    units: int
    size: tuple[str, str, str]
    pounds: Decimal


BOXES = (
    Box("Mailer S", 3, ("10", "8", "4"), Decimal("0.22")),
    Box("Carton M", 8, ("14", "10", "8"), Decimal("0.65")),
    Box("Carton L", 24, ("20", "16", "14"), Decimal("1.40")),
)


@dataclass(frozen=True)
class Vendor:
    """A supplier that a merchant buys from."""

    client: int
    name: str
    code: str
    street: str
    town: str
    region: str | None
    zip: str
    country: str


VENDORS = (
    Vendor(0, "Brahmaputra Estates", "BRE", "14 Estate Road", "Dibrugarh", "Assam", "786001", "IN"),
    Vendor(0, "Bohemia Glassworks", "BOG", "Sklářská 21", "Nový Bor", None, "473 01", "CZ"),
    Vendor(1, "Gdynia Enamel & Textile", "GET", "ul. Portowa 8", "Gdynia", None, "81-350", "PL"),
    Vendor(2, "Laboratoires Verdon", "LVD", "3 rue des Lavandes", "Grasse", None, "06130", "FR"),
)

WORKERS = (
    ("user_id_0", "Maria", "Okafor"),
    ("user_id_1", "Dale", "Whitcomb"),
    ("user_id_2", "Priya", "Raman"),
    ("user_id_3", "Tomás", "Ibarra"),
    ("user_id_4", "Grace", "Lindqvist"),
)

PARTNERS = ("Meadow & Main Stores", "Cobalt Department Stores", "Ridgeline Retail")


def vendor_of(goods: int) -> int:
    """The vendor that the goods come from: tea and tableware have one each."""
    client = GOODS[goods].client
    if client == 0:
        return 1 if GOODS[goods].category == "Tableware" else 0
    return client + 1


def product_uid(number: int) -> str:
    return f"product_id_{number}"


def item_uid(goods: int) -> str:
    return f"inventory_item_id_{goods}"


def client_uid(number: int) -> str:
    return f"warehouse_customer_id_{number}"


def site_uid(number: int) -> str:
    return f"warehouse_id_{number}"


def vendor_uid(number: int) -> str:
    return f"supplier_id_{number}"


def sku(number: int) -> str:
    """The SKU of a product: goods first, then kits."""
    kit = GOODS[number] if number < len(GOODS) else KITS[number - len(GOODS)]
    return f"{CLIENTS[kit.client].prefix}-{kit.code}"


def via(method: int) -> dict[str, str | None]:
    """A shipping method as the sandbox's warehouse writes it wherever one is used."""
    chosen = METHODS[method]
    carrier = CARRIERS[chosen.carrier]
    return {
        "method": f"shipping_method_id_{method}",
        "label": chosen.name,
        "carrier": carrier.key,
        "carrier_label": carrier.name,
        "scac": carrier.scac,
    }
