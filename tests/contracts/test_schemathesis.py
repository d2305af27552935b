"""Every GET operation of our own document, fuzzed against a running server: no 5xx, nothing undocumented."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from crossdock.api.openapi import document
from crossdock.resources.catalogue import all_resources
from tests.fakes.loop_watch import watched
from tests.journeys.server import METRICS_TOKEN, Organization, Server

# Without the phase that goes through every value of every parameter by itself: it takes minutes.
QUICK = schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": False}}})

schema = schemathesis.openapi.from_dict(document("http://127.0.0.1:8080", "0"), config=QUICK)


def not_checked(path: str) -> list[Any]:
    """Checks that do not hold by what is documented."""
    # A page token that fits its schema may still be none of ours; and not all that is refused elsewhere is
    # refused here: with `ids` the other filters are not looked at, and a part of a choice is no choice.
    positive_data_acceptances = [positive_data_acceptance, negative_data_rejection]
    if path.startswith("/freight"):
        positive_data_acceptances.append(not_a_server_error)  # 501: no integration has these
    return positive_data_acceptances


def headers(house: Organization, path: str) -> dict[str, str]:
    """All that a path wants to see."""
    kind = path.split("/")[1]
    fields = house.headers(kind if kind in house.tokens else "wms")
    return fields | ({"Authorization": f"Bearer {METRICS_TOKEN}"} if path == "/metrics" else {})


def real(house: Organization, path: str) -> dict[str, str]:
    """Path parameters that something is there for."""
    warehouse = house.list("/wms/warehouses", limit="1")[0]["id"]
    fields = {
        "connection_id": house.uids["wms"], "integration_type": "wms", "integration_name": "sandbox",
        "warehouse_id": warehouse,
    }  # fmt: skip
    for resource in all_resources():
        if resource.listed and resource.one_path == path and resource.type != "freight":
            below = resource.path.format_map(fields)
            fields[resource.id_name] = house.list(below, limit="1")[0]["id"]
    if path.endswith("/packs"):
        fields["order_id"] = house.list("/wms/orders", limit="1")[0]["id"]
    return {name: fields.get(name, "unknown") for name in re.findall(r"{(\w+)}", path)}


MOST_SECONDS = 0.3
"""The worker runs on this loop as well, and a page of a sync takes longer than a request may: what requests
alone may take is held to 50 ms in journeys/test_held_loop.py."""


@pytest.fixture(scope="module", autouse=True)
def nobody_is_held_up(server: Server, house: Organization, spare: Organization) -> Iterator[None]:
    """Fails when one of all these requests has held the event loop. Organizations are made before."""
    for path in ("/openapi.json", "/postman.json"):  # made once, at the first request
        server.http.get(f"{server.url}{path}")
    with watched(server.loop) as watch:
        yield
    assert watch.seconds < MOST_SECONDS, watch.what


@schema.include(method="GET").parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_p24_reads_answer_as_documented_whatever_is_asked(case, house: Organization):
    path = case.operation.path
    sent: Any = {"base_url": house.url, "headers": headers(house, path), "excluded_checks": not_checked(path)}
    case.call_and_validate(**sent)
    if case.path_parameters:
        case.path_parameters = real(house, path)
        case.call_and_validate(**sent)


@pytest.fixture(scope="module")
def spare(server: Server) -> Organization:
    """Somebody whose sandboxes may be written to by chance."""
    return server.organization("wms", "cart", "carrier")


def alert_channel(spare: Organization) -> str:
    """A channel that leads to a port where nobody listens."""
    body = {"name": "Nobody", "type": "url", "url": "http://127.0.0.1:1/hook"}
    known = [channel["id"] for channel in spare.list("/alerts/channels")]
    return known[0] if known else spare.ask("POST", "/alerts/channels", json=body).json()["data"]["id"]


NOT_WRITES = r"^/(connections|schedules|sandbox|link|integrations|api|inbound)"


@schema.include(method=["POST", "PUT"]).exclude(path_regex=NOT_WRITES).parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_p24_writes_answer_as_documented_whatever_is_sent(case, spare: Organization):
    path = case.operation.path
    sent: Any = {
        "base_url": spare.url, "headers": headers(spare, path), "excluded_checks": not_checked(path),
    }  # fmt: skip
    case.call_and_validate(**sent)
    if case.path_parameters:
        kind, name = path.split("/")[1:3]
        listed = "products" if name == "kits" else name
        ids = {f"{word}_id" for word in re.findall(r"{(\w+)_id}", path)}
        if kind == "alerts":
            record = alert_channel(spare)
        else:
            record = spare.list(f"/{kind}/{listed}", limit="1")[0]["id"]
        case.path_parameters = dict.fromkeys(ids, record)
        case.call_and_validate(**sent)
