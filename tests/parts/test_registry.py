"""What of an integration's folder is found by which name, and which code counts as its mapping."""

import keyword
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.errors import ImproperIntegration, NotFound
from crossdock.kit import registry
from crossdock.kit.registry import Integration, get_integration
from crossdock.resources.catalogue import all_resources, by_function
from crossdock.resources.wms.orders import ORDERS

MANIFEST = """
name = "Blue Box"
type = "wms"
description = "A warehouse."
evidence = "documented"
functions = { read = ["get_orders"], write = ["cancel_order"] }
"""
READ = "def order(raw):\n    return {'id': raw['id']}\n"
WRITE = """
from crossdock.kit.contract import Accepts, Operation

def cancel_order(command):
    yield
    return command.record_id

CANCEL_ORDER = Operation(Accepts(), cancel_order)
"""


class BlueBox:
    """A folder of an integration that a test fills, in a package of its own."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "blue_box_package"
        self.write("__init__.py", "")
        self.write("manifest.toml", MANIFEST)

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.parent != self.folder:
            (file.parent / "__init__.py").touch()
        file.write_text(text)

    @property
    def integration(self) -> Integration:
        return registry.integration_in(self.folder, self.folder.name, "blue-box")


@pytest.fixture
def blue_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlueBox]:
    monkeypatch.syspath_prepend(tmp_path)
    yield BlueBox(tmp_path)
    for name in [name for name in sys.modules if name.startswith("blue_box_package")]:
        del sys.modules[name]


def test_a_reader_is_found_in_a_module_and_anywhere_in_a_package(blue_box: BlueBox):
    blue_box.write("read/sales.py", READ)
    assert blue_box.integration.reader(ORDERS)({"id": "1"}) == {"id": "1"}


def test_a_reader_may_be_imported_where_another_one_needs_it(blue_box: BlueBox):
    blue_box.write("read/sales.py", READ)
    blue_box.write("read/returns.py", "from blue_box_package.read.sales import order\n")
    assert blue_box.integration.reader(ORDERS)({"id": "1"}) == {"id": "1"}


def test_two_readers_of_one_name_are_refused_with_their_places(blue_box: BlueBox):
    blue_box.write("read/sales.py", READ)
    blue_box.write("read/drops.py", READ)
    text = (
        r"order is defined more than once: in blue_box_package\.read\.drops and blue_box_package\.read\.sales"
    )
    with pytest.raises(ImproperIntegration, match=text):
        blue_box.integration.reader(ORDERS)


def test_a_reader_that_is_missing_is_named(blue_box: BlueBox):
    blue_box.write("read.py", "")
    with pytest.raises(ImproperIntegration, match=r"there is no order in blue_box_package\.read or below it"):
        blue_box.integration.reader(ORDERS)


def test_a_write_is_found_by_its_action_in_a_module_and_in_a_package(blue_box: BlueBox):
    blue_box.write("write/orders.py", WRITE)
    integration = blue_box.integration
    assert integration.actions == {"cancel_order"}
    assert integration.accepts("cancel_order") is integration.operation("cancel_order").accepts


def test_two_writes_of_one_action_are_refused(blue_box: BlueBox):
    blue_box.write("write/orders.py", WRITE)
    blue_box.write("write/sales.py", WRITE)
    with pytest.raises(ImproperIntegration, match="CANCEL_ORDER is defined more than once"):
        blue_box.integration.operation("cancel_order")


def test_a_write_that_is_missing_is_named(blue_box: BlueBox):
    with pytest.raises(ImproperIntegration, match="there is no CANCEL_ORDER"):
        blue_box.integration.operation("cancel_order")


@pytest.mark.parametrize("path", ["read/sales.py", "values/units.py", "states.py"])
def test_records_are_read_again_when_any_code_changes_that_reading_imports(blue_box: BlueBox, path: str):
    blue_box.write("values/units.py", "GRAMS = 1\n")
    blue_box.write("states.py", "OPEN = 'open'\n")
    sales = "from blue_box_package import states\nfrom blue_box_package.values.units import GRAMS\n"
    blue_box.write("read/sales.py", sales + READ)
    before = _version(blue_box)
    with (blue_box.folder / path).open("a") as file:
        file.write("# changed\n")
    assert _version(blue_box) != before


def test_records_are_not_read_again_for_code_that_reading_does_not_import(blue_box: BlueBox):
    blue_box.write("read.py", READ)
    blue_box.write("client.py", "")
    before = _version(blue_box)
    blue_box.write("client.py", "# changed\n")
    assert _version(blue_box) == before


def _version(blue_box: BlueBox) -> bytes:
    registry._read_version.cache_clear()
    return blue_box.integration.read_version(ORDERS)


def test_a_carrier_reads_with_the_engine_that_its_manifest_names():
    integration = get_integration("carrier", "ups")
    assert integration.module("read").__name__ == "crossdock.invoices.read"
    assert integration.module("layout").__name__ == "crossdock.integrations.ups.layout"
    assert "read.py" in {file.name for file in integration._mapping_files}


def test_a_vertical_of_several_reads_with_what_its_system_has_in_common():
    """Its parent's modules count, whichever package they are in."""
    integration = get_integration("wms", "sandbox")
    assert integration.folder.name == "wms"
    assert {"read.py", "parts.py", "values.py"} <= {file.name for file in integration._mapping_files}


@pytest.mark.parametrize("name", ["dhl-ecom", "dhl_ecom"])
def test_an_integration_is_found_by_its_id_and_by_the_name_of_its_folder(name: str):
    assert get_integration("carrier", name).slug == "dhl-ecom"


def test_an_integration_that_there_is_not_is_told_with_those_there_are():
    with pytest.raises(NotFound, match="no carrier integration is called 'dhl_eco'; there are: dhl-ecom, "):
        get_integration("carrier", "dhl_eco")


def test_every_resource_says_what_its_reader_is_called():
    for resource in all_resources():
        assert resource.reader.isidentifier()
        assert not keyword.iskeyword(resource.reader)
        assert resource.reader != resource.name, "a client's method of that name walks"
    assert by_function("wms")["get_returns"].reader == "return_order"
