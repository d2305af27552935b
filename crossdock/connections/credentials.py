"""Pure: the sign-in fields of an integration, filled in by somebody: what is missing, what does not fit."""

import re
from collections.abc import Mapping

from crossdock.errors import Invalid
from crossdock.kit.fields import CHOICES, SIGN_IN, Field, choices_made, is_asked_for
from crossdock.kit.registry import Integration


def fill(
    integration: Integration, values: Mapping[str, str], placeholders: Mapping[str, str]
) -> dict[str, str]:
    """The sign-in fields with their defaults; a default "{connection}" or "{now}" is filled in.

    Raises Invalid, naming every field that is missing, does not fit, or that the integration does not have.
    """
    fields = {field.key: field for field in integration.manifest.auth.fields}
    choices = choices_made(fields.values(), values)
    faults = _unexpected(integration, fields, values, choices)
    filled: dict[str, str] = {}
    for key, field in fields.items():
        if not is_asked_for(field, choices):
            continue
        if values.get(key):
            filled[key] = values[key]
        elif field.default is not None:
            filled[key] = field.default.format_map(dict(placeholders))
        else:
            faults[key] = [f"{integration.slug} needs {key} ({field.label})"]
        if key in filled and (fault := _misfit(field, filled[key])):
            faults[key] = [fault]
    if faults:
        raise Invalid({"credentials": faults})
    return filled


def _misfit(field: Field, value: str) -> str | None:
    """The reason why a value does not fit its field; a default may be anything. Secrets are not repeated."""
    shown = "" if field.secret else f" {value!r:.50}"
    if field.choices and value not in field.choices:
        return f"{field.key} is{shown or ' unknown'}; wanted is one of {', '.join(field.choices)}"
    if field.pattern and value != field.default and not re.fullmatch(field.pattern, value):
        example = f", as {field.example}" if field.example else f": {field.pattern}"
        return f"{field.key} is{shown or ' of another form'}; wanted is {field.label}{example}"
    return None


def _unexpected(
    integration: Integration,
    fields: Mapping[str, Field],
    values: Mapping[str, str],
    choices: Mapping[str, str],
) -> dict[str, list[str]]:
    """Faults of values for which there is no field, or none with the choices that were made."""
    faults: dict[str, list[str]] = {}
    for name in values:
        if name not in fields:
            known_text = ", ".join(fields) or "none"
            faults[name] = [f"{integration.slug} has no field {name!r}; its fields are: {known_text}"]
        elif (condition := fields[name].condition) and not is_asked_for(fields[name], choices):
            key, value = condition
            faults[name] = [f"{name} is only for {key}={value}, and it is {choices[key]}"]
    return faults


def with_app(integration: Integration, values: Mapping[str, str], app: Mapping[str, str]) -> dict[str, str]:
    """The values, and those of the operator's app that belong to the choices made in them."""
    fields = integration.manifest.auth.fields
    choices = choices_made(fields, values)
    wanted = {field.key for field in fields if is_asked_for(field, choices)}
    return {**values, **{key: value for key, value in app.items() if key in wanted}}


def replace_values(
    integration: Integration, stored: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, str]:
    """The stored sign-in fields with new values; of another choice nothing stays that is only for that."""
    replaced = {**stored, **values}
    fields = integration.manifest.auth.fields
    choices = choices_made(fields, replaced)
    foreign = {field.key for field in fields if not is_asked_for(field, choices)}
    return {key: value for key, value in replaced.items() if key in values or key not in foreign}


def next_field(integration: Integration, values: Mapping[str, str]) -> Field | None:
    """The field to ask for next, where somebody fills in one after the other; None: that is all.

    Choices come first, as the rest depends on them. values: those so far, "" where there is none.
    """
    fields = integration.manifest.auth.fields
    choices = choices_made(fields, values)
    # Of several secrets that each have a default one is enough: a password, or a key.
    has_secret = any(values.get(field.key) for field in fields if field.secret)
    for field in sorted(fields, key=lambda field: field.key not in CHOICES):
        if field.key in values or not is_asked_for(field, choices):
            continue
        if field.key in choices or field.default is None or (field.secret and not has_secret):
            return field
    return None


def sign_in_choice(integration: Integration) -> Field | None:
    """The field that chooses how one signs in; None: there is only one way."""
    fields = integration.manifest.auth.fields
    return next((field for field in fields if field.key == SIGN_IN), None)
