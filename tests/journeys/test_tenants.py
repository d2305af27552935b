"""Property 19: every route of every API, with everything that is another organization's, tells nothing of it.

The routes are those of the running application: a new one is walked by itself. What it names is made by
`tests.journeys.tenants`; who calls a new API is said in `CALLERS`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from crossdock.api.operation import Access
from crossdock.dashboard.dialect import Dashboard
from crossdock.pages.account.dialect import AccountPages
from crossdock.services.application import application
from crossdock.store.connections import access
from crossdock.store.connections.access import NewKey
from crossdock.web.application import Application
from crossdock.web.cookies import SESSION_COOKIE
from crossdock.web.dialect import Dialect
from crossdock.web.middleware import ErrorMiddleware
from tests.fakes.oidc_provider import running_provider
from tests.journeys.linking import minted
from tests.journeys.server import Server
from tests.journeys.tenant_routes import BODIES, Probe, Request, Route, absent, ask, masked, probes, said
from tests.journeys.tenants import KINDS, TOKENS, Tenant, session_headers, tenant

Headers = dict[str, str]

NOWHERE = frozenset({400, 401, 403, 404, 409, 410, 422, 501})
"""What an answer may be to a request that names something of somebody else."""
REFUSED_WITH_200 = '"code":30001'
"""How an API refuses whose callers look at the code only."""


def api_callers(who: Tenant, route: Route) -> list[Headers]:
    """Who calls the API: a key, with the token of a connection of the path's type."""
    kind = route.kind if route.kind in KINDS else "wms"
    access = getattr(route.operation, "access", Access.KEY)
    with_token = who.house.headers(kind)
    return [with_token] if access == Access.KEY_AND_TOKEN else [who.house.headers(), with_token]


def admin_callers(who: Tenant, _: Route) -> list[Headers]:
    """Who manages webhooks: a key, and a portal token that may do all in its application."""
    tokens = (who.house.key, who.sample("portal token", ""))
    return [{"authorization": f"Bearer {token}"} for token in tokens]


def end_users(who: Tenant, _: Route) -> list[Headers]:
    """Who connects a system: a link token, a new one each time, as it may ask only so often."""
    return [{"authorization": f"Bearer {minted(who.house)}"}]


def people(who: Tenant, _: Route) -> list[Headers]:
    """Who signs in: an owner."""
    return [session_headers(who.server, who.person("owner"))]


def browsers(who: Tenant, route: Route) -> list[Headers]:
    """Who looks at the dashboard: an owner, for its pages, and for what stands on them as JSON."""
    return [headers | {"accept": kind} for headers in people(who, route) for kind in ("text/html", JSON)]


def guests(who: Tenant, _: Route) -> list[Headers]:
    """Who looks at the webhook portal."""
    return [{"authorization": f"Bearer {who.sample('portal token', '')}"}]


def everybody(_: Tenant, __: Route) -> list[Headers]:
    """Who calls what asks for nothing."""
    return [{}]


JSON = "application/json"
CALLERS: dict[str, Callable[[Tenant, Route], list[Headers]]] = {
    "ApiDialect": api_callers,
    "WebhookAdmin": admin_callers,
    "AccountApi": people,
    "AccountPages": people,
    "LinkApi": end_users,
    "ConsentPages": everybody,
    "LogoFiles": everybody,
    "ConnectPages": everybody,
    "DecoEvents": everybody,
    "DashboardFiles": everybody,
    "Dashboard": browsers,
    "PortalShell": everybody,
    "Portal": guests,
}
"""Who calls each API, by the name of its dialect."""


@dataclass
class Houses:
    """Two organizations on one server, and all routes."""

    server: Server
    victim: Tenant
    caller: Tenant
    dialects: tuple[Dialect[Any, Any], ...]

    def routes(self, dialect: Dialect[Any, Any]) -> list[Route]:
        """Those that read first: what is made later under an id of somebody else's is one's own."""
        routes = [Route(dialect.prefix, operation) for operation in dialect.operations]
        return sorted(routes, key=lambda route: route.operation.method != "GET")

    def closed_routes(self, *names: str) -> Iterator[tuple[str, Route]]:
        """Each route that wants a proof, behind the name of its dialect. names: of dialects; none: all."""
        for dialect in self.dialects:
            name = type(dialect).__name__
            for route in self.routes(dialect):
                if not is_open(dialect, route) and (not names or name in names):
                    yield name, route

    def calls(self) -> Iterator[tuple[Route, Headers]]:
        for dialect in self.dialects:
            for route in self.routes(dialect):
                for headers in CALLERS[type(dialect).__name__](self.caller, route):
                    yield route, headers


