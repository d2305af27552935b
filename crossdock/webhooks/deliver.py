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

from crossdock.errors import AddressRefused, printable
from crossdock.kit.http import MOST_HEADER_BYTES as LONGEST_HEADER
from crossdock.kit.http import MOST_HEADERS
from crossdock.kit.responses import header_text, one_line
from crossdock.net.addresses import AddressPolicy, checked_connector
from crossdock.net.dns import DELIVERIES, SystemResolver
from crossdock.net.retry_after import retry_after
from crossdock.store.webhooks.attempts import AttemptExchange
from crossdock.store.webhooks.deliveries import CANCELED, FAIL, SUCCESS
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import EXPIRED, Message
from crossdock.webhooks import body as bodies
from crossdock.webhooks.request import RequestDraft, WebhookRequest, request, without_user
from crossdock.webhooks.transform import TransformCall, TransformCancelled, TransformFailed, TransformScripts

MOST_ANSWER_BYTES = 20_000
MOST_HEADER_BYTES = 8_192
"""Of all headers of an answer that are kept."""
MOST_SAID = 1000
"""Characters of what went wrong."""
ONCE_MORE_SECONDS = 1.0
"""A connection that breaks so soon is tried once more at once."""

DISABLE, ABORT = "disable", "abort-message"
"""What a receiver may say in its `webhook-delivery` header."""


class DeliveryOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an attempt. code 0: no answer, and `response` says why; so it does of one that broke off."""

    status: int
    exchange: AttemptExchange
    code: int = 0
    response: bytes = b""
    seconds: float = 0.0
    is_busy: bool = False
    """It timed out, or was asked to slow down."""
    retry_after: float | None = None
    says: str | None = None
    """What the receiver wants: DISABLE or ABORT."""


@dataclass(frozen=True)
class DeliverySettings:
    """The means that attempts are made with."""

    session: aiohttp.ClientSession
    scripts: TransformScripts
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
        max_line_size=LONGEST_HEADER,
        max_field_size=LONGEST_HEADER,
        max_headers=MOST_HEADERS,
    )
    session._retry_connection = False  # it is ours to say whether an attempt is made twice
    return session


async def attempt(
    means: DeliverySettings, endpoint: Endpoint, message: Message, now_ms: int
) -> DeliveryOutcome:
    """Try once. Never raises for what a receiver or a script does."""
    if message.body == EXPIRED:
        return failed(endpoint.hidden.url, "the payload has expired, or was erased", says=ABORT)
    if not message.body:
        return failed(endpoint.hidden.url, "the stored payload can't be opened")
    monotonic = time.monotonic()
    draft = await _draft(means, endpoint, message)
    if isinstance(draft, DeliveryOutcome):
        return draft
    # A script may have been waited for; what is signed is the moment of sending.
    now_ms += int((time.monotonic() - monotonic) * 1000)
    try:
        webhook_request = request(draft, endpoint.hidden, message.id, now_ms, means.agent)
    except AddressRefused as problem:
        return failed(draft.url, str(problem))
    if means.https_only and webhook_request.url.scheme != "https":
        return DeliveryOutcome(
            status=FAIL, exchange=webhook_request.shown(), response=b"only https is called here"
        )
    began = time.monotonic()
    outcome = await _sent(means, webhook_request, began, now_ms)
    if outcome is None:
        outcome = await _sent(means, webhook_request, began, now_ms, again=True)
    return outcome or _broken(webhook_request, began, None)


async def _draft(
    means: DeliverySettings, endpoint: Endpoint, message: Message
) -> RequestDraft | DeliveryOutcome:
    """The draft of the request; an outcome when the attempt ends here already."""
    hidden, body = endpoint.hidden, message.body
    if len(body) > means.most_bytes and message.data_path is not None:
        body = bodies.truncated(body, means.base_url + message.data_path)
    if not endpoint.transforms or hidden.code is None:
        return RequestDraft(hidden.url, body, content_type=message.content_type)
    return await _transformed(means, endpoint, hidden.code, message, body)


async def _transformed(
    means: DeliverySettings, endpoint: Endpoint, code: str, message: Message, body: bytes
) -> RequestDraft | DeliveryOutcome:
    """The draft that the endpoint's transformation makes of a message; an outcome when it makes none."""
    hidden = endpoint.hidden
    call = TransformCall(
        url=hidden.url, payload=body, event_type=message.type, channels=message.channels or (),
        tags=message.tags or (), variables=hidden.variables or {},
        params=message.params or {},
    )  # fmt: skip
    value = await means.scripts.run(code, call, owner=endpoint.id)
    if isinstance(value, TransformCancelled):
        exchange = AttemptExchange(url=without_user(hidden.url))
        return DeliveryOutcome(status=CANCELED, exchange=exchange, response=b"canceled by the transformation")
    if isinstance(value, TransformFailed):
        return failed(hidden.url, f"transformation: {value.error}")
    return RequestDraft(value.url, value.body, value.method, message.content_type, value.headers)


