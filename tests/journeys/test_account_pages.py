"""Pages below /account: what people do there, without a script where none is needed."""

from collections.abc import Iterator

import pytest

from crossdock.people import totp
from crossdock.store.people import invitations
from tests.fakes.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, running_provider
from tests.journeys.account import PASSWORD, Desk, Person, desk
from tests.journeys.account_pages import Window, window_of

__all__ = ["desk"]

NEW_PASSWORD = "seven small grey boats"


def link_of(desk: Desk, user_id: str) -> str:
    """The token of a new link that signs a user in."""

    async def add() -> str:
        token = f"sil_{user_id}"
        async with desk.services.database.transaction() as transaction:
            now = desk.clock()
            await invitations.add_link(transaction, user_id, token, now_ms=now, expires_ms=now + 1000_000)
        return token

    return desk.server.do(add())


@pytest.fixture
def owner(desk: Desk) -> Person:
    return desk.member(desk.organization("Nordwind"), "owner")


# Signing in


def test_who_signs_in_sees_who_they_are_and_where(desk: Desk, owner: Person):
    window = window_of(desk, owner)
    assert "Owner of Nordwind" in window.words
    assert "/openapi.json" in window.answer.text.replace("./openapi.json", "/openapi.json")


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(desk: Desk, owner: Person):
    window = Window(desk.url).open("/account/people")
    assert window.path == "/account/sign-in"
    window.send("password", email=owner.email, password=PASSWORD)
    assert window.path == "/account/people"


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_a_return_path_elsewhere_leads_home(path: str, desk: Desk, owner: Person):
    window = Window(desk.url).open(f"/account/sign-in?return_path={path}")
    window.send("password", email=owner.email, password=PASSWORD)
    assert str(window.answer.url) == f"{desk.url}/account"


def test_a_wrong_password_is_told_in_words_and_what_was_typed_stays(desk: Desk, owner: Person):
    window = Window(desk.url, language="de-AT,en;q=0.5").sign_in(owner.email, "wrong")
    assert window.answer.status_code == 422
    assert "Die E-Mail-Adresse oder das Passwort ist falsch." in window.words
    assert window.form("password").fields["email"] == owner.email
    assert window.form("password").fields["password"] == ""


def test_how_long_to_wait_is_told(desk: Desk, owner: Person):
    window = Window(desk.url)
    for _ in range(8):
        window.sign_in(owner.email, "wrong")
    assert "The next may be made in" in window.words


def test_a_half_signed_in_person_sees_nothing_but_the_second_factor(desk: Desk, owner: Person):
    secret, codes = enrolled(desk, owner)
    window = Window(desk.url).sign_in(owner.email)
    assert window.path == "/account/second-factor"
    assert window.open("/account/people").path == "/account/second-factor"
    window.send("", "second-factor", code="000000")
    assert "This code is wrong" in window.words
    desk.clock.pass_seconds(60)
    window.send("", "second-factor", code=now_code(desk, secret))
    assert window.path == "/account/people"
    again = Window(desk.url).sign_in(owner.email)
    again.send("", "second-factor", recovery_code=codes[0])
    assert again.path == "/account"
    assert "Recovery codes left: 9" in again.words


def enrolled(desk: Desk, person: Person) -> tuple[str, list[str]]:
    """The key and the recovery codes of a person who set a second factor up on the page."""
    window = window_of(desk, person)
    window.send("enrol", current_password=PASSWORD)
    key = next(word for word in window.reader.words if len(word.split()) == 8 and word.isupper())
    secret = "".join(key.split())
    assert f"secret={secret}" in window.answer.text
    window.send("confirm", code="12")
    assert "This code is wrong" in window.words
    window.send("confirm", code=now_code(desk, secret))
    codes = [word for word in window.reader.words if word.count("-") == 3 and len(word) == 19]
    assert len(codes) == 10
    assert "On." in window.words
    return secret, codes


