"""The rules of connections without HTTP: what is offered, what is needed to sign in, what a name chooses."""

from dataclasses import replace

import msgspec
import pytest

from crossdock.connections import capabilities
from crossdock.connections.credentials import fill, next_field, replace_values, with_app
from crossdock.connections.function_switches import check_disabled, parse_lists, setting_fault
from crossdock.connections.lookup import only_with_prefix
from crossdock.connections.on_demand import parse_window
from crossdock.connections.organizations import choose
from crossdock.connections.overview import ConnectionOverview
from crossdock.connections.problems import function_problem
from crossdock.errors import BadRequest, Forbidden, Invalid, NotFound, NotOffered
from crossdock.kit.manifest import FunctionNames
from crossdock.kit.registry import get_integration
from crossdock.resources.wms.bills import BILLS
from crossdock.resources.wms.orders import ORDERS
from crossdock.store.connections.access import Organization
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.schedules import Schedule
from tests.fakes.fake_ways import ways_integration

NOW = 1_770_000_000_000
NOTHING = frozenset[str]()
SANDBOX = get_integration("wms", "sandbox")
TRYTON = get_integration("wms", "tryton")
CONNECTION = ConnectionRow(
    id=1,
    uid="97935200-6eee-4d6a-a392-277ffffe6c28",
    organization_id="org_1",
    type="wms",
    integration="sandbox",
    customer_id=None,
    me=None,
    disabled_functions=NOTHING,
    webhooks_disabled=False,
    times_used=0,
    last_used_ms=None,
    created_ms=NOW,
)
ORDERS_PLAN = Schedule(1, "get_orders", 3600, False, NOW, None, None, None, None, None, None, None)


# What it offers


def test_what_is_switched_off_is_neither_an_action_nor_an_endpoint():
    off = frozenset({"wms:get_orders"})
    assert "get_orders" in capabilities.available_actions(CONNECTION, SANDBOX, NOTHING)
    assert "get_orders" not in capabilities.available_actions(CONNECTION, SANDBOX, off)
    assert "GET /orders" in capabilities.available_endpoints(CONNECTION, SANDBOX, NOTHING)
    assert "GET /orders" not in capabilities.available_endpoints(CONNECTION, SANDBOX, off)


def test_a_read_that_is_off_is_forbidden_and_one_that_there_is_not_is_not_offered():
    capabilities.check_read(CONNECTION, ORDERS, NOTHING)
    with pytest.raises(Forbidden, match="get_orders is disabled for this connection"):
        capabilities.check_read(CONNECTION, ORDERS, frozenset({"get_orders"}))
    with pytest.raises(NotOffered, match="Endpoint get_bills is not implemented for Tryton"):
        capabilities.check_read(replace(CONNECTION, integration="tryton"), BILLS, NOTHING)
    with pytest.raises(NotOffered):
        capabilities.check_read(replace(CONNECTION, type="cart"), ORDERS, NOTHING)


def test_a_ledger_that_is_derived_is_offered_although_the_system_has_none():
    manifest = msgspec.structs.replace(SANDBOX.manifest, functions=FunctionNames(read=["get_inventory"]))
    shop = replace(SANDBOX, manifest=manifest)
    derived, off = replace(CONNECTION, derived_ledger=True), frozenset({"get_inventory_ledger"})
    assert capabilities.available_actions(CONNECTION, shop, NOTHING) == ["get_inventory"]
    assert capabilities.available_actions(derived, shop, NOTHING) == ["get_inventory", "get_inventory_ledger"]
    assert capabilities.available_actions(derived, shop, off) == ["get_inventory"]
    assert capabilities.available_endpoints(derived, shop, NOTHING) == [
        "GET /inventory",
        "GET /inventory/ledger",
    ]


def test_a_write_of_another_type_is_not_offered_and_one_that_is_off_is_forbidden():
    capabilities.check_write(CONNECTION, "wms", "create_order", NOTHING)
    with pytest.raises(NotOffered, match="create_order is not implemented"):
        capabilities.check_write(CONNECTION, "cart", "create_order", NOTHING)
    with pytest.raises(Forbidden, match="create_order is disabled"):
        capabilities.check_write(CONNECTION, "wms", "create_order", frozenset({"create_order"}))


