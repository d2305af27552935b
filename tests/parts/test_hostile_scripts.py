"""Scripts that mean harm: each is answered in time, and nobody else notices."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crossdock.webhooks import transform, transform_worker
from crossdock.webhooks.transform import TransformCall, TransformedMessage, TransformFailed, TransformScripts
from tests.conftest import skip_or_fail

CALL = TransformCall(
    url="https://receiver.example/", payload=b'{"data":{"id":"o-1"}}', event_type="order.created"
)
HONEST = "function handler(w) { w.payload.seen = Object.keys(w.payload.data); return w; }"
ANSWER_SECONDS = 2.0
HONEST_SECONDS = 1.0
"""An honest run takes a hundredth of that; on a busy machine it may have to wait for its share of it."""

ATTACKS = {
    "endless loop": "for (;;);",
    "endless loop while it is read": "return w } for (;;); {",
    "loop in try": "for (;;) { try { for (;;); } catch (e) {} finally { for (;;); } }",
    "endless sort": "const a = [...Array(2e5).keys()].map((i) => 'k' + (i * 7919) % 2e5); for (;;) a.sort();",
    "sort that compares for ever": "[...Array(1e5).keys()].sort((a, b) => { for (;;); });",
    "array growth": "const a = []; for (;;) a.push(new Array(1000).fill(a));",
    "typed-array growth": "const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1));",
    "one giant array": "return {payload: new Array(2 ** 32 - 1).fill('x')};",
    "string doubling": "let s = 'x'; for (;;) s += s;",
    "string that is flattened": "let s = 'x'.repeat(2 ** 20); for (;;) s = (s + s).split('').join('');",
    "recursion": "const f = () => 1 + f(); f();",
    "recursion through toJSON": "const a = {toJSON: () => ({a: JSON.stringify(a)})}; return {payload: a};",
    "deep JSON": "let a = {}; const b = a; for (let i = 0; i < 2e5; i++) { a.a = {}; a = a.a; } "
    "return {payload: b};",
    "deep JSON that is read": "JSON.parse('['.repeat(2e5));",
    "regex backtracking": "/^(a+)+$/.test('a'.repeat(60) + 'b');",
    "BigInt squaring": "let a = 2n ** 1000n; for (;;) a *= a;",
    "Promise": "return new Promise(() => {});",
    "Promise that goes on": "const f = () => Promise.resolve().then(f); f(); return f();",
    "Atomics.wait": "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0); for (;;);",
    "module": "return import('os');",
    "giant error": "throw new Error('x'.repeat(2 ** 24));",
    "error that throws": "throw {toString() { throw this }};",
    "getter that loops": "return {get payload() { for (;;); }};",
    "giant result": "return {payload: 'x'.repeat(2 ** 23)};",
    "control characters": r"return {payload: '\u0001'.repeat(2 ** 21)};",
    "no JSON any more": "Object.prototype.toJSON = () => 1; JSON.stringify = () => '{'; return w;",
}


@pytest.fixture
async def scripts() -> AsyncIterator[TransformScripts]:
    if reason := transform.missing():
        skip_or_fail(reason)
    async with TransformScripts(workers=2) as opened:
        yield opened


def handler(statements: str) -> str:
    return f"function handler(w) {{ {statements} }}"


async def honest(scripts: TransformScripts, owner: str = "honest") -> float:
    """The seconds that somebody else's run takes; it must be right."""
    begun = time.monotonic()
    outcome = await scripts.run(HONEST, CALL, owner=owner)
    assert isinstance(outcome, TransformedMessage), outcome
    assert outcome.body == b'{"data":{"id":"o-1"},"seen":["id"]}'
    return time.monotonic() - begun


