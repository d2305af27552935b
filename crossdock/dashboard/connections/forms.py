"""Forms that are shown again with what was typed and what is wrong with it."""

from collections.abc import Mapping

from crossdock.errors import Invalid

Faults = dict[str, list[str]]
"""Messages by field."""


def faults_of(error: Invalid) -> Faults:
    """The messages of a refused request by field, whatever part of it they were in."""
    faults: Faults = {}
    for part in error.detail.values():
        for name, messages in part.items():
            faults.setdefault(name, []).extend(messages)
    return faults


def whole(fields: Mapping[str, str], name: str) -> int | None:
    """The whole number of a field; None: it is empty. Raises Invalid for what is none."""
    text = fields.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Invalid({"form": {name: [f"must be a whole number, not {text[:40]!r}"]}})
    return int(text)


def listed(text: str) -> list[str]:
    """The words of a field, however they are set apart."""
    return text.replace(",", " ").split()
