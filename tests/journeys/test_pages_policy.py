"""Property 32: pages hold no code, whoever's text they show, and do what their own forms say only.

The pages are those of the running application: a new one is walked by itself.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crossdock.pages.account.dialect import AccountPages
from crossdock.pages.account.operations import PageOperation
from crossdock.pages.dialect import ConnectPages
from crossdock.pages.static_files import CONNECT_FILES
from crossdock.services.application import application
from crossdock.store.people import sign_on
from crossdock.store.people.sign_on import SignOnSettings
from crossdock.web.application import Application
from crossdock.web.middleware import ErrorMiddleware
from tests.journeys.account import PASSWORD, Desk, desk
from tests.journeys.account_pages import PageReader, Window, window_of

__all__ = ["desk"]

HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}{7}\u202e&lt;"
FRAMED_BY_ANYBODY = "/connect/frame"
"""The one page that stands in others' pages: it knows nothing until it is told by message."""


def pages(desk: Desk) -> list[tuple[str, PageOperation | Any]]:
    """All pages, and all forms: the address, and the operation."""
    middleware = application(desk.services.dependencies(), "an-organization")
    assert isinstance(middleware, ErrorMiddleware)
    assert isinstance(middleware.app, Application)
    return [
        (re.sub(r"\{\w+\}", "x", f"{dialect.prefix}{operation.path}"), operation)
        for dialect in middleware.app.dialects
        if isinstance(dialect, AccountPages | ConnectPages)
        for operation in dialect.operations
    ]


def shown(desk: Desk) -> Iterator[tuple[str, httpx.Response]]:
    """The answers of all pages, each to who sees most of it; of faults, too."""
    owner = desk.member(desk.organization(), "owner")
    inside, outside = window_of(desk, owner), Window(desk.url)
    addresses = [
        path for path, operation in pages(desk) if operation.method == "GET" and "static" not in path
    ]
    assert len(addresses) >= 8
    for path in [
        *addresses,
        "/connect/nowhere",
        "/connect/oauth/done?flow=x&status=failed",
        "/account/sso/callback",
    ]:
        for window in (inside, outside):
            yield path, window.open(path).answer
    inside.open("/account").send("enrol", current_password=PASSWORD)
    yield "enrolment", inside.answer
    yield "refused form", outside.open("/account/sign-in").send("password", email="x", password="y").answer


def directives(answer: httpx.Response) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split("; ")
    return {part.partition(" ")[0]: part.partition(" ")[2] for part in parts}


def test_p32_every_page_forbids_code_of_its_own_and_frames_of_strangers(desk: Desk):
    for path, answer in shown(desk):
        rules = directives(answer)
        assert rules["default-src"] == "'none'", path
        assert (rules["script-src"], rules["style-src"]) == ("'self'", "'self'"), path
        assert (rules["base-uri"], rules["form-action"]) == ("'none'", "'self'"), path
        assert (rules["require-trusted-types-for"], rules["trusted-types"]) == ("'script'", "'none'"), path
        assert "unsafe" not in answer.headers["content-security-policy"], path
        if path != FRAMED_BY_ANYBODY:
            assert rules["frame-ancestors"] == "'none'", path
            assert answer.headers["x-frame-options"] == "DENY", path
            assert answer.headers["cache-control"] == "no-store", path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin"), path


def inline_code(reader: PageReader) -> list[str]:
    """What of a page would run, or look, by itself."""
    return [
        f"{tag} {name}={value}"
        for tag, values in reader.tags
        for name, value in [*values.items(), ("", "")]
        if name.startswith("on")
        or name in ("style", "srcdoc")
        or tag in ("style", "iframe", "object", "embed", "base")
        or (tag == "script" and "src" not in values)
        or re.match(r"\s*(javascript|vbscript)\s*:", value or "", re.IGNORECASE)
    ]


def test_p32_no_page_holds_code(desk: Desk):
    for path, answer in shown(desk):
        assert inline_code(PageReader(answer.text)) == [], path


