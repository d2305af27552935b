"""An identity provider with OpenID Connect, over real HTTP: whoever comes is signed in, as the test says.

provider.user = {"sub": "7", "email": …}       who comes
provider.alter = lambda claims: …              what else its ID tokens say
provider.algorithm = "ES256"                   what it signs with: a key of its own each
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "crossdock", "s:cret/+ %"


class OidcProvider:
    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.url = ""
        self.user: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.alter: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.header: dict[str, Any] = {}
        self.keys: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.user_info: dict[str, Any] = {}
        self.signs_with: Key | None = None
        """Another key than the published one."""
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.rotate()

    def rotate(self) -> None:
        """New keys; the old ones are published no more."""
        number = secrets.token_hex(4)
        self.keys = {
            "RS256": RSAKey.generate_key(2048, {"kid": f"r{number}"}),
            "ES256": ECKey.generate_key("P-256", {"kid": f"e{number}"}),
            "EdDSA": OKPKey.generate_key("Ed25519", {"kid": f"o{number}"}),
        }

    def come_back(self, url: str, **said: str) -> str:
        """What the browser of who signed in is sent to: our callback, with a code."""
        query = dict(parse_qsl(url.partition("?")[2]))
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']} | said)}"

    def id_token(self, nonce: str, access_token: str) -> str:
        now = self.now_ms() // 1000
        kind = "sha512" if self.algorithm == "EdDSA" else "sha256"
        digest = hashlib.new(kind, access_token.encode()).digest()
        half = digest[: len(digest) // 2]
        claims = {
            "iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce,
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
        } | self.user  # fmt: skip
        claims = {name: value for name, value in self.alter(claims).items() if value is not None}
        if self.algorithm == "none":
            return _unsigned(claims)
        if self.algorithm == "HS256":
            public = self.keys["RS256"].as_pem(private=False)
            signed = _unsigned(claims, "HS256").rstrip(".")
            digest = hmac.digest(public, signed.encode(), "sha256")
            return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
        key = self.keys[self.algorithm]
        header = {"alg": self.algorithm, "kid": key.kid} | self.header
        return _signed(header, claims, self.signs_with or key, self.algorithm)

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/.well-known/openid-configuration":
            return web.json_response(
                {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "jwks_uri": f"{self.url}/keys",
                    "userinfo_endpoint": f"{self.url}/userinfo",
                }
                | self.metadata
            )
        if request.path == "/keys":
            published = [key.as_dict(private=False) for key in self.keys.values()]
            return web.json_response({"keys": [*published, {"kty": "new", "kid": "?"}]})
        if request.path == "/userinfo":
            return web.json_response(self.user_info)
        if request.path == "/authorize":
            raise web.HTTPFound(self.come_back(str(request.url)))
        if request.path == "/token":
            return await self._token(request)
        return web.Response(status=404)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        shown = base64.b64decode(request.headers["authorization"].partition(" ")[2]).decode()
        begun = self.codes.pop(str(form["code"]), None)
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        is_right = (
            begun is not None
            and shown == f"{CLIENT_ID}:s%3Acret%2F%2B+%25"
            and begun["code_challenge"] == challenge
            and begun["redirect_uri"] == form["redirect_uri"]
        )
        if begun is None or not is_right:
            return web.json_response({"error": "invalid_grant"}, status=400)
        access_token = secrets.token_urlsafe(8)
        return web.json_response(
            {"access_token": access_token, "id_token": self.id_token(begun["nonce"], access_token)}
        )


def _signed(header: dict[str, Any], claims: dict[str, Any], key: Any, algorithm: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jwt.encode(header, claims, key, algorithms=[algorithm])


def _unsigned(claims: dict[str, Any], algorithm: str = "none") -> str:
    parts = ({"alg": algorithm}, claims)
    texts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{'.'.join(texts)}."


@contextmanager
def running_provider(now_ms: Callable[[], int]) -> Iterator[OidcProvider]:
    """A provider in a thread of its own."""
    provider, loop, stop, started = (
        OidcProvider(now_ms), asyncio.new_event_loop(), asyncio.Event(), threading.Event(),
    )  # fmt: skip

    async def live() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", provider.serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    try:
        assert started.wait(30)
        yield provider
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
