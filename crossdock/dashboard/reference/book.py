"""Pure: the OpenAPI document → the reference: its chapters, and what there is to know of each operation.

    document ─▶ book()       chapters with their operations and events, in the order of the document
             └▶ operation()  parameters, body, answers, errors, requests to copy: made when first asked for

Both are kept: the document is the same for as long as the process runs.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from crossdock.api.openapi import document_bytes
from crossdock.dashboard.reference.members import Description, Json, Schemas
from crossdock.dashboard.snippets import Snippet, snippets
from crossdock.wire import encode

_KINDS = {"wms": "WMS", "cart": "Cart", "carrier": "Carrier", "freight": "Freight"}
_OPERATOR = re.compile(r"\[.*\]$")
EVENT = "EVENT"
"""In place of a method, for what we send."""
PLATFORM, EVENTS = "Platform", "Events"
"""Kinds of chapters that are about no type of system."""
MOST_KEPT = 512


class Entry(msgspec.Struct, kw_only=True, frozen=True):
    """An operation or an event in a list. method: `EVENT` for what we send; path: of an event, its name."""

    id: str
    method: str
    path: str
    summary: str
    is_deprecated: bool


class Chapter(msgspec.Struct, kw_only=True, frozen=True):
    """Operations that belong together. kind: the type of system, "Events", or "Platform"."""

    title: str
    kind: str
    entries: list[Entry]


class ParameterLine(msgspec.Struct, kw_only=True):
    """A parameter; place: "path", "query" or "header"."""

    name: str
    place: str
    is_required: bool
    is_deprecated: bool
    is_list: bool
    value: Description


class FilterLine(msgspec.Struct, kw_only=True):
    """A field that lists are filtered by, with every form that its parameter has."""

    field: str
    value: Description
    forms: list[ParameterLine]


class BodyPart(msgspec.Struct, kw_only=True):
    """A body of one kind, with an example as text; "": there is none to show."""

    media_type: str
    value: Description
    example: str


class AnswerLine(msgspec.Struct, kw_only=True):
    """An answer by its status, with its headers and what each means."""

    status: str
    text: str
    headers: dict[str, str]
    bodies: list[BodyPart]


class OperationText(msgspec.Struct, kw_only=True):
    """All that the document says of an operation. access: each way in, as the headers that it needs."""

    entry: Entry
    chapter: str
    text: str
    access: list[list[str]]
    parameters: list[ParameterLine]
    filters: list[FilterLine]
    is_body_required: bool
    bodies: list[BodyPart]
    answers: list[AnswerLine]
    errors: list[AnswerLine]
    snippets: list[Snippet]


@dataclass(frozen=True)
class Book:
    """The whole document, with its operations by id."""

    document: Json
    chapters: tuple[Chapter, ...]
    sources: dict[str, tuple[Chapter, Entry, Json]]

    @property
    def title(self) -> str:
        return str(self.document["info"]["title"])

    @property
    def url(self) -> str:
        return str(self.document["servers"][0]["url"])


@lru_cache(maxsize=2)
def book(base_url: str, version: str) -> Book:
    """The reference of this server. base_url: where clients reach it."""
    document: Json = msgspec.json.decode(document_bytes(base_url, version))
    grouped: dict[tuple[str, str], list[tuple[Entry, Json]]] = {}
    for kind, title, entry, source in (*_operations(document), *_events(document)):
        grouped.setdefault((kind, title), []).append((entry, source))
    chapters: list[Chapter] = []
    sources: dict[str, tuple[Chapter, Entry, Json]] = {}
    order = (*_KINDS.values(), PLATFORM, EVENTS)
    for (kind, title), pairs in sorted(grouped.items(), key=lambda group: order.index(group[0][0])):
        chapter = Chapter(title=title, kind=kind, entries=[entry for entry, _ in pairs])
        chapters.append(chapter)
        sources |= {entry.id: (chapter, entry, source) for entry, source in pairs}
    return Book(document, tuple(chapters), sources)


def _operations(document: Json) -> Iterator[tuple[str, str, Entry, Json]]:
    for path, methods in document["paths"].items():
        kind = _KINDS.get(path.split("/")[1], PLATFORM)
        for method, source in methods.items():
            title = source["tags"][0]
            named = title if kind == PLATFORM else f"{kind} · {title}"
            yield kind, named, _entry(method.upper(), path, source), source


def _events(document: Json) -> Iterator[tuple[str, str, Entry, Json]]:
    for name, methods in document["webhooks"].items():
        source = methods["post"]
        subject = source["tags"][0].removesuffix(" events")
        yield (
            EVENTS,
            f"{EVENTS} · {_KINDS.get(subject, subject.capitalize())}",
            _entry(EVENT, name, source),
            source,
        )


def _entry(method: str, path: str, source: Json) -> Entry:
    return Entry(
        id=source["operationId"],
        method=method,
        path=path,
        summary=source.get("summary", ""),
        is_deprecated=bool(source.get("deprecated")),
    )


@lru_cache(maxsize=MOST_KEPT)
def operation(base_url: str, version: str, operation_id: str) -> OperationText | None:
    """Facts about an operation; None: there is none with this id."""
    current_book = book(base_url, version)
    if operation_id not in current_book.sources:
        return None
    chapter, entry, source = current_book.sources[operation_id]
    reader = _Reader(current_book.document)
    request = source.get("requestBody", {})
    own, filters = reader.parameters(source)
    access, bodies = reader.access(source), reader.bodies(request)
    good, bad = reader.answers(source)
    return OperationText(
        entry=entry,
        chapter=chapter.title,
        text=source.get("description", ""),
        access=access,
        parameters=own,
        filters=filters,
        is_body_required=bool(request.get("required")),
        bodies=bodies,
        answers=good,
        errors=bad,
        snippets=_snippets(current_book.url, entry, access, bodies),
    )


def _snippets(url: str, entry: Entry, access: list[list[str]], bodies: list[BodyPart]) -> list[Snippet]:
    """The request in languages; none of an event, which nobody asks for."""
    if entry.method == EVENT:
        return []
    return snippets(url, entry.method, entry.path, access[0] if access else [], bodies)


def _field(parameter: Json) -> str:
    """The field that a parameter filters by, without its operator."""
    return _OPERATOR.sub("", parameter["name"])


def _filtered_fields(parameters: Iterable[Json]) -> list[str]:
    """The fields that may be filtered by with an operator."""
    with_operator = [_field(parameter) for parameter in parameters if _OPERATOR.search(parameter["name"])]
    return list(dict.fromkeys(field for field in with_operator if field != "ids"))


class _Reader:
    """Reads parts of one document."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._schemas = Schemas(document["components"]["schemas"])

    def resolved(self, part: Json) -> Json:
        """Parameter, header or answer that a reference means."""
        if "$ref" not in part:
            return part
        kind, name = part["$ref"].split("/")[-2:]
        meant: Json = self._document["components"][kind][name]
        return meant

    def access(self, source: Json) -> list[list[str]]:
        """The headers of each way in: none, where anybody may come."""
        schemes = self._document["components"]["securitySchemes"]
        ways: list[Json] = source["security"] if "security" in source else self._document["security"]
        return [[schemes[name].get("name", "Authorization") for name in way] for way in ways]

    def parameters(self, source: Json) -> tuple[list[ParameterLine], list[FilterLine]]:
        """The parameters of an operation, and the fields that it filters by."""
        parameters = [self.resolved(parameter) for parameter in source.get("parameters", [])]
        fields = _filtered_fields(parameters)
        own = [self._parameter(item) for item in parameters if _field(item) not in fields]
        by_field = {field: [item for item in parameters if _field(item) == field] for field in fields}
        return own, [self._filter(field, items) for field, items in by_field.items()]

    def _parameter(self, parameter: Json) -> ParameterLine:
        value = self._schemas.description(parameter["schema"])
        value.text = parameter.get("description") or value.text
        return ParameterLine(
            name=parameter["name"],
            place=parameter["in"],
            is_required=bool(parameter.get("required")),
            is_deprecated=bool(parameter.get("deprecated")),
            is_list=parameter["schema"].get("type") == "array",
            value=value,
        )

    def _filter(self, field: str, parameters: list[Json]) -> FilterLine:
        forms = [self._parameter(parameter) for parameter in parameters]
        plain = next((form for form in forms if not form.is_list), forms[0])
        value = Description(type=plain.value.type, choices=plain.value.choices)
        return FilterLine(field=field, value=value, forms=forms)

    def bodies(self, holder: Json) -> list[BodyPart]:
        """The bodies of a request or an answer, by their kind."""
        return [self._body(kind, part) for kind, part in holder.get("content", {}).items()]

    def _body(self, kind: str, part: Json) -> BodyPart:
        schema = part.get("schema") or {}
        value = part.get("example")
        if value is None and kind.endswith("json") and schema:
            value = self._schemas.example(schema, "")
        description = self._schemas.description(schema) if schema else Description(type="bytes")
        return BodyPart(media_type=kind, value=description, example="" if value is None else pretty(value))

    def answers(self, source: Json) -> tuple[list[AnswerLine], list[AnswerLine]]:
        """The answers of an operation: those that it did what was asked, and the others."""
        answers = [self._answer(status, answer) for status, answer in source["responses"].items()]
        good = [answer for answer in answers if answer.status.startswith("2")]
        return good, [answer for answer in answers if answer not in good]

    def _answer(self, status: str, part: Json) -> AnswerLine:
        answer = self.resolved(part)
        headers = {name: self.resolved(header) for name, header in answer.get("headers", {}).items()}
        return AnswerLine(
            status=status,
            text=answer["description"],
            headers={name: header.get("description", "") for name, header in headers.items()},
            bodies=self.bodies(answer),
        )


