"""Pure: the query string of a request → the parameters that its operation declares, and the page it is about.

    raw bytes ─ pairs() ─▶ [(name, value)] ─ arguments() ─▶ values by name

Whatever does not fit is refused with 422, all faults of a request at once, under the names that were sent.
Dates take the forms of `resources.dates`; flags are `true` and `false`, in any case; an unknown name is a
fault. Parameters with several values take up to 100, separated by commas; the parameter may also be repeated.
A value that holds a comma stands in quotes, as in CSV.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from crossdock.errors import Invalid
from crossdock.resources import dates
from crossdock.web.operation import Parameter
from crossdock.web.page_tokens import After, PageTokens

MOST_PARAMETERS = 1000
MOST_VALUES = 100
LARGEST_PAGE = 1000

Pair = tuple[str, str]

_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?=,|\Z)')
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def check_texts(where: str, texts: Mapping[str, str]) -> None:
    """Raise Invalid for texts with characters that databases don't store. where: as faults name the place."""
    faults = {
        name[:100]: ["has a character that no stored value has"]
        for name, text in texts.items()
        if _UNFIT.search(name) or _UNFIT.search(text)
    }
    if faults:
        raise Invalid({where: faults})


def pairs(query_string: bytes) -> list[Pair]:
    """The parameters in the order sent, blank ones included. Raises Invalid for what is not UTF-8."""
    try:
        text = query_string.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        problem = "not percent-encoded UTF-8"
    except ValueError:  # what parse_qsl raises for max_num_fields
        problem = f"more than {MOST_PARAMETERS} parameters"
    raise Invalid({"query": {"query_string": [problem]}})


def _defaults(parameters: Mapping[str, Parameter]) -> dict[str, str | bool | int]:
    return {
        name: parameter.default for name, parameter in parameters.items() if parameter.default is not None
    }


def arguments(
    declared: Iterable[Parameter], path: Mapping[str, str], given_pairs: Sequence[Pair]
) -> dict[str, str | bool | int]:
    """The parameters of an operation that is not a list, by name; those with a default are always there.

    Several values of one come as they may be written, separated by commas.

    Raises Invalid for an unknown parameter and for a value that is not one of its choices.
    """
    query_faults, path_faults = QueryFaults("query"), QueryFaults("path")
    sent = together(given_pairs)
    known_parameters = {parameter.name: parameter for parameter in declared}
    defaults = _defaults(known_parameters)
    for name, text in path.items():
        if _is_text(name, text, path_faults):
            defaults[name] = _argument(known_parameters[name], text, path_faults)
    for name, values in sent.items():
        if name not in known_parameters or known_parameters[name].where != "query":
            query_faults.add(name, "unknown parameter")
        elif known_parameters[name].is_many:
            several = texts(name, values, query_faults)
            defaults[name] = ",".join(
                str(_argument(known_parameters[name], text, query_faults)) for text in several
            )
        elif is_one_text(name, values, query_faults):
            defaults[name] = _argument(known_parameters[name], values[0], query_faults)
    path_faults.stop(query_faults)
    return defaults


def part(given_pairs: Sequence[Pair], pages: PageTokens, default_limit: int) -> tuple[int, str | None]:
    """The limit of a page of what has no filters, and the key that it begins behind."""
    faults = QueryFaults("query")
    sent = together(given_pairs)
    limit = page_limit(sent, faults, default_limit)
    after = page_key(sent, None, pages, faults)
    faults.stop()
    return limit, None if after is None else str(after[-1])


class QueryFaults:
    """The faults of one part of a request: messages by parameter, exactly as it was written."""

    def __init__(self, location: str) -> None:
        self.location = location
        self.messages: dict[str, list[str]] = {}

    def add(self, name: str, message: str) -> None:
        # What UTF-8 cannot carry could not be sent back either.
        fit = name.encode("utf-8", "backslashreplace").decode()
        self.messages.setdefault(fit, []).append(message)

    def stop(self, *other_query_faults: "QueryFaults") -> None:
        """Raise Invalid if there is any fault."""
        messages = {
            query_faults.location: query_faults.messages
            for query_faults in (self, *other_query_faults)
            if query_faults.messages
        }
        if messages:
            raise Invalid(messages)


