"""The customer's JavaScript, which may change a webhook before it is signed and sent, or call it off.

    run ─ script and argument to a worker ─ the result, checked
      ├── an object with what to send   → Changed
      ├── one with `cancel: true`       → Cancelled
      └── thrown, too long, no result   → Failed, in words for whoever wrote the script

Workers are processes without rights (`transform_worker.py`), killed when they have not answered within a
second (`transform_pool.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import msgspec

from crossdock.errors import AddressRefused
from crossdock.net.addresses import parsed_url
from crossdock.webhooks import headers
from crossdock.webhooks.transform_pool import ScriptAnswer, ScriptEnded, ScriptPool, missing
from crossdock.webhooks.transform_worker import CPU_SECONDS, HEAP_BYTES, INTERRUPTED, OUT_OF_MEMORY

__all__ = [
    "Outcome",
    "SimulatedTransform",
    "TransformCall",
    "TransformCancelled",
    "TransformFailed",
    "TransformScripts",
    "TransformedMessage",
    "missing",
    "script_fault",
    "simulate",
]

LEAST_CHARACTERS, MOST_CHARACTERS = 10, 51_200
MOST_BYTES = 2**20
"""Of a result."""
MOST_URL_CHARACTERS = 65_536
"""Of an endpoint's URL, and so of the one that its script returns."""
METHODS = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class TransformCall:
    """A webhook as a script gets it. payload: the JSON object that is stored, as bytes."""

    url: str
    payload: bytes
    event_type: str
    channels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    """What came along with the message for its transformations."""
    method: str = "POST"


@dataclass(frozen=True)
class TransformedMessage:
    """The message to send. headers: win over the endpoint's own; they are checked already."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class TransformCancelled:
    """The script wants nothing sent."""


@dataclass(frozen=True)
class TransformFailed:
    """The script did not work; `error` says why."""

    error: str


Outcome = TransformedMessage | TransformCancelled | TransformFailed


def script_fault(script: str) -> str | None:
    """The fault of a script that is about to be stored; None: none that shows without a run."""
    if not LEAST_CHARACTERS <= len(script) <= MOST_CHARACTERS:
        return (
            f"the script has {len(script):,} characters; {LEAST_CHARACTERS} to {MOST_CHARACTERS:,} are taken"
        )
    return "the script holds half a character (a lone surrogate)" if _has_surrogate(script) else None


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


class TransformScripts:
    """The scripts of this process and the workers that they run in, started when first needed."""

    def __init__(self, workers: int = 2) -> None:
        self._pool = ScriptPool(workers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the workers, each after the script that it is at."""
        await self._pool.close()

    async def run(self, script: str, webhook: TransformCall, *, owner: str) -> Outcome:
        """Run a script on a webhook. Never raises for what a script does.

        owner: whose turn it takes: the id of the endpoint.
        """
        if fault := missing() or script_fault(script):
            return TransformFailed(fault)
        try:
            answer = await self._pool.ask(script.encode(), _argument(webhook), owner=owner)
        except ScriptEnded as problem:
            return TransformFailed(str(problem))
        return _outcome(answer)


@dataclass(frozen=True)
class SimulatedTransform:
    """A test run as the editor shows it: what would be sent. When cancelled, what was there before."""

    url: str
    payload: str
    method: str
    cancel: bool


async def simulate(
    scripts: TransformScripts, script: str, webhook: TransformCall, *, owner: str
) -> SimulatedTransform | TransformFailed:
    """Try a script on a webhook, without sending it."""
    outcome = await scripts.run(script, webhook, owner=owner)
    if isinstance(outcome, TransformFailed):
        return outcome
    if isinstance(outcome, TransformCancelled):
        return SimulatedTransform(webhook.url, webhook.payload.decode(), webhook.method, cancel=True)
    return SimulatedTransform(outcome.url, outcome.body.decode(), outcome.method, cancel=False)


def _argument(webhook: TransformCall) -> bytes:
    """The webhook as JSON, its payload as it is stored: only the engine reads its numbers."""
    return msgspec.json.encode(
        {
            "method": webhook.method,
            "url": webhook.url,
            "payload": msgspec.Raw(webhook.payload),
            "eventType": webhook.event_type,
            "channels": webhook.channels,
            "tags": webhook.tags,
            "variables": webhook.variables,
            "env": webhook.variables,
            "transformationsParams": webhook.params,
        }
    )


class _Result(msgspec.Struct):
    """The result that the script wants, as our own part of the JavaScript flattens it."""

    cancel: bool = False
    method: str = ""
    url: str = ""
    headers: list[tuple[str, str]] = []
    body: str = ""


def _outcome(answer: ScriptAnswer) -> Outcome:
    """A worker's answer, believed in nothing: what ran there had a second to take it over."""
    if answer.result is None:
        return TransformFailed(_explained(answer))
    try:
        result = msgspec.json.decode(answer.result, type=_Result)
        body = result.body.encode()
    except (msgspec.DecodeError, UnicodeEncodeError):
        return TransformFailed("the result is not what a webhook consists of")
    if result.cancel:
        return TransformCancelled()
    if fault := _fault(result, body):
        return TransformFailed(fault)
    return TransformedMessage(result.method, result.url, body, dict(result.headers))


def _explained(answer: ScriptAnswer) -> str:
    """The error of a script for whoever wrote it."""
    text = {
        INTERRUPTED: f"the script took more than {CPU_SECONDS:g} s of processor time",
        OUT_OF_MEMORY: f"the script needed more than {HEAP_BYTES // 2**20} MiB of memory",
    }.get(answer.error, answer.error)
    return f"{text} ({answer.trace})" if answer.trace else text


def _fault(result: _Result, body: bytes) -> str | None:
    if result.method not in METHODS:
        return f"method is {result.method[:100]!r}; it has to be one of {', '.join(METHODS)}"
    if len(body) > MOST_BYTES:
        return f"the result has {len(body):,} bytes; at most {MOST_BYTES:,} are sent"
    wrong = headers.faults(dict(result.headers))
    return wrong[0] if wrong else _url_fault(result.url)


def _url_fault(text: str) -> str | None:
    """The fault of a URL that shows without connecting; which addresses may be reached is decided then."""
    if len(text) > MOST_URL_CHARACTERS:
        return f"url has {len(text):,} characters; at most {MOST_URL_CHARACTERS:,} are taken"
    try:
        parsed_url(text)
    except AddressRefused as problem:
        return _shown_fault(text, str(problem))
    return None


_USER = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*://|//)?.*@", re.DOTALL)


def _shown_fault(text: str, problem: str) -> str:
    """The fault of a URL, without the user and password in it: it is kept readable, they are secret."""
    bare_url = _USER.sub(r"\1", text)
    if bare_url != text:
        try:
            parsed_url(bare_url)
        except AddressRefused as refusal:
            problem = str(refusal)
        else:
            problem = "its user or password has characters that have to be percent-encoded"
    return f"url is {bare_url[:100]!r}: {problem}"
