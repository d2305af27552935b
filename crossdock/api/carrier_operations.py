"""The operations about carriers' files, invoices and charges that are not reads of a resource."""

from crossdock.api import carrier_schemas as schemas
from crossdock.api.operation import PAGE_TOKEN, Access, Operation, Parameter
from crossdock.audit.rules import RULES

START_TIME = Parameter(
    "start_time", description="Only files that came at or after it; 24 hours ago unless given.", is_time=True
)
END_TIME = Parameter(
    "end_time", description="Only files that came at or before it; now unless given.", is_time=True
)
FILES_LIMIT = Parameter(
    "limit", description="How many on a page; more than 1000 is taken as 1000.", is_number=True, default=100
)
FILE_TYPE = Parameter("file_type", description="Only files with this extension, csv.")
FILE_NAME = Parameter("file_name", description="Only files whose name contains this, case and all.")
UPLOAD_NAME = Parameter("file_name", description="The name of the file; a form brings its own.")
NOTED_ID = Parameter("invoice_id", description="The invoice's number, where the file has none.")
NOTED_DATE = Parameter("invoice_date", description="Its date, where the file has none.", is_time=True)
FILE_ID = Parameter("file_id", "path")
EXPIRES = Parameter("expires", description="As the link has it.")
SIGNATURE = Parameter("signature", description="As the link has it.")
INVOICE_ID = Parameter("invoice_id", description="Only the invoice with this number.")
TRACKING_NUMBER = Parameter("tracking_number", description="Only the shipment with this number.")
ORDER_ID = Parameter("order_id", description="Only shipments of the order with this id, in any system.")
RULE = Parameter("rule", description="Only findings of this rule.", choices=RULES)
RECONCILED = Parameter("reconciled", description="Only invoices whose totals are met, or not.", is_flag=True)

CARRIER = (
    Operation(
        "GET", "/carrier/files", "files.listed", "listCarrierFiles", "List invoice files that came in",
        "Files", schemas.CarrierFileList,
        parameters=(START_TIME, END_TIME, FILES_LIMIT, PAGE_TOKEN, FILE_TYPE, FILE_NAME),
        errors=(401, 403, 422, 429, 501),
    ),
    Operation(
        "POST", "/carrier/files", "files.uploaded", "uploadCarrierFile", "Bring an invoice file in",
        "Files", schemas.ReceivedFileItem, parameters=(UPLOAD_NAME, NOTED_ID, NOTED_DATE), takes_file=True,
        errors=(401, 403, 413, 422, 429, 501),
    ),
    Operation(
        "GET", "/carrier/files/{file_id}", "files.one", "getCarrierFile",
        "Read what became of one file: its sums, and what in it does not fit", "Files",
        schemas.ReceivedFileItem, parameters=(FILE_ID,), errors=(401, 403, 404, 422, 429, 501),
    ),
    Operation(
        "GET", "/carrier/files/{file_id}/download", "files.downloaded", "downloadCarrierFile",
        "A file as it came in; the link is part of its description, and opens for 20 minutes", "Files",
        bytes, access=Access.NONE, parameters=(FILE_ID, EXPIRES, SIGNATURE), errors=(403, 404, 422, 503),
    ),
    Operation(
        "GET", "/carrier/invoices", "invoices.listed", "listCarrierInvoices",
        "List invoices with their totals, and whether these are met", "Invoices",
        schemas.CarrierInvoiceList,
        parameters=(INVOICE_ID, RECONCILED, FILES_LIMIT, PAGE_TOKEN), errors=(401, 403, 422, 429, 501),
    ),
    Operation(
        "GET", "/carrier/audit/findings", "audit.listed", "listAuditFindings",
        "List what looks wrong in what was charged", "Audit", schemas.AuditFindingList,
        parameters=(RULE, TRACKING_NUMBER, INVOICE_ID, FILES_LIMIT, PAGE_TOKEN),
        errors=(401, 403, 422, 429, 501),
    ),
    Operation(
        "GET", "/carrier/shipment-costs", "audit.costs", "listShipmentCosts",
        "List what each shipment cost, and which orders of the same customer it was for", "Audit",
        schemas.ShipmentCostList,
        parameters=(TRACKING_NUMBER, ORDER_ID, FILES_LIMIT, PAGE_TOKEN), errors=(401, 403, 422, 429, 501),
    ),
)  # fmt: skip
