"""Files are taken from watched folders and SFTP servers: complete, once, and nothing else of either."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import httpx
import pytest
import structlog

from crossdock.connections.disconnect import disconnect
from crossdock.errors import (
    AddressRefused,
    Invalid,
    InvalidCredentials,
    LeaseLost,
    VendorRefused,
    VendorUnavailable,
)
from crossdock.files.folder import Folder
from crossdock.files.polling import SourcePoller
from crossdock.kit.registry import get_integration
from crossdock.services.application import application
from crossdock.store.connections import access, connections
from crossdock.store.records import quarantine
from tests.fakes.invoices import FREIGHT, FUEL, invoice, put
from tests.fakes.sftp import SftpServer, sftp_server
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World, with_settings

DEARER = ("1Z001", "FRT", "Transportation Charges", "2.00", "12.00")


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


@pytest.fixture
async def sftp(tmp_path: Path) -> AsyncIterator[SftpServer]:
    async with sftp_server(tmp_path / "server") as started:
        yield started


def watched(world: World, folder: str = "in", organization: str | None = None) -> Path:
    """A folder that is watched."""
    root = Path(world.services.settings.watched_root)
    path = root / (organization or world.organization) / folder
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(params=["folder", "sftp"])
async def delivering(
    request: pytest.FixtureRequest, world: World, http: httpx.AsyncClient, sftp: SftpServer
) -> tuple[Carrier, Path]:
    """A connection that takes files from somewhere, and the folder where they lie."""
    if request.param == "folder":
        folder = watched(world)
        return await connected(world, http, source="folder", folder="in"), folder
    return await connected(world, http, **sftp.fields()), sftp.folder / "out"


# Both alike


async def test_a_file_that_lies_there_comes_in_and_is_read(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    await carrier.sync()
    assert await carrier.items() == {"Transportation Charges": 10.0, "Fuel Surcharges": 1.25}
    assert await carrier.names() == ["jan.csv"]


async def test_a_file_that_is_still_written_is_left_alone(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    content = invoice(FREIGHT, FUEL)
    half = put(folder, "jan.csv", content[:200])
    carrier.world.meanwhile.append(lambda: half.write_bytes(content))  # between the two looks
    await carrier.sync()
    assert await carrier.names() == []
    await carrier.sync()
    assert await carrier.names() == ["jan.csv"]
    assert await carrier.items() == {"Transportation Charges": 10.0, "Fuel Surcharges": 1.25}


async def test_a_file_that_is_met_again_is_neither_fetched_nor_told_again(
    delivering: tuple[Carrier, Path], sftp: SftpServer
):
    carrier, folder = delivering
    put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    await carrier.sync()
    event_count, reads, slept = (
        len(await carrier.events("carrier-file.created")),
        len(sftp.reads),
        len(carrier.world.slept),
    )
    await carrier.sync()
    assert len(await carrier.events("carrier-file.created")) == event_count == 1
    assert (len(sftp.reads), len(carrier.world.slept)) == (reads, slept)


async def test_a_file_that_is_touched_but_the_same_changes_nothing(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    path = put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    await carrier.sync()
    os.utime(path, (1_900_000_000, 1_900_000_000))
    await carrier.sync()
    assert await carrier.names() == ["jan.csv"]


async def test_a_corrected_file_sends_updates(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    await carrier.sync()
    put(folder, "jan.csv", invoice(DEARER, total="12.00"))
    await carrier.sync()
    assert await carrier.items() == {"Transportation Charges": 12.0}
    [updated] = await carrier.events("carrier-invoice-line-item.updated")
    assert updated["previous_attributes"]["net_cost"] == 10


async def test_hidden_and_unfinished_files_folders_and_links_are_left_alone(
    delivering: tuple[Carrier, Path], tmp_path: Path
):
    carrier, folder = delivering
    secret = put(tmp_path / "secret", "passwords.csv", invoice(FREIGHT))
    for name in (".hidden.csv", "jan.csv.part", "jan.csv.filepart", "jan.csv.tmp"):
        put(folder, name, invoice(FREIGHT))
    (folder / "older").mkdir()
    (folder / "link.csv").symlink_to(secret)
    await carrier.sync()
    assert await carrier.names() == []


async def test_a_file_that_is_too_large_is_set_aside_and_the_others_come_in(
    delivering: tuple[Carrier, Path],
):
    carrier, folder = delivering
    put(folder, "huge.csv", invoice(FREIGHT) + b" " * 5000)
    put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    small = with_settings(carrier.world, max_file_bytes=4000)
    carrier.world.services = small.services
    await carrier.sync()
    assert await carrier.names() == ["jan.csv"]
    [quarantined] = await quarantine.of_connection(carrier.world.services.database, carrier.connection.id)
    assert quarantined.key == "file huge.csv"
    assert "CROSSDOCK_MAX_FILE_BYTES allows 4,000" in quarantined.reason


async def test_a_file_that_no_carrier_sends_is_kept_and_said_to_be_refused(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    put(folder, "readme.txt", b"no invoice, but how to read one")
    put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    await carrier.sync()
    assert sorted(await carrier.names()) == ["jan.csv", "readme.txt"]
    [readme] = (await carrier.get("/carrier/files", file_type="txt"))["data"]
    file = await carrier.file(readme["id"])
    assert file["state"] == "refused"
    assert file["error"]
    assert len(await carrier.items()) == 2


async def test_a_file_whose_name_can_not_be_kept_is_set_aside(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    put(folder, "a\x01b.csv", invoice(FREIGHT))
    await carrier.sync()
    assert await carrier.names() == []
    [quarantined] = await quarantine.of_connection(carrier.world.services.database, carrier.connection.id)
    assert "control character" in quarantined.reason


async def test_a_name_that_is_no_text_keeps_nobody_from_the_others(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    (folder / os.fsdecode(b"\xff.csv")).write_bytes(invoice(DEARER))
    await carrier.sync()
    assert await carrier.names() == ["jan.csv"]
    [quarantined] = await quarantine.of_connection(carrier.world.services.database, carrier.connection.id)
    assert quarantined.key == "file \\xff.csv"
    assert "is not UTF-8" in quarantined.reason


async def test_a_name_that_is_no_text_is_warned_about_once(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    (folder / os.fsdecode(b"caf\xe9.csv")).write_bytes(invoice(FREIGHT))
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await carrier.sync()
    entries = [entry for entry in logs if entry["event"] == "a file was set aside"]
    assert [entry["file"] for entry in entries] == ["caf\\xe9.csv"]
    look = SourcePoller(carrier.world.services.intake, folder.parent / "parts", 1 << 20)
    assert await look.has_news(carrier.connection, Folder(folder)) is False
    (folder / os.fsdecode(b"\xe9.csv")).write_bytes(invoice(FREIGHT))
    assert await look.has_news(carrier.connection, Folder(folder)) is True


async def test_a_name_that_is_no_text_is_forgotten_once_it_was_changed(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    misnamed = folder / os.fsdecode(b"caf\xe9.csv")
    misnamed.write_bytes(invoice(FREIGHT))
    await carrier.sync()
    [problem] = await carrier.world.problems(carrier.connection)
    assert r"the name 'caf\xe9.csv' is not UTF-8" in problem.message
    misnamed.rename(folder / "coffee.csv")
    await carrier.sync()
    assert await quarantine.of_connection(carrier.world.services.database, carrier.connection.id) == []
    assert await carrier.world.problems(carrier.connection) == []


async def test_a_window_reads_again_what_came_in_it(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    await carrier.sync()
    async with carrier.world.services.database.transaction() as transaction:
        await transaction.execute(
            "DELETE FROM carrier_invoice_line_items WHERE connection_id = ?", carrier.connection.id
        )
    body = {"function_name": "get_invoice_line_items", "start_time": "2026-01-15T00:00:00Z"}
    response = await carrier.ask(
        "POST", "/connections/on-demand-syncs", json=body | {"end_time": "2026-01-25T00:00:00Z"}
    )
    assert response.status_code == 200, response.text
    await carrier.world.work()
    assert len(await carrier.items()) == 2


async def test_what_is_deleted_meanwhile_leaves_nothing_behind(delivering: tuple[Carrier, Path]):
    carrier, folder = delivering
    put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    services = carrier.world.services
    credentials = await connections.credentials(services.database, services.vault, carrier.connection)
    source = services.clients.source(carrier.connection, get_integration("carrier", "ups"), credentials)
    assert source is not None
    await disconnect(services.database, carrier.connection, services.clock())
    await carrier.world.work()
    with pytest.raises(LeaseLost):  # a look that had begun before
        await services.poller.at(carrier.connection, source)
    for table in ("received_files", "seen_files"):
        assert await services.database.fetch(f"SELECT * FROM {table}") == []


# Folders


async def test_a_watched_folder_is_read_soon_without_waiting_for_the_schedule(
    world: World, http: httpx.AsyncClient
):
    folder = watched(world)
    carrier = await connected(world, http, source="folder", folder="in")
    put(folder, "jan.csv", invoice(FREIGHT, FUEL))
    assert await world.services.jobs.watch_folders() == 1
    await world.work()
    assert len(await carrier.items()) == 2
    assert await world.services.jobs.watch_folders() == 0


async def test_a_file_that_came_while_a_sync_was_under_way_is_read_soon(
    world: World, http: httpx.AsyncClient
):
    carrier = await connected(world, http)
    path = put(Path(world.services.settings.data_dir), "x", invoice(FREIGHT))
    # As when the run asked for files before it came, and held the place in the queue.
    await world.services.intake.take(carrier.connection, "a.csv", path, source="upload")
    assert await world.services.jobs.watch_folders() == 1
    await world.work()
    assert len(await carrier.items()) == 1


async def test_a_folder_outside_of_the_organizations_own_is_refused(world: World, http: httpx.AsyncClient):
    own_path = watched(world, "out")
    (own_path / "link").symlink_to("/etc")
    for folder in ("../other", "/etc", "a/../../other", "..", "in/../../x", "in\0x", "out/link"):
        with pytest.raises(VendorRefused, match=r"below|leads out"):
            await connected(world, http, source="folder", folder=folder)


async def test_p19_a_folder_of_another_organization_is_not_within_reach(
    world: World, http: httpx.AsyncClient
):
    put(watched(world), "jan.csv", invoice(FREIGHT))
    other_organization = await access.create_organization(world.services.database, "Other", world.clock())
    watched(world, organization=other_organization)
    theirs = await connected(world, http, other_organization, source="folder", folder="in")
    await theirs.sync()
    assert await theirs.names() == []


async def test_without_an_operators_folder_none_is_watched(world: World, http: httpx.AsyncClient):
    world.services = with_settings(world, watched_root="").services
    with pytest.raises(VendorRefused, match="CROSSDOCK_WATCHED_ROOT"):
        await connected(world, http, source="folder", folder="in")


async def test_a_folder_that_is_not_there_is_told_when_it_is_connected(world: World, http: httpx.AsyncClient):
    with pytest.raises(VendorRefused, match="there is no folder 'nowhere'"):
        await connected(world, http, source="folder", folder="nowhere")


# The form


async def test_only_the_fields_of_the_chosen_way_are_asked_for(world: World, http: httpx.AsyncClient):
    await connected(world, http)  # uploads need none
    with pytest.raises(Invalid) as refused:
        await connected(world, http, source="sftp")
    assert set(refused.value.detail["credentials"]) == {"sftp_host", "sftp_user", "sftp_fingerprint"}
    with pytest.raises(Invalid) as refused:
        await connected(world, http, sftp_host="x", source="pigeon")
    assert "wanted is one of upload, folder, sftp" in refused.value.detail["credentials"]["source"][0]
    with pytest.raises(Invalid) as refused:
        await connected(world, http, sftp_host="x")
    assert refused.value.detail["credentials"]["sftp_host"] == [
        "sftp_host is only for source=sftp, and it is upload"
    ]


# SFTP


async def test_a_key_opens_as_well_as_a_password(world: World, http: httpx.AsyncClient, sftp: SftpServer):
    put(sftp.folder / "out", "jan.csv", invoice(FREIGHT))
    key = sftp.user_key.export_private_key().decode()
    in_one_line = key.replace("\n", "\\n")
    fields = sftp.fields(sftp_password="", sftp_private_key=in_one_line)
    carrier = await connected(world, http, **fields)
    await carrier.sync()
    assert await carrier.names() == ["jan.csv"]


async def test_a_wrong_password_or_key_is_told_as_wrong_credentials(
    world: World, http: httpx.AsyncClient, sftp: SftpServer
):
    other_export_private_key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    for wrong in (
        {"sftp_password": "no"},
        {"sftp_password": "", "sftp_private_key": other_export_private_key},
    ):
        with pytest.raises(InvalidCredentials):
            await connected(world, http, **sftp.fields(**wrong))
    with pytest.raises(InvalidCredentials, match="private key can't be read"):
        await connected(world, http, **sftp.fields(sftp_private_key="nonsense"))


async def test_a_server_that_shows_another_key_is_not_signed_in_to(
    world: World, http: httpx.AsyncClient, sftp: SftpServer
):
    other_generate_private_key = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(VendorRefused, match=re.escape(sftp.fingerprint)):
        await connected(
            world, http, **sftp.fields(sftp_fingerprint=other_generate_private_key.get_fingerprint())
        )
    with pytest.raises(VendorRefused, match=re.escape(sftp.fingerprint)):
        await connected(world, http, **sftp.fields(sftp_fingerprint="nonsense"))


async def test_the_host_key_itself_may_be_given_too(world: World, http: httpx.AsyncClient, sftp: SftpServer):
    line = sftp.host_key.export_public_key().decode()
    await connected(world, http, **sftp.fields(sftp_fingerprint=f"[files.example]:22 {line}"))


async def test_a_fetch_that_breaks_goes_on_where_it_stopped(
    world: World, http: httpx.AsyncClient, sftp: SftpServer
):
    carrier = await connected(world, http, **sftp.fields())
    content = invoice(FREIGHT, FUEL) + b"\r\n" * 700_000  # several blocks
    put(sftp.folder / "out", "jan.csv", content)
    sftp.breaks_after = 1_000_000
    await carrier.sync()
    assert await carrier.names() == []
    broken = len(sftp.reads)
    await world.next_sync(3600)
    assert await carrier.names() == ["jan.csv"]
    assert min(offset for _, offset in sftp.reads[broken:]) >= 500_000
    [value] = (await carrier.get("/carrier/files", start_time="2026-01-01T00:00:00Z"))["data"]
    assert (await http.get(value["download_url"])).content == content


async def test_a_file_that_may_not_be_read_keeps_nobody_from_the_others(
    world: World, http: httpx.AsyncClient, sftp: SftpServer
):
    carrier = await connected(world, http, **sftp.fields())
    put(sftp.folder / "out", "jan.csv", invoice(FREIGHT, FUEL))
    put(sftp.folder / "out", "feb.csv", invoice(DEARER, invoice="INV2", total="12.00"))
    sftp.forbidden.add("feb.csv")
    await carrier.sync()
    assert await carrier.names() == ["jan.csv"]
    [quarantined] = await quarantine.of_connection(world.services.database, carrier.connection.id)
    assert quarantined.key == "file feb.csv"
    sftp.forbidden.clear()
    await carrier.sync()
    assert await carrier.names() == ["jan.csv", "feb.csv"]
    assert await quarantine.of_connection(world.services.database, carrier.connection.id) == []


async def test_a_folder_that_the_server_does_not_have_is_told(
    world: World, http: httpx.AsyncClient, sftp: SftpServer
):
    with pytest.raises(VendorRefused, match="'/nowhere'"):
        await connected(world, http, **sftp.fields(sftp_folder="/nowhere"))


async def test_a_server_that_is_away_is_tried_again(world: World, http: httpx.AsyncClient, sftp: SftpServer):
    with pytest.raises(VendorUnavailable):
        await connected(world, http, **sftp.fields(sftp_port="9"))


HOSTILE = [
    "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "::1",
    "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1", "fe80::1%eth0", "0.0.0.0",
    "100.64.0.1", "localhost.",
]  # fmt: skip


async def test_p11_sftp_connects_to_no_forbidden_address(
    world: World, http: httpx.AsyncClient, sftp: SftpServer
):
    world.services = with_settings(world, allowed_addresses="").services
    for host in HOSTILE:
        with pytest.raises((AddressRefused, VendorUnavailable)):
            await connected(world, http, **sftp.fields(sftp_host=host))
        assert sftp.logins == 0, host


async def test_p20_no_password_or_key_of_a_source_is_readable(
    world: World, http: httpx.AsyncClient, sftp: SftpServer, capfd: pytest.CaptureFixture[str]
):
    carrier = await connected(world, http, **sftp.fields())
    await carrier.sync()
    with pytest.raises(InvalidCredentials) as refused:
        await connected(world, http, **sftp.fields(sftp_user="nobody"))
    rows = await world.services.database.fetch("SELECT credentials FROM connections")
    shown = capfd.readouterr()
    for content in (
        *(bytes(row[0]) for row in rows),
        shown.out.encode(),
        shown.err.encode(),
        str(refused.value).encode(),
    ):
        assert b"correct horse" not in content
