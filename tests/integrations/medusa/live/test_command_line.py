"""`crossdock connect` and `crossdock sync`, as they are typed, against a real Medusa."""

from pathlib import Path

from tests.integrations.medusa.live.conftest import Medusa
from tests.journeys.commands import Shell
from tests.journeys.typed import connected_and_synced, settings_in, succeeded


def test_whoever_connects_the_shop_and_syncs_it_has_all_its_functions(tmp_path: Path, medusa: Medusa):
    medusa.placed_order("MED-7-S")
    shell = Shell(tmp_path, settings_in(tmp_path))
    succeeded(shell.run("migrate"))
    succeeded(shell.run("keys", "create", "backend"))
    fields = {"url": medusa.url, "api_key": medusa.api_key}
    synced = connected_and_synced(shell, "medusa", fields, "cart")
    assert synced.keys() == {"get_orders", "get_products", "get_warehouses"}
    assert {entry["state"] for entry in synced.values()} == {"done"}, synced
    assert all(entry["created"] for entry in synced.values()), synced
