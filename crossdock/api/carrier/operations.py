"""The operations about carriers' files, invoices and charges that are not reads of a resource."""

from crossdock.api.carrier import schemas
from crossdock.api.operation import PAGE_TOKEN, Access, ApiOperation
from crossdock.audit.rules import RULES
from crossdock.store.carriers.claims import STATES
from crossdock.web.operation import Parameter

START_TIME = Parameter(
    "start_time", is_time=True, deprecated=True,
    description="As created_date[gte]. 24 hours ago, where neither it nor created_date is given.",
)  # fmt: skip
END_TIME = Parameter(
    "end_time", is_time=True, deprecated=True,
    description="As created_date[lte]. Now, where neither it nor created_date is given.",
)  # fmt: skip
CREATED_DATE = "created_date"
_CAME = {
    "": "Only files that came in at this second. With any filter of created_date all others are left out "
    "that do not fit, however old those are that do.",
    "eq": "The same.", "neq": "Not at this second.", "gt": "After it.", "gte": "At it or after.",
    "lt": "Before it.", "lte": "At it or before.", "in": "At one of these.", "nin": "At none of these.",
}  # fmt: skip
CREATED_DATES = tuple(
    Parameter(
        f"{CREATED_DATE}[{operator}]" if operator else CREATED_DATE,
        description=text, is_time=True, is_many=operator in ("in", "nin"),
    )
    for operator, text in _CAME.items()
)  # fmt: skip
FILES_LIMIT = Parameter(
    "limit", description="How many on a page; more than 1000 is taken as 1000.", is_number=True, default=100
)
FILE_TYPE = Parameter("file_type", description="Only files with this extension, in any case: csv, pdf.")
FILE_NAME = Parameter("file_name", description="Only files whose name contains this, case and all.")
UPLOAD_NAME = Parameter("file_name", description="The name of the file; a form brings its own.")
NOTED_ID = Parameter("invoice_id", description="The invoice's number, where the file has none.")
NOTED_DATE = Parameter("invoice_date", description="Its date, where the file has none.", is_time=True)
FILE_ID = Parameter("file_id", "path")
LONG_FILE_ID = Parameter("file_id", "path", may_have_slashes=True)
EXPIRES = Parameter("expires", description="As the link has it.")
SIGNATURE = Parameter("signature", description="As the link has it.")
INVOICE_ID = Parameter("invoice_id", description="Only the invoice with this number.")
TRACKING_NUMBER = Parameter("tracking_number", description="Only the shipment with this number.")
ORDER_ID = Parameter("order_id", description="Only shipments of the order with this id, in any system.")
RULE = Parameter("rule", description="Only findings of this rule.", choices=RULES)
STATE = Parameter("state", description="Only findings whose claim is in this state.", choices=STATES)
FINDING_ID = Parameter("finding_id", "path")
RECONCILED = Parameter("reconciled", description="Only invoices whose totals are met, or not.", is_flag=True)

CARRIER = (
    ApiOperation(
        "GET", "/carrier/files", "carrier.files.get_list",
        "listCarrierFiles", "List invoice files that came in",
        "Files", schemas.CarrierFileList,
        parameters=(START_TIME, END_TIME, *CREATED_DATES, FILES_LIMIT, PAGE_TOKEN, FILE_TYPE, FILE_NAME),
        errors=(401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "POST", "/carrier/files", "carrier.files.uploaded", "uploadCarrierFile", "Bring an invoice file in",
        "Files", schemas.ReceivedFileItem, parameters=(UPLOAD_NAME, NOTED_ID, NOTED_DATE), takes_file=True,
        errors=(401, 403, 413, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/files/{file_id}", "carrier.files.get_item", "getCarrierFile",
        "Read what became of one file: its sums, and what in it does not fit", "Files",
        schemas.ReceivedFileItem, parameters=(LONG_FILE_ID,), errors=(401, 403, 404, 422, 429, 501),
    ),
    ApiOperation(
        "DELETE", "/carrier/files/{file_id}", "carrier.files.removed", "deleteCarrierFile",
        "Take a file away, with all that no other file says", "Files",
        schemas.RemovedFile, parameters=(LONG_FILE_ID,), errors=(401, 403, 404, 422, 429, 501),
    ),
    ApiOperation(
        "POST", "/carrier/files/{file_id}/read", "carrier.files.read_again", "readCarrierFile",
        "Read a file again", "Files",
        schemas.ReceivedFileItem, parameters=(FILE_ID,), errors=(401, 403, 404, 409, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/files/{file_id}/download", "carrier.files.downloaded", "downloadCarrierFile",
        "A file as it came in; the link is part of its description, and opens for 20 minutes", "Files",
        bytes, access=Access.NONE, parameters=(FILE_ID, EXPIRES, SIGNATURE), errors=(403, 404, 422, 429, 503),
    ),
    ApiOperation(
        "GET", "/carrier/invoices", "carrier.invoices.get_list", "listCarrierInvoices",
        "List invoices with their totals, and whether these are met", "Invoices",
        schemas.CarrierInvoiceList,
        parameters=(INVOICE_ID, RECONCILED, FILES_LIMIT, PAGE_TOKEN), errors=(401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/audit/findings", "carrier.audit.get_list", "listAuditFindings",
        "List what looks wrong in what was charged", "Audit", schemas.AuditFindingList,
        parameters=(RULE, STATE, TRACKING_NUMBER, INVOICE_ID, FILES_LIMIT, PAGE_TOKEN),
        errors=(401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "PATCH", "/carrier/audit/findings/{finding_id}", "carrier.audit.claimed", "claimAuditFinding",
        "Say what was done about a finding", "Audit", schemas.AuditClaimItem, parameters=(FINDING_ID,),
        body=schemas.AuditClaimBody, example={"state": "disputed", "note": "Claim 4711 of today"},
        errors=(400, 401, 403, 404, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/shipment-costs", "carrier.audit.costs", "listShipmentCosts",
        "List what each shipment cost, and which orders of the same customer it was for", "Audit",
        schemas.ShipmentCostList,
        parameters=(TRACKING_NUMBER, ORDER_ID, FILES_LIMIT, PAGE_TOKEN), errors=(401, 403, 422, 429, 501),
    ),
)  # fmt: skip
