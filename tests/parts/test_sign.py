"""Signing: what the libraries of Standard Webhooks verify, and what they must refuse."""

import base64
import json
import random
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks
import standardwebhooks.webhooks
import svix.webhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crossdock.webhooks import sign

NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7"
LONG = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PRIVATE = "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA=="
PUBLIC = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
FIRST = (
    "msg_2b3QZfGQqvCqM0RkYtV9xw1mUPa",
    1700000000,
    b'{"type":"record.updated","timestamp":"2023-11-14T22:13:20Z","data":{"id":"rec_1","count":2}}',
)
OF_FIRST = "v1,jmDq/cgvlTqvaA54i0F5k/yw7G09yd8G8o6KSdNQd/g="
# The contract's webhook notes, 4.1: id, timestamp, body; secrets; the signature header.
VECTORS = [
    pytest.param(FIRST, [NEW], OF_FIRST, id="1"),
    pytest.param(
        ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'),
        [NEW],
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        id="2",
    ),
    pytest.param(
        (
            "msg_2b3QZfGQqvCqM0RkYtV9xw1mUPb",
            1735689600,
            '{"type":"connexion.créée","data":{"name":"Zoë ☃","emoji":"🚀"}}'.encode(),
        ),
        [LONG],
        "v1,NX/+PkXLwua4ooZPESVwR7wpWLCfFPhYgWGuNLhWIDI=",
        id="3",
    ),
    pytest.param(FIRST, [NEW, OLD], f"{OF_FIRST} v1,+S15HY8R34yggNoHKGoi478Xg23BXUT3W+pUoe26np8=", id="4"),
    pytest.param(
        FIRST,
        [PRIVATE],
        "v1a,Ib9TMR+6xAW691FFa2XB5rYDQFg6lD51YeAhevJ9DZI8PAGmOi+UWZ3zhIdRd+MoldvqEA/RofVnKRl9WWPQAA==",
        id="5",
    ),
]
Message = tuple[str, int, bytes]
VERIFIERS: list[Any] = [svix.webhooks.Webhook, standardwebhooks.Webhook]


def refused(verifier: Any, secret: str, body: bytes, headers: dict[str, str]) -> bool:
    """Whether a library does not accept a message."""
    try:
        verifier(secret).verify(body, headers)
    except (standardwebhooks.WebhookVerificationError, UnicodeDecodeError):
        return True
    return False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """Sets the time that the libraries have."""

    def set_to(timestamp: int) -> None:
        class Fixed(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.fromtimestamp(timestamp, tz)

        monkeypatch.setattr(standardwebhooks.webhooks, "datetime", Fixed)

    return set_to


@pytest.mark.parametrize(("message", "secrets", "expected"), VECTORS)
def test_a_message_is_signed_as_the_vectors_say(message: Message, secrets: list[str], expected: str):
    assert sign.headers(*message, secrets) == {
        "webhook-id": message[0],
        "webhook-timestamp": str(message[1]),
        "webhook-signature": expected,
        "svix-id": message[0],
        "svix-timestamp": str(message[1]),
        "svix-signature": expected,
    }
    for secret in secrets:
        assert sign.verify(sign.shown(secret), *message, expected, now=message[1])
        assert sign.verify(secret, *message, expected, now=message[1])


@pytest.mark.parametrize(("message", "secrets", "expected"), VECTORS[:4])
@pytest.mark.parametrize("verifier", VERIFIERS, ids=["svix", "standardwebhooks"])
def test_the_libraries_verify_the_vectors(
    message: Message, secrets: list[str], expected: str, verifier, clock
):
    clock(message[1])
    for secret in secrets:
        assert not refused(verifier, secret, message[2], sign.headers(*message, secrets))
        at = datetime.fromtimestamp(message[1], UTC)
        assert verifier(secret).sign(message[0], at, message[2].decode()) in expected.split(" ")


def test_an_ed25519_signature_is_one_for_those_who_hold_the_public_key_alone():
    signature = sign.signature(PRIVATE, *FIRST).removeprefix("v1a,")
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC.removeprefix("whpk_")))
    key.verify(base64.b64decode(signature), b"%b.%d.%b" % (FIRST[0].encode(), FIRST[1], FIRST[2]))
    assert sign.shown(PRIVATE) == PUBLIC


def _text(random_: random.Random) -> str:
    """Text of any planes of Unicode, line breaks and quotes among them."""
    ranges = [(0x20, 0x7E), (0xA0, 0x24F), (0x2600, 0x26FF), (0x4E00, 0x9FFF), (0x1F300, 0x1F5FF), (0, 0x1F)]
    pairs = random_.choices(ranges, k=random_.randrange(40))
    return "".join(chr(random_.randint(*pair)) for pair in pairs)


def test_p07_both_libraries_verify_10000_random_bodies_and_refuse_each_with_a_flipped_bit():
    chance, now = random.Random(7), int(time.time())
    for number in range(10_000):
        body = json.dumps({"n": number, "text": _text(chance)}, ensure_ascii=False).encode()
        secret = sign.HMAC + base64.b64encode(chance.randbytes(chance.randint(24, 75))).decode()
        # svix reads one family of headers, standardwebhooks the other.
        headers = sign.headers(f"msg_{number}", now + chance.randint(-240, 240), body, [secret])
        position = chance.randrange(len(body))
        flipped = body[:position] + bytes([body[position] ^ 1 << chance.randrange(8)]) + body[position + 1 :]
        for verifier, family in zip(VERIFIERS, ("svix", "webhook"), strict=True):
            own_values = {name: value for name, value in headers.items() if name.startswith(family)}
            assert not refused(verifier, secret, body, own_values)
            assert refused(verifier, secret, flipped, own_values)
        signature = headers["webhook-signature"]
        timestamp = int(headers["webhook-timestamp"])
        assert not sign.verify(secret, f"msg_{number}", timestamp, flipped, signature, now=now)