def pretty(value: Any) -> str:
    """A value as JSON, indented."""
    return msgspec.json.format(encode(value), indent=2).decode()


def fitting(chapters: Iterable[Chapter], text: str, title: str = "") -> list[Chapter]:
    """The chapters with the entries that have every word of a text. title: of the only chapter wanted."""
    words = text.lower().split()
    kept = [
        Chapter(
            title=chapter.title,
            kind=chapter.kind,
            entries=[entry for entry in chapter.entries if _has(chapter, entry, words)],
        )
        for chapter in chapters
        if title in ("", chapter.title)
    ]
    return [chapter for chapter in kept if chapter.entries]


def _has(chapter: Chapter, entry: Entry, words: Iterable[str]) -> bool:
    looked_at = f"{entry.method} {entry.path} {entry.id} {entry.summary} {chapter.title}".lower()
    return all(word in looked_at for word in words)


def prose(text: str) -> list[list[tuple[str, str]]]:
    """The paragraphs of a description, each in pieces: "text", "code" or "strong", and the words."""
    return [list(_pieces(" ".join(part.split()))) for part in text.split("\n\n") if part.strip()]


def _pieces(paragraph: str) -> Iterator[tuple[str, str]]:
    for piece in re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", paragraph):
        if piece.startswith("`"):
            yield "code", piece[1:-1]
        elif piece.startswith("**"):
            yield "strong", piece[2:-2]
        elif piece:
            yield "text", piece
