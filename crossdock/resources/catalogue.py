"""Every resource there is, found by walking the folders: there is no central list to forget."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import TypeVar

from crossdock import resources
from crossdock.resources.schema import Resource
from crossdock.resources.writes import TagsBody, Write

Declared = TypeVar("Declared")

TYPES = ("wms", "cart", "carrier", "freight")


@cache
def all_resources() -> tuple[Resource, ...]:
    """All resources, in the order of their keys."""
    return tuple(sorted(set(_declared(Resource)), key=lambda resource: resource.key))


@cache
def all_writes() -> tuple[Write, ...]:
    """All writes, in the order in which each vertical declares them."""
    return tuple(dict.fromkeys(_declared(Write)))


def _declared(kind: type[Declared]) -> Iterator[Declared]:
    for vertical in TYPES:
        package = importlib.import_module(f"{resources.__name__}.{vertical}")
        for module in pkgutil.iter_modules(package.__path__):
            names = vars(importlib.import_module(f"{package.__name__}.{module.name}")).values()
            yield from (name for name in names if isinstance(name, kind))


@cache
def tag_writes() -> tuple[Write, ...]:
    """Setting tags, for each resource whose records can have them. No connected system does it: no action."""
    return tuple(
        Write(
            "", "PUT", f"{resource.one_path}/trackstar-tags", _tags_id(resource),
            f"Replace the tags of one {resource.singular.replace('_', ' ')}", resource, TagsBody,
            example={"trackstar_tags": ["vip", {"route": "north"}]}, repeatable=True,
        )
        for resource in all_resources() if resource.taggable
    )  # fmt: skip


def _tags_id(resource: Resource) -> str:
    name = resource.record.__name__
    return f"set{name}Tags" if resource.type == "wms" else f"tag{name}"


@cache
def by_action(kind: str) -> dict[str, Write]:
    """The writes of a vertical by their action: {"create_order": …}."""
    return {write.action: write for write in all_writes() if write.type == kind}


@cache
def by_function(kind: str) -> dict[str, Resource]:
    """The resources of a vertical by the function that syncs them: {"get_orders": …}."""
    return {resource.function: resource for resource in all_resources() if resource.type == kind}


@cache
def derived_resources() -> frozenset[Resource]:
    """Resources that can be derived from others."""
    return frozenset(resource.derives for resource in all_resources() if resource.derives is not None)


@cache
def by_key() -> dict[str, Resource]:
    return {resource.key: resource for resource in all_resources()}