@pytest.mark.parametrize("statements", ATTACKS.values(), ids=ATTACKS)
async def test_p21_a_hostile_script_is_answered_in_time_and_disturbs_nobody(
    scripts: TransformScripts, statements: str
):
    await asyncio.gather(honest(scripts, "a"), honest(scripts, "b"))
    begun = time.monotonic()
    attack = asyncio.create_task(scripts.run(handler(statements), CALL, owner="hostile"))
    waits = [await honest(scripts)]
    while not attack.done():
        waits.append(await honest(scripts))
        await asyncio.sleep(0.02)
    outcome = await attack
    assert time.monotonic() - begun < ANSWER_SECONDS
    assert isinstance(outcome, TransformFailed)
    assert 0 < len(outcome.error) < 2000
    assert max(waits) < HONEST_SECONDS
    await asyncio.gather(honest(scripts, "a"), honest(scripts, "b"))


async def test_p21_hostile_scripts_in_every_worker_delay_others_by_one_run(scripts: TransformScripts):
    """Others wait for those that are running, not for the queue behind them."""
    endless = handler(ATTACKS["endless sort"])
    hostile = [
        asyncio.create_task(scripts.run(endless, CALL, owner=f"hostile {index % 2}")) for index in range(20)
    ]
    await asyncio.sleep(0.3)
    waited = await honest(scripts)
    assert sum(task.done() for task in hostile) <= 4
    assert waited < ANSWER_SECONDS
    for task in hostile:
        task.cancel()
    await asyncio.gather(*hostile, return_exceptions=True)


async def test_p21_scripts_of_one_endpoint_leave_the_other_worker_to_others(scripts: TransformScripts):
    hostile = [
        asyncio.create_task(scripts.run(handler("for (;;);"), CALL, owner="hostile")) for _ in range(50)
    ]
    waits = [await honest(scripts) for _ in range(20)]
    assert max(waits) < HONEST_SECONDS
    for task in hostile:
        task.cancel()
    await asyncio.gather(*hostile, return_exceptions=True)


async def test_p21_memory_that_hostile_scripts_took_is_there_again(scripts: TransformScripts):
    await honest(scripts)
    (worker,) = scripts._pool._idle
    for name in ("array growth", "typed-array growth", "string doubling") * 5:
        await scripts.run(handler(ATTACKS[name]), CALL, owner="hostile")
    await honest(scripts)
    assert scripts._pool._idle == [worker]
    if sys.platform.startswith("linux"):
        # The engine's own limit is 32 MiB, and the process needs about 13 for itself.
        assert peak_bytes(worker.process.pid) < 100 * 2**20


