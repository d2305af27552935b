"""Texts of the pages below /account, the language that a browser gets, and what a browser is called."""

import re
from itertools import chain

import pytest
import segno

from crossdock.errors import BadRequest
from crossdock.pages.account import agents, faults, language
from crossdock.pages.account.texts import LANGUAGES, TEXTS
from crossdock.pages.rendering import TEMPLATES
from crossdock.people.permissions import PERMISSIONS
from crossdock.people.qr_code import QUIET_ZONE, qr_picture

USED = sorted(
    {
        key
        for path in TEMPLATES.glob("account_*.html")
        for key in re.findall(r"\bt\([\"']([\w.]+)[\"'][,)]", path.read_text())
    }
)


@pytest.mark.parametrize("key", USED)
def test_every_text_of_a_template_is_there(key: str):
    assert key in TEXTS


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_says_the_same_in_each_language(key: str):
    texts = TEXTS[key]
    assert len(texts) == len(LANGUAGES)
    assert all(texts)
    names = [set(re.findall(r"\{(\w+)\}", text)) for text in texts]
    assert names[0] == names[1]


def test_every_role_has_a_name():
    roles = set(chain.from_iterable(PERMISSIONS.values()))
    assert {f"role.{role}" for role in roles} | {f"role.{role}.does" for role in roles} <= set(TEXTS)


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("", "en"), ("de", "de"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,de;q=0.5,en;q=0.4", "de"),
        ("en;q=0.4,de;q=0.5", "de"), ("*", "en"), ("de;q=0", "en"), ("de;q=x", "en"), ("DE-de", "de"),
    ],
)  # fmt: skip
def test_the_language_is_the_first_that_a_browser_wants_and_we_have(accepted: str, wanted: str):
    assert language.language_of(accepted) == wanted


@pytest.mark.parametrize(
    ("agent", "wanted"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.6 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        ("our-script/1.0", "our-script/1.0"),
        ("", ""),
    ],
)
def test_a_browser_is_called_as_people_know_it(agent: str, wanted: str):
    assert agents.agent_words(agent) == wanted


@pytest.mark.parametrize(("seconds", "wanted"), [(1, "in 1 s"), (119, "in 119 s"), (121, "in 3 minutes")])
def test_a_delay_is_told_in_seconds_or_minutes(seconds: int, wanted: str):
    assert wanted in faults.wait_words(seconds, language.translator("en"))


def test_an_error_without_words_of_its_own_is_told_nevertheless():
    told = faults.form_fault("x", BadRequest("inner words", code="unheard_of"), language.translator("de"))
    assert told.text.startswith("Das hat nicht geklappt")
    assert "inner words" not in told.text


def test_a_picture_has_the_dark_modules_of_the_code_and_a_quiet_zone():
    text = "otpauth://totp/Crossdock%3Aada%40example.com?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    picture = qr_picture(text)
    dark = set()
    for column, row, width in re.findall(r"M(\d+) (\d+)\.5h(\d+)", picture.path):
        dark |= {(int(row) - QUIET_ZONE, int(column) - QUIET_ZONE + step) for step in range(int(width))}
    matrix = segno.make_qr(text, error="m").matrix
    expected = {
        (row, column)
        for row, modules in enumerate(matrix)
        for column, is_dark in enumerate(modules)
        if is_dark
    }
    assert dark == expected
    assert picture.size == len(matrix) + 2 * QUIET_ZONE
