"""Connections in the dashboard over HTTP: adding, links, runs, windows, settings, access, the end."""

import json
import re
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from crossdock.dashboard.connections.head import TABS
from crossdock.store.connections import on_demand
from crossdock.store.connections.on_demand import OnDemandRow
from crossdock.store.jobs import queue
from crossdock.store.jobs.queue import JobRow
from crossdock.store.records import quarantine
from crossdock.store.records.quarantine import QuarantinedRecord
from tests.journeys.account import Desk, desk
from tests.journeys.linking import Linking
from tests.journeys.server import Organization, until
from tests.journeys.test_dashboard import Office, house, office, other_house, uid_of

__all__ = ["desk", "house", "other_house"]

EVIL = '"><img src=x onerror=alert(1)>'
JSON = {"accept": "application/json"}
BELOW = [path for path, _ in TABS]


@pytest.fixture(scope="module")
def path(house: Organization) -> str:
    return f"/connections/{uid_of(house, 'wms')}"


@pytest.fixture(scope="module")
def developer(desk: Desk, house: Organization) -> Office:
    return office(desk, house, "developer")


@pytest.fixture(scope="module")
def viewer(desk: Desk, house: Organization) -> Office:
    return office(desk, house, "viewer")


def set_aside(desk: Desk, uid: str, *records: QuarantinedRecord, function: str = "get_orders") -> None:
    async def put() -> None:
        database = desk.services.database
        row = await database.fetch_one("SELECT id FROM connections WHERE uid = ?", uid)
        assert row is not None
        async with database.transaction() as transaction:
            await quarantine.put(transaction, int(row[0]), function, "job", records, desk.clock())

    desk.server.do(put())


def done(answer: httpx.Response) -> str:
    """The word of what was done."""
    assert answer.status_code == 303, (answer.status_code, answer.text[:500])
    return answer.headers["location"].partition("done=")[2].partition("&")[0]


# Tabs


@pytest.mark.parametrize("below", BELOW)
def test_every_page_of_a_connection_is_there_for_viewers_and_says_where_one_is(
    viewer: Office, path: str, below: str
):
    text = viewer.get(f"{path}{below}").text
    tabs = dict(
        re.findall(r'<a href="[^"]*?/connections/[^"/]*([^"]*)" aria-current="page">([^<]+)</a>', text)
    )
    assert tabs == {below: dict(TABS)[below]}
    assert 'name="do" value' not in text
    assert isinstance(viewer.data(f"{path}{below}"), dict)


def test_viewers_change_nothing_and_see_no_page_that_only_changes(viewer: Office, path: str):
    for page in ("/connections/new", "/connections/magic-links/new", f"{path}/delete"):
        assert viewer.get(page).status_code == 403
    for page, act in (
        ("/connections/new", "token"), ("/connections/magic-links/new", "make"), (f"{path}/syncs", "create"),
        (f"{path}/custom-fields", "save"), (f"{path}/settings", "save"), (f"{path}/access", "reveal"),
        (f"{path}/access", "rotate"), (f"{path}/access", "token"), (f"{path}/delete", "delete"),
    ):  # fmt: skip
        assert viewer.send(page, do=act).status_code == 403, (page, act)


# Schedules


def test_the_pace_of_a_function_is_set_and_set_back(developer: Office, path: str):
    def pace() -> tuple[int, int]:
        detail = developer.data(path, function="get_orders")["detail"]
        return detail["seconds"], detail["default_seconds"]

    usual = pace()[1]
    opened = f"{path}?function=get_orders"
    answer = developer.send(opened, do="frequency", function="get_orders", seconds="900")
    assert (done(answer), "function=get_orders" in answer.headers["location"]) == ("frequency_set", True)
    assert pace() == (900, usual)
    assert developer.send(path, do="frequency", function="get_orders", seconds="5").status_code == 422
    assert developer.send(path, do="frequency", function="get_orders", seconds="x").status_code == 422
    developer.send(path, do="frequency", function="get_orders", seconds="")
    assert pace() == (usual, usual)


