"""The API keys of an organization, by its people."""

from typing import Any

from starlette.responses import Response

from crossdock.account_api import bodies
from crossdock.account_api.context import AccountContext
from crossdock.people.api_keys import expiry_ms, issue_key, revoke_key
from crossdock.people.refusals import no_choice
from crossdock.store.connections import access
from crossdock.store.connections.access import KeyInfo, NewKey
from crossdock.web.responses import no_content, reply
from crossdock.wire import stamp

KINDS = ("full", "read_only")


async def get_list(visit: AccountContext) -> Response:
    """All keys, oldest first, revoked ones too."""
    keys = await access.keys(visit.door.database, visit.organization_id)
    return reply({"data": [_shown(key, visit.now_ms) for key in keys]})


def _shown(key: KeyInfo, now_ms: int) -> dict[str, Any]:
    moments = {"expires_at": key.expires_ms, "last_used_at": key.last_used_ms, "revoked_at": key.revoked_ms}
    return {
        "id": key.id,
        "name": key.name,
        "kind": key.kind,
        "ends_with": key.hint,
        "connection_ids": sorted(key.connection_uids),
        "works": key.works(now_ms),
        "created_at": stamp(key.created_ms),
        **{name: None if moment is None else stamp(moment) for name, moment in moments.items()},
    }


async def created(visit: AccountContext) -> Response:
    body = await visit.body(bodies.NewApiKey)
    if body.kind not in KINDS:
        raise no_choice("kind", body.kind, KINDS)
    key = NewKey(
        body.name, body.kind == "read_only", expiry_ms(body.expires_in_days, visit.now_ms),
        frozenset(body.connection_ids),
    )  # fmt: skip
    issued = await issue_key(visit.door.database, visit.organization_id, key, visit.now_ms)
    return reply({"id": issued.id, "api_key": issued.key})


async def revoked(visit: AccountContext) -> Response:
    await revoke_key(visit.door.database, visit.organization_id, visit.part("key_id"), visit.now_ms)
    return no_content()
