"""The data folder of `crossdock dev`, and the settings that follow from it."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crossdock import config
from crossdock.config import Settings, variable
from crossdock.private import new_folder

LOOPBACK = "127.0.0.0/8,::1/128"


def dev_settings(environment: Mapping[str, str], **overrides: Any) -> Settings:
    """The settings with what `dev` does differently where nothing is set.

    A secret key is made and kept in the data folder, vendors on this machine may be reached, no function is
    off, and anybody may read /metrics.
    """
    folder = config.load(environment, **overrides).folder
    filled = dict(environment)
    for name, value in (
        ("allowed_addresses", LOOPBACK),
        ("secret_key", _secret_key(folder)),
        ("metrics_token", "open"),
    ):
        if not filled.get(variable(name)):
            filled[variable(name)] = value
    if not filled.get(variable("disabled_functions")):
        overrides["disabled_functions"] = "none"
    return config.load(filled, **overrides)


def is_dev(folder: Path) -> bool:
    """Check whether this data folder was made by `dev`."""
    return (folder / "secret.key").exists()


def _secret_key(folder: Path) -> str:
    file = folder / "secret.key"
    if not file.exists():
        from crossdock.store.database.secrets import new_secret_key

        write_private(file, new_secret_key().encode())
    return file.read_text().strip()


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Check whether this process is the first that serves this folder, as it then is until the block ends."""
    if sys.platform == "win32":
        yield True
        return
    import fcntl

    with (folder / "secret.key").open("rb") as key:
        try:
            fcntl.flock(key, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read; it is there whole or not at all."""
    new_folder(file.parent)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(file)
