"""What is sent has the documented form of each channel, and nothing in it that others could have planted."""

from dataclasses import replace
from email import message_from_bytes, policy
from typing import Any

import msgspec
import pytest

from crossdock.alerts.chat_templates import TEMPLATES, any_url, slack, teams
from crossdock.alerts.content import AlertContent, content_of, one_line_text, trial_content
from crossdock.alerts.mail_template import mail, plain_text
from crossdock.store.alerts.problems import AlertProblem, AlertSubject

NOW = 1_770_000_000_000
BASE = "https://crossdock.example"
HOSTILE = 'down <!channel> <https://evil.example|x> [x](https://evil.example) "><script>alert(1)</script> &'


def problem(number: int = 1, **fields: Any) -> AlertProblem:
    members: dict[str, Any] = {
        "id": f"prb_{number}", "organization_id": "org", "key": f"k{number}", "kind": "system_unavailable",
        "connection_id": number, "message": "no answer", "first_ms": NOW, "last_ms": NOW,
        "subject": AlertSubject(
            system="Acme", connection=f"c{number}", customer="customer-42", functions=("get_orders",)
        ),
    }  # fmt: skip
    return AlertProblem(**members | fields)


def content(*opened: AlertProblem, resolved: tuple[AlertProblem, ...] = ()) -> AlertContent:
    return content_of(opened, resolved, BASE, NOW)


def huge() -> AlertContent:
    kinds = (
        "system_unavailable",
        "request_refused",
        "missing_permission",
        "unexpected_answer",
        "no_progress",
    )
    return content(
        *(
            problem(
                number,
                kind=kinds[number % 5],
                message="ü" * 5000,
                subject=AlertSubject(system="S" * 500, customer="x" * 9000),
            )
            for number in range(1000)
        )
    )


# Slack


def test_slack_gets_blocks_of_the_documented_kinds_and_sizes():
    for said in (content(problem()), content(*(problem(n) for n in range(5))), huge()):
        message = slack(said)
        assert set(message) == {"text", "blocks"}
        assert 0 < len(message["blocks"]) <= 50
        header, *blocks = message["blocks"]
        assert header["type"] == "header"
        assert header["text"]["type"] == "plain_text"
        assert 0 < len(header["text"]["text"]) <= 150
        for block in blocks:
            assert block["type"] in ("section", "context", "divider")
            texts = [block["text"]] if block["type"] == "section" else block.get("elements", [])
            assert len(texts) <= 10
            assert all(0 < len(text["text"]) <= 3000 for text in texts)


def test_nothing_that_others_wrote_is_a_mention_or_a_link_of_slack():
    message = slack(
        content(problem(message=HOSTILE, subject=AlertSubject(system="<!here>", customer="<@U1>")))
    )
    assert message["text"] == "&lt;!here&gt;: the system can't be reached"
    marked_up = [
        element["text"]
        for block in message["blocks"]
        for element in [block.get("text", {}), *block.get("elements", [])]
        if element.get("type") == "mrkdwn"
    ]
    assert marked_up == [f"<{BASE}/connections/|Open>"]


# Teams


def test_teams_gets_an_adaptive_card_in_the_envelope_of_a_workflow():
    message = teams(content(problem()))
    assert message["type"] == "message"
    [attachment] = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open", "url": f"{BASE}/connections/c1"}]
    texts = [run["text"] for block in card["body"] for run in block["inlines"]]
    assert texts[0] == "Acme: the system can't be reached"


def test_nothing_that_others_wrote_is_marked_up_in_teams():
    [attachment] = teams(content(problem(message=HOSTILE)))["attachments"]
    # Text blocks read Markdown; runs of text don't.
    assert {block["type"] for block in attachment["content"]["body"]} == {"RichTextBlock"}


def test_a_card_stays_below_what_teams_takes():
    assert len(msgspec.json.encode(teams(huge()))) < 28_000


# Any URL, and e-mail


def test_a_url_gets_a_type_a_timestamp_and_data():
    message = any_url(content(problem(), resolved=(problem(2, resolved_ms=NOW),)))
    assert (message["type"], message["timestamp"]) == ("alert.digest", "2026-02-02T02:40:00Z")
    assert [line["state"] for line in message["data"]["problems"]] == ["open", "resolved"]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_every_template_can_tell_a_test(kind: str):
    assert (
        "Test of alerts" in msgspec.json.encode(TEMPLATES[kind](trial_content("On call", BASE, NOW))).decode()
    )


def a_mail(
    said: AlertContent, addresses: tuple[str, ...] = ("ops@example.com",), sender: str = "a@b.example"
) -> Any:
    raw = mail(said, "alert_1", addresses, sender, BASE).as_bytes()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    return message_from_bytes(raw, policy=policy.default)


def test_a_mail_has_text_and_html_and_an_id_that_stays():
    first, second = (
        mail(content(problem()), "alert_1", ("ops@example.com",), "Crossdock <a@b.example>", BASE).as_bytes()
        for _ in range(2)
    )
    assert first == second
    message = a_mail(content(problem()))
    assert message["Message-ID"] == "<alert_1@crossdock.example>"
    assert message["Subject"] == "[Crossdock] Acme: the system can't be reached"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in message.iter_parts())
    for word in ("no answer", "get_orders", "customer-42", f"{BASE}/connections/c1", "2026-02-02T02:40:00Z"):
        assert word in text
        assert word in html


@pytest.mark.parametrize(
    "planted", ["x\r\nBcc: all@evil.example", "x\nSubject: y", "x\x00y", "x\u2028y", "a\x0b\x0cb"]
)
def test_no_name_can_begin_another_header(planted: str):
    said = content(problem(subject=AlertSubject(system=planted, customer=planted), message=planted))
    message = a_mail(said)
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert "\n" not in message["Subject"]


def test_html_of_others_stays_text():
    html = next(
        part
        for part in a_mail(content(problem(message=HOSTILE))).iter_parts()
        if "html" in part.get_content_type()
    )
    assert "<script" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()


# Words


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\n\tb", "a b"),
        ("\u202etxt.exe", "txt.exe"),
        ("a\u200bb\ufeffc", "a b c"),
        ("x" * 700, "x" * 599 + "…"),
        ("key ck_" + "A" * 43 + " leaked", "key ck_*** leaked"),
    ],
)
def test_what_others_wrote_becomes_a_line_that_is_safe_to_show(text: str, line: str):
    assert one_line_text(text) == line


def test_up_to_five_are_told_each_and_more_are_grouped():
    five = content(*(problem(number) for number in range(5)))
    six = content(*(problem(number) for number in range(6)))
    assert (len(five.lines), len(five.groups)) == (5, 0)
    assert (len(six.lines), len(six.groups), six.groups[0].count) == (0, 1, 6)
    assert six.title == "6 problems, the system can't be reached"
    assert "… and 3 more." in plain_text(six)


def test_titles_say_how_many_stand_and_how_many_are_over():
    over = replace(problem(2, kind="request_refused"), resolved_ms=NOW)
    assert content(problem(), resolved=(over,)).title == "1 problem, 1 resolved"
    assert content(resolved=(over,)).type == "alert.resolved"
