"""Our document against the contract: operation by operation, parameter by parameter, schema by schema.

Whatever differs is a line in openapi_differences.toml, with its reason. A difference that is not listed
fails, and so does a listed one that no longer exists.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from crossdock.api.openapi import document, text
from crossdock.api.operations import all_operations, by_path

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT.parent / "shared" / "contract"
COPY = ROOT / "docs" / "openapi.json"
FILES = ("wms", "cart", "carrier", "freight", "platform")
METHODS = ("get", "post", "put", "patch", "delete")
CREDENTIALS = {"x-trackstar-api-key": "ApiKey", "x-trackstar-access-token": "AccessToken"}

# What is compared of a schema besides its type, members and items.
KEYWORDS = (
    "format", "pattern", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength",
    "minProperties", "maxProperties", "default", "deprecated",
)  # fmt: skip

Json = dict[str, Any]

needs_contract = pytest.mark.skipif(
    not CONTRACT.is_dir(), reason="NOTHING COMPARED: the contract is not at ../shared/contract"
)


@cache
def ours() -> Json:
    return json.loads(json.dumps(document("http://127.0.0.1:8080", "0")))


@cache
def listed() -> Json:
    return tomllib.loads(Path(__file__).with_name("openapi_differences.toml").read_text())


@cache
def contract(name: str) -> Json:
    return yaml.load((CONTRACT / f"{name}.openapi.yaml").read_text(), Loader=yaml.CSafeLoader)


def operations(doc: Json) -> dict[str, Json]:
    """Operations by "GET /wms/orders"."""
    return {
        f"{method.upper()} {path}": item[method]
        for path, item in doc["paths"].items()
        for method in METHODS
        if method in item
    }


@cache
def promised() -> dict[str, tuple[str, Json]]:
    """The contract's operations: which file, and what it says."""
    return {
        where: (name, operation) for name in FILES for where, operation in operations(contract(name)).items()
    }


def entries(kind: str) -> set[str]:
    return {operation for entry in listed()[kind] for operation in entry["operations"]}


# What differs, as lines "place | what | the contract's | ours"


def differences(doc: Json) -> Iterator[str]:
    mine = operations(doc)
    for where, (name, theirs) in promised().items():
        if where in mine:
            yield from Comparison(name, doc).operation(where, theirs, mine[where])


class Comparison:
    """One file of the contract against our document."""

    def __init__(self, name: str, mine: Json) -> None:
        self.name = name
        self.theirs = contract(name)
        self.mine = mine

    def operation(self, where: str, theirs: Json, mine: Json) -> Iterator[str]:
        for name in ("operationId", "tags", "deprecated"):
            yield from self.same(where, name, theirs.get(name), mine.get(name))
        yield from self.same(where, "security", self.security(theirs), security(mine, self.mine))
        yield from self.parameters(where, theirs, mine)
        yield from self.body(where, theirs.get("requestBody"), mine.get("requestBody"))
        yield from self.each(where, "answer", theirs["responses"], mine["responses"])
        for status in sorted(theirs["responses"].keys() & mine["responses"].keys()):
            yield from self.answer(
                f"{where} {status}", theirs["responses"][status], mine["responses"][status]
            )

    def security(self, operation: Json) -> Any:
        """Some files of the contract write the two credentials as header parameters."""
        headers = {
            CREDENTIALS[entry["name"]]: entry["required"]
            for entry in self.resolved(operation.get("parameters", []))
            if entry["name"] in CREDENTIALS
        }
        if not headers:
            return security(operation, self.theirs)
        full = sorted(headers)
        return [full] if all(headers.values()) else [[name for name in full if headers[name]], full]

    def parameters(self, where: str, theirs: Json, mine: Json) -> Iterator[str]:
        fields = {entry["name"]: entry for entry in self.resolved(theirs.get("parameters", []))}
        fields = {name: field for name, field in fields.items() if name not in CREDENTIALS}
        offered = {entry["name"]: entry for entry in resolved(mine.get("parameters", []), self.mine)}
        for name in sorted(fields.keys() | offered.keys()):
            position = f"{where} ?{name}"
            if name not in offered or name not in fields:
                yield from self.same(position, "present", name in fields, name in offered)
                continue
            for subject, default in (("in", None), ("required", False), ("deprecated", False)):
                yield from self.same(
                    position, subject, fields[name].get(subject, default), offered[name].get(subject, default)
                )
            yield from self.same(position, "spelling", spelling(fields[name]), spelling(offered[name]))
            yield from self.schema(position, fields[name]["schema"], offered[name]["schema"])

    def body(self, where: str, theirs: Json | None, mine: Json | None) -> Iterator[str]:
        yield from self.same(where, "body", theirs is not None, mine is not None)
        if theirs and mine:
            yield from self.same(
                where, "body required", theirs.get("required", False), mine.get("required", False)
            )
            yield from self.content(f"{where} body", theirs, mine)

    def answer(self, where: str, theirs: Json, mine: Json) -> Iterator[str]:
        theirs, mine = resolve(theirs, self.theirs), resolve(mine, self.mine)
        yield from self.each(where, "header", theirs.get("headers", {}), mine.get("headers", {}))
        yield from self.content(where, theirs, mine)

    def content(self, where: str, theirs: Json, mine: Json) -> Iterator[str]:
        yield from self.each(where, "content", theirs["content"], mine["content"])
        for kind in theirs["content"].keys() & mine["content"].keys():
            yield from self.schema(where, theirs["content"][kind]["schema"], mine["content"][kind]["schema"])

    def schema(self, where: str, theirs: Json, mine: Json) -> Iterator[str]:
        if "$ref" in theirs:
            where = f"{self.name} {theirs['$ref'].split('/')[-1]}"
        remaining_plain, right = plain(theirs, self.theirs), plain(mine, self.mine)
        for subject in ("type", "value", "member", "required"):
            yield from self.each(where, subject, remaining_plain.get(subject, []), right.get(subject, []))
        for keyword in ("order", "closed", *KEYWORDS):
            yield from self.same(where, keyword, *in_common(keyword, remaining_plain, right))
        for part in ("properties", "inside"):
            both = remaining_plain.get(part, {}).keys() & right.get(part, {}).keys()
            for name in sorted(both):
                deeper = f"{where}.{name}" if part == "properties" else f"{where}{name}"
                yield from self.schema(deeper, remaining_plain[part][name], right[part][name])

    def resolved(self, parameters: list[Json]) -> list[Json]:
        return resolved(parameters, self.theirs)

    def each(self, where: str, subject: str, theirs: Iterable[str], mine: Iterable[str]) -> Iterator[str]:
        """What only one side has, a line each."""
        for their in sorted(set(theirs) ^ set(mine)):
            yield from self.same(where, f"{subject} {their}", their in theirs, their in mine)

    def same(self, where: str, name: str, theirs: Any, mine: Any) -> Iterator[str]:
        if theirs != mine:
            yield f"{where} | {name} | {json.dumps(theirs)} | {json.dumps(mine)}"


