"""Members that several of Extensiv's records have in common. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import text, timestamp, unfit

TIME_ZONE = "_time_zone"
"""The member of a raw record that names the zone of its dates: the client puts it there."""
NAMES = {"0": "Open", "1": "Closed", "2": "Canceled"}
"""The names of a status, of orders and of receivers (WarehouseTransactionApiStatus)."""
UNDATED: Fields = {"created_date": None, "updated_date": None}
"""The dates of records that Extensiv has no dates of."""


def moment(value: Any, raw: Raw) -> str | None:
    """A date of a record, in UTC. Where it says no zone it is in that of the connection."""
    written = text(value)
    if not written:
        return None
    try:
        date = datetime.fromisoformat(written)
    except ValueError:
        return unfit(value, "a time")
    return timestamp(date if date.tzinfo else date.replace(tzinfo=ZoneInfo(raw[TIME_ZONE])))


def dates(raw: Raw) -> Fields:
    """The dates of a record; one that never was changed has no date of change."""
    said = raw["readOnly"]
    created = moment(said["creationDate"], raw)
    return {"created_date": created, "updated_date": moment(said.get("lastModifiedDate"), raw) or created}


def part(raw: Raw, name: str) -> Raw:
    """An object within a record; an empty one where there is none."""
    inner = raw.get(name)
    if inner is None:
        return {}
    return inner if isinstance(inner, dict) else unfit(inner, "an object") or {}


def parts(raw: Raw, name: str) -> list[Raw]:
    """A list within a record; an empty one where there is none."""
    inner = raw.get(name)
    if inner is None:
        return []
    return inner if isinstance(inner, list) else unfit(inner, "a list") or []


def id_in(raw: Raw, name: str) -> str | None:
    """The id of an identifier within a record, such as that of its customer."""
    return text(part(raw, name).get("id"))


def status_word(raw: Raw) -> str | None:
    """The number of a record's status, as a text."""
    return text(raw["readOnly"]["status"])


def item_id(raw: Raw, line: Raw) -> str | None:
    """Our id of the item of a line: Extensiv finds an item by its customer and its number."""
    customer, number = id_in(raw["readOnly"], "customerIdentifier"), id_in(line, "itemIdentifier")
    if not number:
        return sku(line)
    return f"{customer}-{number}" if customer else number


def sku(line: Raw) -> str | None:
    return text(part(line, "itemIdentifier").get("sku"))


def address(raw: Raw) -> Fields:
    return {
        "address1": text(raw.get("address1")),
        "address2": text(raw.get("address2")),
        "city": text(raw.get("city")),
        "state": text(raw.get("state")),
        "postal_code": text(raw.get("zip")),
        "country": text(raw.get("country")),
    }


def agreed(pairs: Iterable[tuple[str | None, str | None]]) -> tuple[str | None, str | None]:
    """The id and name that all of some have; none where they differ."""
    found = set(pairs)
    return found.pop() if len(found) == 1 else (None, None)
