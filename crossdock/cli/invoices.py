"""`crossdock invoices`: what is in carriers' invoice files, without a server or a database."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Carriers' invoice files: read, checked and added up.")

Files = Annotated[list[Path], typer.Argument(help="Invoice files, CSV or XLSX.", metavar="FILE…")]
Carrier = Annotated[str | None, typer.Option(help="Whose they must be; default: what they turn out to be.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def parse(
    files: Files,
    carrier: Carrier = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="With --json: each charge with its whole record.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read invoice files: their charges, what does not fit, and whether they come to what they state.

    With --json each file is one line: an object with its `line_items`, `errors` and `summary`.
    The exit code is 0 when all is read, 1 when something did not fit or is not reconciled, 2 when a file
    is refused.
    """
    from crossdock.cli import invoice_files

    raise typer.Exit(max(invoice_files.parse(file, carrier, raw=raw, as_json=as_json) for file in files))


@app.command()
def report(
    files: Files,
    carrier: Carrier = None,
    by: Annotated[
        str, typer.Option(help="What to add up by: charge, service, month, carrier; commas between.")
    ] = "charge,service,month",
    csv: Annotated[Path | None, typer.Option(help="Also write the table to this CSV file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add up what invoice files charge: by charge, service and month.

    Example: `crossdock invoices report january.csv february.csv --by month,carrier --csv spend.csv`
    """
    from crossdock.cli import invoice_report
    from crossdock.cli.output import stop
    from crossdock.errors import CrossdockError

    try:
        code = invoice_report.report(files, carrier, by, target=csv, as_json=as_json)
    except CrossdockError as problem:
        stop(problem, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def audit(  # noqa: PLR0913, PLR0917 - each is an option
    files: Files,
    carrier: Carrier = None,
    divisor: Annotated[
        str | None, typer.Option(help="What volumes are divided by, in the units of the invoices: 139.")
    ] = None,
    rate_card: Annotated[Path | None, typer.Option(help="Agreed prices or discounts, as CSV.")] = None,
    min_amount: Annotated[str | None, typer.Option(help="Leave out findings of less: 5.00.")] = None,
    direction: Annotated[
        str | None, typer.Option(help="Only recoverable, credited, avoidable or to_look_at.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Also write findings to this file, for claims.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong in what invoice files charge: duplicates, weights, corrections, fees and more.

    The exit code is 0 when nothing is recoverable, 1 when something is, 2 when a file or an option is
    refused.

    Example: `crossdock invoices audit january.csv --divisor 139 --min-amount 5 --csv claims.csv`
    """
    import asyncio

    from crossdock.cli import invoice_audit, invoice_files
    from crossdock.cli.output import stop
    from crossdock.errors import CrossdockError

    options = invoice_audit.AuditOptions(
        carrier=carrier, divisor=divisor, rate_card=rate_card, min_amount=min_amount, direction=direction,
        target=csv, as_json=as_json,
    )  # fmt: skip
    try:
        code = asyncio.run(invoice_audit.audit(files, options))
    except CrossdockError as problem:
        stop(problem, as_json=as_json, code=invoice_files.REFUSED)
    raise typer.Exit(code)