@pytest.fixture(scope="module")
def houses(server: Server) -> Iterator[Houses]:
    middleware = application(server.door)
    assert isinstance(middleware, ErrorMiddleware)
    assert isinstance(middleware.app, Application)
    with running_provider(server.services.clock) as provider:
        BODIES["setSignOn"]["issuer"] = provider.url
        yield Houses(server, tenant(server), tenant(server), middleware.app.dialects)


def test_every_api_says_who_calls_it_and_everything_that_a_route_names_can_be_made(houses: Houses):
    strangers = [name for dialect in houses.dialects if (name := type(dialect).__name__) not in CALLERS]
    assert strangers == [], f"say in CALLERS who calls {strangers}"
    unknown = {
        route.title: names
        for dialect in houses.dialects
        for route in houses.routes(dialect)
        if (names := route.unknown())
    }
    assert unknown == {}, "say in tests/journeys/tenants.py, SAMPLES, how to make one of each of these"


def is_compared(method: str, answer: httpx.Response) -> bool:
    """Whether the same is to be said of what there is not: not where each answer makes something new."""
    return method == "GET" or answer.status_code >= 300


def faults_of(route: Route, caller: Tenant, headers: Headers, probe: Probe, marks: set[str]) -> Iterator[str]:
    """How the answers to a probe tell that somebody else has what it named, or show a mark."""
    method = route.operation.method
    foreign = ask(caller, method, probe.foreign, headers)
    missing = ask(caller, method, probe.missing, headers)
    ids = sorted(probe.ids)
    if foreign.status_code != missing.status_code:
        yield f"{probe.title}: {foreign.status_code}, and {missing.status_code} for what there is not"
    elif is_compared(method, foreign) and masked(foreign.text, ids) != masked(missing.text, ids):
        yield f"{probe.title}: says {foreign.text[:200]}, and {missing.text[:200]} for what there is not"
    is_refused = foreign.status_code in NOWHERE or REFUSED_WITH_200 in foreign.text
    if method == "GET" and route.tenants_names and not is_refused:
        yield f"{probe.title}: {foreign.status_code}: {foreign.text[:200]}"
    if foreign.status_code >= 500 and foreign.status_code != 501:
        yield f"{probe.title}: {foreign.status_code}"
    if shown := sorted(mark for mark in marks if mark in masked(said(foreign), ids)):
        yield f"{probe.title}: shows {shown}"


def seen_by_owner(houses: Houses) -> dict[str, tuple[int, str]]:
    """What the victim sees of each of its things that a route reads."""
    seen = {}
    for dialect in houses.dialects:
        for route in houses.routes(dialect):
            if route.operation.method == "GET" and route.tenants_names:
                headers = CALLERS[type(dialect).__name__](houses.victim, route)[0]
                request: Request = (route.path(route.values(houses.victim)), {}, None)
                answer = ask(houses.victim, "GET", request, headers)
                seen[route.title] = answer.status_code, answer.text
    return seen


def test_p19_lists_and_answers_without_ids_show_nothing_of_another_organization(houses: Houses):
    """Asked before the caller has named anything: the log of calls shows what one named oneself."""
    houses.victim.make_all()
    seen_by_owner(houses)  # what there is to be shown
    faults = []
    for route, headers in houses.calls():
        if route.operation.method == "GET" and not route.tenants_names:
            answer = ask(houses.caller, "GET", (route.path({}), {}, None), headers)
            if shown := sorted(mark for mark in houses.victim.marks if mark in said(answer)):
                faults.append(f"{route.title}: shows {shown}")
    assert faults == []


def test_p19_every_route_answers_for_another_organizations_ids_as_for_ids_that_there_are_not(houses: Houses):
    houses.victim.make_all()
    before = seen_by_owner(houses)
    found = [title for title, (status, _) in before.items() if status == 200]
    assert len(found) > 50, "the victim has too little: nothing is put to the test"
    walked, faults = 0, list[str]()
    for route, headers in houses.calls():
        for probe in probes(route, houses.victim, houses.caller):
            walked += 1
            faults += faults_of(route, houses.caller, headers, probe, houses.victim.marks)
    assert faults == []
    assert walked > 200
    after = seen_by_owner(houses)
    assert {title: answer[0] for title, answer in after.items()} == {
        title: answer[0] for title, answer in before.items()
    }
    still = [title for title in before if not any(word in title for word in STIRRING)]
    assert {title: after[title] for title in still} == {title: before[title] for title in still}


