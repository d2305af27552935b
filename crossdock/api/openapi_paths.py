"""`paths` of the document, and the parameters, headers and answers that they share."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from crossdock.api.openapi_schemas import of, ref, written_name
from crossdock.api.operation import Access, ApiOperation
from crossdock.api.operations import AS_OF, all_operations
from crossdock.api.records.query import LIST_OPERATORS
from crossdock.api.schemas import DRY_RUN_TYPE
from crossdock.resources.schema import Column, Kind, Resource
from crossdock.resources.writes import Write
from crossdock.web.operation import Parameter
from crossdock.web.query import MOST_VALUES

Json = dict[str, Any]

MEANING = {
    "": "Equals.",
    "eq": "Equals.",
    "neq": "Not equal; also true of a record without a value.",
    "gt": "Greater than.",
    "gte": "Greater or equal.",
    "lt": "Less than.",
    "lte": "Less or equal.",
    "in": "One of these, separated by commas.",
    "nin": "None of these, separated by commas; also true of a record without a value.",
    "contains": "Contains this text.",
    "not_contains": "Does not contain this text; also true of a record without a value.",
    "eq-insensitive": "Equals, whatever the case.",
    "in-insensitive": "One of these, whatever the case, separated by commas.",
    "contains-insensitive": "Contains this text, whatever the case.",
}
TAG_MEANING = {
    "contains": "Has one of these tags, separated by commas; key:value for a tag of one key.",
    "not_contains": "Has none of these tags, separated by commas; key:value for a tag of one key.",
}

SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.NONE: [],
    Access.SIGNED: [],
    Access.KEY: [{"ApiKey": []}],
    Access.KEY_AND_TOKEN: [{"ApiKey": [], "AccessToken": []}],
    Access.KEY_MAYBE_TOKEN: [{"ApiKey": []}, {"ApiKey": [], "AccessToken": []}],
    Access.OPERATOR: [{"OperatorToken": []}],
}

SECURITY_SCHEMES: Json = {
    "ApiKey": {
        "type": "apiKey", "in": "header", "name": "x-trackstar-api-key",
        "description": "The organization's key; a read-only key cannot write.",
    },
    "AccessToken": {
        "type": "apiKey", "in": "header", "name": "x-trackstar-access-token",
        "description": "The access token of one connection.",
    },
    "OperatorToken": {
        "type": "http", "scheme": "bearer",
        "description": "For whoever runs the server: as its settings say.",
    },
}  # fmt: skip

HEADERS = {
    "X-Request-Id": "Names this answer, in our logs too.",
    "x-ratelimit-limit": "How many requests a second are allowed.",
    "x-ratelimit-remaining": "How many are left in this second.",
    "x-ratelimit-reset": "When the second ends, in seconds since 1970.",
    "retry-after": "How many seconds to wait.",
}

# Status → name of the answer, what it means, its body.
ANSWERS = {
    400: ("BadRequest", "The body is not JSON, or the Idempotency-Key was used for something else.", "Error"),
    401: ("Unauthorized", "The API key or the access token is missing or wrong.", "Error"),
    403: ("Forbidden", "Switched off for this organization or connection, or the key is read-only.", "Error"),
    404: ("NotFound", "This caller has no such thing.", "NotFoundError"),
    409: ("Conflict", "The same request is still running.", "Error"),
    410: ("Gone", "It was there once, and is not kept any more.", "Error"),
    413: ("TooLarge", "The body is larger than is read.", "Error"),
    415: ("UnsupportedMediaType", "The body is of another kind than wanted.", "Error"),
    422: ("Invalid", "Something sent does not fit; `detail` names all of it.", "ValidationError"),
    429: ("TooManyRequests", "More requests than allowed.", "Error"),
    501: ("NotOffered", "The connected system's integration does not have this function.", "Error"),
    502: (
        "Upstream",
        "The connected system failed, or nobody knows whether it did it. What it refuses keeps the status "
        "that it was refused with.",
        "WriteError",
    ),
    503: ("NotReady", "The database cannot answer now; nothing was done. Try again.", "Error"),
}

REPLAYED = "Idempotent-Replayed"
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "Of your choice, for one write: within 24 hours the same key gets the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}  # fmt: skip

COMMON_PARAMETERS: Json = {
    "page_token": {
        "name": "page_token", "in": "query", "required": False,
        "description": "next_token of the previous page. Send every filter again with it.",
        "schema": {"type": "string"},
    },
    "limit": {
        "name": "limit", "in": "query", "required": False,
        "description": "How many on a page; more than 1000 is taken as 1000.",
        "schema": {"type": "integer", "minimum": 1, "default": 1000},
    },
    "ids": {
        "name": "ids", "in": "query", "required": False, "schema": {"type": "string"},
        "description": "Only the records with these ids, separated by commas, at most 100. All filters "
        "are ignored then.",
    },
    "ids_in": {
        "name": "ids[in]", "in": "query", "required": False, "style": "form", "explode": False,
        "description": "The same as `ids`.",
        "schema": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_VALUES},
    },
    "as_of": {
        "name": "as_of", "in": "query", "required": False, "description": AS_OF.description,
        "schema": ref("Moment"),
    },
}  # fmt: skip


FILE_BODY: Json = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {}},
        "text/csv": {"schema": {}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
                "required": ["file"],
            },
            "example": {"file": "january.csv"},
        },
    },
}


def paths() -> Json:
    fields: Json = {}
    for operation in all_operations():
        fields.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return fields


def headers() -> Json:
    fields = {name: {"description": text, "schema": _header(name)} for name, text in HEADERS.items()}
    replayed = {
        "description": "The write was done before; this is the answer of then.",
        "schema": {"const": "true"},
    }
    return fields | {REPLAYED: replayed}


def _header(name: str) -> Json:
    return {"type": "string"} if name == "X-Request-Id" else {"type": "string", "pattern": "^[0-9]+$"}


def answers() -> Json:
    """All answers but 200, by name."""
    return {
        name: {
            "description": text,
            "headers": _header_refs(["X-Request-Id", "retry-after"] if status == 503 else HEADERS),
            "content": {"application/json": {"schema": ref(body)}},
        }
        for status, (name, text, body) in ANSWERS.items()
    }


def _header_refs(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _operation(api_operation: ApiOperation) -> Json:
    operation: Json = {
        "operationId": api_operation.id,
        "summary": api_operation.summary,
        "tags": [api_operation.tag],
    }
    action = api_operation.action or (api_operation.resource.function if api_operation.resource else None)
    if action is not None:
        operation["x-action"] = action
    if api_operation.deprecated:
        operation["deprecated"] = True
    operation["security"] = SECURITY[api_operation.access]
    if parameters := _parameters(api_operation):
        operation["parameters"] = parameters
    if api_operation.takes_file:
        operation["requestBody"] = FILE_BODY
    elif api_operation.body is not None:
        operation["requestBody"] = _body(api_operation)
    operation["responses"] = {"200": _success(api_operation)} | {
        str(status): {"$ref": f"#/components/responses/{ANSWERS[status][0]}"}
        for status in _errors(api_operation)
    }
    return operation


def _errors(api_operation: ApiOperation) -> Iterable[int]:
    """The statuses besides 200: whatever asks the database may find it away."""
    if not api_operation.needs_key:
        return api_operation.errors
    # 403: a key that is bound to connections, where the whole organization is meant.
    refused = () if api_operation.access is Access.KEY_AND_TOKEN or api_operation.admits_bound else (403,)
    return dict.fromkeys(sorted({*api_operation.errors, *refused, 503}))


def _body(api_operation: ApiOperation) -> Json:
    content = {"schema": of(api_operation.body), "example": api_operation.example}
    kind = (
        "multipart/form-data"
        if api_operation.write and api_operation.write.takes_file
        else "application/json"
    )
    return {"required": api_operation.body_required, "content": {kind: content}}


def _success(api_operation: ApiOperation) -> Json:
    schema = (
        of(api_operation.reply)
        if api_operation.write is None
        else _written(api_operation.write, api_operation.reply)
    )
    if api_operation.resource is not None and api_operation.reply is api_operation.resource.record:
        schema = ref(f"{api_operation.resource.record.__name__}{'List' if api_operation.is_list else 'Item'}")
    kinds = {str: "text/plain", bytes: "application/octet-stream"}
    kind = api_operation.media_type or kinds.get(api_operation.reply, "application/json")
    return {
        "description": "OK",
        "headers": _header_refs(_answer_headers(api_operation)),
        "content": {kind: {"schema": {} if api_operation.reply is bytes else schema}}
        | (
            {DRY_RUN_TYPE: {"schema": ref("DryRun")}}
            if api_operation.write and api_operation.write.action
            else {}
        ),
    }


def _answer_headers(api_operation: ApiOperation) -> list[str]:
    if not api_operation.needs_key:
        return ["X-Request-Id"]
    return [*HEADERS, *([REPLAYED] if api_operation.takes_key else [])]


def _written(write: Write, kind: Any) -> Json:
    """The schema of a write's answer."""
    return of(kind) if write.answers == "word" else ref(written_name(write))


