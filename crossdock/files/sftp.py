"""Files on an SFTP server: the carrier's, or one that the customer has it deliver to.

The address rules hold here as everywhere: the connection goes to an address that was checked. The server
must show the host key that was given; nothing of the machine's own SSH settings, keys or agent is used.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorNonsense,
    VendorRefused,
    VendorUnavailable,
)
from crossdock.files.sources import MOST_FILES, SourceFileVanished, is_left_alone
from crossdock.kit.file_sources import SourceFile
from crossdock.net.addresses import AddressPolicy, checked_socket

CONNECT_SECONDS = 30.0
READ_SECONDS = 120.0
"""How long one answer of the server may take."""
BLOCK_BYTES = 1 << 18


@dataclass(frozen=True)
class SftpLogin:
    """The address of a server, and its login. host_key: its fingerprint "SHA256:…", or the key itself."""

    host: str
    port: int
    user: str
    host_key: str
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    folder: str = "."

    @property
    def where(self) -> str:
        return f"sftp://{self.host}:{self.port}"


class Sftp:
    """The files that lie directly in a folder of a server."""

    kind = "sftp"
    settles = True

    def __init__(self, login: SftpLogin, policy: AddressPolicy) -> None:
        self._login = login
        self._policy = policy

    async def files(self) -> AsyncIterator[SourceFile]:
        async with self._signed_in() as client:
            with self._told(self._login.folder):
                source_files = await asyncio.wait_for(self._listed(client), READ_SECONDS)
        for source_file in sorted(
            source_files, key=lambda source_file: (source_file.changed_ms, source_file.place)
        ):
            yield source_file

    async def _listed(self, client: asyncssh.SFTPClient) -> list[SourceFile]:
        source_files: list[SourceFile] = []
        async for entry in client.scandir(self._login.folder):
            name, about = str(entry.filename), entry.attrs
            if is_left_alone(name) or "/" in name or about.type != asyncssh.FILEXFER_TYPE_REGULAR:
                continue
            if about.size is None or about.mtime is None:
                raise VendorNonsense(f"{self._login.where} tells neither size nor time of {name!r:.100}")
            if len(source_files) == MOST_FILES:
                raise VendorRefused(f"{self._login.folder!r} has more than {MOST_FILES:,} files")
            source_files.append(SourceFile(name, about.size, about.mtime * 1000))
        return source_files

    async def fetch(self, source_file: SourceFile, into: Path) -> None:
        async with self._signed_in() as client:
            with self._told(source_file.place):
                await self._read(client, source_file, into)

    async def _read(self, client: asyncssh.SFTPClient, source_file: SourceFile, into: Path) -> None:
        path = f"{self._login.folder.rstrip('/') or ''}/{source_file.place}"
        try:
            opened = await client.open(path, "rb", block_size=BLOCK_BYTES)
        except asyncssh.SFTPNoSuchFile:
            raise SourceFileVanished(source_file.place) from None
        async with opened as remote:
            with into.open("ab") as local:
                while (at := local.tell()) < source_file.size:
                    block_byte = min(BLOCK_BYTES, source_file.size - at)
                    block = await asyncio.wait_for(remote.read(block_byte, at), READ_SECONDS)
                    if not block or isinstance(block, str):
                        break
                    local.write(block[:block_byte])

    # Signing in

    @asynccontextmanager
    async def _signed_in(self) -> AsyncIterator[asyncssh.SFTPClient]:
        with self._told(self._login.folder):
            async with asyncio.timeout(CONNECT_SECONDS):
                connection = await self._connected()
        try:
            with self._told(self._login.folder):
                async with asyncio.timeout(CONNECT_SECONDS):
                    # Names that are not UTF-8 are set aside one by one; they keep nobody from the others.
                    client = await connection.start_sftp_client(path_errors="surrogateescape")
            yield client
        finally:
            connection.abort()

    async def _connected(self) -> asyncssh.SSHClientConnection:
        login = self._login
        known_host = _KnownHost(login.host_key)
        sock = await checked_socket(self._policy, login.host, login.port)
        try:
            return await asyncssh.connect(
                login.host, login.port, sock=sock, username=login.user, config=None, agent_path=None,
                client_factory=lambda: known_host, known_hosts=([], [], []), x509_trusted_certs=None,
                password=login.password or None, client_keys=self._keys(), login_timeout=CONNECT_SECONDS,
            )  # fmt: skip
        except asyncssh.HostKeyNotVerifiable:
            raise VendorRefused(
                f"{login.host} shows the host key {known_host.shown}, not the one that was given; compare it "
                "with what its operator says, then give that as sftp_fingerprint",
                url=login.where,
            ) from None
        except BaseException:
            sock.close()
            raise

    def _keys(self) -> list[asyncssh.SSHKey] | None:
        if not self._login.private_key:
            return None
        try:
            # Forms have one line: there the ends of the lines come as \n.
            text = self._login.private_key.replace("\\n", "\n").strip() + "\n"
            # Without a passphrase: how long opening one takes is up to whoever made the key.
            return [asyncssh.import_private_key(text)]
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
            raise InvalidCredentials("the private key can't be read; it must have no passphrase") from None

    @contextmanager
    def _told(self, folder: str) -> Iterator[None]:
        """Put what the server or the way to it says in our words."""
        where = self._login.where
        try:
            yield
        except asyncssh.PermissionDenied:
            raise InvalidCredentials(
                f"{where} does not accept the user or what proves it", url=where
            ) from None
        except asyncssh.SFTPNoSuchFile:
            raise VendorRefused(f"{where} has no {folder!r:.100}", url=where) from None
        except asyncssh.SFTPPermissionDenied:
            raise MissingPermission(f"{where} does not let us read {folder!r:.100}", url=where) from None
        except TimeoutError:
            raise VendorUnavailable(f"{where} does not answer", url=where) from None
        except (asyncssh.Error, OSError) as problem:
            raise VendorUnavailable(f"{where}: {problem}", url=where) from None


class _KnownHost(asyncssh.SSHClient):
    """Accepts the one host key that was given."""

    def __init__(self, text: str) -> None:
        self._given = text.strip()
        self.shown = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        self.shown = key.get_fingerprint()
        if self._given.startswith("SHA256:"):
            return self._given.rstrip("=") == self.shown
        return _same_key(self._given, key)

    def validate_host_ca_key(self, *_: Any) -> bool:
        return False


def _same_key(text: str, key: asyncssh.SSHKey) -> bool:
    """Check whether a line of known_hosts, or a public key, is this key."""
    words = text.split()
    position = next((n for n, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-"))), None)
    if position is None or position + 1 >= len(words):
        return False
    try:
        return bool(asyncssh.import_public_key(" ".join(words[position : position + 2])) == key)
    except asyncssh.KeyImportError:
        return False
