"""Reads what `tests.fakes.oauth_server` sends."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import text


def warehouse(raw: Raw) -> Fields:
    return {"id": text(raw["id"]), "name": text(raw["name"])}
