"""Pure: the language that a browser wants, and the texts of pages in it."""

from collections.abc import Callable

from crossdock.pages.account.texts import LANGUAGES, TEXTS

Translate = Callable[..., str]
"""A text by its key, with values filled in as they are."""


def language_of(accepted: str) -> str:
    """The language that fits best. accepted: the header `Accept-Language`."""
    wishes = []
    for position, part in enumerate(accepted.lower().split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        wishes.append((-weight, position, tag.split("-")[0]))
    return next((tag for weight, _, tag in sorted(wishes) if tag in LANGUAGES and weight < 0), LANGUAGES[0])


def translator(language: str) -> Translate:
    """The texts of a language."""
    column = LANGUAGES.index(language)

    def translate(key: str, **values: object) -> str:
        return TEXTS[key][column].format_map({name: str(value) for name, value in values.items()})

    return translate