def test_pages_lead_on_below_whatever_path_a_proxy_serves_them(desk: Desk):
    for path, answer in shown(desk):
        addresses = [
            values[name] or ""
            for _, values in PageReader(answer.text).tags
            for name in ("href", "src", "action")
            if name in values
        ]
        assert [address for address in addresses if address.startswith("/")] == [], path
        assert all(".." not in address or address.startswith("../") for address in addresses), path
    away = httpx.get(f"{desk.url}/account/people", headers={"accept": "text/html"})
    assert away.headers["location"] == "../account/sign-in?return_path=%2Faccount%2Fpeople"


@pytest.mark.parametrize("name", [name for name in CONNECT_FILES.files if name.endswith(".js")])
def test_p32_no_script_of_a_page_makes_code_or_markup_from_text(name: str):
    script = CONNECT_FILES.files[name].content.decode()
    makers = (
        r"\beval\b", r"\bnew Function\b", r"\binnerHTML\b", r"\bouterHTML\b", r"\binsertAdjacentHTML\b",
        r"\bdocument\.write", r"\bsrcdoc\b", r"\bDOMParser\b", r"\bcreateContextualFragment\b",
        r"\bset(Timeout|Interval)\(\s*[\"'`]", r"\bimport\(",
    )  # fmt: skip
    code = re.sub(r"/\*.*?\*/|^\s*//.*$", "", script, flags=re.DOTALL | re.MULTILINE)
    assert [maker for maker in makers if re.search(maker, code)] == []


def test_p32_hostile_text_in_every_field_is_text(desk: Desk):
    organization = desk.organization(HOSTILE)
    owner = desk.member(organization, "owner", (desk.organization(f"2{HOSTILE}"), "owner"))
    window = Window(desk.url)
    window.http.headers["user-agent"] = HOSTILE.encode("ascii", "ignore").decode()
    seen = [window.sign_in(owner.email).answer]
    seen.append(window.send("name", name=HOSTILE).answer)
    for do, form in (("name", "/account"), ("password", "/account"), ("enrol", "/account")):
        fields = {
            name: HOSTILE for name in window.open(form).form(do).fields if name not in ("csrf_token", "do")
        }
        seen.append(window.send(do, **fields | {"name": HOSTILE * 3} if do == "name" else fields).answer)
    window.open("/account/people")
    seen.append(window.send("invite", email=HOSTILE, role=HOSTILE).answer)
    seen.append(window.send("invite", email="'<b>'&x@example.com".replace("<b>", ""), role="viewer").answer)
    seen.append(window.send("revoke", invitation_id=HOSTILE).answer)
    provider = SignOnSettings(
        organization, f"https://{HOSTILE}", "c", None, (f"d{HOSTILE}",), "viewer", False, False, None, 0
    )

    async def offer() -> None:
        async with desk.services.database.transaction() as transaction:
            await sign_on.put(transaction, provider)

    desk.server.do(offer())
    out = Window(desk.url)
    for query in ("return_path=/", "done=", "organization="):
        seen.append(
            out.open(f"/account/sign-in?{httpx.QueryParams({query.split('=')[0]: '/' + HOSTILE})}").answer
        )
    seen.append(out.send("sign_on", email=f"x@d{HOSTILE}").answer)
    assert HOSTILE in "".join(out.reader.words), "the provider is offered by its organization's name"
    seen.append(out.open("/account/sign-in").send("password", email=HOSTILE, password=HOSTILE).answer)
    for path in ("first", "invitation"):
        out.open(f"/account/{path}?{httpx.QueryParams({'token': HOSTILE})}")
        seen.append(out.send("", path, token=HOSTILE, name=HOSTILE, password=HOSTILE).answer)
    seen.append(
        out.open(f"/connect/oauth/done?{httpx.QueryParams({'flow': HOSTILE, 'code': HOSTILE})}").answer
    )
    seen.append(
        out.open(f"/account/sso/callback?{httpx.QueryParams({'state': HOSTILE, 'error': HOSTILE})}").answer
    )
    assert sum("onerror" in answer.text for answer in seen) >= 7, "it was shown"
    for answer in seen:
        reader = PageReader(answer.text)
        assert inline_code(reader) == [], answer.url
        assert not {"img", "b"} & {tag for tag, _ in reader.tags}, answer.url
        assert ("onerror" in answer.text) == ("{{7*7}}" in answer.text), answer.url
    window.open("/account/people").send("second_factor", wanted="no")
    assert HOSTILE in "".join(window.reader.words)


