"""Signing in: passwords, links, sessions, guessing, pages of other sites."""

import asyncio

import pytest
from argon2 import PasswordHasher

from crossdock.people.sessions import Visitor
from crossdock.people.throttle import ACCOUNT, PAIR
from crossdock.store.people import user_sessions, users
from tests.journeys.account import PASSWORD, Desk, Person, desk
from tests.journeys.server import Server

__all__ = ["desk"]

NEW_PASSWORD = "seven small grey boats"


def code(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]  # type: ignore[attr-defined]


def test_who_signs_in_with_a_password_gets_a_cookie_that_no_script_and_no_other_path_sees(desk: Desk):
    person = desk.member(desk.organization(), "owner")
    answer = person.sign_in()
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("crossdock_session=cs_")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie  # the server has no https here
    assert answer.headers["cache-control"] == "no-store"


def test_me_says_who_is_signed_in_and_what_they_may_do(desk: Desk):
    organization = desk.organization("Boats")
    person = desk.member(organization, "viewer")
    me = person.me()
    assert me["user"]["email"] == person.email
    assert (me["organization"]["name"], me["organization"]["role"]) == ("Boats", "viewer")
    assert "connections.view" in me["organization"]["permissions"]
    assert "credentials.view" not in me["organization"]["permissions"]
    assert me["csrf_token"] == person.csrf


def test_addresses_are_compared_in_any_case(desk: Desk):
    person = desk.member(desk.organization(), "owner")
    person.email = person.email.upper()
    assert person.sign_in().status_code == 200


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(desk: Desk):
    organization = desk.organization()
    person, stranger = desk.member(organization, "owner").elsewhere(), desk.stranger()
    wrong, unknown = person.sign_in("wrong password here"), stranger.sign_in()
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
    assert code(wrong) == (401, "wrong_password")


def test_a_disabled_user_is_out_at_once_and_hears_what_anybody_hears(desk: Desk, server: Server):
    organization = desk.organization()
    desk.member(organization, "owner")
    person = desk.member(organization, "developer")
    user = server.do(users.by_id(desk.services.database, person.user_id))
    assert user is not None
    server.do(desk.services.identity.members.disable(user))
    assert code(person.ask("GET", "/me")) == (401, "not_signed_in")
    assert code(person.elsewhere().sign_in()) == (401, "wrong_password")


def test_each_sign_in_opens_a_new_session(desk: Desk):
    person = desk.member(desk.organization(), "owner")
    before = person.http.cookies["crossdock_session"]
    person.sign_in()
    assert person.http.cookies["crossdock_session"] != before


def test_a_session_that_somebody_planted_is_none(desk: Desk):
    person = desk.member(desk.organization(), "owner").elsewhere()
    planted = "cs_" + "a" * 43
    person.http.cookies.set("crossdock_session", planted, domain="127.0.0.1", path="/")
    assert person.ask("GET", "/me").status_code == 401
    assert person.sign_in().status_code == 200
    assert person.http.cookies["crossdock_session"] != planted


def test_the_database_has_no_session_and_no_password(desk: Desk, server: Server):
    person = desk.member(desk.organization(), "owner")
    token = person.http.cookies["crossdock_session"]
    rows = server.do(desk.services.database.fetch("SELECT * FROM user_sessions"))
    stored = server.do(desk.services.database.fetch("SELECT * FROM users"))
    assert token not in str([tuple(row) for row in rows])
    assert PASSWORD not in str([tuple(row) for row in stored])


def test_signing_out_ends_the_session(desk: Desk):
    person = desk.member(desk.organization(), "owner")
    token = person.http.cookies["crossdock_session"]
    assert person.ask("POST", "/sign-out").status_code == 204
    person.http.cookies.set("crossdock_session", token)
    assert person.ask("GET", "/me").status_code == 401


@pytest.mark.parametrize(
    ("steps", "is_in"),
    [((11 * 60,), True), ((13 * 60,), False), ((11 * 60, 11 * 60, 11 * 60), True)],
    ids=["idle for less", "idle for longer", "used now and then"],
)
def test_a_session_ends_when_it_stands_idle(steps: tuple[int, ...], is_in: bool, desk: Desk):
    person = desk.member(desk.organization(), "owner")
    answers = []
    for minutes in steps:
        desk.clock.pass_seconds(minutes * 60)
        answers.append(person.ask("GET", "/me").status_code)
    assert answers[-1] == (200 if is_in else 401)


def test_a_session_ends_after_its_longest_time_however_it_is_used(desk: Desk):
    person = desk.member(desk.organization(), "owner")
    for _ in range(62):
        desk.clock.pass_seconds(11 * 3600)
        person.ask("GET", "/organizations")
    desk.clock.pass_seconds(40 * 3600)
    assert person.ask("GET", "/me").status_code == 401


def test_sessions_are_listed_and_ended_one_by_one(desk: Desk):
    person = desk.member(desk.organization(), "owner")
    other = person.elsewhere()
    desk.clock.pass_seconds(1)
    other.sign_in()
    listed = person.ask("GET", "/sessions").json()["data"]
    assert [(row["is_current"], row["address"]) for row in listed] == [
        (False, other.address),
        (True, person.address),
    ]
    assert person.ask("DELETE", f"/sessions/{listed[0]['id']}").status_code == 204
    assert other.ask("GET", "/me").status_code == 401
    assert person.ask("GET", "/me").status_code == 200


