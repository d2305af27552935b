"""Pure: what the modern vendor says → our fields."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import text, timestamp
from tests.fakes.fake_wms.read import order, warehouse

__all__ = ["order", "product", "warehouse"]


def product(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["updated_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "name": text(raw["name"]),
        "is_kit": False,
        "active": True,
    }
