"""Pure: problems → what a message says, before it takes the form of a channel.

Up to five are told each; more are grouped by kind, with how many there are and the first of each. What
others wrote (vendors, customers) is one line of printable characters, and clipped.
"""

import unicodedata
from collections.abc import Iterable, Sequence

import msgspec

from crossdock.alerts.kinds import kind_of
from crossdock.store.alerts.problems import AlertProblem
from crossdock.store.connections.access import withheld
from crossdock.wire import stamp

MOST_LINES = 5
MOST_EXAMPLES = 3
LONGEST_TEXT = 600
LONGEST_NAME = 120

OPENED, RESOLVED, DIGEST, TEST = "alert.opened", "alert.resolved", "alert.digest", "alert.test"


class AlertLine(msgspec.Struct, frozen=True, kw_only=True):
    """One problem, in words. link: where its connection is; empty: it is about none."""

    kind: str
    state: str
    """open, or resolved."""
    title: str
    text: str
    advice: str = ""
    since: str
    until: str | None = None
    count: int = 1
    connection_id: str = ""
    customer_id: str = ""
    functions: tuple[str, ...] = ()
    endpoint_id: str = ""
    link: str = ""

    @property
    def about(self) -> str:
        """The subject and the time, in a line."""
        parts = [
            self.customer_id and f"customer {self.customer_id}",
            self.connection_id and f"connection {self.connection_id}",
            self.endpoint_id and f"endpoint {self.endpoint_id}",
            self.functions and f"functions {', '.join(self.functions)}",
            f"since {self.since}" if self.until is None else f"from {self.since} to {self.until}",
        ]
        return " · ".join(part for part in parts if part)


class AlertGroup(msgspec.Struct, frozen=True, kw_only=True):
    """All problems of a kind, with the first of them."""

    kind: str
    state: str
    title: str
    count: int
    examples: tuple[AlertLine, ...]


class AlertContent(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a message: either each problem, or groups of them."""

    type: str
    at: str
    title: str
    opened: int = 0
    resolved: int = 0
    lines: tuple[AlertLine, ...] = ()
    groups: tuple[AlertGroup, ...] = ()
    closing: str = ""
    """A line at the end: why somebody gets this."""

    @property
    def examples(self) -> tuple[AlertLine, ...]:
        return self.lines + tuple(line for group in self.groups for line in group.examples)


def one_line_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text as one line without control characters, marks that turn its direction, and keys of ours."""
    printable = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    line = withheld(" ".join(printable.split()).encode()).decode()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def content_of(
    opened: Sequence[AlertProblem], resolved: Sequence[AlertProblem], base_url: str, now_ms: int
) -> AlertContent:
    """The message about these problems."""
    lines = [problem_line(problem, base_url) for problem in (*opened, *resolved)]
    is_short = len(lines) <= MOST_LINES
    return AlertContent(
        type=_type(opened, resolved),
        at=stamp(now_ms),
        title=_title(opened, resolved, lines),
        opened=len(opened),
        resolved=len(resolved),
        lines=tuple(lines) if is_short else (),
        groups=() if is_short else tuple(_groups(lines)),
    )


def trial_content(channel_name: str, base_url: str, now_ms: int) -> AlertContent:
    """The message of a test."""
    name = one_line_text(channel_name, LONGEST_NAME)
    line = AlertLine(
        kind="test", state="open", title="This is a test", since=stamp(now_ms),
        text=f"The channel {name} of {base_url} works: problems will be told here. Nothing is wrong.",
    )  # fmt: skip
    return AlertContent(type=TEST, at=stamp(now_ms), title="Test of alerts", lines=(line,))


def problem_line(problem: AlertProblem, base_url: str) -> AlertLine:
    """A problem in words."""
    kind, subject = kind_of(problem.kind), problem.subject
    name = one_line_text(subject.system or subject.endpoint_host, LONGEST_NAME)
    words = kind.title if problem.is_open else kind.over
    return AlertLine(
        kind=problem.kind,
        state="open" if problem.is_open else "resolved",
        title=f"{name}: {words}" if name else f"{words[:1].upper()}{words[1:]}",
        text=one_line_text(problem.message) if problem.is_open else "",
        advice=kind.advice if problem.is_open else "",
        since=stamp(problem.first_ms),
        until=None if problem.resolved_ms is None else stamp(problem.resolved_ms),
        count=problem.count,
        connection_id=subject.connection,
        customer_id=one_line_text(subject.customer, LONGEST_NAME),
        functions=subject.functions,
        endpoint_id=subject.endpoint,
        link=f"{base_url}/connections/{subject.connection}" if problem.connection_id else "",
    )


def _type(opened: Sequence[AlertProblem], resolved: Sequence[AlertProblem]) -> str:
    if len(opened) + len(resolved) > 1:
        return DIGEST
    return OPENED if opened else RESOLVED


def _title(
    opened: Sequence[AlertProblem], resolved: Sequence[AlertProblem], lines: Sequence[AlertLine]
) -> str:
    if len(lines) == 1:
        return lines[0].title
    parts = [_counted(len(opened), "problem")] if opened else []
    parts += [f"{len(resolved):,} resolved"] if resolved else []
    kinds = {line.kind for line in lines}
    if len(kinds) == 1:
        parts.append(kind_of(kinds.pop()).title)
    return ", ".join(parts)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _groups(lines: Iterable[AlertLine]) -> Iterable[AlertGroup]:
    """By kind, what stands before what is over, the most frequent first."""
    grouped: dict[tuple[str, str], list[AlertLine]] = {}
    for line in lines:
        grouped.setdefault((line.state, line.kind), []).append(line)
    for (state, name), members in sorted(grouped.items(), key=lambda pair: (pair[0][0], -len(pair[1]))):
        kind = kind_of(name)
        words = kind.title if state == "open" else kind.over
        yield AlertGroup(
            kind=name, state=state, title=f"{len(members):,} × {words}", count=len(members),
            examples=tuple(members[:MOST_EXAMPLES]),
        )  # fmt: skip
