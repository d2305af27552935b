"""What is secret at rest: sealed, bound to its place, useless without the operator's key."""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.config import Settings
from crossdock.errors import SettingsError
from crossdock.kit import registry
from crossdock.services.open import open_services
from crossdock.store.connections import access, connections
from crossdock.store.database import rotation
from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.database.migrate import migrate
from crossdock.store.database.secrets import Vault, master_keys, new_secret_key
from crossdock.store.database.sqlite import sqlite_path
from crossdock.store.schema.tables import metadata
from tests.fakes.fake_wms import SLUG, with_fake
from tests.fakes.vendor import FakeVendor, answer, failing

SECRET = b"open sesame"


async def test_p20_what_is_sealed_opens_again_and_never_looks_the_same(vault: Vault):
    seal = await vault.seal("org_1", "credentials of c1", SECRET)
    other_seal = await vault.seal("org_1", "credentials of c1", SECRET)
    assert await vault.open("org_1", "credentials of c1", seal) == SECRET
    assert await vault.open("org_1", "credentials of c1", other_seal) == SECRET
    assert seal != other_seal
    assert SECRET not in seal


async def test_p20_what_is_sealed_opens_only_in_its_own_place(vault: Vault):
    sealed = await vault.seal("org_1", "credentials of c1", SECRET)
    await vault.seal("org_2", "credentials of c1", SECRET)
    for organization, context in (
        ("org_1", "credentials of c2"), ("org_1", "token of c1"), ("org_2", "credentials of c1"),
    ):  # fmt: skip
        with pytest.raises(SettingsError, match="does not open: it was altered or moved") as raised:
            await vault.open(organization, context, sealed)
        assert "open sesame" not in str(raised.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_p20_a_single_flipped_bit_is_noticed(data: st.DataObject, vault: Vault):
    sealed = await vault.seal("org_1", "x", SECRET)
    draw = data.draw(st.integers(0, len(sealed) * 8 - 1))
    altered = bytearray(sealed)
    altered[draw // 8] ^= 1 << draw % 8
    with pytest.raises(SettingsError):
        await vault.open("org_1", "x", bytes(altered))


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 12, b"x" * 27])
async def test_what_was_never_sealed_does_not_open(sealed: bytes, vault: Vault):
    with pytest.raises(SettingsError):
        await vault.open("org_1", "x", sealed)


async def test_p20_another_key_opens_nothing_and_says_so_at_the_start(database: Database, vault: Vault):
    sealed = await vault.seal("org_1", "x", SECRET)
    stranger = Vault(database, new_secret_key())
    with pytest.raises(SettingsError, match="CROSSDOCK_SECRET_KEY is not the key that this database was"):
        await stranger.check()
    with pytest.raises(SettingsError, match="CROSSDOCK_SECRET_KEY is not the key"):
        await stranger.open("org_1", "x", sealed)


async def test_p20_keys_rotate_by_putting_a_new_one_in_front(
    database: Database, vault: Vault, secret_key: str
):
    sealed = {name: await vault.seal(name, "x", SECRET) for name in ("org_1", "org_2")}
    new_key = new_secret_key()
    both = Vault(database, f"{new_key}, {secret_key}")
    await both.check()
    assert [done async for done in rotation.rewrap(database, both, 1)] == [2]
    for current_vault in (both, vault, Vault(database, new_key)):
        # The one that still runs with the old key has its data keys in memory: nobody is cut off.
        for name, value in sealed.items():
            assert await current_vault.open(name, "x", value) == SECRET
    alone = Vault(database, new_key)
    await alone.check()
    assert await alone.open("org_1", "x", await vault.seal("org_1", "x", SECRET)) == SECRET
    with pytest.raises(SettingsError):
        await Vault(database, secret_key).check()


async def test_processes_that_start_at_once_agree_on_the_data_key(database: Database, secret_key: str):
    vaults = [Vault(database, secret_key) for _ in range(8)]
    sealed = await asyncio.gather(*(vault.seal("org_1", "x", SECRET) for vault in vaults))
    assert len(await database.fetch("SELECT id FROM data_keys")) == 1
    for vault, value in zip(reversed(vaults), sealed, strict=True):
        assert await vault.open("org_1", "x", value) == SECRET


async def test_a_data_key_that_was_altered_is_noticed(database: Database, vault: Vault, secret_key: str):
    await vault.seal("org_1", "x", SECRET)
    await vault.seal("org_2", "x", SECRET)
    other_items = await database.fetch_one("SELECT wrapped FROM data_keys WHERE organization_id = 'org_2'")
    assert other_items is not None
    await database.execute("UPDATE data_keys SET wrapped = ? WHERE organization_id = 'org_1'", other_items[0])
    with pytest.raises(SettingsError, match="a data key in the database was altered"):
        await Vault(database, secret_key).check()


