"""Pure: how e-mail addresses, phone numbers, names and streets are compared, and found in texts.

E-mail addresses regardless of case; phone numbers by their digits, with or without a country's code; names
and streets word by word, regardless of case and of what stands between the words.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from crossdock.resources.personal import Personal

Kind = Literal["email", "phone", "name", "address"]

FEWEST_DIGITS = 7
"""Of a phone number that is searched for: shorter ones are found in too much else."""
COUNTRY_DIGITS = 3
"""The longest code of a country."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_BETWEEN = r"[\s.,;:_+\-/]+"
_SPACING = r"[\s().\-/]*"
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")

FOUND_EMAIL = re.compile(r"[^\s@\"<>(),;:=]+@[^\s@\"'<>(),;:=&]+")
FOUND_PHONE = re.compile(r"(?<![\w])(?:\+|\(\+)?\d[\d\s().\-/]{5,22}\d(?!\w)")


def plain(text: str) -> str:
    """The text as texts are compared."""
    return unicodedata.normalize("NFC", text).casefold()


def words(text: str) -> tuple[str, ...]:
    """The words of a name or a street."""
    return tuple(_WORD.findall(plain(text)))


def email_key(text: str) -> str:
    """An e-mail address as addresses are compared."""
    return plain(text.strip())


def phone_keys(text: str) -> tuple[str, ...]:
    """The digits of a phone number: all, then without what may be a country's code. Empty: it is none."""
    text = text.strip().replace("(0)", "")
    digits = re.sub(r"\D", "", text).lstrip("0")
    is_international = text.lstrip("(").startswith(("+", "00"))
    keys = [digits[start:].lstrip("0") for start in range(COUNTRY_DIGITS + 1 if is_international else 1)]
    return tuple(dict.fromkeys(key for key in keys if len(key) >= FEWEST_DIGITS))


def same_phone(one_number: str, number: str) -> bool:
    """Check whether two texts are the same phone number."""
    keys, wanted = phone_keys(one_number), phone_keys(number)
    return bool(keys and wanted) and (keys[0] in wanted or wanted[0] in keys)


@dataclass(frozen=True)
class Term:
    """A value that a person is known by."""

    kind: Kind
    value: str

    @property
    def fault(self) -> str | None:
        """The reason why nothing can be searched by it; None: it can."""
        if self.kind == "email":
            return None if _EMAIL.match(self.value.strip()) else "is no e-mail address"
        if self.kind == "phone":
            return None if phone_keys(self.value) else f"must have at least {FEWEST_DIGITS} digits"
        return None if sum(map(len, words(self.value))) > 1 else "must have words"

    @property
    def key(self) -> str:
        """The value as it is compared."""
        if self.kind == "email":
            return email_key(self.value)
        return phone_keys(self.value)[0] if self.kind == "phone" else " ".join(words(self.value))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds it in a text."""
        if self.kind == "email":
            return re.compile(rf"(?<![\w.+\-]){re.escape(self.value.strip())}(?![\w\-])", re.IGNORECASE)
        if self.kind == "phone":
            return re.compile(_phone_pattern(self.value))
        orders = [list(words(self.value))]
        if self.kind == "name" and len(orders[0]) > 1:
            orders.append([orders[0][-1], *orders[0][:-1]])  # "Schmidt, Maria"
        joined = "|".join(_BETWEEN.join(map(re.escape, order)) for order in orders)
        return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)

    @property
    def erased(self) -> str:
        """The text in place of it."""
        return str(Personal.EMAIL.value if self.kind == "email" else Personal.NAME.value)

    @property
    def probe(self) -> str:
        """A part of it that every text holds which it is found in, as `plain` has it; digits for a phone."""
        if self.kind == "phone":
            return phone_keys(self.value)[-1]
        return email_key(self.value) if self.kind == "email" else words(self.value)[0]


def _phone_pattern(number: str) -> str:
    numbers = "|".join(_SPACING.join(key) for key in phone_keys(number))
    return rf"(?<![\w.])(?:\(?(?:\+|00)\d{{1,3}}\)?{_SPACING})?(?:\(0\)|0)?\s*(?:{numbers})(?!\w)"


def strong_term(kind: Personal, value: str) -> Term | None:
    """A value that may be searched for beyond its field; None: it is too common for that."""
    if kind is Personal.EMAIL:
        term = Term("email", value)
    elif kind is Personal.PHONE:
        term = Term("phone", value)
    elif kind is Personal.NAME and len(words(value)) > 1:
        term = Term("name", value)
    elif kind is Personal.STREET and len(words(value)) > 1 and any(c.isdigit() for c in value):
        term = Term("address", value)
    else:
        return None
    return None if term.fault else term
