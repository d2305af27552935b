"""A made-up GraphQL server on a vendor's own schema: what the schema does not know is refused by it.

    class Mock(GraphQlMock):
        def schema_file(self): return needs_shared("vendor-specs", "acme", "schema.graphql")
        def root(self): return {"orders": self.orders, "orderCreate": self.order_create}

Resolvers are methods by the name of the root field, with the arguments of the schema. They return
dictionaries, whose members may be functions of their field's arguments. A field of the root without a
resolver is an error that the test sees. Lists of the relay form are made by `connection()`.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import graphql

from tests.contracts.vendor_specs import load_schema
from tests.mock_vendors.vendor import MockAnswer, MockCall, MockVendor

__all__ = ["GraphQlMock", "MockError", "Resolver", "connection", "load_schema"]

Resolver = Callable[..., Any]


class GraphQlMock(MockVendor):
    """See the top of this file."""

    def schema_file(self) -> Path:
        """The file that the vendor's schema is in."""
        raise NotImplementedError

    def look_up(self) -> None:
        super().look_up()
        load_schema(self.schema_file())

    def root(self) -> Mapping[str, Resolver]:
        """What resolves the fields of queries and mutations."""
        raise NotImplementedError

    def extensions(self, _call: MockCall) -> dict[str, Any] | None:
        """What the answer says beside its data: cost."""
        return None

    def names(self, call: MockCall) -> Sequence[str]:
        """The path, and the fields of the root: all calls have the same path."""
        return [call.path, *_root_fields(call.body)]

    async def handle(self, call: MockCall) -> MockAnswer:
        body = call.json()
        variables = body.get("variables") or {}
        schema = load_schema(self.schema_file())
        try:
            document = graphql.parse(body["query"])
        except graphql.GraphQLError as problem:
            return self._violated([problem.message])
        faults = [problem.message for problem in graphql.validate(schema, document)]
        if faults:
            return self._violated(faults)
        resolved = {name: _resolver(resolver) for name, resolver in self.root().items()}
        result = graphql.execute_sync(
            schema, document, resolved, variable_values=variables, field_resolver=_field, type_resolver=_type
        )
        content = dict(result.formatted)
        for error in result.errors or ():
            if not isinstance(error.original_error, MockError):
                self.violations.append(f"the mock: {error.original_error!r}")
        if extensions := self.extensions(call):
            content["extensions"] = extensions
        return MockAnswer(body=content)

    def _faults(self, _call: MockCall, _answer: MockAnswer) -> list[str]:
        """No faults: `handle` holds a request to the schema, and makes its answer by it."""
        return []

    def _violated(self, faults: list[str]) -> MockAnswer:
        self.violations += faults
        return MockAnswer(body={"errors": [{"message": fault} for fault in faults]})


@cache
def _root_fields(body: bytes) -> list[str]:
    """The fields of the root that a request asks for."""
    try:
        document = graphql.parse(json.loads(body)["query"])
    except (ValueError, TypeError, KeyError, graphql.GraphQLError):
        return []
    return [
        field.name.value
        for definition in document.definitions
        if isinstance(definition, graphql.OperationDefinitionNode)
        for field in definition.selection_set.selections
        if isinstance(field, graphql.FieldNode)
    ]


class MockError(graphql.GraphQLError):
    """An error that the vendor tells of on purpose. code: as it stands in `extensions`."""

    def __init__(self, message: str, code: str | None = None, **extensions: Any) -> None:
        super().__init__(message, extensions=({"code": code} if code else {}) | extensions)


def connection(
    nodes: Sequence[Mapping[str, Any]], first: int | None = None, after: str | None = None, most: int = 250
) -> dict[str, Any]:
    """A page of a list in the relay form. Cursors are opaque."""
    start = int(base64.b64decode(after)) + 1 if after else 0
    count = min(first or most, most)
    page = nodes[start : start + count]
    edges = [{"cursor": _cursor(start + number), "node": node} for number, node in enumerate(page)]
    info = {
        "hasNextPage": start + count < len(nodes),
        "hasPreviousPage": start > 0,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
    return {"edges": edges, "nodes": list(page), "pageInfo": info}


def _cursor(position: int) -> str:
    return base64.b64encode(str(position).encode()).decode()


def _resolver(resolver: Resolver) -> Resolver:
    """A resolver as the library calls one that stands in a dictionary: with `info` first."""
    return lambda _info, **arguments: resolver(**arguments)


def _field(source: Mapping[str, Any], info: graphql.GraphQLResolveInfo, **arguments: Any) -> Any:
    if info.field_name not in source and info.parent_type in _roots(info):
        raise LookupError(f"the mock does not resolve {info.field_name}")
    value = (
        source.get(info.field_name) if isinstance(source, Mapping) else getattr(source, info.field_name, None)
    )
    if not callable(value):
        return value
    return value(info, **arguments) if info.parent_type in _roots(info) else value(**arguments)


def _roots(info: graphql.GraphQLResolveInfo) -> tuple[Any, ...]:
    return info.schema.query_type, info.schema.mutation_type


def _type(value: Any, _info: graphql.GraphQLResolveInfo, _kind: Any) -> str:
    """The member `__typename` of what stands for an interface or a union."""
    return str(value["__typename"])
