"""Reading invoice files of every layout to line items, against taking the same file apart with csv.reader.

Both read from the disk cache; ours also decides whose file it is, parses every amount and date, gives every
charge its id and checks the sums. The memory is that of a process that does nothing else.
"""

import csv
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.invoice_files import LAYOUTS, Made
from bench.results import Result, at_least, at_most
from bench.rounds import interleaved
from bench.run import Bench
from crossdock.invoices.reading import open_invoices

MOST_MEGABYTES = 150
_ALONE = """
import re, sys
from pathlib import Path
from crossdock.invoices.reading import open_invoices
with open_invoices(Path(sys.argv[1])) as reading:
    for _ in reading.batches():
        pass
# Not ru_maxrss: that counts what the process was before it became this one.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def run(bench: Bench) -> Iterator[Result]:
    rows = bench.scale.invoice_rows
    for name, layout in LAYOUTS.items():
        path = bench.folder / "invoice.csv"
        layout.write(path, rows)
        mine, theirs = interleaved(
            bench.scale.rounds, partial(_ours, path, rows), partial(_theirs, path, layout)
        )
        yield at_least(
            0.25, name=f"invoices of {rows:,} rows, {name}", against="csv.reader", ours=mine, theirs=theirs,
            unit="rows/s",
        )  # fmt: skip
        yield at_most(
            1.0, name=f"memory for {rows:,} rows, {name}", against=f"{MOST_MEGABYTES} MB", ours=_memory(path),
            theirs=MOST_MEGABYTES, unit="MB",
        )  # fmt: skip
        path.unlink()


def _ours(path: Path, rows: int) -> float:
    began = time.perf_counter()
    charges = 0
    with open_invoices(path) as reading:
        for batch in reading.batches():
            charges += len(batch)
    seconds = time.perf_counter() - began
    if reading.summary.errors or charges < rows:
        raise RuntimeError(f"{charges} charges of {rows} rows, {reading.summary}")
    return rows / seconds


def _theirs(path: Path, layout: Made) -> float:
    began = time.perf_counter()
    count = 0
    with path.open(newline="", encoding="utf-8") as file:
        for _ in csv.reader(file, delimiter=layout.delimiter):
            count += 1
    return count / (time.perf_counter() - began)


def _memory(path: Path) -> float:
    """Megabytes that a process of its own takes at most."""
    done = subprocess.run(
        [sys.executable, "-c", _ALONE, str(path)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)