def resolve(node: Json, doc: Json) -> Json:
    """A node with its reference followed; what stands beside the reference wins."""
    while "$ref" in node:
        target: Any = doc
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target | {name: item for name, item in node.items() if name != "$ref"}
    return node


def resolved(parameters: list[Json], doc: Json) -> list[Json]:
    return [resolve(parameter, doc) for parameter in parameters]


def security(operation: Json, doc: Json) -> Any:
    alternatives = operation["security"] if "security" in operation else doc.get("security", [])
    return [sorted(alternative) for alternative in alternatives]


def spelling(parameter: Json) -> str:
    """How several values are written; of no interest for one value."""
    if parameter["schema"].get("type") != "array":
        return "one value"
    return "repeated" if parameter.get("explode", True) else "commas"


def plain(node: Json, doc: Json) -> Json:
    """A schema in one spelling: references followed, null as one of its types, const as one value."""
    node = resolve(node, doc)
    fields: Json = {keyword: node[keyword] for keyword in KEYWORDS if keyword in node}
    variants: list[Json] = node.get("anyOf") or node.get("oneOf") or node.get("allOf") or []
    remaining_variants = [variant for variant in variants if variant != {"type": "null"}]
    if len(remaining_variants) == 1:
        fields = plain(remaining_variants[0], doc) | fields
    types = (
        set(fields.get("type", []))
        | set(typed(node))
        | ({"null"} if len(remaining_variants) < len(variants) else set())
    )
    values = set(node.get("enum", [node["const"]] if "const" in node else [])) - {None}
    fields |= {"type": types} | ({"value": values} if values else {})
    if len(remaining_variants) > 1:
        fields["inside"] = {
            f"({position})": remaining_variant
            for position, remaining_variant in enumerate(remaining_variants, 1)
        }
        fields["type"] = types | {"one of several"}
    return fields | members(node)


def in_common(keyword: str, theirs: Json, mine: Json) -> tuple[Any, Any]:
    """A fact of both sides; the order of members without those that only one side has."""
    remaining_their, right = theirs.get(keyword), mine.get(keyword)
    if keyword != "order" or remaining_their is None or right is None:
        return remaining_their, right
    return [item for item in remaining_their if item in right], [
        item for item in right if item in remaining_their
    ]


def typed(node: Json) -> list[str]:
    kind = node.get("type", [])
    return [kind] if isinstance(kind, str) else kind


def members(node: Json) -> Json:
    """What an object or array consists of."""
    fields: Json = {}
    if "properties" in node:
        fields |= {
            "properties": node["properties"],
            "member": node["properties"],
            "order": list(node["properties"]),
            "required": node.get("required", []),
        }
    extra = node.get("additionalProperties", True)
    if "object" in typed(node):
        fields["closed"] = extra is False
    inside = {"{}": extra} if isinstance(extra, dict) else {}
    if "items" in node:
        inside["[]"] = node["items"]
    return fields | ({"inside": inside} if inside else {})


