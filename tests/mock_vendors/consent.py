"""The OAuth 2 pages of a made-up vendor: where users consent, and where codes and refresh tokens are taken.

    self.consent = ConsentPages("/oauth/authorize", "/oauth/token", scopes=("read_orders",))

A mock that has them takes their tokens: `self.consent.takes(token)`. Whatever RFC 6749, RFC 7636 or the
vendor does not allow is refused, and kept in `faults`.
"""

import base64
import hashlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from tests.mock_vendors.vendor import MockAnswer, MockCall

CLIENT_ID, CLIENT_SECRET = "app-1", "app-s3cret"


@dataclass
class ConsentPages:
    """One application that is registered with the vendor; its user consents at once."""

    authorize_path: str
    token_path: str
    scopes: tuple[str, ...]
    separator: str = " "
    has_pkce: bool = True
    wanted: Mapping[str, str] = field(default_factory=dict)
    """Parameters that the page must be called with."""
    token_wanted: Mapping[str, str] = field(default_factory=dict)
    """Members that the token endpoint must be sent with a code."""
    granted: Mapping[str, Any] = field(default_factory=dict)
    """What the token endpoint answers besides."""
    sent_back: Callable[[dict[str, str]], dict[str, str]] = dict
    """What the browser comes back with, from code and state."""
    has_grace: bool = False
    """Whether a refresh token works on until its successor was used."""
    denies: bool = False
    redirect_uris: set[str] = field(default_factory=set)
    """The callbacks that are registered; empty: any."""
    faults: list[str] = field(default_factory=list)
    grants: list[str] = field(default_factory=list)
    """What tokens were given for, in order."""

    def __post_init__(self) -> None:
        self._serial = itertools.count(1)
        self._codes: dict[str, Mapping[str, str]] = {}
        self._access: set[str] = set()
        self._refresh: dict[str, str | None] = {}
        """Refresh tokens that work, and the one before each."""

    # What tests do with them

    def takes(self, token: str) -> bool:
        """Check whether an access token is good."""
        return token in self._access

    def expire(self) -> None:
        """No access token works any more."""
        self._access.clear()

    def revoke(self) -> None:
        """The user takes the consent back: nothing works any more."""
        self._access.clear()
        self._refresh.clear()

    # What they answer

    def answer(self, call: MockCall) -> MockAnswer | None:
        """The answer to a call of one of the pages; None: it is none of them."""
        if (call.method, call.path) == ("GET", self.authorize_path):
            return self._page(call.query)
        if (call.method, call.path) == ("POST", self.token_path):
            return self._token(call.form())
        return None

    def _page(self, query: Mapping[str, str]) -> MockAnswer:
        faults = list(self._faults_of_page(query))
        if faults:
            self.faults += faults
            return MockAnswer(400, "; ".join(faults).encode(), kind="text/plain")
        if self.denies:
            answer = {"error": "access_denied", "state": query["state"]}
        else:
            code = f"code-{next(self._serial)}"
            self._codes[code] = query
            answer = self.sent_back({"code": code, "state": query["state"]})
        location = str(URL(query["redirect_uri"]).update_query(answer))
        return MockAnswer(302, None, {"Location": location}, kind="text/html")

    def _faults_of_page(self, query: Mapping[str, str]) -> list[str]:
        wanted = {"client_id": CLIENT_ID, "response_type": "code", **self.wanted}
        faults = [
            f"{name} is {query.get(name)!r}" for name, value in wanted.items() if query.get(name) != value
        ]
        if not query.get("state"):
            faults.append("there is no state")
        if self.redirect_uris and query.get("redirect_uri") not in self.redirect_uris:
            faults.append(f"redirect_uri {query.get('redirect_uri')!r} is not registered")
        unknown = set(query.get("scope", "").split(self.separator)) - set(self.scopes)
        faults += [f"there is no scope {scope!r}" for scope in sorted(unknown)]
        has_challenge = bool(query.get("code_challenge")) and query.get("code_challenge_method") == "S256"
        if has_challenge != self.has_pkce:
            faults.append(f"a code challenge: {has_challenge}")
        return faults

    def _token(self, form: Mapping[str, str]) -> MockAnswer:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return MockAnswer(401, {"error": "invalid_client"})
        grant = form.get("grant_type", "")
        is_taken = self._takes_code(form) if grant == "authorization_code" else self._takes_refresh(form)
        if not is_taken:
            return MockAnswer(400, {"error": "invalid_grant"})
        self.grants.append(grant)
        number = next(self._serial)
        self._access.add(f"access-{number}")
        self._refresh[f"refresh-{number}"] = form.get("refresh_token")
        tokens = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}
        return MockAnswer(body={**tokens, "expires_in": 3600, **self.granted})

    def _takes_code(self, form: Mapping[str, str]) -> bool:
        """Whether a code is good: it works once, for whom and what it was given."""
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or any(form.get(name) != value for name, value in self.token_wanted.items()):
            return False
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        is_proven = not self.has_pkce or asked["code_challenge"] == challenge
        return is_proven and form.get("redirect_uri") == asked["redirect_uri"]

    def _takes_refresh(self, form: Mapping[str, str]) -> bool:
        """Whether a refresh token is good: it works once, or until its successor was used."""
        token = form.get("refresh_token", "")
        if form.get("grant_type") != "refresh_token" or token not in self._refresh:
            return False
        if self.has_grace:
            self._refresh.pop(self._refresh[token] or "", None)
        else:
            del self._refresh[token]
        return True
