"""What TikTok Shop's codes mean. They stand in the envelope of an answer, whatever its HTTP status."""

from typing import Any

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.kit.responses import LONGEST_MESSAGE, Response

EXPIRED, NO_SCOPE = 105002, 105005
BAD_SIGNATURE, WRONG_USER = 106001, 101000
THROTTLED = 36009002
KINDS: dict[int, type[VendorError]] = {
    EXPIRED: InvalidCredentials,
    WRONG_USER: InvalidCredentials,
    BAD_SIGNATURE: InvalidCredentials,
    NO_SCOPE: MissingPermission,
    36009003: VendorUnavailable,  # an error of its own
    36009007: VendorUnavailable,  # a time-out of its own
}
"""By code: Partner Center, "Common errors"."""


def refusal(answer: Response) -> VendorError | None:
    """The error that the code of an answer means; None: there is none, or the HTTP status says it."""
    try:
        envelope = answer.json()
    except VendorNonsense:
        return None
    code = envelope.get("code") if isinstance(envelope, dict) else None
    if not isinstance(code, int):
        return None
    if code == THROTTLED:
        seconds = answer.headers.get("Retry-After", "").strip()
        return VendorThrottled(float(seconds) if seconds.isdecimal() else 0, url=answer.url)
    kind = KINDS.get(code, VendorRefused if answer.status < 400 else None) if code else None
    if kind is not None:
        return _error(kind, code, envelope.get("message"), answer)
    return _errors_of_parts(envelope, answer)


def _error(kind: type[VendorError], code: Any, message: Any, answer: Response) -> VendorError:
    text = answer.redaction(f"{code}: {message or 'TikTok Shop does not say why'}")[:LONGEST_MESSAGE]
    return kind(text, url=answer.url, status=answer.status)


def _errors_of_parts(envelope: dict[str, Any], answer: Response) -> VendorError | None:
    """The refusal of parts of a request whose code says success: `errors`, one for each part."""
    data = envelope.get("data")
    errors = data.get("errors") if isinstance(data, dict) else None
    if envelope.get("code") != 0 or not isinstance(errors, list) or not errors:
        return None
    texts = [str(part.get("message")) for part in errors if isinstance(part, dict)]
    return _error(VendorRefused, "not all was done", "; ".join(texts), answer)
