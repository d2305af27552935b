"""A vendor with OAuth 1.0a in three legs (RFC 5849, section 2): it checks every signature by itself.

async with OAuth1Server() as vendor:
    vendor.denies = True               the user does not agree
    vendor.tokens.clear()              the user revokes the consent
"""

import base64
import hashlib
import hmac
import itertools
import re
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode

from aiohttp import web
from yarl import URL

CONSUMER_KEY, CONSUMER_SECRET = "our-key", "our secret&"


class OAuth1Server:
    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.temporary: dict[str, tuple[str, str]] = {}
        """Secret and callback by temporary token."""
        self.verifiers: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        """Secrets of the tokens that work."""
        self.denies = False
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        if request.path == "/authorize":
            return self._page_of_consent(request)
        protocol = _protocol(request)
        token = protocol.get("oauth_token", "")
        secret = self.tokens.get(token) or self.temporary.get(token, ("", ""))[0]
        if token and not secret:
            return web.Response(status=401, text="token rejected")
        if protocol.get("oauth_signature") != _signature(request, protocol, secret):
            return web.Response(status=401, text="bad signature")
        return self._signed(request, protocol)

    def _signed(self, request: web.Request, protocol: dict[str, str]) -> web.Response:
        token, number = protocol.get("oauth_token", ""), next(self.numbers)
        if request.path == "/request_token":
            self.temporary[f"temp-{number}"] = (f"temp-secret-{number}", protocol["oauth_callback"])
            return _pair(f"temp-{number}", f"temp-secret-{number}")
        if request.path == "/access_token":
            if self.verifiers.pop(token, None) != protocol.get("oauth_verifier"):
                return web.Response(status=401, text="verifier rejected")
            self.tokens[f"token-{number}"] = f"token-secret-{number}"
            return _pair(f"token-{number}", f"token-secret-{number}")
        if token not in self.tokens:
            return web.Response(status=401, text="token rejected")
        data = [{"id": "1", "name": "Hall", "updated_at": "2026-02-01T00:00:00Z"}]
        return web.json_response({"data": data, "name": "Ann's Shop"})

    def _page_of_consent(self, request: web.Request) -> web.Response:
        token = request.query["oauth_token"]
        callback = URL(self.temporary[token][1])
        if self.denies:
            return web.Response(status=302, headers={"Location": str(callback.update_query(denied=token))})
        self.verifiers[token] = f"verifier-{token}"
        answer = {"oauth_token": token, "oauth_verifier": f"verifier-{token}"}
        return web.Response(status=302, headers={"Location": str(callback.update_query(answer))})


def _pair(token: str, secret: str) -> web.Response:
    text = urlencode({"oauth_token": token, "oauth_token_secret": secret, "oauth_callback_confirmed": "true"})
    return web.Response(text=text, content_type="application/x-www-form-urlencoded")


def _protocol(request: web.Request) -> dict[str, str]:
    header = request.headers.get("Authorization", "").removeprefix("OAuth ")
    return {name: unquote(text) for name, text in re.findall(r'(\w+)="([^"]*)"', header)}


def _signature(request: web.Request, protocol: dict[str, Any], secret: str) -> str:
    """RFC 5849, section 3.4, written from its text."""
    params = [(name, text) for name, text in protocol.items() if name not in ("oauth_signature", "realm")]
    params += parse_qsl(request.query_string, keep_blank_values=True)
    escaped = sorted((quote(name, safe="-._~"), quote(text, safe="-._~")) for name, text in params)
    joined = "&".join(f"{name}={text}" for name, text in escaped)
    url = str(request.url.with_query(None))
    base = "&".join(quote(part, safe="-._~") for part in (request.method, url, joined))
    key = f"{quote(CONSUMER_SECRET, safe='-._~')}&{quote(secret, safe='-._~')}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha256)).decode()
