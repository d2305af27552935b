"""`crossdock doctor` finds what is wrong, says what to do, and changes nothing."""

import os
import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from crossdock.cli import doctor
from crossdock.cli.doctor import Check, examine
from crossdock.cli.main import app as command_line
from crossdock.config import Settings
from crossdock.jobs.queue import enqueue
from crossdock.services.clock import now_ms
from crossdock.store.database.engine import Database
from crossdock.store.database.migrate import head
from crossdock.store.database.secrets import Vault, new_secret_key

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def settings(database_url: str, tmp_path: Path, secret_key: str) -> Settings:
    return Settings(data_dir=str(tmp_path), database_url=database_url, secret_key=secret_key)


async def found(settings: Settings, **environment: str) -> dict[str, Check]:
    """All checks by name."""
    return {check.name: check async for check in examine(settings, environment)}


def seen(check: Check) -> tuple[str, str]:
    assert check.advice or check.status == "ok", "says what to do"
    return check.status, check.found


async def schedule(database: Database, function: str, **columns: int | None) -> None:
    """A connection with a schedule, as of now unless the columns say otherwise."""
    now = now_ms()
    row = await database.fetch_one("SELECT count(*) FROM connections")
    number = 1 + (row[0] if row else 0)
    await database.execute(
        "INSERT INTO organizations (id, name, created_ms) VALUES ('org', 'Test', 1) ON CONFLICT DO NOTHING"
    )
    await database.execute(
        "INSERT INTO connections (id, uid, organization_id, type, integration, created_ms) "
        "VALUES (?, ?, 'org', 'wms', 'sandbox', 1)",
        number, f"uid-{number}",
    )  # fmt: skip
    values = {"due_ms": now + 60_000, "fresh_ms": now, **columns}
    await database.execute(
        f"INSERT INTO schedules (connection_id, function, every_seconds, {', '.join(values)}) "
        f"VALUES (?, ?, 3600{', ?' * len(values)})",
        number, function, *values.values(),
    )  # fmt: skip


async def job(database: Database, function: str, **columns: int | str | None) -> str:
    async with database.transaction() as transaction:
        text = await enqueue(
            transaction, kind="sync", connection_id=1, function=function, cause="force", now_ms=now_ms()
        )
        assert text is not None
        for name, value in columns.items():
            await transaction.execute(f"UPDATE jobs SET {name} = ? WHERE id = ?", value, text)
    return text


async def test_a_healthy_house_is_told_to_be_so(settings: Settings, database: Database, vault: Vault):
    await vault.seal("org", "x", b"secret")
    await schedule(database, "get_orders")
    checks = await found(settings)
    assert {check.status for check in checks.values()} == {"ok"}, checks
    assert set(checks) == {
        "settings", "data folder", "database", "schema", "secret key", "OAuth apps", "clock", "queue", "runs",
        "connections", "data",
    }  # fmt: skip
    assert "opens all 1 data keys" in checks["secret key"].found


async def test_a_variable_that_is_no_setting_is_told(settings: Settings):
    checks = await found(settings, CROSSDOCK_DATABSE_URL="x", HOME="/")
    assert seen(checks["settings"]) == ("warn", "CROSSDOCK_DATABSE_URL: no such setting")


async def test_a_server_that_listens_for_others_needs_a_name_for_them(settings: Settings):
    checks = await found(replace(settings, host="0.0.0.0"))
    assert checks["settings"].status == "warn"
    assert "CROSSDOCK_BASE_URL" in checks["settings"].advice
    named = await found(replace(settings, host="0.0.0.0", base_url="https://api.example.com"))
    assert named["settings"].status == "ok"


async def test_scripts_that_can_not_run_here_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "scripts_missing", lambda: "transformations are off: no engine")
    assert seen((await found(settings))["scripts"]) == ("warn", "transformations are off: no engine")


@pytest.mark.parametrize(("free", "status"), [(2**40, "ok"), (500 * 2**20, "warn"), (50 * 2**20, "fail")])
async def test_a_disk_that_fills_up_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, status: str
):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 0, free))
    assert seen((await found(settings))["data folder"])[0] == status


