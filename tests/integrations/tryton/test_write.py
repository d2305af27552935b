"""Tryton's writes without a Tryton: what they call, in which order, and what they refuse before they do."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crossdock.errors import CrossdockError, Invalid, VendorRefused
from crossdock.integrations.tryton.rpc import READING, UserWarningRaised, failure_of
from crossdock.integrations.tryton.walks.origins import _only, _order, _sources
from crossdock.integrations.tryton.write.calls import amount, date, made_since, number
from crossdock.integrations.tryton.write.inbound_shipments import COPIED, _arrived
from crossdock.kit.contract import Command
from crossdock.kit.registry import get_integration
from crossdock.writes.steps import dry_run

TRYTON = get_integration("wms", "tryton")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://erp.example.com/db/rpc/"

ADDRESS = {"full_name": "Ada", "address1": "1 Main St", "city": "Springfield", "country": "us"}
ORDER = {
    "reference_id": "R-1",
    "ship_to_address": ADDRESS,
    "warehouse_id": "5",
    "line_items": [{"sku": "MUG", "quantity": 2, "unit_price": Decimal("10.99")}],
    "invoice_currency_code": "USD",
}
WAITING = {
    "id": 12, "state": "waiting", "warehouse": 5, "warehouse_storage": 3, "warehouse_output": 2,
    "moves.": [{"id": 1, "state": "draft"}],
    "outgoing_moves.": [
        {"id": 1, "state": "draft", "internal_quantity": Decimal(2), "product.": {"code": "MUG"}},
    ],
}  # fmt: skip


def command(action: str, body: dict[str, Any], record_id: str | None = None, **extra_fields: Any) -> Command:
    return Command(action, body, record_id, begun=NOW, **extra_fields)


def played(requested_command: Command, answers: Sequence[Any], texts: list[str] | None = None) -> list[str]:
    """The calls that a write makes when it gets these answers, by the end of their name.

    texts: a list that has them even when the write fails.
    """
    steps, texts = TRYTON.steps(requested_command), [] if texts is None else texts
    answer: Any = None
    script = iter(answers)
    try:
        while True:
            call: Any = steps.send(answer)
            texts.append(".".join(call.path.split(".")[-2:]))
            answer = next(script)
    except StopIteration:
        return texts


def fault(requested_command: Command, answers: Sequence[Any]) -> CrossdockError:
    with pytest.raises((Invalid, VendorRefused)) as failure:
        played(requested_command, answers)
    return failure.value


# What is there


def test_every_write_of_the_manifest_is_there_and_says_what_it_accepts():
    for action, write in TRYTON.writes.items():
        assert TRYTON.accepts(action)
        assert write.action == action
    assert TRYTON.writes.keys() == TRYTON.actions


def test_every_function_that_makes_something_can_be_asked_for():
    writes = [write for write in TRYTON.writes if write.startswith("create_")]
    assert [action for action in writes if TRYTON.operation(action).find is None] == []


# Rehearsals


@pytest.mark.parametrize(
    ("action", "body", "last"),
    [
        ("create_order", ORDER, "model.stock.shipment.out.wait"),
        ("create_product", {"sku": "MUG", "name": "Mug"}, "model.product.product.search_read"),
        (
            "create_inbound_shipment",
            {
                "purchase_order_number": "PO-1",
                "warehouse_id": "5",
                "supplier": "Supplier 1",
                "line_items": [{"sku": "MUG", "expected_quantity": 4}],
            },
            "model.stock.shipment.in.create",
        ),
        (
            "create_return",
            {"order_id": "12", "line_items": [{"sku": "MUG", "quantity": 1}]},
            "model.stock.shipment.out.return.create",
        ),
    ],
)
def test_what_makes_something_can_be_shown_to_its_end_without_asking(
    action: str, body: dict[str, Any], last: str
):
    dry_run_steps = dry_run(TRYTON.steps(command(action, body)))
    assert (dry_run_steps.is_complete, dry_run_steps.calls[-1].path) == (True, last)


def test_what_depends_on_the_state_is_shown_up_to_asking_for_it():
    for action in ("cancel_order", "create_order_shipment", "update_order", "cancel_return", "update_return"):
        dry_run_steps = dry_run(TRYTON.steps(command(action, {}, "12")))
        assert (dry_run_steps.is_complete, len(dry_run_steps.calls)) == (False, 1), action


# Orders


def test_an_order_is_one_shipment_with_all_its_moves_and_then_waits():
    calls = dry_run(TRYTON.steps(command("create_order", ORDER))).calls
    [call] = [call for call in calls if call.path == "model.stock.shipment.out.create"]
    [[values]] = call.body
    [[verb, [move]]] = values["moves"]
    assert (values["reference"], values["warehouse"], verb) == ("R-1", 5, "create")
    assert (move["quantity"], move["unit_price"]) == (2, {"__class__": "Decimal", "decimal": "10.99"})
    assert [call.path for call in calls if not call.asks] == [
        "model.stock.shipment.out.create",
        "model.stock.shipment.out.wait",
    ]


def test_an_order_that_was_made_is_not_made_again():
    requested_command = command("create_order", ORDER, found="12")
    assert played(requested_command, [[{"id": 12, "state": "draft"}], None]) == [
        "out.search_read",
        "out.wait",
    ]
    assert played(requested_command, [[{"id": 12, "state": "waiting"}]]) == ["out.search_read"]


def test_a_line_names_its_product_by_id_or_by_sku():
    order = ORDER | {"line_items": [{"quantity": 1}]}
    error = fault(command("create_order", order), [[{"id": 1}]])
    assert isinstance(error, Invalid)
    assert error.detail == {"json": {"line_items.0": ["one of these is required: product_id, sku"]}}


@pytest.mark.parametrize(
    ("state", "calls"),
    [
        ("draft", ["out.cancel"]),
        ("waiting", ["out.cancel"]),
        ("assigned", ["out.cancel"]),
        ("packed", ["out.cancel"]),
        ("cancelled", []),
    ],
)
def test_an_order_is_cancelled_until_it_has_left(state: str, calls: list[str]):
    requested_command = command("cancel_order", {}, "12")
    assert played(requested_command, [[{"id": 12, "state": state}], None]) == ["out.search_read", *calls]


@pytest.mark.parametrize("state", ["shipped", "done"])
def test_what_has_left_is_not_cancelled(state: str):
    error = fault(command("cancel_order", {}, "12"), [[{"id": 12, "state": state}]])
    assert isinstance(error, VendorRefused)
    assert error.status == 409


@pytest.mark.parametrize(
    ("now", "stored", "body", "calls"),
    [
        ("waiting", "waiting", {"reference_id": "R-2"}, ["out.write"]),
        ("draft", "waiting", {"reference_id": "R-2"}, ["out.write", "out.wait"]),
        ("draft", "draft", {"reference_id": "R-2"}, ["out.write"]),
    ],
)
def test_a_changed_order_ends_as_it_was(now: str, stored: str, body: dict[str, Any], calls: list[str]):
    requested_command = command("update_order", body, "12", stored={"raw_status": stored})
    assert played(requested_command, [[{"id": 12, "state": now, "customer": 8}], None, None]) == [
        "out.search_read",
        *calls,
    ]


# Shipping


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        ("draft", ["wait", "assign_try", "?", "pick", "pack", "ship", "do"]),
        ("waiting", ["assign_try", "?", "pick", "pack", "ship", "do"]),
        ("assigned", ["pick", "pack", "ship", "do"]),
        ("picked", ["pack", "ship", "do"]),
        ("packed", ["ship", "do"]),
        ("shipped", ["do"]),
    ],
)
def test_only_what_is_left_of_the_way_is_gone(state: str, buttons: list[str]):
    requested_command = command("create_order_shipment", {}, "12")
    answers: list[Any] = [[WAITING | {"state": state}], []]
    answers += [[{"id": 12, "state": "assigned"}] if button == "?" else None for button in buttons]
    texts = [text.removeprefix("out.") for text in played(requested_command, answers)]
    assert texts == [
        "search_read",
        "field.search_read",
        *(button.replace("?", "search_read") for button in buttons),
    ]


def test_a_warehouse_that_sends_from_its_storage_picks_nothing():
    now = WAITING | {"state": "assigned", "warehouse_output": 3}
    requested_command = command("create_order_shipment", {}, "12")
    assert played(requested_command, [[now], [], None, None, None])[2:] == ["out.pack", "out.ship", "out.do"]


def test_what_tryton_has_no_place_for_is_told_before_a_step_is_made():
    error = fault(command("create_order_shipment", {"tracking_number": "1Z"}, "12"), [[WAITING], []])
    assert isinstance(error, Invalid)
    assert list(error.detail["json"]) == ["tracking_number"]


@pytest.mark.parametrize(("before", "resets"), [("draft", True), ("assigned", False)])
def test_a_reservation_that_is_not_enough_is_given_back_unless_it_was_there(before: str, resets: bool):
    now = WAITING | {"moves.": [{"id": 1, "state": before}]}
    texts: list[str] = []
    answers = [[now], [], None, [{"id": 12, "state": "waiting"}], None]
    with pytest.raises(VendorRefused, match="not enough"):
        played(command("create_order_shipment", {}, "12"), answers, texts)
    assert texts[2:] == ["out.assign_try", "out.search_read", *(["out.wait"] if resets else [])]


# Receiving


def move(record: int, sku: str, quantity: str, state: str = "draft", *, count: int = 1) -> dict[str, Any]:
    """A move of so many units, each of which is `count` of the item."""
    amounts = {"quantity": Decimal(quantity), "internal_quantity": Decimal(quantity) * count}
    copied = dict.fromkeys(COPIED, 7)
    return {"id": record, "state": state, "product.": {"code": sku}} | copied | amounts


def changes_of(arrived: dict[str, int], *moves: dict[str, Any]) -> tuple[dict[int, float], list[float]]:
    """The quantities that moves are given, and those that are kept as missing."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in arrived.items()]
    changes, missing = _arrived(lines, moves)
    assert all(item["product"] == 7 for item in missing)
    return {record: values["quantity"] for _, [record], values in changes}, [
        item["quantity"] for item in missing
    ]


