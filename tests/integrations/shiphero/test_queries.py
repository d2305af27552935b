"""Every query, and every call that a write makes, keeps to ShipHero's schema."""

import json

import graphql
import msgspec
import pytest

from crossdock.integrations.shiphero.client import QUERIES, document
from crossdock.kit.registry import get_integration
from tests.conftest import needs_shared
from tests.contracts.case_files import CannedAnswer, Exchange, ExpectedRequest, WriteCase, writes_of
from tests.contracts.vendor_specs import Description, load
from tests.mock_vendors.graphql_vendor import load_schema

SCHEMA = ("vendor-specs", "shiphero", "public-api.graphql")
ASKED = [name for name, text in QUERIES.items() if not text.startswith("fragment")]
WRITES = writes_of(get_integration("wms", "shiphero").folder)


@pytest.fixture(scope="module")
def description() -> Description:
    return load([needs_shared(*SCHEMA)])


@pytest.mark.parametrize("name", ASKED)
def test_every_query_fits_the_schema_and_says_what_it_costs(name: str):
    schema = load_schema(needs_shared(*SCHEMA))
    assert graphql.validate(schema, graphql.parse(document(name))) == []
    assert "complexity" in QUERIES[name]


def test_every_fragment_is_spread():
    spread = {part for name in ASKED for part in QUERIES if f"fragment {part} " in document(name)}
    assert spread == QUERIES.keys() - set(ASKED)


@pytest.mark.parametrize("case", WRITES, ids=[case.name for case in WRITES])
def test_every_call_of_a_write_fits_the_schema(description: Description, case: WriteCase):
    for call in case.calls:
        body = {"query": document(call.path), "variables": json.loads(bytes(call.body))}
        content = msgspec.Raw(json.dumps(body).encode())
        request = ExpectedRequest("POST", "https://vendor.example/graphql", body=content)
        assert description.faults(Exchange(request, CannedAnswer())) == []
