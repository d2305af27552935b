"""Pure: a request, and what is known of its account → the command for the integration.

Everything that is wrong with a request is said at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crossdock.changes.document import tags as tag_names
from crossdock.errors import Invalid
from crossdock.kit.contract import Command
from crossdock.resources.writes import TAGS
from crossdock.writes import bodies
from crossdock.writes.bodies import Options
from crossdock.writes.check import Faults, faults, validator
from crossdock.writes.meaning import misread
from crossdock.writes.request import WriteRequest

LONGEST_TAG_BYTES = 512
"""Of a tag as filters name it: an index entry of either database holds it beside the longest id."""
MOST_TAGS = 100


@dataclass(frozen=True)
class WriteFacts:
    """The facts that a request is validated against."""

    stored: Mapping[str, Any]
    """The record that is to be changed, as we hold it; {} for one that is to be made."""
    names: Mapping[str, str]
    """What the records are called that the body names, by the path of the object that names one."""
    options: Options
    """The values that the account has."""


@dataclass(frozen=True)
class ValidWrite:
    """The command of a write, and the paths of what is not carried over."""

    command: Command
    unused: Sequence[str]


def validated(request: WriteRequest, facts: WriteFacts, begun_ms: int) -> ValidWrite:
    """The command that a request is. Raises Invalid.

    begun_ms: when the caller first asked for it.
    """
    if body_faults := _body_faults(request, facts.options) or _disagreements(request, facts.names):
        raise Invalid({"form" if request.write.takes_file else "json": body_faults})
    accepts = request.integration.accepts(request.write.action)
    parted = bodies.parted(request.body, request.write, accepts)
    command = Command(
        action=request.write.action,
        body=parted.carried,
        record_id=request.record_id,
        stored=facts.stored,
        upload=request.upload,
        begun=datetime.fromtimestamp(begun_ms / 1000, UTC),
    )
    return ValidWrite(command, parted.unused)


def _body_faults(request: WriteRequest, options: Options) -> Faults:
    body, write = request.body, request.write
    if too_many_tags := _too_many_tags(body.get(TAGS)):
        return too_many_tags
    accepts = request.integration.accepts(write.action)
    schema = bodies.accepted(write, accepts, options, is_closed=False)
    too_many_tags = misread(body, write, accepts, schema) | faults(body, validator(schema))
    return too_many_tags or _too_long_tags(body.get(TAGS, ()))


def _disagreements(request: WriteRequest, names: Mapping[str, str]) -> Faults:
    """Records that the body names by an id and by another name than that record has."""
    disagreements: Faults = {}
    for path, name in names.items():
        named, holder = request.write.named[path], request.body[path]
        if name != holder[named.name]:
            text = f"must be {name!r}, as {named.id} {holder[named.id]!r} is called, or be left out"
            disagreements[f"{path}.{named.name}"] = [text]
    return disagreements


def validated_tags(request: WriteRequest) -> Sequence[str]:
    """The paths of what is not used of a body that sets tags. Raises Invalid."""
    body = request.body
    rules = validator({**bodies.base(request.write), "required": [TAGS]})
    if too_many_tags := _too_many_tags(body.get(TAGS)) or faults(body, rules) or _too_long_tags(body[TAGS]):
        raise Invalid({"json": too_many_tags})
    return bodies.unused_names(body, {TAGS})


def _too_many_tags(tags: Any) -> Faults:
    """The fault of a list of more tags than are looked at one by one."""
    is_more = isinstance(tags, list) and len(tags) > MOST_TAGS
    return {TAGS: [f"must list at most {MOST_TAGS}, not {len(tags)}"]} if is_more else {}


def _too_long_tags(tags: Sequence[Any]) -> Faults:
    """The faults of the tags that are longer than a tag can be."""
    too_long_tags: Faults = {}
    for number, tag in enumerate(tags):
        size = max(len(name.encode()) for name in tag_names({TAGS: [tag]}))
        if size > LONGEST_TAG_BYTES:
            too_long_tags[f"{TAGS}.{number}"] = [f"must have at most {LONGEST_TAG_BYTES} bytes, not {size}"]
    return too_long_tags
