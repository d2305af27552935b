"""Which fields of records say who a person is: declared beside their types, `Annotated[str, Personal.NAME]`.

City, state and country are not among them: what is left of an address says where to, not to whom.
"""

from collections.abc import Iterator
from enum import Enum
from functools import cache
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec


class Personal(Enum):
    """What a field says of a person; each value is what stands there once the person is erased."""

    NAME = "erased"
    EMAIL = "erased@invalid"
    PHONE = "phone"
    COMPANY = "company"
    STREET = "street"
    POSTCODE = "postcode"

    @property
    def erased(self) -> str | None:
        """The value in place of an erased one."""
        return self.value if self in (Personal.NAME, Personal.EMAIL) else None


@cache
def personal_fields(records: tuple[type[msgspec.Struct], ...]) -> MappingProxyType[str, Personal]:
    """The personal fields of these records and their parts, by name.

    Raises ValueError for a name that means something else elsewhere: copies of records are searched by names.
    """
    kinds: dict[str, Personal | None] = {}
    for name, kind in _fields(records, set()):
        if kinds.setdefault(name, kind) != kind:
            raise ValueError(f"the field {name} is personal in one place only, or of several kinds")
    return MappingProxyType({name: kind for name, kind in kinds.items() if kind is not None})


def _fields(
    structs: tuple[type[msgspec.Struct], ...], seen: set[type[msgspec.Struct]]
) -> Iterator[tuple[str, Personal | None]]:
    for struct in structs:
        if struct in seen:
            continue
        seen.add(struct)
        for name, hint in get_type_hints(struct, include_extras=True).items():
            marks = [mark for mark in _marks(hint) if isinstance(mark, Personal)]
            # Streets stand in addresses of warehouses too, which name no person.
            if marks or (not name.startswith("address") and name != "postal_code"):
                yield name, marks[0] if marks else None
            yield from _fields(tuple(_structs(hint)), seen)


def _marks(hint: Any) -> Iterator[Any]:
    if get_origin(hint) is Annotated:
        yield from hint.__metadata__
        yield from _marks(get_args(hint)[0])
    elif get_origin(hint) in (Union, UnionType):
        for argument in get_args(hint):
            yield from _marks(argument)


def _structs(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for argument in get_args(hint):
        yield from _structs(argument)
