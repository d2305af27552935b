"""The commands of docs/add-an-integration.md, carried out as they stand there, in a copy of the checkout."""

import asyncio
import json
import os
import re
import shutil
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossdock.kit.scaffold import TEMPLATE
from tests.fakes.vendor import TOKEN, FakeVendor
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"^\$ (.+)$", re.MULTILINE)
FOLDERS = ("crossdock", "tests", "tools", "docs")
FILES = ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt")
LONGEST_SECONDS = 120


def commands() -> list[str]:
    """The commands of the guide, in their order."""
    text = (ROOT / "docs" / "add-an-integration.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [command for block in blocks for command in COMMAND.findall(block)]


@dataclass(frozen=True)
class Checkout:
    """A copy of the checkout, with all installed that the tests need."""

    folder: Path
    port: int

    @classmethod
    def copied_to(cls, folder: Path) -> "Checkout":
        unneeded = shutil.ignore_patterns("__pycache__")
        for name in FOLDERS:
            shutil.copytree(ROOT / name, folder / name, ignore=unneeded)
        for name in FILES:
            shutil.copy(ROOT / name, folder / name)
        installed = folder / ".venv"
        installed.mkdir()
        for name in ("bin", "lib"):
            (installed / name).symlink_to(ROOT / ".venv" / name)
        shutil.copy(ROOT / ".venv" / "pyvenv.cfg", installed)
        for name in ("run", "dev"):  # the Makefile's: nothing has changed since it installed
            (installed / name).touch()
        return cls(folder, free_port())

    async def start(self, command: str) -> Process:
        foreign = re.compile("CROSSDOCK_|PYTEST_|MAKE|MFLAGS")
        clean = {name: value for name, value in os.environ.items() if not foreign.match(name)}
        own_fields = {"PYTHONPATH": str(self.folder), "CROSSDOCK_PORT": str(self.port), "COLUMNS": "80"}
        return await asyncio.create_subprocess_shell(
            command, cwd=self.folder, env=clean | own_fields, stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE, stderr=STDOUT, start_new_session=True,
        )  # fmt: skip

    async def run(self, command: str) -> str:
        """What a command writes. Fails when the command does."""
        process = await self.start(command)
        async with asyncio.timeout(LONGEST_SECONDS):
            output, _ = await process.communicate()
        assert process.returncode == 0, f"{command}\n{output.decode()}"
        return output.decode()

    @asynccontextmanager
    async def running(self, command: str) -> AsyncIterator[None]:
        """A command that goes on, once it says that it listens."""
        process = await self.start(command)
        assert process.stdout
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                while b"listens on" not in (line := await process.stdout.readline()):
                    assert line, "it ended"
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            await process.communicate()


def orders() -> list[dict[str, Any]]:
    """Two orders as the vendor of the template sends them, changed just now."""
    now = datetime.now(UTC).isoformat()
    [example, *_] = json.loads((TEMPLATE / "wms" / "cases" / "orders.json").read_text(encoding="utf-8"))
    return [example["raw"] | {"id": number, "updated_at": now} for number in (1, 2)]


async def test_whoever_follows_the_guide_has_an_integration_that_syncs(tmp_path: Path):
    checkout = Checkout.copied_to(tmp_path)
    install, create, check, bad_days, serve, connect, sync = commands()
    assert (checkout.folder / bad_days.split()[3]).exists()
    async with FakeVendor() as vendor:
        vendor.collections["orders"] = orders()
        await checkout.run(install)
        assert check in await checkout.run(create), "it says how to go on"
        assert "passed" in await checkout.run(check)
        async with checkout.running(serve):
            values = {"https://api.example.com/v1": vendor.url, "api_key=-": f"api_key={TOKEN}"}
            for written, value in values.items():
                assert written in connect
                connect = connect.replace(written, value)
            connected = re.search(r"Connected as (\w{8})", await checkout.run(connect))
            assert connected
            synced = await checkout.run(sync.replace("CONNECTION", connected[1]))
    assert re.search(r"get_orders +1 +2 ", synced), synced
    assert {request.path for request in vendor.requests} == {"/account", "/orders"}
