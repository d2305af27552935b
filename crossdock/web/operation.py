"""The words that every API's table of operations is written in."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation that is not a filter. Texts, but for flags."""

    name: str
    where: Literal["path", "query"] = "query"
    description: str = ""
    choices: tuple[str, ...] = ()
    is_flag: bool = False
    is_number: bool = False
    is_time: bool = False
    is_many: bool = False
    """Several values: separated by commas, repeated, or both."""
    default: str | bool | int | None = None
    deprecated: bool = False
    may_have_slashes: bool = False
    """Of a path: it takes all that follows, slashes included."""


@dataclass(frozen=True)
class HttpOperation:
    """One method of one path. An API adds what it says of its own operations."""

    method: str
    path: str
    """Below the API's prefix, with `{name}` for a variable part."""
    handler: str
    """Its function: "module.function" below the API's package."""
    id: str
    parameters: tuple[Parameter, ...] = field(default=(), kw_only=True)

    @property
    def metric_name(self) -> str:
        """The name that its answers are counted under."""
        return self.id

    @property
    def route_path(self) -> str:
        """The path as the router takes it: `{name:path}` for a part that may have slashes."""
        path = self.path
        for parameter in self.parameters:
            if parameter.may_have_slashes:
                path = path.replace(f"{{{parameter.name}}}", f"{{{parameter.name}:path}}")
        return path
