"""`crossdock connect` and `crossdock sync`, as they are typed, against a real Vendure."""

from pathlib import Path

from tests.integrations.vendure.live.conftest import Vendure
from tests.journeys.commands import Shell
from tests.journeys.typed import connected_and_synced, settings_in, succeeded


def test_whoever_connects_the_shop_and_syncs_it_has_all_its_functions(tmp_path: Path, vendure: Vendure):
    vendure.placed_order("1", 1)
    shell = Shell(tmp_path, settings_in(tmp_path))
    succeeded(shell.run("migrate"))
    succeeded(shell.run("keys", "create", "backend"))
    fields = {"url": vendure.url, "api_key": vendure.api_key}
    synced = connected_and_synced(shell, "vendure", fields, "cart")
    assert synced.keys() == {"get_orders", "get_products", "get_warehouses"}
    assert {entry["state"] for entry in synced.values()} == {"done"}, synced
    assert all(entry["created"] for entry in synced.values()), synced
