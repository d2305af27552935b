"""A vendor with OAuth 2 to test against: tokens that expire, refresh tokens that rotate, code challenges.

async with OAuthServer() as vendor:
    vendor.grace = True            the refresh token before still works, once
    vendor.granted                 the grants that it was asked for, in order
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
from collections import Counter
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web
from yarl import URL

CLIENT_ID, CLIENT_SECRET = "our-app", "app/secret"


class OAuthServer:
    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.access: set[str] = set()
        self.refresh: set[str] = set()
        self.challenges: dict[str, str] = {}
        self.granted: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.calls: Counter[str] = Counter()
        self.signs = False
        """Whether calls must be signed, too."""
        self.points_left = 40
        self.grace = False
        """Whether a refresh token that was rotated still works."""
        self.expires_in: int | None = 3600
        self.answer_seconds = 0.0
        """How long it takes from rotating a token to answering with the new one."""
        self.granting = asyncio.Event()
        """Set when it has given a token, and before it answers."""
        self.denies = False
        """Whether the user does not agree."""
        self.hesitates = False
        """Whether the user has not decided yet."""
        self.asked: list[dict[str, str]] = []
        """The queries that users came to the page of consent with."""
        self.more: dict[str, Any] = {}
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

    def consent(self, challenge: str) -> str:
        """The code that a user who consents comes back with."""
        code = f"code-{next(self.numbers)}"
        self.challenges[code] = challenge
        return code

    def first_refresh_token(self) -> str:
        self.refresh.add("refresh-0")
        return "refresh-0"

    def expire(self) -> None:
        """No access token works any more."""
        self.access.clear()

    async def _serve(self, request: web.Request) -> web.Response:
        self.calls[request.path] += 1
        if request.path == "/token":
            return await self._token(request)
        if request.path == "/authorize":
            return self._page_of_consent(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.access:
            return web.json_response({"message": "token expired"}, status=401)
        if self.signs and request.headers.get("X-Signature") != self._signature(request):
            return web.json_response({"message": "bad signature"}, status=400)
        if request.path == "/shops/7/warehouses":
            data = [{"id": "1", "name": "Hall", "updated_at": "2026-02-01T00:00:00Z"}]
            return web.json_response({"data": data}, headers={"X-Points-Left": str(self.points_left)})
        return web.json_response({"name": "Ann's Shop", "shop": {"id": 7}})

    def _page_of_consent(self, request: web.Request) -> web.Response:
        """The page, on which the user decides at once. It cuts off the window that opened it."""
        query = dict(request.query)
        self.asked.append(query)
        if self.hesitates:
            return web.Response(
                text="The vendor's page", headers={"Cross-Origin-Opener-Policy": "same-origin"}
            )
        answer = {"state": query["state"]}
        if self.denies:
            answer |= {"error": "access_denied", "error_description": "Ann said <b>no</b>"}
        else:
            answer |= {"code": self.consent(query.get("code_challenge", ""))}
        location = str(URL(query["redirect_uri"]).update_query(answer))
        headers = {"Location": location, "Cross-Origin-Opener-Policy": "same-origin"}
        return web.Response(status=302, headers=headers)

    @staticmethod
    def _signature(request: web.Request) -> str:
        return hmac.new(CLIENT_SECRET.encode(), request.raw_path.encode(), hashlib.sha256).hexdigest()

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        self.forms.append(form)
        self.granted.append(form.get("grant_type", ""))
        if not self._knows_client(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        if not self._takes(form):
            return web.json_response({"error": "invalid_grant"}, status=400)
        number = next(self.numbers)
        self.access.add(f"access-{number}")
        answer: dict[str, Any] = {"access_token": f"access-{number}", "token_type": "Bearer", **self.more}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if form["grant_type"] != "client_credentials":
            self.refresh.add(f"refresh-{number}")
            answer["refresh_token"] = f"refresh-{number}"
        self.granting.set()
        await asyncio.sleep(self.answer_seconds)
        return web.json_response(answer)

    @staticmethod
    def _knows_client(request: web.Request, form: dict[str, str]) -> bool:
        encoded = base64.b64encode(b"our-app:app%2Fsecret").decode()
        in_body = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        return request.headers.get("Authorization") == f"Basic {encoded}" or in_body

    def _takes(self, form: dict[str, str]) -> bool:
        if form["grant_type"] == "authorization_code":
            hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
            return self.challenges.pop(form["code"], None) == challenge
        if form["grant_type"] == "refresh_token":
            is_known = form["refresh_token"] in self.refresh
            if not self.grace:
                self.refresh.discard(form["refresh_token"])
            return is_known
        return form["grant_type"] == "client_credentials"
