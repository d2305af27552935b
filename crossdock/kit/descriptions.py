"""Pure: manifests → words for people: how one signs in, what calls are allowed, what is known to work."""

from crossdock.kit.limits import CallLimit
from crossdock.kit.manifest import Manifest

SIGN_INS = {
    "none": "nothing secret",
    "api_key": "API key",
    "basic": "user name and password",
    "bearer": "token",
    "session": "user name and password",
    "oauth_code": "OAuth 2, consent",
    "oauth_client": "OAuth 2, application",
    "oauth1": "OAuth 1.0a",
    "hmac": "signed calls",
}
EVIDENCE = {
    "documented": (
        "built from the vendor's published description and held to it, never run against the vendor"
    ),
    "recorded": "tested with records and answers that were taken from the vendor's system",
    "live": "run against a real one, in the version named",
}
TYPE_TITLES = {
    "wms": "Warehouse systems", "cart": "Carts", "carrier": "Carriers", "freight": "Freight forwarders",
}  # fmt: skip


def sign_in_words(manifest: Manifest) -> str:
    """The ways to sign in; of systems whose API is files, the ways in which these come."""
    if manifest.files is not None:
        return "files: " + ", ".join(manifest.files.ways)
    schemes = [way.scheme for way in manifest.auth.ways.values()] or [manifest.auth.scheme]
    return "; or ".join(SIGN_INS[scheme] for scheme in schemes)


def limit_words(manifest: Manifest) -> str:
    """The limits of an account, and the named ones."""
    limits = {"": manifest.limits, **manifest.limits.named}
    texts = [f"{name}: {text}" if name else text for name, limit in limits.items() if (text := _limit(limit))]
    return "; ".join(texts) or "none known"


def _limit(limit: CallLimit) -> str:
    parts = []
    if limit.requests_per_minute:
        parts.append(f"{limit.requests_per_minute:g} calls a minute")
    if limit.cost_per_minute:
        parts.append(f"{limit.cost_per_minute:g} points a minute")
    if limit.capacity and limit.restore_per_second:
        parts.append(f"{limit.capacity:g} points, {limit.restore_per_second:g} a second back")
    if limit.concurrent_requests:
        parts.append(f"{limit.concurrent_requests} at a time")
    return ", ".join(parts)
