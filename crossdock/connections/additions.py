"""What a connection keeps of its records besides our fields: custom fields, and the raw records."""

from crossdock.kit.additional import (
    CustomFields,
    check_custom_fields,
    decode_custom_fields,
    encode_custom_fields,
)
from crossdock.kit.registry import get_integration
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Transaction
from crossdock.store.records import raw_records


async def set_custom_fields(
    transaction: Transaction, connection: ConnectionRow, declared: CustomFields, now_ms: int
) -> bool:
    """Declare the custom fields, in place of those before; False when they are the same.

    All records are read again for it. Raises Invalid, naming all that is wrong.
    """
    integration = get_integration(connection.type, connection.integration)
    check_custom_fields(declared, {resource.name: resource for resource in integration.resources.values()})
    before, _ = await connections.additions(transaction, connection.id)
    withdrawn: CustomFields = {name: {} for name in decode_custom_fields(before)}
    stored = encode_custom_fields({**withdrawn, **declared})
    if stored == before:
        return False
    await connections.change(transaction, connection.id, {"custom_fields": stored})
    await schedules.read_again(transaction, connection.id, now_ms)
    return True


async def set_keep_raw(
    transaction: Transaction, connection: ConnectionRow, keep_raw: bool, now_ms: int
) -> bool:
    """Set whether raw records are kept; False when it was so already.

    From then on all are read again for it; what was kept goes when they are kept no longer.
    """
    if (await connections.additions(transaction, connection.id))[1] == keep_raw:
        return False
    await connections.change(transaction, connection.id, {"keep_raw": keep_raw})
    if keep_raw:
        await schedules.read_again(transaction, connection.id, now_ms)
    else:
        await raw_records.forget_all(transaction, connection.id)
    return True
