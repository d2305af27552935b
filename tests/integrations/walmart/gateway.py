"""What both mocks of Walmart have in common: tokens, headers of all calls, a bucket for each operation."""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

from tests.mock_vendors.orders import OrderMock
from tests.mock_vendors.throttles import TokenBucket
from tests.mock_vendors.vendor import MockAnswer, MockCall

Record = dict[str, Any]
PAIR = "Basic " + base64.b64encode(b"app-id:app-s3cret").decode()
TOKEN_SECONDS = 900
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AREAS = ("orders", "item", "inventory", "shipping", "returns")


class Gateway(OrderMock):
    """A seller account behind Walmart's gateway."""

    buckets_by_call: ClassVar[Sequence[tuple[str, str, float]]] = ()
    """Method, pattern of the path, and the calls in a minute."""

    def __init__(self) -> None:
        super().__init__()
        self.buckets = {
            (method, pattern): TokenBucket(calls, calls / 60)
            for method, pattern, calls in self.buckets_by_call
        }
        self.scopes = dict.fromkeys(AREAS, "full_access")
        self.correlations: list[str] = []
        self.bought = 0
        self._tokens: dict[str, float] = {}
        self._is_expired = False
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return {"client_id": "app-id", "client_secret": "app-s3cret"}

    def is_open(self, call: MockCall) -> bool:
        return call.path == "/v3/token"

    def is_signed_in(self, call: MockCall) -> bool:
        token = call.headers.get("wm_sec.access_token", "")
        return not self._is_expired and self._tokens.get(token, 0) > self.clock() and self._is_named(call, "")

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        return refused(
            401, "UNAUTHORIZED.GMP_GATEWAY_API", "Unauthorized token or incorrect authorization header."
        )

    async def handle(self, call: MockCall) -> MockAnswer:
        missing = [name for name in ("wm_svc.name", "wm_qos.correlation_id") if not call.headers.get(name)]
        if missing:
            return refused(400, "INVALID_REQUEST_HEADER.GMP_GATEWAY_API", f"{missing[0]} set blank or null")
        self.correlations.append(call.headers["wm_qos.correlation_id"])
        if call.path == "/v3/token":
            return self._token(call)
        left = {}
        for (method, pattern), bucket in self.buckets.items():
            if call.method == method and re.fullmatch(pattern, call.path):
                seconds = bucket.take(self.clock())
                full = str(int((self.clock() + seconds) * 1000) + 1)
                left = {"x-current-token-count": str(int(bucket.level or 0)), "x-next-replenish-time": full}
                if seconds:
                    answer = refused(429, "REQUEST_THRESHOLD_VIOLATED.GMP_GATEWAY_API", "Too many requests")
                    return MockAnswer(429, answer.body, left)
        answer = self._scope_fault(call) or self.answered(call)
        moment = format_datetime(self._now().astimezone(UTC), usegmt=True)
        return MockAnswer(answer.status, answer.body, {"Date": moment, **left, **answer.headers})

    def answered(self, call: MockCall) -> MockAnswer:
        """The answer to a call that the gateway lets through."""
        raise NotImplementedError

    def _scope_fault(self, call: MockCall) -> MockAnswer | None:
        if any(call.path.startswith(path) for path in self._forbidden):
            return refused(403, "ACCESS_DENIED.GMP_GATEWAY_API", "You are not authorized to call this API.")
        return None

    def _token(self, call: MockCall) -> MockAnswer:
        if self._is_expired or call.headers.get("authorization") != PAIR:
            return refused(401, "INVALID_CLIENT.GMP_GATEWAY_API", "The client credentials are not valid.")
        if call.form() != {"grant_type": "client_credentials"}:
            return refused(400, "INVALID_GRANT.GMP_GATEWAY_API", "The grant is not supported.")
        self.bought += 1
        token = f"token-{self.bought}"
        self._tokens[token] = self.clock() + TOKEN_SECONDS
        return MockAnswer(body={"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    def token_detail(self) -> MockAnswer:
        now = int(self.clock() * 1000)
        body = {"expire_at": str(now + 900_000), "issued_at": str(now), "is_valid": True,
                "is_channel_match": True, "scopes": self.scopes}  # fmt: skip
        return MockAnswer(body=body)

    def forget_tokens(self) -> None:
        """No token is good any more; a new one is given."""
        self._tokens.clear()

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)


def refused(status: int, code: str, text: str, severity: str = "ERROR") -> MockAnswer:
    """A refusal, as Walmart's gateway writes them."""
    fault: Record = {"code": code, "description": text, "info": text, "severity": severity,
             "category": "REQUEST", "causes": [], "errorIdentifiers": {}}  # fmt: skip
    return MockAnswer(status, {"error": [fault]})


def nothing(api: str) -> MockAnswer:
    """What Walmart answers where a list would be empty."""
    return refused(404, f"CONTENT_NOT_FOUND.{api}", "Requested content could not be found.", "INFO")


def moment_of(written: str) -> datetime:
    """A date of a query, as Walmart takes it: a day, or to the second in UTC."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", written):
        return datetime.fromisoformat(written).replace(tzinfo=UTC)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", written), written
    return datetime.fromisoformat(written)


def milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def query_of(params: Mapping[str, Any]) -> str:
    """A query as Walmart writes it into `nextCursor`."""
    return "?" + "&".join(f"{name}={quote(str(value), safe=':')}" for name, value in params.items())


def params_of(query: str) -> dict[str, str]:
    return dict(parse_qsl(query.removeprefix("?")))
