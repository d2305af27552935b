"""Dates as carriers write them → "2026-01-31T00:00:00Z". Pure. A time without a zone is UTC."""

import re
from datetime import datetime

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?)?", re.ASCII)
_FORMS = (
    re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"),
    re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})-(?P<month>[A-Za-z]{3})-(?P<year>\d{4})"),
)
_AMERICAN = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})")


def date(cell: str, *, is_american: bool = False) -> str | None:
    """The moment in a cell; None when it is blank. Raises ValueError for a day that there is not.

    2026-01-31, with a time or without, 20260131, 31.01.2026, 31-JAN-2026; is_american: also 1/31/2026.
    """
    text = cell.strip()
    if not text:
        return None
    if _ISO.fullmatch(text):
        # The fraction of a second is cut off, as everywhere.
        return f"{datetime.fromisoformat(text[:19].rstrip('Z')).isoformat()}Z"
    for form in (*_FORMS, _AMERICAN) if is_american else _FORMS:
        if match := form.fullmatch(text):
            return _midnight(match["year"], match["month"], match["day"])
    raise ValueError(text)


def _midnight(year: str, month: str, day: str) -> str:
    number = int(month) if month.isdigit() else _MONTHS.get(month.lower(), 0)
    return f"{datetime(int(year), number, int(day)).isoformat()}Z"
