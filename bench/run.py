"""What every benchmark is given: sizes, a folder that is gone afterwards, databases of each kind."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.million import million
from bench.scale import Scale
from bench.stores import Prepared, Stores, postgres_server


@dataclass
class Bench:
    """One run of benchmarks."""

    scale: Scale
    folder: Path
    console: Console
    sqlite: Stores
    postgres: Stores | None
    _stack: ExitStack
    _millions: dict[str, Prepared]

    @property
    def kinds(self) -> list[Stores]:
        """SQLite, and PostgreSQL where there is one."""
        return [self.sqlite] if self.postgres is None else [self.sqlite, self.postgres]

    def million(self, stores: Stores) -> Prepared:
        """The database with a million orders: made once in a run."""
        if stores.label not in self._millions:
            prepared = self._stack.enter_context(stores.fresh())
            with self.console.status(f"making {self.scale.records:,} orders on {stores.label}"):
                million(prepared, self.scale.records)
            self._millions[stores.label] = prepared
        return self._millions[stores.label]


@contextmanager
def _bytecode_kept(folder: Path) -> Iterator[None]:
    """Servers find their modules compiled, as where they were installed; only the first start compiles."""
    before = dict(os.environ)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def opened(scale: Scale, console: Console) -> Iterator[Bench]:
    """A run; whatever it made is gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="crossdock-bench-")))
        stack.enter_context(_bytecode_kept(folder / "bytecode"))
        sqlite = Stores(folder)
        stack.callback(sqlite.close)
        server = postgres_server()
        postgres = None if server is None else Stores(folder, server)
        if postgres is not None:
            stack.callback(postgres.close)
        yield Bench(scale, folder, console, sqlite, postgres, stack, {})
