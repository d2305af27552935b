"""An SFTP server on this machine, with a folder, a user, a password and a key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "acme", "correct horse"


@dataclass
class SftpServer:
    """What is running, and what it does wrong."""

    folder: Path
    port: int
    host_key: asyncssh.SSHKey
    user_key: asyncssh.SSHKey
    breaks_after: int | None = None
    """Bytes of a file after which the connection breaks, once."""
    forbidden: set[str] = field(default_factory=set)
    """Names of files that may not be read."""
    reads: list[tuple[str, int]] = field(default_factory=list)
    """(file, offset) of each block that was asked for."""
    logins: int = 0

    @property
    def fingerprint(self) -> str:
        return self.host_key.get_fingerprint()

    def fields(self, **extra_fields: str) -> dict[str, str]:
        """What a user fills in, with a password."""
        return {
            "source": "sftp", "sftp_host": "127.0.0.1", "sftp_port": str(self.port), "sftp_user": USER,
            "sftp_password": PASSWORD, "sftp_fingerprint": self.fingerprint, "sftp_folder": "/out",
        } | extra_fields  # fmt: skip


def _server(about: SftpServer) -> type[asyncssh.SSHServer]:
    class Server(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            about.logins += 1

        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return username == USER and key == about.user_key.convert_to_public()

    return Server


def _files(about: SftpServer) -> Any:
    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(about.folder).encode())

        def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
            if Path(path.decode(errors="replace")).name in about.forbidden:
                raise asyncssh.SFTPPermissionDenied("not this one")
            return super().open(path, pflags, attrs)

        def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            about.reads.append((Path(file_obj.name.decode()).name, offset))
            if about.breaks_after is not None and offset >= about.breaks_after:
                about.breaks_after = None
                self.channel.get_connection().abort()
                raise asyncssh.SFTPConnectionLost("gone")
            content: bytes = super().read(file_obj, offset, size)  # type: ignore[assignment]
            return content

    return Files


@asynccontextmanager
async def sftp_server(folder: Path) -> AsyncIterator[SftpServer]:
    """Serves `folder`, in which there is an `out`."""
    (folder / "out").mkdir(parents=True)
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    about = SftpServer(folder, 0, host_key, asyncssh.generate_private_key("ssh-ed25519"))
    listening = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[host_key], server_factory=_server(about),
        sftp_factory=_files(about), allow_scp=False,
    )  # fmt: skip
    about.port = listening.get_port()
    try:
        yield about
    finally:
        listening.close()
        await asyncio.wait_for(listening.wait_closed(), 5)
