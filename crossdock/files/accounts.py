"""Which account an invoice is of, where only some of the files that it is in say so.

Rows of shipments may leave the account to a row of the invoice, and that one may be in another file.
"""

from collections import defaultdict

from crossdock.store.carriers import invoices
from crossdock.store.database.engine import Transaction
from crossdock.wire import hashed


def invoice_key(account_id: str | None, invoice_id: str | None) -> str:
    """The id of an invoice: of its account and its number."""
    key = hashed(*(("" if part is None else f"={part}").encode() for part in (account_id, invoice_id)))
    return f"inv_{key.hex()}"


async def take_accounts(transaction: Transaction, connection_id: int, file_id: str) -> set[str]:
    """Give invoices of this file's numbers, where files are silent, the only account that another names.

    The ids that such invoices had. Where files name several accounts, each keeps to its own.
    """
    accounts: dict[str, set[str]] = defaultdict(set)
    silent: dict[str, str] = {}
    for key, account_id, number in await invoices.namesakes(transaction, connection_id, file_id):
        if account_id is None:
            silent[number] = key
        else:
            accounts[number].add(account_id)
    moves = {
        key: (invoice_key(account_id, number), account_id)
        for number, key in silent.items()
        if len(accounts[number]) == 1
        for account_id in accounts[number]
    }
    await invoices.move_stated(transaction, connection_id, moves)
    return set(moves)
