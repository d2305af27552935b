"""Pure: why an attempt failed → its kind, and what to do about it."""

import msgspec

_BY_REASON = (
    ("no complete answer", "timeout"), ("ClientConnectorDNSError", "dns"), ("Cannot connect", "refused"),
    ("ClientConnectorCertificateError", "tls"), ("ClientConnectorSSLError", "tls"), ("ClientSSLError", "tls"),
    ("ClientConnectorError", "refused"), ("ServerDisconnected", "broken_off"),
    ("ClientOSError", "broken_off"), ("the connection broke", "broken_off"),
    ("not an HTTP answer", "no_http"), ("the URL is not", "bad_url"),
)  # fmt: skip
"""Beginnings of what the sender says where no answer came."""
_SCRIPT = ("Error", "handler", "script")
ADVICE = {
    "timeout": "The receiver took too long. Have it answer first and work on the event afterwards.",
    "dns": "The name of the host leads nowhere. Check the address of the endpoint.",
    "refused": "Nothing listens there. Check that the receiver runs, and its port.",
    "tls": "The certificate of the receiver is not good: expired, for another name, or without its chain.",
    "broken_off": "The receiver ended the connection before it had answered. Look at its log.",
    "no_http": "What answers there does not speak HTTP. Check the port.",
    "bad_url": "The address can't be called. Change it.",
    "blocked": "The address lies on a network that this server may not call.",
    "transformation": "The script of the endpoint threw, or returned no webhook. Try it in its editor.",
    "redirect": "The receiver redirects, which is never followed. Enter the address that it leads to.",
    "unauthorized": "The receiver refuses who calls. Check the headers of the endpoint and its secret.",
    "not_found": "The receiver has nothing at this path. Check the address.",
    "rate_limited": "The receiver asks for less. Set a rate for the endpoint.",
    "refused_event": "The receiver refuses what it gets. Its answer says why.",
    "receiver_fault": "The receiver failed. Its log says why; what failed is tried again.",
    "other": "The answer of an attempt says more.",
}  # fmt: skip
"""What to do, by the kind of a failure."""


class FailureKind(msgspec.Struct, frozen=True):
    """A kind of failures, with what to do about it."""

    name: str
    advice: str


def kind_of(code: int, reason: str) -> FailureKind:
    """The kind of a failure. code: of the answer, 0: none came; reason: the beginning of why."""
    name = _by_code(code) if code else _by_reason(reason)
    return FailureKind(name, ADVICE[name])


def _by_code(code: int) -> str:
    named = {
        401: "unauthorized",
        403: "unauthorized",
        404: "not_found",
        410: "not_found",
        429: "rate_limited",
    }
    if code in named:
        return named[code]
    classes = {3: "redirect", 4: "refused_event", 5: "receiver_fault"}
    return classes.get(code // 100, "other")


def _by_reason(reason: str) -> str:
    for beginning, name in _BY_REASON:
        if reason.startswith(beginning) or (name == "tls" and beginning in reason):
            return name
    if "network" in reason or "address" in reason:
        return "blocked"
    return "transformation" if any(word in reason for word in _SCRIPT) else "other"
