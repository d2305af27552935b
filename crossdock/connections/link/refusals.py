"""Pure: what goes wrong while somebody connects → a refusal with a code that the form has words for."""

from crossdock.connections.link.form import invalid_fields
from crossdock.errors import (
    AddressRefused,
    CrossdockError,
    Gone,
    Invalid,
    InvalidCredentials,
    LinkRefused,
    LoginThrottled,
    MissingPermission,
    NotFound,
    TooManyRequests,
    Unavailable,
    VendorError,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.store.connections.link_flows import FlowError

LONGEST_MESSAGE = 500

INTERNAL = LinkRefused("something went wrong here", code="internal_error", status=500)

_VENDOR: tuple[tuple[type[VendorError], str, int], ...] = (
    (InvalidCredentials, "invalid_credentials", 422),
    (MissingPermission, "invalid_credentials", 422),
    (LoginThrottled, "login_throttled", 503),
    (VendorThrottled, "vendor_unavailable", 503),
    (VendorUnavailable, "vendor_unavailable", 503),
    (AddressRefused, "address_refused", 422),
    (VendorError, "vendor_refused", 502),
)


def refusal_of(problem: CrossdockError) -> LinkRefused:
    """The refusal that says what went wrong, in the vendor's words where it is the vendor's."""
    if isinstance(problem, LinkRefused):
        return problem
    message = str(problem)[:LONGEST_MESSAGE]
    for kind, code, status in _VENDOR:
        if isinstance(problem, kind):
            return LinkRefused(message, code=code, status=status)
    if isinstance(problem, Invalid):
        return _invalid(problem)
    for request_kind, code in ((NotFound, "not_found"), (Gone, "expired"), (TooManyRequests, "too_many")):
        if isinstance(problem, request_kind):
            return LinkRefused(message, code=code, status=problem.http_status)
    if isinstance(problem, Unavailable):
        return LinkRefused(message, code="unavailable", status=503)
    if problem.http_status < 500:
        return LinkRefused(message, code="bad_request", status=problem.http_status)
    return INTERNAL


def _invalid(problem: Invalid) -> LinkRefused:
    if fields := problem.detail.get("credentials"):
        return invalid_fields(fields)
    faults = next(iter(problem.detail.values()), {})
    return LinkRefused(
        str(problem)[:LONGEST_MESSAGE], code="bad_request", status=422, field=next(iter(faults), None)
    )


def as_flow_error(refused: LinkRefused) -> FlowError:
    """The same as a flow keeps it."""
    fields = None if refused.fields is None else dict(refused.fields)
    return FlowError(refused.code, str(refused), refused.field, fields)
