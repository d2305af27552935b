"""What a connection filled in → the source that its files are taken from."""

from collections.abc import Mapping
from typing import cast

from crossdock.errors import VendorRefused
from crossdock.files.folder import Folder, below
from crossdock.files.sftp import Sftp, SftpLogin
from crossdock.kit.fields import SOURCE, FileWays, Way
from crossdock.kit.file_sources import FileSource
from crossdock.net.addresses import AddressPolicy


def way_of(files: FileWays, credentials: Mapping[str, str]) -> Way:
    """The way that files get to a connection."""
    return cast(Way, credentials.get(SOURCE) or files.ways[0])


def open_source(
    files: FileWays, credentials: Mapping[str, str], organization_id: str, root: str, policy: AddressPolicy
) -> FileSource | None:
    """The source; None where files are only uploaded. root: the operator's folder for watched folders.

    Raises VendorRefused for what can't be one.
    """
    method = way_of(files, credentials)
    if method == "folder":
        return Folder(below(root, organization_id, credentials["folder"]))
    if method == "sftp":
        return Sftp(_login(credentials), policy)
    return None


def _login(credentials: Mapping[str, str]) -> SftpLogin:
    port = credentials["sftp_port"]
    if not port.isascii() or not port.isdigit() or not 1 <= int(port[:6]) <= 65535:
        raise VendorRefused(f"sftp_port is {port!r:.20}; 1 to 65535 is wanted")
    if not credentials["sftp_password"] and not credentials["sftp_private_key"]:
        raise VendorRefused("SFTP wants sftp_password or sftp_private_key")
    return SftpLogin(
        host=credentials["sftp_host"],
        port=int(port),
        user=credentials["sftp_user"],
        host_key=credentials["sftp_fingerprint"],
        password=credentials["sftp_password"],
        private_key=credentials["sftp_private_key"],
        folder=credentials["sftp_folder"] or ".",
    )
