"""Pure: the form of an integration, from its manifest; and what was filled in, as it is tried."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from crossdock.errors import LinkRefused
from crossdock.kit.fields import CHOICES, SIGN_IN, Field, choices_made, is_asked_for
from crossdock.kit.manifest import SignIn
from crossdock.kit.registry import Integration

LONGEST_VALUE = 20_000
"""In characters: more than the longest private key has."""


class ShownWhen(msgspec.Struct, frozen=True):
    """The choice that a field is asked for with."""

    field: str
    equals: str


class FormField(msgspec.Struct, frozen=True):
    """A field of the form. `where`: a link to where users find the value; `kept`: left empty, what is stored
    stays."""

    key: str
    label: str
    help: str
    example: str
    pattern: str
    placeholder: str
    where: str
    secret: bool
    required: bool
    choices: list[str]
    choice_labels: dict[str, str]
    default: str | None
    value: str | None
    kept: bool
    shown_when: ShownWhen | None


def form_fields(
    integration: Integration, app: Collection[str], stored: Mapping[str, str] | None = None
) -> list[FormField]:
    """The fields that an end user fills in.

    app: keys that the operator fills in for all; stored: the values of the connection that is repaired, of
    which only those that are no secret are shown.
    """
    asked = list(asked_fields(integration, app))
    choices = {field.key for field in asked}.intersection(CHOICES)
    return [_form_field(field, choices, stored) for field in asked]


def asked_fields(integration: Integration, app: Collection[str]) -> Iterator[Field]:
    """The fields that are asked of end users: not those that Crossdock or the operator fills in.

    Of several ways to sign in, only those that are set up on this server; the choice is left out where one
    way is left.
    """
    ways = usable_ways(integration, app)
    for field in integration.manifest.auth.fields:
        if field.sign_in and field.sign_in not in ways:
            continue
        if field.key == SIGN_IN:
            if len(ways) > 1:
                yield msgspec.structs.replace(field, choices=ways, default=ways[0])
        elif not _is_ours(integration, field) and not _is_of_app(integration, app, field):
            yield field


def _is_ours(integration: Integration, field: Field) -> bool:
    """Check whether Crossdock fills it in: nobody signs in, and there is a value for it."""
    is_open = integration.manifest.auth.of_field(field).scheme == "none"
    return is_open and field.way is None and field.key not in CHOICES and field.default is not None


def _is_of_app(integration: Integration, app: Collection[str], field: Field) -> bool:
    """Check whether the operator fills it in: who consents on a page of the vendor has no app there."""
    asks_for_consent = integration.manifest.auth.of_field(field).asks_for_consent
    return field.key in app or (asks_for_consent and field.key in APP_FIELDS)


APP_FIELDS = ("client_id", "client_secret", "consumer_key", "consumer_secret")


def usable_ways(integration: Integration, app: Collection[str]) -> list[str]:
    """The ways to sign in that are set up on this server, of those that a system has several of."""
    ways = integration.manifest.auth.ways
    return [name for name, way in ways.items() if _is_set_up(way, way.fields, app)]


def chosen_sign_in(integration: Integration, app: Collection[str], fields: Mapping[str, Any]) -> SignIn:
    """The sign-in that was chosen in a form; the first that is set up where nothing was chosen."""
    auth = integration.manifest.auth
    choice = fields.get(SIGN_IN) or next(iter(usable_ways(integration, app)), "")
    return auth.ways.get(choice, auth) if isinstance(choice, str) else auth


def consent_choice(integration: Integration, app: Collection[str]) -> ShownWhen | None:
    """The choice with which one signs in on a page of the vendor, where there is a choice."""
    ways, consent_way = usable_ways(integration, app), integration.manifest.auth.consent_way
    return ShownWhen(SIGN_IN, consent_way) if len(ways) > 1 and consent_way in ways else None


def is_configured(integration: Integration, app: Collection[str]) -> bool:
    """Check whether users can sign in: on a page of the vendor they do so only with the operator's app."""
    auth = integration.manifest.auth
    return bool(usable_ways(integration, app)) if auth.ways else _is_set_up(auth, auth.fields, app)


def _is_set_up(sign_in: SignIn, fields: Iterable[Field], app: Collection[str]) -> bool:
    wanted = {field.key for field in fields if field.key in APP_FIELDS and field.default is None}
    return not sign_in.asks_for_consent or wanted <= set(app)


