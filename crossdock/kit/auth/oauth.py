"""OAuth 2: tokens that expire, bought with client id and secret, or with the refresh token of a consent.

    oauth_client_credentials(context)     a token bought with id and secret
    oauth_code(context)                   users consented on a page of the vendor; renewed by refresh tokens

Both read `[auth.oauth]` of the manifest. Client id and secret are the sign-in fields `client_id` and
`client_secret`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote_plus, urlencode

import msgspec

from crossdock.errors import InvalidCredentials, VendorNonsense, VendorRefused
from crossdock.kit.auth.base import base64_text
from crossdock.kit.auth.fixed import FixedAuth
from crossdock.kit.auth.renewed import AccessToken, Obtain, RenewedAuth, in_header
from crossdock.kit.contract import Context
from crossdock.kit.http import Http

_KNOWN = frozenset({"access_token", "refresh_token", "token_type", "expires_in", "id_token"})
_SECRET = ("refresh_token", "code", "code_verifier")


@dataclass(frozen=True, repr=False)
class OAuthApp:
    """Our registration with a vendor's token endpoint."""

    url: str
    client_id: str
    client_secret: str
    named_in: Literal["basic", "body", "json"] = "basic"
    """Where the endpoint wants id and secret. RFC 6749, section 2.3.1: any must take the header."""
    params: Mapping[str, str] = field(default_factory=dict)
    """What the endpoint wants besides: an audience."""
    refresh_is_repeatable: bool = False
    """Whether a refresh token can be used again when the answer was lost."""
    expires_seconds: float | None = None
    """How long a token works, where answers do not say."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def oauth_client_credentials(
    context: Context, url: str | None = None, scope: str | None = None
) -> RenewedAuth:
    """A token that is bought with id and secret. url: of the token endpoint, where no manifest says it."""
    return _renewed(
        context, client_credentials(context.http, oauth_app(context, url), scope or _scope(context))
    )


def oauth_code(context: Context) -> RenewedAuth:
    """The token of the connection's consent, renewed with its refresh token."""
    return _renewed(context, refresh_token(context.http, oauth_app(context)))


def oauth_app(context: Context, url: str | None = None) -> OAuthApp:
    """The registration that the manifest and the sign-in fields describe."""
    oauth = context.auth.oauth
    client_id = context.credentials.get("client_id", "")
    client_secret = context.credentials.get("client_secret", "")
    if oauth is None:
        if url is None:
            raise ValueError("neither [auth.oauth] of the manifest nor the caller names a token endpoint")
        return OAuthApp(url, client_id, client_secret)
    audience = {"audience": oauth.audience} if oauth.audience else {}
    is_repeatable = not oauth.refresh_rotates or oauth.refresh_grace_seconds > 0
    return OAuthApp(
        url or context.address(oauth.token_url), client_id, client_secret, oauth.client_auth,
        params=audience | oauth.token_params, refresh_is_repeatable=is_repeatable,
        expires_seconds=oauth.expires_seconds,
    )  # fmt: skip


def _scope(context: Context) -> str:
    oauth = context.auth.oauth
    return oauth.scope_separator.join(oauth.scopes) if oauth else ""


def _renewed(context: Context, obtain: Obtain) -> RenewedAuth:
    oauth = context.auth.oauth
    insert = in_header(oauth.header, oauth.form) if oauth else in_header()
    return RenewedAuth(obtain=obtain, session=context.session, insert=insert)


def client_credentials(http: Http, app: OAuthApp, scope: str = "") -> Obtain:
    """RFC 6749, section 4.4. http: unsigned."""

    async def obtain(_: AccessToken | None) -> AccessToken:
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        return await buy(http, app, form, repeatable=True)

    return obtain


