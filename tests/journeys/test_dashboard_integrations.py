"""The catalogue on the dashboard: every system that there is, with what it can do, from its manifest."""

import pytest

from crossdock.kit.registry import all_integrations
from tests.journeys.account import Desk, desk
from tests.journeys.server import Organization
from tests.journeys.test_dashboard import Office, office

__all__ = ["desk"]

SYSTEMS = sorted(all_integrations())


@pytest.fixture(scope="module")
def house(desk: Desk) -> Organization:
    return desk.server.organization()


@pytest.fixture(scope="module")
def viewer(desk: Desk, house: Organization) -> Office:
    return office(desk, house, "viewer")


def test_every_system_is_in_the_catalogue_with_its_evidence(viewer: Office):
    page = viewer.data("/integrations")
    listed = {
        (system["type"], system["name"]): system["evidence"]
        for group in page["types"]
        for system in group["systems"]
    }
    assert listed == {key: shown.manifest.evidence for key, shown in all_integrations().items()}
    assert page["total"] == page["fitting"] == len(SYSTEMS)


def test_the_catalogue_is_searched_by_name_and_type(viewer: Office):
    [group] = viewer.data("/integrations", text="SHIPHERO")["types"]
    assert [system["name"] for system in group["systems"]] == ["shiphero"]
    assert [group["type"] for group in viewer.data("/integrations", type="carrier")["types"]] == ["carrier"]
    assert viewer.get("/integrations", type="boat").status_code == 422
    assert "No system fits" in viewer.get("/integrations", text="<script>").text
    assert "<script>" not in viewer.get("/integrations", text="<script>").text.partition("<main")[2]


@pytest.mark.parametrize(("kind", "name"), SYSTEMS)
def test_a_system_shows_all_it_reads_writes_and_asks_for(viewer: Office, kind: str, name: str):
    manifest = all_integrations()[kind, name].manifest
    page = viewer.data(f"/integrations/{kind}/{name}")
    assert [read["function"] for read in page["reads"]] == manifest.functions.read
    assert {write["action"] for write in page["writes"]} == set(manifest.functions.write) - {"passthrough"}
    assert [field["label"] for field in page["set_up"]] == [field.label for field in manifest.auth.fields]
    assert page["evidence_note"] == manifest.evidence_note
    assert viewer.get(f"/integrations/{kind}/{name}").status_code == 200


def test_a_write_shows_what_is_needed_when(viewer: Office):
    writes = viewer.data("/integrations/wms/shiphero")["writes"]
    create = next(write for write in writes if write["action"] == "create_order")
    needed = {field["path"]: field["needed"] for field in create["fields"]}
    assert (needed["order_number"], needed["ship_to_address.city"], needed["carrier"]) == (
        "always", "always", "no",
    )  # fmt: skip
    assert needed["line_items[].quantity"] == "always"
    own = next(field for field in create["fields"] if field["path"] == "carrier")
    assert own["description"].startswith("As ShipHero spells it")


def test_a_function_tells_how_often_it_syncs_and_whether_it_is_on(viewer: Office):
    reads = viewer.data("/integrations/wms/sandbox")["reads"]
    assert all(read["is_on"] for read in reads)
    assert reads[0]["every_seconds"] > 0


def test_only_who_may_connect_is_offered_to(desk: Desk, house: Organization, viewer: Office):
    assert "Add connection" not in viewer.get("/integrations").text
    assert "Add connection" in office(desk, house).get("/integrations").text


def test_what_there_is_not_is_told_on_a_page(viewer: Office):
    assert viewer.get("/integrations/wms/none-such").status_code == 404
    assert viewer.get("/integrations/boat/sandbox").status_code == 404