@pytest.mark.parametrize(
    ("arrived", "changes", "missing"),
    [
        ({"A": 10, "B": 4}, {}, []),
        ({"A": 8, "B": 4}, {2: 2}, [2]),
        ({"A": 5, "B": 4}, {1: 5, 2: 0}, [1, 4]),
        ({"A": 12, "B": 4}, {2: 6}, []),
        ({"A": 10}, {3: 0}, [4]),
    ],
)
def test_what_arrived_is_spread_over_the_moves_of_an_item_and_what_did_not_is_kept(
    arrived: dict[str, int], changes: dict[int, int], missing: list[int]
):
    moves = [move(1, "A", "6"), move(2, "A", "4"), move(3, "B", "4"), move(4, "A", "9", "cancelled")]
    assert changes_of(arrived, *moves) == (changes, missing)


def test_what_did_not_come_is_noted_once_the_shipment_is_received():
    """Were it there before, Tryton would put it away with the goods."""
    shipment = {"id": 8, "state": "draft", "warehouse": 5, "warehouse_input": 1, "warehouse_storage": 3}
    requested_command = command(
        "receive_inbound_shipment", {"line_items": [{"sku": "A", "quantity": 6}]}, "8"
    )
    answers = [[shipment | {"incoming_moves.": [move(1, "A", "10")]}], None, None, None, [{"id": 2}], None]
    calls = ["in.search_read", "in.write", "in.receive", "in.write", "move.search_read", "move.write"]
    assert played(requested_command, answers) == calls