def test_a_row_opens_to_when_it_ran_and_what_its_last_runs_read(viewer: Office, path: str):
    detail = viewer.data(path, function="get_orders")["detail"]
    assert None not in (detail["last_start"], detail["last_end"], detail["latest_data"])
    assert any(run["received"] > 0 for run in detail["runs"])
    assert 'aria-expanded="true"' in viewer.get(path, function="get_orders").text
    assert viewer.data(path, function="get_nothing")["detail"] is None


# Runs


def test_runs_have_their_counts_rates_and_ends_and_are_found_by_function_and_outcome(
    viewer: Office, path: str
):
    runs = viewer.data(f"{path}/runs", function="get_orders")["runs"]
    assert {run["function_name"] for run in runs} == {"get_orders"}
    first = runs[-1]
    assert (first["outcome"], first["created"] > 0) == ("completed", True)
    assert first["records_per_second"] > 0
    assert viewer.data(f"{path}/runs", outcome="failed")["runs"] == []
    assert viewer.get(f"{path}/runs", outcome="lost").status_code == 422


def test_runs_are_paged_without_a_gap(monkeypatch: pytest.MonkeyPatch, viewer: Office, path: str):
    whole = [run["id"] for run in viewer.data(f"{path}/runs")["runs"]]
    monkeypatch.setattr("crossdock.dashboard.connections.runs.PAGE", 2)
    paged, token = [], ""
    while token is not None:
        page = viewer.data(f"{path}/runs", page_token=token)
        paged += [run["id"] for run in page["runs"]]
        token = page["next_token"]
    assert paged[-len(whole) :] == whole
    assert len(set(paged)) == len(paged)


# On demand


def test_an_on_demand_sync_without_a_zone_is_taken_as_utc(developer: Office, path: str):
    fields = {"function_name": "get_orders", "start_time": "2026-01-01T09:00", "end_time": "2026-01-02T09:00"}
    assert done(developer.send(f"{path}/syncs", do="create", **fields)) == "sync_created"
    [sync] = developer.data(f"{path}/syncs")["syncs"]
    assert sync["requested_start_time"] == "2026-01-01T09:00:00Z"
    until(lambda: developer.data(f"{path}/syncs")["syncs"][0]["status"] == "completed")


def test_an_on_demand_sync_is_cancelled_while_it_is_open(desk: Desk, developer: Office, path: str):
    database, later = desk.services.database, desk.server.services.clock() + 3_600_000

    async def open_one() -> None:
        row = await database.fetch_one("SELECT id FROM connections WHERE uid = ?", path.rpartition("/")[2])
        assert row is not None
        window = OnDemandRow("osj_open", row[0], "get_orders", 0, 1, "open", "job_open", later, None)
        job = JobRow(
            "job_open", "on_demand", row[0], "get_orders", "on_demand", "queued", later, None, None, 0, later,
            None, None,
        )  # fmt: skip
        async with database.transaction() as transaction:
            await queue.add(transaction, job)
            await on_demand.create(transaction, window)

    desk.server.do(open_one())
    assert 'name="do" value="cancel"' in developer.get(f"{path}/syncs").text

    def cancelled() -> httpx.Response:
        return developer.send(f"{path}/syncs", do="cancel", sync_job_id="osj_open")

    assert done(cancelled()) == "sync_cancelled"
    statuses = {sync["id"]: sync["status"] for sync in developer.data(f"{path}/syncs")["syncs"]}
    assert statuses["osj_open"] == "cancelled"
    answer = cancelled()
    assert (answer.status_code, "only an open one can be cancelled" in answer.text) == (400, True)
    assert developer.send(f"{path}/syncs", do="cancel", sync_job_id="osj_none").status_code == 404


