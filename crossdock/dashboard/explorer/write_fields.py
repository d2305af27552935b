"""Pure: what a write takes, as JSON Schema → the fields of a form; what a form sent → the body of the write.

    schema of write-info ─ parts() ─▶ fields, groups, rows ─▶ HTML
    fields that were sent ─ body() ─▶ {"line_items": [{"sku": …}]}     empty ones are left out

A field is called after its place in the body: `body.line_items.0.quantity`. Numbers stay as they were typed:
what is none is sent as the text that it is, and refused in the API's words.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from crossdock.dashboard.explorer.tags import TAGS
from crossdock.dashboard.formats import exact
from crossdock.dashboard.json_texts import json_value
from crossdock.errors import Invalid

Schema = Mapping[str, Any]
PartKind = Literal["group", "rows", "text", "number", "choice", "time", "flag", "lines", "json"]
PREFIX, ROWS = "body.", "rows."
MOST_ROWS = 100
"""Of a list in a form; more are written as JSON."""
MOST_OBJECTS = 500
"""Lines of a list that are read as JSON; no list of texts and objects takes more."""
_NUMBER = re.compile(r"[+-]?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?")


class FormPart(msgspec.Struct, kw_only=True):
    """A field of a form, a group of fields, or a list of rows.

    hint: what the record says now; parts: the fields of a group; rows: those of a list, each a group.
    """

    path: str
    label: str
    kind: PartKind
    is_required: bool = False
    is_old: bool = False
    description: str = ""
    choices: list[str] = []
    value: str = ""
    hint: str = ""
    problems: list[str] = []
    parts: list["FormPart"] = []
    rows: list["FormPart"] = []


class FormState(msgspec.Struct, kw_only=True):
    """The contents of a form. values: texts by path; problems: by path; now: the record, for hints."""

    values: dict[str, str] = {}
    problems: dict[str, list[str]] = {}
    now: dict[str, Any] = {}
    rows: dict[str, int] = {}


def parts(schema: Schema, state: FormState, prefix: str = "") -> list[FormPart]:
    """The parts of a form for an object, those that are required first."""
    required = set(schema.get("required", ()))
    members = [
        _part(f"{prefix}{name}", name, member, name in required, state)
        for name, member in schema.get("properties", {}).items()
        if "contentMediaType" not in member
    ]
    return sorted(members, key=lambda part: (not part.is_required, part.path == TAGS, part.is_old))


def _part(path: str, name: str, schema: Schema, is_required: bool, state: FormState) -> FormPart:
    kind = _kind(schema)
    part = FormPart(
        path=path,
        label=schema.get("title") or name.replace("_", " "),
        kind=kind,
        is_required=is_required,
        is_old=bool(schema.get("deprecated")),
        description=" ".join(str(schema.get("description", "")).split()),
        choices=[str(choice) for choice in schema.get("enum", ())],
        value=state.values.get(path, ""),
        hint=_hint(state.now, path),
        problems=state.problems.get(path, []),
    )
    if kind == "group":
        part.parts = parts(schema, state, f"{path}.")
    if kind == "rows":
        part.rows = [
            FormPart(
                path=f"{path}.{number}", label=str(number + 1), kind="group",
                parts=parts(schema["items"], state, f"{path}.{number}."),
            )
            for number in range(_row_count(path, state))
        ]  # fmt: skip
    return part


def _row_count(path: str, state: FormState) -> int:
    known = [number + 1 for names in (state.values, state.problems) for number in _numbers(names, path)]
    return min(MOST_ROWS, max([1, state.rows.get(path, 0), *known]))


def _kind(schema: Schema) -> PartKind:
    if "enum" in schema:
        return "choice"
    kind = schema.get("type")
    if kind == "object":
        return "group" if schema.get("properties") else "json"
    if kind == "array":
        items = schema.get("items", {})
        if items.get("type") == "object" and items.get("properties"):
            return "rows"
        return "lines"
    if kind in ("integer", "number"):
        return "number"
    if kind == "boolean":
        return "flag"
    if kind == "string":
        return "time" if schema.get("format") == "date-time" else "text"
    return "json"


def _hint(now: Mapping[str, Any], path: str) -> str:
    """The value of a record at a path of the body; "" for none, and for what one line does not hold."""
    value: Any = now
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    return str(value) if isinstance(value, str | int | Decimal) else ""


# What was sent


def body(schema: Schema, fields: Mapping[str, str]) -> dict[str, Any]:
    """The body that a form says. Raises Invalid for JSON that is none."""
    texts = {name.removeprefix(PREFIX): text for name, text in fields.items() if name.startswith(PREFIX)}
    return _object(schema, texts, "")


def _object(schema: Schema, texts: Mapping[str, str], prefix: str) -> dict[str, Any]:
    members = {
        name: _value(member, texts, f"{prefix}{name}")
        for name, member in schema.get("properties", {}).items()
    }
    return {name: value for name, value in members.items() if value not in ("", None, {}, [])}


def _value(schema: Schema, texts: Mapping[str, str], path: str) -> Any:
    kind = _kind(schema)
    if kind == "group":
        return _object(schema, texts, f"{path}.")
    if kind == "rows":
        rows = [_object(schema["items"], texts, f"{path}.{number}.") for number in _numbers(texts, path)]
        return [row for row in rows if row]
    return typed(schema, texts.get(path, "").strip(), path)


def _numbers(texts: Iterable[str], path: str) -> list[int]:
    """The rows of a list that are named, in their order. texts: by path."""
    prefix = f"{path}."
    steps = {name.removeprefix(prefix).partition(".")[0] for name in texts if name.startswith(prefix)}
    return sorted(int(step) for step in steps if step.isdecimal() and len(step) <= 4)


def typed(schema: Schema, text: str, path: str) -> Any:
    """A text as the value that its field takes; the text itself where it is no such. Raises Invalid."""
    kind = _kind(schema)
    if not text:
        return ""
    if kind == "number":
        return _number(text)
    if kind == "flag":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind == "lines":
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return [*map(_line, lines[:MOST_OBJECTS]), *lines[MOST_OBJECTS:]]
    return json_value(text, path) if kind in ("json", "group", "rows") else text


def _number(text: str) -> Any:
    if not _NUMBER.fullmatch(text):
        return text
    return Decimal(text) if re.search("[.eE]", text) else int(text)


def _line(line: str) -> Any:
    """A line of a list: a text, or an object as JSON."""
    if not (line.startswith("{") and line.endswith("}")):
        return line
    try:
        return json_value(line, "")
    except Invalid:
        return line  # refused in the API's words


def texts_of(schema: Schema, value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a body by path, to fill a form with what was sent."""
    kind = _kind(schema)
    if kind == "group" and isinstance(value, Mapping):
        known = schema["properties"]
        for name in [name for name in value if name in known]:
            yield from texts_of(known[name], value[name], f"{path}.{name}" if path else name)
    elif kind == "rows" and isinstance(value, list):
        for number, item in enumerate(value):
            yield from texts_of(schema["items"], item, f"{path}.{number}")
    elif value is not None:
        lines = value if kind == "lines" and isinstance(value, list) else [value]
        yield path, "\n".join(exact(line) for line in lines)