def test_a_receipt_that_broke_off_before_its_end_notes_what_is_missing_and_receives_nothing_twice():
    shipment = {"id": 8, "state": "received", "warehouse": 5, "warehouse_input": 1, "warehouse_storage": 3}
    moves = [move(1, "A", "6", "done"), move(2, "A", "4", "draft")]
    body = {"line_items": [{"sku": "A", "quantity": 6}]}
    requested_command = command("receive_inbound_shipment", body, "8", found="8")
    answers = [[shipment | {"incoming_moves.": moves}], [{"id": 2}], None]
    assert played(requested_command, answers) == ["in.search_read", "move.search_read", "move.write"]
    assert played(requested_command, [[shipment | {"incoming_moves.": moves[:1]}], []])[1:] == [
        "move.search_read"
    ]


def test_what_comes_by_the_dozen_is_received_by_the_piece():
    """As it is shown. 24 of them are the two dozen that were expected, and 18 are one and a half."""
    dozens = move(1, "EGG", "2", count=12)
    assert changes_of({"EGG": 24}, dozens) == ({}, [])
    assert changes_of({"EGG": 18}, dozens) == ({1: 1.5}, [0.5])


def test_what_was_shown_rounded_is_received_as_it_is():
    """1.98 kg are shown as 2: who receives 2 receives all of it."""
    assert changes_of({"A": 2}, move(1, "A", "1.98")) == ({}, [])