def _parameters(api_operation: ApiOperation) -> list[Json]:
    records = [_parameter(parameter) for parameter in api_operation.parameters]
    if api_operation.takes_key:
        records.append(_shared_ref("IdempotencyKey"))
    if api_operation.resource is None or not api_operation.is_list:
        return records
    shared = parameters()
    common = [_shared_ref(name) for name in COMMON_PARAMETERS]
    filters = [_filter(*pair) for pair in _filters(api_operation.resource)]
    return (
        records
        + common
        + [
            _shared_ref(name) if shared.get(name := _shared_name(fields["name"])) == fields else fields
            for fields in filters
        ]
    )


@cache
def parameters() -> Json:
    """The parameters that several lists have: page, ids, and filters that mean the same everywhere."""
    filters = [
        _filter(*pair)
        for operation in all_operations()
        if operation.resource is not None and operation.is_list
        for pair in _filters(operation.resource)
    ]
    names = [fields["name"] for fields in filters]
    same_fields = {
        fields["name"]: fields
        for fields in filters
        if filters.count(fields) == names.count(fields["name"]) > 1
    }
    return (
        COMMON_PARAMETERS
        | {"IdempotencyKey": IDEMPOTENCY_KEY}
        | {_shared_name(name): field for name, field in same_fields.items()}
    )


