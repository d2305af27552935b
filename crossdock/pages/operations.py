"""Every page below /connect, on one screen."""

from crossdock.web.operation import HttpOperation, Parameter

PREFIX = "/connect"

OPERATIONS = (
    HttpOperation("GET", "/frame", "connect.frame", "connect_frame"),
    HttpOperation(
        "GET", "/m/{secret}", "connect.magic_link", "connect_magic_link",
        parameters=(Parameter("secret", "path"),),
    ),
    HttpOperation(
        "GET", "/static/{edition}/{name}", "connect.static_file", "connect_static",
        parameters=(Parameter("edition", "path"), Parameter("name", "path")),
    ),
)  # fmt: skip
