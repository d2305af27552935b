"""Every secret there is has a value that can be recognised; then everything that can be read is searched."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from crossdock import logs
from crossdock.connections.oauth import ConsentFlow
from crossdock.services.application import application
from crossdock.store.connections import connections, inbound, sessions
from crossdock.store.connections.access import create_key
from crossdock.store.database import backup
from crossdock.store.database.sqlite import sqlite_path
from crossdock.store.schema.tables import metadata
from tests.fakes.vendor import answer, failing
from tests.journeys.conftest import World, order, with_settings
from tests.journeys.hooks import Hooks, hooks

__all__ = ["hooks"]

MARK = "CaNaRy"
PASSWORD, SESSION, CONSENT, HEADER = (
    f"{MARK}-{name}-7Qx9" for name in ("pass", "session", "consent", "head")
)
URL_PASSWORD, VARIABLE = f"{MARK}-url-7Qx9", f"{MARK}-variable-7Qx9"
SIGNING = "whsec_Q2FOYVJ5Q2FOYVJ5Q2FOYVJ5Q2FOYVJ5Q2FOYVI="
METRICS = f"{MARK}-metrics-7Qx9"


class Secrets(dict[str, str]):
    """The secrets of a world by what they are."""

    def shown_in(self, content: bytes) -> list[str]:
        """What can be read of them."""
        return [name for name, secret in self.items() if secret.encode() in content]


async def with_secrets(world: World, hooks: Hooks) -> tuple[Secrets, Any]:
    """A world with each kind of secret, in which much goes wrong; the connection."""
    services, database = world.services, world.services.database
    world.vendor.tokens.add(PASSWORD)
    world.vendor.collections["orders"] = [order(1)]
    world.vendor.script("/orders", [answer(403, {"message": f"token {PASSWORD} may not"})])
    world.vendor.script("/packs", [answer(400, f"bad token {PASSWORD}".encode(), kind="text/plain")])
    world.vendor.script("/warehouses", [answer(body={"data": 7, "next": None})])
    connection = await world.connect(sync=False, token=PASSWORD)
    await world.change_connection(connection, keep_raw=True)
    address = hooks.receiver.url.replace("http://", f"http://user:{URL_PASSWORD}@")
    await hooks.endpoint(
        url=f"{address}/hook", secrets=[SIGNING], headers={"authorization": HEADER},
        variables={"key": VARIABLE},
    )  # fmt: skip
    await world.work()
    world.vendor.tokens.discard(PASSWORD)
    world.vendor.script("/orders", [failing(401)])
    await world.next_sync()
    sealed = await sessions.seal(services.vault, connection, {"tokens": {"access": SESSION}})
    async with database.transaction() as transaction:
        await sessions.put(transaction, connection.id, sealed)
    await inbound.create(database, services.vault, connection, 1)
    flow = ConsentFlow("wms", "fake", {"client_secret": CONSENT}, "https://hub.example", "verifier-7Qx9")
    content = await services.vault.seal(world.organization, "consent f1", msgspec.json.encode(flow))
    await database.execute(
        "INSERT INTO oauth_flows (id, organization_id, content, expires_ms) VALUES ('f1', ?, ?, ?)",
        world.organization, content, 9**15,
    )  # fmt: skip
    _, key = await create_key(database, world.organization, name="backend", read_only=False, now_ms=1)
    row = await inbound.get(database, connection.id)
    assert row is not None
    secrets = Secrets(
        password=PASSWORD, session=SESSION, consent=CONSENT, header=HEADER, url=URL_PASSWORD,
        variable=VARIABLE, signing=SIGNING.removeprefix("whsec_"), metrics=METRICS, api_key=key,
        access_token=await connections.token(database, services.vault, connection),
        inbound_path=await inbound.open_path(services.vault, connection, row),
        inbound_secret=await inbound.open_secret(services.vault, connection, row),
        secret_key=services.settings.secret_key,
    )  # fmt: skip
    return secrets, connection


async def rows(world: World) -> bytes:
    """Every row of every table, whatever tables there are."""
    found = []
    for name in metadata.tables:
        for row in await world.services.database.fetch(f"SELECT * FROM {name}"):
            found += [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row]
    return b"\n".join(found)


async def answered(world: World, secrets: Secrets, connection: Any) -> bytes:
    """What the API says to whoever asks rightly and wrongly, with secrets in the wrong places."""
    door = world.services.dependencies()
    transport = httpx.ASGITransport(app=application(door))
    key, token = secrets["api_key"], secrets["access_token"]
    parts = []
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as http:
        right = {"x-trackstar-api-key": key, "x-trackstar-access-token": token}
        wrong = {"x-trackstar-api-key": key, "x-trackstar-access-token": f"{token}x"}
        for headers in (right, wrong, {"x-trackstar-api-key": f"{key}x"}, {}):
            for method, path, body in (
                ("GET", "/connections", None), ("GET", f"/connections/{connection.uid}", None),
                ("GET", "/wms/orders", None), ("GET", "/events", None), ("GET", "/api-logs", None),
                ("GET", "/erasures", None), ("GET", f"/api/v1/app/{world.organization}/endpoint", None),
                ("POST", "/wms/orders", {"password": 1}), ("GET", f"/wms/orders/{MARK}", None),
                ("POST", "/connections/sync", {"functions_to_sync": "none"}), ("GET", "/metrics", None),
            ):  # fmt: skip
                answer = await http.request(method, path, headers=headers, json=body)
                assert answer.status_code < 500
                parts.append(answer.content)
        metrics = await http.get("/metrics", headers={"authorization": f"Bearer {METRICS}"})
        assert metrics.status_code == 200
        parts.append(metrics.content)
    return b"\n".join(parts)


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_p20_no_secret_is_in_the_database_its_copies_logs_answers_or_metrics(
    world: World, hooks: Hooks, log_format: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    world = with_settings(world, log_format=log_format, log_level="debug", metrics_token=METRICS)
    hooks.world = world
    logs.configure(world.services.settings)
    secrets, connection = await with_secrets(world, hooks)
    assert len({*secrets.values()}) == len(secrets)
    answers = await answered(world, secrets, connection)
    stored = await rows(world)
    output = capfd.readouterr()
    logged = (output.out + output.err).encode()
    assert b"sync" in logged
    places = {"tables": stored, "answers": answers, "logs": logged}
    url = world.services.settings.database
    if url.startswith("sqlite"):
        path = sqlite_path(url)
        places["database files"] = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
        await backup.copy(url, tmp_path / "copy.db")
        places["backup"] = (tmp_path / "copy.db").read_bytes()
    shown = {place: secrets.shown_in(content) for place, content in places.items()}
    assert shown == {place: [] for place in places}
    # The look would have seen them: what is no secret is found.
    assert connection.uid.encode() in stored
    assert b"backend" in stored


async def test_p20_an_event_that_tells_a_token_is_shown_without_it(world: World, hooks: Hooks):
    secrets, _ = await with_secrets(world, hooks)
    told = await world.services.database.fetch("SELECT body FROM events")
    assert secrets.shown_in(b"\n".join(bytes(row[0]) for row in told)) == []
