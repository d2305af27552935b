"""Holds exchanges of cases to a vendor's own description of its API: OpenAPI 2 and 3, or a GraphQL schema.

    description = load([folder / "acme" / "openapi.yaml"])
    description.faults(exchange)              → what is wrong with it, in sentences; [] when nothing is

A request must be one that the description knows: its path and method, the parameters and the body, or the
GraphQL operation with its variables. An answer is held to it when its status is described, and the operation
is none of those that are said to be described wrongly: what vendors publish has faults of its own.
"""

import gzip
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import graphql
import yaml
from jsonschema import Draft4Validator, Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.contracts.case_files import NOTHING, CannedAnswer, Exchange, ExpectedRequest

FORM = "application/x-www-form-urlencoded"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ROOT_URI = "urn:description"
ANY = "* "
"""How a parameter begins that no operation describes and each takes, such as a signature: "* sign"."""


class Description(Protocol):
    """What a vendor says of its API."""

    def faults(self, exchange: Exchange) -> list[str]:
        """What of an exchange does not keep to the description."""
        ...


@dataclass(frozen=True)
class DescribedOperation:
    """One path and method of an OpenAPI document."""

    name: str
    """As "GET /orders/{id}"."""
    pattern: re.Pattern[str]
    parameters: list[Mapping[str, Any]]
    body: Mapping[str, Any]
    """By media type, the media type's object."""
    is_body_required: bool
    answers: Mapping[str, Any]


