"""The operations about carriers' files, invoices and charges that are not reads of a resource."""

from crossdock.api.carrier import audit_schemas, schemas
from crossdock.api.operation import PAGE_TOKEN, Access, ApiOperation
from crossdock.audit.findings import CERTAINTIES, DIRECTIONS, RULES
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
RULE = Parameter("rule", description="Only findings of this rule.", choices=tuple(RULES))
STATE = Parameter("state", description="Only findings whose claim is in this state.", choices=STATES)
DIRECTION = Parameter("direction", description="Only findings whose money goes this way.", choices=DIRECTIONS)
CERTAINTY = Parameter("certainty", description="Only findings that are so certain.", choices=CERTAINTIES)
ACCOUNT_ID = Parameter("account_id", description="Only of the account with this number.")
CARD_ACCOUNT = Parameter("account_id", description="The account; none: all that have none of their own.")
CARD_NAME = Parameter("name", description="What the rate card is shown as.")
CURRENCY = Parameter("currency", description="Only in this currency: USD.")
MIN_AMOUNT = Parameter("min_amount", description="Only findings of at least so much: 12.50.")
MAX_AMOUNT = Parameter("max_amount", description="Only findings of at most so much.")
CHARGED_FROM = Parameter("charged_date[gte]", description="Only of parcels sent then or later.", is_time=True)
CHARGED_TO = Parameter("charged_date[lte]", description="Only of parcels sent then or before.", is_time=True)
PART_OF = Parameter("part_of", description="Only the members of this finding, which shows them as one.")
PARTS = Parameter("parts", description="Also the members of findings that show several as one.", is_flag=True)
FINDING_FILTERS = (
    RULE, DIRECTION, CERTAINTY, STATE, TRACKING_NUMBER, ACCOUNT_ID, INVOICE_ID, CURRENCY, MIN_AMOUNT,
    MAX_AMOUNT, CHARGED_FROM, CHARGED_TO, PART_OF, PARTS,
)  # fmt: skip
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
        "List what the audit found in what was charged, the largest amount first", "Audit",
        audit_schemas.AuditFindingList, parameters=(*FINDING_FILTERS, FILES_LIMIT, PAGE_TOKEN),
        errors=(401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "PATCH", "/carrier/audit/findings/{finding_id}", "carrier.audit.claimed", "claimAuditFinding",
        "Say what was done about a finding", "Audit", audit_schemas.AuditClaimItem, parameters=(FINDING_ID,),
        body=audit_schemas.AuditClaimBody,
        example={"state": "disputed", "note": "Claim 4711 of today", "amount": 4.35},
        errors=(400, 401, 403, 404, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/audit/totals", "carrier.audit.totals", "listAuditTotals",
        "Add the findings up by rule, direction, account, month and currency", "Audit",
        audit_schemas.AuditTotalList, errors=(401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/audit/settings", "carrier.rates.get_settings", "getAuditSettings",
        "Read what accounts are judged by", "Audit", audit_schemas.AuditSettingsList,
        errors=(401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "PUT", "/carrier/audit/settings", "carrier.rates.put_settings", "putAuditSettings",
        "Set what accounts are judged by; the next audit does", "Audit", audit_schemas.AuditSettingsList,
        body=audit_schemas.AuditSettingsBody,
        example={"settings": [{"account_id": "00A1", "dim_divisor": 194, "spreads_costs": True}]},
        errors=(400, 401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/audit/rate-cards", "carrier.rates.get_rate_cards", "listRateCards",
        "List the rate cards that freight is compared with", "Audit", audit_schemas.RateCardList,
        errors=(401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "PUT", "/carrier/audit/rate-cards", "carrier.rates.put_rate_card", "putRateCard",
        "Upload an account's rate card as CSV, in place of the one before", "Audit",
        audit_schemas.RateCardItem, parameters=(CARD_ACCOUNT, CARD_NAME), takes_file=True,
        errors=(401, 403, 413, 422, 429, 501),
    ),
    ApiOperation(
        "DELETE", "/carrier/audit/rate-cards", "carrier.rates.delete_rate_card", "deleteRateCard",
        "Remove an account's rate card", "Audit", audit_schemas.RemovedRateCard,
        parameters=(CARD_ACCOUNT,), errors=(401, 403, 404, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/audit/price-list", "carrier.rates.price_list", "listPrices",
        "List what accounts usually pay for freight, as their own invoices show", "Audit",
        audit_schemas.ListPriceList, parameters=(ACCOUNT_ID, FILES_LIMIT, PAGE_TOKEN),
        errors=(401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/account-costs", "carrier.costs.account_costs", "listAccountCosts",
        "List what was charged without a tracking number, by invoice and label", "Audit",
        audit_schemas.AccountCostList, parameters=(FILES_LIMIT, PAGE_TOKEN), errors=(401, 403, 422, 429, 501),
    ),
    ApiOperation(
        "GET", "/carrier/shipment-costs", "carrier.costs.costs", "listShipmentCosts",
        "List what each shipment cost, and which orders of the same customer it was for", "Audit",
        audit_schemas.ShipmentCostList,
        parameters=(TRACKING_NUMBER, ORDER_ID, FILES_LIMIT, PAGE_TOKEN), errors=(401, 403, 422, 429, 501),
    ),
)  # fmt: skip