def test_what_was_not_expected_is_not_received():
    with pytest.raises(Invalid, match="the shipment has no 'C'"):
        _arrived([{"sku": "C", "quantity": 1}], [move(1, "A", "6")])


# Returns and the orders they come of


@pytest.mark.parametrize(
    ("origins", "sources"),
    [
        (["stock.move,7", "stock.move,8"], {7, 8}),
        (["stock.move,7", "sale.line,8"], {7, 0}),
        (["sale.line,8"], set()),
        ([None], set()),
        ([], set()),
    ],
)
def test_the_moves_that_a_return_comes_of(origins: list[str | None], sources: set[int]):
    assert _sources({"incoming_moves.": [{"origin": origin} for origin in origins]}) == sources


def test_a_return_has_an_order_when_all_of_it_comes_of_one():
    assert _order("stock.shipment.out,12") == 12
    assert _order("stock.shipment.out.return,12") is None
    assert _only({12}) == {"order": 12}
    assert _only({12, None}) == _only({12, 13}) == _only({None}) == {}


# Values and errors


def test_values_are_written_as_trytons_json_has_them():
    assert amount(Decimal("10.90")) == {"__class__": "Decimal", "decimal": "10.90"}
    assert amount(7) == {"__class__": "Decimal", "decimal": "7"}
    assert date("2026-12-01T23:30:00Z") == {"__class__": "date", "year": 2026, "month": 12, "day": 1}
    assert [number(item) for item in ("12", 12, "x", "", "-1", "²", "9" * 30)] == [12, 12, 0, 0, 0, 0, 0]


def test_a_search_reaches_back_further_than_clocks_differ():
    [[field, operator, since]] = made_since(command("create_order", {}))
    assert (field, operator, since["hour"], since["minute"]) == ("create_date", ">=", 11, 45)
    assert made_since(Command("create_order", {})) == []


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (["UserError", ["The digits are too many.", "", None]], 422, "The digits are too many."),
        (["UserWarning", ["1f.no_carrier", "No carrier.", ""]], 409, "No carrier."),
        (["ConcurrencyException", "changed by another"], 409, "changed by another"),
        (["'shipping_reference'", "Traceback"], 400, "'shipping_reference'"),
    ],
)
def test_a_refused_write_has_a_fitting_status(error: Any, status: int, message: str):
    failure = failure_of(error, "model.stock.shipment.out.create", URL)
    assert isinstance(failure, VendorRefused)
    assert failure.status == status
    assert message in str(failure)


def test_a_question_is_known_by_its_name_and_told_by_its_words():
    failure = failure_of(["UserWarning", ["1f.done", "No origin.", "Go on?"]], "model.stock.move.do", URL)
    assert isinstance(failure, UserWarningRaised)
    assert (failure.name, str(failure)) == ("1f.done", "No origin. Go on?")


def test_no_method_that_changes_something_counts_as_reading():
    assert READING & {"create", "write", "delete", "copy", "confirm", "do", "wait", "skip"} == set()
