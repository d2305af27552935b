"""The ways in which files get to us, and what a user fills in for each: said once for all integrations.

A manifest names those that it has:

    [files]
    ways = ["upload", "folder", "sftp"]

and gets the fields below: `source`, which chooses, and those of each way. The first is what is meant when
nothing is chosen. Uploads are taken from every connection, whatever was chosen.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import msgspec

Way = Literal["upload", "folder", "sftp", "api"]
"""api: the integration fetches them itself, by the `Source` of its client.py."""


class Field(msgspec.Struct, forbid_unknown_fields=True):
    """One thing a user fills in to connect."""

    key: str
    label: str
    help: str = ""
    secret: bool = False
    default: str | None = None
    """Used when the user gives nothing. None: the user must give it."""
    choices: list[str] = []
    way: Way | None = None
    """Only asked for where files come this way."""


class FilesIn(msgspec.Struct, forbid_unknown_fields=True):
    """`[files]` of a manifest."""

    ways: list[Way]


SOURCE = "source"

_FIELDS = (
    Field(
        "folder", "Folder", way="folder", default="{connection}",
        help="A folder that this server watches, below the organization's own: where a mail program saves "
        "attachments, or a script puts files.",
    ),
    Field("sftp_host", "Server", "The name of the SFTP server.", way="sftp"),
    Field("sftp_port", "Port", way="sftp", default="22"),
    Field("sftp_user", "User", way="sftp"),
    Field("sftp_password", "Password", "Or a private key.", secret=True, way="sftp", default=""),
    Field(
        "sftp_private_key", "Private key", secret=True, way="sftp", default="",
        help="OpenSSH or PEM, without a passphrase; ends of lines may be written as \\n.",
    ),
    Field(
        "sftp_fingerprint", "Fingerprint", way="sftp",
        help="Of the server's host key, SHA256:… as its operator publishes it, or the key itself.",
    ),
    Field("sftp_folder", "Folder", "Where the files lie on the server.", way="sftp", default="."),
)  # fmt: skip


def fields_of(files: FilesIn) -> Iterator[Field]:
    """What a user of these ways fills in."""
    if len(files.ways) > 1:
        choice = "How invoices get here: " + ", ".join(files.ways) + ". Files can be uploaded in any case."
        yield Field(SOURCE, "Source", choice, default=files.ways[0], choices=list(files.ways))
    yield from (one for one in _FIELDS if one.way in files.ways)


@dataclass(frozen=True)
class Lying:
    """A file at its source. changed_ms: when it last changed, by the source's clock."""

    place: str
    size: int
    changed_ms: int


class Source(Protocol):
    """A place that files are taken from. Failures are raised as the `VendorError` they are."""

    @property
    def kind(self) -> str:
        """What the file's `source` is called."""
        ...

    @property
    def settles(self) -> bool:
        """Whether a file may be met half-written: then it is looked at twice."""
        ...

    def files(self) -> AsyncIterator[Lying]:
        """What lies there now."""
        ...

    async def fetch(self, one: Lying, into: Path) -> None:
        """Completes `into`, which may hold the file's beginning from an earlier try."""
        ...
