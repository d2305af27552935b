"""What is looked for among attempts, and among messages at an endpoint: the same filters for both."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from crossdock.store.database.engine import Database
from crossdock.store.webhooks import channels
from crossdock.store.webhooks.attempts import AttemptCondition
from crossdock.store.webhooks.messages import CONNECTION, RESOURCE, untagged

Part = tuple[str, list[Any]]
"""A condition and its values."""


@dataclass(frozen=True)
class AttemptFilter:
    """Ids are bounds, not included; states and tags: any of the former, all of the latter."""

    above: str | None = None
    below: str | None = None
    states: tuple[int, ...] | None = None
    code_class: int | None = None
    types: tuple[str, ...] = ()
    channel: str | None = None
    tags: tuple[str, ...] = ()
    endpoint: int | None = None
    message_id: str | None = None

    def at(self, endpoint: int) -> "AttemptFilter":
        return replace(self, endpoint=endpoint)

    def of(self, message_id: str) -> "AttemptFilter":
        return replace(self, message_id=message_id)

    def of_attempts(self, database: Database) -> AttemptCondition:
        """For attempts, `a`."""
        parts = self._shared(database, "status", "id")
        if self.code_class is not None:
            end = 1 if self.code_class == 0 else self.code_class + 100
            parts.append(("a.code >= ? AND a.code < ?", [self.code_class, end]))
        return _together(parts)

    def of_deliveries(self, database: Database) -> AttemptCondition:
        """For deliveries, `a`, of the schedule."""
        return _together([("a.manual = 0", []), *self._shared(database, "state", "message_id")])

    def _shared(self, database: Database, state: str, key: str) -> list[Part]:
        bounds = (
            ("a.endpoint = ?", self.endpoint),
            ("a.message_id = ?", self.message_id),
            (f"a.{key} > ?", self.above),
            (f"a.{key} < ?", self.below),
        )
        parts: list[Part] = [(sql, [value]) for sql, value in bounds if value is not None]
        if self.states is not None:
            parts.append((f"a.{state} IN ({', '.join('?' * len(self.states))})", list(self.states)))
        if self.types or self.channel is not None or self.tags:
            parts.append(self._about(database))
        return parts

    def _about(self, database: Database) -> Part:
        """The condition on the message, be it an event or one that the admin API was given."""
        shared: list[Part] = [("m.id = a.message_id", [])]
        if self.types:
            sql, bound = database.one_of("m.type", self.types)
            shared.append((sql, [bound]))
        either = [("webhook_messages m", _together([*shared, *self._of_messages(database)]))]
        of_events = self._of_events()
        if of_events is not None:
            # That an install failed is of no connection.
            source = "events m LEFT JOIN connections c ON c.id = m.connection_id"
            either.append((source, _together([*shared, *of_events])))
        sql = " OR ".join(
            f"EXISTS (SELECT 1 FROM {source} WHERE {attempt_condition.sql})"
            for source, attempt_condition in either
        )
        return f"({sql})", [value for _, attempt_condition in either for value in attempt_condition.values]

    def _of_events(self) -> list[Part] | None:
        parts: list[Part] = []
        if self.channel is not None:
            part = channels.condition(self.channel)
            if part is None:
                return None
            parts.append((part[0], [part[1]]))
        for tag in self.tags:
            if tag.startswith(CONNECTION):
                parts.append(("c.uid = ?", [untagged(tag.removeprefix(CONNECTION))]))
            elif tag.startswith(RESOURCE):
                parts.append(("m.record_id = ?", [untagged(tag.removeprefix(RESOURCE))]))
            else:
                return None
        return parts

    def _of_messages(self, database: Database) -> list[Part]:
        parts: list[Part] = []
        if self.channel is not None:
            text = msgspec.json.encode(self.channel).decode()
            parts.append((database.contains("m.channels"), [text]))
        has_tag = (
            "EXISTS (SELECT 1 FROM webhook_message_tags t WHERE t.message_id = m.id AND t.tag = ? "
            "AND t.application_id = m.application_id)"
        )
        return parts + [(has_tag, [tag]) for tag in self.tags]


def _together(parts: list[Part]) -> AttemptCondition:
    return AttemptCondition(
        " AND ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]
    )
