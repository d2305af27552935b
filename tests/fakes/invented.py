"""Two vendors that are made up, to hold what one more vendor takes: each a folder, as in `integrations/`.

hay_barn     OAuth 2 with client credentials, two regions, three reads, a write that can be searched for
tin_loft     consent with refresh tokens that rotate, GraphQL with cost, webhooks, and a bulk read
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from crossdock.kit import registry
from crossdock.kit.registry import Integration

HERE = Path(__file__).parent
FOLDERS = ("hay_barn", "tin_loft")


def invented(name: str) -> Integration:
    """The integration of one of these folders."""
    return registry.integration_in(HERE / name, f"tests.fakes.{name}", registry.slug_of(name))


def reached_at(integration: Integration, hosts: Mapping[str, str]) -> Integration:
    """The integration, its vendor elsewhere. hosts: by the choice in `[hosts]`; without one: of ""."""
    table = integration.manifest.hosts
    moved = msgspec.structs.replace(
        table,
        common={"api": hosts[""]} if "" in hosts else {},
        by_choice={choice: {"api": hosts[choice]} for choice in table.by_choice},
    )
    return replace(integration, manifest=msgspec.structs.replace(integration.manifest, hosts=moved))


def known_with(integration: Integration) -> Callable[[], dict[tuple[str, str], Integration]]:
    """What to put in the place of `registry.all_integrations`."""
    known_integrations = registry.all_integrations() | {(integration.type, integration.slug): integration}
    return lambda: known_integrations