def matches(pattern: str, line: str) -> bool:
    """Whether a listed line, in which * stands for anything, is this one."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), line) is not None


def unmatched(patterns: Iterable[str], lines: Iterable[str]) -> tuple[list[str], list[str]]:
    """Lines that no pattern lists, and patterns that list no line."""
    patterns, lines = list(patterns), sorted(set(lines))
    unlisted = [line for line in lines if not any(matches(pattern, line) for pattern in patterns)]
    return unlisted, [pattern for pattern in patterns if not any(matches(pattern, line) for line in lines)]


# The tests


def test_the_document_is_valid_openapi():
    validate(ours())


def test_operation_ids_are_unique():
    ids = [operation.id for operation in all_operations()]
    assert len(ids) == len(set(ids))


def test_a_path_of_fixed_text_is_tried_before_one_with_a_name_in_it():
    paths = list(by_path())
    assert paths.index("/wms/orders/channels") < paths.index("/wms/orders/{order_id}")
    assert paths.index("/connections/sync") < paths.index("/connections/{connection_id}")


def test_the_copy_in_docs_is_the_document_we_serve():
    kept_text = COPY.read_text()
    assert kept_text == text(json.loads(kept_text)["info"]["version"]), (
        "run: python -m crossdock.api.openapi > docs/openapi.json"
    )


@needs_contract
def test_every_operation_of_the_contract_is_served_or_listed_as_not_served_yet():
    missing = promised().keys() - operations(ours()).keys()
    assert missing == entries("not_served")


@needs_contract
def test_every_operation_we_add_is_listed():
    assert operations(ours()).keys() - promised().keys() == entries("added")


@needs_contract
def test_every_difference_from_the_contract_is_listed_with_its_reason_and_still_exists():
    patterns = [line for entry in listed()["difference"] for line in entry["lines"]]
    unlisted, texts = unmatched(patterns, differences(ours()))
    assert (unlisted, texts) == ([], []), "\n".join(["unlisted:", *unlisted, "listed, but gone:", *texts])


def test_every_listed_entry_has_a_reason():
    assert all(entry["reason"] for kind in listed().values() for entry in kind)


@pytest.mark.parametrize(
    ("theirs", "mine", "expected"),
    [
        ({"type": ["string", "null"]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}, []),
        ({"const": "a", "type": "string"}, {"enum": ["a"], "type": "string"}, []),
        (
            {"type": "integer"},
            {"type": "number"},
            ["x | type integer | true | false", "x | type number | false | true"],
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {}, "a": {"type": "integer"}}, "required": []},
            [
                "x | required a | true | false",
                'x | order | ["a", "b"] | ["b", "a"]',
                "x.a | type integer | false | true",
                "x.a | type string | true | false",
            ],
        ),
        (
            {"type": "object"},
            {"type": "object", "additionalProperties": False},
            ["x | closed | false | true"],
        ),
        (
            {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
            {"type": "array", "items": {"type": "string", "enum": ["b", "c"]}},
            ["x[] | value a | true | false", "x[] | value c | false | true"],
        ),
    ],
)
@needs_contract
def test_the_comparison_sees_what_differs_and_not_how_it_is_spelt(theirs, mine, expected):
    assert list(Comparison("freight", ours()).schema("x", theirs, mine)) == expected


CHANGES: list[tuple[str, Callable[[Json], object]]] = [
    ("a parameter is gone", lambda doc: doc["paths"]["/wms/orders"]["get"]["parameters"].pop()),
    ("a member is gone", lambda doc: doc["components"]["schemas"]["Package"]["properties"].pop("scac")),
    ("another type, deep inside", lambda doc: member(doc, "ReceivingDetail", "quantity", type="string")),
    ("never null any more", lambda doc: member(doc, "OrderLineItem", "sku", type="string")),
    (
        "one choice less",
        lambda doc: doc["components"]["schemas"]["Return"]["properties"]["status"]["enum"].pop(),
    ),
    ("an answer less", lambda doc: doc["paths"]["/wms/orders/{order_id}"]["get"]["responses"].pop("404")),
    ("no longer closed", lambda doc: doc["components"]["schemas"]["Order"].pop("additionalProperties")),
    ("another credential", lambda doc: doc["paths"]["/connections"]["get"].update(security=[])),
    ("another limit", lambda doc: doc["components"]["parameters"]["limit"]["schema"].update(default=100)),
]


@needs_contract
@pytest.mark.parametrize(("what", "change"), CHANGES, ids=[name for name, _ in CHANGES])
def test_a_change_to_our_document_is_noticed(what, change):
    doc = json.loads(json.dumps(ours()))
    change(doc)
    assert set(differences(doc)) - set(differences(ours()))


def member(doc: Json, schema: str, name: str, **changed: Any) -> None:
    doc["components"]["schemas"][schema]["properties"][name].update(changed)


def test_a_listed_line_matches_exactly_but_for_its_stars():
    assert unmatched(["GET /a* | in", "GET /c | in"], ["GET /ab[x] | in", "GET /b | in"]) == (
        ["GET /b | in"],
        ["GET /c | in"],
    )