def test_changing_the_password_ends_all_other_sessions(desk: Desk):
    person = desk.member(desk.organization(), "owner")
    other = person.elsewhere()
    other.sign_in()
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert person.ask("POST", "/password", body).status_code == 204
    assert (person.ask("GET", "/me").status_code, other.ask("GET", "/me").status_code) == (200, 401)
    assert other.sign_in().status_code == 401
    assert other.sign_in(NEW_PASSWORD).status_code == 200


def test_a_password_is_changed_by_who_knows_it(desk: Desk):
    person = desk.member(desk.organization(), "owner")
    body = {"current_password": "not the password", "new_password": NEW_PASSWORD}
    assert code(person.ask("POST", "/password", body)) == (401, "wrong_password")
    assert person.ask("GET", "/me").status_code == 200


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short", "must have 12 to 256 characters, not 5"),
        ("a" * 12, "must have at least 5 different characters"),
        ("x" * 257, "must have 12 to 256 characters, not 257"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str, message: str, desk: Desk):
    person = desk.member(desk.organization(), "owner")
    answer = person.ask("POST", "/password", {"current_password": PASSWORD, "new_password": password})
    assert (answer.status_code, answer.json()["detail"]) == (422, {"json": {"password": [message]}})


def test_a_hash_of_weaker_parameters_is_renewed_at_the_next_sign_in(desk: Desk, server: Server):
    weak = PasswordHasher(time_cost=1, memory_cost=512, parallelism=1).hash(PASSWORD)
    user = desk.user((desk.organization(), "owner"), password_hash=weak)
    assert Person(desk.url, user.email).sign_in().status_code == 200
    stored = server.do(users.by_id(desk.services.database, user.id))
    assert stored is not None
    assert stored.password_hash is not None
    assert "m=512" not in stored.password_hash
    assert Person(desk.url, user.email).sign_in().status_code == 200


# Links that work once


def test_a_link_signs_in_once_and_sets_a_password(desk: Desk, server: Server):
    organization = desk.organization()
    made = server.do(
        desk.services.identity.members.create(organization, "First@Example.com", "First", "owner")
    )
    token = made.link.partition("#token=")[2]
    person = desk.stranger("first@example.com")
    answer = person.ask("POST", "/first", {"token": token, "password": NEW_PASSWORD})
    assert answer.json()["status"] == "signed_in"
    assert person.me()["organization"]["role"] == "owner"
    again = desk.stranger().ask("POST", "/first", {"token": token, "password": NEW_PASSWORD})
    assert code(again) == (401, "link_over")
    assert person.elsewhere().sign_in(NEW_PASSWORD).status_code == 200


def test_fifty_at_once_with_a_link_let_in_a_single_person(desk: Desk, server: Server):
    user = desk.user((desk.organization(), "owner"))
    identity = desk.services.identity
    token = server.do(identity.members.link(user)).link.partition("#token=")[2]
    visitor = user_visitor()

    async def together() -> list[object]:
        tries = (identity.sign_ins.with_link(token, None, visitor) for _ in range(50))
        return await asyncio.gather(*tries, return_exceptions=True)

    answers = server.do(together())
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1


def user_visitor() -> Visitor:
    return Visitor("198.51.100.7")


def test_a_link_is_over_after_a_day(desk: Desk, server: Server):
    user = desk.user((desk.organization(), "owner"))
    token = server.do(desk.services.identity.members.link(user)).link.partition("#token=")[2]
    desk.clock.pass_seconds(86_401)
    assert code(desk.stranger().ask("POST", "/first", {"token": token})) == (401, "link_over")


def test_resetting_takes_password_second_factor_and_sessions_away(desk: Desk, server: Server):
    person = desk.member(desk.organization(), "owner")
    user = server.do(users.by_id(desk.services.database, person.user_id))
    assert user is not None
    token = server.do(desk.services.identity.members.reset(user)).link.partition("#token=")[2]
    assert person.ask("GET", "/me").status_code == 401
    assert person.sign_in().status_code == 401
    person.ask("POST", "/first", {"token": token, "password": NEW_PASSWORD})
    assert person.sign_in(NEW_PASSWORD).status_code == 200


# Guessing


def test_guesses_from_an_address_have_to_wait_longer_and_longer(desk: Desk):
    person = desk.member(desk.organization(), "owner").elsewhere()
    for _ in range(PAIR.free):
        assert person.sign_in("wrong password here").status_code == 401
    assert person.sign_in("wrong password here").status_code == 401
    waits = []
    for _ in range(4):
        answer = person.sign_in("wrong password here")
        assert code(answer) == (429, "too_many_tries")
        waits.append(int(answer.headers["retry-after"]))
        desk.clock.pass_seconds(waits[-1])
        assert person.sign_in("wrong password here").status_code == 401
    assert waits == [2, 4, 8, 16]


