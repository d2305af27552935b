"""Pure: what a message says → an e-mail, as plain text and as HTML with nothing to load.

Every header is made of one printable line, so none can begin another. The Message-ID follows from the alert:
who gets a mail twice, since we died before we noted that it was taken, can tell.
"""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from html import escape
from urllib.parse import urlsplit

from crossdock.alerts.content import AlertContent, AlertLine, one_line_text

LONGEST_SUBJECT = 180


def mail(
    content: AlertContent, alert_id: str, addresses: tuple[str, ...], sender: str, base_url: str
) -> EmailMessage:
    """The e-mail of an alert. sender: an address, with a name if it has one."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _from(sender)
    message["To"] = [Address(addr_spec=address) for address in addresses]
    message["Subject"] = one_line_text(f"[Crossdock] {content.title}", LONGEST_SUBJECT)
    message["Date"] = datetime.fromisoformat(content.at)
    message["Message-ID"] = message_id(alert_id, base_url)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain_text(content), cte="quoted-printable")
    message.add_alternative(_html(content), subtype="html", cte="quoted-printable")
    # A boundary by chance would make the second mail of an alert another one than the first.
    message.set_boundary(f"=_{alert_id}")
    return message


def _from(sender: str) -> Address:
    name, address = parseaddr(sender)
    return Address(display_name=one_line_text(name), addr_spec=address)


def message_id(alert_id: str, base_url: str) -> str:
    return f"<{alert_id}@{urlsplit(base_url).hostname or 'crossdock.invalid'}>"


def plain_text(content: AlertContent) -> str:
    """The text of a message, for people who read text."""
    blocks = ["\n".join(_text_lines(line)) for line in content.lines]
    for group in content.groups:
        blocks.append(group.title.upper())
        blocks += ["\n".join(_text_lines(line)) for line in group.examples]
        if group.count > len(group.examples):
            blocks.append(f"… and {group.count - len(group.examples):,} more.")
    if content.closing:
        blocks.append(content.closing)
    return "\n\n".join(blocks) + "\n"


def _text_lines(line: AlertLine) -> list[str]:
    return [text for text in (line.title, line.text, line.advice, line.about, line.link) if text]


def _html(content: AlertContent) -> str:
    parts = [_html_line(line) for line in content.lines]
    for group in content.groups:
        parts.append(f"<h2>{escape(group.title)}</h2>")
        parts += [_html_line(line) for line in group.examples]
        if group.count > len(group.examples):
            parts.append(f"<p>… and {group.count - len(group.examples):,} more.</p>")
    if content.closing:
        parts.append(f"<p><small>{escape(content.closing)}</small></p>")
    title = escape(content.title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>{''.join(parts)}</body></html>"
    )


def _html_line(line: AlertLine) -> str:
    words = "<br>".join(escape(text) for text in (line.text, line.advice) if text)
    link = f' · <a href="{escape(line.link)}">Open</a>' if line.link else ""
    return (
        f"<h3>{escape(line.title)}</h3>{f'<p>{words}</p>' if words else ''}"
        f"<p><small>{escape(line.about)}{link}</small></p>"
    )
