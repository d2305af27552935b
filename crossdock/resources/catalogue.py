"""Every resource there is, found by walking the folders: there is no central list to forget."""

import importlib
import pkgutil
from functools import cache

from crossdock import resources
from crossdock.resources.schema import Resource

TYPES = ("wms", "cart", "carrier", "freight")


@cache
def all_resources() -> tuple[Resource, ...]:
    """All resources, in the order of their keys."""
    found = []
    for kind in TYPES:
        package = importlib.import_module(f"{resources.__name__}.{kind}")
        for module in pkgutil.iter_modules(package.__path__):
            names = vars(importlib.import_module(f"{package.__name__}.{module.name}")).values()
            found += [one for one in names if isinstance(one, Resource)]
    return tuple(sorted(found, key=lambda one: one.key))


@cache
def by_function(kind: str) -> dict[str, Resource]:
    """The resources of a vertical by the function that syncs them: {"get_orders": …}."""
    return {one.function: one for one in all_resources() if one.type == kind}


@cache
def by_key() -> dict[str, Resource]:
    return {one.key: one for one in all_resources()}
