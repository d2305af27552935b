"""Every form of a file comes in by every way that there is, and is read alike."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from crossdock.config import Settings
from crossdock.files.storage import open_storage
from crossdock.services.application import application
from tests.fakes.invoices import FREIGHT, FUEL, invoice, put
from tests.fakes.s3 import KEYS, s3
from tests.fakes.sftp import SftpServer, sftp_server
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World, with_settings

__all__ = ["s3"]

Bring = Callable[[str, bytes], Awaitable[None]]


def csv(number: int) -> bytes:
    return invoice(FREIGHT, FUEL, invoice=f"INV{number}")


def workbook(number: int) -> bytes:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for line in csv(number).decode().splitlines():
        sheet.append(line.split(","))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf(number: int) -> bytes:
    return b"%%PDF-1.7\n%% invoice %d, for people\n" % number


READ, KEPT = "read", "kept"
FORMS: dict[str, tuple[bytes, str, str]] = {
    "plain.csv": (csv(1), "csv", READ),
    "LARGE LETTERS.CSV": (csv(2), "csv", READ),
    "no extension": (csv(3), "", READ),
    "semicolons.csv": (csv(4).replace(b",", b";"), "csv", READ),
    "tabs.txt": (csv(5).replace(b",", b"\t"), "txt", READ),
    "with a mark.csv": (b"\xef\xbb\xbf" + csv(6).replace(b"\n", b"\r\n"), "csv", READ),
    "windows \u00e9.csv": (csv(7).replace(b"Fuel", "F\u00fcel".encode("cp1252")), "csv", READ),
    "workbook.xlsx": (workbook(8), "xlsx", READ),
    "WORKBOOK.XLSX": (workbook(9), "xlsx", READ),
    "workbook without extension": (workbook(10), "", READ),
    "workbook called.csv": (workbook(11), "csv", READ),
    "table called.xlsx": (csv(12), "xlsx", READ),
    "invoice.pdf": (pdf(13), "pdf", KEPT),
    "INVOICE.PDF": (pdf(14), "pdf", KEPT),
    "pdf without extension": (pdf(15), "", KEPT),
}
"""By name: the content, the type it is listed under, and what becomes of it."""


@pytest.fixture
async def sftp(tmp_path: Path) -> AsyncIterator[SftpServer]:
    async with sftp_server(tmp_path / "server") as started:
        yield started


@pytest.fixture(params=["data folder", "s3"])
def keeping(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> World:
    """A world that keeps files here or there."""
    world = with_settings(world, reads_per_second=1000)
    if request.param == "s3":
        url = request.getfixturevalue("s3")
        there = Settings(files_url=f"s3://invoices/{tmp_path.name}", files_endpoint=url, **KEYS)
        world.services = replace(world.services, storage=open_storage(there))
    return world


@pytest.fixture
async def http(keeping: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(keeping.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


@pytest.fixture(params=["body", "form", "folder", "sftp"])
async def method(
    request: pytest.FixtureRequest, keeping: World, http: httpx.AsyncClient, sftp: SftpServer
) -> tuple[Carrier, Bring]:
    """A connection, and how a file gets to it."""
    if request.param in ("folder", "sftp"):
        folder = Path(keeping.services.settings.watched_root) / keeping.organization / "in"
        folder.mkdir(parents=True)
        fields = {"source": "folder", "folder": "in"} if request.param == "folder" else sftp.fields()
        carrier = await connected(keeping, http, **fields)
        return carrier, _into(folder if request.param == "folder" else sftp.folder / "out")
    carrier = await connected(keeping, http)
    return carrier, _by_body(carrier) if request.param == "body" else _by_form(carrier)


def _into(folder: Path) -> Bring:
    async def bring(name: str, content: bytes) -> None:
        put(folder, name, content)

    return bring


def _by_body(carrier: Carrier) -> Bring:
    async def bring(name: str, content: bytes) -> None:
        answer = await carrier.ask("POST", "/carrier/files", params={"file_name": name}, content=content)
        assert answer.status_code == 200, (name, answer.text)

    return bring


def _by_form(carrier: Carrier) -> Bring:
    async def bring(name: str, content: bytes) -> None:
        answer = await carrier.ask("POST", "/carrier/files", files={"file": (name, content)})
        assert answer.status_code == 200, (name, answer.text)

    return bring


async def test_every_form_of_a_file_comes_in_and_is_read_or_kept(method: tuple[Carrier, Bring]):
    carrier, bring = method
    for name, (content, _, _) in FORMS.items():
        await bring(name, content)
    await carrier.sync()
    listed = (await carrier.get("/carrier/files", **{"created_date[gte]": "2020-01-01T00:00:00Z"}))["data"]
    became = {item["file_name"]: await carrier.file(item["id"]) for item in listed}
    assert {name: (item["file_type"], item["state"]) for name, item in became.items()} == {
        name: (file_type, state) for name, (_, file_type, state) in FORMS.items()
    }
    assert [name for name, item in became.items() if item["error"] or item["faults"]] == []
    items = (await carrier.get("/carrier/invoice-line-items"))["data"]
    read = [number for number, (_, _, state) in enumerate(FORMS.values(), 1) if state == READ]
    assert {item["invoice_id"] for item in items} == {f"INV{number}" for number in read}
    assert sum(item["net_cost"] for item in items) == 11.25 * len(read)
    for item in listed:
        assert (await carrier.http.get(item["download_url"])).content == FORMS[item["file_name"]][0]
    for written in ("pdf", "PDF", ".Pdf"):
        pdfs = (await carrier.get("/carrier/files", file_type=written))["data"]
        assert {current_pdf["file_name"] for current_pdf in pdfs} == {"invoice.pdf", "INVOICE.PDF"}
