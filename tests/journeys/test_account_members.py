"""Organizations and their people: invitations, roles, several organizations fully apart."""

import asyncio
from typing import Any

import pytest

from crossdock.account_api.operations import ANYBODY, OPERATIONS, AccountOperation
from crossdock.people.permissions import PERMISSIONS
from crossdock.store.people.users import ROLES, Role
from tests.journeys.account import Desk, Person, desk
from tests.journeys.server import Server

__all__ = ["desk"]

NEW_PASSWORD = "seven small grey boats"


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def invited(owner: Person, email: str, role: str = "viewer") -> str:
    """The token of an invitation."""
    answer = owner.ask("POST", "/invitations", {"email": email, "role": role})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["link"].partition("#token=")[2])


# Invitations


def test_who_is_invited_sets_a_password_and_is_in(desk: Desk):
    owner = desk.member(desk.organization("Boats"), "owner")
    guest = desk.stranger("guest-1@example.com")
    token = invited(owner, guest.email, "developer")
    look = guest.ask("POST", "/invitations/look", {"token": token}).json()
    assert (look["organization_name"], look["email"], look["role"]) == ("Boats", guest.email, "developer")
    body = {"token": token, "name": "Guest", "password": NEW_PASSWORD}
    assert guest.ask("POST", "/invitations/accept", body).json()["status"] == "signed_in"
    assert guest.me()["organization"]["role"] == "developer"
    assert guest.me()["user"]["email"] == guest.email


def test_an_invitation_works_once(desk: Desk):
    owner, guest = desk.member(desk.organization(), "owner"), desk.stranger("guest-2@example.com")
    token = invited(owner, guest.email)
    body = {"token": token, "password": NEW_PASSWORD}
    guest.ask("POST", "/invitations/accept", body)
    assert code(desk.stranger().ask("POST", "/invitations/accept", body)) == (410, "invitation_over")


def test_fifty_at_once_with_an_invitation_make_a_single_user(desk: Desk, server: Server):
    owner = desk.member(desk.organization(), "owner")
    token, members = invited(owner, "crowd@example.com"), desk.services.identity.members

    async def together() -> list[object]:
        tries = (members.accept_as_new(token, "", NEW_PASSWORD) for _ in range(50))
        return await asyncio.gather(*tries, return_exceptions=True)

    answers = server.do(together())
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1


@pytest.mark.parametrize("end", ["revoked", "expired", "replaced"])
def test_an_invitation_that_is_over_says_so(end: str, desk: Desk):
    owner = desk.member(desk.organization(), "owner")
    email = f"{end}@example.com"
    token = invited(owner, email)
    (listed,) = owner.ask("GET", "/invitations").json()["data"]
    if end == "revoked":
        assert owner.ask("DELETE", f"/invitations/{listed['id']}").status_code == 204
    elif end == "replaced":
        invited(owner, email.upper())
    else:
        desk.clock.pass_seconds(168 * 3600 + 1)
    answer = desk.stranger().ask("POST", "/invitations/accept", {"token": token, "password": NEW_PASSWORD})
    assert code(answer) == (410, "invitation_over")


def test_who_has_an_account_signs_in_to_accept(desk: Desk):
    owner, guest = desk.member(desk.organization("B"), "owner"), desk.member(desk.organization("A"), "owner")
    token = invited(owner, guest.email)
    stranger = desk.stranger().ask("POST", "/invitations/accept", {"token": token, "password": NEW_PASSWORD})
    assert code(stranger) == (409, "sign_in_first")
    assert guest.ask("POST", "/invitations/accept", {"token": token}).json()["status"] == "accepted"
    assert guest.me()["organization"]["name"] == "B"
    assert {row["name"] for row in guest.ask("GET", "/organizations").json()["data"]} == {"A", "B"}


def test_an_invitation_is_for_the_address_that_it_names(desk: Desk):
    owner, other = desk.member(desk.organization(), "owner"), desk.member(desk.organization(), "owner")
    token = invited(owner, "somebody-else@example.com")
    answer = other.ask("POST", "/invitations/accept", {"token": token})
    assert code(answer) == (400, "invitation_of_another")


def test_a_member_is_not_invited_again(desk: Desk):
    organization = desk.organization()
    owner, member = desk.member(organization, "owner"), desk.member(organization, "viewer")
    answer = owner.ask("POST", "/invitations", {"email": member.email.upper(), "role": "owner"})
    assert code(answer) == (409, "member_exists")


