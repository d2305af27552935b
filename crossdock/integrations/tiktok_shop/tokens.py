"""Tokens of TikTok Shop: bought with the code of a consent, or with a refresh token.

Its endpoints are none of OAuth 2's: GET, app key and secret in the query, names of its own, and an envelope
around the answer. `access_token_expire_in` is a point in time. Partner Center, "Authorization guide".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from yarl import URL

from crossdock.errors import InvalidCredentials, VendorNonsense, VendorRefused
from crossdock.integrations.tiktok_shop.errors import refusal
from crossdock.kit.auth.fixed import FixedAuth
from crossdock.kit.auth.renewed import AccessToken, RenewedAuth, in_header
from crossdock.kit.contract import Context
from crossdock.kit.responses import member

HEADER = "x-tts-access-token"
TOKEN, REFRESH = "/api/v2/token/get", "/api/v2/token/refresh"
ACCOUNT = ("open_id", "seller_name", "seller_base_region")


def app_of(context: Context) -> tuple[str, str]:
    """Key and secret of the app: the operator's where users consent, else those that were filled in."""
    names = ("client_id", "client_secret") if context.auth.asks_for_consent else ("app_key", "app_secret")
    key, secret = (context.credentials.get(name, "") for name in names)
    return key, secret


def renewed_token(context: Context) -> RenewedAuth:
    """The token of the connection, renewed with the newest refresh token that TikTok takes."""

    async def obtain(old: AccessToken | None) -> AccessToken:
        earlier = (old.refresh, old.previous) if old else ()
        candidates = dict.fromkeys(filter(None, (*earlier, context.credentials.get("refresh_token"))))
        refused = InvalidCredentials("there is no refresh token; connect again")
        for refresh in candidates:
            try:
                return await _refreshed(context, refresh)
            except InvalidCredentials as refusal_of_token:
                refused = refusal_of_token
        raise refused

    return RenewedAuth(obtain=obtain, session=context.session, insert=in_header(HEADER, "{}"))


def authorize_url(context: Context, state: str) -> str:
    """The page where a seller consents. Where it leads back to is set in the app, not in the link."""
    page = URL(f"{context.host('auth')}/oauth/authorize")
    return str(page.with_query({"app_key": app_of(context)[0], "state": state}))


async def code_token(context: Context, code: str) -> AccessToken:
    """The token for the code of a consent."""
    return await _bought(context, TOKEN, {"grant_type": "authorized_code", "auth_code": code})


async def _refreshed(context: Context, refresh: str) -> AccessToken:
    new = await _bought(context, REFRESH, {"grant_type": "refresh_token", "refresh_token": refresh})
    previous = None if new.refresh == refresh else refresh
    return AccessToken(new.value, new.expires_at, new.refresh or refresh, previous, new.answer)


async def _bought(context: Context, path: str, grant: Mapping[str, str]) -> AccessToken:
    """The token for a grant. It is asked for once: whether a grant works twice is not said."""
    key, secret = app_of(context)
    http = context.http.signed(FixedAuth((secret, *grant.values()), headers={"Accept": "application/json"}))
    params = {"app_key": key, "app_secret": secret, **grant}
    try:
        answer = await http.send(
            "GET", f"{context.host('auth')}{path}", params=params, repeatable=False, refusal=refusal
        )
    except VendorRefused as refused:
        raise InvalidCredentials(str(refused), url=refused.url, status=refused.status) from None
    return _token(member(answer.json(), "data", dict), path)


def _token(data: Mapping[str, Any], path: str) -> AccessToken:
    value, refresh = data.get("access_token"), data.get("refresh_token")
    if not isinstance(value, str) or not value:
        raise VendorNonsense("the token endpoint answered without an access_token", url=path)
    account = {name: data[name] for name in ACCOUNT if isinstance(data.get(name), str)}
    is_renewable = isinstance(refresh, str) and bool(refresh)
    return AccessToken(
        value, _moment(data.get("access_token_expire_in"), path), refresh if is_renewable else None,
        answer=account,
    )  # fmt: skip


def _moment(seconds: Any, path: str) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        problem = f"access_token_expire_in is {seconds!r}, wanted a time in seconds"
        raise VendorNonsense(problem, url=path) from None
