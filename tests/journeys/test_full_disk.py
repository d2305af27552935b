"""A sandbox whose disk is full says so, has done nothing, and goes on when there is room."""

import sqlite3
from typing import Any

import pytest

from crossdock.integrations.sandbox.world import records
from tests.journeys.server import Organization, Server
from tests.journeys.test_sandbox_writes import an_order


class FullDriver:
    """Python's SQLite on a disk without room for the log that it keeps beside a file."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    def connect(self, _: Any, **extra_fields: Any) -> sqlite3.Connection:
        problem = sqlite3.OperationalError("disk I/O error")
        problem.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
        raise problem


def test_what_a_full_disk_refused_is_503_was_not_done_and_is_done_when_there_is_room(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    house = server.organization("wms")
    before = {character["id"] for character in house.list("/wms/orders")}
    product = house.list("/wms/products", limit="1")[0]["id"]
    order = an_order(product, order_number="AFTER-ALL")
    with monkeypatch.context() as patched:
        patched.setattr(records, "sqlite3", FullDriver())
        patched.setattr(records, "_is_full", lambda _: True)
        for path, body in (
            ("/wms/orders", order),
            ("/sandbox/generate-sandbox/wms", {}),
        ):
            assert refusal(house, path, body) == (
                503, "the sandbox is full: there is no room on its disk", "integration",
            )  # fmt: skip
        assert len(house.list("/wms/orders")) == len(before)
    assert house.ask("POST", "/wms/orders", json=order).status_code == 200
    after = [character for character in house.list("/wms/orders") if character["id"] not in before]
    assert [entry["order_number"] for entry in after] == ["AFTER-ALL"]


def refusal(house: Organization, path: str, body: Any) -> tuple[int, str, str]:
    answer = house.ask("POST", path, json=body)
    stated_body = answer.json()
    return answer.status_code, stated_body["error"], stated_body["origin"]
