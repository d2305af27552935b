"""Templates and scripts of the dashboard keep to a strict policy, wherever the server is reached."""

import re
from contextlib import suppress

import pytest

from crossdock.api.operations import all_operations
from crossdock.dashboard import formats
from crossdock.dashboard.bars import Bar, BarChart
from crossdock.dashboard.inside import permission_of
from crossdock.dashboard.navigation import navigation
from crossdock.dashboard.notices import NOTICES, notice
from crossdock.dashboard.operations import AREAS, OPERATIONS, PREFIX
from crossdock.dashboard.rendering import DASHBOARD_FILES, HERE, environment
from crossdock.errors import Forbidden
from crossdock.people.permissions import PERMISSIONS

TEMPLATES = sorted((HERE / "templates").rglob("*.html"))
SCRIPTS = sorted((HERE / "static").glob("*.js"))
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|\shx-on|javascript:", re.IGNORECASE)
ABSOLUTE = re.compile(r'(?:href|src|action)="(?!\{\{ (?:root|static|next_href|href)|\?|#|data:,)')
FORM = re.compile(r"<form[^>]*method=\"post\".*?</form>", re.DOTALL)
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTMLUnsafe"
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_script_no_style_and_no_address_from_the_root(path):
    text = path.read_text(encoding="utf-8")
    assert INLINE.findall(text) == []
    assert ABSOLUTE.findall(text) == []
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_changes_something_carries_the_token(path):
    for form in FORM.findall(path.read_text(encoding="utf-8")):
        assert 'name="csrf_token" value="{{ csrf_token }}"' in form


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_reads_no_html_from_text_and_evaluates_nothing(path):
    assert SINKS.findall(path.read_text(encoding="utf-8")) == []


def test_every_template_is_well_formed_and_escapes():
    made = environment()
    assert made.autoescape is True
    assert [made.get_template(name).name for name in made.list_templates()] == made.list_templates()


def test_every_page_names_a_permission_that_there_is():
    assert {operation.permission for operation in OPERATIONS} <= set(PERMISSIONS)
    assert {area.permission for area in AREAS} <= set(PERMISSIONS)


def test_a_page_can_call_only_what_has_a_permission_of_its_kind():
    permissions: dict[str, str] = {}
    for operation in all_operations():
        with suppress(Forbidden):
            permissions[operation.id] = permission_of(operation)
    by_id = {operation.id: operation for operation in all_operations()}
    assert set(permissions.values()) <= set(PERMISSIONS)
    assert permissions["getAccessToken"] == "credentials.view"
    assert "createErasure" not in permissions
    for operation_id, permission in permissions.items():
        assert not (by_id[operation_id].writes and permission in ("connections.view", "records.view"))


def test_files_fit_into_a_first_page():
    assert sum(len(file.packed) for file in DASHBOARD_FILES.files.values()) < 100_000


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("", "Home"),
        ("/connections", "Connections"),
        ("/connections/x", "Connections"),
        ("/webhooks", "Webhooks"),
        ("/webhooks/x/messages", "Webhooks"),
        ("/api-log", "API log"),
        ("/explorer/x/list/orders", "Data explorer"),
        ("/carrier/x/files/y", "Carrier"),
        ("/integrations/wms/sandbox", "Integrations"),
    ],
)
def test_the_navigation_shows_where_one_is(path: str, title: str):
    entries = navigation(AREAS, PREFIX, "viewer", path)
    assert [entry.title for entry in entries if entry.is_current] == [title]
    assert [entry.href for entry in entries] == [f"dashboard{area.path}" for area in AREAS]


def test_only_words_of_ours_are_shown_as_notices():
    assert notice("syncing") == NOTICES["syncing"]
    assert notice("Your account is locked, call 555") == ""


@pytest.mark.parametrize(
    ("function", "value", "shown"),
    [
        (formats.number, 1234567, "1,234,567"), (formats.number, None, "–"),
        (formats.short_number, 9999, "9,999"), (formats.short_number, 12_345, "12.3k"),
        (formats.short_number, 123_456, "123k"), (formats.short_number, 2_500_000, "2.5M"),
        (formats.span, 3600, "1 hour"), (formats.span, 5400, "90 minutes"), (formats.span, 0, "0 seconds"),
        (formats.milliseconds, 0.42, "0.4 ms"), (formats.milliseconds, 1234, "1.2 s"),
        (formats.words, "get_inbound_shipments", "inbound shipments"),
    ],
)  # fmt: skip
def test_figures_are_shown_as_people_read_them(function, value, shown: str):
    assert function(value) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "–"), (0, 9, "0 %"), (9, 9, "100 %"), (1, 10_000, "0.1 %"), (9_999, 10_000, "99.9 %"),
        (1, 3, "33.3 %"),
    ],
)  # fmt: skip
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, whole: int, shown: str):
    assert formats.percent(part, whole) == shown


def test_a_bar_is_seen_however_small_and_the_highest_fills_the_chart():
    chart = BarChart(title="", bars=[Bar(at="", count=count) for count in (0, 1, 10_000)])
    assert [drawn.height for drawn in chart.drawn] == [0, 2.0, 120.0]
    assert chart.drawn[-1].x + chart.drawn[-1].width <= 720