STIRRING = (
    "/webhooks/{app_id}", "/attempt", "stats", "/msg", "/files", "/connections", "/background-task",
    "/events", "/{connection_id}/write/", "/{connection_id}/import/",
)  # fmt: skip
"""What goes on by itself, is signed with the time, or is a form with a key that is new each time."""


def test_p19_another_organizations_access_token_works_with_no_key_but_its_own(houses: Houses):
    faults = []
    victim, caller = houses.victim, houses.caller
    for route in houses.routes(houses.dialects[0]):
        if getattr(route.operation, "access", None) not in (Access.KEY_AND_TOKEN, Access.KEY_MAYBE_TOKEN):
            continue
        kind = route.kind if route.kind in KINDS else "wms"
        request: Request = (route.path(route.values(victim)), {}, route.body({}))
        answers = [
            ask(
                caller,
                route.operation.method,
                request,
                caller.house.headers() | {"x-trackstar-access-token": token},
            )
            for token in (victim.house.tokens[kind], absent(victim.house.tokens[kind]))
        ]
        if {answer.status_code for answer in answers} != {401} or answers[0].text != answers[1].text:
            faults.append(f"{route.title}: {[(answer.status_code, answer.text[:80]) for answer in answers]}")
    assert faults == []


def test_p19_without_a_key_nothing_is_there(houses: Houses):
    """Each route that is not everybody's: no key, and one that was never given."""
    faults = []
    for dialect in houses.dialects:
        for route in houses.routes(dialect):
            if is_open(dialect, route):
                continue
            request: Request = (route.path(route.values(houses.victim)), {}, route.body({}))
            for headers in ({}, {"authorization": "Bearer ck_none", "x-trackstar-api-key": "ck_none"}):
                answer = ask(houses.caller, route.operation.method, request, headers | {"accept": JSON})
                if answer.status_code != 401:
                    faults.append(f"{route.title}: {answer.status_code} {answer.text[:100]}")
    assert faults == []


def is_open(dialect: Dialect[Any, Any], route: Route) -> bool:
    """Whether a route asks for no key: it is everybody's, or has a proof of its own."""
    if CALLERS[type(dialect).__name__] is everybody:
        return True
    if isinstance(dialect, AccountPages):  # a browser is not refused but sent to sign in: see below
        return True
    access, needs = getattr(route.operation, "access", None), getattr(route.operation, "needs", None)
    if not getattr(route.operation, "shows_token", True):
        return True
    return access in (Access.NONE, Access.SIGNED, Access.OPERATOR) or needs == "anybody"


def test_p19_pages_send_whoever_shows_no_session_to_the_one_to_sign_in_on(houses: Houses):
    owner, walked = houses.caller, 0
    pages = [dialect for dialect in houses.dialects if isinstance(dialect, AccountPages | Dashboard)]
    credentials = [owner.house.key, owner.house.tokens["wms"], *(owner.sample(name, "") for name in TOKENS)]
    for route in (route for dialect in pages for route in houses.routes(dialect)):
        if getattr(route.operation, "needs", None) == "anybody":
            continue
        for credential in ("cs_none", *credentials):
            walked += 1
            headers = shown_everywhere(credential)
            form = {"do": "invite"} if route.operation.method == "POST" else None
            answer = owner.house.http.request(
                route.operation.method, f"{owner.house.url}{route.path(route.values(owner))}",
                headers=headers, data=form,
            )  # fmt: skip
            assert answer.status_code == 303, route.title
            assert "/account/sign-in" in answer.headers["location"], route.title
            assert answer.text == ""
    assert walked > 30


# What opens something, where it must not


OPENS = {
    "ApiDialect": {"key"}, "WebhookAdmin": {"key", "portal token"}, "LinkApi": {"link_token"},
    "AccountApi": {"session"}, "Dashboard": {"session"},
    "Portal": {"portal token"},
}  # fmt: skip
"""Which credentials open what, by the name of the dialect."""


def test_p19_a_credential_opens_its_own_api_only(houses: Houses):
    """A key, an access token, one of the portal, of a form, a session: shown in every way at all others."""
    owner, faults, walked = houses.caller, list[str](), 0
    credentials = {name: owner.sample(name, "") for name in TOKENS} | {
        "key": owner.house.key, "access token": owner.house.tokens["wms"],
        "session": owner.person("owner").token,
    }  # fmt: skip
    for name, route in houses.closed_routes():
        request: Request = (route.path(route.values(owner)), {}, route.body({}))
        for credential in credentials.keys() - OPENS[name]:
            walked += 1
            headers = shown_everywhere(credentials[credential]) | {"accept": JSON}
            answer = ask(owner, route.operation.method, request, headers)
            if answer.status_code != 401:
                faults.append(f"{route.title} with {credential}: {answer.status_code} {answer.text[:100]}")
    assert faults == []
    assert walked > 500


