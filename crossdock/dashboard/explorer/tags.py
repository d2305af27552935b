"""Pure: the tags of a record ↔ the rows of the form that they are edited in: texts, some with keys."""

from collections.abc import Mapping
from typing import Any

import msgspec

from crossdock.wire import encode

TAGS = "trackstar_tags"
EMPTY_ROWS = 3
MOST_ROWS = 110


class TagRow(msgspec.Struct, kw_only=True):
    """A row of the form. key: "" for a tag that is a text alone."""

    key: str = ""
    text: str = ""


def rows(tags: Any) -> list[TagRow]:
    """The rows of a record's tags, and some empty ones."""
    tag_rows = []
    for tag in tags or []:
        if isinstance(tag, dict):
            tag_rows += [TagRow(key=str(key), text=str(text)) for key, text in tag.items()]
        else:
            tag_rows.append(TagRow(text=str(tag)))
    return [*tag_rows, *(TagRow() for _ in range(EMPTY_ROWS))]


def written(fields: Mapping[str, str]) -> list[str | dict[str, str]]:
    """The tags that a form says: rows without a text are left out."""
    tags: list[str | dict[str, str]] = []
    for number in range(MOST_ROWS):
        key, text = fields.get(f"key.{number}", "").strip(), fields.get(f"text.{number}", "").strip()
        if text or key:
            tags.append({key: text} if key else text)
    return tags


def state(record: Mapping[str, Any]) -> str:
    """The tags of a record as one text: what differs when they do."""
    return encode(record.get(TAGS) or []).decode()
