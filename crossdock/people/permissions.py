"""Pure: which role may do what. The one table that the API and the pages ask."""

from collections.abc import Mapping

from crossdock.errors import Forbidden
from crossdock.store.people.users import Role

_ALL: frozenset[Role] = frozenset({"owner", "developer", "viewer"})
_MANAGERS: frozenset[Role] = frozenset({"owner", "developer"})
_OWNERS: frozenset[Role] = frozenset({"owner"})

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "organization.view": _ALL,
    "organization.manage": _OWNERS,
    "connections.view": _ALL,
    "connections.manage": _MANAGERS,
    "records.view": _ALL,
    "records.write": _MANAGERS,
    "webhooks.view": _ALL,
    "webhooks.manage": _MANAGERS,
    "credentials.view": _MANAGERS,
    "api_keys.view": _MANAGERS,
    "api_keys.manage": _MANAGERS,
    "members.view": _ALL,
    "members.manage": _OWNERS,
    "audit_log.view": _OWNERS,
    "sign_on.manage": _OWNERS,
}
"""By what is done. `credentials.view`: access tokens, secrets of endpoints, whatever opens something."""


def may(role: Role, permission: str) -> bool:
    """Check whether a role may do something. Raises KeyError for what the table does not name."""
    return role in PERMISSIONS[permission]


def require(role: Role, permission: str) -> None:
    """Raise Forbidden for what a role may not do."""
    if not may(role, permission):
        needed = " or ".join(sorted(PERMISSIONS[permission]))
        raise Forbidden(f"a {role} may not do this ({permission}); wanted is {needed}", code="role_too_low")
