"""Pure: the form of an endpoint ↔ what the webhook administration takes. Lists have a line for each entry."""

from collections.abc import Mapping
from typing import Any

import msgspec

from crossdock.errors import Invalid
from crossdock.webhooks import headers

TYPE, REMOVED = "type:", "remove_header:"
"""Beginnings of names of fields that are ticked."""
ALL, SOME = "all", "some"
FASTEST = 65_535


class EndpointForm(msgspec.Struct, kw_only=True):
    """The fields of the form. *_scope: "all" or "some"; kept_headers: names, whose values are secret."""

    url: str = ""
    description: str = ""
    types_scope: str = ALL
    types: list[str] = []
    connections_scope: str = ALL
    connections: str = ""
    customers_scope: str = ALL
    customers: str = ""
    channels: str = ""
    rate: str = ""
    headers: str = ""
    kept_headers: list[str] = []


def sent_form(fields: Mapping[str, str], kept_headers: list[str]) -> EndpointForm:
    """The form as somebody has filled it in."""
    texts = {
        name: fields.get(name, "")
        for name in ("url", "description", "connections", "customers", "channels", "rate", "headers")
    }
    scopes = {
        name: SOME if fields.get(name) == SOME else ALL
        for name in ("types_scope", "connections_scope", "customers_scope")
    }
    types = [name.removeprefix(TYPE) for name in fields if name.startswith(TYPE)]
    return EndpointForm(**texts, **scopes, types=types, kept_headers=kept_headers)


def stored_form(endpoint: Mapping[str, Any], sent_headers: Mapping[str, Any]) -> EndpointForm:
    """The form of an endpoint as it is. sent_headers: as `GET …/headers` answers."""
    connections, customers = endpoint.get("connectionIds"), endpoint.get("customerIds")
    return EndpointForm(
        url=endpoint["url"],
        description=endpoint["description"],
        types_scope=ALL if endpoint["eventTypes"] is None else SOME,
        types=endpoint["eventTypes"] or [],
        connections_scope=ALL if connections is None else SOME,
        connections="\n".join(connections or ()),
        customers_scope=ALL if customers is None else SOME,
        customers="\n".join(customers or ()),
        channels="\n".join(endpoint["channels"] or ()),
        rate=str(endpoint["throttleRate"] or ""),
        headers="\n".join(f"{name}: {value}" for name, value in sent_headers["headers"].items()),
        kept_headers=list(sent_headers["sensitive"]),
    )


def endpoint_body(form: EndpointForm) -> dict[str, Any]:
    """The body that says so. Raises Invalid for what the form alone shows to be wrong."""
    if form.types_scope == SOME and not form.types:
        raise Invalid({"body": {"eventTypes": ["none is chosen; choose some, or all"]}})
    return {
        "url": form.url.strip(),
        "description": form.description.strip(),
        "eventTypes": form.types if form.types_scope == SOME else None,
        "connectionIds": lines(form.connections) if form.connections_scope == SOME else None,
        "customerIds": lines(form.customers) if form.customers_scope == SOME else None,
        "channels": lines(form.channels) or None,
        "throttleRate": _rate(form.rate.strip()),
    }


def _rate(text: str) -> int | None:
    """The number of webhooks a second; None: any. Raises Invalid."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= FASTEST):
        wanted = f"is {text[:20]!r}; wanted is a number from 1 to {FASTEST}, or nothing"
        raise Invalid({"body": {"throttleRate": [wanted]}})
    return int(text)


def header_fields(text: str) -> dict[str, str]:
    """Headers, of lines such as `x-tenant: 42`. Raises Invalid for what can't be one."""
    fields: dict[str, str] = {}
    faults = []
    for line in lines(text):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            faults.append(f"{line[:60]!r} is none; wanted is a line such as `x-tenant: 42`")
        fields[name.strip()] = value.strip()
    faults = faults or headers.faults(fields)
    if faults:
        raise Invalid({"body": {"headers": faults}})
    return fields


def header_changes(
    form: EndpointForm, before: Mapping[str, Any], fields: Mapping[str, str]
) -> dict[str, Any] | None:
    """The body that changes the headers of an endpoint; None: nothing changes. fields: as sent."""
    wanted, known = header_fields(form.headers), before["headers"]
    gone = [name for name in known if name not in wanted]
    gone += [name for name in form.kept_headers if f"{REMOVED}{name}" in fields]
    fresh = {name: value for name, value in wanted.items() if known.get(name) != value}
    return {"headers": fresh, "deleteHeaders": gone} if fresh or gone else None


def lines(text: str) -> list[str]:
    """The lines of a text, without empty ones and without spaces around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]