FOREIGN = (
    {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
)  # fmt: skip


def test_p32_no_form_of_a_page_elsewhere_is_taken(desk: Desk):
    owner, stranger = (desk.member(desk.organization(), "owner") for _ in range(2))
    window, other = window_of(desk, owner), window_of(desk, stranger)
    outside = Window(desk.url)
    token = window.form("sign_out").fields["csrf_token"]
    foreign_token = other.form("sign_out").fields["csrf_token"]
    forms = [path for path, operation in pages(desk) if operation.method == "POST"]
    assert len(forms) >= 6
    own = {"origin": desk.url, "sec-fetch-site": "same-origin"}
    tries: list[tuple[dict[str, str], dict[str, str]]] = [
        (headers, {"csrf_token": token}) for headers in FOREIGN
    ]
    tries += [
        (own, {}),
        (own, {"csrf_token": ""}),
        (own, {"csrf_token": foreign_token}),
        (own, {"csrf_token": "é"}),
    ]
    for path, (headers, fields) in itertools.product(forms, tries):
        data = {"do": "sign_out", "email": owner.email, "password": PASSWORD} | fields
        for sender in (window, outside):
            answer = sender.http.post(f"{desk.url}{path}", data=data, headers=sender.headers | headers)
            refused = answer.status_code == 403 or answer.headers.get("location", "").startswith("../account")
            assert refused or answer.headers["location"].startswith("./account/sign-in"), (
                path,
                headers,
                fields,
            )
            assert "crossdock_session=c" not in answer.headers.get("set-cookie", ""), path
    assert window.open("/account").path == "/account", "nobody was signed out"


def test_p32_a_form_for_one_browser_is_none_for_another(desk: Desk):
    owner = desk.member(desk.organization(), "owner")
    fields = Window(desk.url).open("/account/sign-in").form("password").fields
    sent = fields | {"email": owner.email, "password": PASSWORD}
    victim = Window(desk.url).open("/account/sign-in")
    answer = victim.http.post(f"{desk.url}/account/sign-in", data=sent, headers=victim.headers)
    assert answer.status_code == 403


def test_p32_what_was_sent_before_is_refused(desk: Desk):
    owner = desk.member(desk.organization(), "owner")
    window = window_of(desk, owner)
    cookie, fields = (
        window.http.cookies["crossdock_session"],
        window.form("name").fields | {"name": "Mallory"},
    )
    window.send("sign_out")
    window.http.cookies.set("crossdock_session", cookie)
    replayed = window.http.post(f"{desk.url}/account", data=fields, headers=window.headers)
    assert replayed.headers["location"] == "./account/sign-in"
    again = window_of(desk, owner)
    replayed = again.http.post(f"{desk.url}/account", data=fields, headers=again.headers)
    assert replayed.status_code == 403, "the token of the session before is none of this one"
    assert owner.me()["user"]["name"] == "Pat"


def test_p32_what_is_no_form_or_too_large_is_told(desk: Desk):
    window = Window(desk.url).open("/account/sign-in")
    headers = window.headers | {"content-type": "application/x-www-form-urlencoded"}
    for content, status in ((b"\xff", 400), (b"a=1&" * 60, 400), (b"a=" + b"x" * 70_000, 413)):
        answer = window.http.post(f"{desk.url}/account/sign-in", content=content, headers=headers)
        assert answer.status_code == status
        assert "did not work" in answer.text
