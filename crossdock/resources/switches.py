"""Pure: which functions are switched off, kept by integration type; and what can't be, for what needs it.

An organization has a list for each type, or none: then the operator's settings hold. It is stored as
`type:function,…`, with `type:` alone where the type has a list, so that an empty list is told from none.
"""

from collections.abc import Iterable, Mapping

from crossdock.resources.catalogue import TYPES, all_resources, all_writes

PASSTHROUGH = "passthrough"
EVERYTHING = "*"
"""Among a connection's enabled functions: all that are not among its disabled ones."""

Lists = Mapping[str, frozenset[str]]
"""Functions by type. A type that is not there has no list of its own."""

NEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "wms": {
        # Lines of returns name items of stock.
        "get_returns": ("get_inventory",),
        # A derived ledger is made of the changes of stock, and every entry is about an item of it.
        "get_inventory_ledger": ("get_inventory",),
        # Both are read below the record that their path names.
        "get_order_packs": ("get_orders",),
        "get_warehouse_locations": ("get_warehouses",),
    },
}
"""By type and function: the functions that it can't do without."""


def lists_of(stored: str | None) -> dict[str, frozenset[str]]:
    """The lists of an organization."""
    fields: dict[str, set[str]] = {}
    for item in filter(None, (stored or "").split(",")):
        kind, _, function = item.partition(":")
        fields.setdefault(kind, set()).update({function} - {""})
    return {kind: frozenset(functions) for kind, functions in fields.items()}


def list_of(stored: str | None, kind: str) -> frozenset[str] | None:
    """The list of one type; None: the settings hold."""
    return lists_of(stored).get(kind) if stored else None


def to_store(lists: Lists) -> str | None:
    """The same as it is stored; None: no type has a list."""
    items = [f"{kind}:{function}" for kind in sorted(lists) for function in ("", *sorted(lists[kind]))]
    return ",".join(items) or None


def named(names: Iterable[str], kind: str) -> frozenset[str]:
    """The functions of a type that a list not kept by type switches off: `get_orders` or `wms:get_orders`."""
    return frozenset(
        name.rpartition(":")[2] for name in names if ":" not in name or name.startswith(f"{kind}:")
    )


def switchable(kind: str) -> frozenset[str]:
    """The functions of a type that can be switched off."""
    reads = {resource.function for resource in all_resources() if resource.type == kind}
    writes = {write.action for write in all_writes() if write.type == kind and write.action}
    raw = {PASSTHROUGH} if kind in ("wms", "cart") else set()
    return frozenset(reads | writes | raw)


def unknown(names: Iterable[str]) -> list[str]:
    """The names, `get_orders` or `wms:get_orders`, that are no function's."""
    every = {kind: switchable(kind) for kind in TYPES}
    return sorted(
        name
        for name in names
        if not any(name.rpartition(":")[2] in every[kind] for kind in _kinds(name) if kind in every)
    )


def _kinds(name: str) -> Iterable[str]:
    kind, colon, _ = name.rpartition(":")
    return (kind,) if colon else TYPES


def conflicts(off: Iterable[str], kind: str, offered: Iterable[str] | None = None) -> list[str]:
    """The reasons why these functions of a type can't be off: others that are on need them. [] when they can.

    offered: what there is at all; None: everything of the type.
    """
    switched_off = frozenset(off)
    on = (switchable(kind) if offered is None else frozenset(offered)) - switched_off
    return [
        f"{need} can't be switched off: {function} needs it; switch that off too"
        for function, needs in NEEDS.get(kind, {}).items()
        if function in on
        for need in needs
        if need in switched_off
    ]
