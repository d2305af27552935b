"""Every operation of the account API in one table. Its callers are people, by the cookie of their session.

`handler` is "module.function" below `crossdock.account_api`; `needs` is who may call it: anybody, who is half
signed in, who is signed in, or a permission in the organization that the session works with.
"""

from dataclasses import dataclass
from typing import Final

from crossdock.people.permissions import PERMISSIONS
from crossdock.web.operation import HttpOperation, Parameter

ANYBODY, HALF_SIGNED_IN, SIGNED_IN = "anybody", "half_signed_in", "signed_in"

PREFIX: Final = "/account"


@dataclass(frozen=True)
class AccountOperation(HttpOperation):
    """One method of one path. summary: for the documentation."""

    needs: str
    summary: str

    @property
    def metric_name(self) -> str:
        return f"account.{self.id}"

    @property
    def permission(self) -> str | None:
        """The permission that it needs; None: none in an organization."""
        return self.needs if self.needs in PERMISSIONS else None


PAGE_TOKEN = Parameter("page_token", description="next_token of the previous page.")
ACTOR = Parameter("actor", description="The id, name or kind of who acted.")
ACTION = Parameter("action", description="An action, or its noun: connection.deleted, connection.")
SUBJECT = Parameter("subject", description="The id of what it was done to.")
SINCE = Parameter("since", description="Only entries at or after it.", is_time=True)
UNTIL = Parameter("until", description="Only entries at or before it.", is_time=True)
LIMIT = Parameter("limit", description="How many on a page, up to 1000.", is_number=True, default=100)
FORMAT = Parameter("format", choices=("csv", "ndjson"), default="ndjson")
ORGANIZATION = Parameter("organization", description="The id of the organization that is to be opened.")
RETURN_PATH = Parameter("return_path", description="A path of ours where the browser goes in the end.")
ENTRIES = (ACTOR, ACTION, SUBJECT, SINCE, UNTIL)


def _id(name: str) -> tuple[Parameter, ...]:
    return (Parameter(name, "path"),)


