"""One attempt to deliver one message: what is sent, and what came of it.

message ─ too large? cut ─ script? run ─ sign ─ send, 15 s in all ─ read at most 20,000 bytes
  ├── 2xx                                              success
  ├── the script wants nothing sent                    canceled
  └── all else: other codes, redirects too, no answer  fail, with the reason
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver

from crossdock.errors import AddressRefused
from crossdock.integrations.addresses import AddressPolicy, checked_connector
from crossdock.integrations.names import DELIVERIES, SystemResolver
from crossdock.store.webhooks.attempts import Exchange
from crossdock.store.webhooks.deliveries import CANCELED, FAIL, SUCCESS
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import EXPIRED, Message
from crossdock.webhooks import body as bodies
from crossdock.webhooks.request import Draft, Request, request
from crossdock.webhooks.schedule import retry_after
from crossdock.webhooks.transform import Call, Cancelled, Failed, Scripts

MOST_ANSWER_BYTES = 20_000
MOST_HEADER_BYTES = 8_192
ONCE_MORE_SECONDS = 1.0
"""A connection that breaks so soon is tried once more at once."""

DISABLE, ABORT = "disable", "abort-message"
"""What a receiver may say in its `webhook-delivery` header."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended. code 0: no answer, and `response` says why."""

    status: int
    exchange: Exchange
    code: int = 0
    response: bytes = b""
    seconds: float = 0.0
    is_busy: bool = False
    """It timed out, or was asked to slow down."""
    retry_after: float | None = None
    says: str | None = None
    """What the receiver wants: DISABLE or ABORT."""


@dataclass(frozen=True)
class Means:
    """What attempts are made with."""

    session: aiohttp.ClientSession
    scripts: Scripts
    base_url: str
    agent: str = "crossdock"
    timeout_seconds: float = 15.0
    most_bytes: int = 2**20
    """Of a body; an event that has more is cut."""
    https_only: bool = False


def new_session(policy: AddressPolicy, *, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """A session for deliveries: checked addresses, no proxy, no cookies, answers as they come."""
    session = aiohttp.ClientSession(
        connector=checked_connector(policy, resolver or SystemResolver(DELIVERIES)),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )
    session._retry_connection = False  # it is ours to say whether an attempt is made twice
    return session


async def attempt(means: Means, endpoint: Endpoint, message: Message, now_ms: int) -> Outcome:
    """Tries once. Never raises for what a receiver or a script does."""
    if message.body == EXPIRED:
        return _failed(endpoint.hidden.url, "the payload has expired, or was erased", says=ABORT)
    if not message.body:
        return _failed(endpoint.hidden.url, "the stored payload can't be opened")
    asked = time.monotonic()
    draft = await _draft(means, endpoint, message)
    if isinstance(draft, Outcome):
        return draft
    # A script may have been waited for; what is signed is the moment of sending.
    now_ms += int((time.monotonic() - asked) * 1000)
    try:
        made = request(draft, endpoint.hidden, message.id, now_ms, means.agent)
    except AddressRefused as problem:
        return _failed(draft.url, str(problem))
    if means.https_only and made.url.scheme != "https":
        return Outcome(status=FAIL, exchange=made.shown(), response=b"only https is called here")
    began = time.monotonic()
    outcome = await _sent(means, made, began, now_ms)
    if outcome is None:
        outcome = await _sent(means, made, began, now_ms, again=True)
    return outcome or _broken(made, began, None)


async def _draft(means: Means, endpoint: Endpoint, message: Message) -> Draft | Outcome:
    """What is to be sent; an outcome when it ends here already."""
    hidden, body = endpoint.hidden, message.body
    if len(body) > means.most_bytes and message.data_path is not None:
        body = bodies.truncated(body, means.base_url + message.data_path)
    if not endpoint.transforms or hidden.code is None:
        return Draft(hidden.url, body, content_type=message.content_type)
    call = Call(
        url=hidden.url, payload=body, event_type=message.type, channels=message.channels or (),
        tags=message.tags or (), variables=hidden.variables or {},
    )  # fmt: skip
    made = await means.scripts.run(hidden.code, call, owner=endpoint.id)
    if isinstance(made, Cancelled):
        exchange = Exchange(url=_without_user(hidden.url))
        return Outcome(status=CANCELED, exchange=exchange, response=b"canceled by the transformation")
    if isinstance(made, Failed):
        return _failed(hidden.url, f"transformation: {made.error}")
    return Draft(made.url, made.body, made.method, message.content_type, made.headers)


async def _sent(
    means: Means, made: Request, began: float, now_ms: int, *, again: bool = False
) -> Outcome | None:
    """How it went; None: the connection broke at once, and it is worth another try."""
    timeout = _within(means.timeout_seconds)
    if again:
        timeout = aiohttp.ClientTimeout(total=max(0.01, means.timeout_seconds - (time.monotonic() - began)))
    try:
        async with means.session.request(
            made.method, made.url, data=made.body, headers=made.headers, allow_redirects=False,
            timeout=timeout,
        ) as answer:  # fmt: skip
            return await _read(answer, made, began, now_ms)
    except TimeoutError:
        text = f"no complete answer within {means.timeout_seconds:g} s"
        return _broken(made, began, text, is_busy=True)
    except AddressRefused as problem:
        return _broken(made, began, str(problem))
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as problem:
        broke_early = time.monotonic() - began < ONCE_MORE_SECONDS
        if broke_early and not again and not isinstance(problem, aiohttp.ClientConnectorError):
            return None
        return _broken(made, began, _said(problem))
    except aiohttp.InvalidURL:
        return _broken(made, began, "the URL is not one that can be called")
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        return _broken(made, began, _said(problem))


@lru_cache(16)
def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


async def _read(answer: aiohttp.ClientResponse, made: Request, began: float, now_ms: int) -> Outcome:
    """The answer, of which no more is read than is kept."""
    found = bytearray()
    while len(found) < MOST_ANSWER_BYTES:
        piece = await answer.content.read(MOST_ANSWER_BYTES - len(found))
        if not piece:
            break
        found += piece
    else:
        answer.close()
    later = answer.headers.get("retry-after")
    said = answer.headers.get("webhook-delivery", "").strip().lower()
    return Outcome(
        status=SUCCESS if 200 <= answer.status < 300 else FAIL,
        code=answer.status,
        response=bytes(found),
        seconds=time.monotonic() - began,
        exchange=made.shown(_received(answer.headers.items())),
        is_busy=answer.status == 429,
        retry_after=None if later is None else retry_after(later, datetime.fromtimestamp(now_ms / 1000, UTC)),
        says=said if said in (DISABLE, ABORT) else None,
    )


def _received(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    kept, room = [], MOST_HEADER_BYTES
    for name, value in headers:
        room -= len(name) + len(value)
        if room < 0:
            break
        kept.append((name.lower(), value))
    return kept


def _broken(made: Request, began: float, text: str | None, *, is_busy: bool = False) -> Outcome:
    return Outcome(
        status=FAIL, exchange=made.shown(), response=(text or "the connection broke").encode(),
        seconds=time.monotonic() - began, is_busy=is_busy,
    )  # fmt: skip


def _failed(url: str, text: str, *, says: str | None = None) -> Outcome:
    """Nothing was sent."""
    return Outcome(
        status=FAIL, exchange=Exchange(url=_without_user(url)), response=text.encode()[:MOST_ANSWER_BYTES],
        says=says,
    )  # fmt: skip


def _without_user(url: str) -> str:
    scheme, slashes, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def _said(problem: Exception) -> str:
    text = str(problem) or type(problem).__name__
    return f"{type(problem).__name__}: {text}"[:1000]