def test_a_window_that_is_none_is_told_beside_what_was_typed(developer: Office, path: str):
    fields = {"function_name": "get_orders", "start_time": "2026-01-03T09:00", "end_time": "2026-01-02T09:00"}
    answer = developer.send(f"{path}/syncs", do="create", **fields)
    assert answer.status_code == 422
    assert "is not after" in answer.text
    assert 'value="2026-01-03T09:00"' in answer.text


# Set aside


def test_records_that_were_set_aside_are_shown_with_why_and_how_they_came(
    desk: Desk, viewer: Office, path: str
):
    records = [
        QuarantinedRecord(f"o-{number}", f"has no number {EVIL}", b'{"id": "<b>"}', 13) for number in range(3)
    ]
    set_aside(desk, path.rpartition("/")[2], *records)
    set_aside(desk, path.rpartition("/")[2], records[0], function="get_returns")
    page = viewer.data(f"{path}/set-aside")
    assert page["counts"] == {"get_orders": 3, "get_returns": 1}
    assert [record["key"] for record in page["records"]] == ["o-0", "o-1", "o-2", "o-0"]
    text = viewer.get(f"{path}/set-aside", function="get_returns").text
    assert "&lt;img src=x" in text
    assert "<img" not in text
    assert "o-1" not in text


def test_records_that_were_set_aside_are_paged_without_a_gap(
    monkeypatch: pytest.MonkeyPatch, desk: Desk, viewer: Office, path: str
):
    records = [QuarantinedRecord(f"o-{number}", "why", b"", 0) for number in range(3)]
    set_aside(desk, path.rpartition("/")[2], *records)
    monkeypatch.setattr("crossdock.dashboard.connections.set_aside.PAGE", 2)
    first = viewer.data(f"{path}/set-aside", function="get_orders")
    second = viewer.data(f"{path}/set-aside", function="get_orders", page_token=first["next_token"])
    assert [record["key"] for page in (first, second) for record in page["records"]] == ["o-0", "o-1", "o-2"]
    assert second["next_token"] is None


# Settings and custom fields


def test_settings_are_saved_and_only_what_was_changed_is_noted(
    desk: Desk, house: Organization, developer: Office, path: str
):
    fields = {"customer_id": EVIL, "lookback_days": "90", "quantities": "rounded", "events": "on"}
    assert done(developer.send(f"{path}/settings", do="save", **fields)) == "saved"
    settings = developer.data(f"{path}/settings")["settings"]
    assert (settings["customer_id"], settings["lookback_days"]) == (EVIL, 90)
    noted = [json.loads(entry.detail) for entry in desk.audit(house.id, "connection.changed")]
    assert {"customer_id": EVIL, "lookback_days": 90} in noted
    for below in BELOW:
        assert "<img" not in developer.get(f"{path}{below}").text
    developer.send(f"{path}/settings", do="save", quantities="rounded", events="on")
    settings = developer.data(f"{path}/settings")["settings"]
    assert (settings["customer_id"], settings["lookback_days"]) == (None, None)


def test_a_setting_that_does_not_fit_is_told_beside_what_was_typed(developer: Office, path: str):
    for days in ("5000", "soon"):
        fields = {"lookback_days": days, "quantities": "rounded", "events": "on", "customer_id": "kept"}
        answer = developer.send(f"{path}/settings", do="save", **fields)
        assert (answer.status_code, f'value="{days}"' in answer.text) == (422, True)
        assert 'value="kept"' in answer.text
    assert developer.data(f"{path}/settings")["settings"]["customer_id"] is None


