"""What is secret at rest: AES-256-GCM under a data key for each organization.

    CROSSDOCK_SECRET_KEY ──wraps──▶ data key ──encrypts──▶ credentials, access tokens

Each sealed value is bound to what it is and whose (the context): moved to another row it does not
open. A copied database without the operator's key is useless.

Both kinds of keys are changed while everything runs (`rotation`). The operator's: a new one is put in
front, then the data keys are wrapped with it. Data keys: an organization gets a further one, which seals
from then on; the older ones open until nothing is sealed with them. A process takes up new data keys
within `FRESH_SECONDS`, and at once when it meets a value that none of those it has opens.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crossdock.errors import CrossdockError, SettingsError
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import new_id

_NONCE = 12
_KEY = 32

STALE_SECONDS = 15.0
"""After so long a process looks, beside its work, whether there is a newer data key."""
FRESH_SECONDS = 60.0
"""No process seals with a data key that it has not looked at for longer."""


class SigningKey(bytes):
    """A key that signs what we hand out, such as page tokens.

    What was signed with an operator's older key is accepted as long as that key is among the settings.
    """

    older: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, keys: "list[bytes]") -> "SigningKey":
        """The first key signs, all are accepted."""
        key = cls(keys[0])
        key.older = tuple(keys[1:])
        return key


def is_signed(sign: Callable[[bytes], str], signature: str, key: bytes) -> bool:
    """Check whether a signature is what `sign` makes of this key, or of one before it."""
    keys = (key, *key.older) if isinstance(key, SigningKey) else (key,)
    return any([hmac.compare_digest(sign(each).encode(), signature.encode()) for each in keys])


@dataclass(frozen=True)
class _Keyring:
    """The data keys of an organization by id, the one that seals first. looked_at: seconds, monotonic."""

    keys: dict[str, AESGCM]
    looked_at: float

    @property
    def age(self) -> float:
        return time.monotonic() - self.looked_at


def new_secret_key() -> str:
    """A fresh value for CROSSDOCK_SECRET_KEY."""
    return base64.b64encode(secrets.token_bytes(_KEY)).decode()


def master_keys(text: str) -> dict[str, bytes]:
    """The operator's keys by id, the encrypting one first. Raises SettingsError for anything else."""
    fields: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            key = base64.b64decode(part, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY:
            raise SettingsError(
                "CROSSDOCK_SECRET_KEY must be 32 bytes as base64; make one with `openssl rand -base64 32`"
            )
        fields[hashlib.sha256(b"crossdock master key" + key).hexdigest()[:16]] = key
    if not fields:
        raise SettingsError(
            "CROSSDOCK_SECRET_KEY is not set; make one with `openssl rand -base64 32` and keep it safe: "
            "without it stored credentials can't be read"
        )
    return fields


class Vault:
    """Seals and opens secrets of organizations."""

    def __init__(self, database: Database, secret_key: str) -> None:
        self._database = database
        self._masters = master_keys(secret_key)
        self._first = next(iter(self._masters))
        self._keyrings: dict[str, _Keyring] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}

    @property
    def key_id(self) -> str:
        """The id of the operator's key that wraps data keys."""
        return self._first

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the operator's keys that the settings name, the wrapping one first."""
        return tuple(self._masters)

    async def prepare(self, organization_id: str) -> None:
        """Load the organization's data keys: who seals within a transaction calls this before it."""
        await self._keyring(organization_id)

    async def seal(self, organization_id: str, context: str, secret: bytes) -> bytes:
        """The secret, encrypted."""
        nonce = secrets.token_bytes(_NONCE)
        key = next(iter((await self._keyring(organization_id)).keys.values()))
        return nonce + key.encrypt(nonce, secret, context.encode())

    async def open(self, organization_id: str, context: str, sealed: bytes) -> bytes:
        """The secret again. Raises SettingsError when the operator's key does not open it."""
        return (await self.open_with(organization_id, context, sealed))[0]

    async def open_with(self, organization_id: str, context: str, sealed: bytes) -> tuple[bytes, str]:
        """The secret again, and the id of the data key that it is sealed with. Raises as `open` does."""
        opened = _opened(await self._keyring(organization_id), context, sealed)
        if opened is None:  # perhaps sealed with a key that is newer than those we have
            opened = _opened(await self._look(organization_id), context, sealed)
        if opened is None:
            raise SettingsError(f"a stored secret ({context}) does not open: it was altered or moved")
        return opened

    async def seals_with(self, organization_id: str, key_id: str) -> bool:
        """Check whether this is the data key that seals what is new."""
        return next(iter((await self._keyring(organization_id)).keys)) == key_id

    async def look_again(self, organization_id: str) -> None:
        """Take up data keys that another process made."""
        await self._look(organization_id)

    async def _keyring(self, organization_id: str) -> _Keyring:
        keyring = self._keyrings.get(organization_id)
        if keyring is None or keyring.age > FRESH_SECONDS:
            return await self._look(organization_id)
        if keyring.age > STALE_SECONDS and organization_id not in self._looking:
            # Beside the work: who seals within a transaction should not wait for another connection.
            looking = asyncio.ensure_future(self._look_quietly(organization_id))
            self._looking[organization_id] = looking
            looking.add_done_callback(lambda _: self._looking.pop(organization_id, None))
        return keyring

    async def _look_quietly(self, organization_id: str) -> None:
        try:
            await self._look(organization_id)
        except CrossdockError:  # whoever needs the keys next looks again, and is told
            return

    async def _look(self, organization_id: str) -> _Keyring:
        """The organization's data keys as they are stored; the first is made when there is none yet."""
        rows = await self._rows(organization_id)
        if not rows:
            await self._make_first(organization_id)
            rows = await self._rows(organization_id)
        known = self._keyrings.get(organization_id)
        keys: dict[str, AESGCM] = {}
        for key_id, master_id, wrapped in rows:
            # A key that we have was unwrapped already: who still runs with an older operator's key goes on.
            held = None if known is None else known.keys.get(key_id)
            keys[key_id] = held or AESGCM(self._unwrap(organization_id, master_id, wrapped))
        if not keys:
            raise SettingsError("the data key that was just stored is gone")
        self._keyrings[organization_id] = _Keyring(keys, time.monotonic())
        return self._keyrings[organization_id]

    async def _rows(self, organization_id: str) -> list[tuple[str, str, bytes]]:
        """(id, operator's key, wrapped) of an organization's data keys, the one that seals first."""
        rows = await self._database.fetch_few(
            "SELECT id, master_id, wrapped, 0 AS age FROM data_keys WHERE organization_id = ? UNION ALL "
            "SELECT id, master_id, wrapped, 1 FROM old_data_keys WHERE organization_id = ? "
            "ORDER BY age, id DESC",
            organization_id,
            organization_id,
        )
        return [(str(row[0]), str(row[1]), bytes(row[2])) for row in rows]

    async def _make_first(self, organization_id: str) -> None:
        """Make an organization's first data key, unless another process was first."""
        now = int(time.time() * 1000)
        await self._database.execute(
            "INSERT INTO data_keys (id, organization_id, master_id, wrapped, created_ms) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            new_id("dk", now), organization_id, self._first, self.new_wrapped(organization_id), now,
        )  # fmt: skip

    def new_wrapped(self, organization_id: str) -> bytes:
        """A fresh data key, wrapped."""
        return self.wrapped(organization_id, secrets.token_bytes(_KEY))

    def wrapped(self, organization_id: str, key: bytes) -> bytes:
        """A data key, wrapped with the first of the operator's keys."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._masters[self._first]).encrypt(nonce, key, _bound(organization_id))

    def rewrapped(self, organization_id: str, master_id: str, wrapped: bytes) -> bytes:
        """A stored data key, wrapped anew with the first of the operator's keys. Raises SettingsError."""
        return self.wrapped(organization_id, self._unwrap(organization_id, master_id, wrapped))

    def _unwrap(self, organization_id: str, master_id: str, wrapped: bytes) -> bytes:
        master = self._masters.get(master_id)
        if master is None:
            raise SettingsError(
                "CROSSDOCK_SECRET_KEY is not the key that this database was written with "
                f"(a data key is under {master_id}, the settings have {', '.join(self._masters)}); "
                "put that key back (after a new one, separated by a comma, to change keys)"
            )
        try:
            return AESGCM(master).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _bound(organization_id))
        except (InvalidTag, ValueError):
            raise SettingsError("a data key in the database was altered") from None

    async def check(self) -> None:
        """Every data key opens. Raises SettingsError when one does not, better at the start than later."""
        rows = await self._database.fetch(
            "SELECT organization_id, master_id, wrapped FROM data_keys UNION ALL "
            "SELECT organization_id, master_id, wrapped FROM old_data_keys"
        )
        for organization_id, master_id, wrapped in rows:
            self._unwrap(organization_id, master_id, bytes(wrapped))

    def token_key(self, purpose: str) -> SigningKey:
        """A key for signing what we hand out, such as page tokens; from the operator's keys."""
        return SigningKey.of([
            hashlib.blake2b(purpose.encode(), key=master, digest_size=32).digest()
            for master in self._masters.values()
        ])  # fmt: skip


def _opened(keyring: _Keyring, context: str, sealed: bytes) -> tuple[bytes, str] | None:
    for key_id, key in keyring.keys.items():
        try:
            return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode()), key_id
        except (InvalidTag, ValueError):  # the latter when too little is left of it
            continue
    return None


def _bound(organization_id: str) -> bytes:
    return f"data key of {organization_id}".encode()
