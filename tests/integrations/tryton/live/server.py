"""A real Tryton: installed and seeded once per machine, started for a test run on a copy of its data.

    ../shared/peers/tryton/setup.sh ── cache folder ── copy of the database ── trytond on a free port

The cache is outside the checkout (CROSSDOCK_PEERS_DIR) and stays as it was seeded. In the copy all stamps lie
one day back, so that what a test changes is newer than all else.
"""

import base64
import fcntl
import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ports import free_port

DATABASE = "tryton"
PASSWORD = "admin"
INSTALL_SECONDS = 900
START_SECONDS = 60


class DidNotInstall(Exception):
    """The set-up script failed; the message ends with its last words."""


class Refused(Exception):
    """Tryton answered a call with an error."""

    def __init__(self, method: str, kind: str, about: Any) -> None:
        super().__init__(f"{method}: {kind} {about}"[:500])
        self.kind = kind
        self.about = about


@dataclass
class Tryton:
    """A running server, and its administrator's way in. `url` ends with the database's name."""

    url: str
    user: str = "admin"
    password: str = PASSWORD
    database: Path = Path()
    """The file of its database."""
    _session: str = field(default="", repr=False)
    _context: dict[str, Any] = field(default_factory=dict, repr=False)

    def call(self, method: str, *params: Any, **context: Any) -> Any:
        """What a method returns. Its last parameter is added: the preferences and the context given."""
        if not self._session:
            user_id, token, *_ = self._exchange(
                "common.db.login", self.user, {"password": self.password}, "en"
            )
            self._session = base64.b64encode(f"{self.user}:{user_id}:{token}".encode()).decode()
            self._context = self._exchange("model.res.user.get_preferences", True, {})
        return self._exchange(method, *params, self._context | context)

    def find(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        """The records that match, by id, archived ones too."""
        method, names = f"model.{model}.search_read", ["id", *fields]
        records: list[dict[str, Any]] = self.call(
            method, domain, 0, None, [["id", "ASC"]], names, active_test=False
        )
        return records

    def count(self, model: str) -> int:
        return int(self.call(f"model.{model}.search_count", []))

    def make(self, model: str, **values: Any) -> int:
        """The id of a new record."""
        return int(self.call(f"model.{model}.create", [values])[0])

    def change(self, model: str, record: int, **values: Any) -> None:
        self._agreeing(f"model.{model}.write", [record], values)

    def press(self, model: str, record: int, *buttons: str) -> None:
        """Presses buttons of a record's form, one after the other."""
        for button in buttons:
            self._agreeing(f"model.{model}.{button}", [record])

    def end_sessions(self) -> None:
        """What time or an administrator does to all who are signed in."""
        with closing(sqlite3.connect(self.database, timeout=10)) as database:
            database.execute("DELETE FROM ir_session")
            database.commit()
        self._session = ""

    def _agreeing(self, method: str, *params: Any) -> None:
        """Makes a call, and agrees to the warnings that Tryton has first."""
        while True:
            try:
                self.call(method, *params)
            except Refused as refusal:
                if refusal.kind != "UserWarning":
                    raise
                self.make("res.user.warning", user=1, name=refusal.about[0], always=True)
            else:
                return

    def _exchange(self, method: str, *params: Any) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Session {self._session}"}
        request = urllib.request.Request(f"{self.url}/rpc/", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            reply = json.load(answer)
        if "error" in reply:
            raise Refused(method, *reply["error"])
        return reply["result"]


def cache_folder() -> Path:
    crossdock_peers_dir = os.environ.get("CROSSDOCK_PEERS_DIR")
    return (
        Path(crossdock_peers_dir) if crossdock_peers_dir else Path.home() / ".cache" / "crossdock" / "peers"
    )


def installed(peer: Path, cache: Path) -> Path:
    """The folder of the seeded installation, which is made when it is not there. Safe in parallel runs.

    peer: the folder with `setup.sh`. Raises DidNotInstall.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".tryton.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = cache / "tryton"
        if not _is_complete(folder, peer):
            _install(peer, cache)
        return folder


def begin_to_install(peer: Path) -> None:
    """Has another process install it, if it must be, while other tests run; `installed` waits for that."""
    if not _is_complete(cache_folder() / "tryton", peer):
        subprocess.Popen(
            [sys.executable, "-m", __name__, str(peer)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def _is_complete(folder: Path, peer: Path) -> bool:
    pinned, present = peer / "requirements.txt", folder / "venv" / "installed.txt"
    seeded = (folder / "api-key").exists() and _seed(folder).exists()
    return seeded and present.exists() and present.read_bytes() == pinned.read_bytes()


def _install(peer: Path, cache: Path) -> None:
    environment = os.environ | {"TRYTON_PORT": str(free_port()), "TRYTON_PASSWORD": PASSWORD}
    command = [str(peer / "setup.sh"), str(cache)]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise DidNotInstall(f"{command[0]} took more than {INSTALL_SECONDS} s") from None
    if done.returncode:
        raise DidNotInstall(f"{command[0]} failed: {(done.stderr or done.stdout)[-1000:]}")
    # The script leaves a server running; the tests start their own on a copy.
    subprocess.run([str(peer / "stop.sh"), str(cache)], check=True, capture_output=True)


MORE_MODULES = ("product_kit", "sale_supply_drop_shipment")
MORE_PACKAGES = (
    "trytond_product_kit==8.0.4",
    "trytond_purchase_request==8.0.1",
    "trytond_sale_supply==8.0.1",
    "trytond_sale_supply_drop_shipment==8.0.1",
    "trytond_stock_supply==8.0.0",
)


def with_more_modules(folder: Path, cache: Path) -> Path:
    """The seeded data in a database with further modules, which is made once per machine.

    Raises DidNotInstall.
    """
    with (cache / ".tryton.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        at = folder / "db-more"
        if not (at / "activated").exists():
            at.mkdir(exist_ok=True)
            (at / f"{DATABASE}.sqlite").unlink(missing_ok=True)
            copy_database(_seed(folder), at / f"{DATABASE}.sqlite")
            configuration = _configure(at, free_port())
            pip = [str(folder / "venv/bin/pip"), "install", "-q", "--no-deps", *MORE_PACKAGES]
            admin = [str(folder / "venv/bin/trytond-admin"), "-c", str(configuration), "-d", DATABASE]
            for command in (pip, [*admin, "-u", *MORE_MODULES, "--activate-dependencies"]):
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
                )
                if done.returncode:
                    raise DidNotInstall(f"{command[0]} failed: {done.stderr[-1000:]}")
            (at / "activated").touch()
        return at / f"{DATABASE}.sqlite"


def _configure(at: Path, port: int) -> Path:
    configuration = at / "trytond.conf"
    configuration.write_text(
        f"[database]\nuri = sqlite://\npath = {at}\n"
        f"[web]\nlisten = 127.0.0.1:{port}\n"
        "[session]\nauthentications = password\n"
        "[password]\nlength = 4\nentropy = 0\n"
    )
    return configuration


@contextmanager
def running(folder: Path, at: Path, database: Path | None = None) -> Iterator[Tryton]:
    """A server of its own on a copy of the seeded data, in the folder `at`. It ends with the block.

    database: to be copied in place of the one that the set-up made.
    """
    port = free_port()
    copy_database(database or _seed(folder), at / f"{DATABASE}.sqlite")
    configuration = _configure(at, port)
    command = [str(folder / "venv/bin/trytond"), "-c", str(configuration), "-d", DATABASE]
    with (at / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_up(process, port, at / "server.log")
        yield Tryton(f"http://127.0.0.1:{port}/{DATABASE}", database=at / f"{DATABASE}.sqlite")
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def copy_database(source: Path, target: Path) -> None:
    """A copy, taken safely from under a running server, with every stamp one day back."""
    origin = f"file:{source}?mode=ro"
    with closing(sqlite3.connect(origin, uri=True)) as seeded, closing(sqlite3.connect(target)) as copy:
        seeded.backup(copy)
        _move_stamps_back(copy)


def _move_stamps_back(database: sqlite3.Connection) -> None:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        columns = {column[1] for column in database.execute(f'PRAGMA table_info("{table}")')}
        for column in sorted(columns & {"create_date", "write_date"}):
            database.execute(
                f'UPDATE "{table}" SET "{column}" = strftime(\'%Y-%m-%d %H:%M:%f\', "{column}", \'-1 day\')'
            )
    database.commit()


def _wait_until_up(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            Tryton(f"http://127.0.0.1:{port}")._exchange("common.server.version")
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"trytond did not start: {log.read_text(errors='replace')[-2000:]}")


def _seed(folder: Path) -> Path:
    return folder / "db" / f"{DATABASE}.sqlite"


if __name__ == "__main__":
    installed(Path(sys.argv[1]), cache_folder())
