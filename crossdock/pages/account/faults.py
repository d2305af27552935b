"""What goes wrong, in words: at the field it is about, above the form, or on a page of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from crossdock.errors import (
    CrossdockError,
    Invalid,
    NotFound,
    RequestError,
    TooManyRequests,
    Unavailable,
    VendorError,
)
from crossdock.pages.account.language import Translate, language_of, translator
from crossdock.pages.account.texts import TEXTS
from crossdock.pages.rendering import PagePolicy, page

POLICY = PagePolicy(opener="same-origin", referrer="same-origin")
TOLD = (RequestError, VendorError)
"""What a person can do something about."""
FIELDS = {"wrong_code": "code", "wrong_password": "current_password", "member_exists": "email"}
"""The field that an error of this code is about."""


@dataclass(frozen=True)
class FormFault:
    """The fault of a form that was sent. form: which; text: above it, where no field has it."""

    form: str = ""
    text: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


NO_FAULT = FormFault()


def wants_page(request: Request) -> bool:
    """Check whether a person's browser asks, and no program."""
    return "text/html" in request.headers.get("accept", "")


def form_fault(form: str, error: CrossdockError, translate: Translate) -> FormFault:
    """The fault that an error is for who sent a form."""
    if isinstance(error, Invalid):
        names = [name for names in error.detail.values() for name in names]
        fields = {name: translate(f"fault.{name}") for name in names if f"fault.{name}" in TEXTS}
        return FormFault(form, "" if fields else words(error, translate), fields)
    text, name = words(error, translate), FIELDS.get(code_of(error), "")
    return FormFault(form, "", {name: text}) if name else FormFault(form, text)


def code_of(error: CrossdockError) -> str:
    """The code that an error's words are found by."""
    if isinstance(error, TooManyRequests):
        return "too_many_tries"
    if isinstance(error, VendorError):
        return "sso_provider_unreachable"
    if isinstance(error, NotFound):
        return error.code or "not_found"
    return error.code if isinstance(error, RequestError) else ""


def words(error: CrossdockError, translate: Translate) -> str:
    """The sentence that tells a person of an error."""
    if isinstance(error, TooManyRequests):
        return wait_words(error.retry_after_seconds, translate)
    key = f"error.{code_of(error)}"
    return translate(key) if key in TEXTS else translate("error.other")


def wait_words(seconds: int, translate: Translate) -> str:
    """The sentence about a delay. seconds: until the next try may be made."""
    if seconds < 120:
        return translate("error.wait.seconds", seconds=seconds)
    return translate("error.wait.minutes", minutes=-(-seconds // 60))


def fault_page(request: Request, error: CrossdockError) -> Response:
    """The page in place of the wanted one."""
    language = language_of(request.headers.get("accept-language", ""))
    translate = translator(language)
    response = page(
        request, "account_fault.html", POLICY, error.http_status, t=translate, language=language, person=None,
        text=words(error, translate),
    )  # fmt: skip
    if isinstance(error, TooManyRequests | Unavailable):
        response.headers["retry-after"] = str(error.retry_after_seconds)
    return response
