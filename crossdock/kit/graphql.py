"""Calls of GraphQL vendors: queries from files, errors in answers with status 200, and what a query costs.

    QUERIES = load_queries(Path(__file__).parent / "queries")          queries/orders.graphql, …

    self._graphql = GraphQL(http, "https://api.acme.example/graphql", limit="points")
    data = await self._graphql.query(QUERIES["orders"], {"after": cursor}, cost=52)

**Cost.** `limit` names the limit of the manifest that counts points, and `cost` what a query takes of it at
most. What an answer says that it really cost, what is left, and how fast that comes back, corrects the limit.

**Partial data.** An answer may hold data *and* errors. Then what failed is null, and null means "there is
none" to `read`: it would wipe what we hold. So any error fails the call, unless `partial=True`: then each
member that failed for good is taken out of the data, which means "the vendor did not say", and what we hold
stays. Where the failure is a whole element of a list, or all there is, the call fails even so: a record must
not be missing in silence. It fails, too, where a later call may have the member: a walk whose mark went past
it would never see it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.kit.contract import Json, Raw
from crossdock.kit.http import Http, Response
from crossdock.kit.limits import SPARE
from crossdock.kit.responses import LONGEST_MESSAGE, kind_of_refusal, one_line

DEFAULT_WAIT_SECONDS = 5.0
"""After a throttled query whose vendor does not say for how long."""

_KINDS: dict[str, type[VendorError]] = {
    "UNAUTHENTICATED": InvalidCredentials,
    "UNAUTHORIZED": InvalidCredentials,
    "FORBIDDEN": MissingPermission,
    "ACCESS_DENIED": MissingPermission,
    "INTERNAL_SERVER_ERROR": VendorUnavailable,
    "SERVICE_UNAVAILABLE": VendorUnavailable,
    "TIMEOUT": VendorUnavailable,
}
"""What `extensions.code` of an error means; anything else is a refusal."""
LASTING = (MissingPermission, VendorRefused)
"""Errors that the same call meets again."""


@dataclass(frozen=True)
class QueryCost:
    """The cost of a query, in the vendor's points."""

    charged: float
    available: float | None = None
    """How many are left."""
    restored_per_second: float | None = None
    capacity: float | None = None
    """How many there are at most."""


Wait = Callable[[Raw, QueryCost | None], float | None]
"""Given an error and what the query costs: how many seconds to wait; None: it is about something else."""


ErrorStatus = Callable[[Raw], int | None]
"""Given an error: the HTTP status that it amounts to (401, 403, 404 …), for vendors whose codes are not in
`extensions.code`; None: what stands there counts."""


def no_status(_: Raw) -> int | None:
    """The status by no code of the vendor's own: none."""
    return None


def cost_in_extensions(answer: Raw) -> QueryCost | None:
    """The cost as `extensions.cost` tells it: requested and actual, and `throttleStatus`."""
    cost = _at(answer, "extensions", "cost")
    if not isinstance(cost, dict):
        return None
    status = cost.get("throttleStatus")
    status = status if isinstance(status, dict) else {}
    actual = cost.get("actualQueryCost")
    charged = cost.get("requestedQueryCost") if actual is None else actual
    if charged is None:
        return None
    return QueryCost(
        float(charged),
        _number(status, "currentlyAvailable"),
        _number(status, "restoreRate"),
        _number(status, "maximumAvailable"),
    )


def wait_by_code(error: Raw, cost: QueryCost | None) -> float | None:
    """For vendors that say THROTTLED: until the points are restored that the query wants."""
    if _at(error, "extensions", "code") not in ("THROTTLED", "RATE_LIMITED", "TOO_MANY_REQUESTS"):
        return None
    if cost is None or cost.available is None or not cost.restored_per_second:
        return DEFAULT_WAIT_SECONDS
    return max(1.0, (cost.charged - cost.available) / cost.restored_per_second)


@cache
def load_queries(folder: Path) -> Mapping[str, str]:
    """The queries of a folder, by the names of their files: orders.graphql is `["orders"]`."""
    return {file.stem: file.read_text() for file in sorted(folder.glob("*.graphql"))}