def test_invoices_are_a_carriers_only():
    carrier = replace(CONNECTION, type="carrier", integration="ups")
    capabilities.check_invoices(carrier, "get_files", NOTHING)
    with pytest.raises(NotOffered):
        capabilities.check_invoices(CONNECTION, "get_invoice_line_items", NOTHING)
    with pytest.raises(Forbidden, match="get_files is disabled"):
        capabilities.check_invoices(carrier, "get_files", frozenset({"get_invoice_line_items"}))


def test_an_on_demand_sync_of_what_is_off_is_refused_as_the_contract_has_it():
    function = SANDBOX.manifest.functions.on_demand[0]
    capabilities.check_on_demand(CONNECTION, function, NOTHING)
    with pytest.raises(BadRequest, match="is disabled for this connection"):
        capabilities.check_on_demand(CONNECTION, function, frozenset({function}))
    with pytest.raises(BadRequest, match="On-demand sync is not enabled for sandbox get_nothing"):
        capabilities.check_on_demand(CONNECTION, "get_nothing", NOTHING)


def test_without_a_connection_the_list_of_the_organization_holds_and_else_the_operators():
    organization = Organization("org_1", "Acme", None, {"wms": frozenset({"get_orders"})}, NOW)
    off = frozenset({"get_products"})
    assert "get_orders" not in capabilities.unconnected_actions(SANDBOX, organization, off)
    assert "get_products" in capabilities.unconnected_actions(SANDBOX, organization, off)
    assert "get_products" not in capabilities.unconnected_actions(SANDBOX, None, off)


# How it is


@pytest.mark.parametrize(
    ("plan", "running", "status"),
    [
        (ORDERS_PLAN, False, "enabled"),
        (ORDERS_PLAN, True, "first_sync_in_progress"),
        (replace(ORDERS_PLAN, first_done_ms=NOW), True, "sync_in_progress"),
        (replace(ORDERS_PLAN, last_outcome="failed"), False, "error"),
        (replace(ORDERS_PLAN, paused=True), True, "disabled"),
    ],
)
def test_a_schedule_is_in_one_of_the_contracts_states(plan: Schedule, running: bool, status: str):
    jobs = frozenset({"get_orders"} if running else ())
    assert ConnectionOverview(CONNECTION, SANDBOX, [plan], [], jobs, NOTHING).status(plan) == status


def test_a_problem_of_the_whole_connection_or_of_the_function_is_an_error_of_its_schedule():
    for function, status in (("", "error"), ("get_orders", "error"), ("get_products", "enabled")):
        problem = function_problem(CONNECTION, function, "request_refused", NOW, why="no")
        overview = ConnectionOverview(CONNECTION, SANDBOX, [ORDERS_PLAN], [problem], NOTHING, NOTHING)
        assert overview.status(ORDERS_PLAN) == status


def test_what_is_off_is_among_the_schedules_and_not_among_the_available_ones():
    overview = ConnectionOverview(CONNECTION, SANDBOX, [ORDERS_PLAN], [], NOTHING, frozenset({"get_orders"}))
    assert (overview.schedules, overview.available_schedules) == ([ORDERS_PLAN], [])


# Signing in


def test_every_sign_in_field_that_is_missing_or_unknown_is_named():
    with pytest.raises(Invalid) as refused:
        fill(TRYTON, {"pasword": "x"}, {})
    faults = refused.value.detail["credentials"]
    assert "has no field 'pasword'" in faults["pasword"][0]
    assert {field.key for field in TRYTON.manifest.auth.fields if field.default is None} <= faults.keys()


def test_fields_of_another_source_of_files_are_refused():
    with pytest.raises(Invalid, match="sftp_host is only for source=sftp, and it is upload"):
        fill(get_integration("carrier", "ups"), {"source": "upload", "sftp_host": "h"}, {"connection": "c"})


def test_another_source_of_files_leaves_nothing_of_the_one_before():
    stored, ups = {"source": "sftp", "sftp_host": "h"}, get_integration("carrier", "ups")
    assert replace_values(ups, stored, {"source": "upload"}) == {"source": "upload"}
    assert replace_values(ups, stored, {"sftp_host": "other"}) == {"source": "sftp", "sftp_host": "other"}


