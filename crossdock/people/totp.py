"""Pure: one-time codes that change every 30 seconds (RFC 6238; HMAC-SHA-1, six digits, as apps have it)."""

import base64
import hmac
import secrets
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1
"""How many steps a phone's clock may be off, either way."""
SECRET_BYTES = 20
RECOVERY_CODES = 10


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def new_recovery_codes() -> list[str]:
    """Codes such as "k3wq-7m2x-p9fa-2c5d": 80 bits each, without letters that look alike."""
    codes = []
    for _ in range(RECOVERY_CODES):
        text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
        codes.append("-".join(text[start : start + 4] for start in range(0, 16, 4)))
    return codes


def plain_recovery_code(text: str) -> str:
    """A recovery code as it is stored, however it was typed."""
    letters = "".join(character for character in text.lower() if character.isalnum())
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def shown(secret: bytes) -> str:
    """The secret as people type it: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def code(secret: bytes, step: int) -> str:
    """The code of a step: RFC 4226, section 5.3."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: bytes, typed: str, now_ms: int) -> int | None:
    """The step whose code was typed, at most one off; None: it is no such code."""
    text = "".join(typed.split())
    if len(text) != DIGITS or not (text.isascii() and text.isdigit()):
        return None
    now = now_ms // 1000 // STEP_SECONDS
    steps = range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
    matches = [step for step in steps if hmac.compare_digest(code(secret, step), text)]
    return matches[-1] if matches else None


def address(secret: bytes, email: str, issuer: str) -> str:
    """The `otpauth:` address that apps read from a picture (Key Uri Format)."""
    query = {"secret": shown(secret), "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{quote(f'{issuer}:{email}', safe='')}?{urlencode(query)}"
