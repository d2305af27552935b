"""Organizations with one of everything: what another must see nothing of.

A path's variable parts, a query's parameters and a body's members are filled by name, from `SAMPLES`. What a
new route calls by a new name gets a line there: how to make such a thing, and what its id is.
`tests.journeys.tenant_routes` makes requests of them.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crossdock.dashboard.carrier.area import CARRIER
from crossdock.people.sessions import OpenedSession, Visitor
from crossdock.resources.catalogue import all_resources
from crossdock.store.people import sign_on, users
from crossdock.store.people.sign_on import SignOnSettings
from crossdock.store.people.users import Role
from crossdock.web.cookies import SESSION_COOKIE
from crossdock.web.csrf import csrf_token
from crossdock.web.people import csrf_key
from tests.journeys.linking import link, minted, new_flow_id
from tests.journeys.server import Json, Organization, Server, until
from tests.ports import free_port

KINDS = ("wms", "cart", "carrier")
NOBODYS = {
    "function_name": "get_orders", "integration_type": "wms", "integration_name": "sandbox",
    "inbound_path": "x" * 43, "state": "x" * 43, "secret": "x" * 43, "edition": "x" * 16,
    "/connect/api/integrations/{type}/{name} type": "wms",
    "/connect/api/integrations/{type}/{name} name": "sandbox",
    "/connect/logos/integrations/{type}/{name} type": "wms",
    "/connect/logos/integrations/{type}/{name} name": "sandbox",
    "/connect/logos/organizations/{name} name": "x" * 43,
    "/connect/static/{edition}/{name} name": "frame.js",
    "/dashboard/static/{edition}/{name} name": "dashboard.js", "operation_id": "listOrders",
    # Pages ask as the administration does, after which an event type of that name is one's own.
    "/dashboard/webhooks/{app_id}/events/{name} name": "order.updated",
    "/portal/webhooks/{app_id}/events/{name} name": "order.updated",
    "resource": "orders", "action": "create_order",
    "/dashboard/explorer/{connection_id}/write/{action}/{record_id} action": "cancel_order",
}  # fmt: skip
"""Names of what belongs to nobody, or is a proof by itself; of one route, behind its path."""
CAPABILITIES = [
    "ViewBase", "ViewEndpointSecret", "ManageEndpointSecret", "ManageTransformations", "CreateAttempts",
    "ManageEndpoint",
]  # fmt: skip


TOKENS = ("auth_code", "link_token", "portal token")
"""Samples that open something."""


@dataclass
class Tenant:
    """An organization with its samples, made when they are first asked for."""

    server: Server
    house: Organization
    made: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, OpenedSession] = field(default_factory=dict)

    def sample(self, name: str, kind: str) -> str:
        """The id of a thing of this name. kind: the first part of the path, for records."""
        key = f"{kind}:{name}" if (kind, name) in RECORDS else name
        if key not in self.made:
            self.made[key] = record(self, kind, name) if (kind, name) in RECORDS else SAMPLES[name](self)
        return self.made[key]

    def make_all(self) -> None:
        """Make all samples that there are."""
        for name in SAMPLES:
            self.sample(name, "")

    @property
    def marks(self) -> set[str]:
        """What nobody else may ever be shown."""
        house = self.house
        names = {*self.made} - {"page_token"}
        return {self.made[name] for name in names} | {
            house.id, house.key, *house.tokens.values(), *house.uids.values(),
            *(opened.token for opened in self.sessions.values()),
        }  # fmt: skip

    def admin(self, method: str, path: str, **extra_fields: Any) -> Any:
        """The answer of the webhook administration."""
        headers = {"authorization": f"Bearer {self.house.key}"}
        answer = self.house.http.request(
            method, f"{self.house.url}/api/v1{path}", headers=headers, **extra_fields
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    @property
    def secrets(self) -> set[str]:
        """What is shown where it is made, and to who may see it there, if at all."""
        self.make_all()
        names = {name for name in self.made if name.startswith(("secret of", "header of", "path of"))}
        return {self.made[name] for name in names | {"invitation link", "another key", *TOKENS}} | {
            self.house.key, *self.house.tokens.values(), self.person("owner").token,
        }  # fmt: skip

    def person(self, role: Role, *others: tuple[str, Role]) -> OpenedSession:
        """The session of somebody with this role, and maybe one in other organizations."""
        if role not in self.sessions or others:
            opened = self.server.do(_person(self, (self.house.id, role), *others))
            if others:
                return opened
            self.sessions[role] = opened
        return self.sessions[role]

    def account(self, path: str, body: Json) -> Any:
        """The answer to something that an owner has made."""
        headers = session_headers(self.server, self.person("owner"))
        answer = self.house.http.post(f"{self.house.url}/account{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


def tenant(server: Server) -> Tenant:
    made = Tenant(server, server.organization(*KINDS))
    server.do(_sign_on(made))
    return made


async def _person(owner: Tenant, *memberships: tuple[str, Role]) -> OpenedSession:
    """A new member of organizations, who works with the first."""
    services = owner.server.services
    now, (organization_id, role) = services.clock(), memberships[0]
    email = f"{role}-{uuid.uuid4().hex}@example.com"
    async with services.database.transaction() as transaction:
        user = await users.add(transaction, email, f"{role} of {organization_id}", None, now)
        for identifier, its_role in memberships:
            await users.put_member(transaction, identifier, user.id, its_role, now)
        return await services.identity.sessions.open(
            transaction, user.id, "password", "open", Visitor("127.0.0.1"), organization_id
        )


async def _sign_on(owner: Tenant) -> None:
    """Single sign-on that is set up, with what nobody else may be shown."""
    services, organization_id = owner.server.services, owner.house.id
    owner.made["issuer"] = f"https://id.example/{organization_id}"
    settings = SignOnSettings(
        organization_id, owner.made["issuer"], "client", None, ("example.com",), "viewer",
        adds_members=False, is_enforced=False, break_glass_user_id=None, changed_ms=services.clock(),
    )  # fmt: skip
    async with services.database.transaction() as transaction:
        await sign_on.put(transaction, settings)


def session_headers(server: Server, opened: OpenedSession) -> dict[str, str]:
    """What a page of ours sends for who is signed in."""
    proof = csrf_token(csrf_key(server.door), opened.token)
    return {"cookie": f"{SESSION_COOKIE}={opened.token}", "x-csrf-token": proof, "origin": server.url}


# Samples


RECORDS = {
    (resource.type, re.findall(r"\{(\w+)\}", resource.one_path)[-1]): resource
    for resource in all_resources()
    if resource.one_path
} | {("wms", "kit_id"): next(resource for resource in all_resources() if resource.key == "wms_products")}


def record(owner: Tenant, kind: str, name: str) -> str:
    """The id of a record that no other organization has: those of sandboxes are alike."""
    if name == "kit_id":
        return owner.sample("product_id", kind)
    resource = RECORDS[kind, name]
    text = f"{name}-of-{owner.house.id}"
    if kind not in owner.house.uids:
        return text
    uid, table = owner.house.uids[kind], resource.key
    connection = "(SELECT id FROM connections WHERE uid = ?)"
    first = f"(SELECT min(id) FROM {table} WHERE connection_id = {connection})"
    sql = f"UPDATE {table} SET id = ? WHERE connection_id = {connection} AND id = {first}"
    owner.server.do(owner.server.services.database.execute(sql, text, uid, uid))
    return text


def _sync_job(owner: Tenant) -> str:
    window = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-02T00:00:00Z"}
    body = window | {"function_name": "get_orders"}
    answer = owner.house.ask("POST", "/connections/on-demand-syncs", "wms", json=body)
    assert answer.status_code == 200, answer.text
    text: str = answer.json()["sync_job_id"]
    return text


def _endpoint(owner: Tenant) -> str:
    body = {"url": f"http://127.0.0.1:{free_port()}/nobody", "eventTypes": ["victim.told"]}
    _event_type(owner)
    text: str = owner.admin("POST", f"/app/{owner.house.id}/endpoint", json=body)["id"]
    path = f"/app/{owner.house.id}/endpoint/{text}"
    owner.made["secret of the endpoint"] = owner.admin("GET", f"{path}/secret")["key"]
    owner.made["header of the endpoint"] = f"Bearer header-of-{owner.house.id}"
    headers = {"headers": {"Authorization": owner.made["header of the endpoint"]}}
    owner.admin("PUT", f"{path}/headers", json=headers)
    return text


def _event_type(owner: Tenant) -> str:
    body = {"name": "victim.told", "description": "of one organization"}
    headers = {"authorization": f"Bearer {owner.house.key}"}
    owner.house.http.post(f"{owner.house.url}/api/v1/event-type", headers=headers, json=body)
    return f"told-by.{owner.house.id}"


def _message(owner: Tenant) -> str:
    owner.sample("endpoint_id", "")
    body = {"eventType": "victim.told", "payload": {"secret": owner.house.id}}
    text: str = owner.admin("POST", f"/app/{owner.house.id}/msg", json=body)["id"]
    return text


def _attempt(owner: Tenant) -> str:
    message = owner.sample("msg_id", "")

    def attempts() -> list[Json]:
        data: list[Json] = owner.admin("GET", f"/app/{owner.house.id}/attempt/msg/{message}")["data"]
        return data

    until(attempts)
    text: str = attempts()[0]["id"]
    return text


def _task(owner: Tenant) -> str:
    path = f"/app/{owner.house.id}/endpoint/{owner.sample('endpoint_id', '')}/recover"
    text: str = owner.admin(
        "POST", path, json={"since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z"}
    )["id"]
    return text


def _own_event_type(owner: Tenant) -> str:
    name = f"told.{owner.house.id}"
    owner.admin("POST", "/event-type", json={"name": name, "description": "of one organization"})
    return name


def _operational(owner: Tenant) -> str:
    body = {"url": f"http://127.0.0.1:{free_port()}/operator"}
    text: str = owner.admin("POST", "/operational-webhook/endpoint", json=body)["id"]
    return text


def _magic_link(owner: Tenant) -> str:
    answer = owner.house.ask("POST", "/magic-links", None, json={})
    text: str = answer.json()["magic_link"]["id"]
    owner.made["secret of the magic link"] = answer.json()["magic_link"]["url"].rpartition("/")[2]
    return text


def _alert_channel(owner: Tenant) -> str:
    owner.made["path of the channel"] = f"alerts-of-{owner.house.id}"
    url = f"http://127.0.0.1:{free_port()}/{owner.made['path of the channel']}"
    body = {"type": "url", "name": "victim", "url": url}
    answer = owner.house.ask("POST", "/alerts/channels", None, json=body)
    assert answer.status_code == 200, answer.text
    text: str = answer.json()["data"]["id"]
    owner.made["secret of the channel"] = answer.json()["data"]["signing_secret"]
    return text


def _flow(owner: Tenant) -> str:
    """A flow that ended: the sandbox is connected anew, and an auth code waits."""
    flow_id = new_flow_id()
    owner.made["auth_code"] = link(owner.server, owner.house).connect_sandbox(flow_id)["auth_code"]
    return flow_id


def _auth_code(owner: Tenant) -> str:
    owner.sample("flow_id", "")
    return owner.made["auth_code"]


def _carrier_invoice(owner: Tenant) -> str:
    """An invoice that no other organization has: those of sandboxes are alike."""
    name, uid = f"inv_of-{owner.house.id}", owner.house.uids["carrier"]
    connection = "(SELECT id FROM connections WHERE uid = ?)"
    first = f"(SELECT min(id) FROM carrier_invoices WHERE connection_id = {connection})"
    sql = f"UPDATE carrier_invoices SET id = ? WHERE connection_id = {connection} AND id = {first}"
    owner.server.do(owner.server.services.database.execute(sql, name, uid, uid))
    return name


def _erasure(owner: Tenant) -> str:
    body = {"email": f"nobody@{owner.house.id}.example", "dry_run": True}
    answer = owner.house.ask("POST", "/erasures", None, json=body)
    assert answer.status_code == 200, answer.text
    text: str = answer.json()["data"]["id"]
    return text


def _invitation(owner: Tenant) -> str:
    body = {"email": f"guest@{owner.house.id}.example", "role": "viewer"}
    made = owner.account("/invitations", body)
    owner.made["invitation link"] = made["link"]
    return str(made["id"])


def _api_key(owner: Tenant) -> str:
    made = owner.account("/api-keys", {"name": f"key of {owner.house.id}"})
    owner.made["another key"] = made["api_key"]
    return str(made["id"])


def _portal_token(owner: Tenant) -> str:
    path, body = f"/auth/app-portal-access/{owner.house.id}", {"capabilities": CAPABILITIES}
    text: str = owner.admin("POST", path, json=body)["token"]
    return text


def _endpoint_uid(owner: Tenant) -> str:
    body = {
        "url": f"http://127.0.0.1:{free_port()}/named",
        "uid": f"named-{owner.house.id}",
        "disabled": True,
    }
    text: str = owner.admin("POST", f"/app/{owner.house.id}/endpoint", json=body)["uid"]
    return text


def _message_uid(owner: Tenant) -> str:
    _event_type(owner)
    name = f"said-{owner.house.id}"
    body = {"eventType": "victim.told", "payload": {}, "eventId": name}
    owner.admin("POST", f"/app/{owner.house.id}/msg", json=body)
    return name


def _finding(owner: Tenant) -> str:
    """A finding that no other organization has: those of sandboxes are alike."""
    until(lambda: owner.house.get("/carrier/audit/findings").json()["audited_at"] is not None)
    text = f"finding-of-{owner.house.id}"
    connection = "(SELECT id FROM connections WHERE uid = ?)"
    first = f"(SELECT min(id) FROM findings WHERE connection_id = {connection})"
    sql = f"UPDATE findings SET id = ? WHERE connection_id = {connection} AND id = {first}"
    uid = owner.house.uids["carrier"]
    owner.server.do(owner.server.services.database.execute(sql, text, uid, uid))
    return text


def _rated_account(owner: Tenant) -> str:
    """A carrier's account with a rate card."""
    account = f"account-of-{owner.house.id}"
    answer = owner.house.http.put(
        f"{owner.house.url}/carrier/audit/rate-cards", params={"account_id": account},
        content=b"service,weight,price\nGround,1,5.00\n", headers=owner.house.headers("carrier"),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return account


def _call(owner: Tenant) -> str:
    """A call that failed, whose headers and bodies are kept."""
    path = f"/wms/orders/{owner.house.id}"
    owner.house.get(path)

    def calls() -> list[Json]:
        data: list[Json] = owner.house.get("/api-logs", None, path_prefix=path).json()["data"]
        return data

    until(calls)
    return str(calls()[0]["id"])


SAMPLES: dict[str, Callable[[Tenant], str]] = {
    "connection_id": lambda owner: owner.house.uids["wms"],
    "access_token": lambda owner: owner.house.tokens["wms"],
    "sync_job_id": _sync_job,
    "event_id": lambda owner: str(owner.house.get("/events", None).json()["data"][0]["id"]),
    "after": lambda owner: owner.sample("event_id", ""),
    "page_token": lambda owner: str(owner.house.get("/wms/orders", limit="1").json()["next_token"]),
    "file_id": lambda owner: str(owner.house.get("/carrier/files").json()["data"][0]["id"]),
    "app_id": lambda owner: owner.house.id,
    "endpoint_id": _endpoint,
    "operational endpoint_id": _operational,
    "msg_id": _message,
    "attempt_id": _attempt,
    "task_id": _task,
    "name": _own_event_type,
    "magic_link_id": _magic_link,
    "channel_id": _alert_channel,
    "flow_id": _flow,
    "auth_code": _auth_code,
    "erasure_id": _erasure,
    "organization_id": lambda owner: owner.house.id,
    "user_id": lambda owner: owner.person("viewer").session.user_id,
    "session_id": lambda owner: owner.person("viewer").session.id,
    "invitation_id": _invitation,
    "key_id": _api_key,
    "actor": lambda owner: owner.person("owner").session.user_id,
    "subject": _api_key,
    "uid": _endpoint_uid,
    "event uid": _message_uid,
    "link_token": lambda owner: minted(owner.house),
    "portal token": _portal_token,
    "record_id": lambda owner: owner.sample("order_id", "wms"),
    "call_id": _call,
    "finding_id": _finding,
    "part_of": lambda owner: owner.sample("finding_id", ""),
    "account_id": _rated_account,
    "carrier_invoice_id": _carrier_invoice,
} | {
    f"/dashboard{operation.path} connection_id": lambda owner: owner.house.uids["carrier"]
    for operation in CARRIER.operations
    if "{connection_id}" in operation.path
}
"""How to make a thing of one organization, and what others name it by. Add what new routes name."""
