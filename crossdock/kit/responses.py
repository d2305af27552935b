"""A vendor's answer: decoded, judged, and fit to be shown. Pure.

2xx → Response                   401 → InvalidCredentials      429, 503 with Retry-After → VendorThrottled
3xx → VendorNonsense             403 → MissingPermission       408, 5xx                  → VendorUnavailable
                                 any other 4xx → VendorRefused, with the vendor's own words
"""

import itertools
import json as stdlib_json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus, unquote
from xml.etree.ElementTree import Element

import msgspec
from yarl import URL

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.kit.xml_documents import parse_xml
from crossdock.net.retry_after import retry_after
from crossdock.wire import decoder

T = TypeVar("T")

LONGEST_MESSAGE = 500
MOST_DEPTH = 3
"""How deep the vendor's message may stand in an answer."""
_CHARSET = r"charset=[\"']?((?:utf|iso-8859|windows|latin|us-ascii)[\w-]*)"


@dataclass(frozen=True)
class Redaction:
    """Takes what must not be shown out of a text."""

    spellings: tuple[str, ...] = ()

    @classmethod
    def of(cls, secrets: Iterable[str]) -> "Redaction":
        """For these secrets, and for how they look inside a URL or a JSON text. The longest goes first."""
        spellings = itertools.chain.from_iterable(
            (
                secret,
                quote(secret, safe=""),
                quote(secret),
                quote_plus(secret),
                stdlib_json.dumps(secret)[1:-1],
            )
            for secret in secrets
            if secret
        )
        return cls(tuple(sorted(set(spellings), key=len, reverse=True)))

    def __call__(self, text: str) -> str:
        for secret in self.spellings:
            text = text.replace(secret, "***")
        return text


@dataclass(frozen=True)
class Response:
    """A vendor's answer, read whole."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str
    """Where it came from, without query."""
    redaction: Redaction = field(default_factory=Redaction, repr=False)

    def json(self) -> Any:
        """The decoded body; a number with a fraction is a Decimal. VendorNonsense when it is not JSON.

        Bytes that are not UTF-8 stay in the text as lone surrogates, and NaN as Decimal("NaN"): only the
        record that holds them will not fit.
        """
        try:
            return decoder.decode(self.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        try:
            text = self.text().removeprefix("\ufeff")
            return stdlib_json.loads(text, parse_float=Decimal, parse_constant=Decimal, strict=False)
        except (ValueError, RecursionError):
            pass
        raise VendorNonsense(f"wanted JSON, got {self._looks()}", url=self.url, status=self.status)

    def xml(self) -> Element:
        """The root element. VendorNonsense when it is not XML, or XML that declares a document type."""
        try:
            return parse_xml(self.body)
        except VendorNonsense as problem:
            problem.url, problem.status = self.url, self.status
            raise

    def text(self) -> str:
        """The body in the charset that the vendor names, else UTF-8; what does not fit becomes surrogates."""
        named = re.search(_CHARSET, self.headers.get("Content-Type", ""), re.IGNORECASE)
        try:
            return self.body.decode(named[1] if named else "utf-8")
        except (LookupError, UnicodeError):
            return self.body.decode("utf-8", "surrogateescape")

    def moment(self, otherwise: datetime) -> datetime:
        """The moment when it was sent, by the vendor's clock; `otherwise` where no Date header says it."""
        try:
            moment = parsedate_to_datetime(self.headers.get("Date", ""))
        except (ValueError, IndexError):
            return otherwise
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _looks(self) -> str:
        if not self.body:
            return "an empty answer"
        kind = self.headers.get("Content-Type", "no content type")
        return f"{kind} that begins {self.redaction(one_line(self.text()))[:80]!r}"


