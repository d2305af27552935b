"""The lines of an order: TikTok has an entry for each unit, we have one for each SKU and price. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Unit = Mapping[str, Any]


def lines_of(units: Sequence[Unit]) -> dict[str, list[Unit]]:
    """The units of each line, by the id of the line: the lowest of the ids of its units.

    Units are of one line that have the same SKU and price, and are all gifts or none is. A unit that is
    cancelled later stays in its line.
    """
    groups: dict[tuple[Any, ...], list[Unit]] = {}
    for unit in units:
        key = (unit.get("sku_id"), unit.get("original_price"), bool(unit.get("is_gift")))
        groups.setdefault(key, []).append(unit)
    ordered = (sorted(group, key=_rank) for group in groups.values())
    return {str(group[0]["id"]): group for group in ordered}


def _rank(unit: Unit) -> tuple[int, str]:
    """Ids are numbers written as texts: the shorter one is the lower one."""
    name = str(unit["id"])
    return len(name), name
