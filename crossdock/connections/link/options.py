"""Pure: what can be picked in the form, from the options of a button or a magic link.

A button's options come from a web page, so nothing in them is an error: what is unknown is left out, and
told in `warnings`. Those of a magic link come from a backend, and what is wrong in them is refused.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from crossdock.errors import Invalid
from crossdock.kit.registry import Integration, integrations_of, slug_of
from crossdock.resources import switches
from crossdock.resources.catalogue import TYPES
from crossdock.store.connections.access import Organization

DEFAULT_TYPE = "wms"
SANDBOX = "sandbox"
"""The entry that is only there where it is asked for."""
ALIASES = {"get_inbound_shipment": "get_inbound_shipments"}
"""Names that the button's package has for functions of the API."""
MOST_NAMES = 1000


class LinkOptions(msgspec.Struct, frozen=True, omit_defaults=True):
    """The options of a button or magic link: what can be picked, and what is on and off then."""

    integration_type: str = DEFAULT_TYPE
    integration_allow_list: tuple[str, ...] = ()
    integration_block_list: tuple[str, ...] = ()
    integrations_with_endpoints: tuple[str, ...] = ()
    disabled_functions: tuple[str, ...] = ()
    enabled_functions: tuple[str, ...] = ()
    has_sandbox: bool = False
    logo: str | None = None


def read_options(raw: Mapping[str, Any]) -> tuple[LinkOptions, list[str]]:
    """The options of a button, and a warning about each that is not heeded."""
    warnings: list[str] = []
    kind = raw.get("integrationType") or DEFAULT_TYPE
    if kind not in TYPES:
        warnings.append(f"integrationType is {kind!r:.80}; wanted is one of {', '.join(TYPES)}")
        kind = DEFAULT_TYPE
    known = switches.switchable(kind)
    options = LinkOptions(
        integration_type=kind,
        integration_allow_list=_slugs(raw, "integrationAllowList", kind, warnings),
        integration_block_list=_slugs(raw, "integrationBlockList", kind, warnings),
        integrations_with_endpoints=_functions(raw, "integrationsWithEndpoints", known, warnings),
        disabled_functions=_functions(raw, "disabledFunctions", known, warnings),
        has_sandbox=raw.get("sandbox") is True,
        logo=_logo(raw, warnings),
    )
    if options.integration_allow_list and options.integration_block_list:
        warnings.append("with an allow list and a block list all integrations are shown")
    return options, warnings


def as_button(options: LinkOptions) -> dict[str, Any]:
    """The same as a button has them."""
    return {
        "integrationType": options.integration_type,
        "integrationAllowList": options.integration_allow_list,
        "integrationBlockList": options.integration_block_list,
        "integrationsWithEndpoints": options.integrations_with_endpoints,
        "disabledFunctions": options.disabled_functions,
        "sandbox": options.has_sandbox,
        "logo": options.logo,
    }


def _names(raw: Mapping[str, Any], name: str, warnings: list[str]) -> list[str]:
    value = raw.get(name)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        warnings.append(f"{name} is no list")
        return []
    texts = [item for item in value[:MOST_NAMES] if isinstance(item, str)]
    if len(texts) < len(value):
        warnings.append(f"{name} has members that are no texts, or more than {MOST_NAMES}")
    return texts


def _slugs(raw: Mapping[str, Any], name: str, kind: str, warnings: list[str]) -> tuple[str, ...]:
    """The slugs as they are written here. Unknown ones stay: a list of nothing else shows nothing."""
    slugs = tuple(_slug(text) for text in _names(raw, name, warnings))
    known = {integration.slug for integration in integrations_of(kind)}
    for slug in dict.fromkeys(slugs):
        if slug not in known:
            warnings.append(f"{name} names {slug!r:.80}, and there is no such {kind} integration")
    return slugs


def _slug(text: str) -> str:
    return slug_of(text.strip().lower())


def _functions(
    raw: Mapping[str, Any], name: str, known: Collection[str], warnings: list[str]
) -> tuple[str, ...]:
    functions = [ALIASES.get(text, text) for text in _names(raw, name, warnings)]
    for function in functions:
        if function not in known:
            warnings.append(f"{name} names {function!r:.80}, and there is no such function")
    return tuple(function for function in functions if function in known)


