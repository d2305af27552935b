"""A browser without scripts: pages below /account, and their forms as a person fills them in.

window = Window(desk.url)
window.open("/account/sign-in")
window.send("password", email=…, password=…)     the form whose `do` is that, sent with what it holds
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from tests.journeys.account import NUMBERS, PASSWORD, Desk, Person
from tests.journeys.server import LONGEST_SECONDS


@dataclass
class Form:
    """A form of a page. fields: what it holds; buttons: what else is sent by pressing them."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)


class PageReader(HTMLParser):
    """Reads forms, words and tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        name, value = values.get("name") or "", values.get("value") or ""
        if tag == "form":
            self._form = Form(values.get("action") or "")
            self.forms.append(self._form)
        elif self._form is not None and tag == "input" and name:
            if values.get("type") != "radio" or "checked" in values:
                self._form.fields[name] = value
        elif self._form is not None and tag == "button" and name:
            self._form.buttons.append({name: value})

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@dataclass
class Window:
    """A browser's window, at an address of its own."""

    base: str
    language: str = "en"
    http: httpx.Client = field(
        default_factory=lambda: httpx.Client(timeout=LONGEST_SECONDS, follow_redirects=False)
    )
    answer: httpx.Response = field(default_factory=lambda: httpx.Response(200))
    address: str = ""

    def __post_init__(self) -> None:
        number = next(NUMBERS)
        self.address = f"203.1.{number // 250}.{number % 250 + 1}"

    @property
    def headers(self) -> dict[str, str]:
        return {"x-forwarded-for": self.address, "accept": "text/html", "accept-language": self.language}

    def open(self, path: str) -> "Window":
        return self._follow(self.http.get(urljoin(self.base, path), headers=self.headers))

    def _follow(self, answer: httpx.Response) -> "Window":
        self.answer = answer
        while self.answer.status_code == 303:
            url = urljoin(str(self.answer.url), self.answer.headers["location"])
            self.answer = self.http.get(url, headers=self.headers)
        return self

    @property
    def reader(self) -> PageReader:
        return PageReader(self.answer.text)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.reader.words))

    @property
    def path(self) -> str:
        return self.answer.url.path

    def form(self, do: str = "", action: str = "") -> Form:
        """The first form whose `do` is this, or whose action ends so."""
        for form in self.reader.forms:
            if do in (form.fields.get("do"), *(button.get("do") for button in form.buttons)) and (
                form.action.endswith(action)
            ):
                return form
        raise AssertionError(f"there is no form {do!r}: {self.answer.status_code} {self.words}")

    def send(self, do: str = "", action: str = "", **values: str) -> "Window":
        form = self.form(do, action) if do else self.form(None, action)  # type: ignore[arg-type]
        fields = form.fields | ({"do": do} if do else {}) | values
        headers = self.headers | {"origin": self.base, "sec-fetch-site": "same-origin"}
        url = urljoin(str(self.answer.url), form.action)
        return self._follow(self.http.post(url, data=fields, headers=headers))

    def sign_in(self, email: str, password: str = PASSWORD) -> "Window":
        return self.open("/account/sign-in").send("password", email=email, password=password)


def window_of(desk: Desk, person: Person) -> Window:
    """The window of a person who has signed in."""
    window = Window(desk.url).sign_in(person.email)
    assert window.path == "/account", window.words
    return window
