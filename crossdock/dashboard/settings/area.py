"""The pages about an organization's settings."""

from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.web.operation import Parameter

_CHANNEL = (Parameter("channel_id", "path"),)

SETTINGS = Area(
    "Settings", "/settings", "gear", "organization.view",
    (
        DashboardOperation(
            "GET", "/settings", "settings.organization.shown", "dashboard_settings", "organization.view"
        ),
        DashboardOperation(
            "POST", "/settings", "settings.organization.changed", "dashboard_settings_form",
            "organization.manage", acts=("defaults", "functions", "second_factor", "reset"),
        ),
        DashboardOperation(
            "GET", "/settings/members", "settings.members.shown", "dashboard_members", "members.view"
        ),
        DashboardOperation(
            "POST", "/settings/members", "settings.members.changed", "dashboard_members_form",
            "members.manage", acts=("invite", "revoke", "role", "remove"),
        ),
        DashboardOperation(
            "GET", "/settings/keys", "settings.keys.listed", "dashboard_keys", "api_keys.view"
        ),
        DashboardOperation(
            "POST", "/settings/keys", "settings.keys.changed", "dashboard_keys_form", "api_keys.manage",
            acts=("make", "revoke"),
        ),
        DashboardOperation(
            "GET", "/settings/notifications", "settings.notifications.listed", "dashboard_notifications",
            "connections.view",
        ),
        DashboardOperation(
            "POST", "/settings/notifications", "settings.notifications.made", "dashboard_notifications_form",
            "connections.manage",
        ),
        DashboardOperation(
            "GET", "/settings/notifications/{channel_id}", "settings.notifications.shown",
            "dashboard_channel", "connections.view", parameters=_CHANNEL,
        ),
        DashboardOperation(
            "POST", "/settings/notifications/{channel_id}", "settings.notifications.changed",
            "dashboard_channel_form", "connections.manage", parameters=_CHANNEL,
            acts=("test", "save", "disable", "enable", "delete"),
        ),
        DashboardOperation(
            "GET", "/settings/branding", "settings.branding.shown", "dashboard_branding", "connections.view"
        ),
        DashboardOperation(
            "POST", "/settings/branding", "settings.branding.changed", "dashboard_branding_form",
            "connections.manage", acts=("save", "logo", "remove_logo"), takes_file=True,
        ),
        DashboardOperation(
            "GET", "/settings/sign-on", "settings.sign_on.shown", "dashboard_sign_on", "sign_on.manage"
        ),
        DashboardOperation(
            "POST", "/settings/sign-on", "settings.sign_on.changed", "dashboard_sign_on_form",
            "sign_on.manage", acts=("save", "remove"),
        ),
        DashboardOperation(
            "GET", "/settings/audit-log", "settings.audit_log.listed", "dashboard_audit_log", "audit_log.view"
        ),
        DashboardOperation(
            "GET", "/settings/audit-log/export", "settings.audit_log.exported", "dashboard_audit_log_export",
            "audit_log.view",
        ),
    ),
)  # fmt: skip

TABS = (
    ("Organization", "/settings", "organization.view"),
    ("Members", "/settings/members", "members.view"),
    ("API keys", "/settings/keys", "api_keys.view"),
    ("Notifications", "/settings/notifications", "connections.view"),
    ("Branding", "/settings/branding", "connections.view"),
    ("Single sign-on", "/settings/sign-on", "sign_on.manage"),
    ("Audit log", "/settings/audit-log", "audit_log.view"),
)
"""Title, path and permission of each page."""
