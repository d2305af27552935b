"""The transformation of an endpoint: an editor for its script, with a run on a sample that sends nothing."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.inside_webhooks import part
from crossdock.dashboard.webhooks.event_groups import all_event_types
from crossdock.dashboard.webhooks.events import said
from crossdock.dashboard.webhooks.visit import WebhookVisit, application_of, page_path, path_of
from crossdock.errors import Invalid, NotFound, RequestError

FIRST_CODE = """\
function handler(webhook) {
  return webhook;
}
"""
SAMPLE_TYPE = "order.updated"


class ScriptOutcome(msgspec.Struct, kw_only=True):
    """Outcome of a run on the sample. payload: as it would be sent; a text that is no JSON, as it is."""

    url: str
    method: str
    payload: str
    cancel: bool


class ScriptPage(msgspec.Struct, kw_only=True):
    """The script of an endpoint. variables: a line each; outcome: of a run; fault: why there is none."""

    app_id: str
    endpoint: dict[str, Any]
    is_on: bool
    updated: str | None
    code: str
    variables: str
    event_types: list[str]
    event_type: str
    payload: str
    outcome: ScriptOutcome | None = None
    fault: str = ""


async def shown(visit: WebhookVisit) -> Response:
    """The script as it is, with the example of an event type to try it on."""
    application = await application_of(visit)
    path = _path(visit, application)
    endpoint = await visit.hooks.get(path)
    stored = await visit.hooks.get(f"{path}/transformation")
    names = await _names(visit)
    event_type = _sample_type(visit.query("event_type").get("event_type", ""), endpoint, names)
    variables = "\n".join(f"{name}={value}" for name, value in (stored["variables"] or {}).items())
    page = ScriptPage(
        app_id=application["id"],
        endpoint=endpoint,
        is_on=stored["enabled"],
        updated=stored["updatedAt"],
        code=stored["code"] or FIRST_CODE,
        variables=variables,
        event_types=names,
        event_type=event_type,
        payload=await _sample(visit, event_type),
    )
    return visit.view("webhooks/script.html", page, title="Transformation")


def _sample_type(wanted: str, endpoint: dict[str, Any], names: list[str]) -> str:
    """The event type to try on: what is asked for, else one that the endpoint gets."""
    candidates = [wanted, *(endpoint["eventTypes"] or ()), SAMPLE_TYPE, *names]
    return next((name for name in candidates if name in names), SAMPLE_TYPE)


async def _names(visit: WebhookVisit) -> list[str]:
    return [row["name"] for row in await all_event_types(visit)]


class _Schemas(msgspec.Struct):
    schemas: dict[str, dict[str, msgspec.Raw]] | None = None


async def _sample(visit: WebhookVisit, event_type: str) -> str:
    """The first example of an event type."""
    try:
        known = await visit.hooks.read(f"/event-type/{part(event_type)}", _Schemas)
    except (NotFound, msgspec.MsgspecError):
        return "{}"
    schemas = known.schemas or {}
    newest = schemas[max(schemas, key=lambda name: (len(name), name))] if schemas else {}
    try:
        examples = msgspec.json.decode(newest.get("examples", b"[]"), type=list[msgspec.Raw])
    except msgspec.MsgspecError:
        return "{}"
    return msgspec.json.format(bytes(examples[0]), indent=2).decode() if examples else "{}"


async def acted(visit: WebhookVisit) -> Response:
    """Try the script, store it and switch it on, or switch it off."""
    application = await application_of(visit)
    path = _path(visit, application)
    endpoint = await visit.hooks.get(path)
    page_of = f"{page_path(application)}/endpoints/{endpoint['id']}/transformation"
    act, outcome, fault = visit.text("do"), None, ""
    try:
        if act == "switch_off":
            await visit.hooks.send("PATCH", f"{path}/transformation", {"enabled": False})
            return visit.onward(page_of, done="script_off")
        variables = variables_of(visit.text("variables"))
        if act == "save":
            body = {"code": _code(visit), "variables": variables, "enabled": True}
            await visit.hooks.send("PATCH", f"{path}/transformation", body)
            return visit.onward(page_of, done="script_saved")
        outcome = await _outcome(visit, path, variables)
    except NotFound:
        raise
    except (RequestError, Invalid) as problem:
        fault = said(problem)
    page = ScriptPage(
        app_id=application["id"],
        endpoint=endpoint,
        is_on=visit.text("is_on") == "1",
        updated=None,
        code=_code(visit),
        variables=visit.text("variables"),
        event_types=await _names(visit),
        event_type=visit.text("event_type"),
        payload=visit.text("payload"),
        outcome=outcome,
        fault=fault,
    )
    status = 422 if fault else 200
    return visit.view("webhooks/script.html", page, title="Transformation", status=status)


def _code(visit: WebhookVisit) -> str:
    """The script; browsers send the ends of its lines as two characters."""
    return visit.text("code").replace("\r\n", "\n")


async def _outcome(visit: WebhookVisit, path: str, variables: dict[str, str]) -> ScriptOutcome:
    try:
        payload = msgspec.json.decode(visit.text("payload").encode(), type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as problem:
        raise Invalid({"body": {"payload": [f"is no JSON: {problem}"]}}) from None
    body = {
        "code": _code(visit), "eventType": visit.text("event_type") or SAMPLE_TYPE, "payload": payload,
        "variables": variables,
    }  # fmt: skip
    result = await visit.hooks.send("POST", f"{path}/transformation/simulate", body)
    return ScriptOutcome(
        url=result["url"], method=result["method"], payload=readable(result["payload"]),
        cancel=result["cancel"],
    )  # fmt: skip


def readable(text: str) -> str:
    """JSON with its lines indented; what is none, as it is."""
    try:
        return msgspec.json.format(text.encode(), indent=2).decode()
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text


def variables_of(text: str) -> dict[str, str]:
    """Variables, of lines such as `token=abc`. Raises Invalid for what can't be one."""
    variables = {}
    for line in filter(str.strip, text.splitlines()):
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            # Not the line itself: it may well be a key.
            raise Invalid({"body": {"variables": ["has a line without a name; wanted is `name=value`"]}})
        variables[name.strip()] = value
    return variables


def _path(visit: WebhookVisit, application: dict[str, Any]) -> str:
    return f"{path_of(application)}/endpoint/{part(visit.part('endpoint_id'))}"