def member(value: Any, name: str, kind: type[T]) -> T:
    """The member of a decoded answer. Raises VendorNonsense when it is missing or of another kind."""
    found_member = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found_member, kind):
        text, received_name = kind.__name__, type(value if found_member is None else found_member).__name__
        raise VendorNonsense(f"wanted {name!r} in the answer to be a {text}, got {received_name}")
    return found_member


def judged(response: Response, now: datetime) -> Response | VendorError:
    """The response when it is a 2xx, else the error that it means.

    now: what a date in Retry-After counts from.
    """
    status = response.status
    if 200 <= status < 300:
        return response
    if 300 <= status < 400:
        return VendorNonsense(_redirect(response), url=response.url, status=status)
    wait = retry_after(response.headers.get("Retry-After", ""), now)
    if status == 429 or (status == 503 and wait is not None):
        return VendorThrottled(wait or 0, url=response.url, status=status)
    message = response.redaction(_vendor_message(response))[:LONGEST_MESSAGE]
    return kind_of_refusal(status)(f"{status}: {message}", url=response.url, status=status)


def shown(url: URL, redaction: Redaction) -> str:
    """The URL as errors and logs may show it: no user, query or fragment."""
    plain = str(url.with_user(None).with_query(None).with_fragment(None))
    # A secret in the path may be escaped in many ways, so it is looked for in the unescaped text.
    readable = unquote(plain)
    hidden = redaction(readable)
    return plain if hidden == readable else one_line(hidden)


def one_line(text: str) -> str:
    """Printable, on one line. Surrogates become question marks, so that it can be logged and stored."""
    plain = text[:5000].encode("utf-8", "replace").decode()
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", plain).split())


def header_text(value: str) -> str:
    """A header as a text. Its bytes are opaque (RFC 9110, 5.5): UTF-8 where they are that, else Latin-1.

    value: as the HTTP client reads it, with what is no UTF-8 as lone surrogates.
    """
    if value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def kind_of_refusal(status: int) -> type[VendorError]:
    """The error that a status of 400 or more means, but for what a vendor throttles with."""
    if status >= 500 or status == 408:
        return VendorUnavailable
    return {401: InvalidCredentials, 403: MissingPermission}.get(status, VendorRefused)


def _redirect(response: Response) -> str:
    try:
        there = URL(response.url).join(URL(response.headers.get("Location", "")))
        target = shown(there, response.redaction)
    except ValueError:
        target = "something that is not a URL"
    return f"{response.status}: redirects to {one_line(target)[:LONGEST_MESSAGE]}; redirects are not followed"


def _vendor_message(response: Response) -> str:
    """The vendor's message on what went wrong, in its own words, on one line."""
    try:
        message = _message_in(response.json())
    except VendorNonsense:
        message = re.sub(r"<[^>]*>", " ", response.text()[:5000])
    return one_line(message or "") or "the vendor does not say why"


def _message_in(value: Any, depth: int = MOST_DEPTH) -> str | None:
    """The first text under a usual name: {"error": {"message": "…"}}, {"errors": ["…"]}."""
    if isinstance(value, str) or depth == 0:
        return value if isinstance(value, str) else None
    if isinstance(value, list):
        return next(filter(None, (_message_in(item, depth - 1) for item in value[:5])), None)
    if isinstance(value, dict):
        usual = ("message", "error_description", "detail", "error", "errors", "title", "description")
        texts = (_message_in(value.get(name), depth - 1) for name in usual)
        return next(filter(None, texts), None) or _fault_of_field(value, is_inner=depth < MOST_DEPTH)
    return None


def _fault_of_field(value: Mapping[str, Any], *, is_inner: bool) -> str | None:
    """The first fault where they are told by field, as .NET does: {"quantity": ["must be positive"]}.

    is_inner: whether it stands below "errors" or the like. Then a text is a fault, too.
    """
    for name, faults in value.items():
        fault = faults[0] if isinstance(faults, list) and faults else faults if is_inner else None
        if isinstance(fault, str):
            return ": ".join(filter(None, (name, fault)))
    return None
