"""The door of a made-up TikTok Shop: its tokens, and the signature that every call must bear."""

import hashlib
import hmac
import itertools
import time
from collections.abc import Mapping
from typing import Any

from yarl import URL

from tests.mock_vendors.vendor import MockAnswer, MockCall

KEY, SECRET, CIPHER = "29a39d", "e59af819cc", "GCP_mock-cipher"
GIVEN_REFRESH = "refresh-0"
"""The refresh token that a developer has."""
OLDEST, NEWEST = 300, 30
"""Seconds that a timestamp may be old, and ahead."""
WEEK = 7 * 86_400
SHOP = {
    "id": "7000714532876273420", "code": "USLCMOCK01", "name": "Mock Shop", "region": "US",
    "seller_type": "LOCAL", "cipher": CIPHER,
}  # fmt: skip


def refused(code: int, message: str, status: int = 400) -> MockAnswer:
    return MockAnswer(status, {"code": code, "message": message, "request_id": "r-1", "data": {}})


def done(data: Any) -> MockAnswer:
    return MockAnswer(body={"code": 0, "message": "Success", "request_id": "r-1", "data": data})


def sign_of(call: MockCall, secret: str = SECRET) -> str:
    """The signature of a call, by the steps of TikTok's guide."""
    names = sorted(name for name in call.query if name not in ("sign", "access_token"))
    text = call.path + "".join(name + call.query[name] for name in names) + call.body.decode()
    return hmac.new(secret.encode(), f"{secret}{text}{secret}".encode(), hashlib.sha256).hexdigest()


class TokenPages:
    """The page of consent and the endpoints of tokens, of one app."""

    def __init__(self, key: str = KEY, secret: str = SECRET) -> None:
        self.key, self.secret = key, secret
        self.redirect_uri = ""
        """Where the app's page leads back to, as is set with TikTok."""
        self.faults: list[str] = []
        self.grants: list[str] = []
        self.is_closed = False
        self.rotates = True
        self._serial = itertools.count(1)
        self._codes: set[str] = set()
        self._refresh = {GIVEN_REFRESH}
        self._access: set[str] = set()

    def takes(self, token: str) -> bool:
        return token in self._access and not self.is_closed

    def expire(self) -> None:
        """No access token works any more."""
        self._access.clear()

    def revoke(self) -> None:
        """The seller takes the consent back."""
        self._access.clear()
        self._refresh.clear()

    def answer(self, call: MockCall) -> MockAnswer | None:
        pages = {
            "/oauth/authorize": self._page,
            "/api/v2/token/get": self._taken_code,
            "/api/v2/token/refresh": self._taken_refresh,
        }
        return pages[call.path](call.query) if call.path in pages and call.method == "GET" else None

    def _page(self, query: Mapping[str, str]) -> MockAnswer:
        if set(query) != {"app_key", "state"} or query["app_key"] != self.key:
            self.faults.append(f"the page of consent is asked for with {sorted(query)}")
            return refused(36009004, "Invalid app")
        code = f"code-{next(self._serial)}"
        self._codes.add(code)
        back = URL(self.redirect_uri).update_query(app_key=self.key, code=code, state=query["state"])
        return MockAnswer(302, None, {"Location": str(back)}, kind="text/html")

    def _taken_code(self, query: Mapping[str, str]) -> MockAnswer:
        is_good = query.get("grant_type") == "authorized_code" and query.get("auth_code") in self._codes
        self._codes.discard(query.get("auth_code", ""))
        return self._token(query, "authorized_code", is_good=is_good)

    def _taken_refresh(self, query: Mapping[str, str]) -> MockAnswer:
        token = query.get("refresh_token", "")
        is_good = query.get("grant_type") == "refresh_token" and token in self._refresh
        if is_good and self.rotates and not self.is_closed:
            self._refresh.discard(token)
        return self._token(query, "refresh_token", is_good=is_good)

    def _token(self, query: Mapping[str, str], grant: str, *, is_good: bool) -> MockAnswer:
        is_app = (query.get("app_key"), query.get("app_secret")) == (self.key, self.secret)
        if not is_app or not is_good or self.is_closed:
            return refused(36009004, "Invalid credentials", 200)
        self.grants.append(grant)
        number = next(self._serial)
        self._access.add(f"access-{number}")
        self._refresh.add(f"refresh-{number}")
        return done({
            "access_token": f"access-{number}", "access_token_expire_in": int(time.time()) + WEEK,
            "refresh_token": f"refresh-{number}", "refresh_token_expire_in": int(time.time()) + 52 * WEEK,
            "open_id": "open-1", "seller_name": "Mock Shop", "seller_base_region": "US", "user_type": 0,
        })  # fmt: skip


def refusal_of(call: MockCall, pages: TokenPages) -> MockAnswer | None:
    """The refusal of a call that is not signed as it must be; None: it is."""
    if call.query.get("app_key") != pages.key or call.query.get("sign") != sign_of(call, pages.secret):
        return refused(106001, "sign is invalid", 401)
    age = time.time() - int(call.query.get("timestamp", 0))
    if not -NEWEST <= age <= OLDEST:
        return refused(36009004, "Invalid timestamp")
    if not pages.takes(call.headers.get("x-tts-access-token", "")):
        return refused(105002, "Expired credentials", 401)
    is_of_seller = call.path.startswith("/authorization/")
    if call.headers.get("content-type") != "application/json":
        return refused(36009004, "Invalid Content-Type")
    if not is_of_seller and call.query.get("shop_cipher") != CIPHER:
        return refused(106013, "Missing shop_cipher")
    return None
