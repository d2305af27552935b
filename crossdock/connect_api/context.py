"""What a handler of the form's API is given: who asks, and what there is of limits."""

import re
from dataclasses import dataclass
from functools import cached_property

from crossdock.connect_api.limits import LinkLimits
from crossdock.connect_api.operations import LinkOperation
from crossdock.connections.link.service import LinkServices
from crossdock.errors import LinkRefused
from crossdock.store.connections.link_tokens import LinkToken
from crossdock.store.people.audit_log import Actor
from crossdock.web.context import HandlerContext
from crossdock.web.query import arguments, pairs

FLOW_ID = re.compile("[0-9a-fA-F-]{32,36}")


@dataclass(frozen=True)
class LinkContext(HandlerContext):
    """One request that was let in."""

    operation: LinkOperation
    limits: LinkLimits
    token: LinkToken | None

    @property
    def bearer(self) -> LinkToken:
        """The bearer of the link token that was shown."""
        if self.token is None:
            raise LinkRefused("a link token is needed", code="link_token_missing", status=401)
        return self.token

    @property
    def link(self) -> LinkServices:
        return self.door.link

    @cached_property
    def arguments(self) -> dict[str, str | bool | int]:
        """The parameters, checked."""
        sent = pairs(self.request.scope["query_string"])
        return arguments(self.operation.parameters, self.request.path_params, sent)

    @property
    def flow_id(self) -> str:
        """The flow that the query names."""
        return checked_flow_id(str(self.arguments.get("flow_id", "")))

    @property
    def actor(self) -> Actor:
        """The end user, for the audit log."""
        return Actor(
            "link",
            "" if self.token is None else self.token.id,
            address=self.door.strangers.address(self.request),
            request_id=self.request.scope["state"]["request_id"],
        )


def checked_flow_id(text: str) -> str:
    """The id of a flow. Raises LinkRefused for what is none."""
    if not FLOW_ID.fullmatch(text):
        raise LinkRefused("flow_id must be a random UUID", code="bad_request", status=422, field="flow_id")
    return text.lower()