def test_fields_are_asked_for_until_all_that_is_needed_is_there():
    needed = [field.key for field in TRYTON.manifest.auth.fields if field.default is None]
    values: dict[str, str] = {}
    while field := next_field(TRYTON, values):
        values[field.key] = "x"
    assert list(values) == needed


# Switches, windows and names


def test_what_another_function_needs_can_not_be_off_for_a_connection():
    check_disabled(CONNECTION, frozenset({"get_orders", "get_order_packs"}))
    with pytest.raises(Invalid, match="get_orders can't be switched off: get_order_packs needs it"):
        check_disabled(CONNECTION, frozenset({"get_orders"}))


def test_a_list_of_functions_is_refused_in_the_same_words_wherever_it_stands():
    words = "there are: "
    known_part = str(setting_fault("THE_LIST", frozenset({"get_bils"}))).partition(words)[2]
    with pytest.raises(Invalid) as refused:
        parse_lists("get_bils")
    assert str(refused.value).partition(words)[2] == known_part != ""
    assert setting_fault("THE_LIST", frozenset({"wms:get_bills"})) is None


def test_a_window_that_ends_before_it_begins_names_its_end():
    with pytest.raises(Invalid) as refused:
        parse_window("2025-07-01T00:00:00Z", "2025-06-01T00:00:00Z", NOW)
    assert list(refused.value.detail["json"]) == ["end_time"]


def test_only_a_beginning_that_one_id_has_names_a_connection():
    assert only_with_prefix("97", [CONNECTION.uid]) == CONNECTION.uid
    with pytest.raises(NotFound, match="several connections begin with '9'"):
        only_with_prefix("9", [CONNECTION.uid, "9"])
    with pytest.raises(NotFound, match="there is no connection 'x'"):
        only_with_prefix("x", [])


def test_an_organization_is_chosen_by_id_or_name_and_the_only_one_without():
    acme, other_organization = (
        Organization(f"org_{name}", name, None, {}, NOW) for name in ("Acme", "Other")
    )
    assert choose([acme], None) is acme
    assert choose([acme, other_organization], "acme") is acme
    assert choose([acme, other_organization], "org_Other") is other_organization
    with pytest.raises(Invalid, match="say which with --organization"):
        choose([acme, other_organization], None)
    with pytest.raises(Invalid, match="are several"):
        choose([acme, replace(other_organization, name="ACME")], "acme")
    with pytest.raises(NotFound):
        choose([acme, other_organization], "nobody")


# Several ways to sign in


def test_only_the_fields_of_the_way_that_is_chosen_are_asked_for_and_taken():
    ways = ways_integration()
    assert fill(ways, {"port": "80", "token": "t"}, {}) == {"sign_in": "token", "port": "80", "token": "t"}
    with pytest.raises(Invalid, match="token is only for sign_in=token, and it is oauth"):
        fill(ways, {"sign_in": "oauth", "port": "80", "token": "t"}, {})
    with pytest.raises(Invalid, match="sign_in is 'fax'; wanted is one of token, oauth"):
        fill(ways, {"sign_in": "fax", "port": "80", "token": "t"}, {})


def test_the_operators_app_counts_where_it_is_chosen():
    ways, app = ways_integration(), {"client_id": "c", "client_secret": "s"}
    assert with_app(ways, {"token": "t"}, app) == {"token": "t"}
    assert with_app(ways, {"sign_in": "oauth"}, app) == {"sign_in": "oauth", **app}


def test_another_way_keeps_what_all_ways_have_and_nothing_else():
    stored = {"sign_in": "token", "port": "80", "token": "t"}
    replaced = replace_values(ways_integration(), stored, {"sign_in": "oauth"})
    assert replaced == {"sign_in": "oauth", "port": "80"}


def test_the_way_is_asked_for_first():
    values: dict[str, str] = {}
    while field := next_field(ways_integration(), values):
        values[field.key] = {"sign_in": "oauth"}.get(field.key, "1")
    assert list(values) == ["sign_in", "port", "client_id", "client_secret"]
