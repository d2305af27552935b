"""Pure: what a message says → the JSON that Slack, Teams or any URL is sent.

Slack: Block Kit, at most 50 blocks, 150 characters of a header, 3,000 of a section. What others wrote stands
as plain text, where nothing is a mention or a link. Teams: an Adaptive Card in the envelope that the workflow
"when a webhook request is received" takes, below 28 KB; text runs, which know no markup, for the same reason.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from crossdock.alerts.content import AlertContent, AlertLine

LONGEST_HEADER, LONGEST_SECTION, MOST_BLOCKS = 150, 3000, 50
MOST_CARD_BYTES = 24_000
"""Of a card: the envelope of 28 KB has room for what Teams adds."""

Json = dict[str, Any]


def slack(content: AlertContent) -> Json:
    """A message of an incoming webhook of Slack, or of who takes the same."""
    blocks: list[Json] = [{"type": "header", "text": _plain(content.title, LONGEST_HEADER)}]
    for heading, lines in _parts(content):
        if heading:
            blocks += [{"type": "divider"}, _section(heading)]
        for line in lines:
            blocks.append(_section("\n".join(_words(line))))
            blocks.append(_slack_context(line))
    return {"text": _escaped(content.title), "blocks": blocks[:MOST_BLOCKS]}


def _section(text: str) -> Json:
    return {"type": "section", "text": _plain(text, LONGEST_SECTION)}


def _plain(text: str, longest: int) -> Json:
    return {"type": "plain_text", "text": text[:longest], "emoji": False}


def _slack_context(line: AlertLine) -> Json:
    elements: list[Json] = [_plain(line.about, LONGEST_SECTION)]
    if line.link:
        elements.append({"type": "mrkdwn", "text": f"<{_escaped(line.link)}|Open>"})
    return {"type": "context", "elements": elements}


def _escaped(text: str) -> str:
    """Text in which nothing is a link or a mention of Slack's."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def teams(content: AlertContent) -> Json:
    """A message of the workflow of Teams that takes webhooks."""
    body: list[Json] = [_runs(content.title, size="large", weight="bolder")]
    for heading, lines in _parts(content):
        if heading:
            body.append(_runs(heading, weight="bolder"))
        for line in lines:
            first, *more = _words(line)
            body.append(_runs(first, weight="bolder"))
            body += [_runs(text) for text in more]
            body.append(_runs(line.about, isSubtle=True))
    links = dict.fromkeys(line.link for line in content.examples if line.link)
    card: Json = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
        "version": "1.4", "body": body,
    }  # fmt: skip
    if len(links) == 1:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": next(iter(links))}]
    while len(msgspec.json.encode(card)) > MOST_CARD_BYTES:
        body.pop()
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card,
    }  # fmt: skip
    return {"type": "message", "attachments": [attachment]}


def _runs(text: str, **style: Any) -> Json:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text} | style]}


def any_url(content: AlertContent) -> Json:
    """A webhook of ours, in the envelope of Standard Webhooks."""
    return {
        "type": content.type,
        "timestamp": content.at,
        "data": {
            "title": content.title,
            "opened": content.opened,
            "resolved": content.resolved,
            "problems": [_shown(line) for line in content.lines],
            "groups": [
                {
                    "kind": group.kind, "state": group.state, "title": group.title, "count": group.count,
                    "examples": [_shown(line) for line in group.examples],
                }
                for group in content.groups
            ],
        },
    }  # fmt: skip


def _shown(line: AlertLine) -> Json:
    return {
        "kind": line.kind,
        "state": line.state,
        "title": line.title,
        "message": line.text,
        "advice": line.advice,
        "count": line.count,
        "since": line.since,
        "until": line.until,
        "connection_id": line.connection_id or None,
        "customer_id": line.customer_id or None,
        "functions": list(line.functions),
        "endpoint_id": line.endpoint_id or None,
        "link": line.link or None,
    }


def _parts(content: AlertContent) -> Iterator[tuple[str, tuple[AlertLine, ...]]]:
    """(heading, lines): each problem, or each group with its first ones."""
    if content.lines:
        yield "", content.lines
    for group in content.groups:
        yield group.title, group.examples


def _words(line: AlertLine) -> list[str]:
    return [text for text in (line.title, line.text, line.advice) if text]


TEMPLATES: Mapping[str, Callable[[AlertContent], Json]] = {"slack": slack, "teams": teams, "url": any_url}
"""By the kind of channel."""
