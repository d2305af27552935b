"""Keys change while everything runs: nobody is cut off, and the old ones open nothing afterwards."""

import asyncio
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossdock.errors import SettingsError
from crossdock.services.open import open_services
from crossdock.services.wiring import Services
from crossdock.store.alerts import channels
from crossdock.store.alerts.channels import AlertChannel, ChannelTarget
from crossdock.store.connections import connections, inbound, oauth_flows
from crossdock.store.database import rotation
from crossdock.store.database.engine import Database
from crossdock.store.database.sealed_columns import SEALED_COLUMNS
from crossdock.store.database.secrets import Vault, is_signed, new_secret_key
from crossdock.store.schema.tables import metadata
from crossdock.store.webhooks import endpoints, portal
from crossdock.web.page_tokens import PageTokens
from tests.journeys.commands import Shell
from tests.journeys.conftest import World, order
from tests.journeys.hooks import Hooks, hooks
from tests.journeys.test_erasing import EMAIL, HERS, House

__all__ = ["hooks"]

PLAIN_BYTES = {
    "digest", "document", "raw_hash", "said_hash", "previous", "answer", "path_digest", "token_digest",
    "wrapped", "response", "body", "secret_digest", "logo", "subject"}  # fmt: skip
"""Columns of bytes that are hashes, wrapped keys, or what the API shows anyway."""


async def keep_everything(world: World, hooks: Hooks) -> Any:
    """A value in every sealed column; the connection."""
    services = world.services
    world.vendor.collections["orders"] = [order(1, ship_to=HERS)]
    connection = await world.connect(sync=False)
    await world.change_connection(connection, keep_raw=True)
    await hooks.endpoint()
    await world.work()
    await hooks.send({"n": 1})
    await inbound.create(services.database, services.vault, connection, 1)
    flow = await services.vault.seal(world.organization, "consent f1", b"flow")
    await oauth_flows.add(
        services.database, "f1", world.organization, flow, now_ms=world.clock(), expires_ms=9**18
    )
    key = b"k" * 32
    await portal.begin(services.database, key, world.organization, world.clock(), 9**15)
    await portal.keep(
        services.database, services.vault, key, world.organization, portal.PortalAnswer(200, b"x"), 9**15
    )
    await House(world, hooks, connection).request(email=EMAIL)
    channel = AlertChannel(
        id="ch1", organization_id=world.organization, name="", kind="email", rules=b"{}",
        target=ChannelTarget(addresses=("ops@example.com",)),
    )  # fmt: skip
    async with services.database.transaction() as transaction:
        await channels.add(transaction, services.vault, channel)
    await keep_what_people_and_links_have(world)
    return connection


LINKED_AND_PEOPLE = {
    "INSERT INTO magic_links (id, organization_id, secret_digest, secret, options, max_connections, "
    "connections, created_ms, expires_ms) "
    "VALUES ('m1', :organization, 'd', :sealed, '{}', 0, 0, 1, 9)": "magic link m1",
    "INSERT INTO link_flows (id, organization_id, subject, status, result, attempt, attempt_until_ms, "
    "expires_ms) VALUES ('f1', :organization, 's', 'done', :sealed, '', 0, 9)": "result of flow f1",
    "INSERT INTO oauth_apps (integration, client_id, client_secret, updated_ms) "
    "VALUES ('fake', 'c', :sealed, 1)": "oauth app of fake",
    "INSERT INTO users (id, email, email_key, created_ms, totp_secret) "
    "VALUES ('u1', 'a@example.com', 'a@example.com', 1, :sealed)": "second factor of u1",
    "INSERT INTO sign_on_settings (organization_id, issuer, client_id, client_secret, domains, default_role, "
    "adds_members, is_enforced, changed_ms) VALUES (:organization, 'https://id.example', 'c', :sealed, '', "
    "'viewer', FALSE, FALSE, 1)": "client of single sign-on",
    "INSERT INTO sign_on_flows (digest, organization_id, content, expires_ms) "
    "VALUES (:digest, :organization, :sealed, 9)": f"sign-on {b'state'.hex()}",
}
"""Rows with a sealed value, and what each is bound to."""
DATA_KEYS = 3
"""Those of the organization, the operator, and people, who may belong to several organizations."""
OWNERS = {"oauth app of fake": "operator", "second factor of u1": "people"}


async def keep_what_people_and_links_have(world: World) -> None:
    services = world.services
    for sql, context in LINKED_AND_PEOPLE.items():
        owner = OWNERS.get(context, world.organization)
        sealed = await services.vault.seal(owner, context, b"whole secret")
        values = {":organization": world.organization, ":sealed": sealed, ":digest": b"state", "'d'": b"d"}
        names = re.findall(r":organization|:sealed|:digest|'d'", sql)
        statement = re.sub(r":organization|:sealed|:digest|'d'", "?", sql)
        await services.database.execute(statement, *(values[name] for name in names))


