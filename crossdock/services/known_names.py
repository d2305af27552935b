"""The names of our APIs' requests and answers: the log keeps no value of what stands under any other."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import msgspec

from crossdock.api.operations import all_operations
from crossdock.changes.masking.mask import fields_of_people
from crossdock.svix_api import bodies
from crossdock.svix_api import operations as admin
from crossdock.web.call_details import LogNames

_OF_ERRORS = frozenset({
    "code", "data", "detail", "error", "json", "loc", "message", "msg", "next_token", "origin", "path",
    "query", "type",
})  # fmt: skip
_OF_LISTS = frozenset({
    "as_of", "before", "done", "ids", "include_deleted", "iterator", "limit", "order", "page_token",
    "prevIterator",
})  # fmt: skip


@cache
def log_names() -> LogNames:
    """The names that decide what the log of calls keeps."""
    return LogNames(known_names(), frozenset(fields_of_people()))


@cache
def known_names() -> frozenset[str]:
    """The names of all members, parameters and filters that are documented."""
    names, kinds = set(_OF_ERRORS | _OF_LISTS), set[Any]()
    for operation in all_operations():
        names |= {parameter.name for parameter in operation.parameters}
        kinds |= {operation.body, operation.reply}
        if operation.resource is not None:
            kinds.add(operation.resource.record)
            names |= {column.name for column in operation.resource.filters.values()}
        if operation.write is not None:
            kinds.add(operation.write.body)
    names |= {parameter.name for operation in admin.OPERATIONS for parameter in operation.parameters}
    kinds |= {value for value in vars(bodies).values() if isinstance(value, type)}
    seen = set[Any]()
    return frozenset(names).union(*(_names(kind, seen) for kind in kinds))


def _names(kind: Any, seen: set[Any]) -> Iterator[str]:
    """The names of the members of a type, and of the types in it."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind in seen:
            return
        seen.add(kind)
        for field in msgspec.structs.fields(kind):
            yield field.encode_name
            yield from _names(field.type, seen)
    for part in get_args(kind):
        yield from _names(part, seen)