def refresh_token(http: Http, app: OAuthApp) -> Obtain:
    """RFC 6749, section 6. http: unsigned. The token so far must have a refresh token.

    When the vendor no longer takes it, the one before is tried: somebody may have died between being given a
    new one and storing it. By then there is nothing to lose.
    """

    async def obtain(old: AccessToken | None) -> AccessToken:
        if old is None or not old.refresh:
            raise InvalidCredentials("there is no refresh token; connect again", url=app.url)
        try:
            return await _refreshed(http, app, old, old.refresh)
        except InvalidCredentials:
            if not old.previous or old.previous == old.refresh:
                raise
            return await _with_previous(http, app, old, old.previous)

    return obtain


async def _with_previous(http: Http, app: OAuthApp, old: AccessToken, previous: str) -> AccessToken:
    try:
        return await _refreshed(http, app, old, previous)
    except InvalidCredentials as failure:
        raise InvalidCredentials(
            f"{failure}; neither the last refresh token nor the one before is taken: connect again",
            url=failure.url, status=failure.status,
        ) from None  # fmt: skip


async def _refreshed(http: Http, app: OAuthApp, old: AccessToken, refresh: str) -> AccessToken:
    form = {"grant_type": "refresh_token", "refresh_token": refresh}
    # Not repeated by itself: a vendor that rotates has used this one up even if its answer got lost.
    new = await buy(http, app, form, repeatable=app.refresh_is_repeatable)
    answer = dict(old.answer) | dict(new.answer)
    if new.refresh is None or new.refresh == refresh:
        return replace(new, refresh=refresh, previous=old.previous, answer=answer)
    return replace(new, previous=refresh, answer=answer)


async def code_token(
    http: Http, app: OAuthApp, code: str, redirect_uri: str, verifier: str | None
) -> AccessToken:
    """The token for the code of a consent: RFC 6749, section 4.1.3, and RFC 7636. http: unsigned."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    if verifier is not None:
        form["code_verifier"] = verifier
    return await buy(http, app, form, repeatable=False)


async def buy(http: Http, app: OAuthApp, form: Mapping[str, str], *, repeatable: bool) -> AccessToken:
    """The token that the endpoint gives for a grant. Raises InvalidCredentials when it gives none."""
    form = dict(app.params) | dict(form)
    headers = {"Accept": "application/json"}
    secrets = [app.client_secret, *(form.get(name, "") for name in _SECRET)]
    if app.named_in == "basic" and app.client_secret:
        pair = base64_text(f"{quote_plus(app.client_id)}:{quote_plus(app.client_secret)}")
        headers["Authorization"] = f"Basic {pair}"
        secrets.append(pair)
    else:
        form |= {"client_id": app.client_id}
        form |= {"client_secret": app.client_secret} if app.client_secret else {}
    is_json = app.named_in == "json"
    headers["Content-Type"] = "application/json" if is_json else "application/x-www-form-urlencoded"
    body = msgspec.json.encode(form) if is_json else urlencode(form).encode()
    signed = http.signed(FixedAuth(tuple(secrets), headers=headers))
    try:
        answer = await signed.send("POST", app.url, body=body, repeatable=repeatable)
    except VendorRefused as refusal:
        # RFC 6749, section 5.2: a grant or a client that is not accepted is a 400.
        raise InvalidCredentials(str(refusal), url=refusal.url, status=refusal.status) from None
    return _token(answer.json(), app)


def _token(answer: Any, app: OAuthApp) -> AccessToken:
    """The token in an answer of a token endpoint: RFC 6749, section 5.1."""
    value = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value:
        raise VendorNonsense("the token endpoint answered without an access_token", url=app.url)
    expires_at = _expiry(answer.get("expires_in", app.expires_seconds), app)
    refresh = answer.get("refresh_token")
    details = {
        name: text
        for name, text in answer.items()
        if name not in _KNOWN and isinstance(text, str | int | bool)
    }
    return AccessToken(
        value, expires_at, refresh if isinstance(refresh, str) and refresh else None, answer=details
    )


def _expiry(seconds: Any, app: OAuthApp) -> datetime | None:
    try:
        return None if seconds is None else app.clock() + timedelta(seconds=int(seconds))
    except (TypeError, ValueError, OverflowError):
        raise VendorNonsense(f"expires_in is {seconds!r}, wanted seconds", url=app.url) from None