def quoted(text: str) -> str:
    """A value as messages quote it: escaped, and cut when it is long."""
    return repr(text if len(text) <= 100 else f"{text[:100]}…")


def together(given_pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """All values of each parameter."""
    sent: dict[str, list[str]] = {}
    for name, value in given_pairs:
        sent.setdefault(name, []).append(value)
    return sent


def texts(written: str, values: Iterable[str], faults: QueryFaults) -> list[str]:
    """The values of a list parameter: separated by commas, repeated, or both."""
    items = [item for value in values for item in _items(value)]
    if len(items) > MOST_VALUES:
        faults.add(written, f"{len(items)} values; at most {MOST_VALUES} are allowed")
        return []
    return [item for item in items if _is_text(written, item, faults)]


def _items(text: str) -> list[str]:
    """The values between commas; one that holds a comma itself stands in quotes, as in CSV: "a,b"."""
    items, at = [], 0
    while True:
        match = _QUOTED.match(text, at)
        if match and "," in match[1]:
            items.append(match[1].replace('""', '"'))
            end = match.end()
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            items.append(text[at:end])
        if end >= len(text):
            return items
        at = end + 1


def is_one_text(written: str, values: list[str], faults: QueryFaults) -> bool:
    if len(values) > 1:
        faults.add(written, f"given {len(values)} times; it takes one value")
        return False
    return _is_text(written, values[0], faults)


def _is_text(written: str, text: str, faults: QueryFaults) -> bool:
    if not text:
        faults.add(written, "'' is empty; give a value or leave the parameter out")
    elif _UNFIT.search(text):
        faults.add(written, f"{quoted(text)} has a character that no stored value has")
    else:
        return True
    return False


def flag(written: str, text: str, faults: QueryFaults) -> bool | None:
    """True or false in any case: Python's clients write True."""
    if text.lower() not in ("true", "false"):
        faults.add(written, f"{quoted(text)} is not true or false")
        return None
    return text.lower() == "true"


def is_choice(written: str, choices: Sequence[str], text: str, faults: QueryFaults) -> bool:
    if text not in choices:
        faults.add(written, f"{quoted(text)} is not one of {', '.join(choices)}")
    return text in choices


def seconds(written: str, text: str, faults: QueryFaults) -> int | None:
    try:
        return dates.seconds(text)
    except ValueError as problem:
        faults.add(written, str(problem))
        return None


def page_limit(sent: Mapping[str, list[str]], faults: QueryFaults, default: int = LARGEST_PAGE) -> int:
    """The number of entries that a page is to hold."""
    if "limit" not in sent or not is_one_text("limit", sent["limit"], faults):
        return default
    return _number("limit", sent["limit"][0], faults)


def _number(name: str, text: str, faults: QueryFaults) -> int:
    """A whole number from 1; what is above the largest page is taken as that."""
    digits = text.lstrip("0")
    if not re.fullmatch("[0-9]+", digits):
        faults.add(name, f"{quoted(text)} is not a whole number of at least 1")
        return LARGEST_PAGE
    # int() refuses thousands of digits, and whatever has five is above the ceiling anyway.
    return min(int(digits[:5]), LARGEST_PAGE)


def page_key(
    sent: Mapping[str, list[str]], order: str | None, pages: PageTokens, faults: QueryFaults
) -> After | None:
    name = "page_token"
    if name not in sent or not is_one_text(name, sent[name], faults):
        return None
    try:
        return pages.after(sent[name][0], order)
    except Invalid as refused:
        faults.add(name, str(refused))
        return None


def _argument(parameter: Parameter, text: str, faults: QueryFaults) -> str | bool | int:
    if parameter.is_number:
        return _number(parameter.name, text, faults)
    if parameter.is_flag:
        return bool(flag(parameter.name, text, faults))
    if parameter.is_time:
        seconds(parameter.name, text, faults)
    if parameter.choices:
        is_choice(parameter.name, parameter.choices, text, faults)
    return text
