"""What a connection filled in → the source that its files are taken from."""

from collections.abc import Mapping
from typing import cast

from crossdock.errors import VendorRefused
from crossdock.files.folder import Folder, below
from crossdock.files.sftp import Login, Sftp
from crossdock.integrations.addresses import AddressPolicy
from crossdock.integrations.deliveries import SOURCE, FilesIn, Source, Way


def way_of(files: FilesIn, given: Mapping[str, str]) -> Way:
    """How files get to a connection."""
    return cast(Way, given.get(SOURCE) or files.ways[0])


def open_source(
    files: FilesIn, given: Mapping[str, str], organization_id: str, root: str, policy: AddressPolicy
) -> Source | None:
    """The source; None where files are only uploaded. root: the operator's folder for watched folders.

    Raises VendorRefused for what can't be one.
    """
    way = way_of(files, given)
    if way == "folder":
        return Folder(below(root, organization_id, given["folder"]))
    if way == "sftp":
        return Sftp(_login(given), policy)
    return None


def _login(given: Mapping[str, str]) -> Login:
    port = given["sftp_port"]
    if not port.isascii() or not port.isdigit() or not 1 <= int(port[:6]) <= 65535:
        raise VendorRefused(f"sftp_port is {port!r:.20}; 1 to 65535 is wanted")
    if not given["sftp_password"] and not given["sftp_private_key"]:
        raise VendorRefused("SFTP wants sftp_password or sftp_private_key")
    return Login(
        host=given["sftp_host"], port=int(port), user=given["sftp_user"], host_key=given["sftp_fingerprint"],
        password=given["sftp_password"], private_key=given["sftp_private_key"],
        folder=given["sftp_folder"] or ".",
    )  # fmt: skip