def peak_bytes(process: int) -> int:
    """The most memory that a process has had."""
    (largest_value,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(largest_value) * 2**10


async def test_p21_a_script_reaches_nothing_outside_the_engine(scripts: TransformScripts):
    names = (
        "require process std os scriptArgs print console fetch XMLHttpRequest WebSocket Worker WebAssembly "
        "Intl setTimeout setInterval Deno Bun java python load read readFile open navigator document"
    )
    look = f"return {{payload: '{names}'.split(' ').filter((name) => name in Function('return this')())}}"
    outcome = await scripts.run(handler(look), CALL, owner="hostile")
    assert isinstance(outcome, TransformedMessage)
    assert outcome.body == b"[]"


# The processes


async def test_a_worker_that_dies_by_itself_is_replaced(scripts: TransformScripts):
    await honest(scripts)
    (worker,) = scripts._pool._idle
    os.kill(worker.process.pid, signal.SIGKILL)
    await worker.process.wait()
    await honest(scripts)
    assert scripts._pool._idle != [worker]


async def test_a_worker_that_dies_under_a_script_fails_that_run_only(scripts: TransformScripts):
    await honest(scripts)
    (worker,) = scripts._pool._idle
    running = asyncio.create_task(scripts.run(handler("for (;;);"), CALL, owner="hostile"))
    await asyncio.sleep(0.1)
    os.kill(worker.process.pid, signal.SIGKILL)
    assert await running == TransformFailed("the script brought down the process that it ran in")
    await honest(scripts)


async def test_a_run_that_is_cancelled_leaves_no_answer_for_the_next(scripts: TransformScripts):
    await honest(scripts)
    slow = handler("const t = Date.now(); while (Date.now() < t + 300); return {payload: 'late'}")
    running = asyncio.create_task(scripts.run(slow, CALL, owner="a"))
    await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await honest(scripts, "a")


async def test_closing_waits_for_the_run_under_way_and_leaves_no_process(scripts: TransformScripts):
    await asyncio.gather(honest(scripts, "a"), honest(scripts, "b"))
    workers = list(scripts._pool._idle)
    slow = handler("const t = Date.now(); while (Date.now() < t + 200); return {payload: 'late'}")
    running = asyncio.create_task(scripts.run(slow, CALL, owner="a"))
    await asyncio.sleep(0.05)
    await scripts.close()
    assert isinstance(await running, TransformedMessage)
    assert all(worker.process.returncode is not None for worker in workers)
    assert await scripts.run(HONEST, CALL, owner="a") == TransformFailed("the server is stopping")


async def test_a_worker_that_can_not_be_started_fails_the_run_and_is_tried_again(
    scripts: TransformScripts, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patched:
        patched.setattr(transform_worker, "__file__", "/nowhere.py")
        outcome = await scripts.run(HONEST, CALL, owner="a")
        assert outcome == TransformFailed("the server could not start a process for the script")
    await honest(scripts)


def linux() -> None:
    if not sys.platform.startswith("linux"):
        skip_or_fail("this is about Linux")


async def test_a_worker_has_an_empty_environment_and_little_of_everything(scripts: TransformScripts):
    linux()
    await honest(scripts)
    (worker,) = scripts._pool._idle
    process = Path(f"/proc/{worker.process.pid}")
    assert (process / "environ").read_bytes() == b""
    assert len(list((process / "fd").iterdir())) <= transform_worker.DESCRIPTORS
    limits = {
        line[:25].strip(): line[25:].split()[:2] for line in (process / "limits").read_text().splitlines()
    }
    assert limits["Max address space"] == [str(256 * 2**20)] * 2
    assert limits["Max file size"] == limits["Max core file size"] == ["0", "0"]
    assert limits["Max open files"] == ["4", "4"]
    status = (process / "status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status


FORBIDDEN = """
import os, socket, sys
from crossdock.webhooks import transform_worker
def refused(act):
    try:
        act()
    except PermissionError:
        return True
    return False
tries = [
    lambda: socket.socket(), lambda: socket.socketpair(), lambda: os.open("/etc/passwd", os.O_RDONLY),
    lambda: os.kill(os.getppid(), 0), lambda: os.execv("/bin/true", ["true"]), lambda: os.listdir("/"),
    lambda: os.dup(0), os.fork,
]
locks = transform_worker._locks(os.getppid())
os.write(1, repr((locks, [refused(one) for one in tries])).encode())
"""


def test_a_worker_can_not_ask_the_system_for_anything():
    linux()
    done = subprocess.run([sys.executable, "-c", FORBIDDEN], capture_output=True, check=True, text=True)
    assert done.stdout == repr((["dies_with_parent", "no_new_privs", "system_calls"], [True] * 8))


PARENT = """
import asyncio
from crossdock.webhooks.transform import TransformCall, TransformScripts
async def main():
    async with TransformScripts(workers=1) as scripts:
        call = TransformCall(url="https://a.example/", payload=b"{}", event_type="order.created")
        await scripts.run("function handler(w) { return w; }", call, owner="a")
        print("worker", scripts._pool._idle[0].process.pid, flush=True)
        await scripts.run("function handler(w) { %s }", call, owner="a")
asyncio.run(main())
"""


@pytest.mark.parametrize("statements", [ATTACKS["endless sort"], "return new Promise(() => {});"])
def test_a_worker_ends_with_whoever_started_it(statements: str):
    linux()
    parent = subprocess.Popen([sys.executable, "-c", PARENT % statements], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    line = next(line for line in parent.stdout if line.startswith("worker "))
    worker = Path(f"/proc/{int(line.split()[1])}")
    time.sleep(0.1)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + ANSWER_SECONDS
    while worker.exists() and "Z (zombie)" not in (worker / "status").read_text():
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.01)