@pytest.mark.parametrize("name", ["secret.key", "dev.json"])
async def test_a_secret_that_others_can_read_is_told(settings: Settings, name: str):
    file = settings.folder / name
    file.write_text("secret")
    file.chmod(0o640)
    check = (await found(settings))[name]
    assert check.status == "fail"
    assert f"chmod 600 {file}" in check.advice
    file.chmod(0o600)
    assert name not in await found(settings)


async def test_a_watched_folder_that_is_not_there_is_told(settings: Settings, tmp_path: Path):
    missing = str(tmp_path / "nowhere")
    status, text = seen((await found(replace(settings, watched_root=missing)))["files"])
    assert (status, missing in text) == ("warn", True)
    assert "files" not in await found(replace(settings, watched_root=str(tmp_path)))


async def test_a_storage_of_files_that_does_not_answer_is_told(settings: Settings):
    away = replace(
        settings, files_url="s3://invoices", files_endpoint="http://127.0.0.1:9", files_region="us-east-1",
        files_access_key="a", files_secret_key="b",
    )  # fmt: skip
    status, text = seen((await found(away))["files"])
    assert (status, "does not answer" in text) == ("fail", True)


async def test_a_database_that_is_not_there_is_told_and_not_made(tmp_path: Path, secret_key: str):
    settings = Settings(data_dir=str(tmp_path), secret_key=secret_key)
    check = (await found(settings))["database"]
    assert seen(check) == ("fail", f"there is none at {tmp_path / 'crossdock.db'}")
    assert os.listdir(tmp_path) == []


async def test_a_database_that_does_not_answer_is_told(tmp_path: Path, secret_key: str):
    settings = Settings(data_dir=str(tmp_path), secret_key=secret_key)
    check = (await found(replace(settings, database_url="postgresql://127.0.0.1:1/crossdock")))["database"]
    assert check.status == "fail"
    assert "does not answer" in check.found


async def test_a_file_that_is_no_database_is_told(tmp_path: Path, secret_key: str):
    (tmp_path / "crossdock.db").write_bytes(b"once upon a time" * 1000)
    check = (await found(Settings(data_dir=str(tmp_path), secret_key=secret_key)))["database"]
    assert check.found.startswith("the database is damaged")
    assert "restore" in check.advice


async def test_a_database_of_another_version_is_told(settings: Settings, database: Database):
    await database.execute("UPDATE alembic_version SET version_num = '0001'")
    checks = await found(settings)
    assert checks["schema"].status == "fail"
    assert "0001" in checks["schema"].found
    assert "queue" not in checks
    await database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "newer" in (await found(settings))["schema"].found
    await database.execute("UPDATE alembic_version SET version_num = ?", head())


async def test_another_key_than_the_databases_is_told(settings: Settings, vault: Vault):
    await vault.seal("org", "x", b"secret")
    other_secret_key = new_secret_key()
    check = (await found(replace(settings, secret_key=other_secret_key)))["secret key"]
    assert check.status == "fail"
    assert "is not the key that this database was written with" in check.found


async def test_a_key_that_was_changed_and_not_yet_used_is_told_and_nothing_is_wrapped_anew(
    settings: Settings, database: Database, vault: Vault
):
    await vault.seal("org", "x", b"secret")
    before = await database.fetch("SELECT master_id, wrapped FROM data_keys")
    both = replace(settings, secret_key=f"{new_secret_key()},{settings.secret_key}")
    assert (await found(both))["secret key"].status == "warn"
    assert await database.fetch("SELECT master_id, wrapped FROM data_keys") == before


@pytest.mark.parametrize(("seconds", "status"), [(1, "ok"), (10, "warn"), (-10, "warn"), (3600, "fail")])
async def test_a_clock_that_is_not_the_databases_is_told(settings: Settings, seconds: int, status: str):
    checks = {check.name: check async for check in examine(settings, {}, lambda: now_ms() + seconds * 1000)}
    assert checks["clock"].status == status
    if status != "ok":
        assert ("behind ours" if seconds > 0 else "ahead of ours") in checks["clock"].found


async def test_what_is_dated_ahead_of_now_is_told(settings: Settings, database: Database):
    await job(database, "get_orders", created_ms=now_ms() + 3_600_000, due_ms=now_ms())
    assert "dated 3,600 s ahead" in (await found(settings))["clock"].found


