"""Writes `docs/systems.md`: every system that there is an integration for, from its manifest.

`python -m tools.systems` prints it; `make docs` stores it, and `make check` compares.
"""

from collections.abc import Iterator

from crossdock.kit.limits import CallLimit
from crossdock.kit.manifest import Manifest
from crossdock.kit.registry import Integration, all_integrations
from crossdock.resources.catalogue import TYPES

SIGN_INS = {
    "none": "nothing secret",
    "api_key": "API key",
    "basic": "user name and password",
    "bearer": "token",
    "session": "user name and password",
    "oauth_code": "OAuth 2, consent",
    "oauth_client": "OAuth 2, application",
    "oauth1": "OAuth 1.0a",
    "hmac": "signed calls",
}
TITLES = {"wms": "Warehouse systems", "cart": "Carts", "carrier": "Carriers", "freight": "Freight forwarders"}
HEAD = """# Systems

Made from the manifests by `make docs`; the API has the same at [`GET /integrations/{type}`](api.md).

**Evidence** says how we know that an integration does what it says. *documented*: built from the vendor's
published description and held to it, never run against the vendor. *recorded*: tested with records and
answers that were taken from the vendor's system. *live*: run against a real one, in the version named.
Each function has cases in the folder of its integration either way.

● offered; ◉ offered, and for a window of time on demand.

**Webhooks**: reads whose changes the system sends to us, so that they need not wait for the next sync.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join([HEAD, *_lines()])


def _lines() -> Iterator[str]:
    for kind in TYPES:
        integrations = [
            integration for integration in all_integrations().values() if integration.type == kind
        ]
        integrations.sort(key=lambda integration: integration.manifest.name.casefold())
        if not integrations:
            continue
        yield f"## {TITLES[kind]}\n"
        yield "| system | evidence | sign-in | limits | webhooks |"
        yield "| --- | --- | --- | --- | --- |"
        yield from map(_row, integrations)
        yield ""
        yield from _functions(integrations)


def _row(integration: Integration) -> str:
    manifest = integration.manifest
    name = f"[{manifest.name}]({manifest.docs})" if manifest.docs else manifest.name
    note = f" ({manifest.evidence_note})" if manifest.evidence_note else ""
    schemes = [way.scheme for way in manifest.auth.ways.values()] or [manifest.auth.scheme]
    sign_in = "; or ".join(SIGN_INS[scheme] for scheme in schemes)
    if manifest.files is not None:
        sign_in = "files: " + ", ".join(manifest.files.ways)
    webhooks = ", ".join(f"`{name}`" for name in manifest.inbound.functions) if manifest.inbound else "no"
    cells = (
        f"**{name}** `{integration.slug}`",
        manifest.evidence + note,
        sign_in,
        _limits(manifest),
        webhooks,
    )
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _limits(manifest: Manifest) -> str:
    """The limits of an account, and the named ones."""
    limits = {"": manifest.limits, **manifest.limits.named}
    texts = [f"{name}: {text}" if name else text for name, limit in limits.items() if (text := _limit(limit))]
    return "; ".join(texts) or "none known"


def _limit(limit: CallLimit) -> str:
    parts = []
    if limit.requests_per_minute:
        parts.append(f"{limit.requests_per_minute:g} calls a minute")
    if limit.cost_per_minute:
        parts.append(f"{limit.cost_per_minute:g} points a minute")
    if limit.capacity and limit.restore_per_second:
        parts.append(f"{limit.capacity:g} points, {limit.restore_per_second:g} a second back")
    if limit.concurrent_requests:
        parts.append(f"{limit.concurrent_requests} at a time")
    return ", ".join(parts)


def _functions(integrations: list[Integration]) -> Iterator[str]:
    """The functions of one type's integrations, a column for each of these."""
    names = dict.fromkeys(name for integration in integrations for name in integration.functions)
    yield f"| | {' | '.join(integration.manifest.name for integration in integrations)} |"
    yield "| --- " * (len(integrations) + 1) + "|"
    for name in sorted(names, key=lambda name: (not name.startswith("get_"), list(names).index(name))):
        yield f"| `{name}` | {' | '.join(_cell(integration, name) for integration in integrations)} |"
    yield ""


def _cell(integration: Integration, name: str) -> str:
    functions = integration.manifest.functions
    if name in functions.on_demand:
        return "◉"
    return "●" if name in integration.functions else ""


if __name__ == "__main__":
    print(page(), end="")
