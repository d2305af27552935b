"""What is forgotten by age, and what is not."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from crossdock.config import Settings
from crossdock.jobs import cleaning
from crossdock.jobs.cleaning import DAY_MS, clean
from crossdock.jobs.queue import enqueue
from crossdock.store.connections import access
from crossdock.store.database import retention
from crossdock.store.database.engine import Database
from crossdock.store.records import feed
from crossdock.store.records.feed import FeedFilter

NOW = 1_770_000_000_000
SETTINGS = Settings(history_days=90, events_days=90, runs_days=30)


async def organization(database: Database, name: str) -> str:
    return await access.create_organization(database, name, NOW)


async def put(database: Database, owner: str, days_ago: Iterable[float]) -> list[str]:
    """Events of an organization, by how many days ago each happened; their ids."""
    before = await database.fetch_one("SELECT count(*) FROM events")
    first = 0 if before is None else before[0]
    rows = [
        (f"msg_{first + n}", owner, 1, "order.created", NOW - int(days * DAY_MS), b"{}")
        for n, days in enumerate(days_ago)
    ]
    async with database.transaction() as transaction:
        await transaction.executemany(
            "INSERT INTO events (id, organization_id, connection_id, type, at_ms, body) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
    return [row[0] for row in rows]


async def kept(database: Database, table: str, column: str = "id") -> list[str]:
    return [row[0] for row in await database.fetch(f"SELECT {column} FROM {table} ORDER BY {column}")]


async def test_events_go_when_they_are_older_than_they_are_kept(database: Database):
    owner = await organization(database, "a")
    ids = await put(database, owner, [100, 91, 89, 1])
    assert (await clean(database, SETTINGS, NOW))["events"] == 2
    assert await kept(database, "events") == ids[2:]
    assert (await clean(database, SETTINGS, NOW))["events"] == 0


async def test_the_last_event_of_an_organization_stays_so_that_its_readers_keep_their_place(
    database: Database,
):
    quiet, busy = await organization(database, "quiet"), await organization(database, "busy")
    [*_, last] = await put(database, quiet, [200, 150])
    recent = await put(database, busy, [200, 1])
    await clean(database, SETTINGS, NOW)
    assert await kept(database, "events") == sorted([last, recent[-1]])
    assert await feed.position(database, quiet, last) is not None


async def test_nothing_goes_from_behind_a_place_that_is_still_there(database: Database):
    # A clock that was wrong for a while: the second event seems younger than the third.
    owner = await organization(database, "a")
    ids = await put(database, owner, [100, 10, 100, 100, 5])
    await clean(database, SETTINGS, NOW)
    remaining_texts = await kept(database, "events")
    assert remaining_texts == ids[1:]
    position = await feed.position(database, owner, ids[1])
    assert position is not None
    rows = await database.fetch("SELECT id FROM events WHERE seq > ? ORDER BY seq", position)
    assert [row[0] for row in rows] == ids[2:]


async def test_an_organization_with_a_wrong_clock_does_not_keep_anothers_events(database: Database):
    wrong, right = await organization(database, "wrong"), await organization(database, "right")
    await put(database, wrong, [-1000, *[100] * 5])
    ids = await put(database, right, [100, 1])
    assert await retention.forget_events(database, NOW - 90 * DAY_MS, 1) == 1
    assert set(await kept(database, "events")) & set(ids) == {ids[1]}


async def test_much_is_removed_a_part_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cleaning, "AT_ONCE", 10)
    monkeypatch.setattr(cleaning, "MOST", 3)
    for name in ("a", "b", "c"):
        await put(database, await organization(database, name), [100] * 16)
    removed = [(await clean(database, SETTINGS, NOW))["events"] for _ in range(3)]
    assert removed == [30, 15, 0]
    assert len(await kept(database, "events")) == 3


async def test_a_reader_is_told_since_when_events_are_complete(database: Database):
    assert await retention.events_since(database) == 0
    await clean(database, SETTINGS, NOW)
    assert await retention.events_since(database) == NOW - 90 * DAY_MS
    # What was forgotten stays so, whatever the setting says later.
    await clean(database, replace(SETTINGS, events_days=365), NOW)
    assert await retention.events_since(database) == NOW - 90 * DAY_MS


async def test_history_goes_when_it_is_older_than_it_is_kept(database: Database):
    async with database.transaction() as transaction:
        await transaction.executemany(
            "INSERT INTO history (connection_id, resource, record_id, at_ms, cause, previous) "
            "VALUES (1, 'wms_orders', ?, ?, 'sync', ?)",
            [(f"o-{days}", NOW - days * DAY_MS, b"{}") for days in (200, 91, 89, 0)],
        )
    assert (await clean(database, SETTINGS, NOW))["history"] == 2
    assert await kept(database, "history", "record_id") == ["o-0", "o-89"]


async def ended(database: Database, name: str, state: str, days_ago: float) -> str:
    """A job with its run, what its run met, and its window."""
    at = NOW - int(days_ago * DAY_MS)
    async with database.transaction() as transaction:
        job = await enqueue(
            transaction, kind="sync", connection_id=1, function=name, cause="schedule", now_ms=at
        )
        assert job is not None
        end = None if state in ("queued", "running") else at
        await transaction.execute("UPDATE jobs SET state = ?, ended_ms = ? WHERE id = ?", state, end, job)
        await transaction.execute(
            "INSERT INTO runs (job_id, connection_id, function, first, walk, started_ms, progress_ms) "
            "VALUES (?, 1, ?, ?, '{}', ?, ?)",
            job, name, False, at, at,
        )  # fmt: skip
        await transaction.execute("INSERT INTO seen (job_id, id) VALUES (?, 'o-1')", job)
        await transaction.execute(
            "INSERT INTO on_demand "
            "(id, connection_id, function, start_ms, end_ms, status, job_id, created_ms) "
            "VALUES (?, 1, ?, 0, 1, 'completed', ?, ?)",
            f"osj_{job}", name, job, at,
        )  # fmt: skip
    return job


async def test_jobs_that_ended_go_with_all_that_belongs_to_them_and_open_ones_stay(database: Database):
    for number, state in enumerate(("done", "failed")):
        await ended(database, f"old_{number}", state, 31)
    stay = [
        await ended(database, "young", "done", 29),
        await ended(database, "waits", "queued", 400),
        await ended(database, "runs", "running", 400),
    ]
    assert (await clean(database, SETTINGS, NOW))["jobs"] == 2
    for table, column in (("jobs", "id"), ("runs", "job_id"), ("seen", "job_id"), ("on_demand", "job_id")):
        assert await kept(database, table, column) == sorted(stay), table


async def test_zero_days_keep_everything(database: Database):
    await put(database, await organization(database, "a"), [4000, 3999])
    job = await ended(database, "old", "done", 4000)
    removed = await clean(database, Settings(history_days=0, events_days=0, runs_days=0), NOW)
    assert not any(removed.values())
    assert len(await kept(database, "events")) == 2
    assert await kept(database, "jobs") == [job]


async def test_a_reader_who_fell_behind_what_is_kept_finds_its_place_gone(database: Database):
    owner = await organization(database, "a")
    ids = await put(database, owner, [100, 95, 1])
    await clean(database, SETTINGS, NOW)
    assert [await feed.position(database, owner, identifier) is None for identifier in ids] == [
        True,
        True,
        False,
    ]
    feed_entries, last = await feed.page(database, FeedFilter(owner), 0)
    assert ([feed_entry.id for feed_entry in feed_entries], last) == ([ids[2]], ids[2])
