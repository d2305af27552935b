"""The bodies that the account API takes."""

import msgspec


class PasswordSignIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    email: str
    password: str


class LinkSignIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A one-time link's token. password, name: those to set; null leaves them as they are."""

    token: str
    password: str | None = None
    name: str | None = None


class OneTimeToken(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A one-time link's token, to be looked at."""

    token: str


class ShownCode(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A code of the app, or a recovery code."""

    code: str


class NewName(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: str


class NewPassword(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    current_password: str
    new_password: str


class ShownPassword(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    password: str


class PasswordAndCode(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    password: str
    code: str


class InvitationLink(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    token: str


class Acceptance(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """name and password: of a new user; who is signed in gives neither."""

    token: str
    name: str = ""
    password: str | None = None


class OrganizationSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    wants_second_factor: bool


class NewRole(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    role: str


class NewInvitation(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    email: str
    role: str


class NewApiKey(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """expires_in_days null: never; connection_ids empty: the key reaches all."""

    name: str
    kind: str = "full"
    expires_in_days: int | None = None
    connection_ids: list[str] = []


class SignOnBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The wanted single sign-on. client_secret: left out, as it is; "": a public client."""

    issuer: str
    client_id: str
    domains: list[str]
    client_secret: str | None = None
    default_role: str = "viewer"
    adds_members: bool = False
    is_enforced: bool = False
    break_glass_user_id: str | None = None
