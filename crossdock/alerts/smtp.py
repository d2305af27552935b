"""Handing an e-mail to the operator's mail server: one connection for each, and so long and no longer.

smtps://user:password@host:465    TLS from the first byte
smtp://user:password@host:587     STARTTLS, and nothing is sent without it
smtp://host:25                    STARTTLS where the server offers it
smtp://…?tls=off                  none, for a mail server on the same machine
"""

import asyncio
import base64
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from crossdock.errors import SettingsError, printable

MOST_SAID = 300
DEFAULT_PORTS, SUBMISSION_PORT = {"smtp": 25, "smtps": 465}, 587
LONGEST_ADDRESS = 254
_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_STARTTLS = {"required": True, "optional": None, "off": False}


@dataclass(frozen=True)
class MailServer:
    """The operator's mail server. start_tls: None: where it is offered."""

    host: str
    port: int
    user: str
    password: str
    use_tls: bool
    start_tls: bool | None
    sender: str
    timeout_seconds: float
    local_name: str = "localhost"
    """The name that we say we are."""
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context


@dataclass(frozen=True)
class MailOutcome:
    """The outcome of an e-mail. error: why it was not taken, or by whom it was not; is_final: for good."""

    is_sent: bool
    error: str = ""
    is_final: bool = False


def mail_server(url: str, sender: str, timeout_seconds: float, base_url: str) -> MailServer | None:
    """The mail server of the settings; None: there is none. Raises SettingsError."""
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path.strip("/"):
        raise SettingsError("CROSSDOCK_SMTP_URL must be smtp://user:password@host:port, or smtps://…")
    fault = address_fault(parseaddr(sender)[1] if sender.isprintable() else sender)
    if fault is not None:
        raise SettingsError(f"CROSSDOCK_MAIL_FROM {fault}")
    return MailServer(
        host=parts.hostname, port=_port(parts), user=unquote(parts.username or ""),
        password=unquote(parts.password or ""), use_tls=parts.scheme == "smtps", start_tls=_start_tls(parts),
        sender=sender, timeout_seconds=timeout_seconds,
        local_name=urlsplit(base_url).hostname or "localhost",
    )  # fmt: skip


def _port(parts: SplitResult) -> int:
    try:
        submits = parts.scheme == "smtp" and parts.username
        return parts.port or (SUBMISSION_PORT if submits else DEFAULT_PORTS[parts.scheme])
    except ValueError:
        raise SettingsError("CROSSDOCK_SMTP_URL: the port must be a number from 1 to 65535") from None


def _start_tls(parts: SplitResult) -> bool | None:
    """STARTTLS: wanted, unwanted, or None: where it is offered. Where there is a password it is wanted."""
    tls = parse_qs(parts.query).get("tls", ["required" if parts.username else "optional"])[0]
    if tls not in _STARTTLS:
        raise SettingsError(f"CROSSDOCK_SMTP_URL: tls is {tls!r}; wanted is one of {', '.join(_STARTTLS)}")
    return False if parts.scheme == "smtps" else _STARTTLS[tls]


def address_fault(address: str) -> str | None:
    """The fault of an address of e-mail, as far as that shows without writing to it."""
    if len(address) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(address):
        return None
    return f"is {address[:100]!r}; an address such as ops@example.com is wanted"


async def hand_over(server: MailServer, message: EmailMessage, addresses: tuple[str, ...]) -> MailOutcome:
    """Hand an e-mail over. Never raises for what a server does, or leaves undone."""
    try:
        async with asyncio.timeout(server.timeout_seconds):
            return await _handed(server, message, addresses)
    except TimeoutError:
        return MailOutcome(False, f"the mail server took longer than {server.timeout_seconds:g} s")
    except SMTPRecipientsRefused as refused:
        codes = [recipient.code for recipient in refused.recipients]
        said = "; ".join(
            f"{recipient.recipient}: {recipient.code} {recipient.message}" for recipient in refused.recipients
        )
        return MailOutcome(False, _told(server, said), is_final=all(code >= 500 for code in codes))
    except SMTPResponseException as answer:
        return MailOutcome(False, _told(server, f"{answer.code} {answer.message}"))
    except (SMTPException, OSError, ValueError) as problem:
        return MailOutcome(False, _told(server, str(problem) or type(problem).__name__))


async def _handed(server: MailServer, message: EmailMessage, addresses: tuple[str, ...]) -> MailOutcome:
    client = aiosmtplib.SMTP(
        hostname=server.host, port=server.port, use_tls=server.use_tls, start_tls=server.start_tls,
        username=server.user or None, password=server.password or None, timeout=server.timeout_seconds,
        local_hostname=server.local_name, tls_context=server.tls(),
    )  # fmt: skip
    try:
        await client.connect()
        sender = parseaddr(server.sender)[1]
        refused, _ = await client.sendmail(sender, list(addresses), message.as_bytes())
    finally:
        client.close()
    said = "; ".join(f"{address}: {answer.code} {answer.message}" for address, answer in refused.items())
    return MailOutcome(True, _told(server, f"not to {said}") if said else "")


def _told(server: MailServer, text: str) -> str:
    """The words of a server, in a line that holds no password of ours."""
    if server.password:
        plain = f"\0{server.user}\0{server.password}".encode()
        for secret in (
            server.password,
            *(base64.b64encode(raw).decode() for raw in (plain, server.password.encode())),
        ):
            text = text.replace(secret, "***")
    return printable(" ".join(text.split()))[:MOST_SAID]
