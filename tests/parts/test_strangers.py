"""Who shows no key that works: what is heard of them, and whose address it is that counts."""

import ipaddress

import pytest
from starlette.requests import Request

from crossdock.errors import TooManyRequests
from crossdock.web.address_limiter import MOST_ADDRESSES, MOST_KNOWN, AddressLimiter

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


class Seconds:
    """A clock that stands still."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def request(address: str = "203.0.113.7", *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    client = (address, 4711) if address else None
    return Request({"type": "http", "headers": headers, "client": client, "state": {"noted_headers": []}})


def is_heard(strangers: AddressLimiter, http_request: Request, key: str | None = None) -> bool:
    try:
        strangers.admit(http_request, key)
    except TooManyRequests:
        return False
    return True


def test_an_address_is_heard_so_often_a_second_and_again_in_the_next():
    seconds = Seconds()
    strangers = AddressLimiter(3, seconds=seconds)
    for _ in range(3):
        assert is_heard(strangers, request())
        strangers.count(request())
    assert not is_heard(strangers, request())
    assert is_heard(strangers, request("203.0.113.8"))
    seconds.now += 1
    assert is_heard(strangers, request())


def test_who_is_refused_is_told_when_to_come_again_and_holds_no_connection():
    strangers, http_request = AddressLimiter(1, seconds=Seconds()), request()
    strangers.count(http_request)
    with pytest.raises(
        TooManyRequests, match="an address may make 1 requests a second without a key"
    ) as failure:
        strangers.admit(http_request)
    assert failure.value.retry_after_seconds == 1
    assert http_request.state.noted_headers == [(b"connection", b"close")]


def test_a_key_that_worked_lately_is_looked_up_whatever_else_comes_from_its_address():
    seconds = Seconds()
    strangers = AddressLimiter(1, seconds=seconds)
    strangers.worked("ck_good")
    strangers.count(request())
    assert is_heard(strangers, request(), "ck_good")
    assert not is_heard(strangers, request(), "ck_guess")
    seconds.now += 301
    strangers.count(request())
    assert not is_heard(strangers, request(), "ck_good")


def test_there_is_no_limit_when_the_setting_says_so():
    strangers = AddressLimiter(0)
    for _ in range(1000):
        strangers.count(request())
    assert is_heard(strangers, request())


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),  # said by a stranger
        ("10.1.2.3", ("198.51.100.1",), "198.51.100.1"),
        ("10.1.2.3", ("1.2.3.4, 198.51.100.1",), "198.51.100.1"),  # the caller wrote the first
        ("10.1.2.3", ("1.2.3.4", "198.51.100.1, 10.9.9.9"), "198.51.100.1"),  # two proxies, two headers
        ("10.1.2.3", ("10.4.4.4",), "10.4.4.4"),  # a caller from inside
        ("10.1.2.3", ("unknown",), "10.1.2.3"),
        ("10.1.2.3", ("198.51.100.1, <script>",), "10.1.2.3"),
        ("10.1.2.3", ("",), "10.1.2.3"),
        ("10.1.2.3", (), "10.1.2.3"),
        ("fd00::1", ("[2001:db8:1:2:3:4:5:6]",), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", (), "203.0.113.7"),
        ("", (), ""),
    ],
)
def test_the_address_is_what_a_trusted_proxy_says_and_nobody_else(
    client: str, forwarded: tuple[str, ...], address: str
):
    assert AddressLimiter(1, PROXIES).address(request(client, *forwarded)) == address


def test_what_is_remembered_has_an_end():
    strangers = AddressLimiter(1, seconds=Seconds())
    for number in range(MOST_ADDRESSES + 10):
        strangers.count(request(str(ipaddress.ip_address(number + 2**24))))
    for number in range(MOST_KNOWN + 10):
        strangers.worked(f"ck_{number}")
    assert len(strangers._counts) <= MOST_ADDRESSES + 1
    assert len(strangers._keys) <= MOST_KNOWN
