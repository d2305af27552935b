"""The request that an endpoint and a message make."""

import base64
from datetime import UTC, datetime

from crossdock.store.webhooks.endpoints import Hidden, Secret
from crossdock.webhooks.request import Draft, request

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7"
NOW = int(datetime.now(UTC).timestamp())


def test_p08_an_old_secret_signs_until_its_time_is_over():
    until = (NOW + 10) * 1000
    hidden = Hidden(url="https://example.com/", secrets=[Secret(SECRET), Secret(OLD, until)])
    draft = Draft(hidden.url, b"{}")
    before = request(draft, hidden, "msg_1", until - 1, "test").headers["webhook-signature"]
    after = request(draft, hidden, "msg_1", until, "test").headers["webhook-signature"]
    assert (len(before.split(" ")), len(after.split(" "))) == (2, 1)


def test_the_user_of_a_url_becomes_a_header_unless_one_is_set():
    hidden = Hidden(url="https://ann:s%40cret@example.com/x?y=1", secrets=[Secret(SECRET)])
    made = request(Draft(hidden.url, b"{}"), hidden, "msg_1", NOW * 1000, "test")
    assert made.headers["authorization"] == "Basic " + base64.b64encode(b"ann:s@cret").decode()
    assert str(made.url) == "https://example.com/x?y=1"
    hidden.headers = {"Authorization": "Bearer mine"}
    made = request(Draft(hidden.url, b"{}"), hidden, "msg_1", NOW * 1000, "test")
    assert made.headers["authorization"] == "Bearer mine"
    assert made.shown().sent["authorization"] == "***"
