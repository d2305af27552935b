"""The sign-in that a manifest declares, made from its scheme and its fields: most clients need no other.

    api_key        api_key, in the header that `[auth] header` names
    basic          user, password
    bearer         token
    oauth_client   client_id, client_secret        [auth.oauth]
    oauth_code     client_id, client_secret        [auth.oauth]
    oauth1         consumer_key, consumer_secret, token, token_secret
    oauth1         consumer_key, consumer_secret   [auth.oauth]: users consent on a page of the vendor

Those of `session` and `hmac` are the vendor's own: see `login` and `signature`. Of a system with several ways
to sign in it is the way that the credentials choose.
"""

from collections.abc import Callable

from crossdock.kit.auth.base import Auth
from crossdock.kit.auth.fixed import api_key, basic, bearer
from crossdock.kit.auth.oauth import oauth_client_credentials, oauth_code
from crossdock.kit.auth.oauth1 import OAuth1Keys, oauth1, oauth1_consent
from crossdock.kit.contract import Context
from crossdock.kit.manifest import Scheme


def declared_auth(context: Context) -> Auth:
    """The sign-in of this connection's calls. Raises LookupError where the scheme needs code of its own."""
    if context.auth.scheme not in _MAKERS:
        raise LookupError("the scheme of the manifest needs a sign-in of the integration's own")
    return _MAKERS[context.auth.scheme](context)


def _api_key(context: Context) -> Auth:
    return api_key(context.credentials["api_key"], context.auth.header)


def _oauth1(context: Context) -> Auth:
    if context.auth.oauth is not None:
        return oauth1_consent(context)
    fields = context.credentials
    keys = OAuth1Keys(
        fields["consumer_key"],
        fields["consumer_secret"],
        fields.get("token", ""),
        fields.get("token_secret", ""),
    )
    return oauth1(keys)


_MAKERS: dict[Scheme, Callable[[Context], Auth]] = {
    "api_key": _api_key,
    "basic": lambda context: basic(context.credentials["user"], context.credentials["password"]),
    "bearer": lambda context: bearer(context.credentials["token"]),
    "oauth_client": oauth_client_credentials,
    "oauth_code": oauth_code,
    "oauth1": _oauth1,
}