@pytest.mark.parametrize("text", ["", "  ,", "hunter2", base64.b64encode(b"x" * 31).decode(), "é" * 44])
def test_p20_encryption_cannot_be_switched_off_or_weakened(text: str):
    with pytest.raises(SettingsError, match="CROSSDOCK_SECRET_KEY"):
        master_keys(text)


def test_a_bad_key_is_not_repeated_in_the_message():
    with pytest.raises(SettingsError) as raised:
        master_keys("my-real-password")
    assert "my-real-password" not in str(raised.value)


def test_keys_that_sign_what_we_hand_out_differ_by_purpose_and_by_key(database: Database, secret_key: str):
    vault, other_vault = Vault(database, secret_key), Vault(database, new_secret_key())
    assert vault.token_key("pages") == Vault(database, secret_key).token_key("pages")
    assert len({vault.token_key("pages"), vault.token_key("files"), other_vault.token_key("pages")}) == 3


# A whole life, and then a look everywhere

PASSWORD = "Xk7-hush-hush-9Qz"


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """All that is logged, written out as a developer's terminal would have it."""
    lines: list[str] = []
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)

    def keep(logger: object, name: str, event: structlog.typing.EventDict) -> str:
        lines.append(str(renderer(logger, name, dict(event))))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.add_log_level, keep])
    try:
        yield lines
    finally:
        structlog.configure(**before)


async def everything_stored(database: Database) -> bytes:
    """All rows of all tables."""
    data = []
    for name in metadata.tables:
        data += [repr(tuple(row)).encode() for row in await database.fetch(f"SELECT * FROM {name}")]
    return b"\n".join(data)


async def test_p20_no_credential_is_readable_in_the_database_its_files_or_the_log(
    database_url: str, tmp_path: Path, secret_key: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(registry, "all_integrations", with_fake())
    settings = Settings(
        data_dir=str(tmp_path), database_url=database_url, secret_key=secret_key,
        allowed_addresses="127.0.0.0/8",
    )  # fmt: skip
    with everything_logged() as lines:
        async with FakeVendor(tokens={PASSWORD}) as vendor, open_services(settings) as services:
            vendor.collections = {"orders": [], "warehouses": [], "packs": []}
            # What goes wrong in most ways: refused with the password echoed, broken, and a fault of ours.
            vendor.script("/orders", [answer(403, {"message": f"token {PASSWORD} may not"})])
            vendor.script("/packs", [answer(400, f"bad token {PASSWORD}".encode(), kind="text/plain")])
            vendor.script("/warehouses", [answer(body={"data": 7, "next": None})])
            organization = await access.create_organization(services.database, "Test", 1)
            fields = {"url": vendor.url, "token": PASSWORD}
            integration = registry.get_integration("wms", SLUG)
            connection, token = await services.connector.connect(organization, integration, fields)
            _, key = await access.create_key(
                services.database, organization, name="", read_only=False, now_ms=1
            )
            await services.worker().drain()
            vendor.tokens.clear()
            await services.database.execute("UPDATE schedules SET due_ms = 0")
            vendor.script("/orders", [failing(401)])
            await services.worker().drain()
            stored = await everything_stored(services.database)
            assert await connections.token(services.database, services.vault, connection) == token
            files = b""
            if database_url.startswith("sqlite"):
                path = sqlite_path(database_url)
                files = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))

    logged = "\n".join(lines)
    for where in (stored, files, logged.encode()):
        for secret in (PASSWORD, token, key, secret_key):
            assert secret.encode() not in where
    assert connection.uid.encode() in stored
    assert "sync failed" in logged
    assert "sync broke" in logged, "a fault of ours was logged with its traceback"
    assert "***" in logged
    assert "may not" in stored.decode()


async def test_p20_without_a_key_nothing_opens(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    await migrate(url)
    with pytest.raises(SettingsError, match="CROSSDOCK_SECRET_KEY is not set"):
        async with open_services(Settings(data_dir=str(tmp_path), database_url=url)):
            pass


async def test_p20_services_do_not_start_with_the_wrong_key(tmp_path: Path, secret_key: str):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    await migrate(url)
    opened = await connect(url)
    await Vault(opened, secret_key).seal("org_1", "x", SECRET)
    await opened.close()
    with pytest.raises(SettingsError, match="CROSSDOCK_SECRET_KEY is not the key"):
        async with open_services(
            Settings(data_dir=str(tmp_path), database_url=url, secret_key=new_secret_key())
        ):
            pass
