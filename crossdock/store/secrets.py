"""What is secret at rest: AES-256-GCM under a data key for each organization.

    CROSSDOCK_SECRET_KEY ──wraps──▶ data key ──encrypts──▶ credentials, access tokens

Each sealed value is bound to what it is and whose (the context): moved to another row it does not
open. A copied database without the operator's key is useless. The operator's key can be changed by
putting a new one in front: data keys are wrapped anew at the next start.
"""

import base64
import binascii
import hashlib
import secrets
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crossdock.errors import SettingsError
from crossdock.store.engine import Database
from crossdock.store.ids import new_id

_NONCE = 12
_KEY = 32


def new_secret_key() -> str:
    """A fresh value for CROSSDOCK_SECRET_KEY."""
    return base64.b64encode(secrets.token_bytes(_KEY)).decode()


def master_keys(text: str) -> dict[str, bytes]:
    """The operator's keys by id, the encrypting one first. Raises SettingsError for anything else."""
    found: dict[str, bytes] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        try:
            key = base64.b64decode(part, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY:
            raise SettingsError(
                "CROSSDOCK_SECRET_KEY must be 32 bytes as base64; make one with `openssl rand -base64 32`"
            )
        found[hashlib.sha256(b"crossdock master key" + key).hexdigest()[:16]] = key
    if not found:
        raise SettingsError(
            "CROSSDOCK_SECRET_KEY is not set; make one with `openssl rand -base64 32` and keep it safe: "
            "without it stored credentials can't be read"
        )
    return found


class Vault:
    """Seals and opens secrets of organizations."""

    def __init__(self, database: Database, secret_key: str) -> None:
        self._database = database
        self._masters = master_keys(secret_key)
        self._first = next(iter(self._masters))
        self._data_keys: dict[str, AESGCM] = {}

    async def prepare(self, organization_id: str) -> None:
        """Has the organization's data key at hand: who seals within a transaction calls this before it."""
        await self._data_key(organization_id)

    async def seal(self, organization_id: str, context: str, secret: bytes) -> bytes:
        """The secret, encrypted."""
        nonce = secrets.token_bytes(_NONCE)
        key = await self._data_key(organization_id)
        return nonce + key.encrypt(nonce, secret, context.encode())

    async def open(self, organization_id: str, context: str, sealed: bytes) -> bytes:
        """The secret again. Raises SettingsError when the operator's key does not open it."""
        key = await self._data_key(organization_id)
        try:
            return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except (InvalidTag, ValueError):  # the latter when too little is left of it
            raise SettingsError(
                f"a stored secret ({context}) does not open: it was altered or moved"
            ) from None

    async def _data_key(self, organization_id: str) -> AESGCM:
        if organization_id not in self._data_keys:
            self._data_keys[organization_id] = AESGCM(await self._load(organization_id))
        return self._data_keys[organization_id]

    async def _load(self, organization_id: str) -> bytes:
        """The organization's data key; made when there is none yet."""
        query = "SELECT master_id, wrapped FROM data_keys WHERE organization_id = ?"
        row = await self._database.fetch_one(query, organization_id)
        if row is None:
            now = int(time.time() * 1000)
            fresh = self._wrap(organization_id, secrets.token_bytes(_KEY))
            await self._database.execute(
                "INSERT INTO data_keys (id, organization_id, master_id, wrapped, created_ms) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                new_id("dk", now), organization_id, self._first, fresh, now,
            )  # fmt: skip
            # Another process may have been first: whatever is stored now is the key.
            row = await self._database.fetch_one(query, organization_id)
        if row is None:
            raise SettingsError("the data key that was just stored is gone")
        return self._unwrap(organization_id, str(row[0]), bytes(row[1]))

    def _wrap(self, organization_id: str, key: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._masters[self._first]).encrypt(nonce, key, _bound(organization_id))

    def _unwrap(self, organization_id: str, master_id: str, wrapped: bytes) -> bytes:
        master = self._masters.get(master_id)
        if master is None:
            raise SettingsError(
                "CROSSDOCK_SECRET_KEY is not the key that this database was written with; "
                "put that key back (after a new one, separated by a comma, to change keys)"
            )
        try:
            return AESGCM(master).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _bound(organization_id))
        except (InvalidTag, ValueError):
            raise SettingsError("a data key in the database was altered") from None

    async def check(self) -> None:
        """Every data key opens, and is wrapped by the first operator's key from now on.

        Raises SettingsError when one does not: better at the start than at the first sync.
        """
        for organization_id, master_id, key in await self._opened():
            if master_id != self._first:
                await self._database.execute(
                    "UPDATE data_keys SET master_id = ?, wrapped = ? WHERE organization_id = ?",
                    self._first, self._wrap(organization_id, key), organization_id,
                )  # fmt: skip

    async def count(self) -> tuple[int, int]:
        """How many data keys there are, and how many of them an older operator's key wraps.

        Raises SettingsError when one does not open. Changes nothing.
        """
        opened = await self._opened()
        return len(opened), sum(master_id != self._first for _, master_id, _ in opened)

    async def _opened(self) -> list[tuple[str, str, bytes]]:
        """(organization, which operator's key, data key) of all."""
        rows = await self._database.fetch("SELECT organization_id, master_id, wrapped FROM data_keys")
        return [(row[0], row[1], self._unwrap(row[0], row[1], bytes(row[2]))) for row in rows]

    def token_key(self, purpose: str) -> bytes:
        """A key for signing what we hand out, such as page tokens; from the first operator's key."""
        return hashlib.blake2b(purpose.encode(), key=self._masters[self._first], digest_size=32).digest()


def _bound(organization_id: str) -> bytes:
    return f"data key of {organization_id}".encode()