OPERATIONS = (
    AccountOperation(
        "POST", "/sign-in", "signing_in.with_password", "signIn", ANYBODY, "Sign in with a password"
    ),
    AccountOperation(
        "POST", "/first", "signing_in.with_link", "signInByLink", ANYBODY,
        "Sign in by a link that works once, and set a password",
    ),
    AccountOperation(
        "POST", "/first/look", "signing_in.link", "lookAtLink", ANYBODY, "Whom such a link signs in"
    ),
    AccountOperation(
        "POST", "/second-factor", "signing_in.with_code", "showSecondFactor", HALF_SIGNED_IN,
        "Show the second factor: a code of the app, or a recovery code",
    ),
    AccountOperation("POST", "/sign-out", "signing_in.ended", "signOut", HALF_SIGNED_IN, "Sign out"),
    AccountOperation("GET", "/me", "own.me", "getMe", SIGNED_IN, "Who is signed in, where, and may do what"),
    AccountOperation("PATCH", "/me", "own.renamed", "changeMe", SIGNED_IN, "Change one's name"),
    AccountOperation(
        "POST", "/password", "own.password_changed", "changePassword", SIGNED_IN,
        "Change one's password; other sessions end",
    ),
    AccountOperation("GET", "/sessions", "own.sessions", "listSessions", SIGNED_IN, "One's sessions"),
    AccountOperation(
        "DELETE", "/sessions", "own.others_ended", "endOtherSessions", SIGNED_IN,
        "End one's other sessions",
    ),
    AccountOperation(
        "DELETE", "/sessions/{session_id}", "own.session_ended", "endSession", SIGNED_IN,
        "End one of one's sessions", parameters=_id("session_id"),
    ),
    AccountOperation(
        "POST", "/totp/enrol", "own.totp_begun", "enrolSecondFactor", SIGNED_IN,
        "Begin a second factor: its secret, shown once",
    ),
    AccountOperation(
        "POST", "/totp/confirm", "own.totp_confirmed", "confirmSecondFactor", SIGNED_IN,
        "Switch it on with a first code: recovery codes, shown once",
    ),
    AccountOperation(
        "POST", "/totp/recovery-codes", "own.recovery_codes_renewed", "renewRecoveryCodes", SIGNED_IN,
        "New recovery codes in place of those before",
    ),
    AccountOperation(
        "POST", "/totp/remove", "own.totp_removed", "removeSecondFactor", SIGNED_IN, "Switch it off"
    ),
    AccountOperation(
        "GET", "/organizations", "own.organizations", "listOrganizations", SIGNED_IN,
        "The organizations that one is in",
    ),
    AccountOperation(
        "POST", "/organizations/{organization_id}/switch", "own.switched", "switchOrganization", SIGNED_IN,
        "Work with another of one's organizations", parameters=_id("organization_id"),
    ),
    AccountOperation(
        "PATCH", "/organization", "members.organization_changed", "changeOrganization",
        "organization.manage", "Say whether the organization wants a second factor of everybody",
    ),
    AccountOperation("GET", "/members", "members.get_list", "listMembers", "members.view", "The members"),
    AccountOperation(
        "PATCH", "/members/{user_id}", "members.role_changed", "changeMember", "members.manage",
        "Give a member another role", parameters=_id("user_id"),
    ),
    AccountOperation(
        "DELETE", "/members/{user_id}", "members.removed", "removeMember", "members.manage",
        "Take a member out", parameters=_id("user_id"),
    ),
    AccountOperation(
        "GET", "/invitations", "members.invitations", "listInvitations", "members.manage",
        "The invitations, the newest first",
    ),
    AccountOperation(
        "POST", "/invitations", "members.invited", "invite", "members.manage",
        "Invite an address to a role: a link, shown once",
    ),
    AccountOperation(
        "DELETE", "/invitations/{invitation_id}", "members.invitation_revoked", "revokeInvitation",
        "members.manage", "Revoke an invitation", parameters=_id("invitation_id"),
    ),
    AccountOperation(
        "POST", "/invitations/look", "signing_in.invitation", "lookAtInvitation", ANYBODY,
        "What a link invites to",
    ),
    AccountOperation(
        "POST", "/invitations/accept", "signing_in.invitation_accepted", "acceptInvitation", ANYBODY,
        "Accept an invitation: as who is signed in, or as a new user",
    ),
    AccountOperation(
        "GET", "/api-keys", "api_keys.get_list", "listApiKeys", "api_keys.view",
        "The API keys; never the keys themselves",
    ),
    AccountOperation(
        "POST", "/api-keys", "api_keys.created", "createApiKey", "api_keys.manage",
        "Make an API key, shown once",
    ),
    AccountOperation(
        "DELETE", "/api-keys/{key_id}", "api_keys.revoked", "revokeApiKey", "api_keys.manage",
        "End an API key at once", parameters=_id("key_id"),
    ),
    AccountOperation(
        "GET", "/audit-log", "audit_log.get_list", "listAuditLog", "audit_log.view",
        "A page of the audit log, the newest first", parameters=(*ENTRIES, LIMIT, PAGE_TOKEN),
    ),
    AccountOperation(
        "GET", "/audit-log/export", "audit_log.exported", "exportAuditLog", "audit_log.view",
        "The audit log as CSV or NDJSON, the oldest first", parameters=(*ENTRIES, FORMAT),
    ),
    AccountOperation(
        "GET", "/sso", "sign_on.shown", "getSignOn", "sign_on.manage", "How single sign-on is set up"
    ),
    AccountOperation(
        "PUT", "/sso", "sign_on.configured", "setSignOn", "sign_on.manage", "Set single sign-on up"
    ),
    AccountOperation(
        "DELETE", "/sso", "sign_on.removed", "removeSignOn", "sign_on.manage", "Switch single sign-on off"
    ),
    AccountOperation(
        "GET", "/sso/begin", "sign_on.begun", "beginSignOn", ANYBODY,
        "Go to the organization's provider", parameters=(ORGANIZATION, RETURN_PATH),
    ),
    AccountOperation(
        "GET", "/sso/callback", "sign_on.ended", "endSignOn", ANYBODY, "Come back from the provider"
    ),
)  # fmt: skip
