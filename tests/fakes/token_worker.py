"""A worker in a process of its own that signs one call to a vendor with OAuth, and can be killed.

python -m tests.fakes.token_worker DATABASE SECRET_KEY UID VENDOR       reads a line, calls, writes the status
"""

import asyncio
import os
import sys
import time

from crossdock.errors import VendorError
from crossdock.kit.auth.oauth import OAuthApp, refresh_token
from crossdock.kit.auth.renewed import RenewedAuth
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.net.addresses import AddressPolicy
from crossdock.store.connections import connections
from crossdock.store.connections.sessions import StoredSession
from crossdock.store.database.factory import connect
from crossdock.store.database.secrets import Vault
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def _call(url: str, secret_key: str, uid: str, vendor: str) -> str:
    database = await connect(url)
    connection = await connections.by_uid(database, uid)
    assert connection is not None
    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as opened:
        http = Http(session=opened, account=uid, slots=LocalSlots())
        app = OAuthApp(f"{vendor}/token", CLIENT_ID, CLIENT_SECRET)
        session = StoredSession(database, Vault(database, secret_key), connection, now_ms)
        signed = http.signed(RenewedAuth(obtain=refresh_token(http, app), session=session))
        print("ready", flush=True)
        sys.stdin.readline()
        try:
            answer = await signed.send("GET", f"{vendor}/orders")
        except VendorError as failure:
            return str(failure.status)
        return str(answer.status)


if __name__ == "__main__":
    print(asyncio.run(_call(*sys.argv[1:5])), flush=True)
    os._exit(0)
