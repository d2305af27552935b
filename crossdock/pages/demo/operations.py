"""Every call of the page that the button is tried out on."""

from crossdock.web.operation import HttpOperation, Parameter

OPERATIONS = (
    HttpOperation("GET", "", "handlers.shown", "connect_demo"),
    HttpOperation("POST", "/link-token", "handlers.minted", "connect_demo_link_token"),
    HttpOperation("POST", "/exchange", "handlers.exchanged", "connect_demo_exchange"),
    HttpOperation(
        "GET", "/records/{connection_id}", "handlers.first_records", "connect_demo_records",
        parameters=(Parameter("connection_id", "path"),),
    ),
)  # fmt: skip
