"""The reference: all operations with a search, and the page of each."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.reference import trial
from crossdock.dashboard.reference.book import (
    EVENT,
    Book,
    Chapter,
    OperationText,
    book,
    fitting,
    operation,
    prose,
)
from crossdock.dashboard.reference.trial import SandboxChoice, TrialAnswer
from crossdock.errors import Invalid, NotFound


class ReferencePage(msgspec.Struct, kw_only=True):
    """The chapters that fit, with the number of their operations. url: of the API; text: of the document."""

    chapters: list[Chapter]
    titles: list[str]
    total: int
    filters: dict[str, str]
    url: str
    text: list[list[tuple[str, str]]]


class TrialForm(msgspec.Struct, kw_only=True):
    """Request that the page can send. reason: why nothing can; filled: the form, as it was sent."""

    reason: str
    needs_connection: bool = False
    is_destructive: bool = False
    choices: list[SandboxChoice] = []
    sandbox_type: str = ""
    filters: list[str] = []
    filled: dict[str, str] = {}
    answer: TrialAnswer | None = None
    problems: list[str] = []


class OperationPage(msgspec.Struct, kw_only=True):
    """An operation, and its chapter for the navigation."""

    operation: OperationText
    chapter: Chapter
    titles: list[str]
    trial: TrialForm
    url: str


@cache
def _version() -> str:
    return version("crossdock")


async def current_book(visit: DashboardContext) -> Book:
    """The reference of this server: made beside the event loop, when it is first asked for."""
    return await run_in_threadpool(book, visit.door.settings.url, _version())


async def listed(visit: DashboardContext) -> Response:
    """The operations that fit, by chapter."""
    filters, reference = visit.query("text", "chapter"), await current_book(visit)
    titles = [chapter.title for chapter in reference.chapters]
    if filters.get("chapter", titles[0]) not in titles:
        raise Invalid({"query": {"chapter": [f"is {filters['chapter'][:40]!r}, which is no chapter"]}})
    chapters = fitting(reference.chapters, filters.get("text", ""), filters.get("chapter", ""))
    page = ReferencePage(
        chapters=chapters,
        titles=titles,
        total=sum(len(chapter.entries) for chapter in chapters),
        filters=filters,
        url=reference.url,
        text=prose(reference.document["info"]["description"]),
    )
    return visit.view("reference/list.html", page, title="API reference")


async def shown(visit: DashboardContext) -> Response:
    """One operation, with a form to try it."""
    return await operation_view(visit)


async def operation_view(
    visit: DashboardContext,
    *,
    values: Mapping[str, str] | None = None,
    answer: TrialAnswer | None = None,
    problems: list[str] | None = None,
) -> Response:
    """The page of the operation that the path names. values: of the form that was sent. Raises NotFound."""
    operation_id, reference = visit.part("operation_id"), await current_book(visit)
    text = operation(visit.door.settings.url, _version(), operation_id)
    if text is None:
        raise NotFound("There is no such operation.")
    form = await _form(visit, text)
    form.filled, form.answer, form.problems = dict(values or {}), answer, problems or []
    page = OperationPage(
        operation=text,
        chapter=reference.sources[operation_id][0],
        titles=[chapter.title for chapter in reference.chapters],
        trial=form,
        url=reference.url,
    )
    title = text.entry.path if text.entry.method == EVENT else text.entry.summary
    return visit.view("reference/operation.html", page, title=title or operation_id)


async def _form(visit: DashboardContext, text: OperationText) -> TrialForm:
    operation = trial.api_operation(text.entry.id)
    reason = trial.why_not(operation, visit.role)
    if reason or operation is None:
        return TrialForm(reason=reason)
    return TrialForm(
        reason="",
        needs_connection=trial.needs_connection(operation),
        is_destructive=trial.is_destructive(operation),
        choices=await trial.choices(visit, operation),
        sandbox_type=operation.path.split("/")[1],
        filters=[form.name for line in text.filters for form in line.forms] if operation.is_list else [],
    )