def _logo(raw: Mapping[str, Any], warnings: list[str]) -> str | None:
    logo = raw.get("logo")
    if logo is None or logo == "":
        return None
    if isinstance(logo, str) and logo.startswith("https://") and len(logo) <= 2000:
        return logo
    warnings.append("logo is no https link")
    return None


# The picker


def is_shared(integration: Integration) -> bool:
    """Check whether an organization has a single connection of it, whoever connects it."""
    return integration.slug == SANDBOX


def pickable(options: LinkOptions) -> list[Integration]:
    """The integrations that are shown."""
    allow, block = options.integration_allow_list, options.integration_block_list
    if allow and block:
        allow, block = (), ()
    wanted = set(options.integrations_with_endpoints)
    return [
        integration
        for integration in integrations_of(options.integration_type)
        if _is_shown(integration.slug, allow, block, has_sandbox=options.has_sandbox)
        and wanted <= set(integration.functions)
    ]


def _is_shown(slug: str, allow: Collection[str], block: Collection[str], *, has_sandbox: bool) -> bool:
    if slug in block:
        return False
    if slug == SANDBOX:
        return has_sandbox
    return not allow or slug in allow


def skips_picker(options: LinkOptions, integrations: Sequence[Integration]) -> bool:
    """Check whether there is nothing to pick: the allow list has one entry, and that is what there is."""
    is_allow_list = bool(options.integration_allow_list) and not options.integration_block_list
    return is_allow_list and len(integrations) == 1


# What is on and off


def switched(options: LinkOptions) -> tuple[frozenset[str], frozenset[str]]:
    """The functions that are off for what is connected, and those that are on whatever is off otherwise.

    What is off takes along what can't do without it.
    """
    off = _with_dependents(options)
    return off, frozenset(options.enabled_functions) - off


def _with_dependents(options: LinkOptions) -> frozenset[str]:
    """The disabled functions, and those that can't do without them."""
    off = frozenset(options.disabled_functions)
    needs = switches.NEEDS.get(options.integration_type, {})
    return off | {function for function, needed in needs.items() if off & set(needed)}


# Magic links


def check_magic_options(options: LinkOptions, organization: Organization, off: frozenset[str]) -> LinkOptions:
    """The options of a magic link, in the names of the API. Raises Invalid with all that is wrong.

    off: what the operator's settings switch off.
    """
    names = ("integrations_with_endpoints", "disabled_functions", "enabled_functions")
    functions = {name: tuple(ALIASES.get(text, text) for text in getattr(options, name)) for name in names}
    checked = msgspec.structs.replace(
        options,
        integration_allow_list=tuple(_slug(text) for text in options.integration_allow_list),
        integration_block_list=tuple(_slug(text) for text in options.integration_block_list),
        **functions,
    )
    known = switches.switchable(options.integration_type)
    faults = _exclusive(checked) | {
        name: unknown for name, texts in functions.items() if (unknown := _unknown(texts, known))
    }
    if not faults:
        faults = _switch_faults(checked, organization.off(options.integration_type, off))
    if faults:
        raise Invalid({"json": faults})
    return checked


def _exclusive(options: LinkOptions) -> dict[str, list[str]]:
    """The lists that can't be combined with the allow list, and are."""
    if not options.integration_allow_list:
        return {}
    return {
        name: [f"{name} can't be combined with integration_allow_list"]
        for name in ("integration_block_list", "integrations_with_endpoints")
        if getattr(options, name)
    }


def _switch_faults(options: LinkOptions, off: frozenset[str]) -> dict[str, list[str]]:
    """Functions that can't be on or off so. off: those that are off for the organization."""
    disabled, enabled = set(options.disabled_functions), set(options.enabled_functions)
    if both := sorted(disabled & enabled):
        return {"enabled_functions": [f"{both[0]} is in disabled_functions, too"]}
    if not disabled and not enabled:
        return {}
    conflicts = switches.conflicts((off | _with_dependents(options)) - enabled, options.integration_type)
    return {"enabled_functions": conflicts} if conflicts else {}


def _unknown(functions: Iterable[str], known: Collection[str]) -> list[str]:
    return [
        f"there is no function {function!r:.80}; there are: {', '.join(sorted(known))}"
        for function in functions
        if function not in known
    ][:100]
