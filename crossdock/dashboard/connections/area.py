"""The pages about connections."""

from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.web.operation import Parameter

_CONNECTION = (Parameter("connection_id", "path"),)
_LINK = (Parameter("magic_link_id", "path"),)


def _page(path: str, handler: str, name: str, permission: str = "connections.view") -> DashboardOperation:
    """A page; below a connection where its path names one."""
    parameters = _CONNECTION if "{connection_id}" in path else ()
    return DashboardOperation(
        "GET", path, f"connections.{handler}", f"dashboard_{name}", permission, parameters=parameters
    )


def _form(path: str, handler: str, name: str, acts: tuple[str, ...]) -> DashboardOperation:
    """A form that is sent to a page."""
    parameters = _CONNECTION if "{connection_id}" in path else _LINK if "{magic_link_id}" in path else ()
    return DashboardOperation(
        "POST", path, f"connections.{handler}", f"dashboard_{name}_form", "connections.manage",
        parameters=parameters, acts=acts,
    )  # fmt: skip


_ONE = "/connections/{connection_id}"

CONNECTIONS = Area(
    "Connections", "/connections", "plug", "connections.view",
    (
        _page("/connections", "pages.listed", "connections"),
        _page("/connections/new", "adding.shown", "connections_new", "connections.manage"),
        _form("/connections/new", "adding.changed", "connections_new", ("token", "connected")),
        _page("/connections/magic-links", "magic_links.listed", "magic_links"),
        _page(
            "/connections/magic-links/new", "magic_links.form_shown", "magic_link_new", "connections.manage"
        ),
        _form("/connections/magic-links/new", "magic_links.made", "magic_link_new", ("make",)),
        _form("/connections/magic-links/{magic_link_id}", "magic_links.changed", "magic_link", ("delete",)),
        _page(_ONE, "pages.shown", "connection"),
        _form(
            _ONE, "acts.changed", "connection", ("sync", "pause", "resume", "mute", "unmute", "frequency")
        ),
        _page(f"{_ONE}/syncs", "syncs.listed", "connection_syncs"),
        _form(f"{_ONE}/syncs", "syncs.changed", "connection_syncs", ("create", "cancel")),
        _page(f"{_ONE}/runs", "runs.listed", "connection_runs"),
        _page(f"{_ONE}/set-aside", "set_aside.listed", "connection_set_aside", "records.view"),
        _page(f"{_ONE}/custom-fields", "custom_fields.shown", "connection_custom_fields"),
        _form(
            f"{_ONE}/custom-fields", "custom_fields.changed", "connection_custom_fields", ("preview", "save")
        ),
        _page(f"{_ONE}/settings", "settings.shown", "connection_settings"),
        _form(f"{_ONE}/settings", "settings.changed", "connection_settings", ("save",)),
        _page(f"{_ONE}/access", "access.shown", "connection_access"),
        _form(
            f"{_ONE}/access", "access.changed", "connection_access",
            ("reveal", "rotate", "token", "connected"),
        ),
        _page(f"{_ONE}/delete", "access.end_shown", "connection_delete", "connections.manage"),
        _form(f"{_ONE}/delete", "access.ended", "connection_delete", ("delete",)),
    ),
)  # fmt: skip