async def values(database: Database) -> dict[str, list[bytes]]:
    """The sealed values of each column."""
    found = defaultdict[str, list[bytes]](list)
    for column in SEALED_COLUMNS:
        async with database.transaction() as transaction:
            for row in await rotation.sealed_rows(transaction, column, None):
                found[f"{column.table}.{column.column}"].append(bytes(row[len(column.key) + 1]))
    return found


async def reseal(services: Services) -> dict[str, rotation.ResealProgress]:
    return {
        f"{progress.table}.{progress.column}": progress
        async for progress in rotation.reseal(services.database, services.vault)
    }


@pytest.fixture
async def filled(world: World, hooks: Hooks) -> World:
    await keep_everything(world, hooks)
    return world


async def test_p20_every_value_that_is_sealed_is_in_a_declared_column(
    world: World, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
):
    sealed: dict[bytes, str] = {}
    real = Vault.seal

    async def noting(self: Vault, organization_id: str, context: str, secret: bytes) -> bytes:
        value = await real(self, organization_id, context, secret)
        sealed[value] = context
        return value

    monkeypatch.setattr(Vault, "seal", noting)
    await keep_everything(world, hooks)
    declared = {(column.table, column.column) for column in SEALED_COLUMNS}
    met = set()
    for name, table in metadata.tables.items():
        for column in table.columns:
            for row in await world.services.database.fetch(f"SELECT {column.name} FROM {name}"):
                if isinstance(row[0], bytes | memoryview) and bytes(row[0]) in sealed:
                    met.add((name, column.name))
    assert met == declared


def test_p20_every_column_of_bytes_is_sealed_or_known_to_hold_no_secret():
    declared = {(column.table, column.column) for column in SEALED_COLUMNS}
    unknown = {
        (name, column.name)
        for name, table in metadata.tables.items()
        for column in table.columns
        if column.type.python_type is bytes and column.name not in PLAIN_BYTES
    } - declared
    # A shape is made of names of columns.
    assert unknown == {("quarantine", "raw"), ("shapes", "content")}


async def test_p20_the_operator_s_key_changes_while_processes_run_and_the_old_one_can_go(filled: World):
    services, new_key = filled.services, new_secret_key()
    settings = services.settings
    both = replace(settings, secret_key=f"{new_key},{settings.secret_key}")
    connection = (await connections.page(services.database, filled.organization))[0]
    tokens = PageTokens(services.vault.token_key("page tokens"), 7, "wms_orders")
    old_token = tokens.token(("o-1",), None)
    async with open_services(both, clock=filled.clock) as fresh:
        use = await rotation.key_use(fresh.database)
        assert list(use.by_master) == [services.vault.key_id]
        counts = [done async for done in rotation.rewrap(fresh.database, fresh.vault, filled.clock())]
        assert counts[-1] == use.count
        assert list((await rotation.key_use(fresh.database)).by_master) == [fresh.vault.key_id]
        # Who still runs with the old key alone goes on; what it signed is accepted by who knows both.
        await services.vault.look_again(filled.organization)
        assert (await connections.credentials(services.database, services.vault, connection))["url"]
        later = PageTokens(fresh.vault.token_key("page tokens"), 7, "wms_orders")
        assert later.after(old_token, None) == ("o-1",)
    async with open_services(replace(settings, secret_key=new_key), clock=filled.clock) as alone:
        assert (await connections.credentials(alone.database, alone.vault, connection))["url"]
        assert not is_signed(lambda key: key.hex(), tokens.key.hex(), alone.vault.token_key("page tokens"))
    with pytest.raises(SettingsError, match="CROSSDOCK_SECRET_KEY is not the key that this database"):
        async with open_services(settings, clock=filled.clock):
            pass