def test_custom_fields_are_tried_on_a_pasted_record_with_exact_numbers_and_kept(developer: Office, path: str):
    fields = {
        "resource": "orders", "name_0": "note", "path_0": "$.custom.note", "type_0": "string",
        "name_1": "weight", "path_1": "$.weight", "type_1": "number",
        "name_2": "boxes", "path_2": "$.custom.note", "type_2": "integer",
    }  # fmt: skip
    sample = '{"custom": {"note": "ring <b>twice"}, "weight": 1.10}'
    answer = developer.send(f"{path}/custom-fields", do="preview", sample=sample, **fields)
    assert answer.status_code == 200
    assert "&lt;b&gt;twice" in answer.text
    assert "<code>1.10</code>" in answer.text
    assert "is not a whole number" in answer.text
    assert developer.data(f"{path}/custom-fields")["declared"]["orders"] == 0
    assert done(developer.send(f"{path}/custom-fields", do="save", **fields)) == "saved"
    page = developer.data(f"{path}/custom-fields", resource="orders")
    assert page["declared"]["orders"] == 3
    assert page["rows"][0] == {"name": "boxes", "path": "$.custom.note", "type": "integer"} or page["rows"]
    assert done(developer.send(f"{path}/custom-fields", do="save", resource="orders")) == "saved"
    assert developer.data(f"{path}/custom-fields")["declared"]["orders"] == 0


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name_0": "Note", "path_0": "$.a"}, "must be a name of small letters"),
        ({"name_0": "note", "path_0": "a.b"}, "path must be like"),
        ({"name_0": "a", "path_0": "$.a", "name_1": "a", "path_1": "$.b"}, "stands twice"),
        ({"name_0": "a", "path_0": "$.a", "type_0": "colour"}, "is none of string"),
        ({"name_0": "a", "path_0": "$.a", "sample": "[1]"}, "must be one record as JSON"),
        ({"name_0": "a", "path_0": "$.a", "record_id": "nothing"}, "there is no raw record"),
    ],
)
def test_a_custom_field_that_is_none_is_told_beside_what_was_typed(
    developer: Office, path: str, fields: dict[str, str], told: str
):
    sample = {} if "record_id" in fields else {"sample": "{}"}
    answer = developer.send(f"{path}/custom-fields", do="preview", resource="orders", **(sample | fields))
    assert (answer.status_code, told in answer.text) == (422, True)
    assert f'value="{fields["name_0"]}"' in answer.text


def test_custom_fields_are_tried_on_a_record_that_the_connection_keeps(desk: Desk):
    keeping = desk.server.organization("wms")
    path, owner = f"/connections/{uid_of(keeping, 'wms')}", office(desk, keeping)
    owner.send(f"{path}/settings", do="save", quantities="rounded", events="on", keep_raw="on")

    def ids() -> Any:
        return owner.data(f"{path}/custom-fields", resource="orders")["record_ids"]

    until(lambda: bool(ids()))

    def preview(**fields: str) -> Any:
        asked = {"resource": "orders", "record_id": ids()[0]} | fields
        return owner.send_with(JSON, f"{path}/custom-fields", do="preview", **asked).json()["preview"]

    record = json.loads(preview()["record"])
    name = next(name for name, value in record.items() if isinstance(value, str) and value)
    [line] = preview(name_0="own", path_0=f'$["{name}"]')["fields"]
    assert line == {"name": "own", "value": json.dumps(record[name]), "wanted": ""}


# Access


def test_the_token_is_shown_to_who_asks_for_it_and_every_look_is_in_the_audit_log(
    desk: Desk, house: Organization, developer: Office, path: str
):
    token = house.tokens["wms"]
    assert token not in developer.get(f"{path}/access").text
    before = len(desk.audit(house.id, "access_token.viewed"))
    answer = developer.send(f"{path}/access", do="reveal")
    assert (answer.status_code, token in answer.text) == (200, True)
    assert answer.headers["cache-control"] == "no-store"
    entries = desk.audit(house.id, "access_token.viewed")
    assert len(entries) - before == 1
    assert developer.person.email in {entry.actor_name for entry in entries}
    assert token not in developer.get(f"{path}/access").text