async def test_work_that_nobody_takes_is_told(settings: Settings, database: Database):
    await job(database, "get_orders", due_ms=now_ms() - 600_000)
    check = (await found(settings))["queue"]
    assert check.status == "fail"
    assert "nobody takes work" in check.found
    assert "crossdock work" in check.advice


async def test_schedules_that_nobody_queues_are_told(settings: Settings, database: Database):
    await schedule(database, "get_orders", due_ms=now_ms() - 600_000)
    assert (await found(settings))["queue"].status == "fail"


async def test_workers_that_do_not_keep_up_are_told(settings: Settings, database: Database):
    await job(database, "get_orders", state="running", lease_ms=now_ms() + 30_000)
    await job(database, "get_products", due_ms=now_ms() - 600_000)
    check = (await found(settings))["queue"]
    assert (check.status, "CROSSDOCK_CONCURRENCY" in check.advice) == ("warn", True)


async def test_a_lease_that_ran_out_is_told(settings: Settings, database: Database):
    await job(database, "get_orders", state="running", lease_ms=now_ms() - 1000)
    assert seen((await found(settings))["queue"]) == ("warn", "0 wait, 1 run; 1 of them by nobody")


async def test_a_run_that_stands_still_is_told(settings: Settings, database: Database):
    running = await job(database, "get_orders", state="running", lease_ms=now_ms() + 30_000)
    ago = now_ms() - 20 * 60_000
    await database.execute(
        "INSERT INTO runs (job_id, connection_id, function, first, walk, started_ms, progress_ms) "
        "VALUES (?, 1, 'get_orders', ?, '{}', ?, ?)",
        running, True, ago, ago,
    )  # fmt: skip
    check = (await found(settings))["runs"]
    assert check.status == "warn"
    assert f"({running}) stored nothing for 20 minutes" in check.found


async def test_data_that_fell_behind_their_schedule_are_told(settings: Settings, database: Database):
    await schedule(database, "get_orders", fresh_ms=now_ms() - 4 * 3_600_000)
    await schedule(database, "get_orders", fresh_ms=now_ms() - 2 * 3_600_000)
    await schedule(database, "get_products", fresh_ms=None)
    await schedule(database, "get_bills", fresh_ms=1)
    check = (await found(settings))["data"]
    assert seen(check) == ("warn", "older than 3 intervals: get_orders of 1")


async def test_connections_that_do_not_sync_are_told(settings: Settings, database: Database):
    await schedule(database, "get_orders")
    await database.execute(
        "INSERT INTO connection_errors (connection_id, function, aspect, kind, message, url, first_ms, "
        "last_ms) VALUES (1, '', 'sync', 'invalid_credentials', 'no', '', 1, 1)"
    )
    check = (await found(settings))["connections"]
    assert seen(check) == ("warn", "of 1: 1 with invalid credentials")


async def test_the_exit_code_says_whether_something_fails(settings: Settings, database: Database):
    await doctor.run(settings, as_json=True)
    await job(database, "get_orders", due_ms=now_ms() - 600_000)
    with pytest.raises(typer.Exit) as stopped:
        await doctor.run(settings, as_json=True)
    assert stopped.value.exit_code == 1


def test_settings_that_do_not_work_are_told_and_nothing_else_is_looked_at(tmp_path: Path):
    environment = {"CROSSDOCK_DATA_DIR": str(tmp_path / "none"), "CROSSDOCK_PORT": "many"}
    result = CliRunner().invoke(command_line, ["doctor", "--json"], env=environment)
    assert result.exit_code == 1
    body = msgspec.json.decode(result.stdout)
    assert body["status"] == "fail"
    assert [check["name"] for check in body["checks"]] == ["settings"]
    assert "CROSSDOCK_PORT is 'many'" in body["checks"][0]["found"]


def test_people_get_a_line_for_each_check(tmp_path: Path):
    result = CliRunner().invoke(command_line, ["doctor"], env={"CROSSDOCK_DATA_DIR": str(tmp_path)})
    assert result.exit_code == 1
    assert "fail database     there is none at" in result.output
    assert "→ `crossdock migrate` makes one" in result.output