async def test_p20_new_data_keys_seal_everything_anew_while_others_read_and_write(filled: World):
    services = filled.services
    before = await values(services.database)
    assert before.keys() == {f"{column.table}.{column.column}" for column in SEALED_COLUMNS}
    other = Vault(services.database, services.settings.secret_key)  # another process
    connection = (await connections.page(services.database, filled.organization))[0]
    await other.prepare(filled.organization)
    assert await rotation.add_data_keys(services.database, services.vault, filled.clock()) == DATA_KEYS
    stop = asyncio.Event()

    async def reads() -> int:
        count = 0
        while not stop.is_set():
            await connections.credentials(services.database, other, connection)
            sealed = await other.seal(filled.organization, "x", b"mine")
            assert await services.vault.open(filled.organization, "x", sealed) == b"mine"
            count += 1
            await asyncio.sleep(0)
        return count

    reading = asyncio.create_task(reads())
    for owner in (filled.organization, *OWNERS.values()):
        await services.vault.look_again(owner)
    progress = await reseal(services)
    stop.set()
    assert await reading > 0
    assert all(column.changed == column.seen > 0 for column in progress.values())
    after = await values(services.database)
    assert all(not {*before[name]} & {*after[name]} for name in before)
    # Begun again there is nothing to do; a day later the old key is gone, and everything opens.
    assert all(column.changed == 0 for column in (await reseal(services)).values())
    assert await rotation.add_data_keys(services.database, services.vault, filled.clock()) == 0
    filled.clock.pass_seconds(600)
    assert await rotation.finish(services.database, filled.clock()) == 0
    filled.clock.pass_seconds(2 * 86_400)
    assert await rotation.finish(services.database, filled.clock()) == DATA_KEYS
    fresh = Vault(services.database, services.settings.secret_key)
    progress = {
        f"{each.table}.{each.column}": each async for each in rotation.reseal(services.database, fresh)
    }
    assert all((column.unreadable, column.changed) == (0, 0) for column in progress.values())


@pytest.mark.parametrize("steps", [1, 3, 7])
async def test_p20_a_rotation_that_dies_is_gone_on_with(filled: World, steps: int):
    services = filled.services
    await rotation.add_data_keys(services.database, services.vault, filled.clock())
    await services.vault.look_again(filled.organization)
    resealing = rotation.reseal(services.database, services.vault)
    for _ in range(steps):
        await anext(resealing)
    await resealing.aclose()
    # Both keys open meanwhile, also for who knew nothing of it.
    newcomer = Vault(services.database, services.settings.secret_key)
    connection = (await connections.page(services.database, filled.organization))[0]
    assert (await connections.credentials(services.database, newcomer, connection))["url"]
    await filled.next_sync()
    progress = await reseal(services)
    assert sum(column.unreadable for column in progress.values()) == 0
    assert (await rotation.key_use(services.database)).in_progress == DATA_KEYS
    assert await rotation.seals_settle_ms(services.database) > 0


async def test_the_secret_of_an_endpoint_that_was_deleted_holds_up_no_rotation(filled: World):
    services = filled.services
    [row] = await services.database.fetch("SELECT number FROM webhook_endpoints")
    async with services.database.transaction() as transaction:
        await endpoints.delete(transaction, row[0], filled.clock())
    await rotation.add_data_keys(services.database, services.vault, filled.clock())
    for owner in (filled.organization, *OWNERS.values()):
        await services.vault.look_again(owner)
    progress = await reseal(services)
    assert progress["webhook_endpoints.sealed"].seen == 0
    assert sum(column.unreadable for column in progress.values()) == 0


async def test_a_value_that_was_damaged_is_counted_and_stops_nothing(filled: World):
    services = filled.services
    await services.database.execute("UPDATE webhook_attempts SET exchange = ?", b"damaged beyond repair....")
    await rotation.add_data_keys(services.database, services.vault, filled.clock())
    for owner in (filled.organization, *OWNERS.values()):
        await services.vault.look_again(owner)
    progress = await reseal(services)
    assert progress["webhook_attempts.exchange"].unreadable > 0
    assert progress["connections.credentials"].changed == 1


def test_the_command_says_what_it_would_do_and_does_it_once(tmp_path: Path):
    old_key, new_key = new_secret_key(), new_secret_key()
    shell = Shell(tmp_path, {
        "CROSSDOCK_DATA_DIR": str(tmp_path), "CROSSDOCK_DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}",
        "CROSSDOCK_SECRET_KEY": f"{new_key},{old_key}",
    })  # fmt: skip
    assert shell.call("migrate").code == 0
    assert shell.call("keys", "create", "backend", CROSSDOCK_SECRET_KEY=old_key).code == 0
    shown = shell.call("erase", "--email", EMAIL, "--show", CROSSDOCK_SECRET_KEY=old_key)
    assert "Nothing of them is held" in shown.out
    for arguments, wrapped in ((["--dry-run"], 1), ([], 1), ([], 0)):
        done = shell.call("keys", "rotate-secrets", "--json", *arguments).json
        assert (done["data_keys"], done["wrapped_anew"]) == (1, wrapped)
    alone = shell.call("keys", "list", CROSSDOCK_SECRET_KEY=new_key)
    assert (alone.code, "backend" in alone.out) == (0, True)
    gone = shell.call("keys", "rotate-secrets", CROSSDOCK_SECRET_KEY=old_key)
    assert gone.code == 1
    assert "put that key back" in gone.err
