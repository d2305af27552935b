"""The signature of NuORDER's calls: OAuth 1.0 in form, with a base text and a digest of its own.

Method, address and parameters are joined as they are, in a fixed order: nothing is escaped, and the digest is
written in hex. Sample of NuORDER's documentation (https://assets.nuorder.com/api-docs/index.html); the
clients github.com/springboardretail/nuorder and github.com/jacobsvante/nuorder.
"""

from crossdock.kit.auth.base import VendorRequest
from crossdock.kit.auth.oauth1 import OAuth1Keys
from crossdock.kit.auth.signature import hmac_digest

VERSION, METHOD = "1.0", "HMAC-SHA1"


def authorization(request: VendorRequest, keys: OAuth1Keys, nonce: str, timestamp: int) -> str:
    """The header of a request. Its query is not signed: no client does."""
    shown = {
        "oauth_consumer_key": keys.consumer_key,
        "oauth_timestamp": str(timestamp),
        "oauth_nonce": nonce,
        "oauth_version": VERSION,
        "oauth_signature_method": METHOD,
        "oauth_token": keys.token,
        "oauth_signature": signature_of(request, keys, nonce, timestamp),
    }
    return "OAuth " + ",".join(f'{name}="{text}"' for name, text in shown.items())


def signature_of(request: VendorRequest, keys: OAuth1Keys, nonce: str, timestamp: int) -> str:
    """The digest of a request, in hex."""
    signed = (
        f"oauth_consumer_key={keys.consumer_key}",
        f"oauth_token={keys.token}",
        f"oauth_timestamp={timestamp}",
        f"oauth_nonce={nonce}",
        f"oauth_version={VERSION}",
        f"oauth_signature_method={METHOD}",
    )
    address = str(request.url.with_query(None).with_fragment(None))
    text = f"{request.method.upper()}{address}?{'&'.join(signed)}"
    return hmac_digest(f"{keys.consumer_secret}&{keys.token_secret}", text.encode(), "sha1")
