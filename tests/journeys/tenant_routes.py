"""What is sent to walk every route of every API with what is another organization's.

probes(route, victim, own)   a request for each thing that a route can name, and its twin for one there is not
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from crossdock.web.operation import HttpOperation
from tests.journeys.server import Json
from tests.journeys.tenants import KINDS, NOBODYS, RECORDS, SAMPLES, Tenant, session_headers


def absent(value: str) -> str:
    """An id like this one that there is not."""
    head, tail = value[:-6], value[-6:]
    turned = tail.translate(str.maketrans("0123456789abcdef", "5678901234bcdefa"))
    return head + (turned if turned != tail else tail[:-1] + ("Y" if tail[-1:] == "Z" else "Z"))


@dataclass(frozen=True)
class Route:
    """An operation of an API, and how it is called."""

    prefix: str
    operation: HttpOperation

    @property
    def title(self) -> str:
        return f"{self.operation.method} {self.prefix}{self.operation.path}"

    @property
    def kind(self) -> str:
        """The first part of the path; records of the sandbox are those of its warehouse."""
        part = f"{self.operation.path}/".split("/")[1]
        return "wms" if part == "sandbox" else part

    @property
    def names(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.operation.path)

    def named(self, name: str) -> str:
        """What `SAMPLES` and `NOBODYS` call a variable part."""
        whole = f"{self.prefix}{self.operation.path} {name}"
        if whole in NOBODYS or whole in SAMPLES:
            return whole
        return f"operational {name}" if self.kind == "operational-webhook" else name

    @property
    def acts(self) -> tuple[str, ...]:
        """What a form may ask to have done; an empty word where there is no such choice."""
        acts: tuple[str, ...] = getattr(self.operation, "acts", ())
        return acts or ("",)

    @property
    def tenants_names(self) -> list[str]:
        return [name for name in self.names if self.named(name) not in NOBODYS]

    def unknown(self) -> list[str]:
        """Names that nobody has said how to make one of."""
        return [
            name for name in self.tenants_names
            if self.named(name) not in SAMPLES and (self.kind, name) not in RECORDS
        ]  # fmt: skip

    def values(self, owner: Tenant) -> dict[str, str]:
        return {name: owner.sample(self.named(name), self.kind) for name in self.tenants_names}

    def path(self, values: dict[str, str]) -> str:
        return self.prefix + re.sub(
            r"\{(\w+)\}",
            lambda part: quote(values.get(part[1]) or NOBODYS[self.named(part[1])], safe=""),
            self.operation.path,
        )

    @property
    def query_names(self) -> list[str]:
        """Parameters that name something of an organization."""
        names = [parameter.name for parameter in self.operation.parameters if parameter.where == "query"]
        return [name for name in names if self._names_a_thing(name)]

    @property
    def body_names(self) -> list[str]:
        """Members of its body that do: of the example, and those that there are besides."""
        if self.operation.method in WITHOUT_BODY:
            return []
        struct = getattr(self.operation, "body", None)
        known: list[str] = []
        if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
            known = [member.encode_name for member in msgspec.structs.fields(struct)]
        names = dict.fromkeys([*self._example, *known, *MEMBERS.get(self.operation.id, ())])
        return [name for name in names if name in WITHIN or self._names_a_thing(name)]

    def _names_a_thing(self, name: str) -> bool:
        return name not in ("name", "uid") and (name in SAMPLES or (self.kind, name) in RECORDS)

    @property
    def _example(self) -> Json:
        example: Json | None = BODIES.get(self.operation.id) or getattr(self.operation, "example", None)
        return ANY_BODY if example is None else example

    def body(self, values: Mapping[str, Any]) -> Json | None:
        """A body that fits, with these members besides, or in place of its own."""
        if self.operation.method in WITHOUT_BODY:
            return None
        act = {"do": self.acts[0]} if self.acts[0] else {}
        return {**self._example, **act, **values}

    def sample_in_body(self, owner: Tenant, name: str) -> str:
        """What a member of the body names."""
        return owner.sample(WITHIN[name][0] if name in WITHIN else name, self.kind)

    @staticmethod
    def member(name: str, value: str) -> Any:
        """The member of the body that names it."""
        return WITHIN[name][1](value) if name in WITHIN else value


WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})
WITHIN: dict[str, tuple[str, Callable[[str], Any]]] = {
    "connection_ids": ("connection_id", lambda value: [value]),
    "connectionIds": ("connection_id", lambda value: [value]),
    "webhook_endpoint_ids": ("endpoint_id", lambda value: [value]),
    "rules": ("connection_id", lambda value: {"connection_ids": [value]}),
    "break_glass_user_id": ("user_id", lambda value: value),
    "uid": ("uid", lambda value: value),
    "eventId": ("event uid", lambda value: value),
}
"""Members of bodies that name things by another name, or several: what they name, and how."""
MEMBERS = {
    "createApiKey": ("connection_ids",), "setSignOn": ("break_glass_user_id",),
    "endpoint.create": ("connectionIds", "uid"), "endpoint.upsert": ("connectionIds", "uid"),
    "endpoint.patch": ("connectionIds",), "message.create": ("eventId",),
    "application.upsert": ("uid",), "connectLink": ("flow_id",), "beginLinkConsent": ("flow_id",),
}  # fmt: skip
"""Members that name things, of operations whose table does not say their body."""
BODIES: dict[str, Json] = {
    "createApiKey": {"name": "n"},
    "invite": {"email": "new@example.com", "role": "viewer"},
    "changeMember": {"role": "viewer"},
    "dashboard_reference_trial": {"connection_id": ""},
    "changeOrganization": {"wants_second_factor": False},
    "setSignOn": {
        "issuer": "https://id.example", "client_id": "x", "domains": ["example.com"], "is_enforced": True,
    },
    "openMagicLink": {"secret": "x" * 43, "flow_id": "0" * 32},
    "openLinkForm": {"options": {}},
    "connectLink": {"type": "wms", "name": "sandbox", "options": {"sandbox": True}, "flow_id": "0" * 32},
    "beginLinkConsent": {"type": "cart", "name": "shopify", "flow_id": "0" * 32},
}  # fmt: skip
"""Bodies of operations whose table has no example."""


ANY_BODY: Json = {
    "url": "http://127.0.0.1:9/x", "name": "n", "description": "d", "eventType": "order.updated",
    "payload": {},
    "since": "2026-11-01T00:00:00Z", "headers": {}, "code": "function handler(webhook) { return webhook; }",
}  # fmt: skip
"""Fits every operation of the webhook administration: what one does not know it ignores."""


Request = tuple[str, dict[str, str], Json | None]
"""A path, the parameters of its query, and a body."""


@dataclass(frozen=True)
class Probe:
    """A request that names something of somebody else, and one that names nothing there is."""

    title: str
    foreign: Request
    missing: Request
    ids: frozenset[str]
    """What was named: it may be repeated."""


def probes(route: Route, victim: Tenant, own: Tenant) -> Iterator[Probe]:
    """Each part of the path, alone behind parts of one's own and with those behind it; queries; bodies."""
    names, theirs = route.tenants_names, route.values(victim)
    for begin in range(len(names)):
        mine = {name: own.sample(route.named(name), route.kind) for name in names[:begin]}
        others = {name: theirs[name] for name in names[begin:]}
        nowhere = {name: absent(value) for name, value in others.items()}
        for act in route.acts:
            yield Probe(
                f"{route.title} {sorted(others)} {act}".rstrip(),
                (route.path(mine | others), {}, route.body({"do": act} if act else {})),
                (route.path(mine | nowhere), {}, route.body({"do": act} if act else {})),
                frozenset([*others.values(), *nowhere.values()]),
            )
    yield from _queried(route, victim, own)
    yield from _in_bodies(route, victim, own)


