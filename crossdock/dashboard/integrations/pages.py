"""The catalogue of what can be connected, and what each system can do: all of it from the manifests."""

from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.connections.link.branding import integration_logo_url
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.integrations.write_fields import WriteField, write_fields
from crossdock.errors import Invalid
from crossdock.kit import registry
from crossdock.kit.descriptions import EVIDENCE, TYPE_TITLES, limit_words, sign_in_words
from crossdock.kit.fields import Field
from crossdock.kit.registry import Integration, get_integration
from crossdock.resources.catalogue import TYPES

Json = dict[str, Any]


class CatalogueEntry(msgspec.Struct, kw_only=True):
    """A system. logo: its address below the root; None: it has none."""

    type: str
    name: str
    display_name: str
    description: str
    logo: str | None
    evidence: str
    reads: int
    writes: int
    has_webhooks: bool


class CatalogueType(msgspec.Struct, kw_only=True):
    """The systems of a type that fit."""

    type: str
    title: str
    systems: list[CatalogueEntry]


class CataloguePage(msgspec.Struct, kw_only=True):
    """The systems that fit, by type. total: of all there are; meanings: of each kind of evidence."""

    types: list[CatalogueType]
    type_names: list[str]
    total: int
    fitting: int
    meanings: dict[str, str]
    filters: dict[str, str]


class ReadFunction(msgspec.Struct, kw_only=True):
    """A kind of record that is read. every_seconds: None: it has no clock of its own.

    filled, fields: how many fields of the record the system fills, and how many there are.
    """

    function: str
    url: str
    every_seconds: float | None
    is_on_demand: bool
    tells_changes: bool
    is_on: bool
    filled: int
    fields: int


class WriteFunction(msgspec.Struct, kw_only=True):
    """A write, with the fields of its body."""

    action: str
    url: str
    fields: list[WriteField]
    is_on: bool


class SetUpField(msgspec.Struct, kw_only=True):
    """A thing that is filled in to connect. condition: the choice that it is asked for with."""

    label: str
    help: str
    is_secret: bool
    is_optional: bool
    choices: list[str]
    example: str
    doc: str
    condition: str


class IntegrationPage(msgspec.Struct, kw_only=True):
    """A system: what is known of it, what it can do, and what is needed to connect it."""

    system: CatalogueEntry
    evidence_meaning: str
    evidence_note: str
    docs: str
    sign_in: str
    limits: str
    reads: list[ReadFunction]
    writes: list[WriteFunction]
    takes_raw_calls: bool
    set_up: list[SetUpField]


async def listed(visit: DashboardContext) -> Response:
    """The systems whose name or description has a text."""
    filters = visit.query("text", "type")
    if filters.get("type", TYPES[0]) not in TYPES:
        known = ", ".join(TYPES)
        raise Invalid({"query": {"type": [f"is {filters['type'][:40]!r}; wanted is {known}"]}})
    everything = sorted(
        registry.all_integrations().values(), key=lambda shown: shown.manifest.name.casefold()
    )
    fitting = [integration for integration in everything if _fits(integration, filters)]
    groups = [
        CatalogueType(
            type=kind, title=TYPE_TITLES[kind],
            systems=[_entry(visit, shown) for shown in fitting if shown.type == kind],
        )
        for kind in TYPES
    ]  # fmt: skip
    page = CataloguePage(
        types=[group for group in groups if group.systems],
        type_names=list(TYPES),
        total=len(everything),
        fitting=len(fitting),
        meanings=EVIDENCE,
        filters=filters,
    )
    return visit.view("integrations/list.html", page, title="Integrations")


def _fits(integration: Integration, filters: dict[str, str]) -> bool:
    if filters.get("type", integration.type) != integration.type:
        return False
    manifest = integration.manifest
    texts = (manifest.name, integration.slug, manifest.description, manifest.category)
    return any(filters.get("text", "").casefold() in text.casefold() for text in texts)