def _shared_name(name: str) -> str:
    """The name without brackets, which names of components can't have."""
    return name.replace("[", "_").rstrip("]")


def _shared_ref(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


def _filters(resource: Resource) -> list[tuple[Column, str]]:
    """Every filter parameter of a list: a column and one of its operators."""
    return [(column, operator) for column in resource.filters.values() for operator in column.operators]


def _parameter(parameter: Parameter) -> Json:
    schema: Json = {"type": "boolean" if parameter.is_flag else "string"}
    if parameter.is_number:
        schema = {"type": "integer", "minimum": 1}
    if parameter.is_time:
        schema = ref("Moment")
    if parameter.choices:
        schema["enum"] = [*parameter.choices]
    if parameter.default is not None:
        schema["default"] = parameter.default
    fields: Json = {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "schema": schema,
    }
    if parameter.is_many:
        array = {"type": "array", "items": schema, "maxItems": MOST_VALUES}
        fields |= {"style": "form", "explode": False, "schema": array}
    if parameter.description:
        fields["description"] = parameter.description
    if parameter.deprecated:
        fields["deprecated"] = True
    return _shared_ref(parameter.name) if COMMON_PARAMETERS.get(parameter.name) == fields else fields


def _filter(column: Column, operator: str) -> Json:
    meaning = (TAG_MEANING if column.kind is Kind.TAGS else MEANING)[operator]
    fields: Json = {
        "name": f"{column.name}[{operator}]" if operator else column.name,
        "in": "query",
        "required": False,
        "description": meaning,
    }
    value = _value(column)
    if column.kind is not Kind.TAGS and operator not in LIST_OPERATORS:
        return fields | {"schema": value}
    array = {"type": "array", "items": value, "maxItems": MOST_VALUES}
    return fields | {"style": "form", "explode": False, "schema": array}


def _value(column: Column) -> Json:
    if column.kind is Kind.TIME:
        return ref("Moment")
    if column.kind is Kind.FLAG:
        return {"type": "boolean"}
    return {"type": "string", "enum": [*column.choices]} if column.choices else {"type": "string"}