@pytest.mark.parametrize("secret", [NEW, PRIVATE])
@pytest.mark.parametrize(("age", "fits"), [(0, True), (299, True), (-299, True), (360, False), (-360, False)])
def test_p07_a_message_whose_time_is_six_minutes_off_is_refused(secret: str, age: int, fits: bool, clock):
    headers = sign.headers(*FIRST, [secret])
    now = FIRST[1] + age
    assert sign.verify(secret, *FIRST, headers["svix-signature"], now=now) is fits
    if secret == NEW:
        clock(now)
        assert [refused(verifier, secret, FIRST[2], headers) for verifier in VERIFIERS] == [not fits] * 2


@pytest.mark.parametrize("bit", range(0, 8 * 64, 37))
def test_p07_an_ed25519_signature_with_a_flipped_bit_is_refused(bit: int):
    raw = bytearray(base64.b64decode(sign.signature(PRIVATE, *FIRST).removeprefix("v1a,")))
    raw[bit // 8] ^= 1 << bit % 8
    assert not sign.verify(PUBLIC, *FIRST, f"v1a,{base64.b64encode(raw).decode()}", now=FIRST[1])


@pytest.mark.parametrize("verifier", VERIFIERS, ids=["svix", "standardwebhooks"])
def test_p08_while_a_secret_changes_the_old_and_the_new_verify_and_no_other(verifier, clock):
    clock(FIRST[1])
    headers = sign.headers(*FIRST, [NEW, OLD])
    assert not refused(verifier, NEW, FIRST[2], headers)
    assert not refused(verifier, OLD, FIRST[2], headers)
    assert refused(verifier, LONG, FIRST[2], headers)


@pytest.mark.parametrize("verifier", VERIFIERS, ids=["svix", "standardwebhooks"])
def test_p08_once_the_old_secret_no_longer_signs_it_no_longer_verifies(verifier, clock):
    clock(FIRST[1])
    assert refused(verifier, OLD, FIRST[2], sign.headers(*FIRST, [NEW]))


@pytest.mark.parametrize("verifier", VERIFIERS, ids=["svix", "standardwebhooks"])
def test_p08_ten_old_secrets_and_one_of_another_kind_all_verify(verifier, clock):
    clock(FIRST[1])
    secrets = [NEW, PRIVATE, *(sign.new_secret() for _ in range(10))]
    headers = sign.headers(*FIRST, secrets)
    assert not any(refused(verifier, secret, FIRST[2], headers) for secret in secrets if secret != PRIVATE)
    assert sign.verify(PUBLIC, *FIRST, headers["webhook-signature"], now=FIRST[1])


# Secrets


def test_new_secrets_differ_and_fit():
    secrets = [sign.new_secret(), sign.new_secret(), sign.new_private_key(), sign.new_private_key()]
    assert len(set(secrets)) == 4
    assert [sign.secret_fault(secret) for secret in secrets] == [None] * 4
    assert len(base64.b64decode(secrets[0].removeprefix("whsec_"))) == 24


@pytest.mark.parametrize(
    "secret", [NEW, NEW.removeprefix("whsec_"), LONG, LONG.rstrip("="), PRIVATE, PRIVATE.rstrip("=")]
)
def test_a_secret_is_taken_with_or_without_its_prefix_and_padding(secret: str):
    assert sign.secret_fault(secret) is None
    assert sign.signature(secret, *FIRST)


def _of(size: int) -> str:
    return "whsec_" + base64.b64encode(bytes(size)).decode()


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (_of(23), "23 bytes; 24 to 75"),
        (_of(76), "76 bytes; 24 to 75"),
        ("", "0 bytes"),
        ("whsec_", "0 bytes"),
        ("whsec_not base64 at all, is it?", "base64"),
        ("whsec_AAAAA", "base64"),
        ("whsec_é" + "A" * 40, "base64"),
        (PUBLIC, "public key"),
        ("whsk_" + base64.b64encode(bytes(64)).decode(), "32 bytes of seed"),
        ("whsk_" + base64.b64encode(bytes(32)).decode(), "32 bytes of seed"),
    ],
)
def test_a_secret_that_is_none_is_refused_without_being_shown(secret: str, text: str):
    fault = sign.secret_fault(secret)
    assert fault
    assert text in fault
    assert len(secret) < 10 or secret.removeprefix("whsec_").removeprefix("whsk_") not in fault


@pytest.mark.parametrize("signatures", ["", "v1", "v1,", "v2,abc", "v1,☃", "v1a,abc", ",", " ", "v1a,"])
@pytest.mark.parametrize("secret", [NEW, PUBLIC])
def test_nonsense_verifies_as_nothing(secret: str, signatures: str):
    assert not sign.verify(secret, *FIRST, signatures, now=FIRST[1])
