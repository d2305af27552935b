"""Single sign-on with a provider of our own: who may come in, what it opens, and every token that lies."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from crossdock.store.people import users
from tests.fakes.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, running_provider
from tests.journeys.account import Desk, Person, desk
from tests.journeys.server import Server

__all__ = ["desk"]

Claims = dict[str, Any]


@pytest.fixture
def provider(desk: Desk) -> Iterator[OidcProvider]:
    with running_provider(desk.clock) as running:
        yield running


class Site:
    """An organization with single sign-on."""

    def __init__(self, desk: Desk, provider: OidcProvider, **settings: Any) -> None:
        self.desk, self.provider = desk, provider
        self.organization = desk.organization("Acme")
        self.owner = desk.member(self.organization, "owner")
        self.body = {
            "issuer": provider.url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "domains": ["example.com"],
            "adds_members": True,
        } | settings
        answer = self.owner.ask("PUT", "/sso", self.body)
        assert answer.status_code == 200, answer.text
        self.shown = answer.json()

    def come(self, person: Person | None = None, **said: str) -> tuple[Person, httpx.Response]:
        """Somebody goes to the provider and comes back."""
        person = person or self.desk.stranger()
        begun = person.ask("GET", f"/sso/begin?organization={self.organization}")
        assert begun.status_code == 303, begun.text
        return person, come_back(person, self.provider.come_back(begun.headers["location"], **said))


def come_back(person: Person, url: str) -> httpx.Response:
    return person.ask("GET", url.partition("/account")[2])


@pytest.fixture
def acme(desk: Desk, provider: OidcProvider) -> Site:
    provider.user = {"sub": "7", "email": "ada@example.com", "email_verified": True, "name": "Ada"}
    provider.user["email"] = f"ada-{id(provider)}@example.com"
    return Site(desk, provider)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_who_comes_back_is_signed_in(acme: Site):
    person, answer = acme.come()
    assert (answer.status_code, answer.headers["location"]) == (303, f"{acme.desk.url}/account")
    me = person.me()
    assert (me["user"]["email"], me["user"]["name"]) == (acme.provider.user["email"], "Ada")
    assert (me["organization"]["role"], me["session"]["method"]) == ("viewer", "sign_on")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_tokens_may_be_signed_with_each_kind_of_key(algorithm: str, acme: Site):
    acme.provider.algorithm = algorithm
    assert acme.come()[1].status_code == 303


def test_the_same_person_is_known_by_the_provider_s_name_for_them(acme: Site):
    first, _ = acme.come()
    acme.provider.user["email"] = "renamed@example.com"
    second, _ = acme.come()
    assert second.me()["user"]["id"] == first.me()["user"]["id"]


def test_keys_that_the_provider_changed_are_read_again(acme: Site):
    assert acme.come()[1].status_code == 303
    acme.provider.rotate()
    assert acme.come()[1].status_code == 303
    assert acme.provider.asked.count("/keys") == 2


def test_an_address_that_the_id_token_lacks_is_asked_for(acme: Site):
    email = acme.provider.user.pop("email")
    del acme.provider.user["email_verified"]
    acme.provider.user_info = {"sub": "7", "email": email, "email_verified": True}
    assert acme.come()[1].status_code == 303
    acme.provider.user_info["sub"] = "8"
    acme.provider.user["sub"] = "9"
    assert code(acme.come()[1]) == (403, "email_unverified")


LIES: dict[str, Callable[[Claims], Claims]] = {
    "another issuer": lambda claims: claims | {"iss": "https://idp.evil.example"},
    "another client": lambda claims: claims | {"aud": "another"},
    "no audience": lambda claims: claims | {"aud": None},
    "two clients, and it is not said for whom": lambda claims: claims | {"aud": [CLIENT_ID, "another"]},
    "two clients, for the other": lambda claims: claims | {"aud": [CLIENT_ID, "b"], "azp": "b"},
    "issued to another": lambda claims: claims | {"azp": "another"},
    "another nonce": lambda claims: claims | {"nonce": "of another sign-on"},
    "no nonce": lambda claims: claims | {"nonce": None},
    "over": lambda claims: claims | {"exp": claims["iat"] - 61},
    "without an end": lambda claims: claims | {"exp": None},
    "an end that is no number": lambda claims: claims | {"exp": "tomorrow"},
    "of the future": lambda claims: claims | {"iat": claims["iat"] + 120},
    "not yet good": lambda claims: claims | {"nbf": claims["iat"] + 120},
    "old": lambda claims: claims | {"iat": claims["iat"] - 3600},
    "no subject": lambda claims: claims | {"sub": ""},
    "another access token": lambda claims: claims | {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_id_token_that_is_not_right_lets_nobody_in(lie: str, acme: Site):
    acme.provider.alter = LIES[lie]
    person, answer = acme.come()
    assert code(answer) == (401, "sso_failed"), answer.text
    assert person.ask("GET", "/me").status_code == 401


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_needs_no_private_key_lets_nobody_in(algorithm: str, acme: Site):
    acme.provider.algorithm = algorithm
    assert code(acme.come()[1]) == (401, "sso_failed")


def test_a_token_of_another_key_lets_nobody_in(acme: Site):
    acme.provider.signs_with = RSAKey.generate_key(2048)
    assert code(acme.come()[1]) == (401, "sso_failed")


def test_two_clients_are_fine_when_it_says_that_we_are_meant(acme: Site):
    acme.provider.alter = lambda claims: claims | {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    assert acme.come()[1].status_code == 303


# The way there and back


def test_the_state_works_once(acme: Site):
    person = acme.desk.stranger()
    begun = person.ask("GET", f"/sso/begin?organization={acme.organization}")
    url = acme.provider.come_back(begun.headers["location"])
    assert come_back(person, url).status_code == 303
    assert code(come_back(person, url)) == (410, "sso_over")


def test_the_state_is_bound_to_the_browser(acme: Site):
    person, victim = acme.desk.stranger(), acme.desk.stranger()
    begun = person.ask("GET", f"/sso/begin?organization={acme.organization}")
    url = acme.provider.come_back(begun.headers["location"])
    assert code(come_back(victim, url)) == (400, "sso_other_browser")
    assert code(come_back(person, url)) == (410, "sso_over")


def test_the_binding_is_in_a_cookie_that_goes_nowhere_else(acme: Site):
    begun = acme.desk.stranger().ask("GET", f"/sso/begin?organization={acme.organization}")
    cookie = begun.headers["set-cookie"]
    assert {"HttpOnly", "Path=/account/sso", "SameSite=lax", "Max-Age=600"} <= set(cookie.split("; "))


def test_a_sign_on_takes_ten_minutes_at_most(acme: Site):
    person = acme.desk.stranger()
    begun = person.ask("GET", f"/sso/begin?organization={acme.organization}")
    acme.desk.clock.pass_seconds(601)
    answer = come_back(person, acme.provider.come_back(begun.headers["location"]))
    assert code(answer) == (410, "sso_over")


@pytest.mark.parametrize("query", ["", "?state=", "?state=none&code=x", "?code=x"])
def test_a_state_that_we_did_not_give_is_over(query: str, desk: Desk):
    assert code(desk.stranger().ask("GET", f"/sso/callback{query}")) == (410, "sso_over")


def test_what_the_provider_refuses_is_told_in_its_words(acme: Site):
    answer = acme.come(code="", error="access_denied", error_description="You may not")[1]
    assert code(answer) == (400, "sso_refused")
    assert "You may not" in answer.json()["error"]


def test_the_answer_of_another_provider_is_refused(acme: Site):
    assert code(acme.come(iss="https://idp.evil.example")[1]) == (400, "sso_failed")


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil.example", "x"])
def test_the_browser_is_sent_to_our_own_pages_only(path: str, acme: Site):
    query = httpx.QueryParams({"organization": acme.organization, "return_path": path})
    answer = acme.desk.stranger().ask("GET", f"/sso/begin?{query}")
    assert answer.status_code == 422


def test_the_browser_comes_back_to_where_it_was(acme: Site):
    person = acme.desk.stranger()
    begun = person.ask("GET", f"/sso/begin?organization={acme.organization}&return_path=/somewhere")
    answer = come_back(person, acme.provider.come_back(begun.headers["location"]))
    assert answer.headers["location"] == f"{acme.desk.url}/somewhere"


# Who may come in


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"email_verified": False}, "email_unverified"),
        ({"email_verified": None}, "email_unverified"),
        ({"email": "ada@evil.example"}, "domain_refused"),
        ({"email": "ada@example.com.evil.example"}, "domain_refused"),
        ({"email": "ada@evil.example@example.com"}, "email_unverified"),
    ],
    ids=str,
)
def test_only_a_verified_address_of_the_named_domains_comes_in(said: Claims, refusal: str, acme: Site):
    acme.provider.user |= said
    assert code(acme.come()[1]) == (403, refusal)


def test_without_new_members_only_members_come_in(desk: Desk, provider: OidcProvider):
    site = Site(desk, provider, adds_members=False)
    provider.user = {"sub": "1", "email": "new-here@example.com", "email_verified": True}
    assert code(site.come()[1]) == (403, "not_a_member")
    provider.user = {"sub": "2", "email": site.owner.email, "email_verified": True}
    person, answer = site.come()
    assert answer.status_code == 303
    assert person.me()["organization"]["role"] == "owner"


def test_a_disabled_user_does_not_come_in(acme: Site, server: Server):
    person, _ = acme.come()
    user = server.do(users.by_id(acme.desk.services.database, person.me()["user"]["id"]))
    assert user is not None
    server.do(acme.desk.services.identity.members.disable(user))
    assert person.ask("GET", "/me").status_code == 401
    assert code(acme.come()[1]) == (403, "user_disabled")


def test_a_provider_of_an_organization_opens_nothing_else_of_its_users(acme: Site):
    """Whoever runs a provider says who comes: they must not get into other organizations by it."""
    other = acme.desk.organization("Other")
    victim = acme.desk.member(other, "owner")
    acme.provider.user = {"sub": "8", "email": victim.email, "email_verified": True}
    person, answer = acme.come()
    assert answer.status_code == 303
    person.csrf = person.me()["csrf_token"]
    assert person.me()["user"]["id"] == victim.user_id
    assert [row["id"] for row in person.ask("GET", "/organizations").json()["data"]] == [acme.organization]
    assert len(person.ask("GET", "/sessions").json()["data"]) == 1
    for method, path, body in (
        ("POST", f"/organizations/{other}/switch", None),
        ("POST", "/password", {"current_password": "x", "new_password": "seven small grey boats"}),
        ("POST", "/totp/enrol", {"password": "x"}),
        ("PATCH", "/me", {"name": "Mallory"}),
    ):
        assert code(person.ask(method, path, body)) == (403, "password_sign_in_wanted")


def test_who_came_in_by_a_provider_accepts_no_invitation_of_another_organization(acme: Site):
    other = acme.desk.member(acme.desk.organization("Other"), "owner")
    person, _ = acme.come()
    invited = {"email": acme.provider.user["email"], "role": "owner"}
    token = other.ask("POST", "/invitations", invited).json()["link"].partition("#token=")[2]
    answer = person.ask("POST", "/invitations/accept", {"token": token})
    assert code(answer) == (403, "password_sign_in_wanted")


def test_an_account_made_before_under_somebody_s_address_does_not_get_in_with_them(acme: Site):
    """An invitation of a stranger makes an account for any address: its password must not open what single
    sign-on adds to it later."""
    squatter = acme.desk.member(acme.desk.organization("Squatters"), "owner")
    acme.provider.user = {"sub": "9", "email": squatter.email, "email_verified": True}
    _, answer = acme.come()
    assert answer.status_code == 303
    assert acme.organization not in squatter.ask("GET", "/organizations").text
    assert squatter.ask("POST", f"/organizations/{acme.organization}/switch").status_code == 404


def test_when_it_is_enforced_passwords_open_nothing_but_to_one_owner(desk: Desk, provider: OidcProvider):
    site = Site(desk, provider)
    developer = desk.member(site.organization, "developer")
    refused = site.owner.ask("PUT", "/sso", site.body | {"is_enforced": True})
    assert refused.status_code == 422
    enforced = site.body | {"is_enforced": True, "break_glass_user_id": site.owner.user_id}
    assert site.owner.ask("PUT", "/sso", enforced).status_code == 200
    assert code(developer.ask("GET", "/members")) == (403, "sign_on_required")
    assert site.owner.ask("GET", "/members").status_code == 200
    assert code(site.owner.ask("DELETE", f"/members/{site.owner.user_id}")) == (409, "break_glass_owner")
    provider.user = {"sub": "1", "email": developer.email, "email_verified": True}
    person, _ = site.come()
    assert person.ask("GET", "/members").status_code == 200


@pytest.mark.parametrize("who", ["a developer", "a stranger"])
def test_the_one_who_comes_in_when_it_fails_is_an_owner(who: str, desk: Desk, provider: OidcProvider):
    site = Site(desk, provider)
    organization = site.organization if who == "a developer" else desk.organization()
    person = desk.member(organization, "developer" if who == "a developer" else "owner")
    body = site.body | {"is_enforced": True, "break_glass_user_id": person.user_id}
    assert code(site.owner.ask("PUT", "/sso", body)) == (409, "break_glass_owner")


# Settings


def test_the_client_s_secret_is_kept_sealed_and_never_shown(acme: Site, server: Server):
    rows = server.do(acme.desk.services.database.fetch("SELECT * FROM sign_on_settings"))
    assert CLIENT_SECRET not in repr([tuple(row) for row in rows])
    shown = acme.owner.ask("GET", "/sso")
    assert shown.json()["has_client_secret"] is True
    assert "cret/" not in shown.text
    assert shown.json()["redirect_uri"] == f"{acme.desk.url}/account/sso/callback"


def test_a_change_without_the_secret_keeps_it(acme: Site):
    del acme.body["client_secret"]
    assert acme.owner.ask("PUT", "/sso", acme.body).status_code == 200
    assert acme.come()[1].status_code == 303


def test_without_single_sign_on_there_is_nothing_to_begin(acme: Site):
    assert acme.owner.ask("DELETE", "/sso").status_code == 204
    answers = [
        acme.desk.stranger().ask("GET", f"/sso/begin?organization={organization_id}")
        for organization_id in (acme.organization, "none")
    ]
    assert [code(answer) for answer in answers] == [(404, "no_sign_on")] * 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"domains": []}, "domains"),
        ({"domains": ["a@b"]}, "domains"),
        ({"client_id": ""}, "client_id"),
        ({"default_role": "owner"}, "default_role"),
        ({"default_role": "king"}, "role"),
    ],
    ids=str,
)
def test_settings_that_do_not_fit_are_refused_by_their_field(change: Claims, field: str, acme: Site):
    answer = acme.owner.ask("PUT", "/sso", acme.body | change)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]["json"]


@pytest.mark.parametrize(
    ("issuer", "status"),
    [
        ("http://169.254.169.254", 400),
        ("http://10.0.0.1", 400),
        ("ftp://idp.example", 400),
        ("idp.example", 400),
        ("http://127.0.0.1:1", 503),
    ],
)
def test_an_issuer_that_is_not_called_or_does_not_answer_is_told(issuer: str, status: int, acme: Site):
    answer = acme.owner.ask("PUT", "/sso", acme.body | {"issuer": issuer})
    assert answer.status_code == status, answer.text


def test_a_provider_that_says_it_is_another_is_refused(acme: Site):
    acme.provider.metadata = {"issuer": "https://idp.evil.example"}
    assert code(acme.owner.ask("PUT", "/sso", acme.body)) == (400, "sso_provider_wrong")


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "authorization_endpoint"])
def test_endpoints_at_addresses_that_are_not_called_are_refused(name: str, acme: Site):
    acme.provider.metadata = {name: "file:///etc/passwd"}
    assert code(acme.owner.ask("PUT", "/sso", acme.body)) == (400, "sso_provider_wrong")