def _form_field(field: Field, choices: Collection[str], stored: Mapping[str, str] | None) -> FormField:
    kept_value = (stored or {}).get(field.key) or None
    is_kept = field.secret and kept_value is not None
    return FormField(
        key=field.key,
        label=field.label,
        help=field.help,
        example=field.example,
        pattern=field.pattern,
        placeholder=field.placeholder,
        where=field.doc,
        secret=field.secret,
        required=field.default is None and not is_kept,
        choices=field.choices,
        choice_labels=field.choice_labels,
        default=_shown_default(field),
        value=None if field.secret else kept_value,
        kept=is_kept,
        shown_when=_condition(field, choices),
    )


def _shown_default(field: Field) -> str | None:
    """The default that can be shown: one such as "{connection}" is filled in later."""
    return None if field.secret or not field.default or "{" in field.default else field.default


def _condition(field: Field, choices: Collection[str]) -> ShownWhen | None:
    condition = field.condition
    return ShownWhen(*condition) if condition and condition.key in choices else None


def filled_in(
    integration: Integration,
    app: Collection[str],
    fields: Mapping[str, Any],
    stored: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The values as they are tried: trimmed, without empty ones and those that another choice would ask for.

    stored: the values of the connection that is repaired; those that are left out stay. Raises LinkRefused
    for what is not asked, no text, or too long, and for a secret that would stay beside something new.
    """
    asked = {field.key: field for field in asked_fields(integration, app)}
    values = _trimmed_values(asked, fields)
    choices = choices_made(asked.values(), values)
    # The usual way of the manifest need not be set up here, so the way is always said.
    way = {SIGN_IN: choices.get(SIGN_IN, ways[0])} if (ways := usable_ways(integration, app)) else {}
    shown = {key: field for key, field in asked.items() if is_asked_for(field, choices | way)}
    chosen = {key: value for key, value in values.items() if key in shown} | way
    if stored is None:
        return chosen
    _check_carried([field for key, field in shown.items() if key not in choices], stored, chosen)
    return choices | chosen


def _trimmed_values(asked: Mapping[str, Field], fields: Mapping[str, Any]) -> dict[str, str]:
    """The values without empty ones. Raises LinkRefused for what is not asked, no text, or too long."""
    faults = {key: [fault] for key, value in fields.items() if (fault := _fault(key in asked, value))}
    if faults:
        raise invalid_fields(faults)
    return {key: _trimmed(asked[key], value) for key, value in fields.items() if value.strip()}


FILLED_IN_AGAIN = "{label} must be filled in again, as something else was changed"


def _check_carried(fields: Collection[Field], stored: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Raise LinkRefused for stored secrets that would go to another address or user than they are for.

    Whoever repairs a connection need not know its secrets: they must not be sent where that person says.
    """
    plain = [field for field in fields if not field.secret and field.key in values]
    if all(values[field.key] == stored.get(field.key, field.default) for field in plain):
        return
    secret = [field for field in fields if field.secret and field.key not in values]
    if carried := [field for field in secret if stored.get(field.key)]:
        raise invalid_fields({field.key: [FILLED_IN_AGAIN.format(label=field.label)] for field in carried})


def _fault(is_asked: bool, value: Any) -> str | None:
    if not is_asked:
        return "there is no such field"
    if not isinstance(value, str):
        return "must be a text"
    return f"must have at most {LONGEST_VALUE} characters" if len(value) > LONGEST_VALUE else None


def _trimmed(field: Field, value: str) -> str:
    """Without what came along when it was pasted. A password may begin or end with a blank, not a line."""
    return value.strip("\r\n\t\ufeff\u200b") if field.secret else value.strip().strip("\ufeff\u200b")


def invalid_fields(faults: Mapping[str, list[str]]) -> LinkRefused:
    """The refusal that names fields."""
    text = next((message for messages in faults.values() for message in messages), "some fields do not fit")
    return LinkRefused(
        text, code="invalid_fields", status=422, field=next(iter(faults), None), fields=dict(faults)
    )


def label_of(function: str) -> str:
    """The words for a function: "Inbound shipments", "Create order"."""
    words = function.removeprefix("get_").replace("_", " ")
    return words[:1].upper() + words[1:]
