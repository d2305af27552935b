"""Findings that have something in common, made one: a wrong carton, an address that is corrected again."""

from decimal import Decimal
from typing import Any

import msgspec

from crossdock.audit.findings import Direction, Finding
from crossdock.audit.stored import finding_id
from crossdock.jobs.queue import Lease
from crossdock.store.carriers import findings
from crossdock.store.carriers.findings import SCALE, FindingGroup
from crossdock.store.database.engine import Database
from crossdock.wire import decoder

LEAST_MEMBERS = {"carton": 5, "address": 2, "payer": 5}
"""By the kind of what they have in common: how many findings are shown as one."""
MOST_MEMBERS = 100
"""Members that a group names: the largest."""


async def group_findings(database: Database, connection_id: int, lease: Lease) -> list[Finding]:
    """Join the members of each group; return the findings that show them."""
    made: list[Finding] = []
    for group in await findings.groups(database, connection_id, lease.job.id):
        kind, *parts = decoder.decode(group.group_key)
        if group.findings < LEAST_MEMBERS[kind]:
            continue
        members = await findings.largest_of(database, connection_id, lease.job.id, group, MOST_MEMBERS)
        finding = _finding(group, kind, parts, members)
        async with database.transaction() as transaction:
            await lease.record_progress(transaction)
            await findings.join_group(
                transaction, connection_id, lease.job.id, group, finding_id(finding.rule, finding.key)
            )
        made.append(finding)
    async with database.transaction() as transaction:
        await lease.record_progress(transaction)
        ids = [finding_id(finding.rule, finding.key) for finding in made]
        await findings.leave_groups(transaction, connection_id, ids)
    return made


def _finding(
    group: FindingGroup, kind: str, parts: list[str], members: list[tuple[str, str | None, str]]
) -> Finding:
    detail: dict[str, Any] = {
        "parcels": group.findings,
        "members": [
            {"id": member[0], "tracking_number": member[1], "amount": Decimal(member[2])}
            for member in members
        ],
    }
    if kind == "carton":
        detail |= {"stated_weight": parts[1], "weight_unit": parts[2], "size": parts[3]}
        message = (
            f"{group.findings} parcels of {parts[1]} {parts[2]} were measured as {parts[3]}: one wrong carton"
        )
    elif kind == "address":
        message = f"one address was corrected {group.findings} times"
    else:
        words = "freight collect" if parts[1] == "collect" else "as third party"
        detail |= {"payer": parts[1]}
        message = f"{group.findings} parcels were billed to this account {words}"
    return Finding(
        group.rule, ("group", group.group_key, group.currency or "", group.direction),
        Decimal(group.scaled) / SCALE, group.currency, message, msgspec.convert(group.direction, Direction),
        certainty="certain", account_id=group.account_id, charged_on=group.charged_on,
        invoiced_on=group.invoiced_on, detail=detail,
    )  # fmt: skip
