"""Pure: the method and path of a request → what was entered for them, and the variable parts of the path.

    fixed paths               one look into a dictionary
    /orders/{id}              another one: only the last part varies
    /orders/{id}/lines/{id}   part by part; text before names, so that /orders/channels is never an id
    /files/{id:path}          last of all: it takes whatever follows, slashes included

A path that fits with another method does not end the search: `POST /orders/sync` leaves `GET /orders/sync` to
`/orders/{id}`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import unquote_to_bytes

TargetT = TypeVar("TargetT")

_WHOLE = ":path}"


@dataclass(frozen=True)
class RouteEntry(Generic[TargetT]):
    """One method of a path. names: of its variable parts, in order."""

    target: TargetT
    names: tuple[str, ...]


Methods = dict[str, RouteEntry[TargetT]]


class RouteMatch(NamedTuple, Generic[TargetT]):
    """The target of a request, and the variable parts of its path."""

    target: TargetT
    path_params: Mapping[str, str]


@dataclass
class RouteNode(Generic[TargetT]):
    """A part of paths: what may follow it, and what is offered where a path ends here."""

    texts: dict[str, "RouteNode[TargetT]"] = field(default_factory=dict)
    variable: "RouteNode[TargetT] | None" = None
    methods: Methods[TargetT] = field(default_factory=dict)


class Router(Generic[TargetT]):
    """Finds what was entered for a method and a path.

    answers_head: HEAD is answered as GET is. splits_first: a path whose bytes hold `%2F` is split before it
    is decoded, so that ids may have slashes. ends_loosely: slashes at the end of a path mean nothing.
    """

    def __init__(
        self,
        entries: Iterable[tuple[str, str, TargetT]],
        *,
        answers_head: bool = False,
        splits_first: bool = False,
        ends_loosely: bool = False,
    ) -> None:
        self._splits_first = splits_first
        self._ends_loosely = ends_loosely
        self._fixed: dict[tuple[str, str], RouteMatch[TargetT]] = {}
        self._items: dict[tuple[str, str], RouteEntry[TargetT]] = {}
        self._root = RouteNode[TargetT]()
        self._wholes: dict[tuple[str, ...], Methods[TargetT]] = {}
        for method, path, target in entries:
            for name in (method, "HEAD") if answers_head and method == "GET" else (method,):
                self._enter(name, path, target)

    def find(self, method: str, path: str, raw_path: bytes = b"") -> RouteMatch[TargetT] | None:
        """The match of a decoded path. raw_path: as it was sent, below the same prefix."""
        if self._ends_loosely:
            path = path.rstrip("/")
        if self._splits_first and (b"%2f" in raw_path or b"%2F" in raw_path):
            parts = _parts(raw_path)
            if parts is not None and (match := self._match(method, parts)):
                return match
        if fixed := self._fixed.get((method, path)):
            return fixed
        head, _, last = path.rpartition("/")
        if last and (entry := self._items.get((method, head))):
            return RouteMatch(entry.target, {entry.names[0]: last})
        return self._match(method, path.split("/"))

    def methods(self, path: str) -> list[str]:
        """The methods that a path is offered with; none: there is no such path."""
        if self._ends_loosely:
            path = path.rstrip("/")
        offered = next(self._candidates(path.split("/")), None)
        return [] if offered is None else sorted(offered[0])

    def _enter(self, method: str, path: str, target: TargetT) -> None:
        parts = path.split("/")
        names = tuple(part[1:-1].removesuffix(":path") for part in parts if part[:1] == "{")
        entry = RouteEntry(target, names)
        if path.endswith(_WHOLE):
            self._wholes.setdefault(tuple(parts[:-1]), {})[method] = entry
            return
        node = self._root
        for part in parts:
            if part[:1] != "{":
                node = node.texts.setdefault(part, RouteNode())
            else:
                node.variable = node.variable or RouteNode()
                node = node.variable
        node.methods[method] = entry
        head, _, last = path.rpartition("/")
        if not names:
            self._fixed[method, path] = RouteMatch(target, {})
        elif len(names) == 1 and last[:1] == "{":
            self._items[method, head] = entry

    def _match(self, method: str, parts: list[str]) -> RouteMatch[TargetT] | None:
        for methods, values in self._candidates(parts):
            if entry := methods.get(method):
                return RouteMatch(entry.target, dict(zip(entry.names, values, strict=True)))
        return None

    def _candidates(self, parts: list[str]) -> Iterator[tuple[Methods[TargetT], tuple[str, ...]]]:
        """The candidates for a path, the likeliest first, each with the variable parts of the path."""
        yield from _walk(self._root, parts, 0, ())
        for head, methods in self._wholes.items():
            start = parts[: len(head)]
            if len(parts) > len(head) and all(
                text == part or text[:1] == "{" for text, part in zip(head, start, strict=True)
            ):
                values = [part for text, part in zip(head, start, strict=True) if text[:1] == "{"]
                yield methods, (*values, "/".join(parts[len(head) :]))


def _walk(
    node: RouteNode[TargetT], parts: list[str], position: int, values: tuple[str, ...]
) -> Iterator[tuple[Methods[TargetT], tuple[str, ...]]]:
    if position == len(parts):
        if node.methods:
            yield node.methods, values
        return
    part = parts[position]
    if text := node.texts.get(part):
        yield from _walk(text, parts, position + 1, values)
    if part and node.variable:
        yield from _walk(node.variable, parts, position + 1, (*values, part))


def _parts(raw_path: bytes) -> list[str] | None:
    """The parts of a path, each decoded by itself; None: they are no UTF-8."""
    try:
        return [unquote_to_bytes(part).decode() for part in raw_path.partition(b"?")[0].split(b"/")]
    except UnicodeDecodeError:
        return None
