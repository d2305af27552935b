"""The data folder of `crossdock dev`, and the settings that follow from it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crossdock import config
from crossdock.config import Settings, variable

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
    """Whether this data folder was made by `dev`."""
    return (folder / "secret.key").exists()


def _secret_key(folder: Path) -> str:
    file = folder / "secret.key"
    if not file.exists():
        from crossdock.store.secrets import new_secret_key

        write_private(file, new_secret_key().encode())
    return file.read_text().strip()


def write_private(file: Path, content: bytes) -> None:
    """Writes a file that only its owner can read; it is there whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(file)
