"""The official `svix` clients manage webhooks: Python of both generations, and npm."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.fakes.hook_receiver import Receiver
from tests.journeys.server import Server

FAKES = Path(__file__).parents[1] / "fakes"
CACHE = Path.home() / ".cache" / "crossdock"
OLD_PYTHON, NPM = "1.99.1", ("1.99.1", "2.5.0")
"""Of both generations; the Python client of today is installed beside us."""


async def run(*command: str, **environment: str) -> str:
    """What a command prints; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=PIPE, stderr=PIPE, env={**os.environ, **environment}
    )
    out, problems = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, problems.decode()[-3000:]
    return out.decode()


def made(*command: str, folder: Path) -> None:
    """Has a command fill a folder, once for all; where it can't, the test is skipped."""
    if (folder / ".made").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(folder)
        skip_or_fail(f"the client can't be installed: {done.stderr[-300:]}")
    (folder / ".made").touch()


async def calls(server: Server, *command: str, **environment: str) -> list[str]:
    """The calls that a script of the whole surface made."""
    organization = server.organization()
    async with Receiver() as receiver:
        texts = (server.url, organization.key, organization.id, receiver.url)
        documents: list[str] = json.loads(await run(*command, *texts, **environment))
    return documents


async def test_the_python_client_of_today_finds_every_operation(server: Server):
    assert version("svix").startswith("2.")
    texts = await calls(server, sys.executable, str(FAKES / "svix_surface.py"))
    assert len(texts) >= 58


async def test_the_python_client_of_the_first_generation_finds_every_operation(server: Server):
    folder = CACHE / f"svix-{OLD_PYTHON}"
    made(
        sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), f"svix=={OLD_PYTHON}",
        folder=folder,
    )  # fmt: skip
    texts = await calls(server, sys.executable, str(FAKES / "svix_surface.py"), PYTHONPATH=str(folder))
    assert len(texts) >= 57


async def test_the_guides_program_sets_up_an_endpoint(server: Server):
    page = (FAKES.parents[1] / "docs" / "webhooks.md").read_text()
    (program,) = re.findall(r"^```python client\n(.*?)^```$", page, re.M | re.S)
    fields = {"CROSSDOCK_API_KEY": server.organization().key, "CROSSDOCK_BASE_URL": server.url}
    assert (await run(sys.executable, "-c", program, **fields)).startswith("whsec_")


@pytest.mark.parametrize("release", NPM)
async def test_the_npm_clients_of_both_generations_find_every_operation(server: Server, release: str):
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        skip_or_fail("npm is not here")
        return
    folder = CACHE / f"npm-svix-{release}"
    install = ("install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), f"svix@{release}")
    made(npm, *install, folder=folder)
    texts = await calls(server, node, str(FAKES / "svix_surface.mjs"), str(folder))
    assert len(texts) >= 50
