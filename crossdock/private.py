"""Files and folders that nobody but their owner may read: they hold customers' data, or what opens them."""

from collections.abc import Iterable
from pathlib import Path

FILE, FOLDER = 0o600, 0o700
OTHERS = 0o077
"""The rights of a file's group and of everybody else."""


def new_folder(path: Path) -> None:
    """Make a folder, and those above it, where they are missing. Raises OSError, also where a file is."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER, exist_ok=True)
    path.mkdir(mode=FOLDER, exist_ok=True)


def new_file(path: Path) -> None:
    """Make an empty file, and its folder, where they are missing. Raises OSError.

    What SQLite puts beside a database gets the rights of the database.
    """
    if not path.exists():
        new_folder(path.parent)
        path.touch(mode=FILE, exist_ok=True)


def tighten(paths: Iterable[Path]) -> list[Path]:
    """Take from others what rights they have to these, where they exist and are ours; which had some."""
    tightened = []
    for path in paths:
        try:
            rights = path.stat().st_mode
            if rights & OTHERS:
                path.chmod(rights & ~OTHERS & 0o7777)
                tightened.append(path)
        except OSError:
            continue  # it is not there, or somebody else's: `crossdock doctor` tells of what can be read
    return tightened


def is_readable_by_others(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & OTHERS)