def now_code(desk: Desk, secret: str) -> str:
    import base64

    return totp.code(base64.b32decode(secret), desk.clock() // 1000 // totp.STEP_SECONDS)


def test_a_second_factor_goes_with_password_and_code_only(desk: Desk, owner: Person):
    secret, codes = enrolled(desk, owner)
    desk.clock.pass_seconds(60)
    window = Window(desk.url).sign_in(owner.email).send("", "second-factor", code=now_code(desk, secret))
    window.send("remove_factor", current_password="wrong", code=codes[0])
    assert "This is not your password." in window.words
    window.send("codes", current_password=PASSWORD, code=codes[0])
    assert "They are shown this once." in window.words
    window.send("remove_factor", current_password=PASSWORD, code=codes[1])
    assert "This code is wrong" in window.words
    desk.clock.pass_seconds(60)
    window.send("remove_factor", current_password=PASSWORD, code=now_code(desk, secret))
    assert "The second factor is off." in window.words


# One's own


def test_a_name_and_a_password_are_changed(desk: Desk, owner: Person):
    window = window_of(desk, owner).send("name", name="Ada Lovelace")
    assert "Hello, Ada Lovelace" in window.words
    window.send("password", current_password="wrong", password=NEW_PASSWORD)
    assert "This is not your password." in window.words
    window.send("password", current_password=PASSWORD, password="short")
    assert "Take 12 to 256 characters" in window.words
    window.send("password", current_password=PASSWORD, password=NEW_PASSWORD)
    assert "Your password is changed." in window.words
    assert Window(desk.url).sign_in(owner.email, NEW_PASSWORD).path == "/account"


def test_one_switches_between_organizations(desk: Desk):
    first, second = desk.organization("First"), desk.organization("Second")
    person = desk.member(first, "owner", (second, "viewer"))
    window = window_of(desk, person).send("organization", organization_id=second)
    assert "Viewer of Second" in window.words


def test_other_sessions_are_ended(desk: Desk, owner: Person):
    here, there = window_of(desk, owner), window_of(desk, owner)
    here.open("/account").send("sessions")
    assert there.open("/account").path == "/account/sign-in"
    assert here.open("/account").path == "/account"


def test_signing_out_ends_the_session(desk: Desk, owner: Person):
    window = window_of(desk, owner)
    cookie = window.http.cookies["crossdock_session"]
    assert window.send("sign_out").path == "/account/sign-in"
    window.http.cookies.set("crossdock_session", cookie)
    assert window.open("/account").path == "/account/sign-in"


def test_an_organization_that_wants_a_second_factor_says_so(desk: Desk):
    organization = desk.organization("Strict")
    owner, viewer = desk.member(organization, "owner"), desk.member(organization, "viewer")
    window_of(desk, owner).open("/account/people").send("second_factor", wanted="yes")
    window = window_of(desk, viewer)
    assert "Strict wants a second factor of everybody" in window.words
    assert window.open("/account/people").path == "/account"


# Links


def test_a_link_sets_name_and_password_and_works_once(desk: Desk):
    user = desk.user((desk.organization("Nordwind"), "owner"), password_hash=None)
    token = link_of(desk, user.id)
    window = Window(desk.url).open("/account/first")
    window.send("", "first", token=token, name="Ada", password="short")
    assert "Take 12 to 256 characters" in window.words
    assert token not in window.answer.text
    window.send("", "first", token=token, name="Ada", password=NEW_PASSWORD)
    assert window.path == "/dashboard"
    assert "Hello, Ada" in window.open("/account").words
    again = Window(desk.url).open("/account/first")
    again.send("", "first", token=token, name="Eve", password=NEW_PASSWORD)
    assert "This link was used already" in again.words


def test_a_link_says_whom_it_is_for_and_stays_good(desk: Desk):
    user = desk.user((desk.organization(), "owner"), password_hash=None)
    token, stranger = link_of(desk, user.id), desk.stranger()
    assert stranger.ask("POST", "/first/look", {"token": token}).json() == {
        "email": user.email,
        "name": "Pat",
    }
    assert stranger.ask("POST", "/first/look", {"token": "sil_none"}).json()["code"] == "link_over"
    assert stranger.ask("POST", "/first", {"token": token, "password": NEW_PASSWORD}).status_code == 200


def test_who_is_invited_joins_as_a_new_person_or_as_who_they_are(desk: Desk, owner: Person):
    window = window_of(desk, owner).open("/account/people")
    links = []
    known = desk.member(desk.organization("Elsewhere"), "viewer")
    for email in (f"new-{owner.user_id}@example.com", known.email):
        window.send("invite", email=email, role="developer")
        links.append(next(word for word in window.reader.words if "/account/invitation#token=" in word))
    fresh, token = Window(desk.url).open("/account/invitation"), links[0].rpartition("=")[2]
    fresh.send("", "invitation", token=token, name="Grace", password=NEW_PASSWORD)
    assert fresh.path == "/dashboard"
    assert "Developer of Nordwind" in fresh.open("/account").words
    token = links[1].rpartition("=")[2]
    unknown = Window(desk.url).open("/account/invitation")
    unknown.send("", "invitation", token=token, name="Pat", password=NEW_PASSWORD)
    assert "Sign in first, then accept." in unknown.words
    member = window_of(desk, known).open("/account/invitation").send("", "invitation", token=token)
    assert "Developer of Nordwind" in member.open("/account").words
    assert "used, withdrawn" in Window(desk.url).open("/account/invitation").send(
        "", "invitation", token=token, name="Pat", password=NEW_PASSWORD
    ).words  # fmt: skip


# People


def test_owners_change_roles_and_remove_members_and_keep_the_last_owner(desk: Desk, owner: Person):
    organization = owner.me()["organization"]["id"]
    member = desk.member(organization, "viewer")
    window = window_of(desk, owner).open("/account/people")
    window.send("role", user_id=member.user_id, role="developer")
    assert "The role is changed." in window.words
    assert member.me()["organization"]["role"] == "developer"
    window.send("role", user_id=owner.user_id, role="viewer")
    assert "This is the last owner." in window.words
    window.send("remove", user_id=member.user_id)
    assert "The member is removed." in window.words
    assert member.ask("GET", "/members").status_code == 403


def test_an_invitation_is_withdrawn(desk: Desk, owner: Person):
    window = window_of(desk, owner).open("/account/people")
    window.send("invite", email="no address", role="viewer")
    assert "does not look like an e-mail address" in window.words
    window.send("invite", email="late@example.com", role="viewer").open("/account/people")
    window.send("revoke", **next(iter(window.form("revoke").buttons)))
    assert "The invitation is withdrawn." in window.words


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_who_is_no_owner_sees_members_and_changes_nothing(role: str, desk: Desk, owner: Person):
    organization = owner.me()["organization"]["id"]
    window = window_of(desk, desk.member(organization, role)).open("/account/people")  # type: ignore[arg-type]
    assert owner.email in window.words
    assert [form.fields.get("do") for form in window.reader.forms] == [None]
    token = window.form("sign_out").fields["csrf_token"]
    for do in ("invite", "role", "remove", "revoke", "second_factor"):
        answer = window.http.post(
            f"{desk.url}/account/people", headers=window.headers | {"origin": desk.url},
            data={
                "csrf_token": token, "do": do, "email": "x@example.com", "role": "owner",
                "user_id": owner.user_id,
            },
        )  # fmt: skip
        assert answer.status_code == 403
        assert "Only an owner may do this." in answer.text
    assert owner.me()["organization"]["role"] == "owner"


def test_forms_name_nothing_of_another_organization(desk: Desk, owner: Person):
    other = desk.member(desk.organization("Other"), "owner")
    organization = other.me()["organization"]["id"]
    body = {"email": "guest@example.com", "role": "viewer"}
    invitation = other.ask("POST", "/invitations", body).json()["id"]
    session = other.ask("GET", "/sessions").json()["data"][0]["id"]
    desk.member(owner.me()["organization"]["id"], "viewer")
    window = window_of(desk, owner).open("/account/people")
    csrf = {"csrf_token": window.form("sign_out").fields["csrf_token"]}
    forms = {
        "/account/people": [
            {"do": "role", "user_id": other.user_id, "role": "viewer"},
            {"do": "remove", "user_id": other.user_id}, {"do": "revoke", "invitation_id": invitation},
        ],
        "/account": [
            {"do": "organization", "organization_id": organization}, {"do": "session", "session_id": session},
        ],
    }  # fmt: skip
    for path, sent in forms.items():
        for fields in sent:
            answer = window.http.post(f"{desk.url}{path}", headers=window.headers, data=csrf | fields)
            assert answer.status_code == 422, fields
            assert "This is not here, or no longer." in answer.text
            assert "Other" not in answer.text
    assert other.me()["organization"]["role"] == "owner"
    assert other.ask("GET", "/invitations").json()["data"][0]["status"] == "open"


def test_what_is_done_on_a_page_is_told_by_the_audit_log(desk: Desk, owner: Person):
    organization = owner.me()["organization"]["id"]
    member = desk.member(organization, "viewer")
    window = window_of(desk, owner).open("/account/people")
    window.send("role", user_id=member.user_id, role="developer")
    [entry] = desk.audit(organization, "member.role_changed")
    assert (entry.actor_kind, entry.actor_name, entry.address) == ("user", owner.email, window.address)
    assert entry.subject == member.user_id


# Single sign-on


@pytest.fixture
def provider(desk: Desk) -> Iterator[OidcProvider]:
    with running_provider(desk.clock) as running:
        running.user = {"sub": "7", "email_verified": True, "name": "Ada"}
        yield running


def test_an_address_finds_its_provider_and_comes_back_to_the_page(
    desk: Desk, owner: Person, provider: OidcProvider
):
    domain = f"d{owner.user_id.replace('_', '').lower()}.example"
    provider.user["email"] = f"ada@{domain}"
    body = {
        "issuer": provider.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "domains": [domain],
        "adds_members": True,
    }  # fmt: skip
    assert owner.ask("PUT", "/sso", body).status_code == 200
    window = Window(desk.url).open("/account/sign-in?return_path=/account/people")
    window.send("sign_on", email="ada@nowhere.example")
    assert "No organization here signs this address in" in window.words
    window.send("sign_on", email=f"ada@{domain}")
    assert "Sign in to Nordwind at 127.0.0.1" in window.words
    links = [values["href"] or "" for tag, values in window.reader.tags if tag == "a"]
    url = next(link for link in links if "sso/begin" in link)
    begun = window.http.get(url, headers=window.headers)
    back = provider.come_back(begun.headers["location"])
    window.open(back)
    assert window.path == "/account/people"
    assert "You came in by single sign-on" in window.open("/account").words
    window.open(back)
    assert window.answer.status_code == 410
    assert "Please begin again." in window.words


def test_what_a_provider_says_no_to_is_told_on_a_page(desk: Desk):
    window = Window(desk.url, language="de").open("/account/sso/callback?state=none&code=x")
    assert (window.answer.status_code, window.reader.tags[0][1]["lang"]) == (410, "de")
    assert "Diese Anmeldung wurde schon benutzt" in window.words


@pytest.mark.parametrize("field", ["email", "password", "return_path"])
def test_a_character_that_no_stored_value_has_is_refused_and_no_fault_of_ours(
    desk: Desk, owner: Person, field: str
):
    window = Window(desk.url).open("/account/sign-in")
    window.send("password", **{"email": owner.email, "password": PASSWORD} | {field: "a\0b"})
    assert window.answer.status_code == 422
    assert "This did not work." in window.words
