"""What the mocks of Amazon's carts and warehouses have in common: the sign-in, usage plans, refusals."""

import itertools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar

from tests.mock_vendors.orders import OrderMock
from tests.mock_vendors.throttles import TokenBucket
from tests.mock_vendors.vendor import MockAnswer, MockCall

Record = dict[str, Any]
SELLER, MARKETPLACE = "A2EXAMPLESELLER", "ATVPDKIKX0DER"
TOKEN_PATH = "/auth/o2/token"
APP = {"client_id": "amzn1.application-oa2-client.0123", "client_secret": "amzn1.oa2-cs.v1.abc"}
REFRESH = "Atzr|refresh"
DENIED = "Access to requested resource is denied."
REVOKED = "The access token you provided is revoked, malformed or invalid."


class SellingPartnerMock(OrderMock):
    """One seller in one region."""

    plans: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """Burst and rate of each operation: "GET /orders/[^/]+" → (30, 0.5)."""
    areas: ClassVar[Mapping[str, str]] = {}
    """The beginning of the paths that a function needs, by function."""

    def __init__(self) -> None:
        super().__init__()
        self.serial = itertools.count(101)
        self.buckets = {name: TokenBucket(burst, rate) for name, (burst, rate) in self.plans.items()}
        self.token = 0
        self._is_expired = False
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        place = {"region": "na", "marketplace_id": MARKETPLACE}
        return {**place, **APP, "refresh_token": REFRESH}

    def hosts(self) -> dict[str, dict[str, str]]:
        return {"": {"api": self.url, "login": self.url}}

    def is_open(self, call: MockCall) -> bool:
        return call.path == TOKEN_PATH

    def is_signed_in(self, call: MockCall) -> bool:
        has_headers = {"x-amz-date", "user-agent"} <= call.headers.keys()
        is_known = call.headers.get("x-amz-access-token") == f"Atza|{self.token}"
        return has_headers and is_known and not self._is_expired

    def names(self, call: MockCall) -> list[str]:
        """Scripts know a call by its path, or with its method before it."""
        return [call.path, f"{call.method} {call.path}"]

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        return refused(403, "Unauthorized", DENIED, REVOKED)

    def undescribed(self, _call: MockCall, faults: list[str]) -> MockAnswer:
        return refused(400, "InvalidInput", "; ".join(faults))

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.path == TOKEN_PATH:
            return self._login(call.form())
        if any(call.path.startswith(area) for area in self._forbidden):
            return refused(403, "Unauthorized", DENIED)
        plan = next(name for name in self.plans if re.fullmatch(name, f"{call.method} {call.path}"))
        if self.buckets[plan].take(self.clock()) > 0:
            return refused(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
        answer = self.answer(call)
        rate = {"x-amzn-RateLimit-Limit": str(self.plans[plan][1])} if answer.status < 400 else {}
        moment = format_datetime(self.moment().astimezone(UTC), usegmt=True)
        return MockAnswer(answer.status, answer.body, {"Date": moment, **rate, **answer.headers})

    def answer(self, call: MockCall) -> MockAnswer:
        """Carry out a call that is within its usage plan."""
        raise NotImplementedError

    def _login(self, said: Mapping[str, str]) -> MockAnswer:
        """Login with Amazon."""
        if {name: said.get(name) for name in APP} != APP:
            return MockAnswer(
                401, {"error": "invalid_client", "error_description": "Client authentication failed"}
            )
        if self._is_expired or said.get("grant_type") != "refresh_token" or said["refresh_token"] != REFRESH:
            return MockAnswer(
                400, {"error": "invalid_grant", "error_description": "The request has an invalid grant"}
            )
        self.token += 1
        token = {"access_token": f"Atza|{self.token}", "refresh_token": REFRESH}
        return MockAnswer(body={**token, "token_type": "bearer", "expires_in": 3600})

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(self.areas[function])

    def now(self) -> str:
        return self.moment().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def refused(status: int, code: str, message: str, details: str = "") -> MockAnswer:
    return MockAnswer(status, {"errors": [{"code": code, "message": message, "details": details}]})


def keyset_page(
    records: list[Record], size: int, token: str | None, key: Callable[[Record], tuple[str, str]]
) -> tuple[list[Record], str | None]:
    """A page of records that begins behind the one that a token names, and the token of the next."""
    after = tuple(token.split("|", 1)) if token else None
    left = [record for record in sorted(records, key=key) if after is None or key(record) > after]
    page = left[:size]
    return page, "|".join(key(page[-1])) if len(left) > size else None
