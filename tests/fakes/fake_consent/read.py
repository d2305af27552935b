"""Reads what `tests.fakes.oauth_server` sends."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import text, timestamp


def warehouse(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["updated_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "name": text(raw["name"]),
    }