def shown_everywhere(value: str) -> Headers:
    return {
        "authorization": f"Bearer {value}", "x-trackstar-api-key": value, "x-trackstar-access-token": value,
        "cookie": f"{SESSION_COOKIE}={value}",
    }  # fmt: skip


def test_p19_who_is_in_two_organizations_sees_nothing_of_the_one_not_worked_with(houses: Houses):
    victim, caller = houses.victim, Tenant(houses.server, houses.server.organization())
    opened = caller.person("owner", (victim.house.id, "owner"))
    headers, faults = session_headers(houses.server, opened), list[str]()
    for _, route in houses.closed_routes("AccountApi"):
        if route.operation.id in ("listOrganizations", "switchOrganization"):
            continue
        for probe in probes(route, victim, caller):
            faults += faults_of(route, caller, headers, probe, victim.marks)
        if route.operation.method == "GET":
            answer = ask(caller, "GET", (route.path({}), {}, None), headers)
            faults += [f"{route.title}: shows {mark}" for mark in victim.marks if mark in said(answer)]
    assert faults == []


def test_p19_to_a_key_bound_to_a_connection_nothing_else_of_its_organization_is_there(houses: Houses):
    whole, house = houses.caller, houses.caller.house
    seen_by_owner(Houses(houses.server, whole, whole, houses.dialects))  # what there is to be shown
    key, faults = bound_key(whole, "carrier"), list[str]()
    alone = {"x-trackstar-api-key": key, "authorization": f"Bearer {key}"}
    with_token = alone | {"x-trackstar-access-token": house.tokens["carrier"]}
    own = {house.id, house.tokens["carrier"], house.uids["carrier"], whole.made["file_id"]}
    for _, route in houses.closed_routes("ApiDialect", "WebhookAdmin"):
        if route.kind == "carrier" or route.title == "DELETE /connections":
            continue
        for headers in (alone, with_token):
            for probe in probes(route, whole, whole):
                if probe.title == PLACE:
                    continue
                faults += faults_of(route, whole, headers, probe, whole.marks - own)
            request: Request = (route.path(route.values(whole)), {}, route.body({}))
            answer = ask(whole, route.operation.method, request, headers)
            text = masked(said(answer), [unquote(part) for part in request[0].split("/") if len(part) > 8])
            faults += [f"{route.title}: shows {mark}" for mark in whole.marks - own if mark in text]
    assert faults == []


PLACE = "GET /events ?after"
"""Each connection's place is the organization's last event, so that a quiet one does not fall behind."""


def bound_key(whole: Tenant, kind: str) -> str:
    """A key of an organization that is bound to its connection of a type."""
    services = whole.server.services

    async def add() -> str:
        key = NewKey("bound", connection_uids=frozenset({whole.house.uids[kind]}))
        async with services.database.transaction() as transaction:
            return (await access.add_key(transaction, whole.house.id, key, services.clock()))[1]

    return whole.server.do(add())


def test_p29_a_read_only_key_gets_no_secret_by_any_route_and_any_method(houses: Houses):
    owner, faults, seen = houses.caller, list[str](), 0
    secrets, reader = owner.secrets, houses.server.key(owner.house.id, read_only=True)[1]
    for _, route in houses.closed_routes("ApiDialect", "WebhookAdmin"):
        headers = {
            "x-trackstar-api-key": reader, "authorization": f"Bearer {reader}",
            "x-trackstar-access-token": owner.house.tokens[route.kind if route.kind in KINDS else "wms"],
        }  # fmt: skip
        request: Request = (route.path(route.values(owner)), {}, route.body({}))
        answer = ask(owner, route.operation.method, request, headers)
        seen += answer.status_code == 200
        faults += [f"{route.title}: shows {secret}" for secret in secrets if secret in said(answer)]
        if route.operation.method != "GET" and answer.status_code != 403:
            faults.append(f"{route.title}: {answer.status_code} {answer.text[:100]}")
    assert faults == []
    assert seen > 50


def test_the_page_of_a_magic_link_tells_not_whether_there_is_one(houses: Houses):
    houses.victim.sample("magic_link_id", "")
    secret = houses.victim.made["secret of the magic link"]
    answers = [
        ask(houses.caller, "GET", (f"/connect/m/{value}", {}, None), {}) for value in (secret, absent(secret))
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
