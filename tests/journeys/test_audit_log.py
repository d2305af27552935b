"""The audit log: whatever is done is in it, nobody changes it, and it can be read as a file (property 26)."""

import csv
import io
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from crossdock.account_api.operations import OPERATIONS as ACCOUNT
from crossdock.api.operations import all_operations
from crossdock.store.connections import access
from crossdock.store.database.engine import Database
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import Actor, AuditEntry, AuditFilter
from crossdock.svix_api.operations import OPERATIONS as WEBHOOKS
from tests.journeys.account import Desk, desk
from tests.journeys.audited import COMMAND_ACTIONS, LOOKS, WRITING
from tests.journeys.commands import COMMANDS, Shell
from tests.journeys.server import Organization, Server

__all__ = ["desk"]


def writing_operations() -> list[str]:
    """The ids of all operations that are no mere reads, but for writes to connected systems."""
    api = [operation.id for operation in all_operations() if operation.writes and operation.write is None]
    others = [operation.id for operation in (*WEBHOOKS, *ACCOUNT) if operation.method != "GET"]
    return [*api, *others]


@pytest.mark.parametrize("operation", writing_operations())
def test_p26_every_operation_that_changes_something_says_what_it_adds_or_why_nothing(operation: str):
    assert WRITING.get(operation), "name its action in WRITING, or say after a dash why there is none"


@pytest.mark.parametrize("command", [" ".join(words) for words in COMMANDS])
def test_p26_every_command_says_what_it_adds_or_why_nothing(command: str):
    assert COMMAND_ACTIONS.get(command), "name its action in COMMAND_ACTIONS, or say why there is none"


# Done, and told


