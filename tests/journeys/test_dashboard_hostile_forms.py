"""Every form of the dashboard, with values that nobody means: answered or refused, never a fault of ours."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import cycle
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest

from tests.journeys.exploring import desk, house, owner
from tests.journeys.server import Organization
from tests.journeys.test_dashboard import Office

__all__ = ["desk", "house", "owner"]

HOSTILE = (
    "9" * 5000, "0" * 9 + "9" * 5000, '{"a":' * 3000 + "1" + "}" * 3000, '{"a": 1e99999999999999999999}',
    "a.b." * 3000 + "c,d\n1,2", "\0", "'\"><b>\u202e", "0001-01-01T00:00:00+14:00",
)  # fmt: skip
ENDING = frozenset({"delete", "rotate", "revoke", "remove", "reset", "second_factor"})
"""What a button does that leaves nothing to go on with, or closes the pages to who sends it."""
_IDS = re.compile(r"/[^/]*(?:-[0-9a-f]{4}-|[A-Z0-9_]{12,})[^/]*")
_OF_A_KIND = re.compile(r"/(reference|events|record/\w+|integrations/\w+)/.*")


@dataclass
class Form:
    """A form of a page. buttons: names and values."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.open: Form | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: text or "" for name, text in attrs}
        if tag == "a":
            self.links.append(values.get("href", ""))
        if tag == "form":
            self.open = Form(values.get("method", "get").lower(), values.get("action", ""))
            self.forms.append(self.open)
        if self.open is not None and values.get("name"):
            if tag in ("input", "textarea", "select"):
                self.open.fields.setdefault(values["name"], values.get("value", ""))
            if tag == "button":
                self.open.buttons.append((values["name"], values.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None


def shape(path: str) -> str:
    """A path without the ids in it: pages of one kind are alike."""
    return _IDS.sub("/X", _OF_A_KIND.sub(r"/\1/X", urlsplit(path).path))


def all_forms(owner: Office) -> Iterator[Form]:
    """The forms that are sent from any page, each kind once."""
    base, http = owner.person.url, owner.person.http
    waiting, seen, kinds = deque([f"{base}/dashboard"]), set[str](), set[tuple[str, ...]]()
    while waiting:
        answer = http.get(waiting.popleft(), follow_redirects=True)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        page, here = Page(answer.text), str(answer.url)
        for link in page.links:
            address = urljoin(here, link).partition("#")[0]
            if address.startswith(f"{base}/dashboard") and shape(address) not in seen:
                seen.add(shape(address))
                waiting.append(address)
        for form in page.forms:
            form.action = urljoin(here, form.action)
            kind = (form.method, shape(form.action), *sorted(text for _, text in form.buttons))
            if form.method == "post" and kind not in kinds:
                kinds.add(kind)
                yield form


def encoded(fields: dict[str, str]) -> bytes:
    return "&".join(f"{quote(name)}={quote(text, safe='')}" for name, text in fields.items()).encode()


def hostile_sendings(form: Form, turns: Iterator[str]) -> Iterator[dict[str, str]]:
    """Forms with something hostile in a field at a time, also where its name is of a row of a list.

    turns: the hostile values, round and round: each field gets the next two of them.
    """
    for name, text in form.buttons or [("", "")]:
        if text in ENDING:
            continue
        fields = form.fields | ({name: text} if name else {})
        rows = {re.sub(r"\d+", "1", field_name): field_name for field_name in fields}
        for field_name in list(rows.values())[:15]:
            if field_name != "csrf_token":
                yield fields | {field_name: next(turns)}
                yield fields | {field_name: next(turns)}
        for field_name in [field_name for field_name in fields if ".0." in field_name][:2]:
            yield fields | {field_name.replace(".0.", f".{'9' * 5000}."): "x", "whole": "{"}


@pytest.fixture(scope="module")
def furnished(owner: Office, house: Organization) -> Office:
    """An owner whose pages about webhooks have something to show."""
    url = "http://127.0.0.1:9/hook"
    assert owner.send(f"/webhooks/{house.id}/new", url=url, description="d").status_code == 303
    return owner


def test_no_value_of_any_form_is_a_fault_of_ours(furnished: Office):
    person, sent, faults, turns = furnished.person, 0, [], cycle(HOSTILE)
    for form in list(all_forms(furnished)):
        if shape(form.action).endswith(("/delete", "/access", "/sign-on", "/members")):
            continue
        for fields in hostile_sendings(form, turns):
            body = encoded(fields | {"csrf_token": person.csrf})
            headers = {"origin": person.url, "content-type": "application/x-www-form-urlencoded"}
            answer = person.http.post(form.action, content=body, headers=headers)
            sent += 1
            if answer.status_code >= 500:
                changed = {name: text[:20] for name, text in fields.items() if text in HOSTILE}
                faults.append((shape(form.action), fields.get("do"), changed))
    assert (sent > 300, faults) == (True, [])
    assert furnished.get("").status_code == 200


CHARSETS = ("unicode_escape", "idna", "utf-7", "undefined")


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("path", ["branding", "upload"])
def test_a_form_with_a_file_is_read_as_utf_8_only(
    furnished: Office, house: Organization, charset: str, path: str
):
    value = r"\ud800xn--" + "a" * 20_000
    body = f'--B\r\ncontent-disposition: form-data; name="name"\r\n\r\n{value}\r\n--B--\r\n'.encode()
    headers = {"content-type": f"multipart/form-data; boundary=B; charset={charset}"}
    if path == "branding":
        person = furnished.person
        address = f"{person.url}/dashboard/settings/branding"
        headers |= {"origin": person.url, "x-csrf-token": person.csrf}
        answer = person.http.post(address, content=body, headers=headers)
    else:
        address = f"{house.url}/carrier/files"
        answer = httpx.post(address, content=body, headers=headers | house.headers("carrier"))
    assert answer.status_code in (400, 422), answer.text
    assert "read as UTF-8" in answer.text