async def _sent(
    means: DeliverySettings,
    webhook_request: WebhookRequest,
    began: float,
    now_ms: int,
    *,
    again: bool = False,
) -> DeliveryOutcome | None:
    """Send the request; None: the connection broke at once, and it is worth another try."""
    code = 0
    try:
        async with means.session.request(
            webhook_request.method,
            webhook_request.url,
            data=webhook_request.body,
            headers=webhook_request.headers,
            allow_redirects=False,
            timeout=_remaining(means, began) if again else _within(means.timeout_seconds),
        ) as answer:
            code = answer.status
            return await _read(answer, webhook_request, began, now_ms)
    except TimeoutError:
        text = f"no complete answer within {means.timeout_seconds:g} s"
        return _broken(webhook_request, began, text, code=code, is_busy=True)
    except AddressRefused as problem:
        return _broken(webhook_request, began, str(problem))
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as problem:
        if not again and not code and _broke_early(problem, began):
            return None
        return _broken(webhook_request, began, _reason_of(problem), code=code)
    except aiohttp.InvalidURL:
        return _broken(webhook_request, began, "the URL is not one that can be called")
    except aiohttp.ClientResponseError as problem:
        return _broken(webhook_request, began, f"not an HTTP answer: {one_line(problem.message)[:MOST_SAID]}")
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        return _broken(webhook_request, began, _reason_of(problem), code=code)


def _broke_early(problem: Exception, began: float) -> bool:
    """Check whether a connection that was there broke at once, as idle ones do that were closed."""
    is_early = time.monotonic() - began < ONCE_MORE_SECONDS
    return is_early and not isinstance(problem, aiohttp.ClientConnectorError)


def _remaining(means: DeliverySettings, began: float) -> aiohttp.ClientTimeout:
    """The rest of the time for all tries."""
    return aiohttp.ClientTimeout(total=max(0.01, means.timeout_seconds - (time.monotonic() - began)))


@lru_cache(16)
def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


async def _read(
    answer: aiohttp.ClientResponse, webhook_request: WebhookRequest, began: float, now_ms: int
) -> DeliveryOutcome:
    """The answer, of which no more is read than is kept."""
    content = bytearray()
    while len(content) < MOST_ANSWER_BYTES:
        piece = await answer.content.read(MOST_ANSWER_BYTES - len(content))
        if not piece:
            break
        content += piece
    else:
        answer.close()
    later = answer.headers.get("retry-after")
    webhook_delivery = answer.headers.get("webhook-delivery", "").strip().lower()
    return DeliveryOutcome(
        status=SUCCESS if 200 <= answer.status < 300 else FAIL,
        code=answer.status,
        response=bytes(content),
        seconds=time.monotonic() - began,
        exchange=webhook_request.shown(_received(answer.headers.items())),
        is_busy=answer.status == 429,
        retry_after=None if later is None else retry_after(later, datetime.fromtimestamp(now_ms / 1000, UTC)),
        says=webhook_delivery if webhook_delivery in (DISABLE, ABORT) else None,
    )


def _received(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    kept_texts, room = [], MOST_HEADER_BYTES
    for name, value in headers:
        room -= len(name) + len(value)
        if room < 0:
            break
        kept_texts.append((header_text(name).lower(), header_text(value)))
    return kept_texts


def _broken(
    webhook_request: WebhookRequest, began: float, text: str | None, *, code: int = 0, is_busy: bool = False
) -> DeliveryOutcome:
    """The outcome of an attempt with no answer, or no whole one. code: what came before it broke off."""
    return DeliveryOutcome(
        status=FAIL,
        code=code,
        exchange=webhook_request.shown(),
        response=_bytes(text or "the connection broke"),
        seconds=time.monotonic() - began,
        is_busy=is_busy,
    )


def _bytes(text: str) -> bytes:
    return printable(text).encode()[:MOST_ANSWER_BYTES]


def failed(url: str, text: str, *, says: str | None = None) -> DeliveryOutcome:
    """The outcome of an attempt that sent nothing."""
    return DeliveryOutcome(
        status=FAIL,
        exchange=AttemptExchange(url=printable(without_user(url))),
        response=_bytes(text),
        says=says,
    )


def _reason_of(problem: Exception) -> str:
    text = str(problem) or type(problem).__name__
    return f"{type(problem).__name__}: {text}"[:MOST_SAID]