def _entry(visit: DashboardContext, integration: Integration) -> CatalogueEntry:
    manifest, settings = integration.manifest, visit.door.settings
    logo = integration_logo_url(integration, settings)
    return CatalogueEntry(
        type=integration.type,
        name=integration.slug,
        display_name=manifest.name,
        description=manifest.description,
        logo=None if logo is None else logo.removeprefix(f"{settings.url}/"),
        evidence=manifest.evidence,
        reads=len(manifest.functions.read),
        writes=len(manifest.functions.write),
        has_webhooks=manifest.inbound is not None,
    )


async def shown(visit: DashboardContext) -> Response:
    """One system."""
    kind, name = visit.part("integration_type"), visit.part("integration_name")
    integration = get_integration(kind, name)
    path = f"/integrations/{kind}/{name}"
    [info] = (await visit.inside.get(path))["data"]
    writes = await visit.inside.get(f"{path}/write-info")
    manifest, available = integration.manifest, info["available_actions"]
    page = IntegrationPage(
        system=_entry(visit, integration),
        evidence_meaning=EVIDENCE[manifest.evidence],
        evidence_note=manifest.evidence_note,
        docs=manifest.docs,
        sign_in=sign_in_words(manifest),
        limits=limit_words(manifest),
        reads=_reads(integration, available, info["list_operations"]),
        writes=_writes(integration, available, writes),
        takes_raw_calls="passthrough" in manifest.functions.write,
        set_up=[_set_up(field, manifest.auth.fields) for field in manifest.auth.fields],
    )
    return visit.view("integrations/integration.html", page, title=manifest.name)


def _reads(integration: Integration, available: list[str], operations: list[Json]) -> list[ReadFunction]:
    manifest = integration.manifest
    pushed = manifest.inbound.functions if manifest.inbound else []
    trees = {operation["action"]: operation["implemented_fields"] for operation in operations}
    reads = []
    for function, resource in integration.resources.items():
        leaves = list(_leaves(trees.get(function, {})))
        reads.append(
            ReadFunction(
                function=function,
                url=f"GET {resource.read_path}",
                every_seconds=None if resource.every is None else resource.every.total_seconds(),
                is_on_demand=function in manifest.functions.on_demand,
                tells_changes=function in pushed,
                is_on=function in available,
                filled=sum(leaves),
                fields=len(leaves),
            )
        )
    return reads


def _leaves(tree: Any) -> list[bool]:
    """Fields of a record, and whether each is filled."""
    if isinstance(tree, bool):
        return [tree]
    members = tree.values() if isinstance(tree, dict) else tree
    return [leaf for member in members for leaf in _leaves(member)]


def _writes(integration: Integration, available: list[str], document: Json) -> list[WriteFunction]:
    """The writes, with what the document of `write-info` says of those that are on."""
    bodies = dict(_bodies(document))
    return [
        WriteFunction(
            action=action, url=f"{write.method} {write.path}", is_on=action in available,
            fields=list(write_fields(bodies.get(action, {}))),
        )
        for action, write in integration.writes.items()
    ]  # fmt: skip


def _bodies(document: Json) -> Iterator[tuple[str, Json]]:
    """The schema of the body of each action that has one."""
    schemas = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield operation["x-action"], schemas[content["schema"]["$ref"].rpartition("/")[2]]


def _set_up(field: Field, fields: list[Field]) -> SetUpField:
    labels, condition = {other.key: other.label for other in fields}, field.condition
    asked_with = "" if condition is None else f"{labels.get(condition.key, condition.key)}: {condition.value}"
    return SetUpField(
        label=field.label,
        help=field.help,
        is_secret=field.secret,
        is_optional=field.default is not None,
        choices=[field.choice_labels.get(choice, choice) for choice in field.choices],
        example=field.example,
        doc=field.doc,
        condition=asked_with,
    )
