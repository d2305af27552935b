"""`crossdock invoices audit`: the audit's rules over invoice files, without a server."""

import csv
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import structlog
from rich.markup import escape

from crossdock.audit.claiming import COLUMNS, claim_row, has_charges
from crossdock.audit.findings import DIRECTIONS, RULES
from crossdock.audit.of_files import Choices, FileAudit, open_file_audit
from crossdock.audit.rate_cards import read_rate_card
from crossdock.cli.invoice_files import REFUSED, batches, opened, refused, shown_name
from crossdock.cli.output import errors, print_json, print_table, say
from crossdock.errors import FileRefused, Invalid
from crossdock.invoices.contract import LineItem
from crossdock.services.clock import now_ms
from crossdock.store.carriers.findings import FindingSearch

NOTHING, RECOVERABLE = 0, 1
"""Exit codes."""
LARGEST = 20
"""Findings shown to people; the CSV and the JSON have all."""
MOST_DIVISOR = Decimal(100_000)


@dataclass(frozen=True)
class AuditOptions:
    """The options of the command, as they were written."""

    carrier: str | None = None
    divisor: str | None = None
    rate_card: Path | None = None
    min_amount: str | None = None
    direction: str | None = None
    target: Path | None = None
    as_json: bool = False


async def audit(files: Sequence[Path], options: AuditOptions) -> int:
    """Print what is wrong in the files. Returns the exit code."""
    # Of its own work it says what matters itself.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    search = _search(options)
    choices = Choices(_divisor(options.divisor), _rate_card(options.rate_card))
    async with open_file_audit(choices, now_ms) as file_audit:
        are_read = [await _add(file_audit, file, options.carrier) for file in files]
        with errors.status("looking for what is wrong …"):
            await file_audit.audit()
        records = [record async for record in file_audit.findings(search)]
        if options.target is not None:
            _write(options.target, records)
        is_recoverable = any(
            record["direction"] == "recoverable" and record["amount"] > 0 for record in records
        )
        _print(records, options)
    if not all(are_read):
        return REFUSED
    return RECOVERABLE if is_recoverable else NOTHING


async def _add(file_audit: FileAudit, file: Path, carrier: str | None) -> bool:
    """Take a file in; False: it is refused."""
    with ExitStack() as stack:
        try:
            reading = stack.enter_context(opened(file, carrier))
        except FileRefused as problem:
            refused(file, problem)
            return False
        for batch in stack.enter_context(batches(reading)):
            await file_audit.add(reading.carrier, [item for item in batch if isinstance(item, LineItem)])
        await file_audit.add_invoices(reading.carrier, shown_name(file), reading.invoices())
    return True


def _search(options: AuditOptions) -> FindingSearch:
    equal = {}
    if options.direction is not None:
        if options.direction not in DIRECTIONS:
            raise _misfit("direction", options.direction, f"one of {', '.join(DIRECTIONS)}")
        equal["direction"] = options.direction
    least = None if options.min_amount is None else _number("min-amount", options.min_amount)
    return FindingSearch(equal, least=least, shows_parts=True)


def _divisor(text: str | None) -> Decimal | None:
    if text is None:
        return None
    divisor = _number("divisor", text)
    if not 0 < divisor <= MOST_DIVISOR:
        raise _misfit("divisor", text, f"a number above 0, at most {MOST_DIVISOR}")
    return divisor


def _number(option: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= 10**14:
        raise _misfit(option, text, "a number such as 12.50")
    return number


def _rate_card(path: Path | None) -> str | None:
    """The text of a rate card, which can be read as one."""
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
        read_rate_card(text)
    except OSError as problem:
        raise Invalid({"options": {"rate-card": [f"{path} can't be read: {problem.strerror}"]}}) from None
    except UnicodeDecodeError:
        raise Invalid({"options": {"rate-card": [f"{path} is no UTF-8"]}}) from None
    except FileRefused as problem:
        raise Invalid({"options": {"rate-card": [f"{path}: {problem}"]}}) from None
    return text


def _misfit(option: str, text: str, wanted: str) -> Invalid:
    return Invalid({"options": {option: [f"is {text[:40]!r}, wanted {wanted}"]}})


def _print(records: Sequence[dict[str, Any]], options: AuditOptions) -> None:
    members = [record for record in records if has_charges(record)]
    if options.as_json:
        print_json({"totals": _totals(members), "findings": list(records)})
        return
    totals = [
        {**total, "amount": f"{total['amount']:,.2f}", "meaning": RULES[total["rule"]].meaning}
        for total in _totals(members)
    ]
    print_table("By rule", totals, "Nothing is found.")
    _print_largest([record for record in records if record["part_of"] is None])
    if not any(record["direction"] == "recoverable" for record in members):
        say("[green]Nothing is to be claimed.[/]")


def _print_largest(records: Sequence[dict[str, Any]]) -> None:
    """Print the largest findings, and what could not be judged."""
    judged = [record for record in records if record["rule"] != "not_judged"]
    judged.sort(key=lambda record: -record["amount"])
    if judged:
        print_table("The largest findings", [_line(record) for record in judged[:LARGEST]], "")
    if len(judged) > LARGEST:
        say(f"… and {len(judged) - LARGEST:,} more: --csv FILE and --json have all")
    for record in records:
        if record["rule"] == "not_judged":
            say(f"[yellow]Not judged:[/] {escape(record['message'])}")


def _totals(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sums by carrier, direction, rule and currency; to be claimed first."""
    sums: Counter[tuple[str, str, str, str]] = Counter()
    amounts: dict[tuple[str, str, str, str], Decimal] = {}
    for record in records:
        key = (record["direction"], record["rule"], record["carrier"], record["currency"] or "")
        sums[key] += 1
        amounts[key] = amounts.get(key, Decimal(0)) + record["amount"]
    ordered = sorted(sums, key=lambda key: (DIRECTIONS.index(key[0]), -amounts[key], *key))
    return [
        {
            "direction": key[0], "rule": key[1], "carrier": key[2], "findings": sums[key],
            "amount": amounts[key], "currency": key[3],
        }
        for key in ordered
    ]  # fmt: skip


def _line(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "tracking": record["tracking_number"] or "", "direction": record["direction"], "rule": record["rule"],
        "amount": f"{record['amount']:,.2f}", "currency": record["currency"] or "", "why": record["message"],
    }  # fmt: skip


def _write(target: Path, records: Sequence[dict[str, Any]]) -> None:
    """Write what a claim needs; the members of a group, not the group."""
    try:
        with target.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(claim_row(record) for record in records if has_charges(record))
    except OSError as problem:
        message = f"{target} can't be written: {problem.strerror}"
        raise Invalid({"options": {"csv": [message]}}) from None
