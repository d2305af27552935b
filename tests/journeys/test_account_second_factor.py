"""The second factor: enrolled, asked for, never taken twice, and taken away only by who has it."""

import base64

import pytest

from crossdock.people import totp
from tests.journeys.account import PASSWORD, Desk, Person, desk

__all__ = ["desk"]


class Phone:
    """An app that shows codes."""

    def __init__(self, desk: Desk, secret: str) -> None:
        self.clock = desk.clock
        self.secret = base64.b32decode(secret + "=" * (-len(secret) % 8))

    def code(self, steps: int = 0) -> str:
        return totp.code(self.secret, self.clock() // 30_000 + steps)

    def next_code(self) -> str:
        """The code of the next half minute, when that has come."""
        self.clock.pass_seconds(30)
        return self.code()


def enrolled(desk: Desk, person: Person) -> tuple[Phone, list[str]]:
    """A phone that is set up, and the recovery codes."""
    begun = person.ask("POST", "/totp/enrol", {"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    phone = Phone(desk, begun.json()["secret"])
    confirmed = person.ask("POST", "/totp/confirm", {"code": phone.code()})
    assert confirmed.status_code == 200, confirmed.text
    return phone, confirmed.json()["recovery_codes"]


@pytest.fixture
def person(desk: Desk) -> Person:
    return desk.member(desk.organization(), "owner")


def test_the_address_for_the_app_names_us_and_the_user(desk: Desk, person: Person):
    answer = person.ask("POST", "/totp/enrol", {"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    begun, name = answer.json(), person.email.replace("@", "%40")
    assert begun["otpauth_url"] == (
        f"otpauth://totp/Crossdock%3A{name}?secret={begun['secret']}&issuer=Crossdock&digits=6&period=30"
    )


def test_until_it_is_confirmed_nothing_is_asked_for(desk: Desk, person: Person):
    person.ask("POST", "/totp/enrol", {"password": PASSWORD})
    assert person.elsewhere().sign_in().json()["status"] == "signed_in"


def test_a_wrong_first_code_switches_nothing_on(desk: Desk, person: Person):
    begun = person.ask("POST", "/totp/enrol", {"password": PASSWORD}).json()
    code = Phone(desk, begun["secret"]).code(5)
    answer = person.ask("POST", "/totp/confirm", {"code": code})
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_code")
    assert not person.me()["user"]["has_second_factor"]


def test_after_the_password_nothing_is_open_before_the_code(desk: Desk, person: Person):
    phone, _ = enrolled(desk, person)
    other = person.elsewhere()
    assert other.sign_in().json()["status"] == "second_factor_required"
    for method, path in (("GET", "/me"), ("GET", "/members"), ("GET", "/sessions"), ("PATCH", "/me")):
        answer = other.ask(method, path, {"name": "x"} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_required")
    assert other.show_code(phone.next_code()).json()["status"] == "signed_in"
    assert other.me()["user"]["has_second_factor"]


def test_the_half_open_session_is_replaced_by_another(desk: Desk, person: Person):
    phone, _ = enrolled(desk, person)
    other = person.elsewhere()
    other.sign_in()
    half = other.http.cookies["crossdock_session"]
    other.show_code(phone.next_code())
    assert other.http.cookies["crossdock_session"] != half


def test_a_code_is_taken_once(desk: Desk, person: Person):
    phone, _ = enrolled(desk, person)
    code = phone.next_code()
    first, second = person.elsewhere(), person.elsewhere()
    first.sign_in()
    second.sign_in()
    assert first.show_code(code).status_code == 200
    assert second.show_code(code).json()["code"] == "wrong_code"
    assert second.show_code(phone.code(-1)).json()["code"] == "wrong_code"


@pytest.mark.parametrize(("steps", "is_taken"), [(-1, True), (0, True), (1, True), (-2, False), (2, False)])
def test_a_phone_may_be_half_a_minute_off(steps: int, is_taken: bool, desk: Desk, person: Person):
    phone, _ = enrolled(desk, person)
    desk.clock.pass_seconds(300)
    other = person.elsewhere()
    other.sign_in()
    assert (other.show_code(phone.code(steps)).status_code == 200) is is_taken


def test_a_recovery_code_works_once_however_it_is_typed(desk: Desk, person: Person):
    _, codes = enrolled(desk, person)
    assert len(set(codes)) == 10
    other, again = person.elsewhere(), person.elsewhere()
    other.sign_in()
    assert other.show_code(codes[0].upper().replace("-", " ")).status_code == 200
    again.sign_in()
    assert again.show_code(codes[0]).status_code == 401
    assert other.me()["user"]["recovery_codes_left"] == 9


def test_five_wrong_codes_end_the_half_open_session(desk: Desk, person: Person):
    phone, _ = enrolled(desk, person)
    other = person.elsewhere()
    other.sign_in()
    answers = [other.show_code("000000") for _ in range(5)]
    assert [answer.json()["code"] for answer in answers] == ["wrong_code"] * 5
    assert other.show_code(phone.next_code()).json()["code"] == "wrong_code"
    assert other.show_code(phone.next_code()).json()["code"] == "not_signed_in"


def test_who_knows_the_password_can_not_guess_codes_by_signing_in_again(desk: Desk, person: Person):
    enrolled(desk, person)
    other = person.elsewhere()
    answers = []
    for _ in range(3):
        other.sign_in()
        answers += [other.show_code("000000").status_code for _ in range(4)]
    assert 429 in answers
    assert answers.count(401) == 6


def test_taking_it_away_needs_the_password_and_a_code(desk: Desk, person: Person):
    phone, codes = enrolled(desk, person)
    wrong = {"password": PASSWORD, "code": "000000"}
    assert person.ask("POST", "/totp/remove", wrong).json()["code"] == "wrong_code"
    without = {"password": "not the password", "code": phone.next_code()}
    assert person.ask("POST", "/totp/remove", without).json()["code"] == "wrong_password"
    assert person.me()["user"]["has_second_factor"]
    assert person.ask("POST", "/totp/remove", {"password": PASSWORD, "code": codes[1]}).status_code == 204
    assert person.elsewhere().sign_in().json()["status"] == "signed_in"


def test_new_recovery_codes_replace_the_old(desk: Desk, person: Person):
    _, codes = enrolled(desk, person)
    body = {"password": PASSWORD, "code": codes[0]}
    renewed = person.ask("POST", "/totp/recovery-codes", body).json()["recovery_codes"]
    other = person.elsewhere()
    other.sign_in()
    assert other.show_code(codes[1]).status_code == 401
    assert other.show_code(renewed[0]).status_code == 200


def test_switching_it_on_ends_the_other_sessions(desk: Desk, person: Person):
    other = person.elsewhere()
    other.sign_in()
    enrolled(desk, person)
    assert (person.ask("GET", "/me").status_code, other.ask("GET", "/me").status_code) == (200, 401)


def test_a_second_one_is_refused_while_there_is_one(desk: Desk, person: Person):
    enrolled(desk, person)
    answer = person.ask("POST", "/totp/enrol", {"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "second_factor_exists")


def test_an_organization_that_wants_it_is_closed_without_it(desk: Desk):
    organization = desk.organization()
    owner, viewer = desk.member(organization, "owner"), desk.member(organization, "viewer")
    enrolled(desk, owner)
    assert owner.ask("PATCH", "/organization", {"wants_second_factor": True}).status_code == 204
    assert owner.ask("GET", "/members").status_code == 200
    refused = viewer.ask("GET", "/members")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_wanted")
    assert viewer.me()["organization"]["missing"] == "second_factor_wanted"
    enrolled(desk, viewer)
    assert viewer.ask("GET", "/members").status_code == 200


def test_the_secret_is_sealed_in_the_database(desk: Desk, person: Person):
    phone, codes = enrolled(desk, person)
    rows = desk.server.do(desk.services.database.fetch("SELECT * FROM users"))
    stored = desk.server.do(desk.services.database.fetch("SELECT * FROM recovery_codes"))
    everything = repr([tuple(row) for row in (*rows, *stored)])
    assert repr(phone.secret)[2:-1] not in everything
    assert not any(code in everything for code in codes)


# RFC 6238, appendix B, cut to six digits.
@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str):
    assert totp.code(b"12345678901234567890", seconds // 30) == code
