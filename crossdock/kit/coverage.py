"""Which fields of a record an integration fills: taken from its cases, which the contract suite runs.

A tree in the shape of the record, with true or false for each field. A list holds one item; an object
with free keys has the one key "key".
"""

from functools import cache
from itertools import chain
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from crossdock.kit.registry import Integration
from crossdock.resources.schema import Resource

Tree = Any


def implemented_fields(integration: Integration, resource: Resource) -> dict[str, Tree]:
    """The tree of one resource."""
    return _implemented(integration.folder / "cases" / f"{resource.name}.json", resource)


@cache
def _implemented(file: Any, resource: Resource) -> dict[str, Tree]:
    cases = msgspec.json.decode(file.read_bytes()) if file.exists() else []
    tree: dict[str, Tree] = _tree(resource.record, [case["expected"] for case in cases])
    return tree


def _tree(hint: Any, values: list[Any]) -> Tree:
    """The parts of a type that these values ever fill."""
    hint = _plain(hint)
    present = [value for value in values if value is not None]
    if _is_object(hint):
        return _members(hint, present)
    arguments = get_args(hint)
    if get_origin(hint) is list and _is_object(arguments[0]):
        return [_tree(arguments[0], list(chain.from_iterable(present)))]
    if get_origin(hint) is dict and _is_object(arguments[1]):
        return {"key": _tree(arguments[1], [item for value in present for item in value.values()])}
    return any(value not in ([], {}) for value in present)


def _members(struct: Any, values: list[Any]) -> dict[str, Tree]:
    """The same of each member of an object."""
    objects = [value for value in values if isinstance(value, dict)]
    return {
        name: _tree(hint, [value[name] for value in objects if name in value])
        for name, hint in get_type_hints(struct, include_extras=True).items()
    }


def _is_object(hint: Any) -> bool:
    plain = _plain(hint)
    return isinstance(plain, type) and issubclass(plain, msgspec.Struct)


def _plain(hint: Any) -> Any:
    """A type without what stands around it: annotations, null, unset."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        kinds = [argument for argument in get_args(hint) if argument not in (NoneType, msgspec.UnsetType)]
        return _plain(kinds[0]) if len(kinds) == 1 else hint
    return hint
