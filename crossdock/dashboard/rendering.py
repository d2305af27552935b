"""Templates of the dashboard, and its files. What they show is escaped; nothing runs but files of our own."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from crossdock.dashboard import formats
from crossdock.pages.rendering import PagePolicy
from crossdock.pages.static_files import StaticFolder
from crossdock.resources.links import is_link

HERE = Path(__file__).parent
DASHBOARD_FILES = StaticFolder(HERE / "static")
POLICY = PagePolicy(opener="same-origin", referrer="same-origin")
"""No page of the dashboard is framed by anybody, or kept by the browser."""
BUTTON_POLICY = replace(POLICY, opener="same-origin-allow-popups", has_button=True)
"""The policy of a page that systems are connected on; vendors' sign-ins have windows of their own."""
FILTERS = (
    formats.number, formats.money, formats.short_number, formats.percent, formats.span,
    formats.milliseconds, formats.size, formats.words, formats.pretty, formats.exact, formats.json_line,
    formats.is_blank, formats.table_columns, is_link,
)  # fmt: skip


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates; a name that they lack a value for is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.filters.update({function.__name__: function for function in FILTERS})
    return made


def rendered(template: str, **values: Any) -> str:
    return environment().get_template(template).render(values)