def test_the_token_is_rotated_and_the_one_before_works_as_long_as_was_said(
    desk: Desk, house: Organization, developer: Office, path: str
):
    answer = developer.send_with(JSON, f"{path}/access", do="rotate", grace_seconds="3600")
    fresh = answer.json()["token"]
    assert fresh != house.tokens["wms"]
    assert answer.json()["previous_until"] is not None
    assert [token["expires_at"] is None for token in developer.data(f"{path}/access")["tokens"]] == [
        True, False
    ]  # fmt: skip
    house.tokens["wms"] = fresh
    assert house.get("/wms/orders", limit="1").status_code == 200
    assert developer.send(f"{path}/access", do="rotate", grace_seconds="-1").status_code == 422


# Adding, links, the end


def test_the_form_is_given_a_link_token_and_the_page_goes_on_to_what_was_connected(
    desk: Desk, developer: Office, house: Organization
):
    page = developer.get("/connections/new")
    policy = page.headers["content-security-policy"]
    assert ("frame-src 'self'" in policy, "unsafe" in policy) == (True, False)
    answer = developer.send("/connections/new", do="token", customer_id="customer-7")
    assert answer.headers["cache-control"] == "no-store"
    linked = Linking(desk.server, answer.json()["link_token"], url=desk.url).connect_sandbox()
    answer = developer.send("/connections/new", do="connected", auth_code=linked["auth_code"])
    uid = answer.headers["location"].rpartition("/")[2].partition("?")[0]
    assert developer.data(f"/connections/{uid}")["head"]["integration_name"] == "sandbox"
    answer = developer.send("/connections/new", do="connected", auth_code="ac_none")
    assert answer.headers["location"].endswith("dashboard/connections?done=connected")


def test_only_pages_with_the_button_may_hold_a_frame(developer: Office, path: str):
    for page, has_frame in ((path, False), (f"{path}/access", True), ("/connections/new", True)):
        policy = developer.get(page).headers["content-security-policy"]
        assert ("frame-src" in policy) == has_frame
        assert ("trusted-types 'none'" in policy) != has_frame


def test_a_magic_link_is_made_shown_once_listed_and_deleted(
    desk: Desk, house: Organization, developer: Office, viewer: Office
):
    fields = {
        "link_duration": "3", "customer_id": EVIL, "integration_type": "wms", "systems": "allow",
        "system:shiphero": "on", "function:get_returns": "off", "max_connections": "5",
    }  # fmt: skip
    answer = developer.send("/connections/magic-links/new", do="make", **fields)
    assert answer.status_code == 200
    [url] = re.findall(r"<code>(http[^<]+/connect/m/[^<]+)</code>", answer.text)
    assert httpx.get(url).status_code == 200
    assert "<img" not in answer.text
    for reader in (developer, viewer):
        listing = reader.data("/connections/magic-links")["links"]
        assert url.rpartition("/")[2] not in reader.get("/connections/magic-links").text
        assert "<img" not in reader.get("/connections/magic-links").text
    line = listing[0]
    assert (line["customer_id"], line["limits"]) == (EVIL, ["only shiphero", "off get_returns"])
    assert (line["state"], line["max_connections"], line["connections"]) == ("open", 5, 0)
    link_path = f"/connections/magic-links/{line['id']}"
    assert viewer.send(link_path, do="delete").status_code == 403
    assert done(developer.send(link_path, do="delete")) == "link_deleted"
    assert developer.data("/connections/magic-links")["links"] == []
    assert desk.audit(house.id, "magic_link.deleted")[-1].actor_name == developer.person.email


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"link_duration": "400"}, "must be 1 to 365 days"),
        ({"link_duration": "many"}, "must be a whole number"),
        ({"systems": "allow"}, "tick at least one system"),
        ({"systems": "allow", "system:sandbox": "on", "required_function": "get_orders"}, "be combined with"),
    ],
)
def test_a_magic_link_that_does_not_fit_is_told_beside_what_was_typed(
    developer: Office, fields: dict[str, str], told: str
):
    answer = developer.send("/connections/magic-links/new", do="make", customer_id="kept", **fields)
    assert (answer.status_code, told in answer.text) == (422, True)
    assert 'value="kept"' in answer.text