class OpenApiDescription:
    """An OpenAPI document, version 2 or 3. skipped: what is described wrongly, see `load`."""

    def __init__(self, document: Mapping[str, Any], skipped: Mapping[str, str] | None = None) -> None:
        self._document = document
        self._skipped = skipped or {}
        self._registry: Registry[Any] = Registry().with_resource(
            ROOT_URI, DRAFT202012.create_resource(document)
        )
        self._is_second = "swagger" in document
        self._undescribed_names = {
            name.removeprefix(ANY) for name in self._skipped if name.startswith(ANY)
        }  # fmt: skip
        self.operations = list(self._operations())
        self.lacking: Collection[str] = ()
        """Operations that the vendor has and no file describes: "GET /orders/count"."""

    def faults(self, exchange: Exchange) -> list[str]:
        if self._is_lacking(exchange.request):
            return []
        operation, values = self._operation(exchange.request)
        if operation is None:
            return [f"{exchange.request.method} {exchange.request.url} is not described"]
        faults = [*self._parameter_faults(operation, exchange.request, values)]
        faults += self._body_faults(operation, exchange.request)
        if operation.name not in self._skipped:
            faults += self._answer_faults(operation, exchange.answer)
        return [f"{operation.name}: {fault}" for fault in faults]

    def _is_lacking(self, request: ExpectedRequest) -> bool:
        path = urlsplit(request.url).path
        names = (name.split(" ") for name in self.lacking)
        return any(method == request.method and path.endswith(end) for method, end in names)

    def _operations(self) -> Iterator[DescribedOperation]:
        for path, item in self._document["paths"].items():
            shared = [self._resolved(parameter) for parameter in item.get("parameters", [])]
            for method in METHODS:
                if method in item:
                    yield self._described(method, path, shared, item[method])

    def _described(
        self, method: str, path: str, shared: list[Mapping[str, Any]], operation: Mapping[str, Any]
    ) -> DescribedOperation:
        named = {(parameter["in"], parameter["name"]): parameter for parameter in shared}
        for reference in operation.get("parameters", []):
            parameter = self._resolved(reference)
            named[parameter["in"], parameter["name"]] = parameter
        body = self._resolved(operation.get("requestBody", {}))
        content = body.get("content", {})
        is_required = bool(body.get("required"))
        for (kind, _), parameter in named.items():
            if kind == "body":
                content = {"application/json": {"schema": parameter.get("schema", {})}}
                is_required = bool(parameter.get("required"))
        form = {name: parameter for (kind, name), parameter in named.items() if kind == "formData"}
        if form:
            required = [name for name, parameter in form.items() if parameter.get("required")]
            schema = {"properties": {name: {} for name in form}, "required": required}
            content = {FORM: {"schema": schema}}
        names = re.findall(r"\{([^}]+)\}", path)
        pattern = re.escape(path)
        for number, name in enumerate(names):
            pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<p{number}>[^/]+)")
        return DescribedOperation(
            f"{method.upper()} {path}",
            re.compile(pattern + "/?$"),
            [parameter for (kind, _), parameter in named.items() if kind in ("query", "path", "header")],
            content,
            is_required,
            operation.get("responses", {}),
        )

    def _operation(self, request: ExpectedRequest) -> tuple[DescribedOperation | None, Mapping[str, str]]:
        """The operation of a request, the one with the fewest placeholders; and what these stand for."""
        path = urlsplit(request.url).path
        matches = [
            (len(match.groups()), operation, match)
            for operation in self.operations
            if operation.name.startswith(f"{request.method} ")
            if (match := operation.pattern.search(path))
        ]
        if not matches:
            return None, {}
        _, operation, match = min(matches, key=lambda entry: (entry[0], -len(entry[1].name)))
        names = re.findall(r"\{([^}]+)\}", operation.name)
        return operation, {name: match[f"p{number}"] for number, name in enumerate(names)}

    def _parameter_faults(
        self, operation: DescribedOperation, request: ExpectedRequest, values: Mapping[str, str]
    ) -> Iterator[str]:
        sent: dict[str, Mapping[str, Any]] = {"query": request.params, "path": values}
        known_names = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
        known_names |= {f"{name}[]" for name in known_names}
        for name in request.params.keys() - known_names - self._undescribed_names:
            yield f"the parameter {name} is not described"
        for parameter in operation.parameters:
            name, position = parameter["name"], parameter["in"]
            if position not in sent:
                continue
            if name not in sent[position]:
                if parameter.get("required"):
                    yield f"the parameter {name} is required"
                continue
            if f"{operation.name} {name}" in self._skipped:
                continue
            schema = parameter.get("schema") or {k: v for k, v in parameter.items() if k in _IN_PARAMETERS}
            value = _typed(sent[position][name], self._resolved(schema))
            yield from (f"{name}: {fault}" for fault in self._schema_faults(schema, value))

    def _body_faults(self, operation: DescribedOperation, request: ExpectedRequest) -> Iterator[str]:
        media = {name.partition(";")[0]: content for name, content in operation.body.items()}
        if request.body != NOTHING:
            kind, value = "application/json", json.loads(bytes(request.body))
        elif request.form is not None:
            kind, value = FORM, request.form
        elif request.text is None:
            if operation.is_body_required:
                yield "a body is required"
            return
        else:
            return
        if kind not in media:
            yield f"a body of {kind} is not described"
            return
        schema = media[kind].get("schema", {})
        yield from self._schema_faults(schema, self._typed_form(value, schema) if kind == FORM else value)

    def _typed_form(self, form: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
        """A form's texts as the values that its schema means."""
        members = self._resolved(schema).get("properties", {})
        return {name: _typed(value, self._resolved(members.get(name, {}))) for name, value in form.items()}

    def _answer_faults(self, operation: DescribedOperation, answer: CannedAnswer) -> Iterator[str]:
        answers = operation.answers
        status = str(answer.status)
        plan = self._resolved(answers.get(status) or answers.get(f"{status[0]}XX") or {})
        content = plan.get("content", {})
        schema = plan.get("schema") if self._is_second else _json_schema_of(content)
        if answer.body == NOTHING or schema is None or answer.failure:
            return
        yield from (
            f"{status}: {fault}" for fault in self._schema_faults(schema, json.loads(bytes(answer.body)))
        )

    def _schema_faults(self, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
        """At most five sentences on how a value differs from a schema of the document."""
        validator = Draft4Validator if self._is_old else Draft202012Validator
        plain: Any = _nullable(_absolute(schema))
        faults = validator(plain, registry=self._plain_registry).iter_errors(value)
        for number, fault in enumerate(faults):
            if number == 5:
                return
            yield f"{'.'.join(str(part) for part in fault.absolute_path) or 'it'}: {fault.message[:200]}"

    @property
    def _is_old(self) -> bool:
        """Whether its schemas are those before OpenAPI 3.1, where exclusiveMinimum is true or false."""
        return self._is_second or str(self._document.get("openapi", "")).startswith("3.0")

    @property
    def _plain_registry(self) -> "Registry[Any]":
        if not hasattr(self, "_plain"):
            contents = _nullable(_absolute(self._document))
            self._plain: Registry[Any] = Registry().with_resource(
                ROOT_URI, DRAFT202012.create_resource(contents)
            )
        return self._plain

    def _resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """A part of the document, or what it refers to."""
        while "$ref" in part:
            part = self._registry.resolver(ROOT_URI).lookup(part["$ref"]).contents
        return part


_IN_PARAMETERS = {
    "type",
    "format",
    "enum",
    "items",
    "minimum",
    "maximum",
    "pattern",
    "minLength",
    "maxLength",
}
"""What a parameter of OpenAPI 2 says of its value, in place of a schema."""


def _json_schema_of(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    kinds = [name for name in content if "json" in name]
    schema: Mapping[str, Any] | None = content[kinds[0]].get("schema") if kinds else None
    return schema


def _typed(value: Any, schema: Mapping[str, Any]) -> Any:
    """A parameter's text as the value that its schema means."""
    kind = schema.get("type")
    if kind == "array":
        texts = value if isinstance(value, list) else str(value).split(",")
        return [_typed(text, schema.get("items", {})) for text in texts]
    kinds: dict[Any, Callable[[str], Any]] = {
        "integer": int,
        "number": float,
        "boolean": _BOOLEANS.__getitem__,
    }
    try:
        return kinds[kind](value) if isinstance(kind, str) and kind in kinds else value
    except (ValueError, KeyError):
        return value


_BOOLEANS = {"true": True, "false": False}


def _absolute(value: Any) -> Any:
    """The same with references that name the whole document."""
    if isinstance(value, list):
        return [_absolute(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: f"{ROOT_URI}{part}" if name == "$ref" and isinstance(part, str) else _absolute(part)
        for name, part in value.items()
    }


def _nullable(value: Any) -> Any:
    """The same with OpenAPI 3.0's `nullable` as JSON Schema has it, and `anyOf` for `oneOf`.

    What vendors publish as alternatives often has no member that tells them apart: to fit two is no fault.
    """
    if isinstance(value, list):
        return [_nullable(part) for part in value]
    if not isinstance(value, dict):
        return value
    schema = {"anyOf" if name == "oneOf" else name: _nullable(part) for name, part in value.items()}
    if schema.get("nullable") is True or schema.get("x-nullable") is True:
        return {"anyOf": [{"type": "null"}, schema]}
    return schema


@dataclass(frozen=True)
class GraphQlDescription:
    """A GraphQL schema. Requests are POSTs of {"query", "variables"} to a path that ends in "graphql".

    Of others, such as those that sign in, it says nothing.
    """

    schema: graphql.GraphQLSchema
    skipped: Mapping[str, str] = field(default_factory=dict)

    def faults(self, exchange: Exchange) -> list[str]:
        if not exchange.request.url.removesuffix(".json").endswith("/graphql"):
            return []
        if exchange.request.body == NOTHING:
            return ["a GraphQL request has a JSON body"]
        request = json.loads(bytes(exchange.request.body))
        try:
            document = graphql.parse(request["query"])
        except graphql.GraphQLError as problem:
            return [problem.message]
        faults = [problem.message for problem in graphql.validate(self.schema, document)]
        return faults or self._variable_faults(document, request) + self._answer_faults(document, exchange)

    def _variable_faults(self, document: graphql.DocumentNode, request: Mapping[str, Any]) -> list[str]:
        [operation] = [
            node for node in document.definitions if isinstance(node, graphql.OperationDefinitionNode)
        ]
        values = graphql.execution.values.get_variable_values(
            self.schema, tuple(operation.variable_definitions or ()), request.get("variables") or {}
        )
        problems = values if isinstance(values, list) else []
        names = {definition.variable.name.value for definition in operation.variable_definitions or ()}
        unknown = (request.get("variables") or {}).keys() - names
        return [problem.message for problem in problems] + [f"${name} is not declared" for name in unknown]

    def _answer_faults(self, document: graphql.DocumentNode, exchange: Exchange) -> list[str]:
        """Fields of `data` that nobody asked for, and such as the schema has as never null and are."""
        if exchange.answer.body == NOTHING or exchange.answer.status != 200:
            return []
        answer = json.loads(bytes(exchange.answer.body))
        data = answer.get("data") if isinstance(answer, dict) else None
        if data is None or "errors" in answer:
            return []
        result = graphql.execute_sync(
            self.schema, document, root_value=data, variable_values=_variables(exchange),
            field_resolver=_resolve, type_resolver=_type_of,
        )  # fmt: skip
        return [problem.message for problem in result.errors or ()] + _surplus(data, result.data or {})


def _variables(exchange: Exchange) -> dict[str, Any]:
    return json.loads(bytes(exchange.request.body)).get("variables") or {}


def _resolve(source: Any, info: graphql.GraphQLResolveInfo, **_: Any) -> Any:
    """The member of the answer, under the name that the request has for it."""
    [name] = info.path.as_list()[-1:]
    if name not in source:
        raise graphql.GraphQLError(f"{name} was asked for and is not in the answer")
    return source[name]


def _type_of(value: Any, *_: Any) -> str | None:
    name: str | None = value.get("__typename") if isinstance(value, Mapping) else None
    return name


def _surplus(answer: Any, described: Any, path: str = "data") -> list[str]:
    """Members of the answer that the request does not ask for."""
    if isinstance(answer, list) and isinstance(described, list):
        pairs = zip(answer, described, strict=False)
        return [fault for number, pair in enumerate(pairs) for fault in _surplus(*pair, f"{path}.{number}")]
    if not isinstance(answer, dict) or not isinstance(described, dict):
        return []
    faults = [f"{path}.{name} was not asked for" for name in answer.keys() - described.keys()]
    for name in answer.keys() & described.keys():
        faults += _surplus(answer[name], described[name], f"{path}.{name}")
    return faults


@dataclass(frozen=True)
class SeveralDescriptions:
    """An API that is described in several files: an exchange keeps to one of them."""

    descriptions: list[Description]

    def faults(self, exchange: Exchange) -> list[str]:
        faults = [description.faults(exchange) for description in self.descriptions]
        # A file that does not know the path has nothing to say of it.
        return min(faults, key=lambda texts: (any("not described" in text for text in texts), len(texts)))


def load(files: Sequence[Path], described_wrongly: Mapping[str, str] | None = None) -> Description:
    """The description in these files.

    described_wrongly: operations whose answers are not looked at, or that are lacking, "GET /orders", and
    parameters that may have any value, "GET /orders ids", or that every call has and no file says, "* sign";
    each with the reason.
    """
    descriptions = [_load(file, described_wrongly or {}) for file in files]
    documents = [entry for entry in descriptions if isinstance(entry, OpenApiDescription)]
    known_names = {operation.name for document in documents for operation in document.operations}
    for document in documents:
        document.lacking = [
            name for name in described_wrongly or {} if name not in known_names and len(name.split(" ")) == 2
        ]
    return descriptions[0] if len(descriptions) == 1 else SeveralDescriptions(descriptions)


@cache
def load_schema(file: Path) -> graphql.GraphQLSchema:
    """The schema in a file: its own language, or the result of an introspection, compressed or not.

    What vendors publish need not be a valid schema in every detail; it is taken as it is.
    """
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    if file.suffix == ".graphql":
        return graphql.build_schema(content.decode(), assume_valid=True, assume_valid_sdl=True)
    result = json.loads(content)
    return graphql.build_client_schema(result.get("data", result), assume_valid=True)


def _load(file: Path, skipped: Mapping[str, str]) -> Description:
    if file.suffix == ".graphql":
        return GraphQlDescription(load_schema(file), skipped)
    text = file.read_text(encoding="utf-8")
    document = json.loads(text) if file.suffix == ".json" else yaml.load(text, Loader=yaml.CSafeLoader)
    return OpenApiDescription(document, skipped)
