"""The actor of a request, for the audit log: the key that it was made with, and where it came from."""

from crossdock.api.context import RequestContext
from crossdock.store.people.audit_log import Actor


def actor_of(visit: RequestContext) -> Actor:
    """The actor of a request of an organization's key."""
    request = visit.request
    return Actor(
        "api_key",
        id=visit.caller.key_id,
        name=visit.caller.key_name,
        address=visit.door.strangers.address(request),
        request_id=request.scope["state"]["request_id"],
    )
