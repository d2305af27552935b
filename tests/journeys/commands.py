"""The command line as people use it: real processes, with settings of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import structlog
import typer
from typer.testing import CliRunner

from crossdock.cli import main
from tests.journeys.server import LONGEST_SECONDS, until
from tests.ports import free_port


def commands(tree: Any, *before: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command there is, with the words it is called by."""
    for name, command in tree.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield (*before, name), command


COMMANDS = dict(commands(typer.main.get_command(main.app)))
"""By the words that each is called by."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """Where commands run: a folder, and nothing in the environment but these settings."""

    folder: Path
    settings: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CROSSDOCK_")}
        return clean | {"COLUMNS": "80"} | self.settings

    def run(self, *arguments: str, typed: str = "", **settings: str) -> Done:
        """Runs a command to its end. settings: further variables, "" takes one away."""
        done = subprocess.run(
            self._command(arguments), env=self.environment | settings, cwd=self.folder, input=typed,
            capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    def call(self, *arguments: str, typed: str = "", **settings: str) -> Done:
        """The same inside this process: quick, for what a command says rather than how it runs."""
        absent = {name: None for name in os.environ if name.startswith("CROSSDOCK_")}
        logging = structlog.get_config()
        try:
            done = CliRunner().invoke(
                main.app, list(arguments), prog_name="crossdock", input=typed,
                env={**absent, "COLUMNS": "80", **self.settings, **settings},
            )  # fmt: skip
        finally:
            structlog.configure(**logging)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    @contextmanager
    def running(self, *arguments: str, **settings: str) -> Iterator["Running"]:
        """A service, from its start to the end of the block; it must end well by itself."""
        log = self.folder / f"{arguments[0]}-{free_port()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._command(arguments), env=self.environment | settings, cwd=self.folder, stdout=output,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        service = Running(process, log)
        try:
            yield service
            if process.returncode is None:
                service.stop()
        finally:
            process.kill()
            process.wait()

    @staticmethod
    def _command(arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "crossdock", *arguments]


@dataclass(frozen=True)
class Running:
    """A service that runs."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, url: str) -> None:
        """Returns when the server answers; fails at once when the process ends instead."""
        until(lambda: self._answers(url))

    def _answers(self, url: str) -> bool:
        assert self.process.poll() is None, self.said
        try:
            return httpx.get(f"{url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> float:
        """Asks it to end, as an operating system does; the seconds that took."""
        assert self.process.poll() is None, self.said
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(LONGEST_SECONDS) == 0, self.said
        return time.monotonic() - begun
