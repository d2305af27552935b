"""Erasing a person or a shop everywhere, and showing what is held; nobody else loses a byte."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from crossdock.changes.commit import Changes, commit
from crossdock.changes.masking.record import states_of
from crossdock.changes.plan import Target
from crossdock.erasing.request import Requester
from crossdock.errors import Invalid, NotFound
from crossdock.kit.erasure import ErasureMode, ErasureSubject
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database import rotation
from crossdock.store.database.engine import Row
from crossdock.store.database.sealed_columns import SEALED_COLUMNS
from crossdock.store.erasing import erasures, record_copies
from crossdock.store.erasing.erasures import ErasureRow
from crossdock.store.erasing.places import KEPT, PLACES
from crossdock.store.erasing.record_copies import Scope
from crossdock.store.people.audit_log import Actor
from crossdock.store.schema.records import RECORDS
from crossdock.store.schema.tables import metadata
from tests.fakes.hook_receiver import Receiver
from tests.journeys.conftest import ORDERS, World, order
from tests.journeys.hooks import Hooks, hooks

__all__ = ["hooks"]

EMAIL, PHONE, NAME, STREET = "Maria.Schmidt@Example.com", "+49 30 1234567", "Maria Schmidt", "Lindenallee 17b"
OLD_PHONE = "040 7654321"
VALUES = ("maria.schmidt@example.com", "1234567", "maria schmidt", "lindenallee 17b", "7654321")
"""What must be nowhere, in small letters; numbers by their digits."""
HERS = {
    "full_name": NAME, "company": "Schmidt Gartenbau", "address1": STREET, "city": "Berlin",
    "postal_code": "12207", "country": "DE", "phone_number": PHONE, "email_address": EMAIL,
}  # fmt: skip
NAMESAKE = {
    "full_name": NAME, "address1": "Hafenstr. 1", "city": "Hamburg", "email_address": "m@elsewhere.example",
    "phone_number": "040 1112223",
}  # fmt: skip
ANNA = {"full_name": "Anna Other", "address1": "Lindenallee 18", "email_address": "anna@example.com"}
CSV = (
    "order;name;street;mail\n"
    f"N1;{NAME.upper()};{STREET};{EMAIL.lower()}\n"
    "N3;Anna Other;Lindenallee 18;anna@example.com\n"
)


@dataclass
class House:
    """A world in which a person stands everywhere."""

    world: World
    hooks: Hooks
    connection: ConnectionRow
    file_id: str = ""

    @property
    def database(self) -> Any:
        return self.world.services.database

    @property
    def requester(self) -> Requester:
        return Requester(self.world.organization, Actor("api_key", "key_1", "backend"), "api")

    async def request(self, mode: ErasureMode = "erase", **subject: Any) -> ErasureRow:
        desk = self.world.services.erasures
        return await desk.request(self.requester, ErasureSubject(**subject), mode)

    async def erase(self, mode: ErasureMode = "erase", **subject: Any) -> ErasureRow:
        """Asks, and waits until it is done."""
        erasure = await self.request(mode, **subject)
        await self.world.work()
        await self.world.next_sync(200)
        return await self.reload(erasure)

    async def reload(self, erasure: ErasureRow) -> ErasureRow:
        row = await erasures.get(self.database, erasure.id)
        assert row is not None
        return row

    async def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        return {
            name: [tuple(row) for row in await self.database.fetch(f"SELECT * FROM {name}")]
            for name in metadata.tables
        }

    async def places(self) -> set[str]:
        """The tables that any of her values stands in, and "files"."""
        found = {name for name, rows in (await self.rows()).items() if any(map(says_hers, rows))}
        for column in SEALED_COLUMNS:
            async with self.database.transaction() as transaction:
                rows = await rotation.sealed_rows(transaction, column, None)
            for row in rows:
                if says_hers((await self.opened(column, row),)):
                    found.add(f"{column.table} (sealed)")
        folder = Path(self.world.services.settings.files)
        if stored_files_say_hers(folder):
            found.add("files")
        return found

    async def opened(self, column: Any, row: Row) -> bytes:
        size = len(column.key)
        context = column.bound_to(dict(zip(column.names, tuple(row)[size + 2 :], strict=True)))
        secret = await self.world.services.vault.open(row[size], context, bytes(row[size + 1]))
        return zlib.decompress(secret) if column.table == "raw_records" else secret

    async def order(self, number: int) -> dict[str, Any]:
        return (await self.world.documents(self.connection))[f"o-{number:03}"]


def stored_files_say_hers(folder: Path) -> bool:
    return any(says_hers((path.read_bytes(),)) for path in folder.rglob("*") if path.is_file())


def says_hers(values: tuple[Any, ...]) -> bool:
    """Whether a row holds any of her values, however it is written."""
    for value in values:
        if isinstance(value, bytes | memoryview):
            text = bytes(value).decode("utf-8", "replace").lower()
        elif isinstance(value, str):
            text = value.lower()
        else:
            continue
        # A namesake keeps her name.
        is_namesake = "elsewhere.example" in text and "lindenallee" not in text
        words = " ".join(text.replace(",", " ").split()).replace("maria schmidt" if is_namesake else "\0", "")
        digits = "".join(filter(str.isdigit, text))
        if any(value in words or (value.isdigit() and value in digits) for value in VALUES):
            return True
    return False


async def filled(world: World, hooks: Hooks) -> House:
    """Her orders, a namesake's and another's, with all that is kept of them."""
    world.vendor.collections["orders"] = [
        order(1, ship_to=HERS | {"phone_number": OLD_PHONE}, extra={"note": f"{PHONE}, for Schmidt, Maria"}),
        order(2, ship_to={key: HERS[key] for key in ("full_name", "address1", "city")}),
        order(3, ship_to=ANNA), order(4, ship_to=NAMESAKE), order(5, ship_to=HERS),
        order(6, ship_to=HERS, lines=[{"product": "p1", "quantity": f"many, ask {EMAIL}"}]),
    ]  # fmt: skip
    connection = await world.connect(sync=False)
    await world.change_connection(connection, keep_raw=True)
    await hooks.endpoint(headers={"x-shop": "1"})
    house = House(world, hooks, connection)
    await world.work()
    world.change("orders", "o-001", ship_to=HERS, state="PICKED")
    world.change("orders", "o-003", state="PICKED")
    await world.next_sync()
    del world.vendor.collections["orders"][4]
    await commit(
        house.database, Target(connection, ORDERS, "sync"), Changes(deleted=["o-005"]), world.clock()
    )
    await hooks.send({"to": EMAIL, "text": f"Dear {NAME}"})
    await house.database.execute(
        "INSERT INTO writes (connection_id, id, fingerprint, action, state, holder, begun_ms, until_ms, "
        "record_id, answer) VALUES (?, 'w1', 'f', 'create_order', 'done', '', ?, ?, 'o-001', ?)",
        connection.id, world.clock(), world.clock(),
        json.dumps({"data": {"id": "o-001", "ship_to_address": HERS}}).encode(),
    )  # fmt: skip
    path = Path(world.services.settings.data_dir) / "january.csv"
    path.write_text(CSV)
    carrier = replace(connection, type="carrier")
    file, _ = await world.services.intake.take(carrier, "january.csv", path, source="upload")
    path.unlink()
    house.file_id = file.id
    await world.work()
    await hooks.deliver()
    world.clock.pass_seconds(60)
    return house


@pytest.fixture
async def house(world: World, hooks: Hooks) -> House:
    return await filled(world, hooks)


def kept(before: Mapping[str, list[tuple[Any, ...]]], after: Mapping[str, list[tuple[Any, ...]]]) -> None:
    """Every row that did not name her is there as it was, byte for byte."""
    moving = {
        "jobs", "schedules", "runs", "erasures", "erasure_keys", "connection_errors", "alert_leases",
        "alert_positions",
    }  # fmt: skip
    for table in before.keys() - moving:
        rows = {repr(row) for row in after[table]}
        lost = [row for row in before[table] if not says_hers(row) and repr(row) not in rows]
        if table == "received_files":
            lost = []  # its row names another object and size
        if table == "raw_records":
            lost = [row for row in lost if row[2] not in ("o-001", "o-002", "o-005", "o-006")]
        assert lost == [], table


async def test_p34_an_erased_person_is_nowhere_and_others_keep_every_byte(house: House):
    before_places = await house.places()
    assert {
        "wms_orders", "gone", "history", "events", "quarantine", "webhook_messages", "writes", "files",
        "raw_records (sealed)",
    } <= before_places  # fmt: skip
    before = await house.rows()
    erasure = await house.erase(email=" maria.schmidt@EXAMPLE.com")
    assert erasure.state == "done"
    assert await house.places() == set()
    kept(before, await house.rows())
    assert (await house.order(4))["ship_to_address"]["full_name"] == NAME
    assert (await house.order(3))["ship_to_address"]["full_name"] == "Anna Other"
    hers = (await house.order(1))["ship_to_address"]
    assert (hers["full_name"], hers["email_address"]) == ("erased", "erased@invalid")
    assert (hers["address1"], hers["phone_number"], hers["postal_code"]) == (None, None, None)
    assert (hers["city"], hers["country"]) == ("Berlin", "DE")
    # Found by name and street, as one order with her e-mail has both.
    assert (await house.order(2))["ship_to_address"]["full_name"] == "erased"


async def test_p34_the_proof_says_what_was_done_and_holds_no_value(house: House):
    erasure = await house.erase(email=EMAIL)
    assert erasure.kinds == ["email"]
    assert {"records", "tombstones", "history", "events", "quarantine", "webhook_messages", "files"} <= (
        erasure.counts.keys()
    )
    assert erasure.counts["tombstones"] == 1
    again = await house.erase(email=EMAIL.upper())
    assert again.digests == erasure.digests  # the same person can be proved by whoever has the key
    assert again.counts == {}
    request = await house.database.fetch_one("SELECT request FROM erasures WHERE id = ?", erasure.id)
    assert request[0] is None
    noted = await house.database.fetch("SELECT action, detail FROM audit_log WHERE subject = ?", erasure.id)
    assert [row[0] for row in noted] == ["erasure.requested"]
    assert not says_hers(tuple(noted[0]))


async def trail_states(house: House, number: int) -> list[tuple[str, str]]:
    async with house.database.transaction() as transaction:
        scope = Scope(house.connection.id, ORDERS, is_gone=False)
        trails = await record_copies.trails(transaction, scope, "", 100)
    [trail] = [trail for trail in trails if trail.id == f"o-{number:03}"]
    return [
        (str(state.fields["status"]), str(state.fields["ship_to_address"]["full_name"]))
        for state in states_of(ORDERS, trail)
    ]


async def test_p22_history_replays_after_erasing_and_shows_masked_records_at_every_moment(house: House):
    assert await trail_states(house, 1) == [("picked", NAME), ("open", NAME)]
    await house.erase(email=EMAIL)
    # The erasure is a change of its own: whoever keeps copies is told, and finds it in the history.
    assert await trail_states(house, 1) == [("picked", "erased")] * 2 + [("open", "erased")]
    [told] = [
        event for event in await house.world.events(house.connection, "order.updated")
        if event["data"]["id"] == "o-001" and "erased" in event["previous_attributes"].values()
    ]  # fmt: skip
    assert told["data"]["ship_to_address"]["full_name"] == "erased"
    assert await trail_states(house, 3) == [("picked", "Anna Other"), ("open", "Anna Other")]


async def test_who_was_erased_stays_so_while_the_vendor_still_sends_them(house: House):
    await house.erase(email=EMAIL)
    house.world.change("orders", "o-001", state="SHIPPED")
    house.world.change("orders", "o-002", state="SHIPPED")
    house.world.change("orders", "o-006", state="SHIPPED")
    house.world.vendor.collections["orders"].append(
        order(8, ship_to=NAMESAKE, extra={"who": f"<{EMAIL}>"}, updated_at=house.world.vendor_time())
    )
    await house.world.next_sync()
    assert (await house.order(1))["status"] == "fulfilled"
    assert (await house.order(8))["additional_fields"] == {"who": "<erased@invalid>"}
    assert (await house.order(8))["ship_to_address"]["full_name"] == NAME  # her namesake's order names her
    assert await house.places() == set()
    stored = await house.database.fetch("SELECT id FROM raw_records ORDER BY id")
    assert {row[0] for row in stored}.isdisjoint({"o-001", "o-002", "o-006", "o-008"})


async def test_an_order_that_is_made_after_the_erasure_is_of_somebody_who_came_back(house: House):
    await house.erase(email=EMAIL)
    later = "2026-05-01T00:00:00Z"
    house.world.vendor.collections["orders"].append(
        order(9, ship_to=HERS, created_at=later, updated_at=house.world.vendor_time())
    )
    await house.world.next_sync()
    assert (await house.order(9))["ship_to_address"]["email_address"] == EMAIL


async def test_a_name_is_erased_by_itself_only_where_no_address_narrows_it(house: House):
    await house.erase(name="schmidt  MARIA"[::1], address="hafenstr. 1")
    assert (await house.order(4))["ship_to_address"]["full_name"] == NAME  # the words stand in another order
    await house.erase(name="maria SCHMIDT", address="hafenstr. 1")
    assert (await house.order(4))["ship_to_address"]["full_name"] == "erased"
    assert (await house.order(1))["ship_to_address"]["full_name"] == NAME


async def test_an_order_is_found_by_its_id_and_everybody_in_it_is_erased(house: House):
    await house.erase(reference_ids=["N3"])
    order_three = await house.order(3)
    assert order_three["ship_to_address"]["full_name"] == "erased"
    assert order_three["order_number"] == "N3"
    house.world.change("orders", "o-003", state="SHIPPED", ship_to=ANNA | {"full_name": "A. Other"})
    await house.world.next_sync()
    assert (await house.order(3))["ship_to_address"]["full_name"] == "erased"
    assert (await house.order(1))["ship_to_address"]["full_name"] == NAME


async def test_a_phone_number_is_found_in_any_format(house: House):
    await house.erase(phone="0049 (0)30 / 123 45 67")
    assert (await house.order(1))["ship_to_address"]["full_name"] == "erased"
    assert (await house.order(3))["ship_to_address"]["full_name"] == "Anna Other"


async def test_a_shop_is_erased_and_another_shop_keeps_every_byte(house: House):
    other = await house.world.connect()
    before = await house.world.rows(other)
    assert before
    events_before = await house.world.events(other)
    erasure = await house.erase(everyone=True, connection_id=house.connection.uid)
    assert erasure.state == "done"
    documents = await house.world.documents(house.connection)
    assert {document["ship_to_address"]["full_name"] for document in documents.values()} == {"erased"}
    assert await house.world.rows(other) == before
    assert await house.world.events(other) == events_before
    assert await house.database.fetch(
        "SELECT 1 FROM raw_records WHERE connection_id = ?", house.connection.id
    ) == []  # fmt: skip


async def test_showing_changes_nothing_and_names_places_without_values(house: House):
    before = await house.rows()
    shown = await house.erase("show", email=EMAIL)
    assert (shown.state, shown.mode) == ("done", "show")
    after = await house.rows()
    for table in before.keys() - {
        "jobs", "schedules", "erasures", "erasure_keys", "audit_log", "webhook_attempts",
        "webhook_deliveries", "alert_leases", "alert_positions",
    }:  # fmt: skip
        assert after[table] == before[table], table
    assert {"records", "tombstones", "history", "events", "files"} <= shown.counts.keys()
    assert any(example["id"] == "wms/orders/o-001" for example in shown.examples)
    assert not says_hers((json.dumps(shown.examples),))
    erased = await house.erase(email=EMAIL)
    for place in ("records", "tombstones", "webhook_messages", "files"):
        assert erased.counts[place] == shown.counts[place], place


async def test_another_organization_is_not_searched(house: House):
    from crossdock.store.connections import access

    stranger = await access.create_organization(house.database, "Stranger", 1)
    before = await house.places()
    desk = house.world.services.erasures
    requester = Requester(stranger, Actor("api_key"), "api")
    await desk.request(requester, ErasureSubject(email=EMAIL))
    await house.world.work()
    await house.world.next_sync(200)
    assert await house.places() == before
    with pytest.raises(NotFound, match="there is no connection"):
        await desk.request(requester, ErasureSubject(everyone=True, connection_id=house.connection.uid))


async def test_an_erasure_that_dies_at_any_step_is_gone_on_with(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    from crossdock.erasing.job import ErasureRun

    class Killed(BaseException):
        """Nobody catches it."""

    real, steps = ErasureRun._note, 0

    async def dying(self: Any, *arguments: Any) -> None:
        nonlocal steps
        steps += 1
        await real(self, *arguments)
        if steps % 3 == 0:
            raise Killed

    monkeypatch.setattr(ErasureRun, "_note", dying)
    erasure = await house.request(email=EMAIL)
    for _ in range(200):
        if (await house.reload(erasure)).state == "done":
            break
        house.world.clock.pass_seconds(200)
        try:
            await house.world.work()
        except BaseExceptionGroup:
            continue
        except Killed:
            continue
    assert (await house.reload(erasure)).state == "done"
    assert await house.places() == set()
    assert (await house.reload(erasure)).counts["tombstones"] == 1


async def test_a_page_that_was_read_before_the_erasure_does_not_bring_the_person_back(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    from crossdock.changes.masking.memory import ErasedPeople

    real, asked = ErasedPeople.check, []

    async def meanwhile(self: Any, transaction: Any, organization: str, recognizer: Any) -> None:
        asked.append(recognizer)
        await real(self, transaction, organization, recognizer)

    async def late(self: Any, organization_id: str) -> Any:
        """What was known when the first page was read: somebody is erased right after."""
        known = await known_then(self, organization_id)
        if not read:
            read.append(known)
            await house.request(email=EMAIL)
        return known

    read = list[Any]()
    known_then = ErasedPeople.recognizer
    monkeypatch.setattr(ErasedPeople, "check", meanwhile)
    monkeypatch.setattr(ErasedPeople, "recognizer", late)
    house.world.vendor.collections["orders"].append(
        order(7, ship_to=HERS, updated_at=house.world.vendor_time())
    )
    await house.world.next_sync()
    assert read == [None]
    assert None in asked  # another function's page may have been checked before
    assert asked[-1] is not None
    assert (await house.order(7))["ship_to_address"]["full_name"] == "erased"


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        ({}, "email"), ({"email": "nobody"}, "email"), ({"phone": "12"}, "phone"), ({"name": "-"}, "name"),
        ({"address": "Lindenallee 1"}, "address"), ({"everyone": True}, "everyone"),
        ({"reference_ids": ["1"]}, "reference_ids"),
    ],
)  # fmt: skip
async def test_who_names_nobody_is_told_so(world: World, subject: dict[str, Any], field: str):
    requester = Requester(world.organization, Actor("api_key"), "api")
    with pytest.raises(Invalid) as raised:
        await world.services.erasures.request(requester, ErasureSubject(**subject))
    assert list(raised.value.detail["json"]) == [field]
    assert list(await world.services.database.fetch("SELECT 1 FROM erasures")) == []


def test_every_table_is_walked_or_says_why_it_is_not():
    assert metadata.tables.keys() - RECORDS.keys() == PLACES.keys() | KEPT.keys()
    assert not PLACES.keys() & KEPT.keys()


async def test_the_answers_of_receivers_are_masked_too(world: World):
    async with Receiver() as receiver:
        hooks = Hooks(world, receiver)
        house = await filled(world, hooks)
        await house.database.execute("UPDATE webhook_attempts SET response = ?", f"thanks, {EMAIL}".encode())
        assert "webhook_attempts" in await house.places()
        await house.erase(email=EMAIL)
        assert await house.places() == set()
