"""What a connection offers: the functions that its integration has, and that are not switched off.

    the integration has it ─┬─ it is switched off ─▶ Forbidden
    else ─▶ NotOffered      └─ else ─▶ available

`off` is always what the operator's settings switch off; lists of the organization and of the connection are
kept with the connection.
"""

from collections.abc import Iterable, Mapping

from crossdock.changes.derived_ledger.ledger import is_derived
from crossdock.errors import BadRequest, Forbidden, NotOffered
from crossdock.kit.registry import Integration, get_integration
from crossdock.resources import switches
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.resources.schema import Resource
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store.connections.access import Organization
from crossdock.store.connections.connections import ConnectionRow

DERIVED: Mapping[str, Resource] = {INVENTORY_LEDGER.function: INVENTORY_LEDGER}
"""What Crossdock can derive where a system has none."""


def integration_of(connection: ConnectionRow) -> Integration:
    """The integration that a connection is one of. Raises NotFound where this version lacks it."""
    return get_integration(connection.type, connection.integration)


def derived_resources(connection: ConnectionRow, integration: Integration) -> Mapping[str, Resource]:
    """The resources that are read of a connection although its system has none of them, by function."""
    return DERIVED if is_derived(connection, integration) else {}


# What there is


def available_actions(connection: ConnectionRow, integration: Integration, off: frozenset[str]) -> list[str]:
    """The functions that a connection has and that are not switched off, reads first."""
    functions = [*integration.functions, *derived_resources(connection, integration)]
    return [function for function in functions if not connection.is_off(function, off)]


def available_endpoints(
    connection: ConnectionRow, integration: Integration, off: frozenset[str]
) -> list[str]:
    """The paths of the reads among them, in the contract's older form: "GET /orders"."""
    resources = {**integration.resources, **derived_resources(connection, integration)}
    return [
        f"GET {resource.read_path.removeprefix(f'/{resource.type}')}"
        for function, resource in resources.items()
        if not connection.is_off(function, off)
    ]


def unconnected_actions(
    integration: Integration, organization: Organization | None, off: frozenset[str]
) -> list[str]:
    """The functions of an integration that are on for an organization, whatever its connections say."""
    kind = integration.type
    is_off = switches.named(off, kind) if organization is None else organization.off(kind, off)
    return [function for function in integration.functions if function not in is_off]


def synced_functions(connection: ConnectionRow, functions: Iterable[str], off: frozenset[str]) -> list[str]:
    """The functions with a schedule that are not switched off."""
    return [function for function in functions if not connection.is_off(function, off)]


# Whether one may be used


def check_read(connection: ConnectionRow, resource: Resource, off: frozenset[str]) -> None:
    """Raise NotOffered when the connection has no such records, Forbidden when they are switched off."""
    integration, function = integration_of(connection), resource.function
    is_read = function in integration.manifest.functions.read or (
        function in DERIVED and is_derived(connection, integration)
    )
    if connection.type != resource.type or not is_read:
        raise not_offered(integration, function)
    _check_on(connection, function, off)


def check_write(connection: ConnectionRow, kind: str, action: str, off: frozenset[str]) -> None:
    """Raise NotOffered when the integration lacks a write of this type, Forbidden when it is off."""
    integration = integration_of(connection)
    if connection.type != kind or action not in integration.manifest.functions.write:
        raise not_offered(integration, action)
    _check_on(connection, action, off)


def check_invoices(connection: ConnectionRow, function: str, off: frozenset[str]) -> None:
    """Raise NotOffered when the connection has no invoices, Forbidden when it is not to have them.

    function: what is asked of them; all but the line items themselves are there only where files come in.
    """
    integration, line_items = integration_of(connection), INVOICE_LINE_ITEMS.function
    has_files = integration.manifest.files is not None or function == line_items
    is_carrier = connection.type == INVOICE_LINE_ITEMS.type
    if not is_carrier or line_items not in integration.manifest.functions.read or not has_files:
        raise not_offered(integration, function)
    for needed in (line_items, function):
        if connection.is_off(needed, off):
            raise Forbidden(is_disabled(function))


def check_on_demand(connection: ConnectionRow, function: str, off: frozenset[str]) -> None:
    """Raise BadRequest, in the contract's words, when the function has no on-demand syncs, or is off."""
    integration = integration_of(connection)
    if function not in integration.manifest.functions.on_demand:
        raise BadRequest(f"On-demand sync is not enabled for {integration.slug} {function}")
    if connection.is_off(function, off):
        raise BadRequest(is_disabled(function))


def _check_on(connection: ConnectionRow, function: str, off: frozenset[str]) -> None:
    if connection.is_off(function, off):
        raise Forbidden(is_disabled(function))


def not_offered(integration: Integration, function: str) -> NotOffered:
    """The contract's refusal of what an integration lacks."""
    return NotOffered(f"Endpoint {function} is not implemented for {integration.manifest.name}")


def is_disabled(function: str) -> str:
    """The contract's message about what is switched off."""
    return f"{function} is disabled for this connection"