def _queried(route: Route, victim: Tenant, own: Tenant) -> Iterator[Probe]:
    for name in route.query_names:
        value, path = page_token(route, victim) if name == "page_token" else None, own_path(route, own)
        value = value or victim.sample(name, route.kind)
        yield Probe(
            f"{route.title} ?{name}",
            (path, {name: value}, route.body({})),
            (path, {name: absent(value)}, route.body({})),
            frozenset([value, absent(value)]),
        )


def _in_bodies(route: Route, victim: Tenant, own: Tenant) -> Iterator[Probe]:
    for name in route.body_names:
        value, path = route.sample_in_body(victim, name), own_path(route, own)
        yield Probe(
            f"{route.title} body {name}",
            (path, {}, route.body({name: route.member(name, value)})),
            (path, {}, route.body({name: route.member(name, absent(value))})),
            frozenset([value, absent(value)]),
        )


def own_path(route: Route, own: Tenant) -> str:
    return route.path(route.values(own))


def page_token(route: Route, victim: Tenant) -> str | None:
    """The token of the second page of the victim's list; None: it has one page only."""
    if route.prefix == "/account":
        headers = session_headers(victim.server, victim.person("owner"))
    else:
        kind = route.kind if route.kind in KINDS else "wms"
        headers = victim.house.headers(kind)
    answer = ask(victim, "GET", (own_path(route, victim), {"limit": "1"}, None), headers)
    token: str | None = answer.json().get("next_token") if answer.status_code == 200 else None
    return token


def masked(text: str, ids: Sequence[str]) -> str:
    """An answer without the ids that the request named, however they are written."""
    for value in sorted(ids, key=len, reverse=True):
        text = text.replace(value, "…").replace(quote(value, safe=""), "…")
    return text


def ask(caller: Tenant, method: str, request: Request, headers: Mapping[str, str]) -> httpx.Response:
    """The answer to a request, of a browser that keeps no cookie."""
    path, query, body = request
    kind = "data" if path.startswith(("/dashboard", "/portal")) else "json"  # its pages send forms
    extra_fields: Json = {} if body is None else {kind: body}
    http = caller.house.http
    http.cookies.clear()
    return http.request(
        method, f"{caller.house.url}{path}", params=query, headers=dict(headers), follow_redirects=False,
        **extra_fields,
    )  # fmt: skip


def said(answer: httpx.Response) -> str:
    """All that an answer says."""
    return "\n".join([answer.text, *answer.headers.values()])
