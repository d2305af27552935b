"""The programs in docs/webhooks.md verify what we sign, and its script does what the page says."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from crossdock.webhooks import headers, sign, transform, transform_pool, transform_worker
from crossdock.webhooks.transform import (
    TransformCall,
    TransformCancelled,
    TransformedMessage,
    TransformScripts,
)
from tests.conftest import skip_or_fail
from tests.journeys.server import until
from tests.ports import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
SECRET, OLD = sign.new_secret(), sign.new_secret()
BODY = '{"event_type":"order.updated","data":{"id":"o-1","name":"Zoë ☃ 🚀","total_price":12.50}}'.encode()


def example(language: str) -> str:
    (value,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    return str(value)


@dataclass(frozen=True)
class Program:
    """A receiver from the page, as it runs."""

    url: str
    log: Path

    @property
    def said(self) -> list[str]:
        return self.log.read_text().splitlines()

    def post(self, headers: dict[str, str], body: bytes = BODY) -> int:
        fields = {**headers, "Content-Type": "application/json"}
        return httpx.post(self.url, headers=fields, content=body, timeout=10).status_code


@contextmanager
def running(folder: Path, *command: str) -> Iterator[Program]:
    port, log = free_port(), folder / "log"
    environment = os.environ | {"WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        until(lambda: process.poll() is not None or _answers(port))
        assert process.poll() is None, log.read_text()
        yield Program(f"http://127.0.0.1:{port}/webhooks", log)
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/")
    except httpx.TransportError:
        return False
    return True


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("python")
    (folder / "receiver.py").write_text(example("python"))
    with running(folder, sys.executable, "receiver.py") as program:
        yield program


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    if not shutil.which("node") or not shutil.which("npm"):
        skip_or_fail("node and npm are not installed")
    folder = tmp_path_factory.mktemp("javascript")
    (folder / "receiver.mjs").write_text(example("js"))
    (folder / "package.json").write_text('{"private": true}')
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "standardwebhooks@1.1.1"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if installed.returncode:
        skip_or_fail(f"npm can't install standardwebhooks: {installed.stderr[-500:]}")
    with running(folder, "node", "receiver.mjs") as program:
        yield program


@pytest.fixture(params=["python", "javascript"])
def program(request: pytest.FixtureRequest) -> Program:
    getfixturevalue: Program = request.getfixturevalue(request.param)
    return getfixturevalue


def signed(message_id: str, *secrets: str, age: int = 0, body: bytes = BODY) -> dict[str, str]:
    return sign.headers(message_id, int(time.time()) - age, body, secrets or (SECRET,))


def test_the_program_takes_what_we_sign(program: Program):
    assert program.post(signed("msg_1")) == 204
    until(lambda: "msg_1 order.updated" in program.said)


def test_the_program_takes_what_is_signed_with_the_new_and_the_old_secret(program: Program):
    assert program.post(signed("msg_2", sign.new_secret(), SECRET)) == 204
    until(lambda: "msg_2 order.updated" in program.said)


def test_the_program_refuses_all_else(program: Program):
    assert program.post(signed("msg_3"), BODY.replace(b"12.50", b"12.51")) == 400
    assert program.post(signed("msg_3", age=360)) == 400
    assert program.post(signed("msg_3", OLD)) == 400
    assert program.post({**signed("msg_3"), "webhook-id": "msg_4"}) == 400
    assert program.post({}) == 400
    assert not any(text.startswith(("msg_3", "msg_4")) for text in program.said)


@pytest.fixture
async def scripts() -> AsyncIterator[TransformScripts]:
    if reason := transform.missing():
        skip_or_fail(reason)
    async with TransformScripts() as opened:
        yield opened


def order(total: float) -> TransformCall:
    payload = b'{"data":{"order_number":"A-7","total_price":%g}}' % total
    variables = {"channel": "sales", "token": "t0ken"}
    return TransformCall("https://receiver.example/", payload, "order.created", variables=variables)


async def test_the_script_sends_a_large_order_to_a_chat(scripts: TransformScripts):
    assert await scripts.run(example("js transform"), order(250), owner="ep_1") == TransformedMessage(
        "POST",
        "https://chat.example/hooks/sales",
        b'{"text":"Order A-7: 250"}',
        {"Authorization": "Bearer t0ken"},
    )


async def test_the_script_calls_a_small_order_off(scripts: TransformScripts):
    assert await scripts.run(example("js transform"), order(12.5), owner="ep_1") == TransformCancelled()


def test_the_limits_on_the_page_are_those_in_force():
    assert f"{transform.LEAST_CHARACTERS} to {transform.MOST_CHARACTERS:,} characters" in PAGE
    assert f"| {transform.MOST_BYTES // 2**20} MiB |" in PAGE
    assert f"| {transform.MOST_URL_CHARACTERS:,} characters |" in PAGE
    assert (
        f"{transform_worker.CPU_SECONDS:g} s of processor time, {transform_pool.WALL_SECONDS:g} s in all"
        in PAGE
    )
    assert (
        f"{transform_worker.HEAP_BYTES // 2**20} MiB, and {transform_worker.STACK_BYTES // 2**10} KiB" in PAGE
    )
    assert {"host", "user-agent", "content-type"} <= headers.FORBIDDEN
    assert f"{sign.TOLERANCE_SECONDS // 60} minutes" in PAGE.replace("five", "5")
