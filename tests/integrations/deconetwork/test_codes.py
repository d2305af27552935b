"""The tables of codes, held to the contract's description."""

from typing import Any, get_args

import pytest
import yaml

from crossdock.errors import InvalidCredentials, MissingPermission, VendorNonsense, VendorRefused
from crossdock.integrations.deconetwork import client
from crossdock.integrations.deconetwork.codes import BEFORE, EQUAL, FROM, OUTCOMES, outcome
from crossdock.integrations.deconetwork.read import ORDER_STATUS
from crossdock.resources.wms.orders import OrderStatus
from tests.conftest import needs_shared


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    text = needs_shared("contract", "deconetwork.openapi.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)["components"]["schemas"]
    return found


def envelope(code: int, severity: str = "ERROR") -> dict[str, Any]:
    return {"response_status": {"code": code, "severity": severity, "description": "why"}}


def test_every_code_of_the_description_is_in_the_table_and_no_other(schemas: dict[str, Any]):
    status = schemas["ResponseStatus"]
    seen = {entry["code"] for entry in status["x-unverified-codes"]}
    assert {*OUTCOMES} == {*status["properties"]["code"]["enum"]} | seen


def test_a_code_goes_well_just_when_its_severity_is_no_error(schemas: dict[str, Any]):
    for entry in schemas["ResponseStatus"]["x-codes"]:
        failure = outcome(envelope(entry["code"], entry["severity"]))
        assert (failure is None) == (entry["severity"] != "ERROR"), entry


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (30001, InvalidCredentials), (10002, InvalidCredentials), (31000, MissingPermission),
        (10005, MissingPermission), (50002, VendorRefused), (50003, VendorRefused),
        (50004, VendorRefused), (50005, VendorRefused), (77777, VendorRefused),
    ],
)  # fmt: skip
def test_each_failure_is_the_error_that_it_means_with_its_code_and_words(code: int, kind: type[Exception]):
    failure = outcome(envelope(code))
    assert type(failure) is kind
    assert str(failure) == f"{code}: why"


def test_a_code_that_nobody_knows_goes_by_its_severity():
    assert outcome(envelope(77777, "WARNING")) is None


@pytest.mark.parametrize(
    "body", [None, [], {}, {"response_status": "ok"}, {"response_status": {"code": "1"}}]
)
def test_an_answer_without_an_outcome_is_none(body: Any):
    assert isinstance(outcome(body), VendorNonsense)


def test_fields_and_conditions_are_called_by_the_codes_that_they_have(schemas: dict[str, Any]):
    assert {
        code: schemas["ConditionCode"]["x-enum-meaning"][str(code)] for code in (EQUAL, BEFORE, FROM)
    } == {EQUAL: "==", BEFORE: "<", FROM: ">="}
    for searched, schema, meaning in (
        (client.EVENTS, "InventoryEventField", "Date Created"),
        (client.INVENTORY, "InventoryField", "Date Modified"),
        (client.ORDERS, "OrderField", "Date Modified"),
        (client.PRODUCTS, "ProductField", "Date Modified"),
        (client.PURCHASE_ORDERS, "PurchaseOrderField", "Date Modified"),
    ):
        assert schemas[schema]["x-enum-meaning"][str(searched.field)] == meaning
    for field, schema, meaning in (
        (client.INVOICE_NUMBER, "OrderField", "Invoice Number"),
        (client.PRODUCT_ID, "InventoryField", "Product Id"),
        (client.PRODUCT_ID, "ProductField", "Product Id"),
        (client.PO_NUMBER, "PurchaseOrderField", "Purchase Order Number"),
    ):
        assert schemas[schema]["x-enum-meaning"][str(field)] == meaning


def test_every_status_of_an_order_becomes_one_of_ours():
    assert {*ORDER_STATUS.values()} <= {*get_args(OrderStatus)}