@pytest.mark.parametrize("email", ["", "a", "a@", "@b.c", "a b@c.d", "a@b\n.c", "a@b,c", "x" * 251 + "@b.c"])
def test_what_is_no_address_is_not_invited(email: str, desk: Desk):
    owner = desk.member(desk.organization(), "owner")
    answer = owner.ask("POST", "/invitations", {"email": email, "role": "viewer"})
    assert answer.status_code == 422
    assert "is no e-mail address" in answer.json()["detail"]["json"]["email"][0]


# Roles


def test_a_role_changes_at_once(desk: Desk):
    organization = desk.organization()
    owner, member = desk.member(organization, "owner"), desk.member(organization, "viewer")
    assert member.ask("GET", "/api-keys").status_code == 403
    assert owner.ask("PATCH", f"/members/{member.user_id}", {"role": "developer"}).status_code == 200
    assert member.ask("GET", "/api-keys").status_code == 200


def test_a_member_who_is_removed_is_out_at_once(desk: Desk):
    organization = desk.organization()
    owner, member = desk.member(organization, "owner"), desk.member(organization, "developer")
    assert owner.ask("DELETE", f"/members/{member.user_id}").status_code == 204
    assert code(member.ask("GET", "/members")) == (403, "no_organization")


@pytest.mark.parametrize(
    ("method", "body"), [("DELETE", None), ("PATCH", {"role": "viewer"})], ids=["removed", "demoted"]
)
def test_the_last_owner_stays(method: str, body: Any, desk: Desk):
    organization = desk.organization()
    owner = desk.member(organization, "owner")
    desk.member(organization, "developer")
    assert code(owner.ask(method, f"/members/{owner.user_id}", body)) == (409, "last_owner")


def test_two_owners_who_remove_each_other_at_once_leave_an_owner(desk: Desk, server: Server):
    organization = desk.organization()
    pair = [desk.user((organization, "owner")) for _ in range(2)]
    members = desk.services.identity.members

    async def together() -> list[object]:
        removals = (members.remove(organization, user.id) for user in pair)
        return await asyncio.gather(*removals, return_exceptions=True)

    answers = server.do(together())
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "NoneType"]


def test_a_disabled_owner_does_not_count(desk: Desk, server: Server):
    organization = desk.organization()
    owner, other = desk.member(organization, "owner"), desk.user((organization, "owner"))
    server.do(desk.services.identity.members.disable(other))
    assert code(owner.ask("DELETE", f"/members/{owner.user_id}")) == (409, "last_owner")


def test_every_permission_has_roles_and_an_owner_has_them_all():
    assert all(roles <= set(ROLES) and "owner" in roles for roles in PERMISSIONS.values())


@pytest.fixture(scope="module")
def cast(desk: Desk) -> dict[str, Person]:
    """A person of each role in an organization."""
    organization = desk.organization()
    return {role: desk.member(organization, role) for role in ROLES}


BODIES = {
    "setSignOn": {"issuer": "https://idp.example", "client_id": "x", "domains": ["example.com"]},
    "invite": {"email": "new@example.com", "role": "viewer"},
    "createApiKey": {"name": "x"},
    "changeMember": {"role": "viewer"},
    "changeOrganization": {"wants_second_factor": False},
}
IN_ORGANIZATION = [operation for operation in OPERATIONS if operation.permission]


def path_of(operation: AccountOperation, values: dict[str, str] | None = None) -> str:
    path = operation.path
    for parameter in operation.parameters:
        if parameter.where == "path":
            path = path.replace(f"{{{parameter.name}}}", (values or {}).get(parameter.name, "none"))
    return path


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("operation", IN_ORGANIZATION, ids=lambda operation: operation.id)
def test_each_operation_is_open_to_the_roles_of_its_permission_only(
    operation: AccountOperation, role: Role, cast: dict[str, Person]
):
    answer = cast[role].ask(operation.method, path_of(operation), BODIES.get(operation.id))
    if role in PERMISSIONS[operation.needs]:
        assert answer.status_code != 403, answer.text
    else:
        assert code(answer) == (403, "role_too_low")


@pytest.mark.parametrize(
    "operation", [item for item in OPERATIONS if item.needs != ANYBODY], ids=lambda operation: operation.id
)
def test_without_a_session_nothing_opens(operation: AccountOperation, desk: Desk):
    answer = desk.stranger().ask(operation.method, path_of(operation), BODIES.get(operation.id))
    assert code(answer) == (401, "not_signed_in")


# Organizations apart


