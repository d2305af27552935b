"""Writes `docs/systems.md`: every system that there is an integration for, from its manifest.

`python -m tools.systems` prints it; `make docs` stores it, and `make check` compares.
"""

import textwrap
from collections.abc import Iterator

from crossdock.kit.descriptions import EVIDENCE, TYPE_TITLES, limit_words, sign_in_words
from crossdock.kit.registry import Integration, all_integrations
from crossdock.resources.catalogue import TYPES

HEAD = """# Systems

Made from the manifests by `make docs`; the API has the same at [`GET /integrations/{type}`](api.md).

{evidence}
Each function has cases in the folder of its integration either way.

● offered; ◉ offered, and for a window of time on demand.

**Webhooks**: reads whose changes the system sends to us, so that they need not wait for the next sync.
"""


def page() -> str:
    """The whole page, in Markdown."""
    head = HEAD.replace("{evidence}", textwrap.fill(_evidence(), 108, break_on_hyphens=False))
    return "\n".join([head, *_lines()])


def _evidence() -> str:
    meanings = " ".join(f"*{name}*: {meaning}." for name, meaning in EVIDENCE.items())
    return f"**Evidence** says how we know that an integration does what it says. {meanings}"


def _lines() -> Iterator[str]:
    for kind in TYPES:
        integrations = [
            integration for integration in all_integrations().values() if integration.type == kind
        ]
        integrations.sort(key=lambda integration: integration.manifest.name.casefold())
        if not integrations:
            continue
        yield f"## {TYPE_TITLES[kind]}\n"
        yield "| system | evidence | sign-in | limits | webhooks |"
        yield "| --- | --- | --- | --- | --- |"
        yield from map(_row, integrations)
        yield ""
        yield from _functions(integrations)


def _row(integration: Integration) -> str:
    manifest = integration.manifest
    name = f"[{manifest.name}]({manifest.docs})" if manifest.docs else manifest.name
    note = f" ({manifest.evidence_note})" if manifest.evidence_note else ""
    webhooks = ", ".join(f"`{name}`" for name in manifest.inbound.functions) if manifest.inbound else "no"
    cells = (
        f"**{name}** `{integration.slug}`",
        manifest.evidence + note,
        sign_in_words(manifest),
        limit_words(manifest),
        webhooks,
    )
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


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