def test_a_magic_link_signs_a_connection_in_anew(developer: Office, path: str, other_house: Organization):
    uid = path.rpartition("/")[2]
    assert (
        "customer"
        not in developer.get("/connections/magic-links/new", connection_id=uid)
        .text.partition("<form method")[2]
        .partition("</main>")[0]
    )
    answer = developer.send("/connections/magic-links/new", do="make", connection_id=uid, link_duration="1")
    assert answer.status_code == 200
    line = developer.data("/connections/magic-links")["links"][0]
    assert line["connection_id"] == uid
    developer.send(f"/connections/magic-links/{line['id']}", do="delete")
    foreign = uid_of(other_house, "cart")
    answer = developer.send("/connections/magic-links/new", do="make", connection_id=foreign)
    assert answer.status_code == 404


def test_a_connection_is_deleted_after_a_page_that_names_it(desk: Desk):
    ending = desk.server.organization("wms")
    ending.ask("PATCH", "/connections", "wms", json={"customer_id": "customer-9"})
    uid, owner = uid_of(ending, "wms"), office(desk, ending)
    text = owner.get(f"/connections/{uid}/delete").text
    assert ("customer-9" in text, uid in text, "Sandbox" in text) == (True, True, True)
    assert done(owner.send(f"/connections/{uid}/delete", do="delete")) == "deleted"
    assert owner.get(f"/connections/{uid}").status_code == 404
    assert owner.data("/connections")["connections"] == []
    assert desk.audit(ending.id, "connection.deleted")[-1].actor_name == owner.person.email


def test_lists_without_ids_and_links_show_nothing_of_another_organization(
    desk: Desk, developer: Office, other_house: Organization
):
    stranger = office(desk, other_house)
    stranger.send("/connections/magic-links/new", do="make", customer_id="other customer")
    text = developer.get("/connections/magic-links").text
    assert "other customer" not in text
    link_id = stranger.data("/connections/magic-links")["links"][0]["id"]
    assert developer.send(f"/connections/magic-links/{quote(link_id)}", do="delete").status_code == 404
    assert len(stranger.data("/connections/magic-links")["links"]) == 1


def test_a_run_that_goes_on_says_how_far_it_is(desk: Desk, house: Organization, viewer: Office, path: str):
    database = desk.services.database
    uid = path.rpartition("/")[2]

    async def begin() -> None:
        row = await database.fetch_one("SELECT id FROM connections WHERE uid = ?", uid)
        assert row is not None
        async with database.transaction() as transaction:
            await transaction.execute(
                "INSERT INTO jobs (id, kind, connection_id, function, cause, state, due_ms, lease_ms, "
                "worker, attempts, created_ms, since_ms) "
                "VALUES ('job_busy', 'sync', ?, 'get_bills', 'force', 'running', 0, ?, 'else', 1, ?, 0)",
                row[0], desk.server.services.clock() + 60_000, desk.clock() - 2000,
            )  # fmt: skip
            await transaction.execute(
                "INSERT INTO runs (job_id, connection_id, function, first, walk, started_ms, progress_ms, "
                "pages, received, created) VALUES ('job_busy', ?, 'get_bills', ?, '{}', ?, ?, 3, 1500, 1200)",
                row[0], False, desk.clock() - 2000, desk.clock(),
            )  # fmt: skip

    desk.server.do(begin())
    progress = viewer.data(path)["progress"]["get_bills"]
    assert (progress["outcome"], progress["cause"]) == ("running", "by hand")
    assert (progress["received"], progress["records_per_second"]) == (1500, 750)
    text = viewer.get(path).text
    assert "1,500 read, 1,200 new" in text
    assert 'data-seconds="2"' in text
    assert viewer.data(f"{path}/runs", outcome="running")["runs"][0]["id"] == "job_busy"
    for table, column in (("jobs", "id"), ("runs", "job_id")):
        desk.server.do(database.execute(f"DELETE FROM {table} WHERE {column} = 'job_busy'"))
    assert viewer.data(path)["progress"] == {}
