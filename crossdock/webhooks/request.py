"""Pure: an endpoint and a message → the request that is made of them."""

import base64
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

import msgspec
from yarl import URL

from crossdock.net.addresses import parsed_url
from crossdock.store.webhooks.attempts import AttemptExchange
from crossdock.store.webhooks.endpoints import HiddenHeaders
from crossdock.webhooks import sign

SENSITIVE = frozenset(
    {
        "authorization", "proxy-authorization", "x-api-key", "api-key", "x-auth-token", "x-access-token",
        "x-secret", "cookie", "x-csrf-token",
    }
)  # fmt: skip
"""Headers whose values are shown to nobody."""
WITHHELD = "***"

JSON = "application/json"


class WebhookRequest(msgspec.Struct, frozen=True):
    """A request as it is sent. The URL has no user in it: that is a header by now."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes

    def shown(self, received: list[tuple[str, str]] | None = None) -> AttemptExchange:
        """The exchange as the log keeps it: no password, no token."""
        sent = {**self.headers}
        for name in SENSITIVE & sent.keys():
            sent[name] = WITHHELD
        return AttemptExchange(url=str(self.url), method=self.method, sent=sent, received=received)


class RequestDraft(msgspec.Struct, frozen=True):
    """A request before it is signed. headers: those of a script, which win over the endpoint's."""

    url: str
    body: bytes
    method: str = "POST"
    content_type: str | None = None
    headers: Mapping[str, str] | None = None


def request(
    draft: RequestDraft, hidden: HiddenHeaders, message_id: str, now_ms: int, agent: str
) -> WebhookRequest:
    """The request, signed at this moment. Raises AddressRefused for a URL that is not called."""
    parsed = _parsed(draft.url)
    own_values = {name.lower(): value for name, value in hidden.headers.items()}
    own_values |= {name.lower(): value for name, value in (draft.headers or {}).items()}
    if parsed.user is not None or parsed.password is not None:
        own_values.setdefault("authorization", _basic(parsed))
        parsed = parsed.with_user(None)
    seconds = now_ms // 1000
    fixed = {
        "content-type": draft.content_type or JSON,
        "user-agent": agent,
        # What comes back is kept as it is: nothing that unpacks to gigabytes.
        "accept-encoding": "identity",
        **sign.headers(message_id, seconds, draft.body, valid_secrets(hidden, now_ms)),
    }
    return WebhookRequest(draft.method, parsed, {**own_values, **fixed}, draft.body)


@lru_cache(4096)
def _parsed(url: str) -> URL:
    return parsed_url(url)


def valid_secrets(hidden: HiddenHeaders, now_ms: int) -> list[str]:
    """The secrets that sign now, the present one first."""
    return [secret.key for secret in hidden.secrets if secret.until_ms is None or secret.until_ms > now_ms]


def _basic(url: URL) -> str:
    """The user of a URL as a header."""
    user, password = unquote(url.raw_user or ""), unquote(url.raw_password or "")
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def without_user(url: str) -> str:
    """A URL without the user and password that are sent as basic authentication."""
    scheme, slashes, remaining_text = url.partition("://")
    authority = re.split(r"[/?#\\]", remaining_text, maxsplit=1)[0]
    return f"{scheme}{slashes}{authority.rpartition('@')[2]}{remaining_text[len(authority) :]}"
