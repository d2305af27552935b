"""What users fill in to connect: the fields of a manifest, and those of the ways in which files get to us.

A field may belong to a choice: one of the ways to sign in, or one in which files come.

Where files are what the system has for an API, the manifest names the ways in which they get to us:

    [files]
    ways = ["upload", "folder", "sftp"]

and gets the fields of these ways: `source`, which chooses, and those of each. The first way is what is meant
when nothing is chosen. Uploads are taken from every connection, whatever was chosen.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

Way = Literal["upload", "folder", "sftp", "api"]
"""api: the integration fetches them itself, by the `FileSource` of its client.py."""

SOURCE = "source"
"""The field that chooses how files come."""
SIGN_IN = "sign_in"
"""The field that chooses how one signs in, where a manifest has several ways."""
CHOICES = (SIGN_IN, SOURCE)


class FieldCondition(NamedTuple):
    """The choice that a field is asked for with: the key of the field that chooses, and the value there."""

    key: str
    value: str


class Field(msgspec.Struct, forbid_unknown_fields=True):
    """One thing a user fills in to connect."""

    key: str
    label: str
    help: str = ""
    secret: bool = False
    default: str | None = None
    """Used when the user gives nothing. None: the user must give it."""
    choices: list[str] = []
    choice_labels: dict[str, str] = {}
    """What users are shown in place of a choice, by choice."""
    way: Way | None = None
    """Only asked for where files come this way."""
    sign_in: str = ""
    """Only asked for where one signs in this way; set for the fields of `[auth.ways]`."""
    pattern: str = ""
    """A regular expression that the whole value fits; "": any."""
    example: str = ""
    """A value of the right kind, shown to users."""
    placeholder: str = ""
    """What stands in the empty field of a form."""
    doc: str = ""
    """A link to where users find the value."""

    @property
    def condition(self) -> FieldCondition | None:
        """The choice that it is asked for with; None: it is asked for in any case."""
        if self.sign_in:
            return FieldCondition(SIGN_IN, self.sign_in)
        return FieldCondition(SOURCE, self.way) if self.way else None


def choices_made(fields: Iterable[Field], values: Mapping[str, str]) -> dict[str, str]:
    """The choices that other fields depend on; the default of each where nothing was chosen that there is."""
    choosing = [field for field in fields if field.key in CHOICES and field.choices]
    return {
        field.key: chosen if (chosen := values.get(field.key)) in field.choices else field.default or ""
        for field in choosing
    }


def is_asked_for(field: Field, choices: Mapping[str, str]) -> bool:
    """Check whether a field belongs to the choices that were made, see `choices_made`."""
    condition = field.condition
    return condition is None or choices.get(condition.key, condition.value) == condition.value


class FileWays(msgspec.Struct, forbid_unknown_fields=True):
    """`[files]` of a manifest."""

    ways: list[Way]
    engine: str | None = None
    """The package whose `client` and `read` are used where the folder has none of its own."""


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


def fields_of(files: FileWays) -> Iterator[Field]:
    """The fields that a user of these ways fills in."""
    if len(files.ways) > 1:
        choice = "How invoices get here: " + ", ".join(files.ways) + ". Files can be uploaded in any case."
        yield Field(SOURCE, "Source", choice, default=files.ways[0], choices=list(files.ways))
    yield from (field for field in _FIELDS if field.way in files.ways)
