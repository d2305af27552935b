"""A system that is connected and synced on the command line, as somebody types it."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossdock.store.database.secrets import new_secret_key
from tests.journeys.commands import Done, Shell


@dataclass(frozen=True)
class MockedShell(Shell):
    """Commands whose vendors are at mocks, as the variable of `tests.mock_vendors.command` says."""

    @staticmethod
    def _command(arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "tests.mock_vendors.command", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"PYTHONPATH": str(Path(__file__).parents[2])}


def settings_in(folder: Path) -> dict[str, str]:
    """The settings of a site of its own, which may call this machine."""
    return {
        "CROSSDOCK_DATA_DIR": str(folder / "data"),
        "CROSSDOCK_SECRET_KEY": new_secret_key(),
        "CROSSDOCK_ALLOWED_ADDRESSES": "127.0.0.0/8",
        "CROSSDOCK_DISABLED_FUNCTIONS": "none",
    }


def connected_and_synced(shell: Shell, name: str, fields: dict[str, str], kind: str) -> dict[str, Any]:
    """What `crossdock sync` says of each function after `crossdock connect`: its job, by its name."""
    typed = [part for key, value in fields.items() for part in ("--set", f"{key}={value}")]
    connected = succeeded(shell.run("connect", name, "--type", kind, *typed, "--json")).json
    assert connected["integration_name"] == name
    synced = succeeded(shell.run("sync", connected["connection_id"][:8], "--json")).json
    return {entry["function"]: entry for entry in synced}


def succeeded(done: Done) -> Done:
    assert done.code == 0, done.out + done.err
    return done
