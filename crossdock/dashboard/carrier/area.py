"""The pages about carriers: their files, invoices, charges, and what the audit finds in them."""

from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.store.carriers.claims import STATES
from crossdock.web.operation import Parameter

_CONNECTION = (Parameter("connection_id", "path"),)
_FILE = (*_CONNECTION, Parameter("file_id", "path"))
_INVOICE = (*_CONNECTION, Parameter("carrier_invoice_id", "path"))
_FINDING = (*_CONNECTION, Parameter("finding_id", "path"))
_ACCOUNT = "/carrier/{connection_id}"


def _page(path: str, handler: str, name: str, parameters: tuple[Parameter, ...]) -> DashboardOperation:
    return DashboardOperation(
        "GET", f"{_ACCOUNT}{path}", f"carrier.{handler}", f"dashboard_carrier_{name}", "records.view",
        parameters=parameters,
    )  # fmt: skip


CARRIER = Area(
    "Carrier", "/carrier", "parcel", "records.view",
    (
        DashboardOperation(
            "GET", "/carrier", "carrier.accounts.listed", "dashboard_carriers", "records.view"
        ),
        _page("", "accounts.shown", "spend", _CONNECTION),
        _page("/files", "files.listed", "files", _CONNECTION),
        DashboardOperation(
            "POST", f"{_ACCOUNT}/files", "carrier.acts.uploaded", "dashboard_carrier_upload", "records.write",
            parameters=_CONNECTION, takes_file=True, is_file_large=True,
        ),
        _page("/files/{file_id}", "files.shown", "file", _FILE),
        DashboardOperation(
            "POST", f"{_ACCOUNT}/files/{{file_id}}", "carrier.acts.file_changed",
            "dashboard_carrier_file_form", "records.write", parameters=_FILE, acts=("read", "remove"),
        ),
        _page("/invoices", "invoices.listed", "invoices", _CONNECTION),
        _page("/invoices/{carrier_invoice_id}", "invoices.shown", "invoice", _INVOICE),
        _page("/line-items", "charges.listed", "line_items", _CONNECTION),
        _page("/costs", "charges.costs", "costs", _CONNECTION),
        _page("/findings", "findings.listed", "findings", _CONNECTION),
        DashboardOperation(
            "POST", f"{_ACCOUNT}/findings/{{finding_id}}", "carrier.acts.claimed", "dashboard_claim_form",
            "records.write", parameters=_FINDING, acts=STATES,
        ),
        _page("/findings.csv", "findings.exported", "findings_csv", _CONNECTION),
        _page("/rates", "rates.shown", "rates", _CONNECTION),
        DashboardOperation(
            "POST", f"{_ACCOUNT}/rates", "carrier.rates.changed", "dashboard_rates_form", "records.write",
            parameters=_CONNECTION, acts=("set", "forget", "remove_card"),
        ),
        DashboardOperation(
            "POST", f"{_ACCOUNT}/rate-cards", "carrier.rates.uploaded", "dashboard_rate_card_form",
            "records.write", parameters=_CONNECTION, takes_file=True, is_file_large=True,
        ),
    ),
)  # fmt: skip