@dataclass(frozen=True)
class GraphQL:
    """One GraphQL endpoint of a vendor."""

    http: Http
    url: str
    wait: Wait = wait_by_code
    cost: Callable[[Raw], QueryCost | None] = cost_in_extensions
    limit: str | None = None
    """The limit of the manifest that its points count to, `[limits.points]`."""
    status: ErrorStatus = no_status

    async def query(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        cost: float = 1.0,
        partial: bool = False,
    ) -> Raw:
        """The data. A query only asks, so it is repeated as any GET.

        cost: the points that it takes at most. partial: see the top of this module.
        """
        return await self._send(query, variables, cost, partial=partial, repeatable=True)

    async def mutate(
        self, mutation: str, variables: Mapping[str, Any] | None = None, *, cost: float = 1.0
    ) -> Raw:
        """The data of a change; it is made once."""
        return await self._send(mutation, variables, cost, partial=False, repeatable=False)

    async def _send(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        cost: float,
        *,
        partial: bool,
        repeatable: bool,
    ) -> Raw:
        body = {"query": query, "variables": dict(variables or {})}

        def refusal(answer: Response) -> VendorError | None:
            return self._refusal(answer, partial=partial)

        answer = await self.http.send(
            "POST",
            self.url,
            json=body,
            repeatable=repeatable,
            refusal=refusal,
            limit=self.limit,
            cost=cost,
        )
        decoded = answer.json()
        await self._correct_limit(decoded, cost)
        for error in decoded.get("errors") or ():
            _take_out(decoded["data"], error)
        data: Raw = decoded["data"]
        return data

    async def _correct_limit(self, answer: Raw, reserved: float) -> None:
        """Keep what an answer says of the points, if a limit counts them."""
        cost = None if self.limit is None else self.cost(answer)
        if cost is None:
            return
        restored = cost.restored_per_second
        await self.http.correct(
            self.limit,
            remaining=cost.available,
            per_second=None if restored is None else restored / SPARE,
            capacity=cost.capacity,
            unused=max(0.0, reserved - cost.charged),
        )

    def _refusal(self, answer: Response, *, partial: bool) -> VendorError | None:
        """The error that an answer with a GraphQL body is."""
        try:
            decoded = answer.json()
        except VendorNonsense:
            return VendorNonsense("the answer is not JSON", status=200) if answer.status == 200 else None
        errors = _errors(decoded)
        if not errors:
            is_empty = answer.status == 200 and not isinstance(_at(decoded, "data"), dict)
            return VendorNonsense("there is no data in the answer", status=200) if is_empty else None
        cost = self.cost(decoded)
        for error in errors:
            if (seconds := self.wait(error, cost)) is not None:
                return VendorThrottled(seconds, status=answer.status)
        passing = [error for error in errors if not issubclass(self._kind(error), LASTING)]
        if partial and not passing and _is_usable(decoded.get("data"), errors):
            return None
        return self._refused((passing or errors)[0], len(errors) - 1, answer)

    def _refused(self, error: Raw, further: int, answer: Response) -> VendorError | None:
        """An error, as what its code says; None where the status of the answer says more.

        further: how many more errors there are.
        """
        status = self.status(error)
        if status is None and _code(error) not in _KINDS and answer.status != 200:
            return None
        message = answer.redaction(one_line(str(error.get("message", "the vendor does not say why"))))
        rest = f" (and {further} more)" if further else ""
        return self._kind(error)(f"{message[:LONGEST_MESSAGE]}{rest}", status=status or answer.status)

    def _kind(self, error: Raw) -> type[VendorError]:
        status = self.status(error)
        return _KINDS.get(_code(error), VendorRefused) if status is None else kind_of_refusal(status)


def _code(error: Raw) -> str:
    return str(_at(error, "extensions", "code"))


def _errors(decoded: Any) -> list[Raw]:
    """The errors of an answer, as objects."""
    errors = decoded.get("errors") if isinstance(decoded, dict) else None
    return [error if isinstance(error, dict) else {"message": str(error)} for error in errors or ()]


def _is_usable(data: Any, errors: Sequence[Raw]) -> bool:
    """Check whether there is data, and each error is about a member of it."""
    return isinstance(data, dict) and all(_is_member(data, error) for error in errors)


def _holder(data: Json, error: Raw) -> tuple[Json, Any]:
    """The holder of the null that an error left, and its name or index in there; (None, None): it left none.

    A null climbs up to the next member that may be null, so it may stand above where the error says.
    """
    holder = data
    for step in error.get("path") or ():
        inner = holder[step] if _has(holder, step) else None
        if inner is None:
            return holder, step
        holder = inner
    return None, None


def _has(holder: Json, step: Any) -> bool:
    if isinstance(holder, dict):
        return step in holder
    return isinstance(holder, list) and isinstance(step, int) and 0 <= step < len(holder)


def _is_member(data: Json, error: Raw) -> bool:
    """Check whether what failed is a member of an object below the data, which can be left out."""
    holder, _ = _holder(data, error)
    return isinstance(holder, dict) and holder is not data


def _take_out(data: Json, error: Raw) -> None:
    holder, name = _holder(data, error)
    if isinstance(holder, dict):
        holder.pop(name, None)


def _at(value: Json, *names: str) -> Json:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _number(holder: Raw, name: str) -> float | None:
    value = holder.get(name)
    return None if value is None else float(value)