class Backend:
    """What a backend does with its key, at a server."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.names: dict[str, str] = {"app": organization.id}

    def api(self, method: str, path: str, kind: str = "wms", **body: Any) -> httpx.Response:
        answer = self.organization.ask(method, path.format(**self.names), kind, json=body or None)
        assert answer.is_success, answer.text
        return answer

    def hooks(self, method: str, path: str, **body: Any) -> Any:
        answer = self.organization.http.request(
            method,
            f"{self.organization.url}/api/v1{path.format(**self.names)}",
            json=body or None,
            headers={"authorization": f"Bearer {self.organization.key}"},
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def keep(self, name: str, value: str) -> None:
        self.names[name] = value


ENDPOINT = "/app/{app}/endpoint/{endpoint}"
SINCE = "2026-01-01T00:00:00Z"
WINDOW = {"start_time": SINCE, "end_time": "2026-01-02T00:00:00Z", "function_name": "get_orders"}

STEPS: list[tuple[str, str, Callable[[Backend], Any]]] = [
    ("generateSandbox", "access_token.viewed", lambda b: b.api("POST", "/sandbox/generate-sandbox/wms")),
    (
        "createSyncJob", "sync_job.created",
        lambda b: b.keep("job", b.api("POST", "/connections/on-demand-syncs", **WINDOW).json()["id"]),
    ),
    ("application.create", "webhook_application.created",
     lambda b: b.keep("other", b.hooks("POST", "/app", name="Other")["id"])),
    ("application.patch", "webhook_application.changed",
     lambda b: b.hooks("PATCH", "/app/{other}", name="Another")),
    ("application.delete", "webhook_application.deleted", lambda b: b.hooks("DELETE", "/app/{other}")),
    ("endpoint.create", "endpoint.created",
     lambda b: b.keep(
         "endpoint", b.hooks("POST", "/app/{app}/endpoint", url="http://127.0.0.1:9/hook")["id"])),
    ("endpoint.patch", "endpoint.changed", lambda b: b.hooks("PATCH", ENDPOINT, description="x")),
    ("endpoint.get-secret", "endpoint.secret_seen", lambda b: b.hooks("GET", f"{ENDPOINT}/secret")),
    ("endpoint.rotate-secret", "endpoint.changed", lambda b: b.hooks("POST", f"{ENDPOINT}/secret/rotate")),
    ("endpoint.set-headers", "endpoint.changed",
     lambda b: b.hooks("PUT", f"{ENDPOINT}/headers", headers={"x-a": "b"})),
    ("endpoint.transformation.patch", "endpoint.changed",
     lambda b: b.hooks("PATCH", f"{ENDPOINT}/transformation", enabled=False)),
    ("endpoint.transformation.get", "endpoint.script_seen",
     lambda b: b.hooks("GET", f"{ENDPOINT}/transformation")),
    ("endpoint.recover", "webhook_task.started",
     lambda b: b.hooks("POST", f"{ENDPOINT}/recover", since=f"{date.today() - timedelta(days=1)}T00:00:00Z")),
    ("event-type.create", "event_type.created",
     lambda b: b.hooks("POST", "/event-type", name="my.type", description="Mine")),
    ("event-type.delete", "event_type.changed", lambda b: b.hooks("DELETE", "/event-type/my.type")),
    ("authentication.app-portal-access", "portal_token.created",
     lambda b: b.hooks("POST", "/auth/app-portal-access/{app}")),
    ("authentication.expire-all", "portal_token.expired",
     lambda b: b.hooks("POST", "/auth/app/{app}/expire-all")),
    ("endpoint.delete", "endpoint.deleted", lambda b: b.hooks("DELETE", ENDPOINT)),
]  # fmt: skip


def entries(server: Server, organization_id: str, **wanted: Any) -> list[audit_log.AuditRow]:
    """The entries of an organization, the oldest first."""
    page = audit_log.page(server.services.database, AuditFilter(organization_id, **wanted), None, 1000)
    return server.do(page)[::-1]


def test_p26_what_a_backend_does_is_told_with_key_address_and_request(server: Server):
    backend = Backend(server.organization("wms"))
    organization = backend.organization
    assert {name: action for name, action, _ in STEPS}.items() <= (WRITING | LOOKS).items()
    for name, action, step in STEPS:
        before = {entry.id for entry in entries(server, organization.id)}
        step(backend)
        new = [entry for entry in entries(server, organization.id) if entry.id not in before]
        assert action in {entry.action for entry in new}, name
        for entry in new:
            assert (entry.actor_kind, entry.actor_name, entry.address) == ("api_key", "test", "127.0.0.1")
            assert json.loads(entry.detail)["operation"] == name
            assert len(entry.request_id) == 32


def test_p26_no_secret_is_in_any_entry(server: Server):
    backend = Backend(server.organization("wms"))
    backend.keep("endpoint", backend.hooks("POST", "/app/{app}/endpoint", url="http://127.0.0.1:9/x")["id"])
    secret = backend.hooks("GET", f"{ENDPOINT}/secret")["key"]
    token = backend.hooks("POST", "/auth/app-portal-access/{app}")["token"]
    text = repr(entries(server, backend.organization.id))
    for value in (secret, token, backend.organization.key, backend.organization.tokens["wms"]):
        assert value not in text


def test_what_a_person_does_is_told_with_their_name(desk: Desk):
    organization = desk.organization()
    owner = desk.member(organization, "owner")
    owner.ask("POST", "/api-keys", {"name": "mine"})
    (entry,) = desk.audit(organization, "api_key")
    assert (entry.action, entry.actor_kind, entry.actor_id) == ("api_key.created", "user", owner.user_id)
    assert (entry.actor_name, entry.address) == (owner.email, owner.address)
    assert json.loads(entry.detail)["name"] == "mine"


def test_a_sign_in_that_failed_is_told_to_the_user_s_organizations(desk: Desk):
    organization = desk.organization()
    person = desk.member(organization, "owner").elsewhere()
    person.sign_in("wrong password here")
    (entry,) = desk.audit(organization, "user.sign_in_failed")
    assert (entry.subject, entry.address) == (person.user_id, person.address)


def test_an_act_that_failed_is_not_told(desk: Desk):
    organization = desk.organization()
    owner = desk.member(organization, "owner")
    before = desk.audit(organization)
    assert owner.ask("DELETE", f"/members/{owner.user_id}").status_code == 409
    assert owner.ask("POST", "/invitations", {"email": "no address", "role": "viewer"}).status_code == 422
    assert desk.audit(organization) == before


def test_what_a_command_does_is_told_with_who_ran_it(tmp_path: Any):
    shell = Shell(tmp_path, {"CROSSDOCK_DATA_DIR": str(tmp_path / "data")})
    key = "A" * 43 + "="
    settings = {"CROSSDOCK_SECRET_KEY": key}
    shell.call("migrate", **settings)
    made = shell.call("keys", "create", "backend", "--json", **settings).json
    link = shell.call("users", "create", "Ada@example.com", "--owner", "--json", **settings).json["link"]
    shell.call("users", "create", "bob@example.com", "--json", **settings)
    shell.call("users", "role", "bob@example.com", "owner", "--json", **settings)
    shell.call("users", "disable", "ada@example.com", "--json", **settings)
    shell.call("keys", "revoke", made["id"], "--json", **settings)
    told = shell.call("audit-log", "list", "--json", **settings).json
    assert sorted(entry["action"] for entry in told[-2:]) == ["api_key.created", "organization.created"]
    assert [entry["action"] for entry in told[:-2]][::-1] == [
        "member.added", "member.added", "member.role_changed", "user.disabled", "api_key.revoked",
    ]  # fmt: skip
    assert {entry["actor_kind"] for entry in told} == {"command_line"}
    assert all(entry["actor_name"] for entry in told)
    assert link.partition("token=")[2] not in json.dumps(told)
    exported = shell.call("audit-log", "export", "--csv", "--action", "user", **settings).out
    assert [row["action"] for row in csv.DictReader(io.StringIO(exported))] == ["user.disabled"]
    pruned = shell.call("audit-log", "prune", "--before", "2027-01-01", "--yes", **settings)
    assert "in the future" in pruned.err
    shown = {row["email"]: row for row in shell.call("users", "list", "--json", **settings).json}
    assert (shown["bob@example.com"]["roles"], shown["Ada@example.com"]["disabled_at"] is None) == (
        "owner of backend",
        False,
    )


# Only added to


async def added(database: Database, at_ms: int = 1000, **values: Any) -> None:
    entry = AuditEntry("org_a", Actor("user", "u", "Ada"), "thing.done", **values)
    async with database.transaction() as transaction:
        await audit_log.note(transaction, entry, at_ms)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_log SET actor_name = 'Mallory'",
        "DELETE FROM audit_log",
        "UPDATE audit_log SET detail = '{}' WHERE id = 'none'",
        "DELETE FROM audit_log WHERE action = 'thing.done'",
    ],
)
async def test_p26_the_database_changes_and_removes_no_entry(sql: str, database: Database):
    await added(database)
    with suppress(Exception):  # where no row fits there is nothing to refuse
        await database.execute(sql)
    rows = await audit_log.page(database, AuditFilter("org_a"), None, 10)
    assert [row.actor_name for row in rows] == ["Ada"]


def test_p26_no_operation_changes_the_log():
    about = [operation for operation in ACCOUNT if "audit" in operation.path]
    assert {operation.method for operation in about} == {"GET"}


async def test_pruning_removes_what_is_old_and_says_so_in_each_log(database: Database):
    await added(database, 1000)
    await added(database, 5000)
    assert await audit_log.prune(database, 3000, 9000) == 1
    rows = await audit_log.page(database, AuditFilter("org_a"), None, 10)
    assert [row.action for row in rows] == ["audit_log.pruned", "thing.done"]
    assert json.loads(rows[0].detail) == {"before_ms": 3000, "entries": 1}
    with pytest.raises(Exception, match="only added to"):
        await database.execute("DELETE FROM audit_log")


# Read


async def test_entries_are_found_by_actor_action_subject_and_time(database: Database):
    for number in range(6):
        await added(database, 1000 * number, subject=f"s{number % 2}")
    other = AuditEntry("org_a", Actor("api_key", "k", "ci"), "thingy.done")
    async with database.transaction() as transaction:
        await audit_log.note(transaction, other, 2500)

    async def count(**wanted: Any) -> int:
        return len(await audit_log.page(database, AuditFilter("org_a", **wanted), None, 100))

    assert await count() == 7
    assert await count(actor="Ada") == await count(actor="u") == await count(actor="user") == 6
    assert await count(action="thing") == await count(action="thing.done") == 6
    assert await count(action="thingy") == 1
    assert await count(subject="s1") == 3
    assert await count(since_ms=2000, until_ms=3000) == 3


async def test_an_export_holds_every_entry_once_however_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audit_log, "AT_ONCE", 7)
    for number in range(30):
        await added(database, 1000, subject=str(number))
    batches = [batch async for batch in audit_log.everything(database, AuditFilter("org_a"))]
    assert sorted(int(row.subject) for batch in batches for row in batch) == list(range(30))
    assert max(map(len, batches)) == 7


def test_pages_of_the_log_follow_each_other_without_gap(desk: Desk):
    organization = desk.organization()
    owner = desk.member(organization, "owner")
    for number in range(5):
        owner.ask("POST", "/api-keys", {"name": f"key {number}"})
    names, token = [], ""
    while True:
        page = owner.ask("GET", f"/audit-log?limit=2&action=api_key{token}").json()
        names += [entry["detail"]["name"] for entry in page["data"]]
        if page["next_token"] is None:
            break
        token = f"&page_token={page['next_token']}"
    assert names == [f"key {number}" for number in (4, 3, 2, 1, 0)] or sorted(names) == [
        f"key {number}" for number in range(5)
    ]


def test_a_page_token_of_another_organization_is_refused(desk: Desk):
    owners = [desk.member(desk.organization(), "owner") for _ in range(2)]
    for owner in owners:
        for _ in range(2):
            owner.ask("POST", "/api-keys", {"name": "k"})
    token = owners[0].ask("GET", "/audit-log?limit=1").json()["next_token"]
    assert owners[1].ask("GET", f"/audit-log?limit=1&page_token={token}").status_code == 422


def test_the_log_is_exported_as_csv_in_which_nothing_is_a_formula(desk: Desk):
    organization = desk.organization()
    owner = desk.member(organization, "owner")
    owner.ask("POST", "/invitations", {"email": "=cmd|calc@example.com", "role": "viewer"})
    entry = AuditEntry(organization, Actor("user", "u", '=HYPERLINK("http://evil")'), "thing.done", "@x")

    async def add() -> None:
        async with desk.services.database.transaction() as transaction:
            await audit_log.note(transaction, entry, desk.clock())

    desk.server.do(add())
    answer = owner.ask("GET", "/audit-log/export?format=csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-log.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert "'=HYPERLINK" in answer.text
    assert {"user.signed_in", "thing.done"} < {row["action"] for row in rows}


def test_the_log_is_exported_as_a_line_of_json_each(desk: Desk):
    organization = desk.organization()
    owner = desk.member(organization, "owner")
    owner.ask("POST", "/api-keys", {"name": "k"})
    answer = owner.ask("GET", "/audit-log/export?action=api_key")
    (line,) = answer.text.splitlines()
    assert json.loads(line)["detail"]["name"] == "k"
    assert desk.audit(organization, "audit_log")[-1].action == "audit_log.exported"


@pytest.mark.parametrize("query", ["since=yesterday", "until=2026-13-01", "colour=red", "format=xml"])
def test_a_query_that_does_not_fit_is_refused(query: str, desk: Desk):
    owner = desk.member(desk.organization(), "owner")
    assert owner.ask("GET", f"/audit-log/export?{query}").status_code == 422


def test_an_organization_that_is_made_is_told_in_its_own_log(server: Server):
    database, now = server.services.database, server.services.clock()
    organization_id = server.do(access.create_organization(database, "New", now))
    (entry,) = entries(server, organization_id)
    assert (entry.action, entry.actor_kind) == ("organization.created", "system")