def test_while_somebody_has_to_wait_the_right_password_is_not_told_from_a_wrong_one(desk: Desk):
    person = desk.member(desk.organization(), "owner").elsewhere()
    for _ in range(PAIR.free + 1):
        person.sign_in("wrong password here")
    right, wrong = person.sign_in(), person.sign_in("wrong password here")
    assert (right.status_code, right.content) == (wrong.status_code, wrong.content)
    assert right.status_code == 429


def test_guesses_at_nobody_are_counted_alike(desk: Desk):
    stranger = desk.stranger("nobody-at-all@example.com")
    answers = [stranger.sign_in().status_code for _ in range(PAIR.free + 2)]
    assert answers == [401] * (PAIR.free + 1) + [429]


def test_many_guesses_at_once_gain_nothing(desk: Desk, server: Server):
    user = desk.user((desk.organization(), "owner"))
    identity = desk.services.identity

    async def together() -> list[object]:
        visitor = Visitor("198.51.100.99")
        tries = (identity.sign_ins.with_password(user.email, "wrong", visitor) for _ in range(30))
        return await asyncio.gather(*tries, return_exceptions=True)

    answers = server.do(together())
    heard = [answer for answer in answers if type(answer).__name__ == "Unauthorized"]
    assert len(heard) == PAIR.free + 1


def test_strangers_from_many_addresses_keep_nobody_out_where_they_signed_in_before(
    desk: Desk, server: Server
):
    person = desk.member(desk.organization(), "owner")
    for number in range(ACCOUNT.free + 6):
        attacker = Person(desk.url, person.email, address=f"192.0.2.{number + 1}")
        attacker.sign_in("wrong password here")
    blocked = Person(desk.url, person.email, address="192.0.2.200").sign_in("wrong password here")
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) <= ACCOUNT.longest_seconds
    assert person.sign_in().status_code == 200


def test_an_attack_ends_and_everybody_comes_in_again_within_seconds(desk: Desk):
    person = desk.member(desk.organization(), "owner").elsewhere()
    for number in range(ACCOUNT.free + 8):
        Person(desk.url, person.email, address=f"192.0.2.{number + 1}").sign_in("wrong password here")
    desk.clock.pass_seconds(ACCOUNT.longest_seconds)
    assert person.sign_in().status_code == 200


def test_failures_are_forgotten_after_a_sign_in(desk: Desk):
    person = desk.member(desk.organization(), "owner").elsewhere()
    for _ in range(3):
        for _ in range(PAIR.free):
            assert person.sign_in("wrong password here").status_code == 401
        assert person.sign_in().status_code == 200


# Pages of other sites


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"x-csrf-token": "wrong"},
        {"x-csrf-token": ""},
    ],
    ids=str,
)
def test_a_page_of_another_site_changes_nothing(headers: dict[str, str], desk: Desk):
    person = desk.member(desk.organization(), "owner")
    answer = person.ask("PATCH", "/me", {"name": "Mallory"}, **headers)
    assert code(answer) == (403, "csrf")
    assert person.me()["user"]["name"] == "Pat"


def test_a_page_of_another_site_signs_nobody_in(desk: Desk):
    person = desk.member(desk.organization(), "owner").elsewhere()
    body = {"email": person.email, "password": PASSWORD}
    assert code(person.ask("POST", "/sign-in", body, origin="https://evil.example")) == (403, "csrf")


def test_a_form_that_a_browser_sends_unasked_is_refused(desk: Desk):
    person = desk.member(desk.organization(), "owner")
    answer = person.http.post(
        f"{desk.url}/account/sign-in",
        content=b'{"email":"a@b.c","password":"x"}',
        headers={"content-type": "text/plain"},
    )
    assert code(answer) == (415, "unsupported_media_type")


def test_the_token_of_one_session_is_no_good_for_another(desk: Desk):
    organization = desk.organization()
    first, second = desk.member(organization, "owner"), desk.member(organization, "owner")
    answer = first.ask("PATCH", "/me", {"name": "X"}, **{"x-csrf-token": second.csrf})
    assert code(answer) == (403, "csrf")


def test_an_api_key_is_no_session(desk: Desk, server: Server):
    organization = server.organization()
    for headers in (
        {"x-trackstar-api-key": organization.key},
        {"authorization": f"Bearer {organization.key}"},
    ):
        answer = desk.stranger().ask("GET", "/me", **headers)
        assert code(answer) == (401, "not_signed_in")


def test_a_cleaning_forgets_what_is_over_and_nothing_else(desk: Desk, server: Server):
    organization = desk.organization()
    person = desk.member(organization, "owner")
    half = desk.member(organization, "owner")
    later = desk.clock() + 1000
    server.do(
        desk.services.database.execute(
            "UPDATE user_sessions SET expires_ms = ? WHERE user_id = ?", desk.clock() - 1, half.user_id
        )
    )
    server.do(user_sessions.forget(desk.services.database, later, 1000))
    assert person.ask("GET", "/me").status_code == 200
    left = server.do(user_sessions.of_user(desk.services.database, half.user_id, 0))
    assert left == []
