"""Which headers a customer may add to its webhooks."""

import pytest

from crossdock.webhooks import headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer abc"),
        ("X-Api-Key", "ключ"),
        ("x-webhook-source", "crossdock"),
        ("X-Tab", "a\tb"),
        ("X-Empty", ""),
        ("X-Long", "x" * 4096),
        ("Accept", "text/plain"),
        ("Cookie", "a=b"),
    ],
)
def test_an_ordinary_header_may_be_added(name: str, value: str):
    assert headers.fault(name, value) is None


@pytest.mark.parametrize(
    "name",
    [
        "webhook-id", "Webhook-Signature", "svix-id", "SVIX-TIMESTAMP", "x-svix-anything", "X-Amz-Date",
        "x-amzn-trace-id", "x-goog-api-key", "x-google-cache", "x-gfe-ssl", "X-Azure-Ref", "x-fd-healthprobe",
        "Host", "User-Agent", "Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade",
        "Proxy-Connection", "Content-Length", "content-type", "Content-Encoding", "Expect",
    ],
)  # fmt: skip
def test_a_header_that_is_ours_the_connections_or_a_proxys_may_not(name: str):
    assert (
        headers.fault(name, "x")
        == f"the header {name} can't be set: it is ours, the connection's or a proxy's"
    )


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "naïve", "(a)", "x" * 257, "a\x00"])
def test_what_is_no_name_of_a_header_is_refused(name: str):
    assert "is not the name of a header" in (headers.fault(name, "x") or "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\r\nHost: b", "line break"),
        ("a\n", "line break"),
        ("a\x00", "line break"),
        ("x" * 4097, "4,097 bytes; at most 4,096"),
        ("☃" * 1366, "4,098 bytes; at most 4,096"),
        ("\ud800", "half a character"),
        (7, "has to be a text"),
        (None, "has to be a text"),
    ],
)
def test_a_value_that_can_not_be_sent_says_why(value: object, text: str):
    assert text in (headers.fault("X-A", value) or "")


def test_all_faults_are_told_at_once():
    faults = headers.faults({"X-A": "fine", "Host": "x", "X-B": 1})
    assert [fault.split(" ")[2] for fault in faults] == ["Host", "X-B"]


def test_there_is_an_end_to_how_many_there_may_be():
    assert headers.faults({f"X-{index}": "x" for index in range(100)}) == []
    assert headers.faults({f"X-{index}": "x" for index in range(101)}) == [
        "101 headers; at most 100 are taken"
    ]
