"""The setting of the mail server, and which addresses are ones."""

import pytest

from crossdock.alerts.smtp import address_fault, mail_server
from crossdock.config import load
from crossdock.errors import SettingsError

SENDER = "Crossdock <alerts@crossdock.example>"


@pytest.mark.parametrize(
    ("url", "port", "use_tls", "start_tls"),
    [
        ("smtp://mail.example", 25, False, None),
        ("smtp://user:pass@mail.example", 587, False, True),
        ("smtps://user:pass@mail.example", 465, True, False),
        ("smtp://user:pass@mail.example:2525?tls=optional", 2525, False, None),
        ("smtp://127.0.0.1:25?tls=off", 25, False, False),
        ("smtp://mail.example?tls=required", 25, False, True),
    ],
)
def test_how_a_mail_server_is_reached(url: str, port: int, use_tls: bool, start_tls: bool | None):
    server = mail_server(url, SENDER, 20, "https://crossdock.example")
    assert server is not None
    assert (server.port, server.use_tls, server.start_tls) == (port, use_tls, start_tls)


def test_user_and_password_are_read_as_urls_have_them():
    server = mail_server("smtp://a%40b.example:p%2Fw%3A@mail.example", SENDER, 20, "http://x")
    assert server is not None
    assert (server.user, server.password) == ("a@b.example", "p/w:")


def test_no_url_is_no_mail():
    assert mail_server("", "", 20, "http://x") is None


@pytest.mark.parametrize(
    ("url", "sender", "named"),
    [
        ("smtp://", SENDER, "CROSSDOCK_SMTP_URL"),
        ("http://mail.example", SENDER, "CROSSDOCK_SMTP_URL"),
        ("smtp://mail.example:99999", SENDER, "port"),
        ("smtp://mail.example/inbox", SENDER, "CROSSDOCK_SMTP_URL"),
        ("smtp://mail.example?tls=maybe", SENDER, "'maybe'"),
        ("smtp://mail.example", "nobody", "CROSSDOCK_MAIL_FROM"),
        ("smtp://mail.example", "a@b.example\r\nBcc: c@d.example", "CROSSDOCK_MAIL_FROM"),
    ],
)
def test_settings_that_make_no_mail_server_are_refused_and_show_no_password(
    url: str, sender: str, named: str
):
    with pytest.raises(SettingsError, match=named) as refused:
        mail_server(url.replace("://", "://me:hush@", 1) if "//m" in url else url, sender, 20, "http://x")
    assert "hush" not in str(refused.value)


def test_a_mail_server_without_a_sender_is_refused_at_the_start():
    with pytest.raises(SettingsError, match="CROSSDOCK_MAIL_FROM"):
        load({"CROSSDOCK_SMTP_URL": "smtp://mail.example"})


@pytest.mark.parametrize(
    "address", ["ops@example.com", "o'neil+alerts@sub.example.co.uk", "a.b-c_d@x-y.example", "1@2.example"]
)
def test_addresses_are_taken(address: str):
    assert address_fault(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "", "ops", "@example.com", "ops@", "ops@localhost", "a b@example.com", "a@b@example.com",
        "a..b@example.com", ".a@example.com", "a@-example.com", "a@example..com", "a@example.com\n",
        "a@example.com\r\nBcc: x@evil.example", "<a@example.com>", "Ann <a@example.com>", "a,b@example.com",
        "ä@example.com", "a" * 65 + "@example.com", "a@" + "b." * 130 + "com", '"a b"@example.com',
        "a@[127.0.0.1]", "a@exa\x00mple.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str):
    assert address_fault(address) is not None
