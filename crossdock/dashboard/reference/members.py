"""Pure: schemas of the OpenAPI document → what a page shows of them, and examples of what fits them.

    schema ─▶ description()  type in words, choices, limits, members with theirs inside
           └▶ example()      a made-up value, each member with one of its kind

References are followed; what refers to itself is shown once.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

Json = dict[str, Any]

MOMENT = "2026-01-02T09:00:00Z"
"""The time of all examples."""
DEEPEST = 12
"""Levels of members; what lies deeper is shown by its type only."""
_LIMITS = {
    "minimum": "at least {}", "exclusiveMinimum": "more than {}", "maximum": "at most {}",
    "minLength": "characters: at least {}", "maxLength": "characters: at most {}",
    "minItems": "items: at least {}", "maxItems": "items: at most {}",
    "minProperties": "members: at least {}", "maxProperties": "members: at most {}",
    "pattern": "fits {}", "default": "if left out: {}",
}  # fmt: skip


class Description(msgspec.Struct, kw_only=True):
    """Values that are allowed. type: in words; choices: all that it may be, none: anything of its type.

    members: of an object, or of the objects of an array; variants: of what has one of several forms.
    """

    type: str
    text: str = ""
    choices: list[str] = []
    limits: list[str] = []
    members: list["Member"] = []
    variants: list["Description"] = []


class Member(msgspec.Struct, kw_only=True):
    """A member of an object. is_promised: whether it is always there, as documented."""

    name: str
    is_required: bool
    is_deprecated: bool
    is_inferred: bool
    value: Description


class Schemas:
    """The named schemas of a document."""

    def __init__(self, named: Mapping[str, Json]) -> None:
        self._named = named

    def description(self, schema: Json, path: tuple[str, ...] = ()) -> Description:
        """Members of a schema as a page shows them. path: the references that led to it."""
        text = str(schema.get("description", ""))
        schema, path = self._followed(schema, path)
        shown = Description(
            type=self._type(schema, path),
            text=text or str(schema.get("description", "")),
            choices=_choices(schema),
            limits=list(_limits(schema)),
        )
        forms = [form for form in self._forms(schema) if self._has_members(form, path)]
        if len(forms) > 1:
            shown.variants = [self.description(form, path) for form in forms]
        elif forms:
            shown.members = list(self._members(forms[0], path))
        return shown

    def example(self, schema: Json, name: str, depth: int = 0) -> Any:
        """A value that fits. name: of the member that it is for."""
        schema, _ = self._followed(schema, ())
        if depth > DEEPEST:
            return {}
        for given in ("example", "const", "default"):
            if given in schema:
                return schema[given]
        for several in ("examples", "enum"):
            if schema.get(several):
                return schema[several][0]
        forms = self._forms(schema)
        if forms and forms[0] is not schema:
            return self.example(forms[0], name, depth + 1)
        return self._plain_example(schema, name, depth)

    def _plain_example(self, schema: Json, name: str, depth: int) -> Any:
        kind = _kinds(schema)[0]
        if kind == "array":
            return [self.example(schema.get("items", {}), name.removesuffix("s"), depth + 1)]
        if kind == "object":
            members = schema.get("properties", {})
            values = {key: self.example(member, key, depth + 1) for key, member in members.items()}
            others = schema.get("additionalProperties")
            if not values and isinstance(others, dict):
                return {"name": self.example(others, "value", depth + 1)}
            return values
        if kind == "string":
            return _text_example(schema, name)
        return {"integer": schema.get("minimum", 1), "number": 12.5, "boolean": True}.get(kind)

    def _followed(self, schema: Json, path: tuple[str, ...]) -> tuple[Json, tuple[str, ...]]:
        """The schema that is meant, and the references that led there."""
        while "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema, path = self._named[name], (*path, name)
        return schema, path

    def _forms(self, schema: Json) -> list[Json]:
        """What a value may be, without null and the empty object; itself, where it is one thing."""
        several = schema.get("anyOf") or schema.get("oneOf")
        if several is None:
            return [schema]
        return [form for form in several if form != {"type": "null"} and form.get("maxProperties") != 0]

    def _has_members(self, form: Json, path: tuple[str, ...]) -> bool:
        inner, inner_path = self._followed(form, path)
        if "items" in inner:
            return self._has_members(inner["items"], inner_path)
        others = inner.get("additionalProperties")
        is_repeated = len(set(inner_path)) < len(inner_path) or len(inner_path) > DEEPEST
        return not is_repeated and bool(inner.get("properties") or isinstance(others, dict))

    def _members(self, form: Json, path: tuple[str, ...]) -> Iterator[Member]:
        schema, path = self._followed(form, path)
        if "items" in schema:
            yield from self._members(schema["items"], path)
            return
        required = schema.get("required", [])
        for name, member in schema.get("properties", {}).items():
            yield self._member(name, member, path, is_required=name in required)
        if isinstance(others := schema.get("additionalProperties"), dict):
            yield self._member("{name}", others, path, is_required=False)

    def _member(self, name: str, schema: Json, path: tuple[str, ...], *, is_required: bool) -> Member:
        return Member(
            name=name,
            is_required=is_required,
            is_deprecated=bool(schema.get("deprecated")),
            is_inferred=bool(schema.get("x-inferred")),
            value=self.description(schema, path),
        )

    def _type(self, schema: Json, path: tuple[str, ...]) -> str:
        """The type in words: "array of object", "string (date-time) or null"."""
        several = schema.get("anyOf") or schema.get("oneOf")
        if several is not None:
            words = [self._type(self._followed(form, path)[0], path) for form in several]
            return " or ".join(dict.fromkeys(words))
        words = [self._plain_type(kind, schema, path) for kind in _kinds(schema)]
        return " or ".join(words)

    def _plain_type(self, kind: str, schema: Json, path: tuple[str, ...]) -> str:
        if kind == "array":
            items, inner = self._followed(schema.get("items", {}), path)
            return f"array of {self._type(items, inner)}"
        if kind == "object" and schema.get("maxProperties") == 0:
            return "{}"
        return f"{kind} ({schema['format']})" if kind == "string" and "format" in schema else kind


def _kinds(schema: Json) -> list[str]:
    """The types that a value may be of, "any" where nothing is said."""
    if "type" not in schema:
        values = [schema["const"]] if "const" in schema else schema.get("enum", [])
        return ["string"] if values and all(isinstance(value, str) for value in values) else ["any"]
    kind = schema["type"]
    return list(kind) if isinstance(kind, list) else [kind]


def _choices(schema: Json) -> list[str]:
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if not values and isinstance(schema.get("items"), dict):
        values = schema["items"].get("enum", [])
    return [_shown(value) for value in values if value is not None]


def _limits(schema: Json) -> Iterator[str]:
    for name, words in _LIMITS.items():
        if name == "minLength" and schema.get(name) == 1:
            yield "not empty"
        elif name in schema and not (name == "pattern" and "format" in schema):
            yield words.format(_shown(schema[name]))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _text_example(schema: Json, name: str) -> str:
    if schema.get("format") in ("date-time", "date"):
        return MOMENT if schema["format"] == "date-time" else MOMENT[:10]
    if str(schema.get("pattern", "")).startswith(r"^\d{4}-"):
        return MOMENT
    if schema.get("format") == "uri":
        return "https://example.com/"
    return f"{name or 'text'}_1"