def test_a_user_of_two_organizations_has_a_role_in_each_and_switches(desk: Desk):
    first = desk.organization("First")
    desk.clock.pass_seconds(1)
    second = desk.organization("Second")
    person = desk.member(first, "owner", (second, "viewer"))
    assert person.me()["organization"]["name"] == "First"
    assert person.ask("POST", f"/organizations/{second}/switch").status_code == 204
    me = person.me()["organization"]
    assert (me["name"], me["role"]) == ("Second", "viewer")
    assert person.ask("GET", "/api-keys").status_code == 403


def test_nobody_switches_into_a_strangers_organization(desk: Desk):
    person, foreign = desk.member(desk.organization(), "owner"), desk.organization("Foreign")
    answers = [person.ask("POST", f"/organizations/{id_}/switch") for id_ in (foreign, "none")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(foreign, "none") == answers[1].text


WITH_IDS = [
    operation for operation in OPERATIONS if any(item.where == "path" for item in operation.parameters)
]


@pytest.fixture(scope="module")
def foreign(desk: Desk) -> dict[str, str]:
    """The id of each kind of thing that another organization has."""
    organization = desk.organization("Foreign")
    owner = desk.member(organization, "owner")
    other = desk.member(organization, "viewer")
    key = owner.ask("POST", "/api-keys", {"name": "theirs"}).json()
    invitation = owner.ask("POST", "/invitations", {"email": "x@example.com", "role": "viewer"}).json()
    return {
        "organization_id": organization,
        "user_id": other.user_id,
        "key_id": key["id"],
        "invitation_id": invitation["id"],
        "session_id": other.me()["session"]["id"],
    }


@pytest.mark.parametrize("operation", WITH_IDS, ids=lambda operation: operation.id)
def test_p19_what_another_organization_has_looks_like_nothing(
    operation: AccountOperation, foreign: dict[str, str], cast: dict[str, Person]
):
    names = [item.name for item in operation.parameters if item.where == "path"]
    assert set(names) <= set(foreign), "a path parameter without a sample of another organization"
    absent = {name: "none" for name in names}
    answers = [
        cast["owner"].ask(operation.method, path_of(operation, values), BODIES.get(operation.id))
        for values in (foreign, absent)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    texts = answers[0].text
    for name in names:
        texts = texts.replace(foreign[name], "none")
    assert texts == answers[1].text


@pytest.mark.parametrize("path", ["/members", "/invitations", "/api-keys", "/audit-log", "/audit-log/export"])
def test_p19_lists_hold_nothing_of_another_organization(
    path: str, foreign: dict[str, str], cast: dict[str, Person]
):
    answer = cast["owner"].ask("GET", path)
    assert answer.status_code == 200
    assert not any(value in answer.text for value in foreign.values())


def test_p29_a_viewer_sees_no_key_token_or_secret_by_any_route(cast: dict[str, Person]):
    made = cast["owner"].ask("POST", "/api-keys", {"name": "seen once"}).json()["api_key"]
    link = invited(cast["owner"], "seen-once@example.com")
    for operation in OPERATIONS:
        if operation.method == "GET":
            text = cast["viewer"].ask("GET", path_of(operation)).text
            assert made not in text
            assert link not in text
            assert "ck_" not in text


def test_a_key_is_shown_once_and_its_end_and_kind_are_told(desk: Desk, cast: dict[str, Person]):
    owner = cast["owner"]
    made = owner.ask("POST", "/api-keys", {"name": "ci", "kind": "read_only", "expires_in_days": 30}).json()
    listed = {row["id"]: row for row in owner.ask("GET", "/api-keys").json()["data"]}[made["id"]]
    assert (listed["kind"], listed["works"], listed["ends_with"]) == ("read_only", True, made["api_key"][-4:])
    assert made["api_key"] not in owner.ask("GET", "/api-keys").text
    assert owner.ask("DELETE", f"/api-keys/{made['id']}").status_code == 204
    assert code(owner.ask("DELETE", f"/api-keys/{made['id']}")) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x", "kind": "admin"}, "kind"),
        ({"name": "x", "expires_in_days": 0}, "expires_in_days"),
        ({"name": "x", "connection_ids": ["none"]}, "connection_ids"),
        ({"name": "x", "colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_a_key_that_does_not_fit_is_refused_by_its_field(
    body: dict[str, Any], field: str, cast: dict[str, Person]
):
    answer = cast["owner"].ask("POST", "/api-keys", body)
    assert answer.status_code == 422
    assert field in str(answer.json()["detail"])
