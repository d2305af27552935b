"""Carrying out the steps of a write, or only showing them."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from crossdock.integrations.contract import Call, Json, Shown


class Caller(Protocol):
    """What a client that writes has."""

    async def call(self, call: Call) -> Json: ...

    def shown(self, call: Call) -> Shown: ...


@dataclass
class Progress:
    """How far a write got."""

    done: int = 0
    """Calls that changed something, and were answered."""
    is_open: bool = False
    """Whether a call that changes something was made, and not answered."""


async def carried_out(
    client: Caller, steps: Generator[Call, Json, Any], progress: Progress | None = None
) -> Any:
    """What the steps return, with each call made once, in turn. Raises what a call raises."""
    progress = progress or Progress()
    answer: Json = None
    while True:
        try:
            call = steps.send(answer)
        except StopIteration as end:
            return end.value
        progress.is_open = not call.asks
        answer = await client.call(call)
        progress.done += progress.is_open
        progress.is_open = False


class Undetermined(Exception):
    """What comes next depends on an answer that nobody has."""


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer that there is not: what stands for it, or for a part of it, in a request that is shown."""

    name: str

    def __getitem__(self, part: Any) -> "Answer":
        return Answer(f"{self.name}[{part!r}]")

    def __str__(self) -> str:
        return f"{{{self.name}}}"

    def _depends(self, *_: Any) -> NoReturn:
        raise Undetermined(self.name)

    __bool__ = __iter__ = __len__ = __int__ = __float__ = __contains__ = __getattr__ = _depends
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _depends
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _depends


def spelt_out(value: Any) -> Any:
    """A value for JSON, with a text in place of each answer that there is not."""
    if isinstance(value, Answer):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): spelt_out(one) for name, one in value.items()}
    return [spelt_out(one) for one in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Rehearsal:
    """The requests that a write would make."""

    calls: list[Call]
    is_complete: bool
    """Whether that is all. Otherwise what follows depends on the answers."""


def rehearsed(steps: Generator[Call, Json, Any]) -> Rehearsal:
    """The calls of a write, none of them made."""
    calls: list[Call] = []
    answer: Any = None
    try:
        while True:
            calls.append(steps.send(answer))
            answer = Answer(f"answer {len(calls)}")
    except StopIteration:
        return Rehearsal(calls, is_complete=True)
    except Undetermined:
        return Rehearsal(calls, is_complete=False)
