"""Invoice files come in by upload, are read, listed, opened by links that expire, and corrected."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import quote

import httpx
import pytest
import structlog

from crossdock.connections.disconnect import disconnect
from crossdock.jobs.queue import claim
from crossdock.services.application import application
from crossdock.store.carriers import files
from crossdock.store.connections import access, connections
from crossdock.store.records import quarantine
from crossdock.wire import stamp
from tests.fakes.invoices import FREIGHT, FUEL, invoice, row, text
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World, with_settings
from tests.journeys.hooks import Hooks, hooks

__all__ = ["hooks"]

MINUTE = 60


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


@pytest.fixture
async def ups(world: World, http: httpx.AsyncClient) -> Carrier:
    return await connected(world, http, world.organization)


# While a worker reads


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "/read")])
async def test_a_file_is_removed_and_read_again_at_once_while_a_page_of_it_is_stored(
    ups: Carrier, method: str, path: str
):
    sent = await ups.upload(invoice(FREIGHT, FUEL))
    services, connection = ups.world.services, ups.connection
    await ups.world.queue(connection, "get_invoice_line_items")
    lease = await claim(services.database, "w", ups.world.clock)
    assert lease is not None
    with structlog.testing.capture_logs() as logged:
        async with services.database.transaction() as transaction:
            await lease.record_progress(transaction)
            task = asyncio.create_task(ups.ask(method, f"/carrier/files/{sent['id']}{path}"))
            await asyncio.sleep(0.3)  # until it waits for what this transaction holds
            await files.note_items(transaction, connection.id, sent["id"], ["a line item"])
        assert (await task).status_code == 200
    assert not [line for line in logged if "transaction" in line["event"] or "database" in line["event"]]


# Coming in


async def test_an_uploaded_file_becomes_line_items_and_an_invoice(ups: Carrier):
    content = invoice(FREIGHT, FUEL)
    sent = await ups.upload(content)
    assert (sent["state"], sent["source"], sent["file_type"]) == ("received", "upload", "csv")
    assert sent["sha256"] == hashlib.sha256(content).hexdigest()
    assert await ups.items() == {"Transportation Charges": 10.0, "Fuel Surcharges": 1.25}
    assert (await ups.file(sent["id"]))["summary"] == {
        "rows": 2, "line_items": 2, "net": 11.25, "gross": 13.25, "currency": "USD", "gap": 0.0,
        "errors": 0, "warnings": 0,
    }  # fmt: skip
    [value] = (await ups.get("/carrier/invoices"))["data"]
    assert {name: value[name] for name in ("invoice_id", "account_id", "currency", "due_date")} == {
        "invoice_id": "INV1", "account_id": "00A1", "currency": "USD", "due_date": "2026-02-28T00:00:00Z",
    }  # fmt: skip
    assert (value["total"], value["net"], value["gross"], value["gap"]) == (11.25, 11.25, 13.25, 0.0)
    assert (value["reconciled"], value["line_items"], value["file_id"]) == (True, 2, sent["id"])


async def test_a_form_brings_the_name_of_its_file(ups: Carrier):
    form = {"file": ("week 5.csv", invoice(FREIGHT), "text/csv")}
    answer = await ups.ask("POST", "/carrier/files", files=form)
    assert answer.json()["data"]["file_name"] == "week 5.csv"


async def test_what_the_caller_says_of_the_invoice_is_used_where_the_file_is_silent(ups: Carrier):
    silent = row(FREIGHT, invoice="", total="10.00") | {"Invoice Date": ""}
    fields = {"file_name": "a.csv", "invoice_id": "SAID", "invoice_date": "2026-01-15T00:00:00Z"}
    answer = await ups.ask("POST", "/carrier/files", params=fields, content=text(silent))
    assert answer.status_code == 200, answer.text
    ups.world.clock.pass_seconds(1)
    await ups.world.work()
    [item] = (await ups.get("/carrier/invoice-line-items"))["data"]
    assert (item["invoice_id"], item["created_date"]) == ("SAID", "2026-01-15T00:00:00Z")


async def test_the_same_content_again_is_the_same_file_whatever_its_name(ups: Carrier):
    first = await ups.upload(invoice(FREIGHT, FUEL))
    again = await ups.upload(invoice(FREIGHT, FUEL), "copy.csv")
    assert again["id"] == first["id"]
    assert len(await ups.events("carrier-file.created")) == 1
    assert len(await ups.events("carrier-invoice-line-item.created")) == 2


async def test_a_corrected_file_updates_what_changed_and_ends_what_it_no_longer_holds(ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL))
    dearer = ("1Z001", "FRT", "Transportation Charges", "2.00", "12.00")
    corrected = await ups.upload(invoice(dearer, total="12.00"))
    assert await ups.items() == {"Transportation Charges": 12.0}
    [updated] = await ups.events("carrier-invoice-line-item.updated")
    assert updated["previous_attributes"]["net_cost"] == 10
    [deleted] = await ups.events("carrier-invoice-line-item.deleted")
    assert deleted["data"]["charge_description"] == "Fuel Surcharges"
    [value] = (await ups.get("/carrier/invoices"))["data"]
    assert (value["net"], value["file_id"]) == (12.0, corrected["id"])


async def test_a_correction_that_does_not_add_up_ends_nothing(ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL))
    again = await ups.upload(invoice(FREIGHT))  # 10.00 of the 11.25 that it says
    assert await ups.items() == {"Transportation Charges": 10.0, "Fuel Surcharges": 1.25}
    [value] = (await ups.get("/carrier/invoices"))["data"]
    # Over all line items that there are the invoice adds up; the file by itself does not.
    assert (value["reconciled"], value["gap"]) == (True, 0.0)
    assert (await ups.file(again["id"]))["reconciled"] is False


async def test_what_another_file_still_holds_is_not_ended_by_a_correction(ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL), "week.csv")
    await ups.upload(invoice(FREIGHT, FUEL) + b"\r\n", "month.csv")
    await ups.upload(invoice(FREIGHT, total="10.00"), "week.csv")
    assert await ups.items() == {"Transportation Charges": 10.0, "Fuel Surcharges": 1.25}


async def test_a_name_that_is_used_for_other_invoices_too_corrects_nothing(ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL, invoice="MAY"))
    later = ("1Z777", "ACC", "Handling", "0.00", "3.00")
    await ups.upload(invoice(later, invoice="JUNE", total="3.00"))  # the same name, a month later
    assert len(await ups.items()) == 3
    invoice_ids = {record["invoice_id"] for record in (await ups.get("/carrier/invoices"))["data"]}
    assert invoice_ids == {"MAY", "JUNE"}
    assert await ups.events("carrier-invoice-line-item.deleted") == []


async def test_a_window_does_not_bring_back_what_was_corrected(ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL))
    dearer = ("1Z001", "FRT", "Transportation Charges", "2.00", "12.00")
    await ups.upload(invoice(dearer, total="12.00"))
    event_count = len(
        await ups.events("carrier-invoice-line-item.updated", "carrier-invoice-line-item.created")
    )
    body = {"function_name": "get_invoice_line_items", "start_time": "2026-01-15T00:00:00Z"}
    response = await ups.ask(
        "POST", "/connections/on-demand-syncs", json=body | {"end_time": "2026-01-25T00:00:00Z"}
    )
    assert response.status_code == 200, response.text
    await ups.world.work()
    assert await ups.items() == {"Transportation Charges": 12.0}
    now = await ups.events("carrier-invoice-line-item.updated", "carrier-invoice-line-item.created")
    assert len(now) == event_count


async def test_a_correction_that_is_taken_back_counts_again(ups: Carrier):
    first = await ups.upload(invoice(FREIGHT, total="10.00"))
    dearer = ("1Z001", "FRT", "Transportation Charges", "2.00", "12.00")
    await ups.upload(invoice(dearer, total="12.00"))
    back = await ups.upload(invoice(FREIGHT, total="10.00"))
    assert back["id"] != first["id"]
    assert await ups.items() == {"Transportation Charges": 10.0}


async def test_a_cell_that_is_no_amount_is_told_and_never_taken_for_zero(ups: Carrier):
    broken = row(("1Z001", "FSC", "Fuel Surcharges", "0.00", "N/A"))
    sent = await ups.upload(text(row(FREIGHT), broken))
    assert await ups.items() == {"Transportation Charges": 10.0}
    file = await ups.file(sent["id"])
    assert (file["state"], file["reconciled"], file["summary"]["errors"]) == ("read", False, 1)
    [fault] = file["faults"]
    assert (fault["row"], fault["column"], fault["value"]) == (3, "Net Amount", "N/A")
    [quarantined] = await quarantine.of_connection(ups.world.services.database, ups.connection.id)
    assert "january.csv, row 3, Net Amount" in quarantined.reason
    await ups.upload(invoice(FREIGHT, FUEL))  # the same name, corrected
    assert await quarantine.of_connection(ups.world.services.database, ups.connection.id) == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty"),
        (b"a,b\r\n1,2\r\n", ""),
        (bytes(range(256)) * 40, ""),
    ],
    ids=["empty", "no carrier's", "binary"],
)
async def test_what_is_no_invoice_of_the_carrier_is_refused_with_what_was_seen(
    ups: Carrier, content: bytes, fault: str
):
    answer = await ups.ask("POST", "/carrier/files", params={"file_name": "a.csv"}, content=content)
    assert answer.status_code == 422
    [value] = answer.json()["detail"]["body"][""]
    assert fault in value
    assert (await ups.get("/carrier/files"))["data"] == []


@pytest.mark.parametrize("name", ["", "..", "a\x01b.csv", "x" * 300 + ".csv"])
async def test_a_name_that_can_not_be_kept_is_refused(ups: Carrier, name: str):
    answer = await ups.ask(
        "POST", "/carrier/files", params={"file_name": name}, content=invoice(FREIGHT, FUEL)
    )
    assert answer.status_code == 422
    assert list(answer.json()["detail"]["query"]) == ["file_name"]


async def test_a_file_keeps_no_folders_in_its_name(ups: Carrier):
    sent = await ups.upload(invoice(FREIGHT, FUEL), "../../etc/jan.csv")
    assert sent["file_name"] == "jan.csv"


async def test_an_upload_without_a_name_or_a_form_without_a_file_is_refused(ups: Carrier):
    nameless = await ups.ask("POST", "/carrier/files", content=invoice(FREIGHT))
    assert nameless.json()["detail"] == {"query": {"file_name": ["is missing: what is the file called?"]}}
    form = await ups.ask("POST", "/carrier/files", files={"other": ("a.csv", b"x")})
    assert form.json()["detail"] == {"form": {"file": ["is missing, or is no file"]}}


# The list and its links


async def test_files_are_listed_as_the_contract_has_them(ups: Carrier):
    now = ups.world.clock()
    await ups.upload(invoice(FREIGHT, FUEL))
    carrier_files = await ups.get("/carrier/files")
    [value] = carrier_files["data"]
    assert (carrier_files["total_count"], carrier_files["next_token"]) == (1, None)
    assert value["created_date"] == value["generated_time"] == stamp(now)
    assert value["download_url_expires_at"] == stamp(ups.world.clock() + 20 * MINUTE * 1000)
    assert list(value) == [
        "id", "file_name", "created_date", "generated_time", "file_type", "download_url",
        "download_url_expires_at",
    ]  # fmt: skip


async def test_the_list_goes_back_a_day_unless_a_time_is_asked_for(ups: Carrier):
    await ups.upload(invoice(FREIGHT))
    came = stamp(ups.world.clock())
    ups.world.clock.pass_seconds(25 * 3600)
    assert (await ups.get("/carrier/files"))["data"] == []
    assert len((await ups.get("/carrier/files", start_time="2026-01-01T00:00:00Z"))["data"]) == 1
    earlier = await ups.get(
        "/carrier/files", start_time="2026-01-01T00:00:00Z", end_time="2026-01-02T00:00:00Z"
    )
    assert earlier["data"] == []
    assert (
        len((await ups.get("/carrier/files", start_time="2026-01-01T00:00:00Z", end_time=came))["data"]) == 1
    )


async def test_files_are_filtered_by_type_and_name_and_paged(ups: Carrier):
    for number in range(5):
        await ups.upload(
            invoice(FREIGHT, invoice=f"I{number}"), f"file-{number}.{'CSV' if number else 'txt'}"
        )
    assert [record["file_name"] for record in (await ups.get("/carrier/files", file_type="txt"))["data"]] == [
        "file-0.txt"
    ]
    assert len((await ups.get("/carrier/files", file_type="csv"))["data"]) == 4
    assert [record["file_name"] for record in (await ups.get("/carrier/files", file_name="e-3"))["data"]] == [
        "file-3.CSV"
    ]
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = await ups.get("/carrier/files", limit=2, **token)
        names += [record["file_name"] for record in page["data"]]
        if page["next_token"] is None:
            break
        token = {"page_token": page["next_token"]}
    assert names == ["file-0.txt", "file-1.CSV", "file-2.CSV", "file-3.CSV", "file-4.CSV"]


CAME = ("2026-02-02T02:40:00Z", "2026-02-02T03:00:00Z", "2026-02-03T04:00:00Z")
"""When the files a, b and c came in."""


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"created_date": CAME[1]}, "b"),
        ({"created_date[eq]": CAME[1]}, "b"),
        ({"created_date[neq]": CAME[1]}, "ac"),
        ({"created_date[gt]": CAME[1]}, "c"),
        ({"created_date[gte]": CAME[1]}, "bc"),
        ({"created_date[lt]": CAME[1]}, "a"),
        ({"created_date[lte]": CAME[1]}, "ab"),
        ({"created_date[in]": f"{CAME[0]},{CAME[2]}"}, "ac"),
        ({"created_date[nin]": f"{CAME[0]},{CAME[2]}"}, "b"),
        ({"created_date[gt]": CAME[0], "created_date[lt]": CAME[2]}, "b"),
        ({"created_date[gte]": CAME[0], "start_time": CAME[1]}, "bc"),
        ({"created_date[gte]": CAME[0], "end_time": CAME[1]}, "ab"),
        ({"start_time": CAME[1], "end_time": CAME[1]}, "b"),
        ({"created_date[gte]": CAME[0], "file_name": "c", "file_type": "CSV"}, "abc"),
        ({}, ""),
    ],
    ids=lambda value: "&".join(value) if isinstance(value, dict) else value,
)
async def test_files_are_filtered_by_when_they_came_and_then_by_no_day_of_our_own(
    three: Carrier, query: dict[str, str], names: str
):
    carrier_files = await three.get("/carrier/files", **query)
    assert "".join(record["file_name"].removesuffix(".csv") for record in carrier_files["data"]) == names


@pytest.fixture
async def three(ups: Carrier) -> Carrier:
    """Files a, b and c, and two days after the last of them."""
    for name, came in zip("abc", CAME, strict=True):
        ups.world.clock.now_ms = int(datetime.fromisoformat(came).timestamp() * 1000) + 500
        content = invoice(FREIGHT, invoice=name)
        answer = await ups.ask("POST", "/carrier/files", params={"file_name": f"{name}.csv"}, content=content)
        assert answer.status_code == 200, answer.text
    ups.world.clock.pass_seconds(2 * 24 * 3600)
    return ups


async def test_a_date_in_a_list_of_dates_is_refused_by_its_own_value(ups: Carrier):
    answer = await ups.ask("GET", "/carrier/files", params={"created_date[in]": f"{CAME[0]},soon"})
    assert answer.status_code == 422
    [message] = answer.json()["detail"]["query"]["created_date[in]"]
    assert "'soon'" in message
    many = ",".join([CAME[0]] * 101)
    answer = await ups.ask("GET", "/carrier/files", params={"created_date[nin]": many})
    assert "at most 100" in answer.json()["detail"]["query"]["created_date[nin]"][0]


@pytest.mark.parametrize("written", ["2026-03-01T00:00:00/8f2c1b9e/invoice.csv", "a/b/read", "x/"])
async def test_an_id_with_slashes_is_an_id_whether_they_are_escaped_or_not(ups: Carrier, written: str):
    for path in (written, quote(written, safe="")):
        answer = await ups.ask("GET", f"/carrier/files/{path}")
        assert (answer.status_code, answer.json()["id"]) == (404, written)
        answer = await ups.ask("DELETE", f"/carrier/files/{path}")
        assert (answer.status_code, answer.json()["id"]) == (404, written)


async def test_a_time_of_another_form_is_refused_by_name(ups: Carrier):
    answer = await ups.ask("GET", "/carrier/files", params={"start_time": "yesterday", "colour": "red"})
    assert answer.status_code == 422
    assert set(answer.json()["detail"]["query"]) == {"start_time", "colour"}


async def test_a_link_opens_the_file_without_a_key_and_byte_for_byte(ups: Carrier):
    content = invoice(FREIGHT, FUEL)
    sent = await ups.upload(content, 'évil "name".csv')
    answer = await ups.http.get(sent["download_url"])
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_link_works_for_20_minutes_and_then_says_so(ups: Carrier):
    sent = await ups.upload(invoice(FREIGHT))
    ups.world.clock.pass_seconds(20 * MINUTE - 3)
    assert (await ups.http.get(sent["download_url"])).status_code == 200
    ups.world.clock.pass_seconds(3)
    answer = await ups.http.get(sent["download_url"])
    assert answer.status_code == 403
    assert "expired at" in answer.json()["error"]


async def test_a_link_that_was_altered_opens_nothing(ups: Carrier):
    first = (await ups.upload(invoice(FREIGHT)))["download_url"]
    other_upload = await ups.upload(invoice(FUEL, total="1.25"), "b.csv")
    file_id = first.split("/")[-2]
    later = first.replace("expires=1", "expires=2")
    for url in (
        first.replace(file_id, other_upload["id"]), later, first[:-1] + ("0" if first[-1] != "0" else "1"),
        first.split("?")[0], first.split("&")[0],
    ):  # fmt: skip
        answer = await ups.http.get(url)
        assert answer.status_code == 403, url
        assert "altered" in answer.json()["error"]


async def test_a_webhook_tells_of_a_new_file_by_its_id_and_without_a_link_that_would_expire(
    ups: Carrier, hooks: Hooks
):
    await hooks.endpoint(types=("carrier-file.created",))
    content = invoice(FREIGHT)
    sent = await ups.upload(content)
    await hooks.deliver()
    [arrived] = hooks.receiver.got()
    assert arrived.json["integration_type"] == "carrier"
    assert arrived.json["data"] == {
        "id": sent["id"], "file_name": "january.csv", "created_date": sent["created_date"],
        "generated_time": sent["created_date"], "file_type": "csv",
    }  # fmt: skip
    ups.world.clock.pass_seconds(3600)  # later than any link of then would work
    file = await ups.file(arrived.json["data"]["id"])
    assert (await ups.http.get(file["download_url"])).content == content


async def test_p20_no_link_to_a_file_is_stored(ups: Carrier):
    await ups.upload(invoice(FREIGHT))
    rows = await ups.world.services.database.fetch("SELECT body FROM events")
    assert rows
    assert not any(b"signature=" in bytes(row[0]) for row in rows)


# Who may


async def test_p19_another_organization_sees_and_opens_nothing(
    world: World, ups: Carrier, http: httpx.AsyncClient
):
    sent = await ups.upload(invoice(FREIGHT, FUEL))
    stranger = await access.create_organization(world.services.database, "Other", world.clock())
    other_carrier = await connected(world, http, stranger)
    assert (await other_carrier.get("/carrier/files"))["data"] == []
    assert (await other_carrier.get("/carrier/invoices"))["data"] == []
    missing = await other_carrier.ask("GET", f"/carrier/files/{sent['id']}")
    never = await other_carrier.ask("GET", "/carrier/files/file_000000000000000000000000000")
    assert (missing.status_code, never.status_code) == (404, 404)
    # The same content is theirs now, and the row of the first is not shown to them.
    mine = await other_carrier.upload(invoice(FREIGHT, FUEL))
    assert mine["id"] != sent["id"]
    mixed = ups.headers | {"x-trackstar-access-token": other_carrier.headers["x-trackstar-access-token"]}
    for path in ("/carrier/files", "/carrier/invoices", f"/carrier/files/{sent['id']}"):
        assert (await http.get(path, headers=mixed)).status_code == 401
        assert (await http.get(path)).status_code == 401
    page = await ups.ask("GET", "/carrier/files", params={"limit": 1, "page_token": "x"})
    assert page.status_code == 422


async def test_a_read_only_key_brings_nothing_in(ups: Carrier):
    services = ups.world.services
    _, key = await access.create_key(
        services.database, ups.world.organization, name="r", read_only=True, now_ms=services.clock()
    )
    sent = await ups.upload(invoice(FREIGHT))
    headers = {"x-trackstar-api-key": key}
    for method, path in (
        ("POST", "?file_name=a.csv"), ("DELETE", f"/{sent['id']}"), ("POST", f"/{sent['id']}/read"),
    ):  # fmt: skip
        answer = await ups.ask(method, f"/carrier/files{path}", content=b"x", headers=headers)
        assert answer.status_code == 403
    assert await ups.names() == ["january.csv"]


async def test_a_connection_that_has_no_invoices_answers_501(world: World, ups: Carrier):
    warehouse = await world.connect()
    token = await connections.token(world.services.database, world.services.vault, warehouse)
    for method, path in (("GET", "/carrier/files"), ("POST", "/carrier/files"), ("GET", "/carrier/invoices")):
        answer = await ups.ask(method, path, headers={"x-trackstar-access-token": token})
        assert answer.status_code == 501, path


async def test_a_function_that_is_off_takes_no_files(ups: Carrier):
    async with ups.world.services.database.transaction() as transaction:
        await connections.change(
            transaction, ups.connection.id, {"disabled_functions": "get_invoice_line_items"}
        )
    answer = await ups.ask("POST", "/carrier/files", params={"file_name": "a.csv"}, content=b"x")
    assert answer.status_code == 403


async def test_a_file_that_is_too_large_is_refused(world: World, ups: Carrier):
    small = with_settings(world, max_file_bytes=1000)
    transport = httpx.ASGITransport(app=application(small.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        over = await http.post(
            "/carrier/files?file_name=a.csv", content=b"x" * 1001, headers=ups.headers
        )  # fmt: skip
        far_over = await http.post(
            "/carrier/files?file_name=a.csv", content=b"x" * 100_000, headers=ups.headers
        )  # fmt: skip
    assert (over.status_code, far_over.status_code) == (413, 413)


async def test_files_go_with_their_connection(world: World, ups: Carrier):
    await ups.upload(invoice(FREIGHT, FUEL))
    await disconnect(world.services.database, ups.connection, ups.world.clock())
    await world.work()
    for table in ("received_files", "file_items", "carrier_invoices", "seen_files"):
        assert await world.services.database.fetch(f"SELECT 1 FROM {table}") == []
