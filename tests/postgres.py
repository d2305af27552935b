"""A PostgreSQL of one's own for tests, from Debian's package: in memory where there is room, never synced.

It belongs to the process that started it. What a killed process left behind is removed by the next.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.ports import free_port

ROOM_BYTES = 4 * 2**30
"""What has to be free in memory for files of tests to lie there."""
PREFIX = "crossdock-postgres-"
OPTIONS = (
    "fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=256MB",
    "max_connections=200", "autovacuum_naptime=1min",
)  # fmt: skip
"""What tests kill is never the machine: nothing has to be on a disk."""


def quick_folder() -> Path:
    """A folder for files that may be lost: in memory where there is room."""
    memory = Path("/dev/shm")
    with suppress(OSError):
        free = os.statvfs(memory)
        if free.f_bavail * free.f_frsize >= ROOM_BYTES and os.access(memory, os.W_OK):
            return memory
    return Path(tempfile.gettempdir())


def debian_binaries() -> Path | None:
    """The programs of the newest PostgreSQL of Debian's packages; None: there is none."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


@contextmanager
def own_postgres(binaries: Path) -> Iterator[str]:
    """The URL of a server that ends with this process's tests."""
    root = quick_folder()
    for left in root.glob(f"{PREFIX}*"):
        _remove_left(binaries, left)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=root))
    if user := _user():
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    settings = " ".join(f"-c {option}" for option in OPTIONS)
    try:
        _run(binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8",
             "--locale=C.UTF-8")  # fmt: skip
        _run(binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w",
             "-o", f"-h 127.0.0.1 -p {port} -k {folder} {settings}", "start")  # fmt: skip
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        _stop(binaries, folder)


def _user() -> str | None:
    """Who runs it: PostgreSQL refuses to be run by root."""
    return "postgres" if os.geteuid() == 0 else None


def _run(program: Path, *arguments: str | Path) -> None:
    # Files, not pipes: the server that is started keeps them open.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [program, *arguments], stdout=said, stderr=said, user=_user(), cwd="/", check=False, timeout=120
        )
        said.seek(0)
        assert done.returncode == 0, said.read().decode(errors="replace")


def _stop(binaries: Path, folder: Path) -> None:
    with suppress(AssertionError, subprocess.TimeoutExpired):
        _run(binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def _remove_left(binaries: Path, folder: Path) -> None:
    """Remove what a process left that is no more."""
    number = folder.name.removeprefix(PREFIX).partition("-")[0]
    if number.isdigit() and not Path(f"/proc/{number}").exists():
        _stop(binaries, folder)
