"""The customer's JavaScript, which may change a webhook before it is signed and sent, or call it off.

    run ─ the endpoint's turn ─ a free worker ─ script and argument over a pipe ─ the result, checked
      ├── an object with what to send   → Changed
      ├── one with `cancel: true`       → Cancelled
      └── thrown, too long, no result   → Failed, in words for whoever wrote the script

A worker is a process without rights (`transform_worker.py`) that is killed when it has not answered within
a second; the next run gets a new one. Of one endpoint one script runs at a time, so a script that takes all
its time makes others wait for one run of it, never for its queue.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import msgspec

LEAST_CHARACTERS, MOST_CHARACTERS = 10, 51_200
MOST_BYTES = 2**20
"""Of a result."""
WALL_SECONDS = 1.0
METHODS = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Call:
    """A webhook as a script gets it. payload: the JSON object that is stored, as bytes."""

    url: str
    payload: bytes
    event_type: str
    channels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True)
class Changed:
    """What to send. headers: win over the endpoint's own; they are checked already."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Cancelled:
    """The script wants nothing sent."""


@dataclass(frozen=True)
class Failed:
    """The script did not work; `error` says why."""

    error: str


Outcome = Changed | Cancelled | Failed


def script_fault(script: str) -> str | None:
    """What is wrong with a script that is about to be stored; None: nothing that shows without a run."""
    if not LEAST_CHARACTERS <= len(script) <= MOST_CHARACTERS:
        return (
            f"the script has {len(script):,} characters; {LEAST_CHARACTERS} to {MOST_CHARACTERS:,} are taken"
        )
    return None


def missing() -> str | None:
    """Why scripts can't run here; None: they can."""
    raise NotImplementedError


class Scripts:
    """A few workers for all scripts of this process; they are started when first needed."""

    def __init__(self, workers: int = 2) -> None:
        self._workers = workers

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the workers."""

    async def run(self, script: str, webhook: Call, *, owner: str) -> Outcome:
        """What becomes of the webhook. Never raises for what a script does.

        owner: whose turn it takes: the id of the endpoint.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Simulated:
    """A test run as the editor shows it: what would be sent. When cancelled, what was there before."""

    url: str
    payload: str
    method: str
    cancel: bool


async def simulate(scripts: Scripts, script: str, webhook: Call, *, owner: str) -> Simulated | Failed:
    """What a script would do to a webhook, without sending it."""
    outcome = await scripts.run(script, webhook, owner=owner)
    if isinstance(outcome, Failed):
        return outcome
    if isinstance(outcome, Cancelled):
        return Simulated(webhook.url, webhook.payload.decode(), webhook.method, cancel=True)
    return Simulated(outcome.url, outcome.body.decode(), outcome.method, cancel=False)
