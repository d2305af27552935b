"""`make bench`, or `make bench ONLY=reads`: measures the claims, prints a table of ratios.

The results are also written to bench/results.json; `--before FILE` shows those of an earlier run beside
them, `--json` prints them in place of the table. Sizes: `BENCH_RECORDS`, `BENCH_ROUNDS` and the
others of `bench/scale.py`; `--quick` only shows that everything runs.
"""

import argparse
import importlib
import logging
import sys
from pathlib import Path

import structlog
from rich.console import Console

from bench.results import WIDTH, Result, as_json, read, show
from bench.run import opened
from bench.scale import scale

CLAIMS = (
    "footprint", "reads", "textbook", "first_sync", "resync", "webhooks", "freshness", "pages", "filters",
    "growth", "workers", "invoices", "audit", "invoice_storage", "doors", "explorer", "dashboard",
)  # fmt: skip
RESULTS = Path(__file__).parent / "results.json"


def main() -> int:
    arguments = _arguments()
    # What goes into a file is as wide as what is read in a terminal.
    console = Console(stderr=arguments.json, width=None if sys.stdout.isatty() else WIDTH)
    before = [] if arguments.before is None else read(arguments.before)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    results: list[Result] = []
    with opened(scale(arguments.quick), console) as bench:
        if bench.postgres is None:
            console.print("No PostgreSQL answers (BENCH_POSTGRES_URL): SQLite only.", style="yellow")
        for claim in arguments.only or CLAIMS:
            for result in importlib.import_module(f"bench.{claim}").run(bench):
                line = f"{claim}: {result.name}: {result.ratio:.3g} ({result.target})"
                console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)
                results.append(result)
    arguments.out.write_bytes(as_json(results))
    if arguments.json:
        sys.stdout.buffer.write(as_json(results))
    else:
        show(results, console, before)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[[], *CLAIMS], help="these claims; default: all")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: the numbers say nothing")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    parser.add_argument("--before", type=Path, help="results of an earlier run, to compare with")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where to write the JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
